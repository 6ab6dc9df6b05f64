/** Pieces of memory that the worker's sessions and streams borrow while they have something to send or to hold; idle ones own none. */

/** Holds what a session may have waiting, and a frame more. */
export const CHUNK_BYTES = 128 * 1024
/** Pieces that a worker keeps when nobody uses them. */
const KEPT_CHUNKS = 64

const free: Buffer[] = []

export function borrowChunk(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES)
}

/** Nobody looks at it any more. One that is no chunk is left to the garbage collector. */
export function returnChunk(chunk: Buffer): void {
  if (chunk.length === CHUNK_BYTES && free.length < KEPT_CHUNKS) free.push(chunk)
}
