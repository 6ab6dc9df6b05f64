/**
 * One client connection: collects heads, hands body bytes to its flow, and decides when to read, to pause and to close.
 * Requests are served strictly one after the other; what a client sends ahead waits in the inbox, and when that is full nobody reads.
 */
import type { Socket } from 'node:net'
import { type LocalReply, localReply } from '../../policies/contract.ts'
import { createOutlet, type Outlet, receiveBuffer } from '../data-path-buffers.ts'
import type { Timed } from '../data-path-deadlines.ts'
import { LiveExchange } from '../exchange.ts'
import type { FieldSection } from '../http1/field-section.ts'
import { refusalReply } from '../http1/refusals.ts'
import { parseRequestHead, RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { Origin } from '../upstream/request-writer.ts'
import { BodyRate } from './body-rate.ts'
import type { Client } from './client.ts'
import type { AcceptedConnection, ClientConnection } from './client-connection.ts'
import type { DownstreamContext } from './context.ts'
import { Flow } from './flow.ts'
import { Http1Response } from './http1-response.ts'
import { Inbox } from './inbox.ts'
import { type DownstreamLimits, DRAIN_IDLE_MS } from './limits.ts'
import { RequestBody } from './request-body.ts'
import { DISCARD, FORWARD, HOLD } from './request-forwarding.ts'
import type { Tunnel, TunnelEnd } from './tunnel.ts'

/** F22: an unwanted body is read up to this size and for this long, so that the reply gets through before the connection is closed. */
export const DRAIN_BYTES = 64 * 1024
export const DRAIN_TIMEOUT_MS = 1000

const HEAD_TIMEOUT = localReply(408, 'head-timeout', 'The head of the request did not arrive in time.')

/** Between requests, or within a head. */
const HEAD = 0
const EXCHANGE = 1
/** The response is sent, what is left of the request body is read and dropped. */
const DRAIN = 2
/** After a 101: whatever comes is for the tunnel. */
const TUNNEL = 5
/** Our end is closed: reads until the client closes its own, so that no reset overtakes the last response. */
const LINGER = 3
const CLOSED = 4

export class DownstreamConnection implements Timed, Client, ClientConnection, TunnelEnd {
  deadlineMs: number
  timedIndex = -1
  readonly context: DownstreamContext
  readonly origin: Origin
  readonly body = new RequestBody()
  /** Position among all connections of the data path. */
  listIndex = -1
  /** No request after this one: framing is in doubt, or there have been enough. */
  mustClose = false

  readonly #socket: Socket
  readonly #limits: DownstreamLimits
  readonly #outlet: Outlet
  readonly #response: Http1Response
  readonly #head = new RequestHead()
  readonly #exchange: LiveExchange
  readonly #flow: Flow
  #phase = HEAD
  readonly #inbox = new Inbox()
  #isInHead = false
  #isPaused = false
  #isHalfClosed = false
  #isProcessing = false
  #isContinuing = false
  #drainedBytes = 0
  /** Requests so far. */
  #served = 0
  readonly #bornMs: number
  readonly #bodyRate = new BodyRate()
  #tunnel: Tunnel | undefined

  constructor({ socket, peer, isTls, limits }: AcceptedConnection, context: DownstreamContext) {
    this.#socket = socket
    this.#limits = limits
    this.#outlet = createOutlet(socket, () => this.#onDrain())
    this.#response = new Http1Response(this.#outlet)
    this.context = context
    this.origin = new Origin(peer, isTls ? 'https' : 'http')
    this.#exchange = new LiveExchange(this.#head, context.nowMs)
    this.#flow = new Flow(this)
    this.deadlineMs = Number.POSITIVE_INFINITY
    context.deadlines.add(this)
    this.#bornMs = context.deadlines.tickMs
    this.setDeadline(limits.headTimeoutMs)
    socket.on('end', () => this.#onEnd())
    // `close` follows and does the work.
    socket.on('error', () => {})
    socket.on('close', () => this.#onClose())
  }

  get tunnelEnd(): TunnelEnd {
    return this
  }

  get tunnelIdleMs(): number {
    return this.#limits.tunnelIdleTimeoutMs
  }

  get isIdle(): boolean {
    return this.#phase === HEAD && this.#inbox.isEmpty
  }

  /** `size` bytes have arrived in `receiveBuffer`. */
  onRead(size: number): void {
    switch (this.#phase) {
      case CLOSED:
        return
      case LINGER:
        this.#drainedBytes += size
        if (this.#drainedBytes > DRAIN_BYTES) this.destroy('')
        return
      case TUNNEL:
        this.#tunnel?.onClientData(receiveBuffer, 0, size)
        return
      case HEAD:
        this.#inbox.add(receiveBuffer, 0, size, this.#isInHead)
        this.#process()
        return
      default:
        this.#readBody(size)
    }
  }

  sendContinue(): void {
    if (this.#phase !== CLOSED) this.#noteSent(this.#response.sendContinue())
  }

  sendInterim(head: ResponseHead): void {
    if (this.#phase !== CLOSED) this.#noteSent(this.#response.sendInterim(head))
  }

  writeHead(exchange: LiveExchange, head: ResponseHead, mayKeepAlive: boolean): boolean {
    return this.#response.writeHead(exchange, head, mayKeepAlive)
  }

  writeData(bytes: Buffer, start: number, end: number): void {
    if (!this.#response.writeData(bytes, start, end)) this.#noteSent(false)
  }

  writeEnd(trailers: FieldSection | undefined): void {
    this.#response.writeEnd(trailers, this.#head)
  }

  flush(): boolean {
    return this.#phase === CLOSED || this.#noteSent(this.#response.flush())
  }

  sendReply(exchange: LiveExchange, reply: LocalReply, mayKeepAlive: boolean, isHead: boolean): number {
    const size = this.#response.writeReply(exchange, reply, mayKeepAlive, isHead)
    this.flush()
    return size
  }

  setDeadline(afterMs: number): void {
    this.deadlineMs = this.context.deadlines.after(afterMs)
  }

  clearDeadline(): void {
    this.deadlineMs = Number.POSITIVE_INFINITY
  }

  /**
   * From now on the client has to send its body: unless nobody wants it, or it is we who do not read. While the client takes nothing of
   * what we have for it, the deadline for that stays in force.
   */
  awaitBody(): void {
    if (this.#outlet.isBlocked) return
    const isDue = !this.body.isRead && this.#flow.request.mode === FORWARD && !this.#flow.request.isUpstreamFull
    if (isDue) this.setDeadline(this.#limits.bodyIdleTimeoutMs)
    else this.clearDeadline()
  }

  /** Upstream takes body bytes again. */
  resumeBody(): void {
    if (this.#phase !== EXCHANGE) return
    if (!this.#takeInbox() || this.#isCutShort()) return
    this.#regulate()
    this.awaitBody()
  }

  /** Gives body bytes that arrived earlier to `take`. False: the exchange has ended over them. */
  takeHeldBody(take: (bytes: Buffer, start: number, end: number) => number): boolean {
    const inbox = this.#inbox
    if (!inbox.isEmpty) {
      const next = take(inbox.bytes, inbox.start, inbox.end)
      if (next < 0) return false
      inbox.start = next
    }
    this.#regulate()
    return !this.#isCutShort()
  }

  /** Whether what is left of the request body may be read to its end after the response. */
  mayDrain(isAwaitingContinue: boolean): boolean {
    if (isAwaitingContinue || this.#isHalfClosed) return this.body.isRead
    return this.body.isChunked || this.body.remaining <= DRAIN_BYTES
  }

  /** What is left of the body is wanted by nobody. */
  drainBody(): void {
    if (!this.#takeInbox()) return
    this.#regulate()
  }

  /** The exchange has ended, its response is with the socket. */
  onResponseSent(keepAlive: boolean): void {
    if (this.#phase === CLOSED) return
    if (!keepAlive || this.mustClose) {
      this.#linger()
      return
    }
    if (this.body.isRead) {
      this.#nextRequest()
      return
    }
    this.#flow.request.mode = DISCARD
    this.#phase = DRAIN
    this.#drainedBytes = 0
    this.setDeadline(DRAIN_TIMEOUT_MS)
    this.#drain()
  }

  /** Upstream's response was cut short after its head was sent on: the client must be able to tell. */
  cutShort(code: string): void {
    this.#flow.abort(code)
    if (this.#phase === CLOSED) return
    this.#close()
    // A proper close would make a body that ends with the connection look whole.
    this.#outlet.reset()
  }

  /** Ends the connection at once; an exchange in flight ends with this code. */
  destroy(code: string): void {
    if (this.#phase === CLOSED) return
    this.#flow.abort(code)
    this.#close()
    this.#outlet.destroy()
  }

  openTunnel(tunnel: Tunnel): void {
    this.#tunnel = tunnel
    this.#phase = TUNNEL
    this.resumeTunnel()
    const { bytes, start, end } = this.#inbox
    if (this.#inbox.drop() > 0) tunnel.onClientData(bytes, start, end)
    if (this.#isHalfClosed) tunnel.onClientEnd()
  }

  pauseTunnel(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#socket.pause()
  }

  resumeTunnel(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#socket.resume()
  }

  endTunnel(): void {
    this.#outlet.end()
  }

  /** No more requests: closes when nothing is in flight. */
  drain(): void {
    if (this.isIdle && !this.#isInHead) this.deadlineMs = Math.min(this.deadlineMs, this.context.deadlines.after(DRAIN_IDLE_MS))
  }

  onDeadline(): void {
    if (this.#phase === HEAD && this.#isInHead) this.#refuse('head-timeout')
    else if (this.#phase === HEAD && this.context.isDraining) this.#linger()
    else if (this.#phase === EXCHANGE && this.#outlet.isBlocked) this.destroy('client-write-timeout')
    else if (this.#phase === EXCHANGE) {
      this.clearDeadline()
      this.#flow.onDeadline()
    } else if (this.#phase === TUNNEL) this.#tunnel?.onIdle()
    else if (this.#phase === DRAIN) this.#linger()
    else this.destroy('')
  }

  /** While the client takes nothing, that is what the deadline is for. */
  #noteSent(goesOn: boolean): boolean {
    if (!goesOn) this.setDeadline(this.#limits.writeTimeoutMs)
    return goesOn
  }

  #onDrain(): void {
    if (this.#phase === CLOSED || this.#phase === LINGER) return
    if (this.#phase === EXCHANGE) {
      this.clearDeadline()
      this.#flow.onClientDrain()
      this.awaitBody()
    } else if (this.#phase === TUNNEL) this.#tunnel?.onClientDrain()
    else if (this.#phase === HEAD) {
      this.setDeadline(this.#keepAliveMs())
      this.#process()
    }
  }

  /** FIN: a client may close its end and wait for the response (F24), but a request that it cut short is none. */
  #onEnd(): void {
    this.#isHalfClosed = true
    if (this.#phase === EXCHANGE) {
      this.#isCutShort()
      return
    }
    if (this.#phase === TUNNEL) {
      this.#tunnel?.onClientEnd()
      return
    }
    if (this.#phase === HEAD && !this.#inbox.isEmpty && !this.#isInHead) return
    if (this.#phase === HEAD && !this.#isInHead) this.#linger()
    else this.destroy('')
  }

  /** Ends an exchange whose request will never be complete. What has arrived of it and not been looked at may be all of it. */
  #isCutShort(): boolean {
    if (!this.#isHalfClosed || this.body.isRead || !this.#inbox.isEmpty || this.#flow.request.mode === DISCARD) return false
    if (this.#phase === EXCHANGE) this.destroy('request-cut-short')
    return true
  }

  #onClose(): void {
    if (this.#phase === CLOSED) return
    this.#flow.abort('client-closed')
    this.#close()
  }

  #close(): void {
    this.#phase = CLOSED
    this.context.deadlines.remove(this)
    this.context.connectionClosed(this)
  }

  #readBody(size: number): void {
    if (this.#flow.isActive && this.#flow.request.isAwaitingContinue) this.#flow.request.bodyArrived()
    if (!this.#inbox.isEmpty || this.body.isRead || this.#flow.request.mode === HOLD) this.#inbox.add(receiveBuffer, 0, size, false)
    else {
      const next = this.#phase === DRAIN ? this.#drainFrom(receiveBuffer, 0, size) : this.#flow.request.take(receiveBuffer, 0, size)
      if (next < 0) {
        if (this.#phase === CLOSED || this.#phase === LINGER) return
        if (!this.#flow.isActive) {
          if (this.mustClose) this.#linger()
          return
        }
        // Refused long ago, and broken now: there is nothing more to read while the response lasts.
        this.#drainedBytes = DRAIN_BYTES + 1
        this.#regulate()
        return
      }
      if (this.#phase === EXCHANGE && this.#flow.request.mode === DISCARD) this.#drainedBytes += next
      if (next < size) this.#inbox.add(receiveBuffer, next, size, false)
      if (this.#phase === DRAIN && this.body.isRead) {
        this.#nextRequest()
        return
      }
      if (this.#phase === EXCHANGE) {
        if (this.#limits.minBodyRate > 0 && this.#isBodyTooSlow(size)) {
          this.#flow.onDeadline()
          return
        }
        this.awaitBody()
      }
    }
    this.#regulate()
  }

  /** Only of a body that is wanted and read, and waited for: who is told to wait is not slow, and a stream in both directions takes its time. */
  #isBodyTooSlow(size: number): boolean {
    const { request, response } = this.#flow
    if (this.body.isRead || request.mode !== FORWARD || request.isUpstreamFull || response.hasHead) {
      this.#bodyRate.stop()
      return false
    }
    const { bodyIdleTimeoutMs, minBodyRate } = this.#limits
    return this.#bodyRate.isTooSlow(size, this.context.deadlines.tickMs, bodyIdleTimeoutMs, minBodyRate)
  }

  /** Body bytes in the inbox go to the flow. False: the exchange has ended over them. */
  #takeInbox(): boolean {
    const inbox = this.#inbox
    if (inbox.isEmpty || this.body.isRead) return true
    const next = this.#flow.request.take(inbox.bytes, inbox.start, inbox.end)
    if (next < 0) return false
    inbox.start = next
    return true
  }

  #drain(): void {
    const inbox = this.#inbox
    if (!inbox.isEmpty) {
      const next = this.#drainFrom(inbox.bytes, inbox.start, inbox.end)
      if (next < 0) return
      inbox.start = next
    }
    if (this.body.isRead) this.#nextRequest()
    else this.#regulate()
  }

  #drainFrom(bytes: Buffer, start: number, end: number): number {
    const next = this.#flow.request.take(bytes, start, end)
    this.#drainedBytes += next - start
    if (next >= 0 && this.#drainedBytes <= DRAIN_BYTES) return next
    this.#linger()
    return -1
  }

  /** Pauses or resumes reading, as the inbox and upstream allow. */
  #regulate(): void {
    let mustPause = this.#inbox.size >= this.#limits.bufferBytes
    if (this.#phase === EXCHANGE) {
      if (this.#flow.request.mode !== DISCARD) mustPause ||= this.#flow.request.isUpstreamFull
      else if (this.#drainedBytes > DRAIN_BYTES && !this.body.isRead) {
        // It was refused long ago and goes on sending: it shall hear the end of the response, and then nothing more.
        this.mustClose = true
        mustPause = true
      }
    }
    if (mustPause === this.#isPaused) return
    this.#isPaused = mustPause
    if (mustPause) this.#socket.pause()
    else this.#socket.resume()
  }

  #nextRequest(): void {
    this.#phase = HEAD
    this.#isInHead = false
    this.#inbox.settle()
    this.setDeadline(this.#outlet.pendingBytes > 0 ? this.#limits.writeTimeoutMs : this.#keepAliveMs())
    this.#regulate()
    if (this.#isProcessing || this.#isContinuing) return
    if (!this.#inbox.isEmpty) this.#continueLater()
    else if (this.#isHalfClosed || this.context.isDraining) this.#linger()
  }

  /** Others get a turn first: whoever sends requests ahead must not keep the worker to itself. */
  #continueLater(): void {
    this.#isContinuing = true
    setImmediate(() => {
      this.#isContinuing = false
      if (this.#phase === HEAD) this.#process()
    })
  }

  /** Serves what is in the inbox, request by request, while answers come at once. */
  #process(): void {
    if (this.#isProcessing || this.#isContinuing) return
    this.#isProcessing = true
    let served = 0
    // A client that does not take its responses gets no more of them.
    while (this.#phase === HEAD && !this.#inbox.isEmpty && !this.#outlet.isBlocked) {
      if (served === this.#limits.pipelineDepth) {
        this.#continueLater()
        break
      }
      if (!this.#takeHead()) break
      served += 1
    }
    this.#isProcessing = false
    if (this.#phase !== HEAD) return
    if (this.#isContinuing || this.#outlet.isBlocked) return
    if (this.#isHalfClosed) {
      if (this.#inbox.isEmpty) this.#linger()
      else this.destroy('')
    } else if (this.context.isDraining && this.#inbox.isEmpty) this.#linger()
  }

  /** False: the head is not complete. */
  #takeHead(): boolean {
    const { generation } = this.context
    const limits = this.#limits
    const inbox = this.#inbox
    const next = parseRequestHead(inbox.bytes, inbox.start, inbox.end, this.#head, limits)
    if (next === 0) {
      if (!this.#isInHead) {
        this.#isInHead = true
        this.setDeadline(limits.headTimeoutMs)
      }
      this.#regulate()
      return false
    }
    this.#isInHead = false
    if (next < 0) {
      this.#refuse(this.#head.errorCode)
      return false
    }
    inbox.start = next
    if (generation === undefined) {
      this.destroy('')
      return false
    }
    this.clearDeadline()
    this.#phase = EXCHANGE
    this.#drainedBytes = 0
    this.#bodyRate.stop()
    this.#served += 1
    if (this.#served === limits.keepAliveRequests || (limits.maxAgeMs > 0 && this.#ageMs() >= limits.maxAgeMs)) this.mustClose = true
    this.body.begin(this.#head)
    this.#response.begin(this.#head.minorVersion)
    this.#flow.start(this.#exchange, generation)
    if (this.#phase === EXCHANGE) this.#regulate()
    return true
  }

  #refuse(code: string): void {
    const { generation } = this.context
    if (generation === undefined) {
      this.destroy('')
      return
    }
    this.#phase = EXCHANGE
    this.body.isRead = true
    this.#response.begin(this.#head.minorVersion)
    this.#flow.refuse(this.#exchange, generation, code === 'head-timeout' ? HEAD_TIMEOUT : refusalReply(code))
  }

  /** Says that nothing more will come, and waits for the client to do the same: a reset could destroy the response on its way. */
  #linger(): void {
    if (this.#phase === CLOSED || this.#phase === LINGER) return
    this.#phase = LINGER
    this.#drainedBytes = this.#inbox.drop()
    if (this.#isHalfClosed) this.#outlet.end(() => this.destroy(''))
    else this.#outlet.end()
    this.setDeadline(this.#outlet.pendingBytes > 0 ? this.#limits.writeTimeoutMs : DRAIN_TIMEOUT_MS)
    if (this.#isPaused) {
      this.#isPaused = false
      this.#socket.resume()
    }
  }

  #ageMs(): number {
    return this.context.deadlines.tickMs - this.#bornMs
  }

  /** How long the next request may be waited for: not beyond the connection's age. */
  #keepAliveMs(): number {
    const { keepAliveTimeoutMs, maxAgeMs } = this.#limits
    return maxAgeMs === 0 ? keepAliveTimeoutMs : Math.max(0, Math.min(keepAliveTimeoutMs, maxAgeMs - this.#ageMs()))
  }
}
