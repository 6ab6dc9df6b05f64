/** Who listens where, as Linux tells it in /proc: so that a port is shared with the one process that it shall be taken over from, and nobody else. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { socketAddress } from './socket-address.ts'
import type { ListenerAddress } from './sockets.ts'

export interface ListeningSocket {
  /** Number of the socket. */
  readonly inode: string
  /** At this very address: the kernel spreads connections over all that are. The others listen on an address that includes it, or is included. */
  readonly isSameAddress: boolean
}

const LISTEN = '0A'

/** Sockets that get, or would get, connections to this address and port. */
export function listeningSockets({ address, port }: ListenerAddress): ListeningSocket[] {
  const wanted = hexadecimal(socketAddress(address, port), isIPv6(address))
  const isAny = (hex: string) => /^0+$/.test(hex)
  const found: ListeningSocket[] = []
  for (const { hex, inode } of [...entries('/proc/net/tcp', port), ...entries('/proc/net/tcp6', port)]) {
    // `::` takes IPv4 as well: see `bindSocket`.
    const includes = isAny(hex) && hex.length >= wanted.length
    const isIncluded = isAny(wanted) && wanted.length >= hex.length
    if (hex === wanted || includes || isIncluded) found.push({ inode, isSameAddress: hex === wanted })
  }
  return found
}

/** Whether a process has the socket with this number. False for processes of others, which nobody may look into. */
export function ownsSocket(pid: number, inode: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`)
  } catch {
    return false
  }
}

/** Columns: sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode … */
function entries(file: string, port: number): { hex: string; inode: string }[] {
  let text: string
  try {
    text = readFileSync(file, 'latin1')
  } catch {
    return [] // no IPv6
  }
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return text
    .split('\n')
    .map((line) => line.trim().split(/ +/))
    .filter(([, local = '', , state]) => state === LISTEN && local.endsWith(suffix))
    .map(([, local = '', , , , , , , , inode = '']) => ({ hex: local.slice(0, -suffix.length), inode }))
}

/** The kernel prints the address as numbers of four bytes in its own order, which is little-endian wherever we run. */
function hexadecimal(socket: Uint8Array, isV6: boolean): string {
  const bytes = socket.subarray(isV6 ? 8 : 4, isV6 ? 24 : 8)
  let hex = ''
  for (let word = 0; word < bytes.length; word += 4) {
    for (let byte = 3; byte >= 0; byte--) hex += (bytes[word + byte] as number).toString(16).toUpperCase().padStart(2, '0')
  }
  return hex
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return '' // closed meanwhile
  }
}
