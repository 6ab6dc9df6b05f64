/**
 * Where a name may lead (R19, SSRF): whoever controls a DNS zone that a bundle names must not be able to turn the gateway on what only it can
 * reach, its own ports and the metadata services of clouds above all. Looked at is the address that is connected to, so a name that
 * changes its mind between a check and a connection gains nothing.
 *
 * An endpoint that stands in the bundle as an address is trusted: it was signed. `localhost` and what ends in `.localhost` may be loopback,
 * and nothing else of what follows. Every other name may lead anywhere, private networks included, but to: loopback, unspecified, link-local,
 * multicast, the metadata addresses below, and what this gateway itself listens on. IPv4 inside of IPv6 (mapped, compatible, NAT64, 6to4)
 * is judged as the IPv4 address that it stands for. docs/backends.md, "Where a name may lead".
 */
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { parseClientAddress } from '../client-address.ts'

/** What an endpoint is called in the bundle. */
export type HostKind = 'address' | 'localhost' | 'name'

/** Why an address was refused, for the log. */
export type AddressRefusal =
  | 'unspecified'
  | 'loopback'
  | 'link-local'
  | 'multicast'
  | 'metadata-service'
  | 'own-listener'
  | 'not-an-address'

/** Metadata services that stand outside of link-local networks, and one that stands in it under another name. */
const METADATA = [
  'fd00:ec2::254', // AWS
  'fd00:ec2::253', // AWS, DNS
  'fd20:ce::254', // Google Cloud
  'fd00:42::42', // Scaleway
  '100.100.100.200', // Alibaba Cloud
  '168.63.129.16', // Azure
  '192.0.0.192', // Oracle Cloud
].map(bytesOf)

/** `host` without brackets. A dot at the end is part of a name's long form. */
export function hostKind(host: string): HostKind {
  if (isIP(host) !== 0) return 'address'
  const name = (host.endsWith('.') ? host.slice(0, -1) : host).toLowerCase()
  return name === 'localhost' || name.endsWith('.localhost') ? 'localhost' : 'name'
}

/**
 * Whether an endpoint of this kind may not lead to this address: 16 bytes in network order, IPv4 as IPv4-mapped IPv6. `undefined`: it may.
 * `own` says what the gateway listens on.
 */
export function refuseAddress(kind: HostKind, address: Uint8Array, port: number, own: OwnSockets): AddressRefusal | undefined {
  if (kind === 'address') return undefined
  const v4 = embeddedIPv4(address)
  const range = v4 >= 0 ? rangeOfIPv4(address, v4) : rangeOfIPv6(address)
  if (kind === 'localhost') return range === 'loopback' ? undefined : (range ?? ownListener(address, v4, port, own))
  if (range !== undefined) return range
  for (const known of METADATA)
    if (sameAddress(known, address) || (v4 >= 0 && isMapped(known) && sameIPv4(known, address, v4))) return 'metadata-service'
  return ownListener(address, v4, port, own)
}

/** The same for text, as Node says it: `10.0.0.1`, `fe80::1%eth0`. */
export function refuseAddressText(kind: HostKind, address: string, port: number, own: OwnSockets): AddressRefusal | undefined {
  if (kind === 'address') return undefined
  const parsed = parseClientAddress(address)
  return parsed === undefined ? 'not-an-address' : refuseAddress(kind, parsed.bytes, port, own)
}

/** What this process listens on: listeners and admin. A socket bound to all addresses is reached by each address of the machine. */
export class OwnSockets {
  readonly #bound: { readonly bytes: Uint8Array; readonly port: number }[] = []
  readonly #local: Uint8Array[] = []

  /** `localAddresses`: of this machine's interfaces. */
  constructor(localAddresses: readonly string[] = addressesOfMachine()) {
    for (const text of localAddresses) {
      const parsed = parseClientAddress(text)
      if (parsed !== undefined) this.#local.push(parsed.bytes)
    }
  }

  /** `address` as it was bound. What is no address (a path) is reached by none. */
  add(address: string, port: number): void {
    const parsed = parseClientAddress(address)
    if (parsed === undefined) return
    if (!this.#bound.some((known) => known.port === port && sameAddress(known.bytes, parsed.bytes))) {
      this.#bound.push({ bytes: parsed.bytes, port })
    }
  }

  has(address: Uint8Array, port: number): boolean {
    for (const bound of this.#bound) {
      if (bound.port !== port) continue
      if (sameAddress(bound.bytes, address)) return true
      if (isUnspecified(bound.bytes) && this.#local.some((local) => sameAddress(local, address))) return true
    }
    return false
  }
}

/** Of this process, filled where it begins to serve. */
export const ownSockets = new OwnSockets()

function ownListener(address: Uint8Array, v4: number, port: number, own: OwnSockets): AddressRefusal | undefined {
  if (own.has(address, port)) return 'own-listener'
  return v4 >= 0 && !isMapped(address) && own.has(mapped(address, v4), port) ? 'own-listener' : undefined
}

/** Offset of the IPv4 address that stands in this one, or -1: it is an IPv6 address of its own. */
function embeddedIPv4(address: Uint8Array): number {
  if (isMapped(address)) return 12
  // 6to4 (RFC 3056) and NAT64 (RFC 6052, 64:ff9b::/96).
  if (address[0] === 0x20 && address[1] === 0x02) return 2
  if (address[0] === 0 && address[1] === 0x64 && address[2] === 0xff && address[3] === 0x9b && isZero(address, 4, 12)) return 12
  // IPv4-compatible (RFC 4291 §2.5.5.1) but for :: and ::1, which are IPv6.
  if (isZero(address, 0, 12) && !(isZero(address, 12, 15) && (address[15] as number) <= 1)) return 12
  return -1
}

function rangeOfIPv4(address: Uint8Array, at: number): AddressRefusal | undefined {
  const first = address[at] as number
  if (first === 0) return 'unspecified'
  if (first === 127) return 'loopback'
  if (first === 169 && address[at + 1] === 254) return 'link-local'
  if (first >= 224 && first < 240) return 'multicast'
  // 240/4 is reserved, its last address means everybody on this network.
  if (first >= 240) return 'multicast'
  return undefined
}

function rangeOfIPv6(address: Uint8Array): AddressRefusal | undefined {
  if (isZero(address, 0, 15)) return address[15] === 0 ? 'unspecified' : 'loopback'
  const first = address[0] as number
  const second = address[1] as number
  if (first === 0xfe && (second & 0xc0) === 0x80) return 'link-local'
  if (first === 0xff) return 'multicast'
  return undefined
}

function isUnspecified(address: Uint8Array): boolean {
  return isZero(address, 0, 16) || (isMapped(address) && isZero(address, 12, 16))
}

function isMapped(address: Uint8Array): boolean {
  return isZero(address, 0, 10) && address[10] === 0xff && address[11] === 0xff
}

function mapped(address: Uint8Array, v4: number): Uint8Array {
  const bytes = new Uint8Array(16)
  bytes[10] = 0xff
  bytes[11] = 0xff
  bytes.set(address.subarray(v4, v4 + 4), 12)
  return bytes
}

function isZero(address: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (address[i] !== 0) return false
  return true
}

function sameAddress(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < 16; i++) if (a[i] !== b[i]) return false
  return true
}

function sameIPv4(known: Uint8Array, address: Uint8Array, at: number): boolean {
  for (let i = 0; i < 4; i++) if (known[12 + i] !== address[at + i]) return false
  return true
}

function bytesOf(text: string): Uint8Array {
  return (parseClientAddress(text) as { readonly bytes: Uint8Array }).bytes
}

function addressesOfMachine(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address))
}
