/**
 * JSON (RFC 8259) to nodes with their places. `yaml` reads JSON too, but needs 20 times as long; OpenAPI documents of a megabyte are common.
 * One syntax error ends it: what follows one in JSON is seldom worth reading.
 */
import type { Entry, Node } from './document.ts'
import { MAX_DEPTH } from './parse-yaml.ts'
import type { Parsed, Problem } from './parsed.ts'

export function parseJson(text: string): Parsed {
  const reader = new JsonReader(text)
  const root = reader.document()
  return { documents: root === undefined ? [] : [root], problems: reader.problems }
}

class JsonReader {
  readonly problems: Problem[] = []
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): Node | undefined {
    this.#space()
    const root = this.#value(0)
    if (root === undefined) return undefined
    this.#space()
    if (this.#at < this.#text.length) return this.#fail('something follows the document', this.#at, this.#text.length)
    return root
  }

  #value(depth: number): Node | undefined {
    const start = this.#at
    switch (this.#text.charCodeAt(start)) {
      case 0x7b:
        return depth === MAX_DEPTH ? this.#fail(`nested deeper than ${MAX_DEPTH}`, start, start + 1, 'PST0103') : this.#map(depth + 1)
      case 0x5b:
        return depth === MAX_DEPTH ? this.#fail(`nested deeper than ${MAX_DEPTH}`, start, start + 1, 'PST0103') : this.#list(depth + 1)
      case 0x22: {
        const value = this.#string()
        return value === undefined ? undefined : { type: 'scalar', start, end: this.#at, value }
      }
      default:
        return this.#word()
    }
  }

  #map(depth: number): Node | undefined {
    const start = this.#at++
    const entries: Entry[] = []
    const seen = new Map<string, Entry>()
    this.#space()
    if (this.#takes(0x7d)) return { type: 'map', start, end: this.#at, entries }
    for (;;) {
      this.#space()
      const keyStart = this.#at
      if (this.#text.charCodeAt(keyStart) !== 0x22) return this.#fail('a key in quotes is missing', keyStart, keyStart + 1)
      const key = this.#string()
      if (key === undefined) return undefined
      const keyEnd = this.#at
      this.#space()
      if (!this.#takes(0x3a)) return this.#fail('`:` is missing', this.#at, this.#at + 1)
      this.#space()
      const node = this.#value(depth)
      if (node === undefined) return undefined
      const entry: Entry = { key, keyStart, keyEnd, node }
      const first = seen.get(key)
      if (first === undefined) {
        seen.set(key, entry)
        entries.push(entry)
      } else {
        this.problems.push({
          code: 'PST0102',
          message: `duplicate key \`${key}\``,
          start: keyStart,
          end: keyEnd,
          related: [{ message: 'it stands here first', start: first.keyStart, end: first.keyEnd }],
        })
      }
      this.#space()
      if (this.#takes(0x2c)) continue
      if (this.#takes(0x7d)) return { type: 'map', start, end: this.#at, entries }
      return this.#fail('`,` or `}` is missing', this.#at, this.#at + 1)
    }
  }

  #list(depth: number): Node | undefined {
    const start = this.#at++
    const items: Node[] = []
    this.#space()
    if (this.#takes(0x5d)) return { type: 'list', start, end: this.#at, items }
    for (;;) {
      this.#space()
      const item = this.#value(depth)
      if (item === undefined) return undefined
      items.push(item)
      this.#space()
      if (this.#takes(0x2c)) continue
      if (this.#takes(0x5d)) return { type: 'list', start, end: this.#at, items }
      return this.#fail('`,` or `]` is missing', this.#at, this.#at + 1)
    }
  }

  #string(): string | undefined {
    const start = this.#at
    for (let at = start + 1; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at)
      if (code === 0x22) {
        this.#at = at + 1
        return this.#text.slice(start + 1, at)
      }
      if (code < 0x20) return this.#fail('a text has a line break or control character', at, at + 1)
      if (code === 0x5c) return this.#escapedString(start)
    }
    return this.#fail('a text is not closed', start, this.#text.length)
  }

  /** The rare text with escapes is left to `JSON.parse`. */
  #escapedString(start: number): string | undefined {
    let end = start + 1
    while (end < this.#text.length && this.#text.charCodeAt(end) !== 0x22) end += this.#text.charCodeAt(end) === 0x5c ? 2 : 1
    if (end >= this.#text.length) return this.#fail('a text is not closed', start, this.#text.length)
    this.#at = end + 1
    try {
      return JSON.parse(this.#text.slice(start, end + 1)) as string
    } catch {
      return this.#fail('a text has an escape sequence or a character that JSON does not have', start, end + 1)
    }
  }

  /** `true`, `false`, `null` or a number. */
  #word(): Node | undefined {
    const start = this.#at
    let end = start
    while (end < this.#text.length && /[\w.+-]/.test(this.#text[end] as string)) end++
    const word = this.#text.slice(start, end)
    this.#at = end
    if (word === 'true' || word === 'false') return { type: 'scalar', start, end, value: word === 'true' }
    if (word === 'null') return { type: 'scalar', start, end, value: null }
    if (/^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(word)) return { type: 'scalar', start, end, value: Number(word) }
    return this.#fail(word === '' ? 'a value is missing' : `\`${word}\` is not a value`, start, Math.max(end, start + 1))
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.#at++
    }
  }

  #takes(code: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== code) return false
    this.#at++
    return true
  }

  #fail(message: string, start: number, end: number, code: Problem['code'] = 'PST0101'): undefined {
    const last = this.#text.length
    this.problems.push({ code, message, start: Math.min(start, last), end: Math.min(end, last) })
    return undefined
  }
}
