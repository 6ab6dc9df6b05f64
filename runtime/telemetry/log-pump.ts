/**
 * Takes lines from all workers' rings to the access log's target. It reads only what the target has room for: behind a stuck reader the rings
 * fill up and workers drop lines, which are counted; nothing else happens to traffic.
 */
import type { LineRing } from './line-ring.ts'
import { type LineTarget, LineWriter } from './line-writer.ts'

const CHUNK_BYTES = 64 * 1024
/** Lines are at most this late, and a busy gateway is woken a hundred times per second and not for every request. */
const DELAY_MS = 10
/** Chunks in one turn, so that a fast reader does not keep the supervisor from its other work. */
const CHUNKS_PER_TURN = 32

export class LogPump {
  readonly #rings: readonly LineRing[]
  readonly #writer: LineWriter
  readonly #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  #next = 0
  #timer: NodeJS.Timeout | undefined
  #isPumping = false

  /** Throws `log-unavailable`. */
  constructor(target: LineTarget, rings: readonly LineRing[]) {
    this.#rings = rings
    this.#writer = new LineWriter(target, () => {
      if (!this.#isPumping) this.#pump()
    })
  }

  /** A worker has put lines into a ring whose reader slept. */
  wake(): void {
    if (this.#timer !== undefined || this.#writer.isBusy) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#pump()
    }, DELAY_MS)
  }

  /** Throws `log-unavailable`, and goes on with the old file then. */
  reopen(): void {
    this.#writer.reopen()
  }

  /** Lines that found no room in a ring, and chunks that the target did not take. */
  get dropped(): number {
    let sum = this.#writer.failures
    for (const ring of this.#rings) sum += ring.dropped
    return sum
  }

  get lastFailure(): string {
    return this.#writer.lastFailure
  }

  /** Writes what is there, as far as the target takes it without waiting. */
  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#pump()
    this.#writer.close()
  }

  #pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    let chunks = 0
    while (!this.#writer.isBusy && chunks < CHUNKS_PER_TURN) {
      const size = this.#read()
      if (size === 0) break
      this.#writer.write(this.#chunk.subarray(0, size))
      chunks += 1
    }
    this.#isPumping = false
    if (this.#writer.isBusy) return
    let isEmpty = chunks < CHUNKS_PER_TURN
    if (isEmpty) for (const ring of this.#rings) isEmpty = ring.sleep() && isEmpty
    if (!isEmpty) this.wake()
  }

  /** From the next ring that has lines, so that one busy worker does not starve the others. */
  #read(): number {
    for (let tried = 0; tried < this.#rings.length; tried++) {
      const ring = this.#rings[this.#next] as LineRing
      this.#next = (this.#next + 1) % this.#rings.length
      const size = ring.read(this.#chunk)
      if (size > 0) return size
    }
    return 0
  }
}
