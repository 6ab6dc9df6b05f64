import fc from 'fast-check'
import t from 'tap'
import { LIMITS } from '../bundle/limits.ts'
import {
  type Automaton,
  accepts,
  compileConstraint,
  countWords,
  difference,
  intersection,
  isAutomaton,
  isEmpty,
  someWords,
} from './automaton.ts'

/** Patterns of the subset, each part already safe to stand beside any other. */
const character = fc.constantFrom('a', 'b', 'Z', '7', '-', '_', ':', '~', '\\.', ' ', '\\%', '\\?', '\\\\', '"', 'é', '日', '😀', '\\-')
const shorthand = fc.constantFrom('\\d', '\\w', '\\s', '\\D', '\\W', '\\S')
const classItem = fc.oneof(
  character.filter((text) => text !== '-' && text !== '"'),
  shorthand,
  fc.constantFrom('a-c', '0-9', 'à-ü', ' -.', 'A-z', '日-語'),
)
const charClass = fc
  .tuple(fc.constantFrom('', '^'), fc.array(classItem, { minLength: 1, maxLength: 4 }))
  .map(([negation, items]) => `[${negation}${items.join('')}]`)
const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '{0}', '{2}', '{1,}', '{0,2}', '{1,3}')
/** No repetition without end around another: JavaScript's own matcher, which is what we compare with, would take exponential time. */
const groupQuantifier = fc.constantFrom('', '', '?', '{0}', '{2}', '{0,2}')
const { pattern } = fc.letrec<{ pattern: string; part: string }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 1 },
    fc
      .tuple(fc.oneof({ weight: 4, arbitrary: character }, fc.constant('.'), shorthand, { weight: 2, arbitrary: charClass }), quantifier)
      .map((parts) => parts.join('')),
    fc.tuple(fc.constantFrom('(', '(?:'), tie('pattern'), groupQuantifier).map(([open, inner, times]) => `${open}${inner})${times}`),
  ),
  pattern: fc
    .array(fc.array(tie('part'), { maxLength: 3 }), { minLength: 1, maxLength: 2 })
    .map((alternatives) => alternatives.map((parts) => parts.join('')).join('|')),
}))

/** Segments in canonical form; other visible ASCII comes as itself or encoded. */
const RAW = ['a', 'b', 'c', 'Z', '7', '0', '-', '_', ':', '~', '.', '"', '[', '(', '|']
const ENCODED = ['%20', '%25', '%3F', '%5C', '%3A', '%22', '%C3%A9', '%C3%BC', '%E6%97%A5', '%F0%9F%98%80', '%09', '%C2%A0', '%00', '%7F']
const segment = fc.array(fc.constantFrom(...RAW, ...ENCODED), { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))

function automatonOf(text: string): Automaton {
  const result = compileConstraint(text)
  if (!isAutomaton(result)) throw new Error(`${text}: ${result.message} at ${result.start}`)
  return result
}

/** What a constraint means: JavaScript's own regular expression, on the characters that a segment stands for. */
function expected(text: string, encoded: string): boolean {
  const decoded = decodeURIComponent(encoded)
  // With the flag `u` JavaScript allows fewer escapes than we do.
  const theirs = text.replaceAll(/\\([^a-zA-Z])/g, (_, escaped: string) => `\\x${escaped.charCodeAt(0).toString(16)}`)
  return !decoded.includes('/') && new RegExp(`^(?:${theirs})$`, 'us').test(decoded)
}

t.test('a constraint accepts what the regular expression matches in the decoded segment', (t) => {
  let accepted = 0
  fc.assert(
    fc.property(pattern, fc.array(segment, { minLength: 10, maxLength: 10 }), (text, segments) => {
      const automaton = automatonOf(text)
      for (const encoded of [...segments, ...someWords(automaton, 10)]) {
        const wanted = expected(text, encoded)
        if (wanted) accepted++
        if (accepts(automaton, encoded) !== wanted) throw new Error(`\`${text}\` on \`${encoded}\`: ${!wanted}`)
      }
    }),
    { numRuns: 400 },
  )
  t.ok(accepted > 500, `${accepted} segments were accepted`)
  t.end()
})

t.test('two constraints overlap, or one contains the other, exactly as a search through segments says', (t) => {
  fc.assert(
    fc.property(pattern, pattern, fc.array(segment, { minLength: 20, maxLength: 20 }), (left, right, segments) => {
      const [a, b] = [automatonOf(left), automatonOf(right)]
      const common = intersection(a, b)
      const onlyA = difference(a, b)
      if (common === null || onlyA === null) throw new Error('too large to compare')
      if (common !== undefined && !(expected(left, common) && expected(right, common))) throw new Error(`${common} is not common`)
      if (onlyA !== undefined && !(expected(left, onlyA) && !expected(right, onlyA))) throw new Error(`${onlyA} is not only in the first`)
      for (const encoded of [...segments, ...someWords(a, 10)]) {
        if (!accepts(a, encoded)) continue
        if (common === undefined && accepts(b, encoded)) throw new Error(`${encoded} is common`)
        if (onlyA === undefined && !accepts(b, encoded)) throw new Error(`${encoded} is only in the first`)
      }
      if ((a.key === b.key) !== (onlyA === undefined && difference(b, a) === undefined))
        throw new Error('equal languages have equal tables')
      if (isEmpty(a) !== (someWords(a, 1).length === 0)) throw new Error('empty')
      const count = Math.min(countWords(a), 50)
      if (someWords(a, 50).length !== count) throw new Error(`${count} words`)
    }),
    { numRuns: 150 },
  )
  t.end()
})

t.test('never the empty segment, never a slash in any form, never bytes that are not UTF-8', (t) => {
  for (const text of ['.*', '[^a]*', '\\W*', '(a|)', '\\S+', '\\D+']) {
    const automaton = automatonOf(text)
    for (const encoded of ['', '/', 'b/', '%2F', 'b%2Fb', '%FF', '%C3', '%C3%28', '%ED%A0%80', '%C0%AF', '%', '%4', 'é']) {
      t.notOk(accepts(automaton, encoded), `\`${text}\` on \`${encoded}\``)
    }
  }
  t.end()
})

t.test('what a class leaves out stays out when it comes percent-encoded', (t) => {
  t.notOk(accepts(automatonOf('[^:]+'), 'a%3Ab'))
  t.notOk(accepts(automatonOf('[^ ]+'), 'a%20b'))
  t.notOk(accepts(automatonOf('[^é]+'), 'caf%C3%A9'))
  t.ok(accepts(automatonOf('a:b'), 'a%3Ab'))
  t.ok(accepts(automatonOf('.{4}'), 'caf%C3%A9'), 'a character is one, however many bytes it has')
  t.end()
})

t.test('anchors at the ends change nothing', (t) => {
  t.equal(automatonOf('^[0-9]+$').key, automatonOf('\\d+').key)
  t.ok(accepts(automatonOf('a\\$'), 'a$'), 'an escaped one is a character')
  t.ok(accepts(automatonOf('a\\\\$'), 'a%5C'), 'behind an escaped backslash it is an anchor')
  t.end()
})

t.test('what is outside of the subset is refused, with its place', (t) => {
  const refused: readonly (readonly [pattern: string, marked: string])[] = [
    ['a(?=b)', '(?='],
    ['a(?!b)', '(?!'],
    ['(?<=a)b', '(?<='],
    ['(?<!a)b', '(?<!'],
    ['(?<n>a)', '(?<'],
    ['(?i:a)', '(?i'],
    ['(a)\\1', '\\1'],
    ['\\k', '\\k'],
    ['\\p', '\\p'],
    ['\\b', '\\b'],
    ['\\', '\\'],
    ['a*?', '*?'],
    ['a{2}?', '{2}?'],
    ['a++', '++'],
    ['a**', '*'],
    ['*a', '*'],
    ['a|+', '+'],
    ['(?:)+*', '*'],
    ['a{x}', '{'],
    ['a{,3}', '{'],
    ['a{3,2}', '{3,2}'],
    ['a{1001}', '{1001}'],
    ['a}', '}'],
    ['a]', ']'],
    ['(a', '('],
    ['a)', ')'],
    ['[a', '['],
    ['[z-a]', 'z-a'],
    ['[\\d-z]', '\\d-z'],
    ['[!-~]', '!-~'],
    ['[a[b]', '['],
    ['a/b', '/'],
    ['a\\/b', '\\/'],
    ['[/]', '/'],
    ['%41', '%41'],
    ['a^b', '^'],
    ['a$b', '$'],
  ]
  for (const [text, marked] of refused) {
    const result = compileConstraint(text)
    if (isAutomaton(result)) t.fail(`\`${text}\` was accepted`)
    else t.equal(text.slice(result.start, result.end), marked, `\`${text}\`: ${result.message}`)
  }
  t.end()
})

t.test('a constraint that grows without bound is refused, not waited for', (t) => {
  for (const text of [
    '(a|b)*a(a|b){30}',
    '((a{1000}){1000}){1000}',
    '.{1000}',
    '(.*a){400}(.*b){400}',
    '(([ab]*a[ab]{12})|([bc]*b[bc]{12})){3}',
  ]) {
    const result = compileConstraint(text)
    t.notOk(isAutomaton(result) && result.stateCount > LIMITS.automatonStates, text)
  }
  const deep = compileConstraint(`${'('.repeat(100_000)}a${')'.repeat(100_000)}`)
  t.match(isAutomaton(deep) ? '' : deep.message, 'nested deeper')
  t.end()
})

t.test('two constraints that are too large to compare are not taken to be disjoint', (t) => {
  const cycle = (length: number, end: string) => automatonOf(`(${'a{1000}'.repeat(Math.floor(length / 1000))}a{${length % 1000}})*${end}`)
  t.equal(intersection(cycle(1999, 'b'), cycle(1997, 'c')), null)
  t.equal(intersection(cycle(1999, 'b'), cycle(1997, 'b')), 'b')
  t.end()
})

t.test('any text whatever is a constraint or a problem within it', (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 30 }),
        fc.string({ unit: fc.constantFrom(...'ab()[]{}|?^$.\\-,12é/%'), maxLength: 20 }),
      ),
      (text) => {
        const result = compileConstraint(text)
        if (!isAutomaton(result)) return result.start >= 0 && result.start <= result.end && result.end <= text.length
        // What we accept, JavaScript accepts with the same meaning.
        return someWords(result, 5).every((word) => expected(text.replace(/^\^/, '').replace(/(?<=^|[^\\])((\\\\)*)\$$/, '$1'), word))
      },
    ),
    { numRuns: 500 },
  )
  t.end()
})
