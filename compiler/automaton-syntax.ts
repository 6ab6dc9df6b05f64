/**
 * The grammar of a constraint, `{id:HERE}`: a regular subset of JavaScript's regular expressions, so that it becomes an automaton and
 * takes the same few steps per byte whatever is sent. Anchored at both ends; `^` in front and `$` at the end change nothing.
 *
 * Characters, `.`, `[a-z]`, `[^…]`, `\d \w \s \D \W \S`, `(…)`, `(?:…)`, `|`, `* + ? {n} {n,} {n,m}`, and `\` in front of punctuation.
 */

/** Code points as sorted, disjoint, half-closed pairs: `[first, last, first, last, …]`, both ends included. */
export type CodePoints = readonly number[]

export type Expression =
  | { readonly type: 'set'; readonly points: CodePoints }
  | { readonly type: 'concatenation'; readonly items: readonly Expression[] }
  | { readonly type: 'alternation'; readonly items: readonly Expression[] }
  /** `max` may be `Infinity`. */
  | { readonly type: 'repetition'; readonly item: Expression; readonly min: number; readonly max: number }

/** Why a constraint is refused: offsets in the pattern, UTF-16, half-open. */
export interface SyntaxProblem {
  readonly start: number
  readonly end: number
  readonly message: string
  readonly hint?: string
}

/** Longest count in `{n,m}`; more could only make an automaton that is too large. */
const MAX_REPETITIONS = 1000
/** Groups within groups. */
const MAX_DEPTH = 64
const LAST_POINT = 0x10ffff

const DIGIT: CodePoints = [0x30, 0x39]
const WORD: CodePoints = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a]
/** ECMA-262 WhiteSpace and LineTerminator. */
const SPACE: CodePoints = [
  0x09, 0x0d, 0x20, 0x20, 0xa0, 0xa0, 0x1680, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x202f, 0x205f, 0x205f, 0x3000, 0x3000,
  0xfeff, 0xfeff,
]
const ANY: CodePoints = [0, LAST_POINT]

const PUNCTUATION = /^[!-/:-@[-`{-~]$/
const QUANTIFIERS = '*+?{'

/** Reads a constraint, or says what about it is refused and where. */
export function parseConstraint(pattern: string): Expression | SyntaxProblem {
  try {
    return new Parser(pattern).parse()
  } catch (problem) {
    if (problem instanceof Problem) return problem.details
    throw problem
  }
}

export function isProblem(result: Expression | SyntaxProblem): result is SyntaxProblem {
  return 'message' in result
}

/** Everything that is not in `points`. */
export function complement(points: CodePoints): CodePoints {
  const rest: number[] = []
  let next = 0
  for (let i = 0; i < points.length; i += 2) {
    if ((points[i] as number) > next) rest.push(next, (points[i] as number) - 1)
    next = (points[i + 1] as number) + 1
  }
  if (next <= LAST_POINT) rest.push(next, LAST_POINT)
  return rest
}

/** Sorts pairs and joins those that touch. */
function normalise(pairs: readonly (readonly [number, number])[]): CodePoints {
  const sorted = [...pairs].sort((a, b) => a[0] - b[0])
  const joined: number[] = []
  for (const [first, last] of sorted) {
    const end = joined.length - 1
    if (joined.length > 0 && first <= (joined[end] as number) + 1) joined[end] = Math.max(joined[end] as number, last)
    else joined.push(first, last)
  }
  return joined
}

/** Never leaves this file: unwinds the parser. */
class Problem extends Error {
  readonly details: SyntaxProblem
  constructor(details: SyntaxProblem) {
    super(details.message)
    this.details = details
  }
}

class Parser {
  readonly #text: string
  #at = 0
  #end: number
  #depth = 0

  constructor(text: string) {
    this.#text = text
    this.#end = text.length
    if (text.startsWith('^')) this.#at = 1
    // A `$` behind an odd number of backslashes is a character.
    if (text.endsWith('$') && /(^|[^\\])(\\\\)*\$$/.test(text)) this.#end--
    this.#end = Math.max(this.#end, this.#at)
  }

  parse(): Expression {
    const expression = this.#alternation()
    if (this.#at < this.#end) this.#fail(this.#at, 1, '`)` closes nothing', 'write `\\)` for the character')
    return expression
  }

  #alternation(): Expression {
    const items = [this.#concatenation()]
    while (this.#peek() === '|') {
      this.#at++
      items.push(this.#concatenation())
    }
    return items.length === 1 ? (items[0] as Expression) : { type: 'alternation', items }
  }

  #concatenation(): Expression {
    const items: Expression[] = []
    for (let next = this.#peek(); next !== '' && next !== '|' && next !== ')'; next = this.#peek()) items.push(this.#quantified())
    return items.length === 1 ? (items[0] as Expression) : { type: 'concatenation', items }
  }

  #quantified(): Expression {
    const item = this.#atom()
    const next = this.#peek()
    if (next === '' || !QUANTIFIERS.includes(next)) return item
    const start = this.#at
    const [min, max] = this.#quantifier()
    const after = this.#peek()
    if (after === '?')
      this.#fail(
        start,
        this.#at + 1 - start,
        'lazy quantifiers are not supported',
        'leave the `?` out: a whole segment is matched, so it changes nothing',
      )
    if (after === '+') this.#fail(start, this.#at + 1 - start, 'possessive quantifiers are not supported', 'leave the second `+` out')
    if (after !== '' && QUANTIFIERS.includes(after))
      this.#fail(this.#at, 1, `\`${after}\` has nothing to repeat`, 'put the part before it in `(…)`')
    return { type: 'repetition', item, min, max }
  }

  #quantifier(): readonly [number, number] {
    const start = this.#at
    const sign = this.#text[this.#at++]
    if (sign === '*') return [0, Number.POSITIVE_INFINITY]
    if (sign === '+') return [1, Number.POSITIVE_INFINITY]
    if (sign === '?') return [0, 1]
    const braces = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#text.slice(start, this.#end))
    if (braces === null) this.#fail(start, 1, '`{` begins no `{n}`, `{n,}` or `{n,m}`', 'write `\\{` for the character')
    this.#at = start + braces[0].length
    const min = Number(braces[1])
    const max = braces[2] === undefined ? min : braces[3] === '' ? Number.POSITIVE_INFINITY : Number(braces[3])
    if (max < min) this.#fail(start, braces[0].length, `\`${braces[0]}\` has its bounds in the wrong order`, `write \`{${max},${min}}\``)
    if (min > MAX_REPETITIONS || (max > MAX_REPETITIONS && max !== Number.POSITIVE_INFINITY)) {
      this.#fail(start, braces[0].length, `\`${braces[0]}\` repeats more than ${MAX_REPETITIONS} times`)
    }
    return [min, max]
  }

  #atom(): Expression {
    const start = this.#at
    const char = this.#take()
    switch (char) {
      case '(':
        return this.#group(start)
      case '[':
        return { type: 'set', points: this.#charClass(start) }
      case '.':
        return { type: 'set', points: ANY }
      case '\\':
        return { type: 'set', points: this.#escape(start) }
      case '*':
      case '+':
      case '?':
        return this.#fail(start, 1, `\`${char}\` has nothing to repeat`, `write \`\\${char}\` for the character`)
      case '^':
      case '$':
        return this.#fail(
          start,
          1,
          `\`${char}\` stands within the constraint`,
          `a constraint always matches the whole segment; write \`\\${char}\` for the character`,
        )
      case '{':
      case '}':
      case ']':
        return this.#fail(start, 1, `\`${char}\` has no partner here`, `write \`\\${char}\` for the character`)
      default:
        return { type: 'set', points: this.#literal(char, start) }
    }
  }

  #group(start: number): Expression {
    if (this.#peek() === '?') {
      const opening = /^\(\?(<?[=!]|:|<|.?)/s.exec(this.#text.slice(start, this.#end))?.[0] ?? '(?'
      if (/[=!]$/.test(opening)) this.#fail(start, opening.length, 'look-around is not supported', 'give each case a route of its own')
      if (opening === '(?<') this.#fail(start, opening.length, 'named groups are not supported', 'write `(…)`: groups only group')
      if (opening !== '(?:') this.#fail(start, opening.length, `\`${opening}\` is not supported`, 'write `(…)` or `(?:…)`')
      this.#at += 2
    }
    if (++this.#depth > MAX_DEPTH) this.#fail(start, 1, `groups are nested deeper than ${MAX_DEPTH}`)
    const expression = this.#alternation()
    this.#depth--
    if (this.#peek() !== ')') this.#fail(start, 1, '`(` is never closed', 'write `\\(` for the character')
    this.#at++
    return expression
  }

  #charClass(start: number): CodePoints {
    const negated = this.#peek() === '^'
    if (negated) this.#at++
    const pairs: (readonly [number, number])[] = []
    for (;;) {
      const itemStart = this.#at
      if (this.#peek() === '') this.#fail(start, 1, '`[` is never closed', 'write `\\[` for the character')
      const item = this.#classItem()
      if (item === undefined) break
      const next = this.#peek()
      if (next !== '-' || this.#text[this.#at + 1] === ']' || this.#at + 1 >= this.#end) {
        for (let i = 0; i < item.length; i += 2) pairs.push([item[i] as number, item[i + 1] as number])
        continue
      }
      this.#at++
      const last = this.#classItem()
      const written = this.#text.slice(itemStart, this.#at)
      if (last === undefined || item[0] !== item[1] || item.length !== 2 || last[0] !== last[1] || last.length !== 2) {
        this.#fail(itemStart, written.length, `\`${written}\` is not a range of characters`, 'write `\\-` for the character')
      }
      if ((last[0] as number) < (item[0] as number)) this.#fail(itemStart, written.length, `\`${written}\` has its ends in the wrong order`)
      if ((item[0] as number) <= 0x2f && (last[0] as number) >= 0x2f) {
        this.#fail(itemStart, written.length, `\`${written}\` contains \`/\``, 'a segment never contains a slash')
      }
      pairs.push([item[0] as number, last[0] as number])
    }
    const points = normalise(pairs)
    return negated ? complement(points) : points
  }

  /** `undefined` at the closing bracket. */
  #classItem(): CodePoints | undefined {
    const start = this.#at
    const char = this.#take()
    if (char === ']') return undefined
    if (char === '\\') return this.#escape(start)
    if (char === '[') this.#fail(start, 1, '`[` within `[…]` must be escaped', 'write `\\[`')
    return this.#literal(char, start)
  }

  #literal(char: string, start: number): CodePoints {
    if (char === '/')
      this.#fail(start, 1, 'a segment never contains `/`', 'end the constraint before it, or use `/**` for several segments')
    if (char === '%' && /^[0-9a-f]{2}/i.test(this.#text.slice(this.#at))) {
      this.#fail(
        start,
        3,
        `\`${this.#text.slice(start, start + 3)}\` in a constraint would stand for three characters`,
        'write the character itself: it also matches its percent-encoded form',
      )
    }
    const point = char.codePointAt(0) as number
    if (point >= 0xd800 && point <= 0xdfff) this.#fail(start, 1, 'half of a surrogate pair')
    return [point, point]
  }

  #escape(start: number): CodePoints {
    const char = this.#take()
    const length = 1 + char.length
    switch (char) {
      case 'd':
        return DIGIT
      case 'w':
        return WORD
      case 's':
        return SPACE
      case 'D':
        return complement(DIGIT)
      case 'W':
        return complement(WORD)
      case 'S':
        return complement(SPACE)
      case '':
        return this.#fail(start, 1, '`\\` at the end escapes nothing', 'write `\\\\` for the character')
      case '/':
        return this.#fail(start, length, 'a segment never contains `/`', 'end the constraint before it, or use `/**` for several segments')
      case 'b':
      case 'B':
        return this.#fail(start, length, `\`\\${char}\` (look-around) is not supported`)
    }
    if (/[0-9k]/.test(char)) this.#fail(start, length, 'back-references are not supported', 'write out what may be repeated')
    if (!PUNCTUATION.test(char)) this.#fail(start, length, `\`\\${char}\` is not supported`, 'write the character itself')
    return [char.charCodeAt(0), char.charCodeAt(0)]
  }

  /** One code point, or '' at the end. */
  #take(): string {
    if (this.#at >= this.#end) return ''
    const char = String.fromCodePoint(this.#text.codePointAt(this.#at) as number)
    this.#at += char.length
    return char
  }

  #peek(): string {
    return this.#at < this.#end ? (this.#text[this.#at] as string) : ''
  }

  #fail(start: number, length: number, message: string, hint?: string): never {
    throw new Problem({ start, end: Math.min(start + length, this.#text.length), message, ...(hint === undefined ? {} : { hint }) })
  }
}
