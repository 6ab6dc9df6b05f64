/** IP addresses as text (RFC 4291 §2.2, dotted decimal without leading zeros) and as 16 bytes, IPv4 as IPv4-mapped IPv6 (RFC 4291 §2.5.5.2). */
import { type Mistake, mistake } from './grammar.ts'

/** 16 bytes in network order. */
export function parseIpAddress(text: string): Uint8Array | Mistake {
  const bytes = new Uint8Array(16)
  if (text.includes(':')) {
    const zone = text.indexOf('%')
    if (zone !== -1) return mistake('an address here has no zone', zone, text.length)
    return readIPv6(text, bytes) ? bytes : mistake(`\`${text}\` is not an IPv6 address`, 0, text.length)
  }
  bytes[10] = 0xff
  bytes[11] = 0xff
  if (readIPv4(text, bytes, 12)) return bytes
  const hint = /^[0-9]+(\.[0-9]+){3}$/.test(text) ? 'four numbers from 0 to 255, without leading zeros' : undefined
  return mistake(text === '' ? 'an address is empty' : `\`${text}\` is not an IP address`, 0, text.length, hint)
}

/** Whether 16 bytes hold an IPv4 address. */
export function isIPv4Mapped(bytes: Uint8Array): boolean {
  for (let at = 0; at < 10; at++) if (bytes[at] !== 0) return false
  return bytes[10] === 0xff && bytes[11] === 0xff
}

function readIPv4(text: string, bytes: Uint8Array, offset: number): boolean {
  const parts = text.split('.')
  if (parts.length !== 4) return false
  for (const [index, part] of parts.entries()) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return false
    bytes[offset + index] = Number(part)
  }
  return true
}

function readIPv6(text: string, bytes: Uint8Array): boolean {
  const halves = text.split('::')
  if (halves.length > 2) return false
  const head = halves[0] === '' ? [] : (halves[0] as string).split(':')
  const tail = halves.length === 1 || halves[1] === '' ? [] : (halves[1] as string).split(':')
  const last = halves.length === 2 ? tail : head
  const dotted = last.at(-1)?.includes('.') ? last.pop() : undefined
  const groups = head.length + tail.length + (dotted === undefined ? 0 : 2)
  // `::` stands for at least one group.
  if (halves.length === 2 ? groups > 7 : groups !== 8) return false
  for (const group of [...head, ...tail]) if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return false
  for (const [index, group] of head.entries()) writeGroup(bytes, index * 2, group)
  const end = dotted === undefined ? 16 : 12
  for (const [index, group] of tail.entries()) writeGroup(bytes, end - (tail.length - index) * 2, group)
  return dotted === undefined || readIPv4(dotted, bytes, 12)
}

function writeGroup(bytes: Uint8Array, offset: number, group: string): void {
  const value = Number.parseInt(group, 16)
  bytes[offset] = value >> 8
  bytes[offset + 1] = value & 0xff
}
