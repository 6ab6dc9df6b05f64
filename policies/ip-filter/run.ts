/** One binary search over the ranges that are admitted. No range at all admits nobody. */
import { PosternError } from '../../bundle/error.ts'
import { localReply, type Runner } from '../contract.ts'

const NOT_ALLOWED = localReply(403, 'address-not-allowed', 'Requests from this address are not accepted.')

/** Sorted, apart from each other, both ends included: one u32 per end for IPv4, four (most significant first) for IPv6. */
export interface IpFilterConfig {
  readonly ipv4First: Uint32Array
  readonly ipv4Last: Uint32Array
  readonly ipv6First: Uint32Array
  readonly ipv6Last: Uint32Array
}

const WORDS_PER_IPV6 = 4

export const runner: Runner<IpFilterConfig> = {
  name: 'ip-filter',
  version: 1,
  load(record) {
    const ipv4 = record.list((reader) => [reader.u32(), reader.u32()] as const)
    const readWords = () => Array.from({ length: WORDS_PER_IPV6 }, () => record.u32())
    const ipv6 = record.list(() => [readWords(), readWords()] as const)
    record.end()
    const config = {
      ipv4First: Uint32Array.from(ipv4, ([first]) => first),
      ipv4Last: Uint32Array.from(ipv4, ([, last]) => last),
      ipv6First: Uint32Array.from(ipv6.flatMap(([first]) => first)),
      ipv6Last: Uint32Array.from(ipv6.flatMap(([, last]) => last)),
    }
    if (!isSorted(config)) throw new PosternError('record-invalid', 'the ranges of `ip-filter` are not sorted')
    return config
  },
  request(config, exchange) {
    const { bytes, isIPv4 } = exchange.client
    return (isIPv4 ? hasIPv4(config, word(bytes, 12)) : hasIPv6(config, bytes)) ? undefined : NOT_ALLOWED
  },
}

function hasIPv4({ ipv4First, ipv4Last }: IpFilterConfig, address: number): boolean {
  // Number of ranges that begin at or before the address; only the last of them can hold it.
  let low = 0
  let high = ipv4First.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ipv4First[middle] as number) <= address) low = middle + 1
    else high = middle
  }
  return low > 0 && address <= (ipv4Last[low - 1] as number)
}

function hasIPv6({ ipv6First, ipv6Last }: IpFilterConfig, bytes: Uint8Array): boolean {
  let low = 0
  let high = ipv6First.length / WORDS_PER_IPV6
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareIPv6(ipv6First, middle, bytes) <= 0) low = middle + 1
    else high = middle
  }
  return low > 0 && compareIPv6(ipv6Last, low - 1, bytes) >= 0
}

/** Below 0 if the end at `index` comes before the address, 0 if it is the address. */
function compareIPv6(ends: Uint32Array, index: number, bytes: Uint8Array): number {
  for (let at = 0; at < WORDS_PER_IPV6; at++) {
    const difference = (ends[index * WORDS_PER_IPV6 + at] as number) - word(bytes, at * 4)
    if (difference !== 0) return difference
  }
  return 0
}

function word(bytes: Uint8Array, offset: number): number {
  return (
    (((bytes[offset] as number) << 24) |
      ((bytes[offset + 1] as number) << 16) |
      ((bytes[offset + 2] as number) << 8) |
      (bytes[offset + 3] as number)) >>>
    0
  )
}

function isSorted({ ipv4First, ipv4Last, ipv6First, ipv6Last }: IpFilterConfig): boolean {
  for (let at = 0; at < ipv4First.length; at++) {
    if ((ipv4First[at] as number) > (ipv4Last[at] as number)) return false
    if (at > 0 && (ipv4First[at] as number) <= (ipv4Last[at - 1] as number)) return false
  }
  const count = ipv6First.length / WORDS_PER_IPV6
  for (let at = 0; at < count; at++) {
    if (compareWords(ipv6First, ipv6Last, at, at) > 0) return false
    if (at > 0 && compareWords(ipv6First, ipv6Last, at, at - 1) <= 0) return false
  }
  return true
}

function compareWords(a: Uint32Array, b: Uint32Array, aIndex: number, bIndex: number): number {
  for (let at = 0; at < WORDS_PER_IPV6; at++) {
    const difference = (a[aIndex * WORDS_PER_IPV6 + at] as number) - (b[bIndex * WORDS_PER_IPV6 + at] as number)
    if (difference !== 0) return difference
  }
  return 0
}
