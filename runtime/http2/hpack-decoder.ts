/**
 * Takes header blocks apart (RFC 7541). Every field is made into the line that it is in HTTP/1.1, `name: value` CR LF, once: the dynamic table
 * keeps lines, so that a field which a client repeats costs one copy. Each byte of a name or value is judged when it comes in (RFC 9113 §8.2.1):
 * what HTTP/1.1 could not show (an upper-case name, CR, LF or NUL in a value) is marked, and never looks like anything else.
 */
import { FIELD_VALUE, HTAB, SP, TOKEN } from '../http1/bytes.ts'
import { FIELD_OVERHEAD, STATIC_COUNT, STATIC_FIELDS } from './hpack-table.ts'
import { decodedBytes, decodeHuffman } from './huffman.ts'

/** Size of the dynamic table as we advertise it, which is HTTP/2's default (RFC 9113 §6.5.2). */
export const TABLE_BYTES = 4096
/** Longest header block, encoded, that is worth reading where nobody says otherwise, all its CONTINUATION frames together. */
export const BLOCK_BYTES = 32 * 1024

/** What a field is, by its name; 0 is no field. */
export const REGULAR = 1
export const METHOD = 2
export const SCHEME = 3
export const AUTHORITY = 4
export const PATH = 5
export const HOST = 6
export const COOKIE = 7
export const TE = 8
/** Belongs to one connection, and HTTP/2 does not have it (RFC 9113 §8.2.2). */
export const CONNECTION = 9
/** `:status`, `:protocol`, or none that anybody knows. */
export const OTHER_PSEUDO = 10
/** Added: a byte in the name that no name has. */
export const NAME_INVALID = 0x40
/** Added: a byte in the value that no value has, or white space around it. */
export const VALUE_INVALID = 0x80

/** Who gets the fields of a block. `bytes` holds `name: value` CR LF at `start`; valid until the call returns. */
export interface FieldSink {
  field(kind: number, bytes: Buffer, start: number, nameSize: number, valueSize: number): void
}

/** Numbers per entry of the dynamic table: start, size of the name, size of the value, kind. */
const STRIDE = 4
const FIRST_ENTRIES = 16
const MAX_ENTRIES = TABLE_BYTES / FIELD_OVERHEAD
const FIRST_LINES_BYTES = 1024
const MAX_INTEGER_BYTES = 5
/** In a line beside name and value. */
const LINE_BYTES = 4
const MAX_INTEGER = 0x7fff_ffff

/** One literal field as a line. Grows with the longest that ever came; whoever decodes bounds the blocks. */
let scratch = Buffer.allocUnsafeSlow(2 * TABLE_BYTES)

const PLAIN_NAMES: { readonly [name: string]: number } = {
  host: HOST,
  cookie: COOKIE,
  te: TE,
  connection: CONNECTION,
  'keep-alive': CONNECTION,
  'proxy-connection': CONNECTION,
  'transfer-encoding': CONNECTION,
  upgrade: CONNECTION,
  'http2-settings': CONNECTION,
}
const PSEUDO_NAMES: { readonly [name: string]: number } = { ':method': METHOD, ':scheme': SCHEME, ':authority': AUTHORITY, ':path': PATH }
/** Names that mean something here, by their size. */
const SPECIAL: (readonly { readonly bytes: Buffer; readonly kind: number }[] | undefined)[] = []
for (const [name, kind] of [...Object.entries(PLAIN_NAMES), ...Object.entries(PSEUDO_NAMES)]) {
  SPECIAL[name.length] = [...(SPECIAL[name.length] ?? []), { bytes: Buffer.from(name), kind }]
}
const COLON = 0x3a
/** Bytes of a name: tokens in lower case. */
const NAME = TOKEN.map((lower, byte) => (lower === byte ? 1 : 0))
NAME[0] = 0

/** The static table as lines, one after the other, and the same four numbers of each as in the dynamic one. */
const staticLines = Buffer.from(STATIC_FIELDS.map(([name, value]) => `${name}: ${value}\r\n`).join(''), 'latin1')
const staticEntries = new Int32Array(STATIC_COUNT * STRIDE)
{
  let at = 0
  STATIC_FIELDS.forEach(([name, value], index) => {
    staticEntries.set([at, name.length, value.length, nameKind(staticLines, at, at + name.length)], index * STRIDE)
    at += name.length + value.length + 4
  })
}

export class HpackDecoder {
  /** Lines of the dynamic table are `#lines[#linesStart, #linesEnd)`, the oldest first. */
  #lines: Buffer | undefined
  #linesStart = 0
  #linesEnd = 0
  /** A ring of entries; the newest is at `#newest`. */
  #entries = new Int32Array(0)
  #newest = -1
  #count = 0
  #tableBytes = 0
  #maxTableBytes = TABLE_BYTES
  /** Where reading goes on, after `#readInteger` and `#readText`. */
  #position = 0

  /** Bytes of the dynamic table, counted as RFC 7541 §4.1 does. */
  get tableBytes(): number {
    return this.#tableBytes
  }

  /** Tells `sink` all fields of a block in `bytes[start, end)`. False: it is none, and the connection cannot go on (COMPRESSION_ERROR). */
  decode(bytes: Buffer, start: number, end: number, sink: FieldSink): boolean {
    this.#position = start
    let hasField = false
    while (this.#position < end) {
      const first = bytes[this.#position] as number
      if (first >= 0x80) {
        const index = first < 0xff ? first & 0x7f : this.#readInteger(bytes, end, 7)
        if (first < 0xff) this.#position += 1
        if (!this.#tell(index, sink)) return false
      } else if (first >= 0x40) {
        if (!this.#literal(bytes, end, 6, sink)) return false
      } else if (first >= 0x20) {
        const size = this.#readInteger(bytes, end, 5)
        // RFC 7541 §4.2: only in front of the fields, and not above what we allow.
        if (hasField || size < 0 || size > TABLE_BYTES) return false
        this.#maxTableBytes = size
        this.#evict(0)
        continue
      } else if (!this.#literal(bytes, end, 4, sink)) return false
      hasField = true
    }
    return true
  }

  /** A field that stands in one of the tables. */
  #tell(index: number, sink: FieldSink): boolean {
    if (index <= 0) return false
    if (index <= STATIC_COUNT) {
      const at = (index - 1) * STRIDE
      sink.field(
        staticEntries[at + 3] as number,
        staticLines,
        staticEntries[at] as number,
        staticEntries[at + 1] as number,
        staticEntries[at + 2] as number,
      )
      return true
    }
    const at = this.#entryAt(index)
    if (at < 0) return false
    const entries = this.#entries
    sink.field(
      entries[at + 3] as number,
      this.#lines as Buffer,
      entries[at] as number,
      entries[at + 1] as number,
      entries[at + 2] as number,
    )
    return true
  }

  /** A field whose value stands in the block; with six bits of prefix it is added to the table. */
  #literal(bytes: Buffer, end: number, prefixBits: number, sink: FieldSink): boolean {
    const index = this.#readInteger(bytes, end, prefixBits)
    if (index < 0) return false
    let nameSize: number
    let kind: number
    if (index === 0) {
      nameSize = this.#readText(bytes, end, 0)
      if (nameSize < 0) return false
      kind = nameKind(scratch, 0, nameSize)
    } else {
      const isStatic = index <= STATIC_COUNT
      const at = isStatic ? (index - 1) * STRIDE : this.#entryAt(index)
      if (at < 0) return false
      const entries = isStatic ? staticEntries : this.#entries
      const lines = isStatic ? staticLines : (this.#lines as Buffer)
      const lineStart = entries[at] as number
      nameSize = entries[at + 1] as number
      for (let i = 0; i < nameSize; i++) scratch[i] = lines[lineStart + i] as number
      kind = (entries[at + 3] as number) & ~VALUE_INVALID
    }
    scratch[nameSize] = COLON
    scratch[nameSize + 1] = SP
    const valueStart = nameSize + 2
    const valueEnd = this.#readText(bytes, end, valueStart)
    if (valueEnd < 0) return false
    scratch[valueEnd] = 0x0d
    scratch[valueEnd + 1] = 0x0a
    if (!isValue(scratch, valueStart, valueEnd)) kind |= VALUE_INVALID
    if (prefixBits === 6) this.#insert(nameSize, valueEnd - valueStart, kind)
    sink.field(kind, scratch, 0, nameSize, valueEnd - valueStart)
    return true
  }

  /** Offset of an entry's numbers, or -1. `index` counts behind the static table, the newest first. */
  #entryAt(index: number): number {
    const back = index - STATIC_COUNT - 1
    if (back >= this.#count) return -1
    const capacity = this.#entries.length / STRIDE
    const at = this.#newest - back
    return (at < 0 ? at + capacity : at) * STRIDE
  }

  /** Adds the line in `scratch`. One that is larger than the table empties it (RFC 7541 §4.4). */
  #insert(nameSize: number, valueSize: number, kind: number): void {
    const size = nameSize + valueSize + FIELD_OVERHEAD
    if (size > this.#maxTableBytes) {
      this.#evict(this.#maxTableBytes)
      return
    }
    this.#evict(size)
    const lineSize = nameSize + valueSize + 4
    const lines = this.#roomFor(lineSize)
    scratch.copy(lines, this.#linesEnd, 0, lineSize)
    if (this.#count * STRIDE === this.#entries.length) this.#growEntries()
    this.#newest = this.#newest + 1 === this.#entries.length / STRIDE ? 0 : this.#newest + 1
    const at = this.#newest * STRIDE
    this.#entries[at] = this.#linesEnd
    this.#entries[at + 1] = nameSize
    this.#entries[at + 2] = valueSize
    this.#entries[at + 3] = kind
    this.#linesEnd += lineSize
    this.#count += 1
    this.#tableBytes += size
  }

  /** Drops the oldest until there is room for `size`. */
  #evict(size: number): void {
    while (this.#count > 0 && this.#tableBytes + size > this.#maxTableBytes) {
      const at = this.#entryAt(STATIC_COUNT + this.#count)
      const lineSize = (this.#entries[at + 1] as number) + (this.#entries[at + 2] as number)
      this.#tableBytes -= lineSize + FIELD_OVERHEAD
      this.#linesStart += lineSize + 4
      this.#count -= 1
    }
    if (this.#count === 0) {
      this.#linesStart = 0
      this.#linesEnd = 0
    }
  }

  /** Lines with room for one more behind the last one: moved to the front, or to more memory. Twice the table is always enough. */
  #roomFor(size: number): Buffer {
    let lines = this.#lines ?? Buffer.allocUnsafeSlow(FIRST_LINES_BYTES)
    this.#lines = lines
    if (this.#linesEnd + size <= lines.length) return lines
    const used = this.#linesEnd - this.#linesStart
    let capacity = lines.length
    while (used + size > capacity / 2 && capacity < 2 * TABLE_BYTES) capacity *= 2
    const moved = capacity === lines.length ? lines : Buffer.allocUnsafeSlow(capacity)
    lines.copy(moved, 0, this.#linesStart, this.#linesEnd)
    for (let back = 1; back <= this.#count; back++) {
      const at = this.#entryAt(STATIC_COUNT + back)
      this.#entries[at] = (this.#entries[at] as number) - this.#linesStart
    }
    lines = moved
    this.#lines = moved
    this.#linesStart = 0
    this.#linesEnd = used
    return lines
  }

  #growEntries(): void {
    const capacity = Math.min(MAX_ENTRIES, Math.max(FIRST_ENTRIES, (this.#entries.length / STRIDE) * 2))
    const grown = new Int32Array(capacity * STRIDE)
    // In order of age from the front; the newest is the last one.
    for (let back = 1; back <= this.#count; back++) {
      const at = this.#entryAt(STATIC_COUNT + back)
      grown.set(this.#entries.subarray(at, at + STRIDE), (this.#count - back) * STRIDE)
    }
    this.#entries = grown
    this.#newest = this.#count - 1
  }

  /** An integer with a prefix of so many bits (RFC 7541 §5.1), or -1: cut off, or larger than anything that makes sense. */
  #readInteger(bytes: Buffer, end: number, prefixBits: number): number {
    const mask = (1 << prefixBits) - 1
    let value = (bytes[this.#position++] as number) & mask
    if (value < mask) return value
    for (let i = 0; i < MAX_INTEGER_BYTES; i++) {
      if (this.#position >= end) return -1
      const byte = bytes[this.#position++] as number
      value += (byte & 0x7f) * 2 ** (7 * i)
      if (value > MAX_INTEGER) return -1
      if (byte < 0x80) return value
    }
    return -1
  }

  /** A string literal (RFC 7541 §5.2) to `scratch` at `at`. Returns the offset behind it, or -1. */
  #readText(bytes: Buffer, end: number, at: number): number {
    if (this.#position >= end) return -1
    const isHuffman = (bytes[this.#position] as number) >= 0x80
    const size = this.#readInteger(bytes, end, 7)
    const start = this.#position
    if (size < 0 || start + size > end) return -1
    this.#position = start + size
    reserve(at + decodedBytes(size) + LINE_BYTES)
    if (isHuffman) return decodeHuffman(bytes, start, start + size, scratch, at)
    for (let i = 0; i < size; i++) scratch[at + i] = bytes[start + i] as number
    return at + size
  }
}

function reserve(size: number): void {
  if (size <= scratch.length) return
  const larger = Buffer.allocUnsafeSlow(2 * size)
  scratch.copy(larger)
  scratch = larger
}

function nameKind(bytes: Buffer, start: number, end: number): number {
  const special = SPECIAL[end - start]
  if (special !== undefined) {
    for (const { bytes: name, kind } of special) if (equals(bytes, start, name)) return kind
  }
  if (bytes[start] === COLON && end > start) return OTHER_PSEUDO
  for (let i = start; i < end; i++) if (NAME[bytes[i] as number] !== 1) return REGULAR | NAME_INVALID
  return end > start ? REGULAR : REGULAR | NAME_INVALID
}

function equals(bytes: Buffer, start: number, name: Buffer): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return false
  return true
}

/** RFC 9113 §8.2.1, and the other control bytes, as in HTTP/1.1 (F6). */
function isValue(bytes: Buffer, start: number, end: number): boolean {
  if (start === end) return true
  const first = bytes[start]
  const last = bytes[end - 1]
  if (first === SP || first === HTAB || last === SP || last === HTAB) return false
  for (let i = start; i < end; i++) if (FIELD_VALUE[bytes[i] as number] !== 1) return false
  return true
}
