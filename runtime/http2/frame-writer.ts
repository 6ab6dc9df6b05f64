/**
 * Frames on their way out of one session, in one piece of memory that is borrowed for as long as there are any: what a turn of the event loop has
 * to say goes out in one write, one TLS record for many responses. A session that is silent owns no memory.
 */
import { copy } from '../http1/serialize.ts'
import { borrowChunk, CHUNK_BYTES, returnChunk } from './chunks.ts'
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  FRAME_BYTES,
  FRAME_HEAD_BYTES,
  GOAWAY,
  HEADERS,
  PING,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from './frames.ts'

const NOTHING = Buffer.alloc(0)

export class FrameWriter {
  bytes: Buffer = NOTHING
  /** Bytes written: `bytes[0, size)`. */
  size = 0
  /** Pieces given back so far: an offset in `bytes` is good as long as this stays the same. */
  turn = 0

  /** Room for so many more bytes. */
  reserve(size: number): void {
    if (this.size + size <= this.bytes.length) return
    const needed = this.size + size
    const larger = needed <= CHUNK_BYTES ? borrowChunk() : Buffer.allocUnsafeSlow(2 * needed)
    this.bytes.copy(larger, 0, 0, this.size)
    returnChunk(this.bytes)
    this.bytes = larger
  }

  /** Everything was sent, or nobody wants it any more. */
  release(): void {
    returnChunk(this.take())
  }

  /** The memory that the frames are in: whoever takes it gives it back to chunks.ts. */
  take(): Buffer {
    const { bytes } = this
    this.bytes = NOTHING
    this.size = 0
    this.turn += 1
    return bytes
  }

  frameHead(size: number, type: number, flags: number, streamId: number): void {
    this.reserve(FRAME_HEAD_BYTES + size)
    this.#frameHeadAt(this.size, size, type, flags, streamId)
    this.size += FRAME_HEAD_BYTES
  }

  data(flags: number, streamId: number, source: Buffer, start: number, end: number): void {
    this.frameHead(end - start, DATA, flags, streamId)
    this.size = copy(source, start, end, this.bytes, this.size)
  }

  settings(flags: number, values: readonly (readonly [id: number, value: number])[]): void {
    this.frameHead(values.length * 6, SETTINGS, flags, 0)
    for (const [id, value] of values) {
      this.bytes[this.size++] = 0
      this.bytes[this.size++] = id
      this.#uint32(value)
    }
  }

  ping(flags: number, source: Buffer, start: number): void {
    this.frameHead(8, PING, flags, 0)
    this.size = copy(source, start, start + 8, this.bytes, this.size)
  }

  rstStream(streamId: number, errorCode: number): void {
    this.frameHead(4, RST_STREAM, 0, streamId)
    this.#uint32(errorCode)
  }

  windowUpdate(streamId: number, increment: number): void {
    this.frameHead(4, WINDOW_UPDATE, 0, streamId)
    this.#uint32(increment)
  }

  goaway(lastStreamId: number, errorCode: number): void {
    this.frameHead(8, GOAWAY, 0, 0)
    this.#uint32(lastStreamId)
    this.#uint32(errorCode)
  }

  /** Frames that were put together earlier. */
  copied(frames: Buffer): void {
    this.reserve(frames.length)
    this.size = copy(frames, 0, frames.length, this.bytes, this.size)
  }

  /** To the frame that begins at `at`. */
  addFlag(at: number, flag: number): void {
    this.bytes[at + 4] = (this.bytes[at + 4] as number) | flag
  }

  /** Begins a header block of at most `maxBytes`, which is then written to `bytes` at `size`. Returns where its frame begins. */
  beginBlock(maxBytes: number): number {
    this.reserve(FRAME_HEAD_BYTES + maxBytes)
    const at = this.size
    this.size += FRAME_HEAD_BYTES
    return at
  }

  /** The block is complete: puts a frame around it, or as many as it takes (RFC 9113 §6.10). */
  endBlock(at: number, flags: number, streamId: number): void {
    const size = this.size - at - FRAME_HEAD_BYTES
    if (size <= FRAME_BYTES) {
      this.#frameHeadAt(at, size, HEADERS, flags | END_HEADERS, streamId)
      return
    }
    const block = Buffer.from(this.bytes.subarray(at + FRAME_HEAD_BYTES, this.size))
    this.size = at
    for (let start = 0; start < size; start += FRAME_BYTES) {
      const stop = Math.min(size, start + FRAME_BYTES)
      const type = start === 0 ? HEADERS : CONTINUATION
      this.frameHead(stop - start, type, (start === 0 ? flags : 0) | (stop === size ? END_HEADERS : 0), streamId)
      this.size = copy(block, start, stop, this.bytes, this.size)
    }
  }

  #frameHeadAt(at: number, size: number, type: number, flags: number, streamId: number): void {
    const { bytes } = this
    bytes[at] = size >>> 16
    bytes[at + 1] = size >>> 8
    bytes[at + 2] = size
    bytes[at + 3] = type
    bytes[at + 4] = flags
    bytes[at + 5] = streamId >>> 24
    bytes[at + 6] = streamId >>> 16
    bytes[at + 7] = streamId >>> 8
    bytes[at + 8] = streamId
  }

  #uint32(value: number): void {
    const { bytes, size } = this
    bytes[size] = value >>> 24
    bytes[size + 1] = value >>> 16
    bytes[size + 2] = value >>> 8
    bytes[size + 3] = value
    this.size = size + 4
  }
}
