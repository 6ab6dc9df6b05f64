/** One header block as it comes: in one HEADERS frame, which is nearly always so, or with CONTINUATION frames behind it (RFC 9113 §4.3, §6.10). */

import { uint31 } from './frame-reader.ts'
import { END_HEADERS, ENHANCE_YOUR_CALM, HAS_PRIORITY, NO_ERROR, PADDED, PROTOCOL_ERROR } from './frames.ts'

/** CVE-2024-27316: frames of one block. */
export const BLOCK_FRAMES = 8

const NOTHING = Buffer.alloc(0)

export class HeaderBlock {
  /** Stream of a block that goes on; 0: none does, and then anything else may come. */
  streamId = 0
  /** Those of its HEADERS frame. */
  flags = 0
  /** The block is `bytes[start, end)` when it is complete. */
  bytes: Buffer = NOTHING
  start = 0
  end = 0
  /** The priority says that the stream depends on itself (RFC 7540 §5.3.1). */
  dependsOnItself = false
  readonly #maxBytes: number
  #frames = 0

  /** Longest block, encoded, that is put together of more than one frame. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** A HEADERS frame. */
  begin(flags: number, streamId: number, bytes: Buffer, payloadStart: number, payloadEnd: number): number {
    let start = payloadStart
    let end = payloadEnd
    if ((flags & PADDED) !== 0) {
      if (start === end) return PROTOCOL_ERROR
      end -= bytes[start++] as number
    }
    this.dependsOnItself = false
    if ((flags & HAS_PRIORITY) !== 0) {
      if (start + 5 > end) return PROTOCOL_ERROR
      this.dependsOnItself = uint31(bytes, start) === streamId
      start += 5
    }
    if (start > end) return PROTOCOL_ERROR
    this.flags = flags
    this.streamId = streamId
    this.#frames = 1
    if ((flags & END_HEADERS) !== 0) {
      this.bytes = bytes
      this.start = start
      this.end = end
      return NO_ERROR
    }
    this.start = 0
    this.end = 0
    this.bytes = NOTHING
    return this.#add(bytes, start, end)
  }

  /** A CONTINUATION frame of the block's stream. */
  addFrame(bytes: Buffer, start: number, end: number): number {
    this.#frames += 1
    if (this.#frames > BLOCK_FRAMES) return ENHANCE_YOUR_CALM
    return this.#add(bytes, start, end)
  }

  /** The block has been dealt with. */
  clear(): void {
    this.streamId = 0
    this.bytes = NOTHING
  }

  #add(bytes: Buffer, start: number, end: number): number {
    const needed = this.end + end - start
    if (needed > this.#maxBytes) return ENHANCE_YOUR_CALM
    if (needed > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#maxBytes, 2 * needed))
      this.bytes.copy(larger, 0, 0, this.end)
      this.bytes = larger
    }
    bytes.copy(this.bytes, this.end, start, end)
    this.end = needed
    return NO_ERROR
  }
}
