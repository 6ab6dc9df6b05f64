/** Bytes that have to wait, first in, first out. Owns memory only while it has some. */

import { borrowChunk, CHUNK_BYTES, returnChunk } from './chunks.ts'

const NOTHING = Buffer.alloc(0)
const SMALL_BYTES = 1024

export class ByteQueue {
  bytes: Buffer = NOTHING
  /** The bytes are `bytes[start, end)`. */
  start = 0
  end = 0

  get size(): number {
    return this.end - this.start
  }

  add(source: Buffer, start: number, end: number): void {
    const size = end - start
    if (this.end + size > this.bytes.length) this.#makeRoom(size)
    source.copy(this.bytes, this.end, start, end)
    this.end += size
  }

  /** The first `size` bytes are not needed any more. */
  drop(size: number): void {
    this.start += size
    if (this.start === this.end) this.clear()
  }

  clear(): void {
    returnChunk(this.take())
  }

  /** Empties the queue; the bytes are the caller's, who gives the memory back to chunks.ts when it has done with them. */
  take(): Buffer {
    const { bytes } = this
    this.bytes = NOTHING
    this.start = 0
    this.end = 0
    return bytes
  }

  #makeRoom(size: number): void {
    const held = this.size
    const needed = held + size
    if (needed > this.bytes.length || this.start === 0) {
      const larger = memoryFor(needed)
      this.bytes.copy(larger, 0, this.start, this.end)
      returnChunk(this.bytes)
      this.bytes = larger
    } else this.bytes.copy(this.bytes, 0, this.start, this.end)
    this.start = 0
    this.end = held
  }
}

/** At most four times what is needed: a client may make us hold a little for each of many streams. */
function memoryFor(size: number): Buffer {
  if (size > CHUNK_BYTES / 4 && size <= CHUNK_BYTES) return borrowChunk()
  return Buffer.allocUnsafeSlow(Math.max(SMALL_BYTES, 2 * size))
}
