/**
 * Accepts the connections of one listener in one worker: enforces how many there may be, in all and from one address, and sets each on its
 * way: straight to HTTP/1.1 where nothing else is possible, else through `Arrival`. Settings are those of the active generation at that moment.
 */
import net, { type Server, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type Address, isTrusted, parseClientAddress, type TrustedRange } from './client-address.ts'
import { RECEIVE_BYTES, receiveBuffer } from './data-path-buffers.ts'
import type { Deadlines } from './data-path-deadlines.ts'
import { hasFreeDescriptors, mayTakeDescriptor } from './descriptors.ts'
import { ADDRESS_FULL, ADDRESS_UNTRACKED, type AddressCounts } from './downstream/address-counts.ts'
import { Arrival } from './downstream/arrival.ts'
import type { AcceptedConnection, ClientConnection } from './downstream/client-connection.ts'
import type { ConnectionRejection } from './downstream/connection-rejections.ts'
import type { ListenerSettings } from './downstream/listener-settings.ts'
import { type AcceptedHandle, adoptHandle, canAdoptHandles, wrapSocket } from './downstream/tls/tls-socket.ts'

/** The data path, as a listener sees it. */
export interface ListenerHost {
  readonly deadlines: Deadlines
  readonly isDraining: boolean
  /** What the listener with this name does now; `undefined`: nothing can be served yet. */
  listenerSettings(name: string): ListenerSettings | undefined
  readonly trustedProxies: readonly TrustedRange[]
  /** Left out: connections are not counted by address. */
  readonly addresses: AddressCounting | undefined
  add(entry: ConnectionEntry): void
  remove(entry: ConnectionEntry): void
  serve(accepted: AcceptedConnection, protocol: 'http1' | 'http2'): ClientConnection
  connectionRejected(reason: ConnectionRejection): void
  handshakeDone(isResumed: boolean): void
}

export interface AddressCounting {
  readonly counts: AddressCounts
  /** The column of this worker. */
  readonly seat: number
}

/** Where a listener gets its socket. */
export interface ListeningSocket {
  /** As the bundle has it. A name that the bundle does not have means its first listener. */
  readonly name: string
  /** Another descriptor of the same socket, for when accepting goes on after a pause. Left out: accepting is never paused. */
  readonly reopen?: (() => number) | undefined
  /** A descriptor is about to be closed, and its number may be another's at once. */
  readonly closing?: ((fd: number) => void) | undefined
  /** False: only what Node documents is used, as where its inside is not what we know. */
  readonly adoptsHandles?: boolean | undefined
}

/** A place among the connections of the data path. */
export class ConnectionEntry {
  readonly listener: Listener
  /** An arrival, then what came of it. */
  connection!: ClientConnection
  /** Of `AddressCounts`; negative: not counted. */
  addressSlot = -1
  /** Bytes are in `receiveBuffer`. */
  readonly read = (size: number): boolean => {
    this.connection.onRead(size)
    return true
  }

  constructor(listener: Listener) {
    this.listener = listener
  }
}

/** Nothing is accepted for so long when descriptors are short. */
const DESCRIPTOR_PAUSE_MS = 100

export class Listener {
  readonly deadlines: Deadlines
  connectionCount = 0
  readonly #socket: ListeningSocket
  readonly #host: ListenerHost
  readonly #backlog: number
  #server: Server | undefined
  #fd = -1
  /** Everybody who wants it to be paused; it accepts when there is nobody. */
  readonly #pauses = new Set<string>()
  #descriptorTimer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(socket: ListeningSocket, backlog: number, host: ListenerHost) {
    this.#socket = socket
    this.#backlog = backlog
    this.#host = host
    this.deadlines = host.deadlines
  }

  /** Takes the descriptor over. Resolves when it accepts. */
  open(fd: number): Promise<void> {
    const server = net.createServer({ allowHalfOpen: true, noDelay: true })
    this.#server = server
    this.#fd = fd
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      // The backlog counts only in this place: in the options it would be ignored.
      server.listen({ fd }, this.#backlog, () => {
        server.off('error', reject)
        server.on('error', () => {})
        const isAdopting = this.#socket.adoptsHandles !== false && acceptHandles(server, (handle) => this.#acceptHandle(handle))
        if (!isAdopting) server.on('connection', (socket) => this.#acceptSocket(socket))
        resolve()
      })
    })
  }

  /** For good. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#descriptorTimer)
    this.#closeServer()
  }

  /** Connections wait in the kernel until `resume` with the same reason. Where the socket cannot be opened again, it goes on accepting. */
  pause(reason: string): void {
    if (this.#socket.reopen === undefined || this.#isClosed) return
    this.#pauses.add(reason)
    this.#closeServer()
  }

  resume(reason: string): void {
    if (!this.#pauses.delete(reason) || this.#pauses.size > 0 || this.#isClosed || this.#socket.reopen === undefined) return
    try {
      this.open(this.#socket.reopen()).catch(() => this.#pauseForDescriptors())
    } catch {
      this.#pauseForDescriptors()
    }
  }

  /** The client's address is known. False: it has its connections already, and that is counted. */
  admit(entry: ConnectionEntry, client: Address, settings: ListenerSettings): boolean {
    const { addresses } = this.#host
    const limit = settings.limits.connectionsPerAddress
    if (limit === 0 || addresses === undefined) return true
    const slot = addresses.counts.add(addresses.seat, client.bytes, limit)
    if (slot === ADDRESS_FULL) {
      this.reject('address-limit')
      return false
    }
    if (slot !== ADDRESS_UNTRACKED) entry.addressSlot = slot
    return true
  }

  serve(accepted: AcceptedConnection, protocol: 'http1' | 'http2'): ClientConnection {
    return this.#host.serve(accepted, protocol)
  }

  reject(reason: ConnectionRejection): void {
    this.#host.connectionRejected(reason)
  }

  remove(entry: ConnectionEntry): void {
    this.#host.remove(entry)
  }

  handshakeDone(isResumed: boolean): void {
    this.#host.handshakeDone(isResumed)
  }

  #acceptHandle(handle: AcceptedHandle): void {
    const settings = this.#room(handle.fd)
    if (settings === undefined) {
      handle.close()
      return
    }
    handle.setNoDelay(true)
    const entry = new ConnectionEntry(this)
    const { tls, proxyProtocol } = settings
    const socket =
      tls !== undefined && !proxyProtocol && canAdoptHandles
        ? adoptHandle(handle, tls, entry.read)
        : new Socket(plainOptions(handle, entry.read) as unknown as net.SocketConstructorOpts)
    this.#begin(entry, socket, settings)
  }

  /** Where Node's inside is not what we know, connections work all the same, with a buffer per read. */
  #acceptSocket(plain: Socket): void {
    const settings = this.#room(undefined)
    if (settings === undefined) {
      plain.destroy()
      return
    }
    const entry = new ConnectionEntry(this)
    const { tls, proxyProtocol } = settings
    let socket = plain
    if (tls !== undefined && !proxyProtocol) socket = wrapSocket(plain, tls, entry.read)
    else {
      plain.on('data', (data: Buffer) => {
        for (let at = 0; at < data.length; at += RECEIVE_BYTES) entry.read(data.copy(receiveBuffer, 0, at, at + RECEIVE_BYTES))
      })
    }
    this.#begin(entry, socket, settings)
  }

  /** What to do with a connection that has just been accepted; `undefined`: close it. */
  #room(fd: number | undefined): ListenerSettings | undefined {
    const settings = this.#host.listenerSettings(this.#socket.name)
    if (settings === undefined || this.#host.isDraining) return undefined
    if (fd !== undefined && !mayTakeDescriptor(fd)) {
      this.reject('descriptors')
      this.#pauseForDescriptors()
      return undefined
    }
    if (this.connectionCount < settings.limits.connections) return settings
    this.reject('limit')
    return undefined
  }

  #begin(entry: ConnectionEntry, socket: Socket, settings: ListenerSettings): void {
    const peer = socket.remoteAddress === undefined ? undefined : parseClientAddress(socket.remoteAddress)
    if (peer === undefined) {
      // Reset already, so nobody can say any more who it was. What it has sent would still be readable, and a request without an address
      // would get past whatever decides by address.
      this.#turnAway(socket, 'unknown-peer')
      return
    }
    const { tls, protocol, proxyProtocol, http2 } = settings
    // Proxies stand for many clients, whom the PROXY header names if there is one.
    const isProxy = isTrusted(this.#host.trustedProxies, peer.bytes)
    if (proxyProtocol && !isProxy) this.#turnAway(socket, 'proxy-untrusted')
    else if (tls === undefined && protocol === 'https') this.#turnAway(socket, 'tls-unavailable')
    else if (!isProxy && !this.admit(entry, peer, settings)) this.#turnAway(socket)
    else if (tls === undefined && !proxyProtocol && !http2) {
      entry.connection = this.serve({ socket, peer, isTls: false, limits: settings.limits }, 'http1')
      this.#host.add(entry)
    } else {
      const arrival = new Arrival(entry, peer, settings, this)
      entry.connection = arrival
      this.#host.add(entry)
      if (socket instanceof TLSSocket) arrival.beginSecure(socket)
      else arrival.beginPlain(socket)
    }
  }

  #turnAway(socket: Socket, reason?: ConnectionRejection): void {
    if (reason !== undefined) this.reject(reason)
    socket.on('error', () => {})
    socket.destroy()
  }

  #closeServer(): void {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    this.#socket.closing?.(this.#fd)
    server.close()
  }

  #pauseForDescriptors(): void {
    if (this.#descriptorTimer !== undefined || this.#isClosed) return
    this.pause('descriptors')
    this.#descriptorTimer = setTimeout(() => {
      this.#descriptorTimer = undefined
      if (hasFreeDescriptors()) this.resume('descriptors')
      else this.#pauseForDescriptors()
    }, DESCRIPTOR_PAUSE_MS)
  }
}

/**
 * Node gives accepted sockets no say in where they read to; a socket made of the accepted handle may have one. False where Node's inside is
 * not what we know.
 */
function acceptHandles(server: Server, accept: (handle: AcceptedHandle) => void): boolean {
  const handle = (server as unknown as { _handle?: { onconnection?: unknown } })._handle
  if (typeof handle?.onconnection !== 'function') return false
  handle.onconnection = (error: number, client: AcceptedHandle | undefined) => {
    if (error === 0 && client !== undefined) accept(client)
  }
  return true
}

function plainOptions(handle: AcceptedHandle, callback: (size: number) => boolean): object {
  return { handle, allowHalfOpen: true, readable: true, writable: true, onread: { buffer: receiveBuffer, callback } }
}
