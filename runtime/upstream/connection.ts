/**
 * One HTTP/1.1 connection to a backend: opens, sends what it is given, reads responses strictly, and says who may use it next.
 * It knows one exchange at a time (its sink) and never keeps a connection whose state is in any doubt (reuse.ts).
 */
import type { Socket } from 'node:net'
import { createOutlet, type Outlet, receiveBuffer, SEND_BYTES, writer } from '../data-path-buffers.ts'
import type { Timed } from '../data-path-deadlines.ts'
import type { LiveExchange } from '../exchange.ts'
import { hasGrpcType } from '../grpc.ts'
import { ChunkedDecoder } from '../http1/chunked.ts'
import { KNOWN } from '../http1/field-names.ts'
import { HEAD_ID } from '../http1/methods.ts'
import { CHUNKED, LENGTH, NO_BODY, parseResponseHead, RESPONSE_HEAD_LIMITS, ResponseHead, UNTIL_CLOSE } from '../http1/response-head.ts'
import { LAST_CHUNK } from '../http1/serialize.ts'
import { hasPassedTrailers, judgeTrailers } from '../http1/trailers.ts'
import { agreesToWebSocket } from '../http1/websocket.ts'
import type { Carrier, CarrierOwner } from './carrier.ts'
import type { UpstreamFailure } from './failure.ts'
import type { Member } from './member.ts'
import { type Origin, writeRequestHead } from './request-writer.ts'
import { keptIdleMs, mayReuse, type ReuseFacts } from './reuse.ts'
import type { RequestFate, ResponseSink, UpstreamStream } from './stream.ts'

/** F19: more 1xx responses than this are no answer. */
export const MAX_INTERIM_RESPONSES = 10

export class UpstreamConnection implements Timed, ReuseFacts, Carrier, UpstreamStream {
  deadlineMs = Number.POSITIVE_INFINITY
  timedIndex = -1
  readonly member: Member
  readonly protocol = 'http1'
  isUsed = false
  readonly #owner: CarrierOwner
  readonly #socket: Socket
  readonly #outlet: Outlet
  #isClosed = false
  #isDraining = false
  /** What it means when the connection is closed while somebody waits. */
  #closeFailure: UpstreamFailure = 'upstream-closed'

  /** Somebody has it, from `take` to the end of the response. */
  #isTaken = false
  #sink: ResponseSink | undefined
  /** A part of the request has been put into `writer` and not been sent. */
  #isComposing = false
  #sendsChunks = false
  /** The response is gRPC, so its trailers are metadata. */
  #isGrpc = false
  isRequestWritten = false
  isResponseRead = false
  isKeptAlive = false
  cameEarly = false
  extraBytes = 0
  #answersHead = false
  /** A part of a head came before the request was written; whether it is a final one is not known yet. */
  #beganEarly = false
  #hasResponseBytes = false
  #hasFinalHead = false
  #interimCount = 0
  #bodyKind = NO_BODY
  #remaining = 0
  #sentAtMs = 0
  #idleMs: number
  #isPaused = false
  /** After a 101: neither the bytes nor the silence are ours to judge. */
  #isTunnel = false
  #hasSentEnd = false
  #hasReceivedEnd = false

  readonly #head = new ResponseHead()
  #decoder: ChunkedDecoder | undefined
  /** What has arrived of a head that is not complete. */
  #partial: Buffer | undefined
  #partialSize = 0

  /** `socket` is connected, and what it reads into `receiveBuffer` is told by `onRead`. */
  constructor(owner: CarrierOwner, member: Member, socket: Socket) {
    this.#owner = owner
    this.member = member
    this.#socket = socket
    this.#outlet = createOutlet(socket, () => this.#onDrain())
    this.#idleMs = owner.settings.poolIdleMs
    owner.deadlines.add(this)
    socket.on('end', () => this.#onEnd())
    // `close` follows and does the work.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A server that wants a certificate says so only after the handshake (RFC 8446 §4.4.2.4).
      if (error.code?.startsWith('ERR_SSL_') === true) this.#closeFailure = 'upstream-tls-failed'
    })
    socket.on('close', () => this.#onClose())
  }

  get capacity(): number {
    return this.#isTaken || this.#isClosed || this.#isDraining ? 0 : 1
  }

  get active(): number {
    return this.#isTaken ? 1 : 0
  }

  take(): UpstreamStream {
    this.#isTaken = true
    this.deadlineMs = Number.POSITIVE_INFINITY
    return this
  }

  rest(): void {
    this.#isTaken = false
    this.deadlineMs = this.#owner.deadlines.after(this.#idleMs)
  }

  drain(): void {
    this.#isDraining = true
    if (!this.#isTaken) this.destroy()
  }

  destroy(): void {
    if (this.#sink !== undefined) this.#fail('upstream-closed')
    else this.#close()
  }

  begin(sink: ResponseSink, exchange: LiveExchange, preserveHost: boolean, origin: Origin, gateway: string): void {
    this.#sink = sink
    this.isRequestWritten = false
    this.isResponseRead = false
    this.isKeptAlive = false
    this.cameEarly = false
    this.#beganEarly = false
    this.extraBytes = 0
    this.#answersHead = exchange.head.methodId === HEAD_ID
    this.#head.upgradeAsked = exchange.isWebSocket
    this.#sendsChunks = exchange.head.isChunked
    this.#hasResponseBytes = false
    this.#hasFinalHead = false
    this.#interimCount = 0
    writer.begin()
    this.#isComposing = true
    writeRequestHead(exchange, this.member, preserveHost, origin, gateway)
  }

  writeData(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end; ) {
      const stop = Math.min(end, at + SEND_BYTES)
      this.#compose()
      if (this.#sendsChunks) writer.chunk(bytes, at, stop)
      else writer.range(bytes, at, stop)
      at = stop
      if (writer.size >= SEND_BYTES) this.#send()
    }
  }

  flush(): boolean {
    if (this.#isComposing) this.#send()
    return !this.#outlet.isBlocked
  }

  endRequest(): void {
    if (this.#sendsChunks) {
      this.#compose()
      writer.bytes(LAST_CHUNK)
    }
    if (this.#isComposing) this.#send()
    this.isRequestWritten = true
    const { deadlines, settings } = this.#owner
    if (this.#hasFinalHead) this.#awaitProgress()
    else {
      this.#sentAtMs = deadlines.tickMs
      this.deadlineMs = deadlines.after(settings.responseTimeoutMs)
    }
  }

  openTunnel(sink: ResponseSink): void {
    this.#isTunnel = true
    this.#sink = sink
    this.deadlineMs = Number.POSITIVE_INFINITY
    this.#socket.allowHalfOpen = true
  }

  endTunnel(): void {
    this.#hasSentEnd = true
    this.#outlet.end()
    if (this.#hasReceivedEnd) this.#leaveTunnel()
  }

  pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.deadlineMs = Number.POSITIVE_INFINITY
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#awaitProgress()
    this.#socket.resume()
  }

  /** Nothing about this connection is certain then, so it is closed. */
  abandon(isFailure: boolean): void {
    this.#sink = undefined
    this.#isComposing = false
    // What the client has broken off must not look to the backend as if it had come to its end.
    if (this.#isTunnel && !this.#isClosed) this.#outlet.reset()
    this.#close()
    if (isFailure) this.#owner.onMemberFailed(this.member, 'upstream-response-timeout')
  }

  onDeadline(): void {
    if (this.#sink === undefined) this.#close()
    else this.#fail(this.#hasFinalHead || !this.isRequestWritten ? 'upstream-idle-timeout' : 'upstream-response-timeout')
  }

  /** Bytes have arrived in `receiveBuffer`. */
  onRead(size: number): void {
    const sink = this.#sink
    if (sink === undefined) {
      // Nobody asked: what stands on an idle connection would be taken for the answer to the next request.
      this.#close()
      return
    }
    this.#hasResponseBytes = true
    if (this.#isTunnel) sink.onResponseData(receiveBuffer, 0, size)
    else if (this.#partial === undefined) this.#take(sink, receiveBuffer, size)
    else this.#takeWithPartial(sink, size)
    if (this.#sink === sink) sink.onReadEnd()
    else if (this.#isTunnel) this.#sink?.onReadEnd()
  }

  #compose(): void {
    if (this.#isComposing) return
    writer.begin()
    this.#isComposing = true
  }

  #send(): void {
    this.#isComposing = false
    const goesOn = this.#outlet.send()
    // A response that began early is silent only if nothing moves in either direction.
    if (!goesOn || this.#hasFinalHead) this.#awaitProgress()
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#owner.deadlines.remove(this)
    this.#socket.destroy()
    this.#owner.onCarrierClosed(this)
  }

  #onDrain(): void {
    if (this.#isClosed || this.#sink === undefined || (this.isRequestWritten && !this.#isTunnel)) return
    this.deadlineMs = Number.POSITIVE_INFINITY
    if (this.#hasFinalHead) this.#awaitProgress()
    this.#sink.onUpstreamDrain()
  }

  /** From now on something has to come, or to be taken, unless it is the client for whom we wait. */
  #awaitProgress(): void {
    if (!this.#isPaused && !this.#isTunnel) this.deadlineMs = this.#owner.deadlines.after(this.#owner.settings.idleTimeoutMs)
  }

  #onEnd(): void {
    if (this.#isClosed) return
    if (this.#sink === undefined) this.#close()
    else if (this.#isTunnel) this.#endOfTunnel(this.#sink)
    else if (!this.#hasFinalHead || this.#bodyKind !== UNTIL_CLOSE) this.#fail(this.#closeFailure)
    // RFC 9112 §9.8: over TLS a body like this is whole only behind a close_notify, and Node does not say whether there was one.
    else if (this.member.isTls) this.#fail('upstream-end-unknown')
    else this.#finishResponse(0)
  }

  #onClose(): void {
    if (this.#isClosed) return
    if (this.#sink !== undefined) this.#fail(this.#closeFailure)
    else this.#close()
  }

  #endOfTunnel(sink: ResponseSink): void {
    this.#hasReceivedEnd = true
    if (this.#hasSentEnd) this.#leaveTunnel()
    sink.onResponseEnd()
  }

  /** Both ends have said that nothing more will come: what we have sent may still be on its way. */
  #leaveTunnel(): void {
    this.#sink = undefined
    this.deadlineMs = this.#owner.deadlines.after(this.#owner.settings.idleTimeoutMs)
    this.#outlet.end(() => this.#close())
  }

  #fail(failure: UpstreamFailure): void {
    const sink = this.#sink
    const fate: RequestFate = this.isUsed && !this.#hasResponseBytes ? 'maybe-stale' : 'maybe-processed'
    this.#sink = undefined
    this.#isComposing = false
    this.#close()
    // How what was tunnelled came to its end is nothing that the member did to us; nor is it, that it closed a connection that rested too long.
    const isBlamed = !this.#isTunnel && (fate !== 'maybe-stale' || failure !== 'upstream-closed') && !this.#waitedForClient(failure)
    if (isBlamed) this.#owner.onMemberFailed(this.member, failure)
    sink?.onUpstreamFailed(failure, fate)
  }

  /** Silence, or an end, while it was the client's turn to send: else one that never sends its bodies could take members from all others. */
  #waitedForClient(failure: UpstreamFailure): boolean {
    return (failure === 'upstream-closed' || failure === 'upstream-idle-timeout') && !this.isRequestWritten && !this.#outlet.isBlocked
  }

  #takeWithPartial(sink: ResponseSink, size: number): void {
    const before = this.#partialSize
    let bytes = this.#partial as Buffer
    if (before + size > bytes.length) {
      bytes = Buffer.allocUnsafeSlow(Math.max(bytes.length * 2, before + size))
      ;(this.#partial as Buffer).copy(bytes, 0, 0, before)
      this.#partial = bytes
      // The head's offsets belong to the bytes that it was read from.
      this.#head.reset()
    }
    receiveBuffer.copy(bytes, before, 0, size)
    this.#partialSize = before + size
    this.#take(sink, bytes, before + size)
  }

  #keepPartial(bytes: Buffer, start: number, end: number): void {
    if (bytes === this.#partial && start === 0) return
    const kept = Buffer.allocUnsafeSlow(Math.max(1024, (end - start) * 2))
    bytes.copy(kept, 0, start, end)
    this.#partial = kept
    this.#partialSize = end - start
    this.#head.reset()
  }

  #take(sink: ResponseSink, bytes: Buffer, end: number): void {
    let at = 0
    while (!this.#hasFinalHead) {
      if (at === end) {
        this.#partial = undefined
        return
      }
      const next = this.#takeHead(sink, bytes, at, end)
      if (this.#isTunnel) {
        this.#partial = undefined
        if (next < end) this.#sink?.onResponseData(bytes, next, end)
        return
      }
      if (next <= 0 || this.#sink !== sink) return
      at = next
    }
    this.#partial = undefined
    if (this.#bodyKind === NO_BODY) this.#finishResponse(end - at)
    else if (this.#bodyKind === LENGTH) this.#takeLength(sink, bytes, at, end)
    else if (this.#bodyKind === CHUNKED) this.#takeChunks(sink, bytes, at, end)
    else if (at < end) sink.onResponseData(bytes, at, end)
    if (this.#sink === sink) this.#awaitProgress()
  }

  /** Offset behind the head, or 0 when it has to wait, or -1 when it failed. */
  #takeHead(sink: ResponseSink, bytes: Buffer, at: number, end: number): number {
    const head = this.#head
    head.answersHead = this.#answersHead
    const next = parseResponseHead(bytes, at, end, head, RESPONSE_HEAD_LIMITS)
    if (next < 0) {
      this.#fail('upstream-response-invalid')
      return -1
    }
    const isEarly = !this.isRequestWritten || this.#outlet.pendingBytes > 0 || this.#outlet.isQueued
    if (next === 0) {
      if (isEarly) this.#beganEarly = true
      this.#keepPartial(bytes, at, end)
      return 0
    }
    if (isEarly || this.#beganEarly) this.cameEarly = !head.isInterim
    this.#beganEarly = false
    if (head.isInterim) {
      this.#interimCount += 1
      if (this.#interimCount > MAX_INTERIM_RESPONSES) {
        this.#fail('upstream-too-many-interim')
        return -1
      }
      sink.onInterimResponse(head)
      return next
    }
    if (head.status === 101 && (this.cameEarly || !agreesToWebSocket(head))) {
      this.#fail('upstream-response-invalid')
      return -1
    }
    this.#hasFinalHead = true
    this.#bodyKind = head.bodyKind
    this.#remaining = head.contentLength
    this.#setKeepAlive(head)
    this.#isGrpc = head.isChunked && hasGrpcType(head)
    this.#owner.onMemberAnswered(this.member, head.status, this.isRequestWritten ? this.#owner.deadlines.tickMs - this.#sentAtMs : 0)
    if (head.bodyKind === CHUNKED) {
      this.#decoder ??= new ChunkedDecoder()
      this.#decoder.reset()
    }
    sink.onResponseHead(head)
    return next
  }

  #setKeepAlive(head: ResponseHead): void {
    // Who was asked to switch and did not may think otherwise.
    this.isKeptAlive = head.keepAlive && head.bodyKind !== UNTIL_CLOSE && !head.upgradeAsked
    const index = head.indexOfKnown(KNOWN.keepAlive)
    this.#idleMs = keptIdleMs(this.#owner.settings.poolIdleMs, index < 0 ? undefined : head.value(index))
    if (this.#idleMs === 0) this.isKeptAlive = false
  }

  #takeLength(sink: ResponseSink, bytes: Buffer, start: number, end: number): void {
    const size = Math.min(end - start, this.#remaining)
    this.#remaining -= size
    if (size > 0) sink.onResponseData(bytes, start, start + size)
    if (this.#remaining === 0 && this.#sink === sink) this.#finishResponse(end - start - size)
  }

  #takeChunks(sink: ResponseSink, bytes: Buffer, start: number, end: number): void {
    const decoder = this.#decoder as ChunkedDecoder
    let at = start
    while (at < end && !decoder.isDone) {
      at = decoder.decode(bytes, at, end)
      if (at < 0) {
        this.#fail('upstream-response-invalid')
        return
      }
      if (decoder.dataEnd > decoder.dataStart) sink.onResponseData(bytes, decoder.dataStart, decoder.dataEnd)
      if (this.#sink !== sink) return
    }
    if (!decoder.isDone) return
    const { trailers } = decoder
    if (trailers !== undefined) {
      judgeTrailers(trailers, this.#isGrpc)
      if (hasPassedTrailers(trailers)) sink.onResponseTrailers(trailers)
    }
    this.#finishResponse(end - at)
  }

  #finishResponse(extraBytes: number): void {
    const sink = this.#sink as ResponseSink
    this.#sink = undefined
    this.isResponseRead = true
    this.extraBytes = extraBytes
    this.isUsed = true
    const isReusable = mayReuse(this) && !this.#isClosed && !this.#isDraining
    if (this.#isPaused) {
      this.#isPaused = false
      this.#socket.resume()
    }
    sink.onResponseEnd()
    this.#isTaken = false
    if (isReusable) this.#owner.onCarrierFree(this)
    else this.#close()
  }
}
