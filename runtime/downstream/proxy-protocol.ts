/**
 * The PROXY protocol, versions 1 and 2, as a proxy on the transport layer sends it ahead of a connection to say whose it is
 * (https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt). A pure function of the bytes that have arrived; strict, because whoever
 * reads such a header believes it: anything that the specification does not have word for word is refused.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { type Address, parseClientAddress } from '../client-address.ts'

/** §2.1: the longest line of version 1, CR LF included. */
export const V1_BYTES = 107
/** §2.2 allows 64 KiB. Addresses take at most 216 bytes, what else proxies say (certificates' names, cloud metadata) rarely 1 KiB. */
export const V2_BYTES = 16 + 4096

/** What the header said, by the last call that returned more than 0. */
export class ProxyHeader {
  /** Whom the connection comes from; `undefined`: from the proxy itself (LOCAL, UNKNOWN, or an address that is not of IP). */
  source: Address | undefined
}

/** Incomplete so far, and nothing wrong with it. */
export const INCOMPLETE = 0
export const INVALID = -1

const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const V1_SIGNATURE = Buffer.from('PROXY ', 'latin1')
const V2_HEAD_BYTES = 16
const CR = 0x0d
const LF = 0x0a

/**
 * Reads the header at the beginning of `bytes[start, end)`, all that has arrived. Returns the offset behind it, `INCOMPLETE`, or
 * `INVALID`: then the connection must be closed without an answer.
 */
export function parseProxyHeader(bytes: Buffer, start: number, end: number, header: ProxyHeader): number {
  header.source = undefined
  if (start === end) return INCOMPLETE
  const signature = bytes[start] === CR ? V2_SIGNATURE : V1_SIGNATURE
  for (let i = 0; i < signature.length; i++) {
    if (start + i === end) return INCOMPLETE
    if (bytes[start + i] !== signature[i]) return INVALID
  }
  return signature === V2_SIGNATURE ? parseV2(bytes, start, end, header) : parseV1(bytes, start, end, header)
}

function parseV1(bytes: Buffer, start: number, end: number, header: ProxyHeader): number {
  const limit = Math.min(end, start + V1_BYTES)
  const lineEnd = bytes.subarray(start, limit).indexOf(CR)
  // The LF has to be among the 107 bytes as well.
  if (lineEnd < 0) return limit - start >= V1_BYTES - 1 ? INVALID : INCOMPLETE
  const after = start + lineEnd + 1
  if (after === end) return lineEnd + 1 < V1_BYTES ? INCOMPLETE : INVALID
  if (bytes[after] !== LF || lineEnd + 2 > V1_BYTES) return INVALID
  const [, protocol, ...parts] = bytes.toString('latin1', start, start + lineEnd).split(' ')
  // §2.1: a receiver must ignore what follows, which may be anything.
  if (protocol === 'UNKNOWN') return after + 1
  const isAddress = protocol === 'TCP4' ? isIPv4 : protocol === 'TCP6' ? isIPv6 : undefined
  const [source = '', destination = '', sourcePort = '', destinationPort = ''] = parts
  if (isAddress === undefined || parts.length !== 4 || !isPort(sourcePort) || !isPort(destinationPort)) return INVALID
  // A zone means something on one host only.
  if (!isAddress(source) || !isAddress(destination) || source.includes('%') || destination.includes('%')) return INVALID
  header.source = parseClientAddress(source)
  return after + 1
}

/** §2.1: decimal, without zeros in front. */
function isPort(text: string): boolean {
  return /^(0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= 0xffff
}

const LOCAL = 0x20
const PROXY = 0x21
/** Family and transport to the size of the addresses. Datagrams do not come over TCP. */
const ADDRESS_BYTES: ReadonlyMap<number, number> = new Map([
  [0x00, 0], // unspecified
  [0x11, 12], // IPv4
  [0x21, 36], // IPv6
  [0x31, 216], // UNIX
])

function parseV2(bytes: Buffer, start: number, end: number, header: ProxyHeader): number {
  if (end - start < V2_HEAD_BYTES) return INCOMPLETE
  const command = bytes[start + 12] as number
  const family = bytes[start + 13] as number
  const next = start + V2_HEAD_BYTES + bytes.readUInt16BE(start + 14)
  if ((command !== LOCAL && command !== PROXY) || next - start > V2_BYTES) return INVALID
  const addressBytes = ADDRESS_BYTES.get(family)
  // §2.2: with LOCAL the family may be anything, and is to be ignored.
  if (addressBytes === undefined && command === PROXY) return INVALID
  if (next > end) return INCOMPLETE
  if (command === LOCAL) return next
  const addresses = start + V2_HEAD_BYTES
  const extensions = addresses + (addressBytes as number)
  if (extensions > next || !areExtensionsWhole(bytes, start, extensions, next)) return INVALID
  if (family === 0x11) header.source = parseClientAddress(bytes.subarray(addresses, addresses + 4).join('.'))
  else if (family === 0x21) header.source = parseClientAddress(groupsOf(bytes, addresses))
  return next
}

/** Shortest form, as the URL parser writes it: what logs and `X-Forwarded-For` show. */
function groupsOf(bytes: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(at + index * 2).toString(16))
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1)
}

const TYPE_CRC32C = 0x03
const CRC_BYTES = 4

/** Type, length, value: they have to fill what is left exactly. A checksum has to be right (§2.2.4). */
function areExtensionsWhole(bytes: Buffer, start: number, from: number, end: number): boolean {
  let at = from
  while (at < end) {
    if (end - at < 3) return false
    const value = at + 3
    const size = bytes.readUInt16BE(at + 1)
    if (value + size > end) return false
    if (bytes[at] === TYPE_CRC32C && (size !== CRC_BYTES || bytes.readUInt32BE(value) !== checksum(bytes, start, end, value))) return false
    at = value + size
  }
  return true
}

/** Of the whole header, the bytes of the checksum itself taken for zeros. */
function checksum(bytes: Buffer, start: number, end: number, zeroAt: number): number {
  let sum = 0xffff_ffff
  for (let at = start; at < end; at++) {
    const byte = at >= zeroAt && at < zeroAt + CRC_BYTES ? 0 : (bytes[at] as number)
    sum = (CRC32C[(sum ^ byte) & 0xff] as number) ^ (sum >>> 8)
  }
  return (sum ^ 0xffff_ffff) >>> 0
}

/** Castagnoli, reflected. */
const CRC32C = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f6_3b78 : value >>> 1
  return value >>> 0
})
