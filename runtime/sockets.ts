/**
 * Listening sockets, made by the parent before any other process exists and handed to the child as inherited descriptors: whatever dies
 * below, connections wait in the kernel's queues instead of being refused. Each worker has a socket of its own (SO_REUSEPORT), so that
 * the kernel spreads connections and no thread wakes for another's.
 */
import { closeSync } from 'node:fs'
import { createServer, isIPv6 } from 'node:net'
import { PosternError } from '../bundle/error.ts'
import { AF_INET, AF_INET6, errorName, type Libc, libc } from './libc.ts'
import { listeningSockets, ownsSocket } from './listening.ts'
import { portOf, socketAddress } from './socket-address.ts'

export interface ListenerAddress {
  readonly name: string
  /** IPv4 or IPv6 address without brackets; names are resolved before. */
  readonly address: string
  /** 0: a free one, the same for all workers. */
  readonly port: number
  /** For URLs; left out: http. */
  readonly protocol?: 'http' | 'https' | undefined
}

export interface BoundListener extends ListenerAddress {
  /** What was asked for: tells whether a new bundle wants another listener. */
  readonly wantedPort: number
  /** One descriptor per worker, in this process. */
  readonly fds: readonly number[]
}

/** Connections that wait in the kernel while workers are busy, dead or being replaced; the kernel caps it at net.core.somaxconn. */
export const BACKLOG = 4096

const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_REUSEPORT = 15
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26
const IPPROTO_TCP = 6
const TCP_DEFER_ACCEPT = 9
const DEFER_SECONDS = 1

export interface OpenOptions {
  /**
   * A process that may have the port already, and shares it; all others are in the way as ever. Sockets get connections only when somebody calls
   * `listen` on them, which the workers do: until then all go to the other one.
   */
  readonly sharedWith?: number
  readonly system?: Libc | null
}

/** Binds, and listens unless shared. Throws `listener-unavailable` when somebody else, a second gateway included, has the port. */
export function openListener(wanted: ListenerAddress, count: number, options: OpenOptions = {}): BoundListener {
  const { sharedWith, system = libc ?? null } = options
  if (system === null) throw new PosternError('no-native-sockets', 'sockets for several workers need Linux and koffi')
  const fds: number[] = []
  try {
    let port = wanted.port
    if (port !== 0 && sharedWith !== undefined) {
      if (listeningSockets(wanted).some(({ inode }) => !ownsSocket(sharedWith, inode)))
        throw Object.assign(new Error('the port is shared with others'), { code: 'EADDRINUSE' })
    } else if (port !== 0) {
      // SO_REUSEPORT would let a second gateway of the same user join in silently; a socket without it is told EADDRINUSE.
      closeSync(bindSocket(system, wanted.address, port, false))
    }
    for (let index = 0; index < count; index++) {
      const fd = bindSocket(system, wanted.address, port, true)
      fds.push(fd)
      if (port === 0) port = portOf(system.socketName(fd))
      // A connection is handed to a worker when its first bytes are there: what only connects, or is slow to speak, waits in the kernel
      // and is not lost with a worker (without this, 8 of 6 000 connections were in 6 deaths; as Apache does it). A second later it is
      // handed over silent or not.
      system.setOption(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_SECONDS)
      // At once: between bind and listen a second gateway's check would pass.
      if (sharedWith === undefined) system.listen(fd, BACKLOG)
    }
    return { ...wanted, wantedPort: wanted.port, port, fds }
  } catch (cause) {
    for (const fd of fds) closeSync(fd)
    throw unavailable(wanted, cause)
  }
}

export function closeListener(listener: BoundListener): void {
  for (const fd of listener.fds) closeSync(fd)
}

/**
 * What Node alone can do: one socket for one worker. The caller has to start the child inside `use`, which runs before this process could
 * accept anything; afterwards only the child has the socket.
 */
export async function withPlainListeners<T>(wanted: readonly ListenerAddress[], use: (bound: readonly BoundListener[]) => T): Promise<T> {
  const servers = wanted.map((listener) => ({ listener, server: createServer() }))
  try {
    for (const { listener, server } of servers) {
      await new Promise<void>((resolve, reject) => {
        server.once('error', (cause) => reject(unavailable(listener, cause)))
        server.listen({ host: listener.address, port: listener.port, backlog: BACKLOG }, resolve)
      })
    }
    return use(
      servers.map(({ listener, server }) => {
        const address = server.address()
        const port = typeof address === 'object' && address !== null ? address.port : listener.port
        // Undocumented, and the only way to a descriptor without native code.
        const fd = (server as unknown as { _handle: { fd: number } })._handle.fd
        return { ...listener, wantedPort: listener.port, port, fds: [fd] }
      }),
    )
  } finally {
    for (const { server } of servers) server.close()
  }
}

/** `http://HOST:PORT`, with brackets around an IPv6 address. */
export function urlOf(address: string, port: number, protocol: ListenerAddress['protocol'] = 'http'): string {
  return `${protocol}://${isIPv6(address) ? `[${address}]` : address}:${port}`
}

function bindSocket(system: Libc, address: string, port: number, shared: boolean): number {
  const isV6 = isIPv6(address)
  const fd = system.socket(isV6 ? AF_INET6 : AF_INET)
  try {
    // Otherwise a restart would have to wait until the last connections have left TIME_WAIT.
    system.setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1)
    if (shared) system.setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1)
    // `::` takes IPv4 as well, whatever net.ipv6.bindv6only says: as Node does it.
    if (isV6) system.setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0)
    system.bind(fd, socketAddress(address, port))
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function unavailable(wanted: ListenerAddress, cause: unknown): PosternError {
  if (cause instanceof PosternError && cause.code === 'address-invalid') return cause
  const name = errorName(cause)
  const why = name === 'EADDRINUSE' ? 'EADDRINUSE: it is in use by another process' : name || String(cause)
  return new PosternError('listener-unavailable', `listener \`${wanted.name}\` cannot have ${wanted.address}:${wanted.port}: ${why}`, {
    retryable: true,
    cause,
  })
}
