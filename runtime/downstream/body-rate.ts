/** How fast a request's body comes. One that drips never falls silent, yet holds a connection to a backend for as long as it likes. */

const NOT_MEASURED = -1

export class BodyRate {
  #sinceMs = NOT_MEASURED
  #bytes = 0

  /** From here on time does not count until the next bytes: the client was told to wait, or has nothing to send. */
  stop(): void {
    this.#sinceMs = NOT_MEASURED
  }

  /** `size` bytes have come. True: over at least `windowMs` there were less than `minRate` bytes per second. */
  isTooSlow(size: number, nowMs: number, windowMs: number, minRate: number): boolean {
    if (this.#sinceMs === NOT_MEASURED) {
      this.#sinceMs = nowMs
      this.#bytes = 0
    }
    this.#bytes += size
    const elapsedMs = nowMs - this.#sinceMs
    if (elapsedMs < windowMs) return false
    const isSlow = this.#bytes * 1000 < minRate * elapsedMs
    this.#sinceMs = nowMs
    this.#bytes = 0
    return isSlow
  }
}
