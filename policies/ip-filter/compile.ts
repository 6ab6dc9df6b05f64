/**
 * Computes who is admitted (`allow`, or everybody, minus `deny`) as sorted ranges that do not touch, so that the gateway makes one binary search.
 * IPv4 and IPv6 are apart: `::/0` does not mean IPv4 clients, although they are written as `::ffff:0:0/96` internally.
 */
import { RecordWriter } from '../../bundle/record.ts'
import { type CidrRange, parseCidr } from '../../spec/cidr.ts'
import { known } from '../../spec/grammar.ts'
import { isIPv4Mapped } from '../../spec/ip-address.ts'
import type { CompilePolicy, ConfigOf } from '../policy.ts'
import type { policy } from './policy.ts'

/** Both ends included. */
interface Range {
  readonly first: bigint
  readonly last: bigint
}

const MAX_IPV4 = 0xffff_ffffn
const MAX_IPV6 = (1n << 128n) - 1n

export const compile: CompilePolicy<ConfigOf<typeof policy>> = (config, context) => {
  const allow = (config.allow ?? []).map((text) => known(parseCidr(text)))
  const deny = (config.deny ?? []).map((text) => known(parseCidr(text)))
  if (allow.length + deny.length === 0) {
    context.error('ip-filter/no-range', [], 'ip-filter without a range admits everybody', 'leave the policy out, or list ranges')
    return undefined
  }
  const ipv4 = admitted(allow, deny, MAX_IPV4, isIPv4)
  const ipv6 = admitted(allow, deny, MAX_IPV6, (range) => !isIPv4(range))
  if (ipv4.length + ipv6.length === 0) {
    context.error('ip-filter/nobody', ['deny'], 'every address that is allowed is denied too: nobody could call')
    return undefined
  }
  const record = new RecordWriter()
    .list(ipv4, ({ first, last }, writer) => writer.u32(Number(first)).u32(Number(last)))
    .list(ipv6, ({ first, last }, writer) => writeIPv6(writeIPv6(writer, first), last))
    .finish()
  return { phase: 'early', record }
}

function admitted(allow: readonly CidrRange[], deny: readonly CidrRange[], max: bigint, isOurs: (range: CidrRange) => boolean): Range[] {
  const allowed = allow.length === 0 ? [{ first: 0n, last: max }] : merged(allow.filter(isOurs).map((range) => numbers(range, max)))
  const denied = merged(deny.filter(isOurs).map((range) => numbers(range, max)))
  const left: Range[] = []
  let next = 0
  for (const { first, last } of allowed) {
    let from = first
    while (next < denied.length && (denied[next] as Range).last < from) next++
    for (let at = next; at < denied.length && from <= last; at++) {
      const hole = denied[at] as Range
      if (hole.first > last) break
      if (hole.first > from) left.push({ first: from, last: hole.first - 1n })
      from = hole.last + 1n
    }
    if (from <= last) left.push({ first: from, last })
  }
  return left
}

/** Sorted; ranges that overlap or touch become one. */
function merged(ranges: readonly Range[]): Range[] {
  const sorted = [...ranges].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))
  const result: Range[] = []
  for (const range of sorted) {
    const before = result.at(-1)
    if (before === undefined || range.first > before.last + 1n) result.push(range)
    else if (range.last > before.last) result[result.length - 1] = { first: before.first, last: range.last }
  }
  return result
}

function isIPv4({ first, last }: CidrRange): boolean {
  return isIPv4Mapped(first) && isIPv4Mapped(last)
}

/** The low bits up to `max`. */
function numbers(range: CidrRange, max: bigint): Range {
  return { first: number(range.first) & max, last: number(range.last) & max }
}

function number(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
}

function writeIPv6(writer: RecordWriter, value: bigint): RecordWriter {
  for (let shift = 96n; shift >= 0n; shift -= 32n) writer.u32(Number((value >> shift) & MAX_IPV4))
  return writer
}
