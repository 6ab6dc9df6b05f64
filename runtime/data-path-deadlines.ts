/**
 * Deadlines of one worker. Every connection has at most one deadline at a time, a plain number that it changes as it likes; one tick
 * looks at all of them. So setting a deadline costs one store, where a timer per connection costs two list operations per request
 * (and a scan of 10 000 connections costs 40 us per tick).
 */

/** Who has a deadline. */
export interface Timed {
  /** On the clock of `Deadlines.nowMs`; `Infinity` for none. */
  deadlineMs: number
  /** Position among all, kept by `Deadlines`; -1 while not added. */
  timedIndex: number
  /** The deadline has passed. Must move it or remove itself. */
  onDeadline(nowMs: number): void
}

export const TICK_MS = 50

/** A worker that was held up for longer has not read what was sent to it in time: nobody is to suffer for that. */
const STALL_MS = 10 * TICK_MS

export class Deadlines {
  readonly #all: Timed[] = []
  readonly #clock: () => number
  #timer: NodeJS.Timeout | undefined
  /** The time of the last tick: reading a clock for every deadline would cost more than keeping it. */
  #tickMs = 0
  #wasStalled = false

  /** `clock` is monotonic, in milliseconds. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock
  }

  nowMs(): number {
    return this.#clock()
  }

  /** The time of the last tick, on the same clock: free of cost, for what may be wrong by one. */
  get tickMs(): number {
    return this.#tickMs
  }

  /** The deadline `afterMs` from now. It is met late, by up to two ticks, and never early. */
  after(afterMs: number): number {
    return this.#tickMs + TICK_MS + afterMs
  }

  get count(): number {
    return this.#all.length
  }

  add(timed: Timed): void {
    timed.timedIndex = this.#all.length
    this.#all.push(timed)
    if (this.#timer === undefined) {
      this.#tickMs = this.#clock()
      this.#timer = setInterval(() => this.tick(), TICK_MS)
      // Sockets keep the process alive, not the clock that watches them.
      this.#timer.unref()
    }
  }

  remove(timed: Timed): void {
    const index = timed.timedIndex
    if (index < 0) return
    timed.timedIndex = -1
    const last = this.#all.pop() as Timed
    if (last !== timed) {
      this.#all[index] = last
      last.timedIndex = index
    }
    if (this.#all.length === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
    }
  }

  /** Calls `onDeadline` wherever the deadline has passed. From the end, so that one which removes itself is replaced by one already seen. */
  tick(): void {
    const now = this.#clock()
    // Once only: under a load that stalls every turn, deadlines are all the more needed.
    const isStalled = now - this.#tickMs > STALL_MS && !this.#wasStalled
    this.#wasStalled = isStalled
    this.#tickMs = now
    if (isStalled) return
    for (let i = this.#all.length - 1; i >= 0; i--) {
      const timed = this.#all[i]
      if (timed !== undefined && timed.deadlineMs <= now) timed.onDeadline(now)
    }
  }
}
