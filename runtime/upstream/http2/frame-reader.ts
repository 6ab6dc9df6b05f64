/**
 * Finds the frames in what a backend sends (RFC 9113 §4 and §6). Data is told as it comes, without being copied; header blocks and small frames
 * are told when they are complete. It checks what one frame alone can show; what frames mean to streams is up to its handler.
 */
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  ENHANCE_YOUR_CALM,
  FRAME_BYTES,
  FRAME_HEAD_BYTES,
  FRAME_SIZE_ERROR,
  GOAWAY,
  HAS_PRIORITY,
  HEADERS,
  NO_ERROR,
  PADDED,
  PING,
  PRIORITY,
  PROTOCOL_ERROR,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from '../../http2/frames.ts'
import { BLOCK_BYTES } from '../../http2/hpack-decoder.ts'
import { completeFields } from './block-fields.ts'
import { BLOCK_FRAMES, LONG_BLOCK_BYTES } from './limits.ts'

/** Hears of frames in order. Each call returns NO_ERROR or the code with which the connection ends. Bytes are valid until the call returns. */
export interface FrameHandler {
  /** Nothing more is wanted: reading stops. */
  readonly isClosed: boolean
  /** A DATA frame begins. `size` counts for flow control: padding is part of it. */
  onDataFrame(streamId: number, size: number): number
  onData(streamId: number, bytes: Buffer, start: number, end: number): void
  /** All of a DATA frame has come. */
  onDataFrameEnd(streamId: number, isLast: boolean): number
  onHeaders(streamId: number, isLast: boolean, bytes: Buffer, start: number, end: number): number
  /** Whole fields of a block that is too long to be kept. `onLongHeaders` follows when it has ended. */
  onLongBlock(bytes: Buffer, start: number, end: number): number
  onLongHeaders(streamId: number, isLast: boolean): number
  /** RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, and what is unknown or means nothing, of which no payload is told. */
  onControl(type: number, isAck: boolean, streamId: number, bytes: Buffer, start: number, end: number): number
}

const HEAD = 0
const PAD_LENGTH = 1
const BODY = 2
const PADDING = 3
const PAYLOAD = 4
const SKIP = 5

export class FrameReader {
  readonly #handler: FrameHandler
  #state = HEAD
  #type = 0
  #flags = 0
  #streamId = 0
  /** Of the payload, or of the part of it that the state is about, what has not come yet. */
  #left = 0
  #padding = 0
  /** A frame's head or payload that did not come in one read. */
  readonly #head = Buffer.allocUnsafeSlow(FRAME_HEAD_BYTES)
  #headSize = 0
  #payload: Buffer | undefined
  #payloadSize = 0
  /** A header block that is not complete, and the stream that it is for; 0: none. */
  #blockStreamId = 0
  #isBlockLast = false
  #block: Buffer | undefined
  #blockSize = 0
  #blockFrames = 0
  /** What was passed on already of a block that is too long; 0: it is not. */
  #passedBytes = 0

  constructor(handler: FrameHandler) {
    this.#handler = handler
  }

  /** Returns NO_ERROR or the code with which the connection ends. */
  read(bytes: Buffer, start: number, end: number): number {
    let at = start
    while (at < end && !this.#handler.isClosed) {
      const code = this.#state === HEAD ? this.#readHead(bytes, at, end) : this.#readPayload(bytes, at, end)
      if (code !== NO_ERROR) return code
      at = this.#position
    }
    return NO_ERROR
  }

  /** Where reading goes on after the two below. */
  #position = 0

  #readHead(bytes: Buffer, at: number, end: number): number {
    if (this.#headSize === 0 && end - at >= FRAME_HEAD_BYTES) {
      this.#position = at + FRAME_HEAD_BYTES
      return this.#begin(bytes, at)
    }
    const size = Math.min(FRAME_HEAD_BYTES - this.#headSize, end - at)
    bytes.copy(this.#head, this.#headSize, at, at + size)
    this.#headSize += size
    this.#position = at + size
    if (this.#headSize < FRAME_HEAD_BYTES) return NO_ERROR
    this.#headSize = 0
    return this.#begin(this.#head, 0)
  }

  #begin(head: Buffer, at: number): number {
    const size = head.readUIntBE(at, 3)
    this.#type = head[at + 3] as number
    this.#flags = head[at + 4] as number
    this.#streamId = head.readUInt32BE(at + 5) & 0x7fff_ffff
    if (size > FRAME_BYTES) return FRAME_SIZE_ERROR
    // §6.10: nothing may stand between the frames of a block.
    if (this.#blockStreamId !== 0 && (this.#type !== CONTINUATION || this.#streamId !== this.#blockStreamId)) return PROTOCOL_ERROR
    this.#left = size
    const code = this.#checkHead(size)
    if (code !== NO_ERROR) return code
    if (this.#type === DATA) return this.#beginData(size)
    this.#state = this.#type > CONTINUATION || this.#type === PRIORITY ? SKIP : PAYLOAD
    this.#payloadSize = 0
    return size === 0 ? this.#endPayload(head, 0, 0) : NO_ERROR
  }

  #beginData(size: number): number {
    this.#padding = 0
    this.#state = (this.#flags & PADDED) === 0 ? BODY : PAD_LENGTH
    if (this.#state === PAD_LENGTH && size === 0) return FRAME_SIZE_ERROR
    const code = this.#handler.onDataFrame(this.#streamId, size)
    return code === NO_ERROR && size === 0 ? this.#endData() : code
  }

  /** What a frame's type says about its size and its stream. */
  #checkHead(size: number): number {
    const isConnections = this.#streamId === 0
    switch (this.#type) {
      case DATA:
      case HEADERS:
        return isConnections ? PROTOCOL_ERROR : NO_ERROR
      case PRIORITY:
        return isConnections ? PROTOCOL_ERROR : size === 5 ? NO_ERROR : FRAME_SIZE_ERROR
      case RST_STREAM:
        return isConnections ? PROTOCOL_ERROR : size === 4 ? NO_ERROR : FRAME_SIZE_ERROR
      case SETTINGS:
        if (!isConnections) return PROTOCOL_ERROR
        return (this.#flags & ACK) !== 0 ? (size === 0 ? NO_ERROR : FRAME_SIZE_ERROR) : size % 6 === 0 ? NO_ERROR : FRAME_SIZE_ERROR
      case PUSH_PROMISE:
        // §8.4: we have said that we want none.
        return PROTOCOL_ERROR
      case PING:
        return isConnections ? (size === 8 ? NO_ERROR : FRAME_SIZE_ERROR) : PROTOCOL_ERROR
      case GOAWAY:
        return isConnections ? (size >= 8 ? NO_ERROR : FRAME_SIZE_ERROR) : PROTOCOL_ERROR
      case WINDOW_UPDATE:
        return size === 4 ? NO_ERROR : FRAME_SIZE_ERROR
      case CONTINUATION:
        return this.#blockStreamId === 0 ? PROTOCOL_ERROR : NO_ERROR
      default:
        return NO_ERROR
    }
  }

  #readPayload(bytes: Buffer, at: number, end: number): number {
    if (this.#state === PAD_LENGTH) {
      this.#position = at + 1
      this.#padding = bytes[at] as number
      this.#left -= 1
      // §6.1: padding that is as long as the payload, or longer.
      if (this.#padding > this.#left) return PROTOCOL_ERROR
      this.#left -= this.#padding
      return this.#afterBody()
    }
    const size = Math.min(this.#left, end - at)
    this.#position = at + size
    this.#left -= size
    if (this.#state === BODY) {
      if (size > 0) this.#handler.onData(this.#streamId, bytes, at, at + size)
      return this.#left === 0 ? this.#afterBody() : NO_ERROR
    }
    if (this.#state === PADDING) return this.#left === 0 ? this.#endData() : NO_ERROR
    if (this.#state === PAYLOAD) {
      if (this.#payloadSize === 0 && this.#left === 0) return this.#endPayload(bytes, at, at + size)
      this.#payload ??= Buffer.allocUnsafeSlow(FRAME_BYTES)
      bytes.copy(this.#payload, this.#payloadSize, at, at + size)
      this.#payloadSize += size
    }
    return this.#left === 0 ? this.#endPayload(this.#payload ?? bytes, 0, this.#payloadSize) : NO_ERROR
  }

  #afterBody(): number {
    if (this.#left > 0) {
      this.#state = BODY
      return NO_ERROR
    }
    if (this.#padding === 0) return this.#endData()
    this.#state = PADDING
    this.#left = this.#padding
    this.#padding = 0
    return NO_ERROR
  }

  #endData(): number {
    this.#state = HEAD
    return this.#handler.onDataFrameEnd(this.#streamId, (this.#flags & END_STREAM) !== 0)
  }

  #endPayload(bytes: Buffer, start: number, end: number): number {
    const isSkipped = this.#state === SKIP
    this.#state = HEAD
    if (this.#type === HEADERS) return this.#beginBlock(bytes, start, end)
    if (this.#type === CONTINUATION) return this.#addToBlock(bytes, start, end)
    const stop = isSkipped ? start : end
    return this.#handler.onControl(this.#type, (this.#flags & ACK) !== 0, this.#streamId, bytes, start, stop)
  }

  #beginBlock(bytes: Buffer, start: number, end: number): number {
    let from = start
    let padding = 0
    if ((this.#flags & PADDED) !== 0) {
      if (from === end) return FRAME_SIZE_ERROR
      padding = bytes[from++] as number
    }
    if ((this.#flags & HAS_PRIORITY) !== 0) from += 5
    const to = end - padding
    if (from > to) return PROTOCOL_ERROR
    const isLast = (this.#flags & END_STREAM) !== 0
    if ((this.#flags & END_HEADERS) !== 0) return this.#handler.onHeaders(this.#streamId, isLast, bytes, from, to)
    this.#blockStreamId = this.#streamId
    this.#isBlockLast = isLast
    this.#blockSize = 0
    this.#blockFrames = 0
    this.#passedBytes = 0
    return this.#addToBlock(bytes, from, to)
  }

  #addToBlock(bytes: Buffer, start: number, end: number): number {
    this.#blockFrames += 1
    // CONTINUATION floods: a block cannot be skipped, because the table behind it would not be the same at both ends.
    if (this.#blockFrames > BLOCK_FRAMES || this.#passedBytes > LONG_BLOCK_BYTES) return ENHANCE_YOUR_CALM
    this.#block ??= Buffer.allocUnsafeSlow(BLOCK_BYTES)
    for (let at = start; at < end; ) {
      const size = Math.min(end - at, BLOCK_BYTES - this.#blockSize)
      bytes.copy(this.#block, this.#blockSize, at, at + size)
      this.#blockSize += size
      at += size
      if (at === end) break
      const code = this.#passOn(this.#block)
      if (code !== NO_ERROR) return code
    }
    return (this.#flags & END_HEADERS) === 0 ? NO_ERROR : this.#endBlock(this.#block)
  }

  /** The block is longer than what is kept of one: its whole fields are passed on, to make room for the next. */
  #passOn(block: Buffer): number {
    const whole = completeFields(block, 0, this.#blockSize)
    // One field that is longer than this.
    if (whole === 0) return ENHANCE_YOUR_CALM
    this.#passedBytes += whole
    const code = this.#handler.onLongBlock(block, 0, whole)
    block.copyWithin(0, whole, this.#blockSize)
    this.#blockSize -= whole
    return code
  }

  #endBlock(block: Buffer): number {
    const streamId = this.#blockStreamId
    const size = this.#blockSize
    this.#blockStreamId = 0
    // Blocks in several frames are rare: their memory is not kept.
    this.#block = undefined
    if (this.#passedBytes === 0) return this.#handler.onHeaders(streamId, this.#isBlockLast, block, 0, size)
    const code = this.#handler.onLongBlock(block, 0, size)
    return code === NO_ERROR ? this.#handler.onLongHeaders(streamId, this.#isBlockLast) : code
  }
}
