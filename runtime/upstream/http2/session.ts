/**
 * One HTTP/2 connection to a backend (RFC 9113), with as many requests on it as both ends allow. The engine is our own, and this is why: neither
 * undici nor node:http2 tells a body that was cut by RST_STREAM(NO_ERROR) from a whole one, and a stream that lies about its length costs all
 * others (docs/decisions/020-http2-to-backends.md). Frames and header blocks are read and written by runtime/http2/.
 */
import type { Socket } from 'node:net'
import { receiveBuffer, SEND_BYTES } from '../../data-path-buffers.ts'
import type { Timed } from '../../data-path-deadlines.ts'
import {
  ACK,
  CANCEL,
  COMPRESSION_ERROR,
  DEFAULT_WINDOW,
  END_STREAM,
  ENHANCE_YOUR_CALM,
  FLOW_CONTROL_ERROR,
  GOAWAY,
  MAX_WINDOW,
  NO_ERROR,
  PING,
  PREFACE,
  PROTOCOL_ERROR,
  RST_STREAM,
  SETTINGS,
  SETTINGS_ENABLE_PUSH,
  SETTINGS_MAX_CONCURRENT_STREAMS,
  SETTINGS_MAX_HEADER_LIST_SIZE,
  WINDOW_UPDATE,
} from '../../http2/frames.ts'
import { type FieldSink, HpackDecoder } from '../../http2/hpack-decoder.ts'
import type { Carrier, CarrierOwner } from '../carrier.ts'
import type { UpstreamFailure } from '../failure.ts'
import type { Member } from '../member.ts'
import type { UpstreamStream } from '../stream.ts'
import { type FrameHandler, FrameReader } from './frame-reader.ts'
import { IdleFrames } from './idle-frames.ts'
import { HEAD_BYTES, LAST_STREAM_ID, LINGER_MS, PING_AFTER_MS, PING_TIMEOUT_MS, SESSION_CREDIT, SESSION_WINDOW } from './limits.ts'
import { PeerSettings } from './peer-settings.ts'
import { writeRequestBlock } from './request-block.ts'
import { ResponseBlock } from './response-block.ts'
import { Sending } from './sending.ts'
import { Http2Stream } from './stream.ts'

/** Who opens a session hears, once, whether the other end speaks HTTP/2. */
export interface SessionOpener {
  onSessionReady(): void
  /** It never was ready. `reason` is for the log. */
  onSessionFailed(failure: UpstreamFailure, reason: string): void
}

const responseBlock = new ResponseBlock()
/** Hears of fields that nobody wants. */
const NOBODY: FieldSink = { field() {} }
const PING_PAYLOAD = Buffer.from('postern\0')

export class Http2Session implements Carrier, Timed, FrameHandler {
  deadlineMs = Number.POSITIVE_INFINITY
  timedIndex = -1
  readonly member: Member
  readonly owner: CarrierOwner
  readonly protocol = 'http2'
  isUsed = false
  isClosed = false
  /** Reads so far. */
  readCount = 0
  readonly #socket: Socket
  readonly #sending: Sending
  readonly #reader = new FrameReader(this)
  readonly #decoder = new HpackDecoder()
  readonly #idleFrames = new IdleFrames()
  /** Who waits for the peer's first SETTINGS. */
  #opener: SessionOpener | undefined
  #isDraining = false
  #isLingering = false
  #closeFailure: UpstreamFailure = 'upstream-closed'

  /** Requests that have begun and not ended, by stream id, in the order of their ids. */
  readonly #streams = new Map<number, Http2Stream>()
  /** Those that were handed out and have not begun yet are counted too. */
  #taken = 0
  #lastId = -1
  /** Streams above it were not processed by the peer, as its GOAWAY says. */
  #lastSeenId = MAX_WINDOW

  readonly #peer = new PeerSettings()
  #receiveWindow = SESSION_WINDOW
  #uncredited = 0

  /** Windows have changed: streams with something unsent are to be looked at. */
  #isPumpDue = false
  /** The stream that was told something in this read, and not yet that this is all. */
  #told: Http2Stream | undefined

  /** The DATA frame that is being read has no payload. */
  #isEmptyData = false
  #readsAtCheck = 0
  #isPinged = false
  #isSuspect = false

  /** `socket` is connected, its TLS handshake done; what it reads into `receiveBuffer` is told by `onRead`. */
  constructor(owner: CarrierOwner, member: Member, socket: Socket, opener: SessionOpener) {
    this.owner = owner
    this.member = member
    this.#socket = socket
    this.#opener = opener
    this.#sending = new Sending(socket, () => this.#onDrain())
    owner.deadlines.add(this)
    socket.on('end', () => this.#onClose())
    // `close` follows and does the work.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith('ERR_SSL_') === true) this.#closeFailure = 'upstream-tls-failed'
    })
    socket.on('close', () => this.#onClose())
    this.#sending.bytes(PREFACE)
    this.#sending.frames.settings(0, [
      [SETTINGS_ENABLE_PUSH, 0],
      [SETTINGS_MAX_CONCURRENT_STREAMS, 0],
      [SETTINGS_MAX_HEADER_LIST_SIZE, HEAD_BYTES],
    ])
    this.#sending.frames.windowUpdate(0, SESSION_WINDOW - DEFAULT_WINDOW)
    this.#sending.flush()
  }

  get capacity(): number {
    if (this.isClosed || this.#isDraining || this.#isSuspect || this.#opener !== undefined) return 0
    return Math.max(0, this.#peer.streams - this.#taken)
  }

  get active(): number {
    return this.#taken
  }

  take(): UpstreamStream {
    if (this.#taken === 0) {
      this.#readsAtCheck = this.readCount
      this.deadlineMs = this.owner.deadlines.after(PING_AFTER_MS)
    }
    this.#taken += 1
    return new Http2Stream(this)
  }

  rest(): void {
    if (this.#taken === 0 && !this.isClosed) this.deadlineMs = this.owner.deadlines.after(this.owner.settings.poolIdleMs)
  }

  drain(): void {
    if (this.isClosed || this.#isDraining) return
    this.#isDraining = true
    if (this.#taken === 0) this.#close()
  }

  destroy(): void {
    this.#fail('upstream-closed', CANCEL, 'destroyed')
  }

  onDeadline(): void {
    if (this.isClosed) this.#forgetSocket()
    else if (this.#isPinged) this.#fail('upstream-closed', NO_ERROR, 'no answer to PING')
    else if (this.#taken === 0) this.#close()
    else if (this.readCount !== this.#readsAtCheck) {
      this.#readsAtCheck = this.readCount
      this.deadlineMs = this.owner.deadlines.after(PING_AFTER_MS)
    } else this.#ping()
  }

  /** Bytes have arrived in `receiveBuffer`. */
  onRead(size: number): void {
    if (this.isClosed) return
    this.readCount += 1
    this.#isPinged = false
    this.#sending.isHeld = true
    const code = this.#reader.read(receiveBuffer, 0, size)
    this.#settle()
    this.#sending.isHeld = false
    if (this.isClosed) return
    if (code !== NO_ERROR) {
      this.#fail('upstream-response-invalid', code, `HTTP/2 error ${code}`)
      return
    }
    if (this.#isPumpDue) this.#pump()
    this.#sending.flush()
    if (this.#isSuspect) this.#believe()
    else if (this.#isDraining && this.#taken === 0) this.#close()
  }

  // What streams need of their session.

  /** Puts the head of a request together; `head` is what HTTP/1.1 would send. */
  begin(stream: Http2Stream, head: Buffer, isLast: boolean, isGrpc: boolean): void {
    this.#lastId += 2
    stream.id = this.#lastId
    stream.sendWindow = this.#peer.window
    this.#streams.set(stream.id, stream)
    this.owner.deadlines.add(stream)
    const { frames } = this.#sending
    const at = writeRequestBlock(frames, head, { isTls: this.member.isTls, isFirst: stream.id === 1, isGrpc })
    frames.endBlock(at, isLast ? END_STREAM : 0, stream.id)
    if (stream.id >= LAST_STREAM_ID) this.#isDraining = true
  }

  /** Puts DATA frames together as far as windows allow. Returns how many bytes were taken. */
  sendData(stream: Http2Stream, bytes: Buffer, start: number, end: number): number {
    return this.#sending.data(stream, bytes, start, end)
  }

  /** Nothing of the request follows. */
  sendEnd(stream: Http2Stream): void {
    this.#sending.end(stream)
  }

  /** Sends what was put together. False: the socket takes no more now. */
  flush(): boolean {
    return this.#sending.flush()
  }

  resetStream(stream: Http2Stream, code: number): void {
    if (this.isClosed || stream.id === 0) return
    this.#sending.frames.rstStream(stream.id, code)
    this.#sending.flushSoon()
  }

  /** The peer may send so much more of a body. */
  creditStream(stream: Http2Stream, bytes: number): void {
    this.#sending.frames.windowUpdate(stream.id, bytes)
    this.#sending.flushSoon()
  }

  /** `stream` has ended, and is told no more. */
  told(stream: Http2Stream): void {
    if (this.#told === stream) this.#told = undefined
  }

  /** `stream` has ended, one way or another. `isLater`: somebody may be putting a message together now. */
  remove(stream: Http2Stream, isLater: boolean): void {
    this.told(stream)
    if (stream.id !== 0) this.#streams.delete(stream.id)
    this.owner.deadlines.remove(stream)
    this.#taken -= 1
    if (this.isClosed) return
    if (!this.#isDraining) {
      if (isLater) process.nextTick(() => this.#offerRoom())
      else this.#offerRoom()
    } else if (this.#taken === 0 && !this.#sending.isHeld) this.#close()
  }

  /** Nothing at all has come since a request was sent that is overdue: until there is a sign of life, no other is to be sent here. */
  suspect(): void {
    if (this.isClosed) return
    this.#isSuspect = true
    if (!this.#isPinged) this.#ping()
  }

  // What the reader finds.

  onDataFrame(streamId: number, size: number): number {
    const code = this.#checkStream(streamId)
    if (code !== NO_ERROR) return code
    this.#receiveWindow -= size
    if (this.#receiveWindow < 0) return FLOW_CONTROL_ERROR
    this.#uncredited += size
    if (this.#uncredited >= SESSION_CREDIT) {
      this.#sending.frames.windowUpdate(0, this.#uncredited)
      this.#receiveWindow += this.#uncredited
      this.#uncredited = 0
    }
    const stream = this.#streams.get(streamId)
    this.#isEmptyData = size === 0
    if (stream !== undefined) {
      this.#tell(stream)
      stream.onDataFrame(size)
    }
    return NO_ERROR
  }

  onData(streamId: number, bytes: Buffer, start: number, end: number): void {
    const stream = this.#streams.get(streamId)
    if (stream === undefined) return
    this.#tell(stream)
    stream.onData(bytes, start, end)
  }

  onDataFrameEnd(streamId: number, isLast: boolean): number {
    // Many servers end every response with one: only those that end nothing bring nothing.
    if (this.#isEmptyData && !isLast && !this.#idleFrames.take(this.owner.deadlines.tickMs)) return ENHANCE_YOUR_CALM
    this.#streams.get(streamId)?.onDataFrameEnd(isLast)
    return NO_ERROR
  }

  onHeaders(streamId: number, isLast: boolean, bytes: Buffer, start: number, end: number): number {
    const code = this.#checkStream(streamId)
    if (code !== NO_ERROR) return code
    const stream = this.#streams.get(streamId)
    const isTrailers = stream?.hasFinalHead === true
    responseBlock.begin(isTrailers)
    // For nobody it is decoded too: the table goes on from there.
    if (!this.#decoder.decode(bytes, start, end, responseBlock)) return COMPRESSION_ERROR
    if (stream === undefined) return this.#idleFrames.take(this.owner.deadlines.tickMs) ? NO_ERROR : ENHANCE_YOUR_CALM
    this.#tell(stream)
    if (isTrailers) stream.onTrailers(responseBlock.finishTrailers(stream.isGrpc), isLast)
    else stream.onHead(responseBlock.finishHead(isLast, stream.answersHead), isLast)
    return NO_ERROR
  }

  onLongBlock(bytes: Buffer, start: number, end: number): number {
    return this.#decoder.decode(bytes, start, end, NOBODY) ? NO_ERROR : COMPRESSION_ERROR
  }

  onLongHeaders(streamId: number): number {
    const code = this.#checkStream(streamId)
    const stream = this.#streams.get(streamId)
    if (code !== NO_ERROR || stream === undefined) return code
    this.#tell(stream)
    stream.fail('upstream-response-invalid', ENHANCE_YOUR_CALM)
    return NO_ERROR
  }

  onControl(type: number, isAck: boolean, streamId: number, bytes: Buffer, start: number, end: number): number {
    if (this.#opener !== undefined && (type !== SETTINGS || isAck)) return PROTOCOL_ERROR
    switch (type) {
      case WINDOW_UPDATE:
        return this.#onWindowUpdate(streamId, bytes.readUInt32BE(start) & MAX_WINDOW)
      case RST_STREAM: {
        const code = this.#checkStream(streamId)
        if (code !== NO_ERROR) return code
        const stream = this.#streams.get(streamId)
        if (stream === undefined) break
        this.#settle()
        stream.onReset(bytes.readUInt32BE(start))
        return NO_ERROR
      }
      case SETTINGS:
        return isAck ? NO_ERROR : this.#onSettings(bytes, start, end)
      case PING:
        if (isAck) return NO_ERROR
        this.#sending.frames.ping(ACK, bytes, start)
        // gRPC's servers measure with it how fast they get data: as often as they get some, at most.
        if (this.#sending.hasSentData) {
          this.#sending.hasSentData = false
          return NO_ERROR
        }
        break
      case GOAWAY:
        this.#onGoaway(bytes.readUInt32BE(start) & MAX_WINDOW)
        return NO_ERROR
    }
    return this.#idleFrames.take(this.owner.deadlines.tickMs) ? NO_ERROR : ENHANCE_YOUR_CALM
  }

  #onSettings(bytes: Buffer, start: number, end: number): number {
    if (!this.#idleFrames.take(this.owner.deadlines.tickMs)) return ENHANCE_YOUR_CALM
    const before = this.#peer.window
    const code = this.#peer.read(bytes, start, end)
    if (code !== NO_ERROR) return code
    // §6.9.2: windows of open streams change with it, and may become negative.
    const change = this.#peer.window - before
    for (const stream of this.#streams.values()) {
      stream.sendWindow += change
      if (stream.sendWindow > MAX_WINDOW) return FLOW_CONTROL_ERROR
    }
    this.#isPumpDue = true
    this.#sending.frames.settings(ACK, [])
    const opener = this.#opener
    this.#opener = undefined
    this.#settle()
    if (opener !== undefined) opener.onSessionReady()
    else this.#offerRoom()
    return NO_ERROR
  }

  #onWindowUpdate(streamId: number, increment: number): number {
    this.#isPumpDue = true
    if (streamId === 0) return this.#sending.widen(increment)
    const code = this.#checkStream(streamId)
    const stream = this.#streams.get(streamId)
    if (code !== NO_ERROR || stream === undefined) return code
    stream.sendWindow += increment
    this.#settle()
    if (increment === 0) stream.fail('upstream-response-invalid', PROTOCOL_ERROR)
    else if (stream.sendWindow > MAX_WINDOW) stream.fail('upstream-response-invalid', FLOW_CONTROL_ERROR)
    return NO_ERROR
  }

  /** §6.8: those above the id were not processed, the others go on. */
  #onGoaway(lastId: number): void {
    this.#isDraining = true
    // It may be told again with a smaller id, never with a larger one.
    if (lastId >= this.#lastSeenId) return
    this.#lastSeenId = lastId
    this.#settle()
    for (const stream of [...this.#streams.values()]) if (stream.id > lastId) stream.onUnseen()
  }

  /** §5.1: nothing may come on a stream that was never opened. */
  #checkStream(streamId: number): number {
    if (this.#opener !== undefined) return PROTOCOL_ERROR
    return streamId > this.#lastId || (streamId & 1) === 0 ? PROTOCOL_ERROR : NO_ERROR
  }

  /** What one stream puts together for its client is sent before another one begins. */
  #tell(stream: Http2Stream): void {
    if (this.#told === stream) return
    this.#settle()
    this.#told = stream
  }

  #settle(): void {
    const stream = this.#told
    this.#told = undefined
    stream?.onReadEnd()
  }

  /** Sends what waits, in turns. */
  #pump(): void {
    const sending = this.#sending
    this.#isPumpDue = false
    for (const stream of this.#streams.values()) {
      if (sending.isShut) break
      if (stream.hasUnsent && stream.pump() && sending.frames.size >= SEND_BYTES) sending.flush()
    }
    sending.flush()
    if (sending.isBlocked) return
    for (const stream of [...this.#streams.values()]) stream.drained()
  }

  #onDrain(): void {
    if (!this.isClosed) this.#pump()
  }

  #ping(): void {
    this.#isPinged = true
    this.deadlineMs = this.owner.deadlines.after(PING_TIMEOUT_MS)
    this.#sending.frames.ping(0, PING_PAYLOAD, 0)
    this.#sending.flushSoon()
  }

  /** A sign of life: requests may come again. */
  #believe(): void {
    this.#isSuspect = false
    this.#readsAtCheck = this.readCount
    this.deadlineMs = this.owner.deadlines.after(PING_AFTER_MS)
    this.#offerRoom()
  }

  #onClose(): void {
    if (this.isClosed) this.#forgetSocket()
    else this.#fail(this.#closeFailure, NO_ERROR, 'closed')
  }

  /** At once; whoever has a request here is told. */
  #fail(failure: UpstreamFailure, code: number, reason: string): void {
    if (this.isClosed) return
    this.#sayGoodbye(code)
    this.#forgetSocket()
    const opener = this.#opener
    if (opener !== undefined) {
      this.#opener = undefined
      const isAnswered = this.readCount > 0
      opener.onSessionFailed(
        failure === 'upstream-tls-failed' ? failure : isAnswered ? 'upstream-protocol-mismatch' : 'upstream-connect-failed',
        reason,
      )
      return
    }
    for (const stream of [...this.#streams.values()]) stream.onSessionClosed(failure)
    this.owner.onCarrierClosed(this)
  }

  /** Nobody has a request here any more. */
  #close(): void {
    if (this.isClosed) return
    this.#sayGoodbye(NO_ERROR)
    this.owner.onCarrierClosed(this)
  }

  /** Says that this is the end, and waits a moment for the other side to do the same. */
  #sayGoodbye(code: number): void {
    this.#sending.frames.goaway(0, code)
    this.isClosed = true
    this.#isLingering = true
    this.deadlineMs = this.owner.deadlines.after(LINGER_MS)
    this.#sending.close()
  }

  #offerRoom(): void {
    if (this.capacity > 0) this.owner.onCarrierFree(this)
  }

  #forgetSocket(): void {
    if (!this.#isLingering) return
    this.#isLingering = false
    this.owner.deadlines.remove(this)
    this.#socket.destroy()
  }
}
