/**
 * Passive health: a member whose requests fail, so many in a row or too large a share, gets none for a while. The whole gateway process counts
 * together. Ejections of the same member become longer, `ejectMs` each time up to `maxEjectMs`, and shorter again by one step for every
 * `intervalMs` that it was back. The last half of a backend's members is never ejected, whatever they do: then it is not they who fail.
 */
import type { PassiveHealthPlan } from '../../../bundle/plan.ts'
import { MEMBER, markedTick, msSince, OUTLIER_BUCKETS } from '../shared-cells.ts'
import { SlidingCounts } from '../sliding-counts.ts'
import type { MemberHealth } from './member-health.ts'

/** No more than this share of the members is ejected at a time, in percent, even where `panicBelow` would allow it. */
export const MAX_EJECTED_PERCENT = 50

/** Watches one member. */
export class Outlier {
  readonly #plan: PassiveHealthPlan
  readonly #health: MemberHealth
  readonly #counts: SlidingCounts

  constructor(plan: PassiveHealthPlan, health: MemberHealth) {
    this.#plan = plan
    this.#health = health
    const { words, at } = health.cell
    this.#counts = new SlidingCounts({ words, at: at + MEMBER.outlierWindow }, OUTLIER_BUCKETS, plan.intervalMs)
  }

  /** False: `succeeded` may be told any time, and the clock need not be asked, which is half of its cost. */
  get needsTime(): boolean {
    return this.#plan.failurePercent > 0
  }

  succeeded(nowMs: number): void {
    const { words, at } = this.#health.cell
    // Nearly always 0 already: a load, and no store that would take the cache line from the other workers.
    if (words[at + MEMBER.consecutiveFailures] !== 0) Atomics.store(words, at + MEMBER.consecutiveFailures, 0)
    if (this.#plan.failurePercent > 0) this.#counts.add(nowMs, false)
  }

  /** Says whether the member is ejected now, because of this. `all` are the members of the backend. */
  failed(nowMs: number, all: readonly { readonly health: MemberHealth }[]): boolean {
    const { words, at } = this.#health.cell
    const { consecutiveFailures, failurePercent, minRequests } = this.#plan
    const inARow = Atomics.add(words, at + MEMBER.consecutiveFailures, 1) + 1
    let isOutlier = consecutiveFailures > 0 && inARow >= consecutiveFailures
    if (failurePercent > 0) {
      this.#counts.add(nowMs, true)
      // What was counted before it was ejected the last time is paid for.
      const returned = Atomics.load(words, at + MEMBER.returnedAt)
      this.#counts.read(nowMs, returned === 0 ? 0 : nowMs - Math.max(0, msSince(returned, nowMs)))
      isOutlier ||= this.#counts.isOver(failurePercent, minRequests)
    }
    return isOutlier && this.#eject(nowMs, all)
  }

  #eject(nowMs: number, all: readonly { readonly health: MemberHealth }[]): boolean {
    const { words, at } = this.#health.cell
    const health = this.#health
    if (health.ejectedForMs(nowMs) > 0) return false
    health.endEjection(nowMs)
    if (!this.#mayEject(countEjected(all, nowMs) + 1, all.length)) return false
    const returned = Atomics.load(words, at + MEMBER.returnedAt)
    const backForMs = returned === 0 ? 0 : Math.max(0, msSince(returned, nowMs))
    const level = Math.max(0, Atomics.load(words, at + MEMBER.ejectionLevel) - Math.floor(backForMs / this.#plan.intervalMs)) + 1
    const until = markedTick(nowMs + Math.min(this.#plan.ejectMs * level, this.#plan.maxEjectMs))
    if (Atomics.compareExchange(words, at + MEMBER.ejectedUntil, 0, until) !== 0) return false
    // Another worker may have ejected another member at this moment. Each looks again after its own change, so at least one sees both.
    if (!this.#mayEject(countEjected(all, nowMs), all.length)) {
      Atomics.compareExchange(words, at + MEMBER.ejectedUntil, until, 0)
      return false
    }
    Atomics.store(words, at + MEMBER.ejectionLevel, level)
    Atomics.store(words, at + MEMBER.consecutiveFailures, 0)
    Atomics.add(words, at + MEMBER.ejections, 1)
    return true
  }

  #mayEject(ejected: number, count: number): boolean {
    return ejected * 100 <= count * MAX_EJECTED_PERCENT && (count - ejected) * 100 >= count * this.#plan.panicBelowPercent
  }
}

function countEjected(all: readonly { readonly health: MemberHealth }[], nowMs: number): number {
  let count = 0
  for (const { health } of all) if (health.ejectedForMs(nowMs) > 0) count += 1
  return count
}
