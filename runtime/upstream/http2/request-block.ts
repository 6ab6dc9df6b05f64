/**
 * The head of a request as a header block (RFC 9113 §8.3.1, RFC 7541). What is sent is made of the head that the request writer has made for
 * HTTP/1.1, which is all validated parts, so one set of rules says what goes upstream: here names become lower case, the request line and
 * Host become pseudo-fields, and what HTTP/2 does not have is left out (§8.2.2). No table and no Huffman code: nothing to keep, nothing to get out of step.
 */
import assert from 'node:assert'
import { CR, HTAB, SP, TOKEN } from '../../http1/bytes.ts'
import { HASH_PRIME, HASH_START, HASHED, hashName, KNOWN, knownId, nameEquals } from '../../http1/field-names.ts'
import { copy } from '../../http1/serialize.ts'
import type { FrameWriter } from '../../http2/frame-writer.ts'
import { STATIC_FIELDS } from '../../http2/hpack-table.ts'

/** Sets the size of the table to 0 (RFC 7541 §6.3), once in front of everything: then no setting of the peer has to be followed. */
const NO_TABLE = 0x20
const INDEXED = 0x80
/** Literal without indexing, and the same where nobody on the way may ever index it. */
const LITERAL = 0x00
const NEVER_INDEXED = 0x10
const LITERAL_BITS = 4

const METHOD_GET = 2
const METHOD_POST = 3
const PATH = 4
const SCHEME_HTTP = 6
const SCHEME_HTTPS = 7
const AUTHORITY = 1

const GET = Buffer.from('GET ')
const POST = Buffer.from('POST ')
const VERSION = Buffer.from('HTTP/1.1\r\n')
const HOST = Buffer.from('Host: ')
/** Literal without indexing: `te: trailers` (RFC 9113 §8.2.2). */
const TE_TRAILERS = Buffer.from('\0\x02te\x08trailers', 'latin1')

/** By `KNOWN` id: 1 for fields that HTTP/2 does not have; for Host, which is `:authority`; and for TE, which says what we take ourselves. */
const DROPPED = new Uint8Array(256)
for (const id of [
  KNOWN.host,
  KNOWN.connection,
  KNOWN.keepAlive,
  KNOWN.proxyConnection,
  KNOWN.transferEncoding,
  KNOWN.upgrade,
  KNOWN.http2Settings,
  KNOWN.te,
]) {
  DROPPED[id] = 1
}

/** Names of the static table by hash; the first of several entries. */
const STATIC = new Map<number, { readonly name: string; readonly index: number }>()
STATIC_FIELDS.forEach(([name], index) => {
  const hash = hashName(name)
  if (!name.startsWith(':') && !STATIC.has(hash)) STATIC.set(hash, { name, index: index + 1 })
})

export interface RequestBlockOptions {
  readonly isTls: boolean
  /** Nothing was sent on this session before. */
  readonly isFirst: boolean
  /** Trailers are part of gRPC, and its servers want to see that they get through. */
  readonly isGrpc: boolean
}

/** Appends the block for `head`, a whole HTTP/1.1 head by the request writer. Returns where its frame begins, for `endBlock`. */
export function writeRequestBlock(frames: FrameWriter, head: Buffer, { isTls, isFirst, isGrpc }: RequestBlockOptions): number {
  // A field in HTTP/1.1 has four bytes beside name and value, here up to eleven; no field is shorter than five bytes.
  const at = frames.beginBlock(head.length * 3 + 64)
  const target = frames.bytes
  let o = frames.size
  if (isFirst) target[o++] = NO_TABLE
  const methodEnd = head.indexOf(SP)
  const pathEnd = head.indexOf(SP, methodEnd + 1)
  const hostStart = pathEnd + 1 + VERSION.length + HOST.length
  const hostEnd = head.indexOf(CR, hostStart)
  assert(pathEnd > 0 && hostEnd > 0 && startsWith(head, pathEnd + 1, VERSION) && startsWith(head, hostStart - HOST.length, HOST))
  if (startsWith(head, 0, GET)) target[o++] = INDEXED | METHOD_GET
  else if (startsWith(head, 0, POST)) target[o++] = INDEXED | METHOD_POST
  else o = writeText(target, writeByte(target, o, METHOD_GET), head, 0, methodEnd)
  target[o++] = INDEXED | (isTls ? SCHEME_HTTPS : SCHEME_HTTP)
  if (pathEnd - methodEnd === 2) target[o++] = INDEXED | PATH
  else o = writeText(target, writeByte(target, o, PATH), head, methodEnd + 1, pathEnd)
  o = writeText(target, writeByte(target, o, AUTHORITY), head, hostStart, hostEnd)
  o = writeFields(target, o, head, hostEnd + 2)
  if (isGrpc) o = copy(TE_TRAILERS, 0, TE_TRAILERS.length, target, o)
  assert(o <= target.length)
  frames.size = o
  return at
}

function writeFields(target: Buffer, at: number, head: Buffer, start: number): number {
  let o = at
  let i = start
  while (head[i] !== CR) {
    const nameStart = i
    let hash = HASH_START
    for (;;) {
      const lower = HASHED[head[i] as number] as number
      if (lower === 0) break
      hash = Math.imul(hash ^ lower, HASH_PRIME)
      i++
    }
    const nameEnd = i
    i = head.indexOf(CR, i)
    let valueStart = nameEnd + 2
    let valueEnd = i
    // §8.2.1: no white space around values, which policies may have put there.
    while (valueStart < valueEnd && isBlank(head[valueStart] as number)) valueStart++
    while (valueEnd > valueStart && isBlank(head[valueEnd - 1] as number)) valueEnd--
    i += 2
    const id = knownId(hash, head, nameStart, nameEnd)
    if (DROPPED[id] === 1) continue
    o = writeName(target, o, head, nameStart, nameEnd, hash, id === KNOWN.authorization || id === KNOWN.cookie ? NEVER_INDEXED : LITERAL)
    o = writeText(target, o, head, valueStart, valueEnd)
  }
  return o
}

function writeName(target: Buffer, at: number, head: Buffer, start: number, end: number, hash: number, form: number): number {
  const known = STATIC.get(hash)
  if (known !== undefined && nameEquals(head, start, end, known.name)) return writeInteger(target, at, form, LITERAL_BITS, known.index)
  let o = writeInteger(target, writeByte(target, at, form), 0, 7, end - start)
  for (let i = start; i < end; i++) target[o++] = TOKEN[head[i] as number] as number
  return o
}

/** A string literal as it is (RFC 7541 §5.2). */
function writeText(target: Buffer, at: number, source: Buffer, start: number, end: number): number {
  return copy(source, start, end, target, writeInteger(target, at, 0, 7, end - start))
}

/** RFC 7541 §5.1. */
function writeInteger(target: Buffer, at: number, form: number, bits: number, value: number): number {
  const max = (1 << bits) - 1
  if (value < max) return writeByte(target, at, form | value)
  let o = writeByte(target, at, form | max)
  let rest = value - max
  while (rest >= 0x80) {
    target[o++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  return writeByte(target, o, rest)
}

function writeByte(target: Buffer, at: number, value: number): number {
  target[at] = value
  return at + 1
}

function startsWith(bytes: Buffer, at: number, part: Buffer): boolean {
  for (let i = 0; i < part.length; i++) if (bytes[at + i] !== part[i]) return false
  return true
}

function isBlank(byte: number): boolean {
  return byte === SP || byte === HTAB
}
