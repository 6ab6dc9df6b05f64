/**
 * How many of a backend's requests may be retries at one time: a share of its active requests, over all workers of the process, so that
 * retries cannot multiply the load on a backend that is in trouble. Each worker counts in a cell of its own seat; when it dies the
 * supervisor empties that, so nothing that was taken stays taken.
 */
import { type Cell, SEAT } from './shared-cells.ts'

/** So many retries at once are allowed however few requests there are: a share of next to nothing would be none. */
export const MIN_RETRIES = 3

export class RetryBudget {
  readonly #seats: readonly Cell[]
  readonly #own: Cell

  /** `seats` has the cells of all seats for this backend, `own` among them. */
  constructor(seats: readonly Cell[], own: Cell) {
    this.#seats = seats
    this.#own = own
  }

  /** Asks for one retry, when they may be `percent` of the requests; when it is allowed, `end` has to follow. */
  tryBegin(percent: number): boolean {
    const { words, at } = this.#own
    // Counted before the others are looked at: of two workers that ask at once at least one sees the other, so the share is never exceeded.
    Atomics.add(words, at + SEAT.activeRetries, 1)
    let retries = 0
    let requests = 0
    for (const seat of this.#seats) {
      retries += Atomics.load(seat.words, seat.at + SEAT.activeRetries)
      requests += Atomics.load(seat.words, seat.at + SEAT.activeRequests)
    }
    const isAllowed = retries <= Math.max(MIN_RETRIES, Math.floor((requests * percent) / 100))
    Atomics.add(words, at + (isAllowed ? SEAT.retries : SEAT.retriesRefused), 1)
    if (!isAllowed) Atomics.sub(words, at + SEAT.activeRetries, 1)
    return isAllowed
  }

  end(): void {
    Atomics.sub(this.#own.words, this.#own.at + SEAT.activeRetries, 1)
  }
}
