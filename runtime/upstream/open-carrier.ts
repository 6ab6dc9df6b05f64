/**
 * Opens a carrier to one member of a backend: TCP, then TLS where the endpoint says so, then HTTP/1.1 or HTTP/2 as the backend's `protocol`
 * and the other end have it. Each stage has its own time and its own failure; what exactly went wrong is told to the owner for the log.
 */
import dns from 'node:dns'
import net, { type LookupFunction, type Socket, type TcpNetConnectOpts } from 'node:net'
import tls, { type TLSSocket } from 'node:tls'
import { PosternError } from '../../bundle/error.ts'
import { receiveBuffer } from '../data-path-buffers.ts'
import type { Timed } from '../data-path-deadlines.ts'
import { type AddressRefusal, hostKind, ownSockets, refuseAddressText } from './address-guard.ts'
import type { Carrier, CarrierOwner, Opening } from './carrier.ts'
import { UpstreamConnection } from './connection.ts'
import type { UpstreamFailure } from './failure.ts'
import { Http2Session, type SessionOpener } from './http2/session.ts'
import type { Member } from './member.ts'
import { handshakeFailure, offeredProtocols, type UpstreamTls, upstreamTls } from './tls.ts'

export interface OpenOptions {
  /** For an upgrade, which HTTP/2 does not have: only HTTP/1.1 is offered. */
  readonly http1Only?: boolean
}

/** Exactly one of `onCarrierOpen` and `onCarrierFailed` follows, later, unless it is cancelled. */
export function openCarrier(owner: CarrierOwner, member: Member, options: OpenOptions = {}): Opening {
  return new CarrierOpening(owner, member, options.http1Only === true)
}

const CONNECT = 0
const HANDSHAKE = 1
/** For HTTP/2: the peer's SETTINGS. */
const PREFACE = 2

const STAGE_TIMEOUT = ['upstream-connect-timeout', 'upstream-tls-timeout', 'upstream-protocol-mismatch'] as const

class CarrierOpening implements Opening, Timed, SessionOpener {
  deadlineMs = Number.POSITIVE_INFINITY
  timedIndex = -1
  readonly #owner: CarrierOwner
  readonly #member: Member
  readonly #http1Only: boolean
  #socket: Socket | undefined
  #tls: UpstreamTls | undefined
  #stage = CONNECT
  #isOver = false
  #reason = ''
  /** Who gets what is read. */
  #reader: { onRead(size: number): void } | undefined
  #session: Http2Session | undefined

  constructor(owner: CarrierOwner, member: Member, http1Only: boolean) {
    this.#owner = owner
    this.#member = member
    this.#http1Only = http1Only
    owner.deadlines.add(this)
    this.#enter(CONNECT, owner.settings.connectTimeoutMs)
    const refusal = refuse(member)
    if (refusal !== undefined) this.#failLater('upstream-address-refused', refusal)
    else if (http1Only && owner.settings.protocol === 'http2') this.#failLater('upstream-protocol-mismatch', 'the backend is HTTP/2 only')
    else this.#connect()
  }

  cancel(): void {
    if (this.#isOver) return
    this.#end()
    this.#session?.destroy()
    this.#socket?.destroy()
  }

  onDeadline(): void {
    this.#fail(STAGE_TIMEOUT[this.#stage as 0 | 1 | 2])
  }

  onSessionReady(): void {
    if (this.#isOver) return
    this.#end()
    this.#owner.onCarrierOpen(this.#session as Http2Session)
  }

  onSessionFailed(failure: UpstreamFailure, reason: string): void {
    if (this.#reason === '') this.#reason = reason
    this.#fail(failure)
  }

  #connect(): void {
    const { settings } = this.#owner
    const member = this.#member
    const target: TcpNetConnectOpts = {
      host: member.address,
      port: member.port,
      noDelay: true,
      ...(settings.sourceAddress === '' ? {} : { localAddress: settings.sourceAddress }),
      ...(net.isIP(member.address) === 0 ? { lookup: lookupFor(member) } : {}),
      onread: { buffer: receiveBuffer, callback: (size) => this.#onRead(size) },
    }
    let socket: Socket
    if (member.isTls) {
      try {
        this.#tls = upstreamTls(settings.tls)
      } catch (error) {
        this.#failLater('upstream-tls-failed', (error as PosternError).message)
        return
      }
      const offered = offeredProtocols(this.#http1Only ? 'http1' : settings.protocol)
      const secure = tls.connect({ ...target, ...this.#tls.connectOptions(member, offered) })
      secure.on('secureConnect', () => this.#onSecure(secure))
      secure.on('session', (session) => this.#tls?.keepSession(member, session))
      socket = secure
    } else socket = net.connect(target)
    this.#socket = socket
    socket.on('connect', () => this.#onConnect(socket))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#reason === '') this.#reason = error.code ?? ''
      if (error instanceof PosternError) this.#fail('upstream-address-refused')
    })
    socket.on('close', () => this.#onClose(socket))
  }

  #onRead(size: number): boolean {
    this.#reader?.onRead(size)
    return true
  }

  #onConnect(socket: Socket): void {
    if (this.#isOver) return
    if (this.#tls === undefined) this.#speak(socket, this.#owner.settings.protocol === 'http2' && !this.#http1Only)
    else this.#enter(HANDSHAKE, this.#owner.settings.tlsTimeoutMs)
  }

  #onSecure(socket: TLSSocket): void {
    if (this.#isOver) return
    const isHttp2 = socket.alpnProtocol === 'h2'
    // A server that knows nothing of ALPN speaks HTTP/1.1, which is not what a backend of HTTP/2 only is to speak.
    if (!isHttp2 && this.#owner.settings.protocol === 'http2') {
      this.#reason = 'ALPN without h2'
      this.#fail('upstream-protocol-mismatch')
    } else this.#speak(socket, isHttp2)
  }

  #speak(socket: Socket, isHttp2: boolean): void {
    if (isHttp2) {
      const { connectTimeoutMs, tlsTimeoutMs } = this.#owner.settings
      this.#enter(PREFACE, this.#tls === undefined ? connectTimeoutMs : tlsTimeoutMs)
      this.#session = new Http2Session(this.#owner, this.#member, socket, this)
      this.#reader = this.#session
      return
    }
    this.#end()
    const connection = new UpstreamConnection(this.#owner, this.#member, socket)
    this.#reader = connection
    this.#owner.onCarrierOpen(connection satisfies Carrier)
  }

  #onClose(socket: Socket): void {
    if (this.#isOver) return
    if (this.#stage === CONNECT) this.#fail('upstream-connect-failed')
    else if (this.#stage === HANDSHAKE) {
      this.#tls?.forgetSession(this.#member)
      this.#fail(handshakeFailure(socket as TLSSocket, this.#reason))
    }
    // In between the session says what happened.
  }

  #enter(stage: number, timeoutMs: number): void {
    this.#stage = stage
    this.deadlineMs = this.#owner.deadlines.after(timeoutMs)
  }

  #failLater(failure: UpstreamFailure, reason: string): void {
    this.#reason = reason
    process.nextTick(() => this.#fail(failure))
  }

  #fail(failure: UpstreamFailure): void {
    if (this.#isOver) return
    this.#end()
    this.#session?.destroy()
    this.#socket?.destroy()
    this.#owner.onCarrierFailed(this.#member, failure, this.#reason)
  }

  #end(): void {
    this.#isOver = true
    this.#owner.deadlines.remove(this)
  }
}

/** An address that came out of a name is judged here: it is the one that is connected to. */
function refuse({ host, address, port }: Member): AddressRefusal | undefined {
  return net.isIP(address) === 0 ? undefined : refuseAddressText(hostKind(host), address, port, ownSockets)
}

/** Where nobody has resolved a name yet, the system does, and what it says is judged before anything is connected to. */
function lookupFor({ host, port }: Member): LookupFunction {
  const kind = hostKind(host)
  return (name, options, callback) => {
    dns.lookup(name, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, [])
        return
      }
      const allowed = addresses.filter(({ address }) => refuseAddressText(kind, address, port, ownSockets) === undefined)
      const [first] = allowed
      if (first === undefined) callback(new PosternError('upstream-address-refused', `${name} leads nowhere that it may`), [])
      else if (options.all === true) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}
