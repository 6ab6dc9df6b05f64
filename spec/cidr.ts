/** Ranges of addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address. RFC 4632 §3.1, RFC 4291 §2.3. */
import { type Mistake, mistake } from './grammar.ts'
import { isIPv4Mapped, parseIpAddress } from './ip-address.ts'

/** Both ends included, 16 bytes each in network order; IPv4 as IPv4-mapped IPv6. */
export interface CidrRange {
  readonly first: Uint8Array
  readonly last: Uint8Array
}

export function parseCidr(text: string): CidrRange | Mistake {
  const slash = text.indexOf('/')
  const address = parseIpAddress(slash === -1 ? text : text.slice(0, slash))
  if (!(address instanceof Uint8Array)) return address
  if (slash === -1) return { first: address, last: address }
  const isIPv4 = !text.slice(0, slash).includes(':')
  const most = isIPv4 ? 32 : 128
  const size = text.slice(slash + 1)
  if (!/^(0|[1-9][0-9]{0,2})$/.test(size) || Number(size) > most) {
    return mistake(`\`${size}\` is not a prefix length from 0 to ${most}`, slash + 1, text.length)
  }
  const bits = Number(size) + (isIPv4 ? 96 : 0)
  const first = new Uint8Array(16)
  const last = new Uint8Array(16)
  for (let at = 0; at < 16; at++) {
    const fixed = Math.min(8, Math.max(0, bits - at * 8))
    const mask = (0xff << (8 - fixed)) & 0xff
    first[at] = (address[at] as number) & mask
    last[at] = (address[at] as number) | (~mask & 0xff)
  }
  // `10.1.2.3/8` is either a typing error in the address or in the length: both change who is meant.
  if (address.some((byte, at) => byte !== first[at])) {
    return mistake(
      `\`${text}\` has bits set behind its prefix`,
      0,
      text.length,
      `did you mean \`${formatAddress(first, isIPv4)}/${size}\`?`,
    )
  }
  return { first, last }
}

/** As people write it; IPv6 with the longest run of zeros left out (RFC 5952). */
export function formatAddress(bytes: Uint8Array, isIPv4: boolean = isIPv4Mapped(bytes)): string {
  if (isIPv4) return bytes.slice(12).join('.')
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] as number) << 8) | (bytes[index * 2 + 1] as number)).toString(16),
  )
  let runStart = -1
  let runCount = 1
  for (let at = 0; at < 8; at++) {
    let count = 0
    while (at + count < 8 && groups[at + count] === '0') count++
    if (count > runCount) {
      runStart = at
      runCount = count
    }
  }
  if (runStart === -1) return groups.join(':')
  return `${groups.slice(0, runStart).join(':')}::${groups.slice(runStart + runCount).join(':')}`
}
