/** Addresses in the kernel's form: `struct sockaddr_in` and `sockaddr_in6` of Linux. */
import { isIPv4, isIPv6 } from 'node:net'
import { PosternError } from '../bundle/error.ts'
import { AF_INET, AF_INET6 } from './libc.ts'

/** Family in host order, port and address in network order. */
export function socketAddress(address: string, port: number): Uint8Array {
  const isV6 = isIPv6(address)
  if (!isV6 && !isIPv4(address)) throw new PosternError('address-invalid', `\`${address}\` is not an IP address`)
  const bytes = new Uint8Array(isV6 ? 28 : 16)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, isV6 ? AF_INET6 : AF_INET, true)
  view.setUint16(2, port)
  bytes.set(isV6 ? ipv6Bytes(address) : address.split('.').map(Number), isV6 ? 8 : 4)
  return bytes
}

export function portOf(name: Uint8Array): number {
  return new DataView(name.buffer, name.byteOffset, name.length).getUint16(2)
}

/** The URL parser knows every way to write an IPv6 address; it answers in hexadecimal groups with at most one `::`. */
function ipv6Bytes(address: string): Uint8Array {
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))
  const left = groups(head)
  const right = groups(tail ?? '')
  const all = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  all.forEach((group, index) => {
    view.setUint16(index * 2, group)
  })
  return bytes
}
