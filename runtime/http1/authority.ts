/**
 * `uri-host [":" port]` as we take it in Host and in absolute-form targets (F12): a name of non-empty labels, an IPv4 address, or an IPv6
 * address in brackets, with a port of 1 to 5 digits. No user information, no empty host or port, no percent-encoding, no comma, no zone.
 */
import { COLON, DOT, HEX, HOST, NINE, ZERO } from './bytes.ts'

const LEFT_BRACKET = 0x5b
const RIGHT_BRACKET = 0x5d
/** RFC 1035 §2.3.4 allows 253 bytes of name; one more for the dot at the end. */
const MAX_HOST_BYTES = 254

export class Authority {
  /** Host in lower case, without port and without the dot at the end; IPv6 with its brackets. */
  readonly bytes: Buffer = Buffer.alloc(MAX_HOST_BYTES + 2)
  size = 0
  /** -1: none was given. */
  port = -1

  text(): string {
    return this.bytes.toString('latin1', 0, this.size)
  }
}

/** Reads `bytes[start, end)` into `into`; false when it is no authority, and `into` is empty then. */
export function readAuthority(bytes: Uint8Array, start: number, end: number, into: Authority): boolean {
  into.size = 0
  into.port = -1
  const hostEnd = bytes[start] === LEFT_BRACKET ? readAddress(bytes, start, end, into) : readName(bytes, start, end, into)
  if (hostEnd >= 0 && readPort(bytes, hostEnd, end, into)) return true
  into.size = 0
  into.port = -1
  return false
}

/** RFC 9110 §4.2.3: hosts are equal in any case, a left-out port is the scheme's. */
export function sameAuthority(a: Authority, b: Authority, defaultPort: number): boolean {
  if (a.size !== b.size) return false
  for (let i = 0; i < a.size; i++) if (a.bytes[i] !== b.bytes[i]) return false
  return (a.port < 0 ? defaultPort : a.port) === (b.port < 0 ? defaultPort : b.port)
}

/** Offset behind the name, or -1. */
function readName(bytes: Uint8Array, start: number, end: number, into: Authority): number {
  const host = into.bytes
  const stop = Math.min(end, start + MAX_HOST_BYTES)
  let size = 0
  let i = start
  let before = DOT
  while (i < stop) {
    const lower = HOST[bytes[i] as number] as number
    if (lower === 0) break
    if (lower === DOT && before === DOT) return -1
    before = lower
    host[size++] = lower
    i++
  }
  if (i < end && bytes[i] !== COLON) return -1
  if (size > 1 && before === DOT) size--
  into.size = size
  return size === 0 || (size === 1 && before === DOT) ? -1 : i
}

/** Offset behind the closing bracket, or -1. RFC 3986 §3.2.2 IPv6address, without zones and without IPvFuture. */
function readAddress(bytes: Uint8Array, start: number, end: number, into: Authority): number {
  const close = bytes.indexOf(RIGHT_BRACKET, start)
  if (close < 0 || close >= end || close - start > 46) return -1
  let groups = 0
  let compressed = false
  let i = start + 1
  if (bytes[i] === COLON) {
    if (bytes[i + 1] !== COLON) return -1
    compressed = true
    i += 2
  }
  while (i < close) {
    const groupStart = i
    while (i < close && HEX[bytes[i] as number] !== 0) i++
    if (i < close && bytes[i] === DOT) {
      if (!isIPv4(bytes, groupStart, close)) return -1
      groups += 2
      i = close
      break
    }
    if (i === groupStart || i - groupStart > 4) return -1
    groups++
    if (i === close) break
    if (bytes[i] !== COLON) return -1
    i++
    if (i === close) return -1
    if (bytes[i] === COLON) {
      if (compressed) return -1
      compressed = true
      i++
    }
  }
  if (compressed ? groups > 7 : groups !== 8) return -1
  const size = close + 1 - start
  for (let k = 0; k < size; k++) {
    const byte = bytes[start + k] as number
    into.bytes[k] = byte >= 0x41 && byte <= 0x46 ? byte | 0x20 : byte
  }
  into.size = size
  return close + 1
}

function isIPv4(bytes: Uint8Array, start: number, end: number): boolean {
  let octets = 0
  let i = start
  while (i < end) {
    const octetStart = i
    let value = 0
    while (i < end && (bytes[i] as number) >= ZERO && (bytes[i] as number) <= NINE) value = value * 10 + (bytes[i++] as number) - ZERO
    const digits = i - octetStart
    if (digits === 0 || digits > 3 || value > 255 || (digits > 1 && bytes[octetStart] === ZERO)) return false
    octets++
    if (i === end) break
    if (bytes[i] !== DOT) return false
    i++
  }
  return octets === 4 && bytes[end - 1] !== DOT
}

function readPort(bytes: Uint8Array, colon: number, end: number, into: Authority): boolean {
  if (colon === end) return true
  const digits = end - colon - 1
  if (bytes[colon] !== COLON || digits < 1 || digits > 5) return false
  let port = 0
  for (let i = colon + 1; i < end; i++) {
    const byte = bytes[i] as number
    if (byte < ZERO || byte > NINE) return false
    port = port * 10 + byte - ZERO
  }
  into.port = port
  return port <= 65535
}
