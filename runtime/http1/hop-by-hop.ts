/**
 * Which fields end at this hop (F17; RFC 9110 §7.6.1). The fixed ones are marked while a head is read; those that `Connection` names are
 * marked when it is complete, because they may stand before it. Naming a field that the other side relies on is refused: it is the
 * header-stripping attack, by which a client removes what a proxy in front of us has added.
 */
import { COMMA, CR, HTAB, SP, TOKEN } from './bytes.ts'
import { HASH_PRIME, HASH_START, HASHED, KNOWN, knownId, LOOKALIKE } from './field-names.ts'
import { FIELD_STRIDE } from './field-section.ts'
import { MAX_NOMINATIONS, type MessageHead, NOMINATION_STRIDE } from './message-head.ts'
import type { RefusalCode } from './refusals.ts'

/** By `KNOWN` id: 1 for fields that are never forwarded, in either direction. `Host` and framing are written anew by the serialiser. */
export const NEVER_FORWARDED = idTable([
  KNOWN.host,
  KNOWN.contentLength,
  KNOWN.transferEncoding,
  KNOWN.connection,
  KNOWN.keepAlive,
  KNOWN.proxyConnection,
  KNOWN.te,
  // Trailers are dropped, so nothing may announce them.
  KNOWN.trailer,
  KNOWN.upgrade,
  KNOWN.http2Settings,
  KNOWN.proxyAuthenticate,
  KNOWN.proxyAuthorization,
  KNOWN.proxyAuthenticationInfo,
])

/**
 * By `KNOWN` id: 1 for fields that `Connection` may not name, because they are meant for the other end. All of `x-forwarded-*` belongs to
 * them. Nor may a client send them with `_` for `-`.
 */
export const NEVER_NOMINATED = idTable([
  KNOWN.host,
  KNOWN.contentLength,
  KNOWN.transferEncoding,
  KNOWN.authorization,
  KNOWN.cookie,
  KNOWN.setCookie,
  KNOWN.expect,
  KNOWN.via,
  KNOWN.forwarded,
  KNOWN.xForwardedFor,
  KNOWN.xForwardedHost,
  KNOWN.xForwardedProto,
  KNOWN.xForwardedPort,
  KNOWN.xRealIp,
  KNOWN.xRequestId,
  KNOWN.origin,
  KNOWN.contentType,
  KNOWN.contentEncoding,
])

const UNDERSCORE = 0x5f
const X_FORWARDED = 'x-forwarded-'

/** Reads the options of one `Connection` field. Empty list elements are skipped (RFC 9110 §5.6.1.2). */
export function readConnection(head: MessageHead, index: number): RefusalCode | '' {
  head.hopByHop[index] = 1
  const { bytes, hasKeepAlive } = head
  const end = head.fields[index * FIELD_STRIDE + 3] as number
  let i = head.fields[index * FIELD_STRIDE + 2] as number
  while (i < end) {
    while (i < end && isBlank(bytes[i] as number)) i++
    const start = i
    let hash = HASH_START
    while (i < end) {
      const lower = TOKEN[bytes[i] as number] as number
      if (lower === 0) break
      hash = Math.imul(hash ^ (HASHED[lower] as number), HASH_PRIME)
      i++
    }
    if (i > start) {
      const code = takeOption(head, start, i, hash)
      if (code !== '') return code
    }
    while (i < end && isBlank(bytes[i] as number)) i++
    if (i < end && bytes[i] !== COMMA) return 'connection-invalid'
    i++
  }
  // llhttp does not know an option with a tab behind it; then this connection does not stay open because of one.
  if (!hasKeepAlive && head.hasKeepAlive && head.minorVersion === 0 && hasTab(head, index)) head.hasKeepAlive = false
  return ''
}

/** Not a standard field, but some readers obey it (llhttp does): then nothing may follow that they would not read. */
export function readProxyConnection(head: MessageHead, index: number): void {
  if (!head.valueIs(index, 'keep-alive')) head.hasClose = true
}

/** Marks the fields that `Connection` has named. Call it once, when all fields are there. */
export function markNominated(head: MessageHead): void {
  const { nominations } = head
  if (head.nominationCount === 0 || nominations === undefined) return
  for (let n = 0; n < head.nominationCount * NOMINATION_STRIDE; n += NOMINATION_STRIDE) {
    const start = nominations[n] as number
    const end = nominations[n + 1] as number
    const hash = nominations[n + 2] as number
    for (let index = 0; index < head.fieldCount; index++) {
      if (head.nameHashes[index] === hash && sameName(head, index, start, end)) head.hopByHop[index] = 1
    }
  }
}

function takeOption(head: MessageHead, start: number, end: number, hash: number): RefusalCode | '' {
  const id = knownId(hash, head.bytes, start, end)
  if (id === KNOWN.close) head.hasClose = true
  else if (id === KNOWN.keepAlive) head.hasKeepAlive = true
  else if (id === KNOWN.upgrade) head.hasUpgradeOption = true
  else if (NEVER_NOMINATED[id & ~LOOKALIKE] === 1 || isForwardedName(head.bytes, start, end)) return 'connection-option-forbidden'
  else if (NEVER_FORWARDED[id] !== 1) {
    if (head.nominationCount === MAX_NOMINATIONS) return 'connection-options-too-many'
    head.nominations ??= new Int32Array(MAX_NOMINATIONS * NOMINATION_STRIDE)
    const at = head.nominationCount * NOMINATION_STRIDE
    head.nominations[at] = start
    head.nominations[at + 1] = end
    head.nominations[at + 2] = hash
    head.nominationCount++
  }
  return ''
}

/** Any name that begins with `x-forwarded-`, `_` for `-` included. */
function isForwardedName(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < X_FORWARDED.length) return false
  for (let i = 0; i < X_FORWARDED.length; i++) if (HASHED[bytes[start + i] as number] !== X_FORWARDED.charCodeAt(i)) return false
  return true
}

/** Begins with `x-forwarded-`, and has an `_` where many backends read `-`: `X_Forwarded_Prefix`, `X-Forwarded-Client_Cert`. */
export function isForwardedLookalike(bytes: Uint8Array, start: number, end: number): boolean {
  return isForwardedName(bytes, start, end) && bytes.subarray(start, end).includes(UNDERSCORE)
}

function sameName(head: MessageHead, index: number, start: number, end: number): boolean {
  const { bytes, fields } = head
  const nameStart = fields[index * FIELD_STRIDE] as number
  if ((fields[index * FIELD_STRIDE + 1] as number) - nameStart !== end - start) return false
  for (let i = 0; i < end - start; i++) if (TOKEN[bytes[nameStart + i] as number] !== TOKEN[bytes[start + i] as number]) return false
  return true
}

/** Whether a tab stands in the value or behind it. */
function hasTab(head: MessageHead, index: number): boolean {
  let i = head.fields[index * FIELD_STRIDE + 2] as number
  while (head.bytes[i] !== CR && head.bytes[i] !== HTAB) i++
  return head.bytes[i] === HTAB
}

function isBlank(byte: number): boolean {
  return byte === SP || byte === HTAB
}

function idTable(ids: readonly number[]): Uint8Array {
  const table = new Uint8Array(256)
  for (const id of ids) table[id] = 1
  return table
}
