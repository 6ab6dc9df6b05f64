/**
 * Writes header blocks (RFC 7541 §6): a status, and fields whose names stand in the static table or are written out. No table of ours and no
 * Huffman code: both would save bytes and cost time, and a table would be state that a client could make us keep.
 */
import { TOKEN } from '../http1/bytes.ts'
import { hashName, KNOWN_NAMES, nameEquals } from '../http1/field-names.ts'
import { FIELD_STRIDE, type FieldSection } from '../http1/field-section.ts'
import { copy } from '../http1/serialize.ts'
import type { FrameWriter } from './frame-writer.ts'
import { STATIC_FIELDS } from './hpack-table.ts'

/** Most that stands beside the bytes of a name and a value: the kind of the field, and their sizes. */
export const FIELD_HEAD_BYTES = 12
/** Most that a status takes. */
export const STATUS_BYTES = 5

/** RFC 7541 §6.2.2 and §6.2.3; below them an index of four bits. */
const NOT_INDEXED = 0x00
const NEVER_INDEXED = 0x10
const STATUS_NAME = 8

const indexByName = new Map<string, number>()
const indexByHash = new Map<number, number>()
STATIC_FIELDS.forEach(([name], index) => {
  if (name.startsWith(':') || indexByName.has(name)) return
  indexByName.set(name, index + 1)
  indexByHash.set(hashName(name), index + 1)
})
const SET_COOKIE = indexByName.get('set-cookie')
/** By `KNOWN` id; 0: not in the static table. */
const indexByKnown = Uint8Array.from({ length: 256 }, (_, id) => indexByName.get(KNOWN_NAMES[id] ?? '') ?? 0)

/** `:status`. There is room. */
export function writeStatus(out: FrameWriter, status: number): void {
  const { bytes } = out
  for (let index = STATUS_NAME; index < STATUS_NAME + 7; index++) {
    if (STATIC_STATUSES[index] !== status) continue
    bytes[out.size++] = 0x80 | index
    return
  }
  bytes[out.size++] = NOT_INDEXED | STATUS_NAME
  bytes[out.size++] = 3
  bytes[out.size++] = 0x30 + Math.trunc(status / 100)
  bytes[out.size++] = 0x30 + (Math.trunc(status / 10) % 10)
  bytes[out.size++] = 0x30 + (status % 10)
}

/** By index in the static table. */
const STATIC_STATUSES = ['', ...STATIC_FIELDS.map(([name, value]) => (name === ':status' ? value : ''))].map(Number)

/** Field `index` of a section, its name in lower case (RFC 9113 §8.2.1). There is room. */
export function writeReceivedField(out: FrameWriter, section: FieldSection, index: number): void {
  const { fields, bytes } = section
  const at = index * FIELD_STRIDE
  const nameStart = fields[at] as number
  const nameEnd = fields[at + 1] as number
  const valueStart = fields[at + 2] as number
  const valueEnd = fields[at + 3] as number
  const known = section.knownIds[index] as number
  const name = known === 0 ? indexOf(section.nameHashes[index] as number, bytes, nameStart, nameEnd) : (indexByKnown[known] as number)
  if (name > 0) writeIndex(out, name)
  else {
    const target = out.bytes
    target[out.size++] = NOT_INDEXED
    writeSize(out, nameEnd - nameStart)
    let o = out.size
    for (let i = nameStart; i < nameEnd; i++) target[o++] = TOKEN[bytes[i] as number] as number
    out.size = o
  }
  writeSize(out, valueEnd - valueStart)
  out.size = copy(bytes, valueStart, valueEnd, out.bytes, out.size)
}

/** A field from text that is right as it is: a name in lower case, a value in Latin-1. There is room. */
export function writeField(out: FrameWriter, lower: string, value: string): void {
  const name = indexByName.get(lower) ?? 0
  if (name > 0) writeIndex(out, name)
  else {
    out.bytes[out.size++] = NOT_INDEXED
    writeText(out, lower)
  }
  writeText(out, value)
}

function writeText(out: FrameWriter, text: string): void {
  writeSize(out, text.length)
  out.size += out.bytes.write(text, out.size, 'latin1')
}

/** A literal whose name has this index (RFC 7541 §6.2.2). Nobody on the way shall keep a cookie that is set (§7.1.3). */
function writeIndex(out: FrameWriter, index: number): void {
  const kind = index === SET_COOKIE ? NEVER_INDEXED : NOT_INDEXED
  if (index < 15) out.bytes[out.size++] = kind | index
  else {
    out.bytes[out.size++] = kind | 15
    out.bytes[out.size++] = index - 15
  }
}

/** Size of a string that is not Huffman-coded (RFC 7541 §5.1, §5.2). */
function writeSize(out: FrameWriter, size: number): void {
  const { bytes } = out
  if (size < 127) {
    bytes[out.size++] = size
    return
  }
  bytes[out.size++] = 127
  let rest = size - 127
  for (; rest >= 128; rest >>>= 7) bytes[out.size++] = (rest & 0x7f) | 0x80
  bytes[out.size++] = rest
}

function indexOf(hash: number, bytes: Buffer, start: number, end: number): number {
  const index = indexByHash.get(hash)
  return index !== undefined && nameEquals(bytes, start, end, (STATIC_FIELDS[index - 1] as readonly string[])[0] as string) ? index : 0
}
