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

/**
 * A pattern, and which characters it takes: from the ends of all matches so far to the ends of all matches behind it. Sets of positions take
 * time in proportion to pattern and text, whatever the pattern; JavaScript's own matcher, which backtracks, may take for ever.
 */
interface Sample {
  readonly text: string
  readonly match: (characters: readonly string[], from: ReadonlySet<number>) => ReadonlySet<number>
}

/** One character. What the piece of pattern means is asked of JavaScript, for one character only. */
function one(text: string): Sample {
  // With the flag `u` JavaScript allows fewer escapes than we do.
  const theirs = text.replaceAll(/\\([^a-zA-Z])/g, (_, escaped: string) => `\\x${escaped.charCodeAt(0).toString(16)}`)
  const expression = new RegExp(`^${theirs}$`, 'us')
  return { text, match: (characters, from) => new Set([...from].filter((at) => expression.test(characters[at] ?? '')).map((at) => at + 1)) }
}

function sequence(parts: readonly Sample[]): Sample {
  const match: Sample['match'] = (characters, from) => parts.reduce((ends, part) => part.match(characters, ends), from)
  return { text: parts.map((part) => part.text).join(''), match }
}

function either(parts: readonly Sample[]): Sample {
  const match: Sample['match'] = (characters, from) => new Set(parts.flatMap((part) => [...part.match(characters, from)]))
  return { text: parts.map((part) => part.text).join('|'), match }
}

function group(opening: string, inner: Sample): Sample {
  return { text: `${opening}${inner.text})`, match: inner.match }
}

type Times = readonly [text: string, min: number, max: number]

function repeat(part: Sample, [text, min, max]: Times): Sample {
  const match: Sample['match'] = (characters, from) => {
    let ends = from
    for (let i = 0; i < min; i++) ends = part.match(characters, ends)
    const all = new Set(ends)
    // One round for each character is enough: more of them would take nothing.
    for (let i = min; i < Math.min(max, min + characters.length); i++) {
      ends = part.match(characters, ends)
      for (const end of ends) all.add(end)
    }
    return all
  }
  return { text: part.text + text, match }
}

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
const times = fc.constantFrom<Times[]>(
  ...([
    ['', 1, 1],
    ['', 1, 1],
    ['', 1, 1],
    ['*', 0, 1 / 0],
    ['+', 1, 1 / 0],
    ['?', 0, 1],
  ] satisfies Times[]),
  ...([
    ['{0}', 0, 0],
    ['{2}', 2, 2],
    ['{1,}', 1, 1 / 0],
    ['{0,2}', 0, 2],
    ['{1,3}', 1, 3],
  ] satisfies Times[]),
)
const { pattern } = fc.letrec<{ pattern: Sample; part: Sample }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 1 },
    fc
      .tuple(fc.oneof({ weight: 4, arbitrary: character }, fc.constant('.'), shorthand, { weight: 2, arbitrary: charClass }), times)
      .map(([text, count]) => repeat(one(text), count)),
    fc.tuple(fc.constantFrom('(', '(?:'), tie('pattern'), times).map(([opening, inner, count]) => repeat(group(opening, inner), count)),
  ),
  pattern: fc
    .array(fc.array(tie('part'), { maxLength: 3 }), { minLength: 1, maxLength: 2 })
    .map((alternatives) => either(alternatives.map(sequence))),
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

/** About one generated pattern in some thousands is too large, which is an answer too: there is nothing to compare then. */
function automatonOrSkip(text: string): Automaton {
  const result = compileConstraint(text)
  if (!isAutomaton(result) && /too large/.test(result.message)) fc.pre(false)
  return isAutomaton(result) ? result : automatonOf(text)
}

/** What a constraint means, on the characters that a segment stands for. */
function expected(sample: Sample, encoded: string): boolean {
  const characters = [...decodeURIComponent(encoded)]
  return !characters.includes('/') && sample.match(characters, new Set([0])).has(characters.length)
}

/** A machine that is busy, or a failure that shrinks for long, ends a search early and never hangs it. */
const BOUNDED = { interruptAfterTimeLimit: 8_000 }

t.test('a constraint accepts what the regular expression matches in the decoded segment', (t) => {
  let accepted = 0
  let runs = 0
  fc.assert(
    fc.property(pattern, fc.array(segment, { minLength: 10, maxLength: 10 }), (sample, segments) => {
      const automaton = automatonOrSkip(sample.text)
      runs++
      for (const encoded of [...segments, ...someWords(automaton, 10)]) {
        const wanted = expected(sample, encoded)
        if (wanted) accepted++
        if (accepts(automaton, encoded) !== wanted) throw new Error(`\`${sample.text}\` on \`${encoded}\`: ${!wanted}`)
      }
    }),
    { numRuns: 400, ...BOUNDED },
  )
  t.ok(accepted > runs, `${accepted} segments were accepted by ${runs} patterns`)
  t.end()
})

t.test('two constraints overlap, or one contains the other, exactly as a search through segments says', (t) => {
  fc.assert(
    fc.property(pattern, pattern, fc.array(segment, { minLength: 20, maxLength: 20 }), (left, right, segments) => {
      const [a, b] = [automatonOrSkip(left.text), automatonOrSkip(right.text)]
      const common = intersection(a, b)
      const onlyA = difference(a, b)
      const onlyB = difference(b, a)
      if (common === null || onlyA === null || onlyB === null) return fc.pre(false)
      if (common !== undefined && !(expected(left, common) && expected(right, common))) throw new Error(`${common} is not common`)
      if (onlyA !== undefined && !(expected(left, onlyA) && !expected(right, onlyA))) throw new Error(`${onlyA} is not only in the first`)
      for (const encoded of [...segments, ...someWords(a, 10)]) {
        if (!accepts(a, encoded)) continue
        if (common === undefined && accepts(b, encoded)) throw new Error(`${encoded} is common`)
        if (onlyA === undefined && !accepts(b, encoded)) throw new Error(`${encoded} is only in the first`)
      }
      if ((a.key === b.key) !== (onlyA === undefined && onlyB === undefined)) throw new Error('equal languages have equal tables')
      if (isEmpty(a) !== (someWords(a, 1).length === 0)) throw new Error('empty')
      const count = Math.min(countWords(a), 50)
      if (someWords(a, 50).length !== count) throw new Error(`${count} words`)
    }),
    { numRuns: 150, ...BOUNDED },
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
        // What we accept, JavaScript accepts with the same meaning. On a longer word its matcher might go back and forth for ever.
        const theirs = text
          .replace(/^\^/, '')
          .replace(/(?<=^|[^\\])((\\\\)*)\$$/, '$1')
          .replaceAll(/\\([^a-zA-Z])/g, (_, escaped: string) => `\\x${escaped.charCodeAt(0).toString(16)}`)
        const words = someWords(result, 5).filter((word) => word.length <= 10)
        return words.every((word) => new RegExp(`^(?:${theirs})$`, 'us').test(decodeURIComponent(word)))
      },
    ),
    { numRuns: 500, ...BOUNDED },
  )
  t.end()
})
