/**
 * Lines on their way from a worker to the supervisor, which writes them: a ring in shared memory with one writer and one reader. The worker
 * never waits and never makes a system call; when the ring is full, because whoever reads the log is stuck, the line is dropped and counted.
 * Lines of a worker that died are still there.
 *
 *     positions: 0 <= read <= written, both grow without end (modulo 2^32); written - read <= size; bytes [read, written) are whole lines
 */
const WRITTEN = 0
const READ = 1
const IDLE = 2
const DROPPED = 3
const HEADER_CELLS = 4
const HEADER_BYTES = HEADER_CELLS * 4

/** About 3 000 lines: with a writer that comes by every 10 ms, enough for 300 000 requests per second and worker. */
export const RING_BYTES = 1024 * 1024

/** `bytes` is a power of two. */
export function createRingMemory(bytes: number = RING_BYTES): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(HEADER_BYTES + bytes)
  new Int32Array(memory, 0, HEADER_CELLS)[IDLE] = 1
  return memory
}

export class LineRing {
  readonly #header: Int32Array
  /** The ring itself. Its writer may write between `reserve` and `commit`, nobody else and never else. */
  readonly bytes: Buffer
  readonly #bytes: Uint8Array
  readonly #mask: number

  constructor(memory: SharedArrayBuffer) {
    this.#header = new Int32Array(memory, 0, HEADER_CELLS)
    this.bytes = Buffer.from(memory, HEADER_BYTES)
    this.#bytes = this.bytes
    this.#mask = this.#bytes.length - 1
  }

  /** Writer: where in `bytes` a line may be put together that has at most `maxBytes`; -1: there is no such room in one piece. */
  reserve(maxBytes: number): number {
    const written = this.#header[WRITTEN] as number
    const used = (written - Atomics.load(this.#header, READ)) >>> 0
    const start = written & this.#mask
    return maxBytes > this.#bytes.length - Math.max(used, start) ? -1 : start
  }

  /** Writer: a line of `size` bytes stands where `reserve` has said. True when the reader sleeps and has to be woken. */
  commit(size: number): boolean {
    // Behind the bytes: a reader that sees the position sees them, and a writer that dies before it has written nothing.
    Atomics.store(this.#header, WRITTEN, ((this.#header[WRITTEN] as number) + size) | 0)
    return this.#wakes()
  }

  /** Writer: takes the first `size` bytes, whole lines, or drops them. True when the reader sleeps and has to be woken. */
  write(lines: Uint8Array, size: number, lineCount: number): boolean {
    const written = this.#header[WRITTEN] as number
    const used = (written - Atomics.load(this.#header, READ)) >>> 0
    if (size > this.#bytes.length - used) {
      Atomics.add(this.#header, DROPPED, lineCount)
      return false
    }
    const start = written & this.#mask
    const first = Math.min(size, this.#bytes.length - start)
    this.#bytes.set(lines.subarray(0, first), start)
    if (first < size) this.#bytes.set(lines.subarray(first, size), 0)
    Atomics.store(this.#header, WRITTEN, (written + size) | 0)
    return this.#wakes()
  }

  /** Reader: copies whole lines into `target` and forgets them. Returns their bytes; 0 when there are none. */
  read(target: Uint8Array): number {
    const read = this.#header[READ] as number
    const available = (Atomics.load(this.#header, WRITTEN) - read) >>> 0
    let size = Math.min(available, target.length)
    const start = read & this.#mask
    const first = Math.min(size, this.#bytes.length - start)
    target.set(this.#bytes.subarray(start, start + first))
    if (first < size) target.set(this.#bytes.subarray(0, size - first), first)
    if (size < available) size = target.lastIndexOf(0x0a, size - 1) + 1
    Atomics.store(this.#header, READ, (read + size) | 0)
    return size
  }

  /** Reader: from now on a writer says when there is something. False when something came meanwhile. */
  sleep(): boolean {
    Atomics.store(this.#header, IDLE, 1)
    if (Atomics.load(this.#header, WRITTEN) === (this.#header[READ] as number)) return true
    // If the writer has seen the mark already, its message comes too; one reading more does no harm.
    Atomics.store(this.#header, IDLE, 0)
    return false
  }

  #wakes(): boolean {
    return Atomics.load(this.#header, IDLE) === 1 && Atomics.exchange(this.#header, IDLE, 0) === 1
  }

  /** Lines that found no room, since the ring was made. */
  get dropped(): number {
    return Atomics.load(this.#header, DROPPED)
  }
}
