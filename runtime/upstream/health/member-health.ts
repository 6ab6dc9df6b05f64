/**
 * What is known of one member's health, by all workers: whether the prober's checks fail, whether it is ejected and until when, and what
 * was counted of its failures. A view of the member's shared words.
 */
import { type Cell, MEMBER, markedTick, msSince } from '../shared-cells.ts'

export class MemberHealth {
  readonly cell: Cell

  constructor(cell: Cell) {
    this.cell = cell
  }

  /** Active checks fail. */
  get isUnhealthy(): boolean {
    return this.#load(MEMBER.isUnhealthy) === 1
  }

  /** Milliseconds until its ejection ends; 0 or less: it is not ejected. */
  ejectedForMs(nowMs: number): number {
    const until = this.#load(MEMBER.ejectedUntil)
    return until === 0 ? 0 : -msSince(until, nowMs)
  }

  isHealthy(nowMs: number): boolean {
    return !this.isUnhealthy && this.ejectedForMs(nowMs) <= 0
  }

  /** Milliseconds since it came back, from an ejection or to a good check; `Infinity` if it never was away. */
  backForMs(nowMs: number): number {
    let backFor = Number.POSITIVE_INFINITY
    for (const word of [MEMBER.recoveredAt, MEMBER.ejectedUntil, MEMBER.returnedAt]) {
      const at = this.#load(word)
      if (at === 0) continue
      const since = msSince(at, nowMs)
      if (since >= 0) backFor = Math.min(backFor, since)
    }
    return backFor
  }

  /** For the prober, who alone says so. */
  setUnhealthy(isUnhealthy: boolean, nowMs: number): void {
    if (!isUnhealthy && this.isUnhealthy) this.#store(MEMBER.recoveredAt, markedTick(nowMs))
    this.#store(MEMBER.isUnhealthy, isUnhealthy ? 1 : 0)
  }

  /** Ends an ejection whose time is over. Any worker may; one does. */
  endEjection(nowMs: number): void {
    const until = this.#load(MEMBER.ejectedUntil)
    if (until === 0 || msSince(until, nowMs) < 0) return
    if (Atomics.compareExchange(this.cell.words, this.cell.at + MEMBER.ejectedUntil, until, 0) === until)
      this.#store(MEMBER.returnedAt, until)
  }

  get ejections(): number {
    return this.#load(MEMBER.ejections) >>> 0
  }

  #load(word: number): number {
    return Atomics.load(this.cell.words, this.cell.at + word)
  }

  #store(word: number, value: number): void {
    Atomics.store(this.cell.words, this.cell.at + word, value)
  }
}
