/**
 * What a worker gives up first when it cannot keep up, told by how late its event loop is: whatever waits in a queue waits that long.
 *
 *     1  from 50 ms   connections are closed with their next response, so that clients spread again
 *     2  from 200 ms  new requests get a 503 that is ready to send
 *     3  from 1 s     nothing is accepted; connections wait in the kernel, or go to other workers
 *
 * Pure: decides on samples, has no timer. `LoadSampler` below brings them.
 */

import { localReply } from '../policies/contract.ts'

/** From this level on connections are closed with their next response. */
export const CLOSES_CONNECTIONS = 1
/** From this level on new requests get `OVERLOADED`. */
export const REFUSES_REQUESTS = 2
/** From this level on nothing is accepted. */
export const STOPS_ACCEPTING = 3

export const OVERLOADED = localReply(503, 'overloaded', 'The gateway has more to do than it can.', [['Retry-After', '1']])

export const SAMPLE_MS = 100
/** Delay from which on each level holds, in ms. */
export const LEVEL_DELAYS_MS = [50, 200, 1000] as const
/** So many samples in a row have to be that late: one collection of garbage, or one swap, is no overload. */
const RISE_SAMPLES = 3
/** A level is left when this many samples in a row are below half of its delay. Refusing is cheap, so the load falls as soon as it is shed. */
const FALL_SAMPLES = 10
/** A gap so long is no load: the machine slept, or the process was stopped. */
const STOPPED_MS = 60_000

export class LoadShedding {
  /** 0 (nothing is shed) to 3. */
  level = 0
  #late = 0
  #calm = 0

  /** Takes a sample: how late the event loop was, in ms. Returns the level from now on. */
  sample(delayMs: number): number {
    if (delayMs >= STOPPED_MS) return this.level
    const next = LEVEL_DELAYS_MS[this.level]
    const current = LEVEL_DELAYS_MS[this.level - 1]
    this.#late = next !== undefined && delayMs >= next ? this.#late + 1 : 0
    this.#calm = current !== undefined && delayMs < current / 2 ? this.#calm + 1 : 0
    if (this.#late >= RISE_SAMPLES) this.#moveTo(this.level + 1)
    else if (this.#calm >= FALL_SAMPLES) this.#moveTo(this.level - 1)
    return this.level
  }

  #moveTo(level: number): void {
    this.level = level
    this.#late = 0
    this.#calm = 0
  }
}

/**
 * Samples the delay of this thread's event loop: a timer that should fire every `SAMPLE_MS` is as late as everything else is. Calls back
 * when the level has changed.
 */
export class LoadSampler {
  readonly #shedding = new LoadShedding()
  readonly #onLevel: (level: number) => void
  readonly #clock: () => number
  readonly #timer: NodeJS.Timeout
  #dueMs: number

  /** `clock` is monotonic, in ms. */
  constructor(onLevel: (level: number) => void, clock: () => number = () => performance.now()) {
    this.#onLevel = onLevel
    this.#clock = clock
    this.#dueMs = clock() + SAMPLE_MS
    this.#timer = setInterval(() => this.sample(), SAMPLE_MS)
    this.#timer.unref()
  }

  /** What the timer does. */
  sample(): void {
    const now = this.#clock()
    const before = this.#shedding.level
    const level = this.#shedding.sample(Math.max(0, now - this.#dueMs))
    // From when it really fired: an interval that was missed is not made up for.
    this.#dueMs = now + SAMPLE_MS
    if (level !== before) this.#onLevel(level)
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
