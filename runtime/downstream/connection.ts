/**
 * One client connection: collects heads, hands body bytes to its flow, and decides when to read, to pause and to close.
 * Requests are served strictly one after the other; what a client sends ahead waits in the inbox, and when that is full nobody reads.
 */
import type { Socket } from 'node:net'
import { localReply } from '../../policies/contract.ts'
import type { Address } from '../client-address.ts'
import type { DownstreamLimits, Telemetry } from '../data-path.ts'
import { Outlet, receiveBuffer } from '../data-path-buffers.ts'
import type { Deadlines, Timed } from '../data-path-deadlines.ts'
import { LiveExchange } from '../exchange.ts'
import type { Generation } from '../generation.ts'
import { refusalReply } from '../http1/refusals.ts'
import { parseRequestHead, RequestHead } from '../http1/request-head.ts'
import type { Router } from '../router.ts'
import type { Pool } from '../upstream/pool.ts'
import { Origin } from '../upstream/request-writer.ts'
import { DISCARD, Flow, FORWARD, HOLD } from './flow.ts'
import { RequestBody } from './request-body.ts'

/** F22: an unwanted body is read up to this size and for this long, so that the reply gets through before the connection is closed. */
export const DRAIN_BYTES = 64 * 1024
export const DRAIN_TIMEOUT_MS = 1000

/** First size of an inbox: most heads fit. */
const INBOX_BYTES = 2048
/** A larger one is let go of when the connection falls idle. */
const KEPT_INBOX_BYTES = 16 * 1024

const HEAD_TIMEOUT = localReply(408, 'head-timeout', 'The head of the request did not arrive in time.')

/** Between requests, or within a head. */
const HEAD = 0
const EXCHANGE = 1
/** The response is sent, what is left of the request body is read and dropped. */
const DRAIN = 2
/** Our end is closed: reads until the client closes its own, so that no reset overtakes the last response. */
const LINGER = 3
const CLOSED = 4

/** What all connections of a data path share. */
export interface DownstreamContext {
  readonly gateway: string
  readonly limits: DownstreamLimits
  readonly deadlines: Deadlines
  readonly telemetry: Telemetry
  readonly router: Router
  readonly nowMs: () => number
  readonly isDraining: boolean
  /** For new requests; `undefined` before the first was activated. */
  readonly generation: Generation | undefined
  pool(generation: Generation, backend: number): Pool
  exchangeEnded(exchange: LiveExchange): void
  connectionClosed(connection: DownstreamConnection): void
}

export class DownstreamConnection implements Timed {
  deadlineMs: number
  timedIndex = -1
  readonly context: DownstreamContext
  readonly origin: Origin
  readonly body = new RequestBody()
  /** Position among all connections of the data path. */
  listIndex = -1
  /** No request after this one: framing is in doubt. */
  mustClose = false

  readonly #socket: Socket
  readonly #outlet: Outlet
  readonly #head = new RequestHead()
  readonly #exchange: LiveExchange
  readonly #flow: Flow
  #phase = HEAD
  /** Bytes that have arrived and nobody has taken: `#inbox[#start, #end)`. The head of the exchange in flight lies before them. */
  #inbox: Buffer = Buffer.allocUnsafe(INBOX_BYTES)
  #start = 0
  #end = 0
  #isInHead = false
  #isPaused = false
  #isHalfClosed = false
  #isProcessing = false
  #isContinuing = false
  #drainedBytes = 0

  constructor(socket: Socket, peer: Address, context: DownstreamContext) {
    this.#socket = socket
    this.#outlet = new Outlet(socket, () => this.#onDrain())
    this.context = context
    this.origin = new Origin(peer)
    this.#exchange = new LiveExchange(this.#head, context.nowMs)
    this.#flow = new Flow(this)
    this.deadlineMs = Number.POSITIVE_INFINITY
    context.deadlines.add(this)
    this.setDeadline(context.limits.headTimeoutMs)
    socket.on('end', () => this.#onEnd())
    // `close` follows and does the work.
    socket.on('error', () => {})
    socket.on('close', () => this.#onClose())
  }

  get isIdle(): boolean {
    return this.#phase === HEAD && this.#start === this.#end
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
      case HEAD:
        this.#keep(receiveBuffer, 0, size)
        this.#process()
        return
      default:
        this.#readBody(size)
    }
  }

  /** Sends what was written since `writer.begin()`. False: the client takes no more now. */
  send(): boolean {
    if (this.#phase === CLOSED) return true
    if (this.#outlet.send()) return true
    this.setDeadline(this.context.limits.writeTimeoutMs)
    return false
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
    const isDue = !this.body.isRead && this.#flow.bodyMode === FORWARD && !this.#flow.isUpstreamFull
    if (isDue) this.setDeadline(this.context.limits.bodyIdleTimeoutMs)
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
    if (this.#start < this.#end) {
      const next = take(this.#inbox, this.#start, this.#end)
      if (next < 0) return false
      this.#start = next
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
    this.#flow.bodyMode = DISCARD
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
    this.#socket.resetAndDestroy()
  }

  /** Ends the connection at once; an exchange in flight ends with this code. */
  destroy(code: string): void {
    if (this.#phase === CLOSED) return
    this.#flow.abort(code)
    this.#close()
    this.#socket.destroy()
  }

  /** No more requests: closes when nothing is in flight. */
  drain(): void {
    if (this.#phase === HEAD && !this.#isInHead && this.#start === this.#end) this.#linger()
  }

  onDeadline(): void {
    if (this.#phase === HEAD && this.#isInHead) this.#refuse('head-timeout')
    else if (this.#phase === EXCHANGE && this.#outlet.isBlocked) this.destroy('client-write-timeout')
    else if (this.#phase === EXCHANGE) {
      this.clearDeadline()
      this.#flow.onDeadline()
    } else if (this.#phase === DRAIN) this.#linger()
    else this.destroy('')
  }

  #onDrain(): void {
    if (this.#phase === CLOSED || this.#phase === LINGER) return
    if (this.#phase === EXCHANGE) {
      this.clearDeadline()
      this.#flow.onClientDrain()
      this.awaitBody()
    } else if (this.#phase === HEAD) {
      this.setDeadline(this.context.limits.keepAliveTimeoutMs)
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
    if (this.#phase === HEAD && this.#start < this.#end && !this.#isInHead) return
    if (this.#phase === HEAD && !this.#isInHead) this.#linger()
    else this.destroy('')
  }

  /** Ends an exchange whose request will never be complete. What has arrived of it and not been looked at may be all of it. */
  #isCutShort(): boolean {
    if (!this.#isHalfClosed || this.body.isRead || this.#start < this.#end || this.#flow.bodyMode === DISCARD) return false
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
    if (this.#flow.isActive && this.#flow.isAwaitingContinue) this.#flow.bodyArrived()
    if (this.#start < this.#end || this.body.isRead || this.#flow.bodyMode === HOLD) this.#keep(receiveBuffer, 0, size)
    else {
      const next = this.#phase === DRAIN ? this.#drainFrom(receiveBuffer, 0, size) : this.#flow.takeBody(receiveBuffer, 0, size)
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
      if (this.#phase === EXCHANGE && this.#flow.bodyMode === DISCARD) this.#drainedBytes += next
      if (next < size) this.#keep(receiveBuffer, next, size)
      if (this.#phase === DRAIN && this.body.isRead) {
        this.#nextRequest()
        return
      }
      if (this.#phase === EXCHANGE) this.awaitBody()
    }
    this.#regulate()
  }

  /** Body bytes in the inbox go to the flow. False: the exchange has ended over them. */
  #takeInbox(): boolean {
    if (this.#start === this.#end || this.body.isRead) return true
    const next = this.#flow.takeBody(this.#inbox, this.#start, this.#end)
    if (next < 0) return false
    this.#start = next
    return true
  }

  #drain(): void {
    if (this.#start < this.#end) {
      const next = this.#drainFrom(this.#inbox, this.#start, this.#end)
      if (next < 0) return
      this.#start = next
    }
    if (this.body.isRead) this.#nextRequest()
    else this.#regulate()
  }

  #drainFrom(bytes: Buffer, start: number, end: number): number {
    const next = this.#flow.takeBody(bytes, start, end)
    this.#drainedBytes += next - start
    if (next >= 0 && this.#drainedBytes <= DRAIN_BYTES) return next
    this.#linger()
    return -1
  }

  /** Pauses or resumes reading, as the inbox and upstream allow. */
  #regulate(): void {
    const isFull = this.#end - this.#start >= this.context.limits.bufferBytes
    let mustPause = isFull
    if (this.#phase === EXCHANGE) {
      if (this.#flow.bodyMode !== DISCARD) mustPause ||= this.#flow.isUpstreamFull
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
    if (this.#start === this.#end) {
      this.#start = 0
      this.#end = 0
      if (this.#inbox.length > KEPT_INBOX_BYTES) this.#inbox = Buffer.allocUnsafe(INBOX_BYTES)
    }
    this.setDeadline(this.#outlet.pendingBytes > 0 ? this.context.limits.writeTimeoutMs : this.context.limits.keepAliveTimeoutMs)
    this.#regulate()
    if (this.#isProcessing || this.#isContinuing) return
    if (this.#start < this.#end) this.#continueLater()
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
    while (this.#phase === HEAD && this.#start < this.#end && !this.#outlet.isBlocked) {
      if (served === this.context.limits.pipelineDepth) {
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
      if (this.#start < this.#end) this.destroy('')
      else this.#linger()
    } else if (this.context.isDraining && this.#start === this.#end) this.#linger()
  }

  /** False: the head is not complete. */
  #takeHead(): boolean {
    const { limits, generation } = this.context
    const next = parseRequestHead(this.#inbox, this.#start, this.#end, this.#head, limits)
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
    this.#start = next
    if (generation === undefined) {
      this.destroy('')
      return false
    }
    this.clearDeadline()
    this.#phase = EXCHANGE
    this.#drainedBytes = 0
    this.body.begin(this.#head)
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
    this.#flow.refuse(this.#exchange, generation, code === 'head-timeout' ? HEAD_TIMEOUT : refusalReply(code))
  }

  /** Says that nothing more will come, and waits for the client to do the same: a reset could destroy the response on its way. */
  #linger(): void {
    if (this.#phase === CLOSED || this.#phase === LINGER) return
    this.#phase = LINGER
    this.#drainedBytes = this.#end - this.#start
    this.#start = this.#end
    if (this.#isHalfClosed) this.#socket.end(() => this.destroy(''))
    else this.#socket.end()
    this.setDeadline(this.#outlet.pendingBytes > 0 ? this.context.limits.writeTimeoutMs : DRAIN_TIMEOUT_MS)
    if (this.#isPaused) {
      this.#isPaused = false
      this.#socket.resume()
    }
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    const size = end - start
    if (this.#end + size > this.#inbox.length) this.#makeRoom(size)
    bytes.copy(this.#inbox, this.#end, start, end)
    this.#end += size
  }

  /** A larger inbox, or one without what was taken. Never moves bytes in place: the head of the exchange in flight points into them. */
  #makeRoom(size: number): void {
    // Within a head, offsets have been noted already, so they must stay.
    const from = this.#isInHead ? 0 : this.#start
    const needed = this.#end - from + size
    const larger = Buffer.allocUnsafe(Math.max(needed * 2, INBOX_BYTES))
    this.#inbox.copy(larger, 0, from, this.#end)
    this.#inbox = larger
    this.#start -= from
    this.#end -= from
  }
}
