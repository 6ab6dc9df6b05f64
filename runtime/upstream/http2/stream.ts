/**
 * One request on an HTTP/2 session to a backend. A response is complete when the backend has said so (END_STREAM) and has sent as much as it had
 * announced; in every other end, whatever its code, the response is cut short. Its failure is its own: other streams do not notice.
 */
import { SEND_BYTES, writer } from '../../data-path-buffers.ts'
import type { Timed } from '../../data-path-deadlines.ts'
import type { LiveExchange } from '../../exchange.ts'
import { hasGrpcType, isGrpc } from '../../grpc.ts'
import type { FieldSection } from '../../http1/field-section.ts'
import { HEAD_ID } from '../../http1/methods.ts'
import { LENGTH, NO_BODY, type ResponseHead } from '../../http1/response-head.ts'
import { hasPassedTrailers } from '../../http1/trailers.ts'
import { CANCEL, FLOW_CONTROL_ERROR, NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM } from '../../http2/frames.ts'
import { MAX_INTERIM_RESPONSES } from '../connection.ts'
import type { UpstreamFailure } from '../failure.ts'
import type { Member } from '../member.ts'
import { type Origin, writeRequestHead } from '../request-writer.ts'
import type { RequestFate, ResponseSink, UpstreamStream } from '../stream.ts'
import { STREAM_CREDIT, STREAM_WINDOW } from './limits.ts'
import type { Http2Session } from './session.ts'

export class Http2Stream implements UpstreamStream, Timed {
  deadlineMs = Number.POSITIVE_INFINITY
  timedIndex = -1
  /** 0 until the request has begun. */
  id = 0
  /** What the backend still takes; a change of its settings can make it negative (RFC 9113 §6.9.2). */
  sendWindow = 0
  readonly member: Member
  readonly #session: Http2Session
  #sink: ResponseSink | undefined
  #answersHead = false
  #isOver = false
  /** The request as it was given is complete; sent it is when `isRequestSent`. */
  #isRequestComplete = false
  #isRequestSent = false
  /** Body that did not fit into a window. */
  #unsent: Buffer[] = []
  #unsentBytes = 0
  /** The sender has been told to wait. */
  #isFull = false
  #sentAtMs = 0
  /** Reads of the session when the request was sent: none since then, and the connection may have been stale. */
  #readsBefore = 0
  #wasUsed = false
  /** The same when something last moved: none since then, and it may be that nobody is there any more. */
  #readsAtProgress = 0

  #hasResponse = false
  #hasFinalHead = false
  #isGrpc = false
  #interimCount = 0
  #bodyKind = NO_BODY
  #remaining = 0
  #receiveWindow = STREAM_WINDOW
  /** Taken, and not yet given back to the backend. */
  #uncredited = 0
  #isPaused = false

  constructor(session: Http2Session) {
    this.#session = session
    this.member = session.member
  }

  get hasUnsent(): boolean {
    return this.#unsentBytes > 0
  }

  begin(sink: ResponseSink, exchange: LiveExchange, preserveHost: boolean, origin: Origin, gateway: string): void {
    writer.begin()
    writeRequestHead(exchange, this.member, preserveHost, origin, gateway)
    const head = writer.finish()
    this.#sink = sink
    if (this.#session.isClosed) {
      writer.release(head)
      process.nextTick(() => this.#end('upstream-closed', 'unseen'))
      return
    }
    this.#answersHead = exchange.head.methodId === HEAD_ID
    this.#isRequestSent = !exchange.head.hasBody
    this.#readsBefore = this.#session.readCount
    this.#readsAtProgress = this.#readsBefore
    this.#wasUsed = this.#session.isUsed
    this.#session.begin(this, head, this.#isRequestSent, isGrpc(exchange.head))
    writer.release(head)
  }

  writeData(bytes: Buffer, start: number, end: number): void {
    let at = start
    if (this.#unsentBytes === 0) at += this.#session.sendData(this, bytes, start, end)
    if (at === end) return
    this.#unsent.push(Buffer.from(bytes.subarray(at, end)))
    this.#unsentBytes += end - at
  }

  flush(): boolean {
    const goesOn = this.#session.flush() && this.#unsentBytes === 0
    this.#isFull = !goesOn
    // A response that began early is silent only if nothing moves in either direction.
    if (!goesOn || this.#hasFinalHead) this.#awaitProgress()
    return goesOn
  }

  endRequest(): void {
    this.#isRequestComplete = true
    if (this.#unsentBytes === 0) this.#endSending()
    this.#session.flush()
    const { deadlines, settings } = this.#session.owner
    if (this.#hasFinalHead || this.#unsentBytes > 0) this.#awaitProgress()
    else this.deadlineMs = deadlines.after(settings.responseTimeoutMs)
    this.#sentAtMs = deadlines.tickMs
  }

  pause(): void {
    this.#isPaused = true
    this.deadlineMs = Number.POSITIVE_INFINITY
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    if (this.#sink === undefined) return
    this.#awaitProgress()
    this.#giveCredit()
  }

  abandon(isFailure: boolean): void {
    if (this.#isOver) return
    this.#sink = undefined
    this.#session.resetStream(this, CANCEL)
    this.#forget(true)
    if (isFailure) this.#session.owner.onMemberFailed(this.member, 'upstream-response-timeout')
  }

  onDeadline(): void {
    const isResponseDue = this.#isRequestComplete && this.#unsentBytes === 0 && !this.#hasFinalHead
    if (this.#readsAtProgress === this.#session.readCount) this.#session.suspect()
    this.fail(isResponseDue ? 'upstream-response-timeout' : 'upstream-idle-timeout', CANCEL)
  }

  /** Windows have opened, or the socket takes more: sends what waits. Returns whether anything was put together. */
  pump(): boolean {
    const before = this.#unsentBytes
    while (this.#unsentBytes > 0) {
      const first = this.#unsent[0] as Buffer
      const size = this.#session.sendData(this, first, 0, Math.min(first.length, SEND_BYTES))
      if (size === 0) break
      this.#unsentBytes -= size
      if (size === first.length) this.#unsent.shift()
      else this.#unsent[0] = first.subarray(size)
    }
    if (before === this.#unsentBytes) return false
    if (this.#unsentBytes > 0) this.#awaitProgress()
    else if (this.#isRequestComplete) {
      this.#endSending()
      const { deadlines, settings } = this.#session.owner
      if (!this.#hasFinalHead) this.deadlineMs = deadlines.after(settings.responseTimeoutMs)
    }
    return true
  }

  /** Everything that waited was sent, and the socket takes more: so may the sender. */
  drained(): void {
    if (!this.#isFull || this.#unsentBytes > 0 || this.#isRequestComplete) return
    this.#isFull = false
    this.deadlineMs = Number.POSITIVE_INFINITY
    if (this.#hasFinalHead) this.#awaitProgress()
    this.#sink?.onUpstreamDrain()
  }

  /** A response head; `undefined` where the block was none. */
  onHead(head: ResponseHead | undefined, isLast: boolean): void {
    const sink = this.#sink
    if (sink === undefined) return
    this.#hasResponse = true
    const isCutShort = isLast && head?.bodyKind === LENGTH && head.contentLength > 0
    if (head === undefined || isCutShort || (isLast && head.isInterim)) {
      this.fail('upstream-response-invalid', PROTOCOL_ERROR)
      return
    }
    if (head.isInterim) {
      this.#interimCount += 1
      if (this.#interimCount > MAX_INTERIM_RESPONSES) this.fail('upstream-too-many-interim', CANCEL)
      else sink.onInterimResponse(head)
      return
    }
    const { owner } = this.#session
    this.#hasFinalHead = true
    this.#bodyKind = head.bodyKind
    this.#remaining = head.bodyKind === LENGTH ? head.contentLength : head.bodyKind === NO_BODY ? 0 : Number.POSITIVE_INFINITY
    this.#isGrpc = hasGrpcType(head)
    owner.onMemberAnswered(this.member, head.status, this.#isRequestComplete ? owner.deadlines.tickMs - this.#sentAtMs : 0)
    sink.onResponseHead(head)
    if (this.#sink !== sink) return
    if (isLast) this.#finish()
    else this.#awaitProgress()
  }

  get hasFinalHead(): boolean {
    return this.#hasFinalHead
  }

  get answersHead(): boolean {
    return this.#answersHead
  }

  get isGrpc(): boolean {
    return this.#isGrpc
  }

  /** Trailers; `undefined` where the block was none. They are always the last of a response. */
  onTrailers(trailers: FieldSection | undefined, isLast: boolean): void {
    const sink = this.#sink
    if (sink === undefined) return
    if (trailers === undefined || !isLast || this.#isIncomplete()) {
      this.fail('upstream-response-invalid', PROTOCOL_ERROR)
      return
    }
    if (hasPassedTrailers(trailers)) sink.onResponseTrailers(trailers)
    if (this.#sink === sink) this.#finish()
  }

  /** A DATA frame of this size begins. */
  onDataFrame(size: number): void {
    if (this.#sink === undefined) return
    this.#receiveWindow -= size
    this.#uncredited += size
    if (this.#receiveWindow < 0) this.fail('upstream-response-invalid', FLOW_CONTROL_ERROR)
    else if (!this.#hasFinalHead) this.fail('upstream-response-invalid', PROTOCOL_ERROR)
  }

  onData(bytes: Buffer, start: number, end: number): void {
    const sink = this.#sink
    if (sink === undefined) return
    if (end - start > this.#remaining) {
      this.fail('upstream-response-invalid', PROTOCOL_ERROR)
      return
    }
    this.#remaining -= end - start
    sink.onResponseData(bytes, start, end)
  }

  onDataFrameEnd(isLast: boolean): void {
    if (this.#sink === undefined) return
    if (!isLast) {
      if (!this.#isPaused) this.#awaitProgress()
      return
    }
    if (this.#isIncomplete()) this.fail('upstream-response-invalid', PROTOCOL_ERROR)
    else this.#finish()
  }

  /** Everything that came in one read has been told. */
  onReadEnd(): void {
    this.#sink?.onReadEnd()
    if (this.#sink !== undefined) this.#giveCredit()
  }

  /** RST_STREAM, whatever its code: this response was not complete. */
  onReset(code: number): void {
    if (code === REFUSED_STREAM && !this.#hasResponse) this.#end('upstream-stream-refused', 'unseen')
    else this.fail('upstream-stream-reset', NO_ERROR)
  }

  /** It was sent, and the backend says that it has not looked at it (GOAWAY). */
  onUnseen(): void {
    this.#end('upstream-closed', 'unseen')
  }

  /** The session is gone. */
  onSessionClosed(failure: UpstreamFailure): void {
    const isStale = this.#wasUsed && !this.#hasResponse && this.#readsBefore === this.#session.readCount
    this.#end(failure, isStale ? 'maybe-stale' : 'maybe-processed')
  }

  /** Ends it with an error, and resets the stream unless `code` is NO_ERROR: then it has ended already. */
  fail(failure: UpstreamFailure, code: number): void {
    if (code !== NO_ERROR) this.#session.resetStream(this, code)
    this.#end(failure, 'maybe-processed')
  }

  #end(failure: UpstreamFailure, fate: RequestFate): void {
    const sink = this.#sink
    // What came before it in the same read was right, and is not held back.
    if (this.#hasFinalHead) sink?.onReadEnd()
    if (this.#isOver) return
    this.#sink = undefined
    const isBlamed = fate === 'maybe-processed' && !this.#waitedForClient(failure)
    this.#forget()
    if (sink === undefined) return
    // A kept connection that closes just then is nobody's fault, and what was not looked at has not failed.
    if (isBlamed) this.#session.owner.onMemberFailed(this.member, failure)
    sink.onUpstreamFailed(failure, fate)
  }

  /** Silence, or an end, while it was the client's turn to send: a stream in both directions may well rest, and a client may never send its body. */
  #waitedForClient(failure: UpstreamFailure): boolean {
    const mayBeClients = failure === 'upstream-closed' || failure === 'upstream-idle-timeout' || failure === 'upstream-stream-reset'
    return mayBeClients && !this.#isRequestComplete && this.#unsentBytes === 0
  }

  #finish(): void {
    const sink = this.#sink as ResponseSink
    this.#sink = undefined
    // RFC 9113 §8.1: a response that is complete needs no more of its request.
    if (!this.#isRequestSent) this.#session.resetStream(this, CANCEL)
    this.#session.isUsed = true
    this.#session.told(this)
    sink.onResponseEnd()
    this.#forget()
  }

  #forget(isLater = false): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#unsent = []
    this.#unsentBytes = 0
    this.#session.remove(this, isLater)
  }

  #endSending(): void {
    if (this.#isRequestSent) return
    this.#isRequestSent = true
    this.#session.sendEnd(this)
  }

  /** Less has come than was announced. */
  #isIncomplete(): boolean {
    return this.#bodyKind === LENGTH && this.#remaining > 0
  }

  #awaitProgress(): void {
    const { deadlines, settings } = this.#session.owner
    this.#readsAtProgress = this.#session.readCount
    if (!this.#isPaused) this.deadlineMs = deadlines.after(settings.idleTimeoutMs)
  }

  /** Lets the backend send more, unless the client does not take it, or what is announced fits already. */
  #giveCredit(): void {
    if (this.#isPaused || this.#uncredited < STREAM_CREDIT || this.#remaining <= this.#receiveWindow) return
    this.#session.creditStream(this, this.#uncredited)
    this.#receiveWindow += this.#uncredited
    this.#uncredited = 0
  }
}
