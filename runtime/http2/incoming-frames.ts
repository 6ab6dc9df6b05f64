/**
 * What the frames of a client mean to its session (RFC 9113 §6). Every method returns the error code with which the connection has to end,
 * NO_ERROR if it goes on: anything that leaves the state of the connection in doubt ends it, anything else only its stream (§5.4).
 */
import { isTrusted } from '../client-address.ts'
import type { Generation } from '../generation.ts'
import { QUEUED_CONTROL_FRAMES } from './flood-guard.ts'
import { type FrameHandler, uint31, uint32 } from './frame-reader.ts'
import * as h2 from './frames.ts'
import { HeaderBlock } from './header-block.ts'
import { type FieldSink, HpackDecoder } from './hpack-decoder.ts'
import { RequestText } from './request-text.ts'
import { RequestTrailers } from './request-trailers.ts'
import type { Http2Session } from './session.ts'
import type { Http2Stream } from './stream.ts'

/** Of all streams together: what a client may have sent and nobody has taken. */
export const SESSION_WINDOW = 1024 * 1024
/** What was taken is given back in pieces, so that a WINDOW_UPDATE is worth its while. */
const CREDIT_BYTES = SESSION_WINDOW >> 2

const requestText = new RequestText()
const requestTrailers = new RequestTrailers()
/** For blocks of which only the changes to the table count. */
const NOBODY: FieldSink = { field() {} }

export class IncomingFrames implements FrameHandler {
  /** Settings have come, as they must before anything else. */
  hasSettings = false
  /** The client knows our settings. */
  isAcked = false
  /** Answers that were written since anything was sent last. */
  queuedControlFrames = 0
  readonly #session: Http2Session
  readonly #block: HeaderBlock
  readonly #decoder = new HpackDecoder()
  /** What the client allows to send on a new stream. */
  #streamWindow = h2.DEFAULT_WINDOW
  #receiveWindow = SESSION_WINDOW
  #owedBytes = 0
  #requestCount = 0

  constructor(session: Http2Session) {
    this.#session = session
    // One frame more than any good head, so that a bad one is refused in words.
    this.#block = new HeaderBlock(session.limits.headBytes + h2.FRAME_BYTES)
  }

  /** A header block has begun, and goes on in the next frame. */
  get isWithinBlock(): boolean {
    return this.#block.streamId !== 0
  }

  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): number {
    if (this.#session.isFlooded) return h2.ENHANCE_YOUR_CALM
    if (!this.hasSettings && (type !== h2.SETTINGS || (flags & h2.ACK) !== 0)) return h2.PROTOCOL_ERROR
    if (this.#block.streamId !== 0) {
      // RFC 9113 §6.10: nothing else may come within a block.
      if (type !== h2.CONTINUATION || streamId !== this.#block.streamId) return h2.PROTOCOL_ERROR
      const code = this.#block.addFrame(bytes, start, end)
      if (code !== h2.NO_ERROR || (flags & h2.END_HEADERS) === 0) return code
      return this.#onBlock()
    }
    switch (type) {
      case h2.HEADERS:
        return this.#onHeaders(flags, streamId, bytes, start, end)
      case h2.DATA:
        return this.#onData(flags, streamId, bytes, start, end)
      case h2.WINDOW_UPDATE:
        return this.#onWindowUpdate(streamId, uint31(bytes, start))
      case h2.SETTINGS:
        return this.#onSettings(flags, bytes, start, end)
      case h2.RST_STREAM:
        return this.#onReset(streamId)
      case h2.PING:
        return this.#onPing(flags, bytes, start)
      case h2.GOAWAY:
        this.#session.isPeerGone = true
        return h2.NO_ERROR
      case h2.PRIORITY:
        return this.#onPriority(streamId, bytes, start, end)
      case h2.CONTINUATION:
      case h2.PUSH_PROMISE:
        return h2.PROTOCOL_ERROR
      default:
        // RFC 9113 §4.1: an unknown type means nothing.
        return this.#idle()
    }
  }

  /** Nobody holds these bytes of bodies any more: the client may send as many. */
  credit(size: number): void {
    this.#owedBytes += size
    if (this.#owedBytes < CREDIT_BYTES) return
    this.#receiveWindow += this.#owedBytes
    this.#session.writeWindowUpdate(0, this.#owedBytes)
    this.#owedBytes = 0
  }

  #onHeaders(flags: number, streamId: number, bytes: Buffer, start: number, end: number): number {
    if ((streamId & 1) === 0) return h2.PROTOCOL_ERROR
    const code = this.#block.begin(flags, streamId, bytes, start, end)
    if (code !== h2.NO_ERROR || (flags & h2.END_HEADERS) === 0) return code
    return this.#onBlock()
  }

  /** A header block is complete. It is decoded whatever becomes of it, because the table has to stay the same on both sides. */
  #onBlock(): number {
    const session = this.#session
    const { streamId, flags } = this.#block
    const hasEnded = (flags & h2.END_STREAM) !== 0
    const stream = session.streams.get(streamId)
    if (stream !== undefined) return this.#onTrailers(stream, hasEnded)
    if (streamId <= session.ids.last) return this.#decode(NOBODY) ? this.#onClosed(streamId) : h2.COMPRESSION_ERROR
    session.ids.opened(streamId)
    if (streamId > session.ids.final) return this.#decode(NOBODY) ? h2.NO_ERROR : h2.COMPRESSION_ERROR
    const { generation } = session.context
    if (generation === undefined || session.openStreams() >= session.limits.streams) {
      if (!this.#decode(NOBODY)) return h2.COMPRESSION_ERROR
      // Before it has heard of the limit, this is no mistake of the client's.
      if (generation !== undefined && this.isAcked) session.noteGlitch()
      session.writeReset(streamId, h2.REFUSED_STREAM)
      return h2.NO_ERROR
    }
    return this.#onRequest(streamId, hasEnded, generation)
  }

  #onRequest(streamId: number, hasEnded: boolean, generation: Generation): number {
    const session = this.#session
    const { dependsOnItself } = this.#block
    const stream = session.takeStream()
    requestText.begin(stream.text, session.limits.headBytes)
    if (!this.#decode(requestText)) return h2.COMPRESSION_ERROR
    const ranges = generation.trustedProxies
    const trustsScheme = ranges.length > 0 && isTrusted(ranges, session.origin.peer.bytes)
    const code = requestText.finish(session.isTls, trustsScheme, !hasEnded)
    stream.text = requestText.bytes
    session.streams.set(streamId, stream)
    stream.open(session, streamId, this.#streamWindow)
    session.guard.progressed()
    this.#requestCount += 1
    if (this.#requestCount === session.limits.keepAliveRequests || session.context.shedding > 0 || session.context.isDraining)
      session.mustGo = true
    if (dependsOnItself) this.#streamError(stream, h2.PROTOCOL_ERROR)
    else if (code !== '') stream.refuse(code, requestText.isMalformed, hasEnded, generation)
    else stream.serve(requestText.size, hasEnded, generation)
    return h2.NO_ERROR
  }

  #onTrailers(stream: Http2Stream, hasEnded: boolean): number {
    requestTrailers.begin()
    if (!this.#decode(requestTrailers)) return h2.COMPRESSION_ERROR
    const code = requestTrailers.finish()
    if (stream.body.hasEnded) this.#streamError(stream, h2.STREAM_CLOSED)
    else if (!hasEnded) this.#streamError(stream, h2.PROTOCOL_ERROR)
    else if (code !== '') this.#streamError(stream, h2.PROTOCOL_ERROR, code)
    else stream.onEnd()
    return h2.NO_ERROR
  }

  #decode(sink: FieldSink): boolean {
    const { bytes, start, end } = this.#block
    this.#block.clear()
    return this.#decoder.decode(bytes, start, end, sink)
  }

  #onData(flags: number, streamId: number, bytes: Buffer, payloadStart: number, payloadEnd: number): number {
    const session = this.#session
    let start = payloadStart
    let end = payloadEnd
    const size = end - start
    if (streamId === 0) return h2.PROTOCOL_ERROR
    if ((flags & h2.PADDED) !== 0) {
      if (start === end) return h2.PROTOCOL_ERROR
      end -= bytes[start++] as number
      if (start > end) return h2.PROTOCOL_ERROR
    }
    this.#receiveWindow -= size
    if (this.#receiveWindow < 0) return h2.FLOW_CONTROL_ERROR
    const stream = session.streams.get(streamId)
    if (stream === undefined) {
      this.credit(size)
      return this.#onClosed(streamId)
    }
    const hasEnded = (flags & h2.END_STREAM) !== 0
    stream.receiveWindow -= size
    if (stream.receiveWindow < 0 || stream.body.hasEnded) {
      this.credit(size)
      this.#streamError(stream, stream.body.hasEnded ? h2.STREAM_CLOSED : h2.FLOW_CONTROL_ERROR)
      return h2.NO_ERROR
    }
    if (start < end) session.guard.progressed()
    else if (!hasEnded) session.noteGlitch()
    if (end - start < size) stream.onPadding(size - (end - start))
    stream.onData(bytes, start, end, hasEnded)
    return h2.NO_ERROR
  }

  #onWindowUpdate(streamId: number, increment: number): number {
    const session = this.#session
    if (!session.guard.idleFrame()) return h2.ENHANCE_YOUR_CALM
    if (streamId === 0) {
      if (increment === 0) return h2.PROTOCOL_ERROR
      session.sendWindow += increment
      if (session.sendWindow > h2.MAX_WINDOW) return h2.FLOW_CONTROL_ERROR
      session.resumeWaiting()
      return h2.NO_ERROR
    }
    const stream = session.streams.get(streamId)
    if (stream === undefined) return streamId > session.ids.last ? h2.PROTOCOL_ERROR : h2.NO_ERROR
    stream.sendWindow += increment
    if (increment === 0) this.#streamError(stream, h2.PROTOCOL_ERROR)
    else if (stream.sendWindow > h2.MAX_WINDOW) this.#streamError(stream, h2.FLOW_CONTROL_ERROR)
    else stream.onSendable()
    return h2.NO_ERROR
  }

  #onSettings(flags: number, bytes: Buffer, start: number, end: number): number {
    if ((flags & h2.ACK) !== 0) {
      this.isAcked = true
      return start === end ? this.#idle() : h2.FRAME_SIZE_ERROR
    }
    this.hasSettings = true
    const session = this.#session
    if (!session.guard.settings(session.context.deadlines.nowMs())) return h2.ENHANCE_YOUR_CALM
    for (let at = start; at < end; at += 6) {
      const id = ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
      const code = this.#onSetting(id, uint32(bytes, at + 2))
      if (code !== h2.NO_ERROR) return code
    }
    session.out.settings(h2.ACK, [])
    return this.#answered()
  }

  /** RFC 9113 §6.5.2. We use no table, push nothing, and send no frame above the smallest size that everybody takes. */
  #onSetting(id: number, value: number): number {
    if (id === h2.SETTINGS_ENABLE_PUSH) return value <= 1 ? h2.NO_ERROR : h2.PROTOCOL_ERROR
    if (id === h2.SETTINGS_MAX_FRAME_SIZE) return value >= h2.FRAME_BYTES && value < 2 ** 24 ? h2.NO_ERROR : h2.PROTOCOL_ERROR
    if (id !== h2.SETTINGS_INITIAL_WINDOW_SIZE) return h2.NO_ERROR
    if (value > h2.MAX_WINDOW) return h2.FLOW_CONTROL_ERROR
    const difference = value - this.#streamWindow
    this.#streamWindow = value
    for (const stream of [...this.#session.streams.values()]) {
      stream.sendWindow += difference
      if (stream.sendWindow > h2.MAX_WINDOW) return h2.FLOW_CONTROL_ERROR
      if (difference > 0) stream.onSendable()
    }
    return h2.NO_ERROR
  }

  #onReset(streamId: number): number {
    const session = this.#session
    const stream = session.streams.get(streamId)
    if (stream === undefined) return streamId > session.ids.last ? h2.PROTOCOL_ERROR : this.#idle()
    if (!session.guard.reset(session.context.deadlines.nowMs())) return h2.ENHANCE_YOUR_CALM
    stream.onClientGone('client-closed')
    return h2.NO_ERROR
  }

  #onPing(flags: number, bytes: Buffer, start: number): number {
    if ((flags & h2.ACK) !== 0) return this.#idle()
    const session = this.#session
    if (!session.guard.ping(session.context.deadlines.nowMs())) return h2.ENHANCE_YOUR_CALM
    session.out.ping(h2.ACK, bytes, start)
    return this.#answered()
  }

  /** Nobody is preferred here, so only its form is looked at (RFC 9113 §5.3.2, §6.3). */
  #onPriority(streamId: number, bytes: Buffer, start: number, end: number): number {
    const isSized = end - start === 5
    const code = !isSized ? h2.FRAME_SIZE_ERROR : uint31(bytes, start) === streamId ? h2.PROTOCOL_ERROR : h2.NO_ERROR
    if (code === h2.NO_ERROR) return this.#idle()
    const stream = this.#session.streams.get(streamId)
    if (stream === undefined) return code
    this.#streamError(stream, code)
    return h2.NO_ERROR
  }

  /** HEADERS or DATA for a stream that is not open. */
  #onClosed(streamId: number): number {
    const code = this.#session.ids.errorOf(streamId)
    return code === h2.NO_ERROR ? this.#idle() : code
  }

  /** The client's mistake, and only one stream's. */
  #streamError(stream: Http2Stream, errorCode: number, code = 'client-protocol-error'): void {
    this.#session.noteGlitch()
    stream.reset(errorCode, code)
  }

  /** A frame that brings nothing on. */
  #idle(): number {
    return this.#session.guard.idleFrame() ? h2.NO_ERROR : h2.ENHANCE_YOUR_CALM
  }

  /** Answers that a client makes us queue by not reading are bounded. */
  #answered(): number {
    this.queuedControlFrames += 1
    this.#session.wrote()
    return this.queuedControlFrames > QUEUED_CONTROL_FRAMES ? h2.ENHANCE_YOUR_CALM : h2.NO_ERROR
  }
}
