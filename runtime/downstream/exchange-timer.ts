/**
 * The times of one exchange that are not about its client: how long all of it may take, and how long one attempt. One entry among the
 * worker's deadlines, and only while there is something to wait for.
 */
import type { Deadlines, Timed } from '../data-path-deadlines.ts'

export interface ExchangeTimerOwner {
  /** The exchange has taken longer than it may. */
  onTotalTimeout(): void
  /** The attempt under way has. */
  onTryTimeout(): void
}

const NEVER = Number.POSITIVE_INFINITY

export class ExchangeTimer implements Timed {
  deadlineMs = NEVER
  timedIndex = -1
  readonly #deadlines: Deadlines
  readonly #owner: ExchangeTimerOwner
  #totalAtMs = NEVER
  #tryAtMs = NEVER

  constructor(deadlines: Deadlines, owner: ExchangeTimerOwner) {
    this.#deadlines = deadlines
    this.#owner = owner
  }

  /** `afterMs` from now, both. */
  setTotal(afterMs: number): void {
    this.#totalAtMs = this.#deadlines.after(afterMs)
    this.#update()
  }

  setTry(afterMs: number): void {
    this.#tryAtMs = this.#deadlines.after(afterMs)
    this.#update()
  }

  clearTry(): void {
    if (this.#tryAtMs === NEVER) return
    this.#tryAtMs = NEVER
    this.#update()
  }

  clear(): void {
    this.#totalAtMs = NEVER
    this.#tryAtMs = NEVER
    this.#update()
  }

  onDeadline(nowMs: number): void {
    const isTotal = this.#totalAtMs <= nowMs
    if (isTotal) this.clear()
    else this.clearTry()
    if (isTotal) this.#owner.onTotalTimeout()
    else this.#owner.onTryTimeout()
  }

  #update(): void {
    this.deadlineMs = Math.min(this.#totalAtMs, this.#tryAtMs)
    if (this.deadlineMs === NEVER) this.#deadlines.remove(this)
    else if (this.timedIndex < 0) this.#deadlines.add(this)
  }
}
