/**
 * Cuts what arrives into frames (RFC 9113 §4.1), where it lies; only a frame that came in parts is put together in memory of its own, which is
 * let go of when it is complete. Knows how large each type may be (§4.2), nothing of what they mean.
 */
import {
  DATA,
  FRAME_BYTES,
  FRAME_HEAD_BYTES,
  FRAME_SIZE_ERROR,
  GOAWAY,
  NO_ERROR,
  PING,
  PRIORITY,
  PROTOCOL_ERROR,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from './frames.ts'

export interface FrameHandler {
  /** A whole frame; its payload is `bytes[start, end)`, valid until the call returns. An error code other than NO_ERROR ends the reading. */
  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): number
}

export class FrameReader {
  /** Frames that were told so far. */
  frameCount = 0
  /** What stands in front of the first frame; then empty. */
  #preface: Buffer
  #partial: Buffer | undefined
  #partialBytes = 0

  constructor(preface: Buffer) {
    this.#preface = preface
  }

  /** The preface is there, and no frame that is not DATA has begun and not ended: what is to come of a body has deadlines of its own. */
  get isBetweenFrames(): boolean {
    if (this.#preface.length > 0) return false
    return this.#partial === undefined || (this.#partialBytes >= FRAME_HEAD_BYTES && this.#partial[3] === DATA)
  }

  /** Reads `bytes[start, end)`. Returns the error code with which the connection has to end, NO_ERROR if it goes on. */
  read(bytes: Buffer, start: number, end: number, handler: FrameHandler): number {
    let at = start
    if (this.#preface.length > 0) {
      const size = Math.min(end - at, this.#preface.length)
      for (let i = 0; i < size; i++) if (bytes[at + i] !== this.#preface[i]) return PROTOCOL_ERROR
      this.#preface = this.#preface.subarray(size)
      at += size
    }
    if (this.#partial !== undefined) {
      at = this.#fill(this.#partial, bytes, at, end)
      if (at < 0) return FRAME_SIZE_ERROR
      const size = this.#partialSize(this.#partial)
      if (this.#partialBytes < size) return NO_ERROR
      const frame = this.#partial
      this.#partial = undefined
      this.frameCount += 1
      const code = tell(handler, frame, 0, size)
      if (code !== NO_ERROR) return code
    }
    while (at + FRAME_HEAD_BYTES <= end) {
      const size = payloadBytes(bytes, at)
      if (size > FRAME_BYTES) return FRAME_SIZE_ERROR
      const stop = at + FRAME_HEAD_BYTES + size
      if (stop > end) break
      this.frameCount += 1
      const code = tell(handler, bytes, at, stop)
      if (code !== NO_ERROR) return code
      at = stop
    }
    if (at < end) {
      const size = end - at < FRAME_HEAD_BYTES ? 0 : payloadBytes(bytes, at)
      this.#partial = Buffer.allocUnsafeSlow(FRAME_HEAD_BYTES + size)
      this.#partialBytes = end - at
      bytes.copy(this.#partial, 0, at, end)
    }
    return NO_ERROR
  }

  /** Takes what is missing of the frame in `partial`, and returns the offset behind it; -1: it is too large. */
  #fill(partial: Buffer, bytes: Buffer, start: number, end: number): number {
    let at = start
    if (this.#partialBytes < FRAME_HEAD_BYTES) {
      const head = Math.min(FRAME_HEAD_BYTES - this.#partialBytes, end - at)
      bytes.copy(partial, this.#partialBytes, at, at + head)
      this.#partialBytes += head
      at += head
      if (this.#partialBytes < FRAME_HEAD_BYTES) return at
      if (payloadBytes(partial, 0) > FRAME_BYTES) return -1
    }
    const size = this.#partialSize(partial)
    let frame = partial
    if (frame.length < size) {
      frame = Buffer.allocUnsafeSlow(size)
      partial.copy(frame, 0, 0, this.#partialBytes)
      this.#partial = frame
    }
    const rest = Math.min(size - this.#partialBytes, end - at)
    bytes.copy(frame, this.#partialBytes, at, at + rest)
    this.#partialBytes += rest
    return at + rest
  }

  /** Of the whole frame, as far as its head has come. */
  #partialSize(partial: Buffer): number {
    return this.#partialBytes < FRAME_HEAD_BYTES ? FRAME_HEAD_BYTES : FRAME_HEAD_BYTES + payloadBytes(partial, 0)
  }
}

function payloadBytes(bytes: Buffer, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
}

function tell(handler: FrameHandler, bytes: Buffer, at: number, end: number): number {
  const type = bytes[at + 3] as number
  // The first bit is reserved and means nothing (§4.1).
  const streamId =
    (((bytes[at + 5] as number) & 0x7f) << 24) |
    ((bytes[at + 6] as number) << 16) |
    ((bytes[at + 7] as number) << 8) |
    (bytes[at + 8] as number)
  const start = at + FRAME_HEAD_BYTES
  if (type !== DATA) {
    const code = checkFrame(type, streamId, end - start)
    if (code !== NO_ERROR) return code
  }
  return handler.onFrame(type, bytes[at + 4] as number, streamId, bytes, start, end)
}

/** What does not depend on anything that came before. A PRIORITY of a wrong size is only its stream's mistake (§6.3). */
function checkFrame(type: number, streamId: number, size: number): number {
  switch (type) {
    case SETTINGS:
      if (streamId !== 0) return PROTOCOL_ERROR
      return size % 6 === 0 ? NO_ERROR : FRAME_SIZE_ERROR
    case PING:
      if (streamId !== 0) return PROTOCOL_ERROR
      return size === 8 ? NO_ERROR : FRAME_SIZE_ERROR
    case GOAWAY:
      if (streamId !== 0) return PROTOCOL_ERROR
      return size >= 8 ? NO_ERROR : FRAME_SIZE_ERROR
    case RST_STREAM:
      if (streamId === 0) return PROTOCOL_ERROR
      return size === 4 ? NO_ERROR : FRAME_SIZE_ERROR
    case PRIORITY:
      return streamId === 0 ? PROTOCOL_ERROR : NO_ERROR
    case WINDOW_UPDATE:
      return size === 4 ? NO_ERROR : FRAME_SIZE_ERROR
    case PUSH_PROMISE:
      return streamId === 0 ? PROTOCOL_ERROR : NO_ERROR
    default:
      return NO_ERROR
  }
}

/** Four bytes as an unsigned number. */
export function uint32(bytes: Buffer, at: number): number {
  return (
    (((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)) >>> 0
  )
}

/** Four bytes without the first bit, which is reserved in a window's increment and in ids (§6.8, §6.9). */
export function uint31(bytes: Buffer, at: number): number {
  return uint32(bytes, at) & 0x7fff_ffff
}
