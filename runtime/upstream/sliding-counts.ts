/**
 * Requests and failures of the last while, counted by several workers at once in shared words: a ring of buckets, each a pair of words. A word
 * carries the number of its bucket beside the count, so that it is begun anew by the same compare-and-swap that counts in it: nothing
 * has to be cleared, and a worker that dies leaves nothing half done.
 *
 *     word   bucket number modulo 2^16 | count, up to 65 535
 *
 * A bucket that has counted 65 535 requests counts no more, failures neither: the share stays what it was.
 */
import { type Cell, TICK_MS } from './shared-cells.ts'

const MAX_COUNT = 0xffff
/** Each failure of a compare-and-swap means that another worker got on. */
const MAX_ATTEMPTS = 100

export class SlidingCounts {
  /** What the last `read` found. */
  requests = 0
  failures = 0
  readonly #words: Int32Array
  readonly #at: number
  readonly #buckets: number
  readonly #bucketMs: number

  /** `cell.at` is the first of `2 * buckets` words. */
  constructor(cell: Cell, buckets: number, windowMs: number) {
    this.#words = cell.words
    this.#at = cell.at
    this.#buckets = buckets
    this.#bucketMs = Math.max(TICK_MS, windowMs / buckets)
  }

  add(nowMs: number, isFailure: boolean): void {
    const number = Math.floor(nowMs / this.#bucketMs)
    const index = this.#at + (number % this.#buckets) * 2
    if (this.#count(index, number) && isFailure) this.#count(index + 1, number)
  }

  /** Of buckets that began at or after `sinceMs`, no more than the window. */
  read(nowMs: number, sinceMs: number): void {
    this.requests = 0
    this.failures = 0
    const last = Math.floor(nowMs / this.#bucketMs)
    const first = Math.max(last - this.#buckets + 1, Math.ceil(sinceMs / this.#bucketMs))
    for (let number = first; number <= last; number++) {
      const index = this.#at + (number % this.#buckets) * 2
      this.requests += this.#countIn(index, number)
      this.failures += this.#countIn(index + 1, number)
    }
  }

  /** At least `minRequests`, and at least `percent` of them failures. */
  isOver(percent: number, minRequests: number): boolean {
    return this.requests >= minRequests && this.failures * 100 >= this.requests * percent
  }

  #countIn(index: number, number: number): number {
    const word = Atomics.load(this.#words, index)
    return word >>> 16 === (number & 0xffff) ? word & MAX_COUNT : 0
  }

  #count(index: number, number: number): boolean {
    const words = this.#words
    const bucket = number & 0xffff
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const word = words[index] as number
      const count = word >>> 16 === bucket ? word & MAX_COUNT : 0
      if (count === MAX_COUNT) return false
      if (Atomics.compareExchange(words, index, word, (bucket << 16) | (count + 1)) === word) return true
    }
    return false
  }
}
