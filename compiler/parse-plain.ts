/**
 * The YAML that nearly all sources are written in: block maps and lists, one-line flow collections, plain and simply quoted texts. Read
 * directly, it takes a tenth of the time that `yaml` needs. Whatever is not certain to be read the same way (tabs, escapes, anchors, tags,
 * texts over several lines, empty values, odd numbers, every mistake) is left to `yaml`, which stays the oracle: `parse-plain.test.ts` compares them.
 */
import type { Entry, Node } from './document.ts'

const MAX_DEPTH = 64
/** Maps are rarely longer; a scan beats a set for the others. */
const SCANNED_KEYS = 8

/** The roots of all documents, or nothing where `yaml` has to look. */
export function parsePlain(text: string): Node[] | undefined {
  // Tabs, carriage returns, control characters, line breaks of Unicode, surrogates, byte order marks.
  if (/[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(text)) return undefined
  return new PlainReader(text).documents()
}

const SPACE = 0x20
const HASH = 0x23
const COMMA = 0x2c
const DASH = 0x2d
const COLON = 0x3a
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_MAP = 0x7b
const CLOSE_MAP = 0x7d
const DOUBLE_QUOTE = 0x22
const SINGLE_QUOTE = 0x27

/** Characters with a meaning of their own at the beginning of a plain text (YAML 1.2.2 §5.3). */
const INDICATORS = new Set('-?:,[]{}#&*!|>\'"%@`'.split('').map((character) => character.charCodeAt(0)))

class PlainReader {
  readonly #text: string
  /** The current line: where its first character stands that is no space, in which column, and where the line ends. */
  #at = 0
  #indent = 0
  #lineEnd = -1
  /** No line is left, or the current one is `---`. */
  #isDone = false
  #isMarker = false

  constructor(text: string) {
    this.#text = text
  }

  documents(): Node[] | undefined {
    const roots: Node[] = []
    if (!this.#nextLine()) return undefined
    for (;;) {
      while (this.#isMarker) if (!this.#nextLine()) return undefined
      if (this.#isDone) return roots
      const root = this.#block(this.#indent, 1)
      if (root === undefined || !(this.#isDone || this.#isMarker)) return undefined
      roots.push(root)
    }
  }

  /** Goes to the next line that says something. False where `yaml` has to look. */
  #nextLine(): boolean {
    const text = this.#text
    this.#isMarker = false
    for (;;) {
      const start = this.#lineEnd + 1
      if (start >= text.length) {
        this.#isDone = true
        this.#indent = -1
        return true
      }
      const lineBreak = text.indexOf('\n', start)
      this.#lineEnd = lineBreak === -1 ? text.length : lineBreak
      let at = start
      while (text.charCodeAt(at) === SPACE) at++
      if (at === this.#lineEnd || text.charCodeAt(at) === HASH) continue
      this.#at = at
      this.#indent = at - start
      if (this.#indent > 0) return true
      if (text.startsWith('...', at)) return false
      if (!text.startsWith('---', at)) return true
      this.#isMarker = at + 3 === this.#lineEnd
      this.#indent = -1
      return this.#isMarker
    }
  }

  #block(indent: number, depth: number): Node | undefined {
    if (depth > MAX_DEPTH) return undefined
    return this.#isItem() ? this.#list(indent, depth) : this.#map(indent, depth)
  }

  #isItem(): boolean {
    return this.#text.charCodeAt(this.#at) === DASH && this.#text.charCodeAt(this.#at + 1) === SPACE
  }

  #map(indent: number, depth: number): Node | undefined {
    const start = this.#at
    const entries: Entry[] = []
    const keys = new Keys()
    do {
      const keyStart = this.#at
      const colon = this.#endOfKey(keyStart, this.#lineEnd)
      if (colon === -1) return undefined
      const isQuoted = this.#text.charCodeAt(keyStart) === DOUBLE_QUOTE
      const key = isQuoted ? this.#text.slice(keyStart + 1, colon - 1) : this.#text.slice(keyStart, colon)
      if ((key === '<<' && !isQuoted) || !keys.add(key)) return undefined
      const valueStart = this.#pastSpaces(colon + 1)
      const node = this.#endsLine(valueStart) ? this.#below(indent, depth) : this.#inline(valueStart, indent, depth)
      if (node === undefined) return undefined
      entries.push({ key, keyStart, keyEnd: colon, node })
    } while (this.#indent === indent && !this.#isItem())
    if (this.#indent > indent) return undefined
    return { type: 'map', start, end: (entries.at(-1) as Entry).node.end, entries }
  }

  /** The value of a key with nothing behind it: on the lines below, a list perhaps in the same column. */
  #below(indent: number, depth: number): Node | undefined {
    if (!this.#nextLine() || this.#isDone || this.#isMarker) return undefined
    if (this.#indent > indent) return this.#block(this.#indent, depth + 1)
    return this.#indent === indent && this.#isItem() && depth < MAX_DEPTH ? this.#list(indent, depth + 1) : undefined
  }

  #list(indent: number, depth: number): Node | undefined {
    const start = this.#at
    const items: Node[] = []
    do {
      const itemStart = this.#pastSpaces(this.#at + 2)
      if (this.#endsLine(itemStart)) return undefined
      const first = this.#text.charCodeAt(itemStart)
      let item: Node | undefined
      if (first !== OPEN_MAP && first !== OPEN_LIST && this.#endOfKey(itemStart, this.#lineEnd) !== -1) {
        // A map that begins behind the dash: its other keys stand below the first one.
        if (depth === MAX_DEPTH) return undefined
        this.#indent = itemStart - (this.#at - this.#indent)
        this.#at = itemStart
        item = this.#map(this.#indent, depth + 1)
      } else item = this.#inline(itemStart, indent, depth)
      if (item === undefined) return undefined
      items.push(item)
    } while (this.#indent === indent && this.#isItem())
    if (this.#indent > indent) return undefined
    return { type: 'list', start, end: (items.at(-1) as Node).end, items }
  }

  /** Offset of the colon that ends the key at `start`, or -1 where there is no key that is certain to be one. */
  #endOfKey(start: number, end: number): number {
    const text = this.#text
    const first = text.charCodeAt(start)
    if (first === DOUBLE_QUOTE) {
      const close = this.#endOfQuoted(start, end)
      if (close === -1 || text.charCodeAt(close) !== COLON) return -1
      return close + 1 === end || text.charCodeAt(close + 1) === SPACE ? close : -1
    }
    if (INDICATORS.has(first)) return -1
    for (let at = start; at < end; at++) {
      const code = text.charCodeAt(at)
      if (code === COLON && (at + 1 === end || text.charCodeAt(at + 1) === SPACE)) return text.charCodeAt(at - 1) === SPACE ? -1 : at
      if (code === HASH && text.charCodeAt(at - 1) === SPACE) return -1
    }
    return -1
  }

  /** A value on the rest of the line; goes to the next line, which must not go on with it. */
  #inline(start: number, indent: number, depth: number): Node | undefined {
    const text = this.#text
    const first = text.charCodeAt(start)
    let node: Node | undefined
    if (first === OPEN_MAP || first === OPEN_LIST) {
      const flow = new FlowReader(text, this.#lineEnd, (from, end) => this.#endOfQuoted(from, end))
      node = flow.value(start, depth + 1)
    } else if (first === DOUBLE_QUOTE || first === SINGLE_QUOTE) {
      const end = this.#endOfQuoted(start, this.#lineEnd)
      if (end !== -1) node = { type: 'scalar', start, end, value: text.slice(start + 1, end - 1) }
    } else node = plainScalar(text, start, this.#endOfPlain(start))
    if (node === undefined || !this.#endsLine(this.#pastSpaces(node.end), node.end)) return undefined
    if (!this.#nextLine() || this.#indent > indent) return undefined
    return node
  }

  /** Where a plain text ends that has the rest of the line to itself; `start` where it holds what looks like a key. */
  #endOfPlain(start: number): number {
    const text = this.#text
    let end = start
    for (let at = start; at < this.#lineEnd; at++) {
      const code = text.charCodeAt(at)
      if (code === HASH && text.charCodeAt(at - 1) === SPACE) break
      if (code === COLON && (at + 1 === this.#lineEnd || text.charCodeAt(at + 1) === SPACE)) return start
      if (code !== SPACE) end = at + 1
    }
    return end
  }

  /** Behind the closing quote of a text without escapes on one line, or -1. */
  #endOfQuoted(start: number, lineEnd: number): number {
    const quote = this.#text[start] as string
    const close = this.#text.indexOf(quote, start + 1)
    if (close === -1 || close >= lineEnd) return -1
    if (quote === '"') {
      return this.#text.slice(start, close).includes('\\') ? -1 : close + 1
    }
    return this.#text.charCodeAt(close + 1) === SINGLE_QUOTE ? -1 : close + 1
  }

  #pastSpaces(at: number): number {
    while (this.#text.charCodeAt(at) === SPACE) at++
    return at
  }

  /** Whether nothing but a comment follows. A comment needs a space before it. */
  #endsLine(at: number, after = at - 1): boolean {
    return at >= this.#lineEnd || (this.#text.charCodeAt(at) === HASH && at > after)
  }
}

/** Flow collections on one line. */
class FlowReader {
  readonly #text: string
  readonly #end: number
  readonly #endOfQuoted: (start: number, end: number) => number

  constructor(text: string, end: number, endOfQuoted: (start: number, end: number) => number) {
    this.#text = text
    this.#end = end
    this.#endOfQuoted = endOfQuoted
  }

  value(start: number, depth: number): Node | undefined {
    const first = this.#text.charCodeAt(start)
    if (first === OPEN_MAP) return depth > MAX_DEPTH ? undefined : this.#map(start, depth)
    if (first === OPEN_LIST) return depth > MAX_DEPTH ? undefined : this.#list(start, depth)
    if (first === DOUBLE_QUOTE || first === SINGLE_QUOTE) {
      const end = this.#endOfQuoted(start, this.#end)
      return end === -1 ? undefined : { type: 'scalar', start, end, value: this.#text.slice(start + 1, end - 1) }
    }
    return plainScalar(this.#text, start, this.#endOfPlain(start))
  }

  #map(start: number, depth: number): Node | undefined {
    const entries: Entry[] = []
    const keys = new Keys()
    let at = this.#pastSpaces(start + 1)
    if (this.#text.charCodeAt(at) === CLOSE_MAP) return { type: 'map', start, end: at + 1, entries }
    for (;;) {
      const keyStart = at
      const isQuoted = this.#text.charCodeAt(at) === DOUBLE_QUOTE
      const keyEnd = isQuoted ? this.#endOfQuoted(at, this.#end) : this.#endOfPlain(at)
      if (keyEnd <= keyStart || this.#text.charCodeAt(keyEnd) !== COLON || this.#text.charCodeAt(keyEnd + 1) !== SPACE) return undefined
      if (!isQuoted && INDICATORS.has(this.#text.charCodeAt(keyStart))) return undefined
      const key = isQuoted ? this.#text.slice(keyStart + 1, keyEnd - 1) : this.#text.slice(keyStart, keyEnd)
      if ((key === '<<' && !isQuoted) || !keys.add(key)) return undefined
      const node = this.value(this.#pastSpaces(keyEnd + 1), depth + 1)
      if (node === undefined) return undefined
      entries.push({ key, keyStart, keyEnd, node })
      at = this.#pastSpaces(node.end)
      const next = this.#text.charCodeAt(at)
      if (next === CLOSE_MAP) return { type: 'map', start, end: at + 1, entries }
      if (next !== COMMA) return undefined
      at = this.#pastSpaces(at + 1)
    }
  }

  #list(start: number, depth: number): Node | undefined {
    const items: Node[] = []
    let at = this.#pastSpaces(start + 1)
    if (this.#text.charCodeAt(at) === CLOSE_LIST) return { type: 'list', start, end: at + 1, items }
    for (;;) {
      const item = this.value(at, depth + 1)
      if (item === undefined) return undefined
      items.push(item)
      at = this.#pastSpaces(item.end)
      const next = this.#text.charCodeAt(at)
      if (next === CLOSE_LIST) return { type: 'list', start, end: at + 1, items }
      if (next !== COMMA) return undefined
      at = this.#pastSpaces(at + 1)
    }
  }

  /** Where a plain text ends within a flow collection: before an indicator, or a colon with a space or an indicator behind it. */
  #endOfPlain(start: number): number {
    let end = start
    for (let at = start; at < this.#end; at++) {
      const code = this.#text.charCodeAt(at)
      if (isFlowIndicator(code)) return end
      if (code === HASH && this.#text.charCodeAt(at - 1) === SPACE) return start
      if (code === COLON) {
        const next = this.#text.charCodeAt(at + 1)
        if (at + 1 === this.#end || isFlowIndicator(next)) return start
        if (next === SPACE) return end
      }
      if (code !== SPACE) end = at + 1
    }
    return start
  }

  #pastSpaces(at: number): number {
    while (at < this.#end && this.#text.charCodeAt(at) === SPACE) at++
    return at
  }
}

/** Whether all keys of a map differ. */
class Keys {
  readonly #few: string[] = []
  #many: Set<string> | undefined

  /** False for one that was there. */
  add(key: string): boolean {
    if (this.#many === undefined) {
      if (this.#few.includes(key)) return false
      this.#few.push(key)
      if (this.#few.length > SCANNED_KEYS) this.#many = new Set(this.#few)
      return true
    }
    const { size } = this.#many
    return this.#many.add(key).size > size
  }
}

function isFlowIndicator(code: number): boolean {
  return code === COMMA || code === OPEN_LIST || code === CLOSE_LIST || code === OPEN_MAP || code === CLOSE_MAP
}

/** All that the core schema takes for a number (YAML 1.2.2 §10.3.2). */
const NUMBER =
  /^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/
const WORD = /^(?:~|null|Null|NULL|true|True|TRUE|false|False|FALSE)$/

/** A text without quotes by what it means, or nothing where that is not plain. */
function plainScalar(text: string, start: number, end: number): Node | undefined {
  const first = text.charCodeAt(start)
  if (end === start || INDICATORS.has(first)) return undefined
  const value = text.slice(start, end)
  // Digits, dot and plus; what begins with a dash was left to `yaml` above.
  if ((first >= 0x30 && first <= 0x39) || first === 0x2e || first === 0x2b) {
    if (/^(?:0|[1-9][0-9]{0,14})$/.test(value)) return { type: 'scalar', start, end, value: Number(value) }
    if (NUMBER.test(value)) return undefined
  } else if (value.length <= 5 && WORD.test(value)) {
    if (value === 'true' || value === 'false') return { type: 'scalar', start, end, value: value === 'true' }
    return undefined
  }
  return { type: 'scalar', start, end, value }
}
