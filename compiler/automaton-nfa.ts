/**
 * Thompson's construction: from the syntax tree of a constraint to a nondeterministic automaton over the bytes of a segment in canonical form.
 *
 * A constraint speaks of characters, a request of bytes. What a character looks like in a canonical path (RFC 3986 §2.3, §6.2.2):
 *
 *     unreserved (A-Z a-z 0-9 - . _ ~)   itself only: `%41` has become `A` before anything is matched
 *     other visible ASCII, such as `:`    itself or percent-encoded, both
 *     `%` `?` `#` `\`, space, controls    percent-encoded only
 *     everything else                     each byte of its UTF-8 form percent-encoded, upper-case digits
 *     `/`                                 never, also not as `%2F`
 *
 * So a constraint holds for what the backend will decode: `[^:]+` does not let `%3A` through. Bytes that are not UTF-8 match no constraint.
 */
import type { CodePoints, Expression } from './automaton-syntax.ts'

/**
 * Edges in columns: edge `e` leads from `from[e]` to `to[e]` on bytes `first[e]..last[e]`; `first[e] === -1` marks an edge that takes no byte.
 * State 0 is the start.
 */
export interface Nfa {
  readonly stateCount: number
  readonly accepting: number
  readonly from: readonly number[]
  readonly to: readonly number[]
  readonly first: readonly number[]
  readonly last: readonly number[]
}

/** States of the automaton before it is made deterministic; `{1000}` of `{1000}` has to end somewhere. */
const MAX_STATES = 200_000
const PERCENT = 0x25
const SLASH = 0x2f

/** `undefined` where the constraint is too large. */
export function toNfa(expression: Expression): Nfa | undefined {
  const builder = new Builder()
  const start = builder.state()
  const accepting = builder.state()
  builder.add(expression, start, accepting)
  if (builder.isFull) return undefined
  return { stateCount: builder.stateCount, accepting, from: builder.from, to: builder.to, first: builder.first, last: builder.last }
}

class Builder {
  readonly from: number[] = []
  readonly to: number[] = []
  readonly first: number[] = []
  readonly last: number[] = []
  stateCount = 0
  isFull = false

  state(): number {
    if (this.stateCount >= MAX_STATES) this.isFull = true
    return this.stateCount++
  }

  add(expression: Expression, start: number, end: number): void {
    if (this.isFull) return
    switch (expression.type) {
      case 'set':
        this.#set(expression.points, start, end)
        return
      case 'concatenation': {
        let at = start
        for (const item of expression.items) {
          const next = this.state()
          this.add(item, at, next)
          at = next
        }
        this.#empty(at, end)
        return
      }
      case 'alternation':
        for (const item of expression.items) this.add(item, start, end)
        return
      case 'repetition':
        this.#repetition(expression.item, expression.min, expression.max, start, end)
    }
  }

  #repetition(item: Expression, min: number, max: number, start: number, end: number): void {
    let at = start
    for (let i = 0; i < min && !this.isFull; i++) {
      const next = this.state()
      this.add(item, at, next)
      at = next
    }
    if (max === Number.POSITIVE_INFINITY) {
      // A state of its own to go round in: neither what stands before nor what comes after may be re-entered.
      const loop = this.state()
      this.#empty(at, loop)
      const back = this.state()
      this.add(item, loop, back)
      this.#empty(back, loop)
      this.#empty(loop, end)
      return
    }
    for (let i = min; i < max && !this.isFull; i++) {
      const next = this.state()
      this.#empty(at, end)
      this.add(item, at, next)
      at = next
    }
    this.#empty(at, end)
  }

  #set(points: CodePoints, start: number, end: number): void {
    for (let i = 0; i < points.length; i += 2) {
      const first = points[i] as number
      const last = points[i + 1] as number
      if (first < 0x80) this.#ascii(first, Math.min(last, 0x7f), start, end)
      if (last >= 0x80) for (const bytes of utf8Ranges(Math.max(first, 0x80), last)) this.#encoded(bytes, start, end)
    }
  }

  #ascii(first: number, last: number, start: number, end: number): void {
    // Runs, so that `[ -~]` costs a few edges and not hundreds.
    run(first, last, isRaw, (a, b) => this.#edge(start, end, a, b))
    run(first, last, isEncoded, (a, b) => this.#encoded([a, b], start, end))
  }

  /** Bytes from `bytes[0]` to `bytes[1]`, then from `bytes[2]` to `bytes[3]` and so on, each percent-encoded. */
  #encoded(bytes: readonly number[], start: number, end: number): void {
    let at = start
    for (let i = 0; i < bytes.length; i += 2) {
      const next = i + 2 === bytes.length ? end : this.state()
      this.#encodedByte(bytes[i] as number, bytes[i + 1] as number, at, next)
      at = next
    }
  }

  #encodedByte(first: number, last: number, start: number, end: number): void {
    const percent = this.state()
    this.#edge(start, percent, PERCENT, PERCENT)
    const add = (highFirst: number, highLast: number, lowFirst: number, lowLast: number) => {
      const high = this.state()
      run(highFirst, highLast, isDigitValue, (a, b) => this.#edge(percent, high, 0x30 + a, 0x30 + b))
      run(highFirst, highLast, isLetterValue, (a, b) => this.#edge(percent, high, 0x37 + a, 0x37 + b))
      run(lowFirst, lowLast, isDigitValue, (a, b) => this.#edge(high, end, 0x30 + a, 0x30 + b))
      run(lowFirst, lowLast, isLetterValue, (a, b) => this.#edge(high, end, 0x37 + a, 0x37 + b))
    }
    const highFirst = first >> 4
    const highLast = last >> 4
    if (highFirst === highLast) {
      add(highFirst, highFirst, first & 15, last & 15)
      return
    }
    const wholeFirst = (first & 15) === 0 ? highFirst : highFirst + 1
    const wholeLast = (last & 15) === 15 ? highLast : highLast - 1
    if (wholeFirst > highFirst) add(highFirst, highFirst, first & 15, 15)
    if (wholeFirst <= wholeLast) add(wholeFirst, wholeLast, 0, 15)
    if (wholeLast < highLast) add(highLast, highLast, 0, last & 15)
  }

  #edge(from: number, to: number, first: number, last: number): void {
    this.from.push(from)
    this.to.push(to)
    this.first.push(first)
    this.last.push(last)
  }

  #empty(from: number, to: number): void {
    this.#edge(from, to, -1, -1)
  }
}

function isUnreserved(byte: number): boolean {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2d ||
    byte === 0x2e ||
    byte === 0x5f ||
    byte === 0x7e
  )
}

/** Visible ASCII that may stand in a canonical segment as it is. */
function isRaw(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f && byte !== PERCENT && byte !== SLASH && byte !== 0x3f && byte !== 0x23 && byte !== 0x5c
}

function isEncoded(byte: number): boolean {
  return byte < 0x80 && byte !== SLASH && !isUnreserved(byte)
}

function isDigitValue(value: number): boolean {
  return value < 10
}

function isLetterValue(value: number): boolean {
  return value >= 10
}

/** Calls `each` for every longest run of values in `first..last` for which `holds`. */
function run(first: number, last: number, holds: (value: number) => boolean, each: (first: number, last: number) => void): void {
  let start = -1
  for (let value = first; value <= last; value++) {
    if (holds(value)) {
      if (start === -1) start = value
    } else if (start !== -1) {
      each(start, value - 1)
      start = -1
    }
  }
  if (start !== -1) each(start, last)
}

/** Code points `first..last`, 0x80 at least, as sequences of byte ranges of their UTF-8 form; surrogates left out. */
function utf8Ranges(first: number, last: number): number[][] {
  const sequences: number[][] = []
  const split = (a: number, b: number): void => {
    if (a > b) return
    if (a <= 0xdfff && b >= 0xd800) {
      split(a, 0xd7ff)
      split(0xe000, b)
      return
    }
    for (const border of [0x7ff, 0xffff]) {
      if (a <= border && b > border) {
        split(a, border)
        split(border + 1, b)
        return
      }
    }
    // Ranges in which all but the first differing byte run through all their values become one sequence.
    for (const bits of [6, 12, 18]) {
      const mask = (1 << bits) - 1
      if (a >> bits === b >> bits) break
      if ((a & mask) !== 0) {
        split(a, a | mask)
        split((a | mask) + 1, b)
        return
      }
      if ((b & mask) !== mask) {
        split(a, (b & ~mask) - 1)
        split(b & ~mask, b)
        return
      }
    }
    const low = utf8(a)
    const high = utf8(b)
    sequences.push(low.flatMap((byte, index) => [byte, high[index] as number]))
  }
  split(first, last)
  return sequences
}

function utf8(point: number): number[] {
  if (point < 0x800) return [0xc0 | (point >> 6), 0x80 | (point & 63)]
  if (point < 0x10000) return [0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63)]
  return [0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63)]
}
