/**
 * Puts one log line together as bytes, piece by piece, straight where it will be read from. Text that a client can choose is checked while it
 * is copied; only what needs escaping becomes a string. A line of the access log takes 300 ns like this, and 1000 as a string that is encoded
 * at the end.
 */
import { copy } from '../http1/serialize.ts'

/** A longer value is cut, and ends in `...`. */
export const MAX_VALUE_CHARACTERS = 2048

const QUOTE = 0x22
const BACKSLASH = 0x5c
const ZERO = 0x30

export class LogLine {
  bytes: Buffer = Buffer.alloc(0)
  /** Where the next byte goes. There is always room: who begins a line has made sure. */
  at = 0

  /** What is right as it is. */
  piece(source: Buffer): void {
    this.at = copy(source, 0, source.length, this.bytes, this.at)
  }

  /** A number from 0 to 2^53, whole. */
  integer(value: number): void {
    if (value >= 1e9) {
      this.at += this.bytes.write(String(value), this.at, 'latin1')
      return
    }
    let end = this.at + 1
    for (let limit = 10; value >= limit; limit *= 10) end += 1
    this.#digits(value, this.at, end)
    this.at = end
  }

  /** Milliseconds with three digits behind the point. */
  milliseconds(value: number): void {
    const microseconds = Math.max(0, Math.round(value * 1000))
    const whole = Math.floor(microseconds / 1000)
    this.integer(whole)
    this.bytes[this.at] = 0x2e
    this.#digits(microseconds - whole * 1000, this.at + 1, this.at + 4)
    this.at += 4
  }

  /** The inside of a JSON string, in ASCII. */
  text(value: string): void {
    const { bytes } = this
    let { at } = this
    if (value.length > MAX_VALUE_CHARACTERS) {
      this.#escaped(value)
      return
    }
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index)
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) {
        this.#escaped(value)
        return
      }
      bytes[at++] = code
    }
    this.at = at
  }

  /** The same for bytes, which are Latin-1. */
  range(source: Uint8Array, start: number, end: number): void {
    const { bytes } = this
    let { at } = this
    let isPlain = end - start <= MAX_VALUE_CHARACTERS
    for (let index = start; isPlain && index < end; index++) {
      const code = source[index] as number
      isPlain = code >= 0x20 && code <= 0x7e && code !== QUOTE && code !== BACKSLASH
      bytes[at++] = code
    }
    if (isPlain) this.at = at
    else this.#escaped(Buffer.from(source.subarray(start, end)).toString('latin1'))
  }

  #escaped(value: string): void {
    this.at += this.bytes.write(escaped(value), this.at, 'latin1')
  }

  #digits(value: number, start: number, end: number): void {
    let rest = value
    for (let at = end - 1; at >= start; at--) {
      const next = (rest / 10) | 0
      this.bytes[at] = ZERO + rest - next * 10
      rest = next
    }
  }
}

/** The inside of a JSON string, in ASCII. */
export function escaped(value: string): string {
  if (value.length > MAX_VALUE_CHARACTERS) return `${escaped(value.slice(0, MAX_VALUE_CHARACTERS))}...`
  let text = ''
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index)
    if (code === QUOTE || code === BACKSLASH) text += `\\${value[index]}`
    else if (code < 0x20 || code > 0x7e) text += `\\u${code.toString(16).padStart(4, '0')}`
    else text += value[index]
  }
  return text
}
