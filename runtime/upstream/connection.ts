/**
 * One HTTP/1.1 connection to a backend: opens, sends what it is given, reads responses strictly, and says who may use it next.
 * It knows one exchange at a time (its sink) and never keeps a connection whose state is in any doubt (reuse.ts).
 */
import net, { type Socket } from 'node:net'
import { Outlet, receiveBuffer } from '../data-path-buffers.ts'
import type { Timed } from '../data-path-deadlines.ts'
import { ChunkedDecoder } from '../http1/chunked.ts'
import { KNOWN } from '../http1/field-names.ts'
import { CHUNKED, LENGTH, NO_BODY, parseResponseHead, RESPONSE_HEAD_LIMITS, ResponseHead, UNTIL_CLOSE } from '../http1/response-head.ts'
import type { UpstreamFailure } from './failure.ts'
import type { Pool, PoolClient, PoolEndpoint } from './pool.ts'
import { keptIdleMs, mayReuse, type ReuseFacts } from './reuse.ts'

/** F19: more 1xx responses than this are no answer. */
export const MAX_INTERIM_RESPONSES = 10

const CONNECTING = 0
const READY = 1
const CLOSED = 2

/** Who gets a response. All calls stop after `onResponseEnd`, `onUpstreamFailed` and `abandon`. */
export interface ResponseSink {
  /** A 1xx response. `head` and its bytes are valid until the call returns; so in all of these. */
  onInterimResponse(head: ResponseHead): void
  onResponseHead(head: ResponseHead): void
  onResponseData(bytes: Buffer, start: number, end: number): void
  /**
   * The response is complete: send it all before returning, because the connection goes to somebody else then, who uses `writer` too.
   * Whatever was not sent of the request must not be sent any more.
   */
  onResponseEnd(): void
  /** Everything that came in one read has been told, and the response goes on: the time to send. */
  onReadEnd(): void
  /** More of the request may be sent. */
  onUpstreamDrain(): void
  /** `isUntouched`: the connection had served requests before and not one byte of a response came: it may just have been stale. */
  onUpstreamFailed(failure: UpstreamFailure, isUntouched: boolean): void
}

export class UpstreamConnection implements Timed, ReuseFacts {
  deadlineMs = Number.POSITIVE_INFINITY
  timedIndex = -1
  readonly pool: Pool
  endpointIndex: number
  #socket: Socket | undefined
  #outlet: Outlet | undefined
  #state = CONNECTING
  /** Waits for the connection to be made. */
  #client: PoolClient | undefined
  #triedOther = false

  #sink: ResponseSink | undefined
  #isFirstRequest = true
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
  #idleMs = 0
  #isPaused = false
  readonly #head = new ResponseHead()
  #decoder: ChunkedDecoder | undefined
  /** What has arrived of a head that is not complete. */
  #partial: Buffer | undefined
  #partialSize = 0

  constructor(pool: Pool, endpointIndex: number) {
    this.pool = pool
    this.endpointIndex = endpointIndex
  }

  /** Opens a connection for `client`. A refused one is tried once more at the next endpoint, if there is another. */
  static open(pool: Pool, endpointIndex: number, client: PoolClient): void {
    const connection = new UpstreamConnection(pool, endpointIndex)
    connection.#client = client
    pool.deadlines.add(connection)
    connection.#connect()
  }

  get endpoint(): PoolEndpoint {
    return this.pool.settings.endpoints[this.endpointIndex] as PoolEndpoint
  }

  /** The next request belongs to `sink`. */
  begin(sink: ResponseSink, answersHead: boolean): void {
    this.#sink = sink
    this.isRequestWritten = false
    this.isResponseRead = false
    this.isKeptAlive = false
    this.cameEarly = false
    this.#beganEarly = false
    this.extraBytes = 0
    this.#answersHead = answersHead
    this.#hasResponseBytes = false
    this.#hasFinalHead = false
    this.#interimCount = 0
    this.deadlineMs = Number.POSITIVE_INFINITY
  }

  /** Sends what was written since `writer.begin()`. False: wait for `onUpstreamDrain`. */
  send(): boolean {
    const goesOn = (this.#outlet as Outlet).send()
    // A response that began early is silent only if nothing moves in either direction.
    if (!goesOn || this.#hasFinalHead) this.#awaitProgress()
    return goesOn
  }

  /** The last byte of the request was given to `send`: now the response is due. */
  endRequest(): void {
    this.isRequestWritten = true
    if (this.#hasFinalHead) this.#awaitProgress()
    else this.deadlineMs = this.pool.deadlines.after(this.pool.settings.responseTimeoutMs)
  }

  /** The client does not take more: read no more, and do not hold silence against the backend. */
  pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.deadlineMs = Number.POSITIVE_INFINITY
    this.#socket?.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.deadlineMs = this.pool.deadlines.after(this.pool.settings.idleTimeoutMs)
    this.#socket?.resume()
  }

  /** Called by the pool: nobody uses it now. */
  rest(): void {
    this.deadlineMs = this.pool.deadlines.after(this.#idleMs)
  }

  /** The sink does not want the response any more; nothing about this connection is certain then. */
  abandon(): void {
    this.#sink = undefined
    this.destroy()
  }

  destroy(): void {
    if (this.#state === CLOSED) return
    this.#state = CLOSED
    this.pool.deadlines.remove(this)
    this.#socket?.destroy()
    this.pool.removed(this)
  }

  onDeadline(): void {
    if (this.#state === CONNECTING) this.#connectFailed('upstream-connect-timeout')
    else if (this.#sink === undefined) this.destroy()
    else this.#fail(this.#hasFinalHead || !this.isRequestWritten ? 'upstream-idle-timeout' : 'upstream-response-timeout')
  }

  #connect(): void {
    const { sourceAddress, connectTimeoutMs } = this.pool.settings
    const { host, port } = this.endpoint
    this.deadlineMs = this.pool.deadlines.after(connectTimeoutMs)
    const socket: Socket = net.connect({
      host,
      port,
      noDelay: true,
      ...(sourceAddress === '' ? {} : { localAddress: sourceAddress }),
      onread: { buffer: receiveBuffer, callback: (size) => this.#onRead(socket, size) },
    })
    this.#socket = socket
    this.#outlet = new Outlet(socket, () => this.#onDrain(socket))
    socket.on('connect', () => this.#onConnect(socket))
    socket.on('end', () => this.#onEnd(socket))
    // `close` follows and does the work.
    socket.on('error', () => {})
    socket.on('close', () => this.#onClose(socket))
  }

  #onConnect(socket: Socket): void {
    if (socket !== this.#socket || this.#state !== CONNECTING) return
    this.#state = READY
    const client = this.#client
    this.#client = undefined
    this.#idleMs = this.pool.settings.poolIdleMs
    if (client === undefined) this.pool.release(this)
    else client.onUpstreamReady(this)
  }

  #connectFailed(failure: UpstreamFailure): void {
    const { length } = this.pool.settings.endpoints
    const socket = this.#socket
    this.#socket = undefined
    socket?.destroy()
    if (length > 1 && !this.#triedOther && this.#client !== undefined) {
      this.#triedOther = true
      this.endpointIndex = (this.endpointIndex + 1) % length
      this.#connect()
      return
    }
    const client = this.#client
    this.#client = undefined
    this.destroy()
    client?.onUpstreamUnavailable(failure)
  }

  #onDrain(socket: Socket): void {
    if (socket !== this.#socket || this.#state !== READY || this.#sink === undefined) return
    if (this.isRequestWritten) return
    this.deadlineMs = Number.POSITIVE_INFINITY
    if (this.#hasFinalHead) this.#awaitProgress()
    this.#sink.onUpstreamDrain()
  }

  /** From now on something has to come, or to be taken, unless it is the client for whom we wait. */
  #awaitProgress(): void {
    if (!this.#isPaused) this.deadlineMs = this.pool.deadlines.after(this.pool.settings.idleTimeoutMs)
  }

  #onEnd(socket: Socket): void {
    if (socket !== this.#socket || this.#state !== READY) return
    if (this.#sink !== undefined && this.#hasFinalHead && this.#bodyKind === UNTIL_CLOSE) this.#finishResponse(0)
    else if (this.#sink !== undefined) this.#fail('upstream-closed')
    else this.destroy()
  }

  #onClose(socket: Socket): void {
    if (socket !== this.#socket || this.#state === CLOSED) return
    if (this.#state === CONNECTING) this.#connectFailed('upstream-connect-failed')
    else if (this.#sink !== undefined) this.#fail('upstream-closed')
    else this.destroy()
  }

  #fail(failure: UpstreamFailure): void {
    const sink = this.#sink
    const isUntouched = !this.#isFirstRequest && !this.#hasResponseBytes
    this.#sink = undefined
    this.destroy()
    sink?.onUpstreamFailed(failure, isUntouched)
  }

  /** Bytes have arrived in `receiveBuffer`. Returns whether to go on reading, as Node wants it. */
  #onRead(socket: Socket, size: number): boolean {
    if (socket !== this.#socket) return true
    const sink = this.#sink
    if (sink === undefined) {
      // Nobody asked: what stands on an idle connection would be taken for the answer to the next request.
      this.destroy()
      return true
    }
    this.#hasResponseBytes = true
    if (this.#partial === undefined) this.#take(sink, receiveBuffer, size)
    else this.#takeWithPartial(sink, size)
    if (this.#sink === sink) sink.onReadEnd()
    return true
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
    const isEarly = !this.isRequestWritten || (this.#outlet as Outlet).pendingBytes > 0
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
    this.#hasFinalHead = true
    this.#bodyKind = head.bodyKind
    this.#remaining = head.contentLength
    this.#setKeepAlive(head)
    if (head.bodyKind === CHUNKED) {
      this.#decoder ??= new ChunkedDecoder()
      this.#decoder.reset()
    }
    sink.onResponseHead(head)
    return next
  }

  #setKeepAlive(head: ResponseHead): void {
    this.isKeptAlive = head.keepAlive && head.bodyKind !== UNTIL_CLOSE
    const index = head.indexOfKnown(KNOWN.keepAlive)
    this.#idleMs = keptIdleMs(this.pool.settings.poolIdleMs, index < 0 ? undefined : head.value(index))
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
    if (decoder.isDone) this.#finishResponse(end - at)
  }

  #finishResponse(extraBytes: number): void {
    const sink = this.#sink as ResponseSink
    this.#sink = undefined
    this.isResponseRead = true
    this.extraBytes = extraBytes
    this.#isFirstRequest = false
    const isReusable = mayReuse(this) && this.#state === READY
    if (this.#isPaused) {
      this.#isPaused = false
      this.#socket?.resume()
    }
    sink.onResponseEnd()
    if (isReusable) this.pool.release(this)
    else this.destroy()
  }
}
