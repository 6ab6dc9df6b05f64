/**
 * How much compression one worker does at once. Each encoder holds 0.3 MiB (gzip) to 0.7 MiB (br, zstd), by bench/compression; and works in
 * libuv's pool, which has four threads and one per worker (parent.ts) for everything: DNS, files, compression. So one worker has one piece of
 * work there at a time, and names are looked up however much is compressed.
 */

export interface EncoderLimits {
  /** Responses of one worker that are compressed at the same time; further ones go as they are. */
  readonly streams: number
  /** Pieces of at most 64 KiB that one worker has in the thread pool. */
  readonly jobs: number
}

export const ENCODER_LIMITS: EncoderLimits = { streams: 32, jobs: 1 }

/** One encoder's work. */
export interface Job {
  /** Its turn: it calls `done` when the piece is compressed, or when it is gone. */
  run(): void
}

export class EncoderSlots {
  readonly limits: EncoderLimits
  streams = 0
  #running = 0
  readonly #queue: Job[] = []

  constructor(limits: Partial<EncoderLimits> = {}) {
    this.limits = { ...ENCODER_LIMITS, ...limits }
  }

  /** Room for one more encoder; `close` gives it back. */
  open(): boolean {
    if (this.streams >= this.limits.streams) return false
    this.streams += 1
    return true
  }

  close(): void {
    this.streams -= 1
  }

  /** Runs it now or when others are done, in order. At most one per encoder. */
  request(job: Job): void {
    if (this.#running >= this.limits.jobs) {
      this.#queue.push(job)
      return
    }
    this.#running += 1
    job.run()
  }

  /** It does not want its turn any more. False: it has it. */
  withdraw(job: Job): boolean {
    const at = this.#queue.indexOf(job)
    if (at >= 0) this.#queue.splice(at, 1)
    return at >= 0
  }

  done(): void {
    const next = this.#queue.shift()
    if (next === undefined) this.#running -= 1
    else next.run()
  }
}
