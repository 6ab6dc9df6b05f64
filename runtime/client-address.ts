/**
 * Addresses of clients: text to 16 bytes (IPv4 as IPv4-mapped IPv6), trusted ranges, and who stands at the other end when
 * trusted proxies say so in `X-Forwarded-For`. Cold enough for strings: parsed once per connection, and per request only behind a trusted proxy.
 */
import { isIP } from 'node:net'
import type { ClientAddress, ClientCertificate } from '../policies/contract.ts'

export interface TrustedRange {
  /** Both ends included, 16 bytes each. */
  readonly first: Uint8Array
  readonly last: Uint8Array
}

/** As policies see it; whether the peer is trusted is found out for each request, because the ranges change with the bundle. */
export interface Address extends ClientAddress {
  peerIsTrusted: boolean
  /** Set once, when the TLS handshake is done. */
  certificate: ClientCertificate | undefined
}

/** An address such as `10.0.0.1`, `2001:db8::1` or `::ffff:10.0.0.1`, or `undefined` when the text is none. A zone (`%eth0`) is left out. */
export function parseClientAddress(text: string): Address | undefined {
  const zone = text.indexOf('%')
  const bare = zone < 0 ? text : text.slice(0, zone)
  const version = isIP(bare)
  if (version === 0) return undefined
  const bytes = new Uint8Array(16)
  if (version === 4) {
    bytes[10] = 0xff
    bytes[11] = 0xff
    writeIPv4(bare, bytes, 12)
  } else writeIPv6(bare, bytes)
  const isIPv4 = isMapped(bytes)
  return {
    bytes,
    isIPv4,
    peerIsTrusted: false,
    certificate: undefined,
    text: isIPv4 ? `${bytes[12]}.${bytes[13]}.${bytes[14]}.${bytes[15]}` : bare,
  }
}

/** An address as it stands in `X-Forwarded-For`: bare, or with a port, or in brackets. `undefined` for `unknown`, obfuscated names and rubbish. */
export function parseForwardedAddress(text: string): Address | undefined {
  if (text.startsWith('[')) {
    const end = text.indexOf(']')
    return end < 0 ? undefined : parseClientAddress(text.slice(1, end))
  }
  const colon = text.indexOf(':')
  if (colon > 0 && text.indexOf(':', colon + 1) < 0) return parseClientAddress(text.slice(0, colon))
  return parseClientAddress(text)
}

/** IPv4 peers are trusted by IPv4 ranges only: `::/0` means every IPv6 address, although mapped ones lie inside of it. */
export function isTrusted(ranges: readonly TrustedRange[], address: Uint8Array): boolean {
  for (const range of ranges) {
    if (isMapped(address) !== isMapped(range.first)) continue
    if (compare(range.first, address) <= 0 && compare(address, range.last) <= 0) return true
  }
  return false
}

/**
 * Who calls, when `peer` is a trusted proxy: the rightmost address of `X-Forwarded-For` that is not itself a trusted proxy. What stands
 * left of it was written by somebody we do not trust. Something unreadable ends the search at the last address that was believed.
 */
export function clientBehindProxies(peer: Address, forwardedFor: string, ranges: readonly TrustedRange[]): Address {
  let client = peer
  let end = forwardedFor.length
  // Bounded by the size of a head.
  while (end >= 0) {
    const comma = end === 0 ? -1 : forwardedFor.lastIndexOf(',', end - 1)
    const hop = parseForwardedAddress(forwardedFor.slice(comma + 1, end).trim())
    if (hop === undefined) return client
    client = hop
    client.peerIsTrusted = true
    if (!isTrusted(ranges, hop.bytes)) return client
    end = comma
  }
  return client
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < 16; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function isMapped(bytes: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false
  return bytes[10] === 0xff && bytes[11] === 0xff
}

function writeIPv4(text: string, bytes: Uint8Array, at: number): void {
  let index = at
  for (const part of text.split('.')) bytes[index++] = Number(part)
}

/** `text` has passed `isIP`. */
function writeIPv6(text: string, bytes: Uint8Array): void {
  const gap = text.indexOf('::')
  const left = gap < 0 ? text : text.slice(0, gap)
  const right = gap < 0 ? '' : text.slice(gap + 2)
  writeGroups(left, bytes, 0)
  writeGroups(right, bytes, 16 - groupBytes(right))
}

function groupBytes(text: string): number {
  if (text === '') return 0
  const groups = text.split(':')
  return groups.length * 2 + (text.includes('.') ? 2 : 0)
}

function writeGroups(text: string, bytes: Uint8Array, at: number): void {
  if (text === '') return
  let index = at
  for (const group of text.split(':')) {
    if (group.includes('.')) {
      writeIPv4(group, bytes, index)
      index += 4
    } else {
      const value = Number.parseInt(group, 16)
      bytes[index++] = value >> 8
      bytes[index++] = value & 0xff
    }
  }
}
