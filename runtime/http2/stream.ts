/**
 * One stream: a request and its response, as `Client` of a flow. It holds what its flow or its client does not take now, each at most what a
 * window allows, and says what it has to say into the session's `FrameWriter`. Streams are used again, whoever's session they belong to.
 */
import assert from 'node:assert'
import type { LocalReply } from '../../policies/contract.ts'
import { SEND_BYTES } from '../data-path-buffers.ts'
import type { Timed } from '../data-path-deadlines.ts'
import { BodyRate } from '../downstream/body-rate.ts'
import type { Client } from '../downstream/client.ts'
import type { DownstreamContext } from '../downstream/context.ts'
import { Flow } from '../downstream/flow.ts'
import { DISCARD, FORWARD, HOLD } from '../downstream/request-forwarding.ts'
import { LiveExchange } from '../exchange.ts'
import type { Generation } from '../generation.ts'
import { isGrpc } from '../grpc.ts'
import type { FieldSection } from '../http1/field-section.ts'
import { parseRequestHead, RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { hasPassedTrailers } from '../http1/trailers.ts'
import type { Origin } from '../upstream/request-writer.ts'
import { ByteQueue } from './byte-queue.ts'
import { returnChunk } from './chunks.ts'
import { CANCEL, DEFAULT_WINDOW, END_STREAM, FRAME_BYTES, INTERNAL_ERROR, NO_ERROR, PROTOCOL_ERROR } from './frames.ts'
import { type Http2RefusalCode, http2RefusalReply } from './refusals.ts'
import { TEXT_BYTES } from './request-text.ts'
import { writeContinue, writeInterimHead, writeReplyHead, writeResponseHead, writeTrailers } from './response-fields.ts'
import type { Http2Session } from './session.ts'
import { StreamBody } from './stream-body.ts'

/** What a client may send of a body before somebody has taken it: as much as of HTTP/1.1. */
export const STREAM_WINDOW = DEFAULT_WINDOW
/** Taken bytes are given back in pieces, so that a WINDOW_UPDATE is worth its while. */
const CREDIT_BYTES = STREAM_WINDOW >> 1
/** F22: so much of a body that nobody wants is taken, so that the client hears the reply; then it has to wait. */
const DISCARDED_BYTES = 64 * 1024
/** A stream that is used again keeps a text of this size. */
const KEPT_TEXT_BYTES = 16 * 1024
/** A smaller piece of a response, because its window is that small, is no progress: CVE-2019-9511, "data dribble". */
const SMALL_FRAME_BYTES = 256
const NOTHING = Buffer.alloc(0)

export class Http2Stream implements Client, Timed {
  deadlineMs = Number.POSITIVE_INFINITY
  timedIndex = -1
  readonly context: DownstreamContext
  readonly body = new StreamBody()
  /** Extended CONNECT (RFC 8441) is not offered. */
  readonly tunnelEnd = undefined
  /** Each stream stands for itself: a session is not closed for what one of them did. */
  mustClose = false
  id = 0
  session!: Http2Session
  /** The request's head as HTTP/1.1, which `exchange.head` points into. */
  text: Buffer = Buffer.allocUnsafeSlow(TEXT_BYTES)
  /** What the client allows to send. May be negative after it has changed its mind (RFC 9113 §6.9.2). */
  sendWindow = 0
  receiveWindow = 0
  /** It waits in the session's list for the socket or a window. */
  isListed = false
  /** No frame of it will be sent any more. */
  isClosed = true
  readonly #head = new RequestHead()
  readonly #exchange: LiveExchange
  readonly #flow: Flow
  readonly #bodyRate = new BodyRate()
  #isGrpc = false
  /** Body bytes of the request that nobody has taken. */
  readonly #inbox = new ByteQueue()
  /** Body bytes of the response that the client does not take now. */
  readonly #outbox = new ByteQueue()
  /** Taken, and not given back to any window. */
  #uncreditedBytes = 0
  /** Given back to the session's window, not yet to the stream's. */
  #owedBytes = 0
  #discardedBytes = 0
  /** With which it is reset when the response is complete. */
  #errorCode = NO_ERROR
  /** The response is complete, some of it may wait in the outbox. */
  #hasEnded = false
  /** Frames of trailers that have to follow the outbox. */
  #trailers: Buffer = NOTHING
  /** The flow was told that the client takes no more, and waits to hear that it does. */
  #isBlocked = false
  /** Where the last frame of this stream begins in the session's writer, as long as that is in its `#lastFrameTurn`. */
  #lastFrameAt = 0
  #lastFrameTurn = -1

  constructor(context: DownstreamContext) {
    this.context = context
    this.#exchange = new LiveExchange(this.#head, context.nowMs)
    this.#flow = new Flow(this)
  }

  /** A policy still thinks about its exchange, though nobody waits for the answer: it cannot be used again until then. */
  get isThinking(): boolean {
    return this.#exchange.isAbandoned && this.#exchange.chain !== undefined
  }

  get origin(): Origin {
    return this.session.origin
  }

  /** The request has begun and was understood as far as the text goes. `size` bytes of `text` are its head. */
  open(session: Http2Session, id: number, sendWindow: number): void {
    this.session = session
    this.id = id
    this.sendWindow = sendWindow
    this.receiveWindow = STREAM_WINDOW
    this.isClosed = false
    this.mustClose = false
    this.#owedBytes = 0
    this.#discardedBytes = 0
    this.#errorCode = NO_ERROR
    this.#hasEnded = false
    this.#isBlocked = false
    this.#lastFrameTurn = -1
    this.clearDeadline()
    this.context.deadlines.add(this)
    this.#head.reset()
    this.body.begin(-1, true)
  }

  /** Reads the head that `text[0, size)` is, and serves it. */
  serve(size: number, hasEnded: boolean, generation: Generation): void {
    const head = this.#head
    const next = parseRequestHead(this.text, 0, size, head, this.session.limits)
    if (next < 0) {
      this.refuse(head.errorCode as Http2RefusalCode, false, hasEnded, generation)
      return
    }
    // Anything else would be a second message in the text, and no byte can get there that could begin one.
    assert(next === size)
    if (hasEnded && head.contentLength > 0) {
      this.refuse('content-length-mismatch', true, hasEnded, generation)
      return
    }
    this.body.begin(head.contentLength, hasEnded)
    if (!hasEnded) {
      this.#bodyRate.stop()
      this.#isGrpc = isGrpc(head)
    }
    this.#flow.start(this.#exchange, generation)
  }

  /** A reply for a request that is none. `isMalformed`: it is a stream error too (RFC 9113 §8.1.1). */
  refuse(code: Http2RefusalCode, isMalformed: boolean, hasEnded: boolean, generation: Generation): void {
    this.body.begin(-1, hasEnded)
    if (isMalformed) {
      this.#errorCode = PROTOCOL_ERROR
      this.session.noteGlitch()
    }
    this.#flow.refuse(this.#exchange, generation, http2RefusalReply(code))
  }

  /** A DATA frame came, padding taken off. */
  onData(bytes: Buffer, start: number, end: number, isLast: boolean): void {
    const size = end - start
    if (!this.body.arrived(size, isLast)) {
      this.session.noteGlitch()
      this.reset(PROTOCOL_ERROR, 'content-length-mismatch')
      return
    }
    const { request } = this.#flow
    if (size > 0 && this.#flow.isActive && request.isAwaitingContinue) request.bodyArrived()
    if (this.#inbox.size > 0 || this.#isHolding()) {
      if (size > 0) this.#inbox.add(bytes, start, end)
      return
    }
    this.#take(bytes, start, end)
    if (this.isClosed) return
    if (this.session.limits.minBodyRate > 0 && this.#isBodyTooSlow(size)) this.#flow.onDeadline()
    else this.awaitBody()
  }

  /** Padding of a DATA frame counts in the windows (RFC 9113 §6.9.1), and nobody has to take it. */
  onPadding(size: number): void {
    this.session.credit(size)
    this.#owe(size)
  }

  /** END_STREAM came without data: with trailers, which are dropped (F26). */
  onEnd(): void {
    this.onData(NOTHING, 0, 0, true)
  }

  /** Window or socket let something through again. */
  onSendable(): void {
    if (this.isClosed) return
    this.#pump()
    if (this.isClosed) return
    if (this.#isFull) this.session.list(this)
    else if (this.#isBlocked) {
      this.#isBlocked = false
      this.clearDeadline()
      if (!this.#flow.isActive) return
      this.#flow.onClientDrain()
      if (!this.isClosed) this.awaitBody()
    }
  }

  /** The client has reset it, or is gone. */
  onClientGone(code: string): void {
    if (this.isClosed) return
    this.#flow.abort(code)
    this.#close()
  }

  /** Ends it with an error for which there is no reply. */
  reset(errorCode: number, code: string): void {
    if (this.isClosed) return
    this.#flow.abort(code)
    if (this.isClosed) return
    this.session.writeReset(this.id, errorCode)
    this.#close()
  }

  onDeadline(): void {
    if (this.#isBlocked) {
      this.reset(CANCEL, 'client-write-timeout')
      return
    }
    this.clearDeadline()
    if (this.#flow.isActive) this.#flow.onDeadline()
  }

  setDeadline(afterMs: number): void {
    this.deadlineMs = this.context.deadlines.after(afterMs)
  }

  clearDeadline(): void {
    this.deadlineMs = Number.POSITIVE_INFINITY
  }

  awaitBody(): void {
    this.#credit()
    if (this.#isFull) return
    const { request } = this.#flow
    const { limits } = this.session
    if (this.body.hasEnded || request.mode !== FORWARD || request.isUpstreamFull) this.clearDeadline()
    // Once there is a response it may be a stream in both directions, and who says what when is their affair.
    else this.setDeadline(this.#flow.response.hasHead ? limits.tunnelIdleTimeoutMs : limits.bodyIdleTimeoutMs)
  }

  resumeBody(): void {
    if (this.isClosed) return
    this.#takeInbox()
    if (!this.isClosed) this.awaitBody()
  }

  takeHeldBody(take: (bytes: Buffer, start: number, end: number) => number): boolean {
    const { start, end } = this.#inbox
    if (start === end) return true
    const bytes = this.#inbox.take()
    this.#uncreditedBytes += end - start
    const next = take(bytes, start, end)
    if (next >= 0 && !this.isClosed) this.#keepRest(bytes, next, end)
    returnChunk(bytes)
    return next >= 0 && !this.isClosed
  }

  /** Nothing stands behind it that would be lost. */
  mayDrain(): boolean {
    return true
  }

  drainBody(): void {
    this.#takeInbox()
  }

  sendContinue(): void {
    if (this.isClosed) return
    writeContinue(this.session.out, this.id)
    this.session.wrote()
  }

  sendInterim(head: ResponseHead): void {
    if (this.isClosed) return
    writeInterimHead(this.session.out, this.id, head)
    this.session.wrote()
  }

  writeHead(exchange: LiveExchange, head: ResponseHead, mayKeepAlive: boolean): boolean {
    if (this.isClosed) return false
    this.#noteFrame(writeResponseHead(this.session.out, this.id, exchange, head))
    this.session.guard.responded()
    return mayKeepAlive
  }

  writeData(bytes: Buffer, start: number, end: number): void {
    if (this.isClosed) return
    const sent = this.#outbox.size > 0 ? start : this.#sendData(bytes, start, end)
    if (sent < end) this.#outbox.add(bytes, sent, end)
  }

  writeEnd(received: FieldSection | undefined): void {
    if (this.isClosed) return
    this.#hasEnded = true
    const trailers = received !== undefined && hasPassedTrailers(received) ? received : undefined
    const { out } = this.session
    if (this.#outbox.size > 0) {
      if (trailers === undefined) return
      const at = out.size
      writeTrailers(out, this.id, trailers)
      this.#trailers = Buffer.from(out.bytes.subarray(at, out.size))
      out.size = at
    } else if (trailers !== undefined) writeTrailers(out, this.id, trailers)
    else this.#writeLastFlag()
  }

  flush(): boolean {
    if (this.isClosed) return true
    this.session.wrote()
    if (!this.#isFull) return true
    if (!this.#isBlocked) {
      this.#isBlocked = true
      this.setDeadline(this.session.limits.writeTimeoutMs)
    }
    this.session.list(this)
    return false
  }

  sendReply(exchange: LiveExchange, reply: LocalReply, _mayKeepAlive: boolean, isHead: boolean): number {
    const body = writeReplyHead(this.session.out, this.id, exchange, reply, isHead)
    this.#lastFrameTurn = -1
    this.session.guard.responded()
    if (body !== undefined) {
      this.writeData(body, 0, body.length)
      this.writeEnd(undefined)
    } else this.#hasEnded = true
    this.flush()
    return body?.length ?? 0
  }

  onResponseSent(): void {
    if (this.isClosed) return
    if (this.#outbox.size > 0) {
      // What is left is only a matter between the client and us.
      this.#isBlocked = true
      this.setDeadline(this.session.limits.writeTimeoutMs)
      this.session.list(this)
    } else this.#finish()
  }

  cutShort(code: string): void {
    this.reset(INTERNAL_ERROR, code)
  }

  destroy(code: string): void {
    this.reset(CANCEL, code)
  }

  /** Nothing more goes to the client now. */
  get #isFull(): boolean {
    return this.#outbox.size > 0 || this.session.isBlocked
  }

  /** Only of a body that is wanted and waited for, and not of gRPC, where a request may be a message now and then. */
  #isBodyTooSlow(size: number): boolean {
    const { request, response, isActive } = this.#flow
    if (!isActive || this.body.isRead || request.mode !== FORWARD || request.isUpstreamFull || response.hasHead || this.#isGrpc) {
      this.#bodyRate.stop()
      return false
    }
    const { bodyIdleTimeoutMs, minBodyRate } = this.session.limits
    return this.#bodyRate.isTooSlow(size, this.context.deadlines.tickMs, bodyIdleTimeoutMs, minBodyRate)
  }

  /** Body bytes are to wait here. */
  #isHolding(): boolean {
    const { request } = this.#flow
    if (!this.#flow.isActive) return false
    return request.mode === HOLD || (request.mode === FORWARD && request.isUpstreamFull)
  }

  #takeInbox(): void {
    const { start, end } = this.#inbox
    if (start === end) return
    const bytes = this.#inbox.take()
    this.#take(bytes, start, end)
    returnChunk(bytes)
  }

  /** Gives body bytes to the flow, and keeps what it does not take. */
  #take(bytes: Buffer, start: number, end: number): void {
    this.#uncreditedBytes += end - start
    if (this.#flow.isActive) {
      const next = this.#flow.request.take(bytes, start, end)
      if (this.isClosed) return
      if (next >= 0) this.#keepRest(bytes, next, end)
    } else this.body.next(bytes, start, end)
    this.#credit()
  }

  #keepRest(bytes: Buffer, start: number, end: number): void {
    if (start === end) return
    this.#uncreditedBytes -= end - start
    this.#inbox.add(bytes, start, end)
  }

  /** What was taken of the body the client may send again; unless upstream does not take it, or the client was told that nobody wants it. */
  #credit(): void {
    const { request, isActive } = this.#flow
    if (isActive && request.mode === FORWARD && request.isUpstreamFull) return
    const size = this.#uncreditedBytes
    if (size === 0) return
    this.#uncreditedBytes = 0
    this.session.credit(size)
    if (!isActive || request.mode === DISCARD) {
      this.#discardedBytes += size
      if (this.#discardedBytes > DISCARDED_BYTES) return
    }
    this.#owe(size)
  }

  #owe(size: number): void {
    this.#owedBytes += size
    if (this.#owedBytes < CREDIT_BYTES || this.body.hasEnded) return
    this.session.writeWindowUpdate(this.id, this.#owedBytes)
    this.receiveWindow += this.#owedBytes
    this.#owedBytes = 0
  }

  /** Sends what the windows allow, and returns the offset behind it. */
  #sendData(bytes: Buffer, start: number, end: number): number {
    const { session } = this
    const { out } = session
    let at = start
    while (at < end && !session.isBlocked) {
      const size = Math.min(end - at, this.sendWindow, session.sendWindow, FRAME_BYTES)
      if (size <= 0) break
      this.#noteFrame(out.size)
      out.data(0, this.id, bytes, at, at + size)
      at += size
      this.sendWindow -= size
      session.sendWindow -= size
      if (size >= SMALL_FRAME_BYTES || at === end) session.guard.responded()
      if (out.size >= SEND_BYTES) session.send()
    }
    return at
  }

  /** Sends what waits. */
  #pump(): void {
    const outbox = this.#outbox
    if (outbox.size === 0) return
    const sent = this.#sendData(outbox.bytes, outbox.start, outbox.end) - outbox.start
    if (sent === 0) return
    outbox.drop(sent)
    this.session.wrote()
    if (outbox.size > 0) this.setDeadline(this.session.limits.writeTimeoutMs)
    else if (this.#hasEnded) {
      if (this.#trailers.length > 0) this.session.out.copied(this.#trailers)
      else this.#writeLastFlag()
      this.#finish()
    }
  }

  #noteFrame(at: number): void {
    this.#lastFrameAt = at
    this.#lastFrameTurn = this.session.out.turn
  }

  /** END_STREAM, on the last frame if that was not sent yet. */
  #writeLastFlag(): void {
    const { out } = this.session
    if (this.#lastFrameTurn === out.turn) out.addFlag(this.#lastFrameAt, END_STREAM)
    else out.data(END_STREAM, this.id, NOTHING, 0, 0)
  }

  /** The response is with the session. RFC 9113 §8.1: who has not sent all of its request shall stop, and keep the response. */
  #finish(): void {
    if (this.#errorCode !== NO_ERROR || !this.body.hasEnded) this.session.writeReset(this.id, this.#errorCode)
    this.#close()
  }

  #close(): void {
    this.isClosed = true
    this.clearDeadline()
    this.context.deadlines.remove(this)
    this.session.credit(this.#uncreditedBytes + this.#inbox.size)
    this.#uncreditedBytes = 0
    this.#inbox.clear()
    this.#outbox.clear()
    this.#trailers = NOTHING
    if (this.text.length > KEPT_TEXT_BYTES) this.text = Buffer.allocUnsafeSlow(TEXT_BYTES)
    this.session.streamClosed(this)
  }
}
