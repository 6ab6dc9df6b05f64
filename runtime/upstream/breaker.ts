/**
 * The circuit breaker of a backend, one per gateway process: when too many of its requests fail, none are sent for a while, then a few, and if
 * those succeed, all. Its state is one shared word, so that every change is one compare-and-swap, and the first worker that sees a reason
 * makes it for all.
 *
 *     closed ── share of failures in the window, from minRequests on ──> open ── openMs ──> half-open ── probes succeed ──> closed
 *                                                                          ^─────────── one fails ───────┘
 *
 *     word     moment since when, in ticks (30 bits) | state (2 bits)
 *     probes   moment, as far as it fits (16) | begun (8) | succeeded (8)
 */
import type { BreakerPlan } from '../../bundle/plan.ts'
import { BACKEND, BREAKER_BUCKETS, type Cell, TICK_MS } from './shared-cells.ts'
import { SlidingCounts } from './sliding-counts.ts'

/** Requests let through while half-open; all of them have to succeed. */
export const HALF_OPEN_PROBES = 3

export const CLOSED = 0
export const OPEN = 1
export const HALF_OPEN = 2
export const BREAKER_STATES = ['closed', 'open', 'half-open'] as const
export type BreakerState = (typeof BREAKER_STATES)[number]

const STATE_MASK = 3
/** Moments are kept modulo 2^30 ticks, 198 days, and only their age is looked at. */
const TICKS = 2 ** 30

export class Breaker {
  readonly #plan: BreakerPlan
  readonly #words: Int32Array
  readonly #at: number
  readonly #counts: SlidingCounts

  /** `cell` is the backend's. */
  constructor(plan: BreakerPlan, cell: Cell) {
    this.#plan = plan
    this.#words = cell.words
    this.#at = cell.at
    this.#counts = new SlidingCounts({ words: cell.words, at: cell.at + BACKEND.breakerWindow }, BREAKER_BUCKETS, plan.windowMs)
  }

  get state(): BreakerState {
    return breakerStateOf({ words: this.#words, at: this.#at })
  }

  /** Closed: one load, without a look at the clock. Only then may `allows` be left out. */
  get isClosed(): boolean {
    return ((this.#words[this.#at + BACKEND.breaker] as number) & STATE_MASK) === CLOSED
  }

  /** Whether a request may be sent now. Yes, while half-open, is one of the probes. */
  allows(nowMs: number): boolean {
    const word = this.#load()
    const state = word & STATE_MASK
    if (state === CLOSED) return true
    const isOver = ageMs(word, nowMs) >= this.#plan.openMs
    if (state === OPEN) {
      if (!isOver) return false
      this.#change(word, HALF_OPEN, nowMs)
    } else if (isOver) {
      // Probes were lost with clients or workers that went away: others get their places.
      this.#change(word, HALF_OPEN, nowMs)
    }
    const current = this.#load()
    if ((current & STATE_MASK) === CLOSED) return true
    return (current & STATE_MASK) === HALF_OPEN && this.#countProbe(current, 1 << 8)
  }

  /** For `Retry-After`: until probes may be sent, at least 1 s. */
  retryAfterSeconds(nowMs: number): number {
    const word = this.#load()
    const leftMs = (word & STATE_MASK) === OPEN ? this.#plan.openMs - ageMs(word, nowMs) : 0
    return Math.max(1, Math.ceil(leftMs / 1000))
  }

  /** A request that began so long ago was answered well. */
  succeeded(nowMs: number, tookMs: number): void {
    const word = this.#load()
    const state = word & STATE_MASK
    if (state === CLOSED) this.#counts.add(nowMs, false)
    else if (state === HALF_OPEN && tookMs <= ageMs(word, nowMs) + TICK_MS && this.#countProbe(word, 1)) {
      const probes = Atomics.load(this.#words, this.#at + BACKEND.breakerProbes)
      if ((probes & 0xff) >= HALF_OPEN_PROBES) this.#change(word, CLOSED, nowMs)
    }
  }

  /** A request that began at least so long ago failed. What began before the breaker was half-open says nothing new. */
  failed(nowMs: number, tookMs: number): void {
    const word = this.#load()
    const state = word & STATE_MASK
    if (state === CLOSED) {
      this.#counts.add(nowMs, true)
      // What was counted before it opened the last time must not open it again.
      this.#counts.read(nowMs, nowMs - ageMs(word, nowMs))
      if (this.#counts.isOver(this.#plan.failurePercent, this.#plan.minRequests) && this.#change(word, OPEN, nowMs)) this.#countOpening()
    } else if (state === HALF_OPEN && tookMs <= ageMs(word, nowMs) + TICK_MS && this.#change(word, OPEN, nowMs)) this.#countOpening()
  }

  /**
   * A request that began so long ago will be answered by nobody, because its client has gone: its place among the probes is another's.
   * Else whoever asks and goes away three times in time would keep the breaker half-open for another `openMs`, again and again.
   */
  withdrawn(nowMs: number, tookMs: number): void {
    const word = this.#load()
    if ((word & STATE_MASK) !== HALF_OPEN || tookMs > ageMs(word, nowMs) + TICK_MS) return
    const index = this.#at + BACKEND.breakerProbes
    for (;;) {
      const probes = Atomics.load(this.#words, index)
      const isOfThisTime = probes >>> 16 === ((word >>> 2) & 0xffff)
      // Those that have succeeded keep their places.
      if (!isOfThisTime || ((probes >>> 8) & 0xff) <= (probes & 0xff)) return
      if (Atomics.compareExchange(this.#words, index, probes, probes - (1 << 8)) === probes) return
    }
  }

  #load(): number {
    return Atomics.load(this.#words, this.#at + BACKEND.breaker)
  }

  #change(word: number, state: number, nowMs: number): boolean {
    const next = ((Math.floor(nowMs / TICK_MS) % TICKS) << 2) | state
    return Atomics.compareExchange(this.#words, this.#at + BACKEND.breaker, word, next) === word
  }

  #countOpening(): void {
    Atomics.add(this.#words, this.#at + BACKEND.breakerOpenings, 1)
  }

  /** Counts one begun (`1 << 8`) or succeeded (1) in the half-open time that began with `word`. False: there were enough of them. */
  #countProbe(word: number, one: number): boolean {
    const index = this.#at + BACKEND.breakerProbes
    const era = (word >>> 2) & 0xffff
    const limit = one === 1 ? 0xff : HALF_OPEN_PROBES
    for (;;) {
      const probes = Atomics.load(this.#words, index)
      const base = probes >>> 16 === era ? probes : era << 16
      const count = one === 1 ? base & 0xff : (base >>> 8) & 0xff
      if (count >= limit) return false
      if (Atomics.compareExchange(this.#words, index, probes, base + one) === probes) return true
    }
  }
}

/** Of the backend that has this cell. */
export function breakerStateOf({ words, at }: Cell): BreakerState {
  return BREAKER_STATES[Atomics.load(words, at + BACKEND.breaker) & STATE_MASK] ?? 'closed'
}

function ageMs(word: number, nowMs: number): number {
  const ticks = ((Math.floor(nowMs / TICK_MS) % TICKS) - (word >>> 2) + TICKS) % TICKS
  return ticks * TICK_MS
}
