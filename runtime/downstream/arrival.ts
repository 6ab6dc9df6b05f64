/**
 * A connection from `accept` to its first byte of HTTP: the PROXY header if the listener wants one, the TLS handshake if it has TLS, then
 * which version of HTTP it is. Each step has its deadline. What comes out is a `ClientConnection`, in this one's place.
 */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Address } from '../client-address.ts'
import { RECEIVE_BYTES, receiveBuffer } from '../data-path-buffers.ts'
import type { Timed } from '../data-path-deadlines.ts'
import { PREFACE } from '../http2/frames.ts'
import type { ConnectionEntry, Listener } from '../listener.ts'
import type { ClientConnection } from './client-connection.ts'
import type { ConnectionRejection } from './connection-rejections.ts'
import { DRAIN_IDLE_MS } from './limits.ts'
import type { ListenerSettings } from './listener-settings.ts'
import { INCOMPLETE, ProxyHeader, parseProxyHeader } from './proxy-protocol.ts'
import { VerifiedCertificate } from './tls/client-certificate.ts'
import { clientCertificateError, takeOverSocket } from './tls/tls-socket.ts'

const NEW = 0
const PROXY = 1
const HANDSHAKE = 2
const SNIFF = 3
const DONE = 4

/** `PRI `: no method that HTTP/1.1 has here begins like this. */
const SNIFF_BYTES = 4

export class Arrival implements Timed, ClientConnection {
  deadlineMs = Number.POSITIVE_INFINITY
  timedIndex = -1
  listIndex = -1
  readonly #entry: ConnectionEntry
  readonly #settings: ListenerSettings
  readonly #listener: Listener
  #phase = NEW
  #socket: Socket | undefined
  #peer: Address
  /** What has arrived of a PROXY header or of HTTP/2's preface, and is not enough yet. */
  #kept: Buffer | undefined
  readonly #onEnd = () => this.destroy('')
  readonly #onSecure = () => this.#becomeSecure()
  readonly #onTlsError = () => {
    // After the handshake Node tells of errors in this way only, and leaves the socket as it is.
    if (this.#phase === HANDSHAKE) this.#reject('tls-handshake')
    else this.#socket?.destroy()
  }

  /** `entry` is where the connection stands; what comes of it takes its place there. */
  constructor(entry: ConnectionEntry, peer: Address, settings: ListenerSettings, listener: Listener) {
    this.#entry = entry
    this.#peer = peer
    this.#settings = settings
    this.#listener = listener
    listener.deadlines.add(this)
  }

  /** Begins with a plain socket that reads into `receiveBuffer` and calls `onRead`. */
  beginPlain(socket: Socket): void {
    this.#use(socket)
    const { proxyProtocol, limits } = this.#settings
    if (proxyProtocol) this.#enter(PROXY, limits.handshakeTimeoutMs)
    else this.#enter(SNIFF, limits.headTimeoutMs)
  }

  /** Begins with the handshake of a socket made by `adoptHandle` or `wrapSocket`. */
  beginSecure(secure: TLSSocket): void {
    this.#use(secure)
    secure.once('secure', this.#onSecure)
    secure.on('_tlsError', this.#onTlsError)
    this.#enter(HANDSHAKE, this.#settings.limits.handshakeTimeoutMs)
  }

  onRead(size: number): void {
    if (this.#phase !== PROXY && this.#phase !== SNIFF) return
    const arrived = receiveBuffer.subarray(0, size)
    // Few connections need a second read for this, and a header is at most 4 KiB.
    const bytes = this.#kept === undefined ? Buffer.from(arrived) : Buffer.concat([this.#kept, arrived])
    if (this.#phase === PROXY) this.#readProxyHeader(bytes)
    else this.#sniff(bytes)
  }

  onDeadline(): void {
    if (this.#phase === PROXY) this.#reject('proxy-header')
    else if (this.#phase === HANDSHAKE) this.#reject('tls-timeout')
    else this.destroy('')
  }

  /** Who has begun to speak is served, and whoever has not has a moment to: the request may be on its way. */
  drain(): void {
    if (this.#phase !== SNIFF || this.#kept !== undefined) return
    this.deadlineMs = Math.min(this.deadlineMs, this.#listener.deadlines.after(DRAIN_IDLE_MS))
  }

  destroy(_code: string): void {
    if (this.#phase === DONE) return
    const socket = this.#socket
    this.#leave()
    socket?.destroy()
    this.#listener.remove(this.#entry)
  }

  #enter(phase: number, timeoutMs: number): void {
    this.#phase = phase
    this.deadlineMs = this.#listener.deadlines.after(timeoutMs)
  }

  #use(socket: Socket): void {
    this.#socket = socket
    // Until somebody else looks after it: an error with nobody to hear it would end the worker.
    socket.on('error', ignore)
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onEnd)
  }

  #leave(): void {
    this.#phase = DONE
    this.#kept = undefined
    this.#listener.deadlines.remove(this)
    this.#socket?.off('end', this.#onEnd)
    this.#socket?.off('close', this.#onEnd)
  }

  #reject(reason: ConnectionRejection): void {
    this.#listener.reject(reason)
    this.destroy('')
  }

  #readProxyHeader(bytes: Buffer): void {
    const header = new ProxyHeader()
    const next = parseProxyHeader(bytes, 0, bytes.length, header)
    if (next === INCOMPLETE) {
      this.#kept = bytes
      return
    }
    if (next < 0) {
      this.#reject('proxy-header')
      return
    }
    this.#kept = undefined
    if (header.source !== undefined) {
      this.#peer = header.source
      if (!this.#listener.admit(this.#entry, header.source, this.#settings)) {
        this.destroy('')
        return
      }
    }
    this.#goOn(bytes.subarray(next))
  }

  /** After the PROXY header, with what came behind it. */
  #goOn(rest: Buffer): void {
    const { tls, protocol, http2, limits } = this.#settings
    const plain = this.#socket as Socket
    if (tls !== undefined) {
      plain.off('end', this.#onEnd)
      plain.off('close', this.#onEnd)
      this.beginSecure(takeOverSocket(plain, tls, rest, this.#entry.read))
    } else if (protocol === 'https') this.#reject('tls-unavailable')
    else if (http2) {
      this.#enter(SNIFF, limits.headTimeoutMs)
      if (rest.length > 0) this.#sniff(rest)
    } else this.#become('http1', rest)
  }

  #sniff(bytes: Buffer): void {
    const size = Math.min(bytes.length, SNIFF_BYTES)
    if (bytes.compare(PREFACE, 0, size, 0, size) !== 0) this.#become('http1', bytes)
    else if (size === SNIFF_BYTES) this.#become('http2', bytes)
    else this.#kept = bytes
  }

  #becomeSecure(): void {
    if (this.#phase !== HANDSHAKE) return
    const secure = this.#socket as TLSSocket
    const { tls } = this.#settings
    if (tls === undefined || clientCertificateError(secure, tls) !== undefined) {
      this.#reject('tls-client-certificate')
      return
    }
    this.#listener.handshakeDone(secure.isSessionReused())
    if (tls.asksForCertificate) {
      const certificate = secure.getPeerX509Certificate()
      if (certificate !== undefined) this.#peer.certificate = new VerifiedCertificate(certificate)
    }
    this.#become(secure.alpnProtocol === 'h2' ? 'http2' : 'http1', undefined)
  }

  #become(protocol: 'http1' | 'http2', arrived: Buffer | undefined): void {
    const socket = this.#socket as Socket
    this.#leave()
    const accepted = { socket, peer: this.#peer, isTls: 'encrypted' in socket, limits: this.#settings.limits }
    const connection = this.#listener.serve(accepted, protocol)
    socket.off('error', ignore)
    connection.listIndex = this.listIndex
    this.#entry.connection = connection
    if (arrived !== undefined) deliver(connection, arrived)
  }
}

function ignore(): void {}

/** As if it had been read just now. */
function deliver(connection: ClientConnection, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; at += RECEIVE_BYTES) connection.onRead(bytes.copy(receiveBuffer, 0, at, at + RECEIVE_BYTES))
}
