/**
 * A backend's stream with the cache looking on: what comes is told to the flow as it comes, and kept on the side if it may be stored. A 304 to
 * a question of the cache's own becomes the response that is stored.
 *
 * While a body is being stored, a slow client does not hold up the backend: others may be waiting for the same. What the client does not take
 * yet is told later, from what was kept.
 */
import { SEND_BYTES } from '../data-path-buffers.ts'
import type { LiveExchange } from '../exchange.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { UpstreamFailure } from '../upstream/failure.ts'
import type { Member } from '../upstream/member.ts'
import type { Origin } from '../upstream/request-writer.ts'
import type { RequestFate, ResponseSink, UpstreamStream } from '../upstream/stream.ts'
import type { Fill } from './fill.ts'
import { told } from './head-bytes.ts'
import type { StoredStream } from './stored-stream.ts'

/** What the session decides about a head. */
export interface HeadDecision {
  /** Told to the flow in place of the backend's; the backend's body follows unless `isBodyHidden`. */
  readonly write: (head: ResponseHead) => void
  /** The flow gets no body, though one comes: its client has it already. */
  readonly isBodyHidden: boolean
  readonly fill: Fill | undefined
  /** Told instead of all of it, once the backend's response has ended. */
  readonly instead: StoredStream | undefined
}

/** The session, as the stream sees it. */
export interface Watcher {
  onBegin(): void
  onHead(head: ResponseHead): HeadDecision
  /** The response is whole, with this body if it was to be stored; its sink is told next. */
  onWhole(body: Buffer | undefined): void
  /** It will not be stored: it has become too long. */
  onTooLong(): void
  onFailed(hadHead: boolean): void
}

const NOTHING = Buffer.alloc(0)

export class WatchedStream implements UpstreamStream, ResponseSink {
  readonly member: Member
  readonly protocol?: 'http1' | 'http2'
  readonly #inner: UpstreamStream
  readonly #watcher: Watcher
  #sink: ResponseSink | undefined
  #decision: HeadDecision | undefined
  /** The backend's response has ended: `#inner` is somebody else's now. */
  #isEnded = false
  /** The sink does not take more: what comes is kept for it. */
  #isBehind = false
  /** While the body is being stored: bytes of it that the sink has been told. Afterwards: bytes of `#held`. */
  #told = 0
  /** What the sink is still to be told, once it is not in the fill any more. */
  #held: Buffer = NOTHING

  constructor(inner: UpstreamStream, watcher: Watcher) {
    this.member = inner.member
    if (inner.protocol !== undefined) this.protocol = inner.protocol
    this.#inner = inner
    this.#watcher = watcher
  }

  begin(sink: ResponseSink, exchange: LiveExchange, preserveHost: boolean, origin: Origin, gateway: string): void {
    this.#sink = sink
    this.#watcher.onBegin()
    this.#inner.begin(this, exchange, preserveHost, origin, gateway)
  }

  writeData(bytes: Buffer, start: number, end: number): void {
    this.#inner.writeData(bytes, start, end)
  }

  flush(): boolean {
    return this.#inner.flush()
  }

  endRequest(): void {
    this.#inner.endRequest()
  }

  pause(): void {
    const decision = this.#decision
    if (decision?.instead !== undefined) decision.instead.pause()
    // What the client has already, it cannot be slow to take.
    else if (decision?.isBodyHidden === true) return
    else if (this.#isFilling || this.#held.length > 0) this.#isBehind = true
    else if (!this.#isEnded) this.#inner.pause()
  }

  resume(): void {
    const instead = this.#decision?.instead
    if (instead !== undefined) instead.resume()
    else if (this.#isBehind) this.#catchUp()
    else if (!this.#isEnded) this.#inner.resume()
  }

  abandon(isFailure: boolean): void {
    this.#sink = undefined
    this.#held = NOTHING
    this.#decision?.fill?.drop()
    if (!this.#isEnded) this.#inner.abandon(isFailure)
    else this.#decision?.instead?.abandon()
  }

  onInterimResponse(head: ResponseHead): void {
    this.#sink?.onInterimResponse(head)
  }

  onResponseHead(head: ResponseHead): void {
    const decision = this.#watcher.onHead(head)
    this.#decision = decision
    if (decision.instead !== undefined) return
    decision.write(told)
    this.#sink?.onResponseHead(told)
  }

  onResponseData(bytes: Buffer, start: number, end: number): void {
    const { fill, isBodyHidden } = this.#decision as HeadDecision
    if (fill !== undefined && !fill.isDropped) {
      if (this.#isBehind && !fill.fits(end - start)) this.#spill(fill)
      fill.add(bytes, start, end)
      if (fill.isDropped) this.#watcher.onTooLong()
    }
    if (isBodyHidden) return
    if (!this.#isBehind) {
      this.#told += end - start
      this.#sink?.onResponseData(bytes, start, end)
    } else if (!this.#isFilling) this.#held = Buffer.concat([this.#held, bytes.subarray(start, end)])
  }

  onResponseTrailers(trailers: FieldSection): void {
    // What is told later is told without them: they do not live so long.
    if (this.#decision?.isBodyHidden !== true && !this.#isBehind) this.#sink?.onResponseTrailers(trailers)
  }

  onReadEnd(): void {
    if (!this.#isBehind) this.#sink?.onReadEnd()
  }

  onResponseEnd(): void {
    const { fill, instead } = this.#decision as HeadDecision
    const body = fill?.finish()
    this.#isEnded = true
    // While the exchange is still the one that was asked for.
    this.#watcher.onWhole(body)
    if (this.#sink === undefined) return
    if (instead !== undefined) {
      instead.begin(this.#sink)
      instead.endRequest()
    } else if (!this.#isBehind) this.#end()
    else if (body !== undefined) this.#held = body
  }

  onUpstreamDrain(): void {
    this.#sink?.onUpstreamDrain()
  }

  onUpstreamFailed(failure: UpstreamFailure, fate: RequestFate): void {
    const sink = this.#sink
    this.#sink = undefined
    this.#isEnded = true
    // A body that was cut short is not one.
    this.#decision?.fill?.drop()
    this.#watcher.onFailed(this.#decision !== undefined)
    sink?.onUpstreamFailed(failure, fate)
  }

  get #isFilling(): boolean {
    return !this.#isEnded && this.#decision?.fill !== undefined && !this.#decision.fill.isDropped
  }

  /** It is too long to be stored after all: what the sink has not been told yet is all that is kept, and the backend has to wait now. */
  #spill(fill: Fill): void {
    this.#held = Buffer.from(fill.bytes.subarray(this.#told, fill.size))
    this.#told = 0
    this.#inner.pause()
    fill.drop()
  }

  /** Each call to the sink may say that it is enough, or the end. */
  #catchUp(): void {
    const fill = this.#isFilling ? this.#decision?.fill : undefined
    const bytes = fill?.bytes ?? this.#held
    const size = fill?.size ?? bytes.length
    this.#isBehind = false
    while (this.#told < size) {
      const start = this.#told
      this.#told = Math.min(size, start + SEND_BYTES)
      this.#sink?.onResponseData(bytes, start, this.#told)
      if (!this.#isBehind) this.#sink?.onReadEnd()
      if (this.#isBehind || this.#sink === undefined) return
    }
    if (this.#isEnded) this.#end()
    else if (fill === undefined) {
      this.#held = NOTHING
      this.#inner.resume()
    }
  }

  #end(): void {
    const sink = this.#sink
    this.#sink = undefined
    this.#held = NOTHING
    sink?.onResponseEnd()
  }
}
