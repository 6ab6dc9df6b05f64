/**
 * Which members of a backend get requests now, and with what weight. Pure: a function of what is known of them and of the time.
 *
 * - Members of the best priority (SRV) that has enough healthy ones are used; enough is `panicBelowPercent`.
 * - Where no priority has enough, the best one that has any healthy member is used, with all of its members: panic. Unhealthy members of a
 *   backend that is nearly gone are no worse than the load that would fall on the rest. If none at all is healthy: the best priority.
 * - Weight 0 gets nothing while another one has more.
 * - Slow start: who came or came back begins with a tenth of its weight and gets all of it after `slowStartMs`.
 */
import type { MemberHealth } from './member-health.ts'

/** Of backends with active checks and no `passive` block. */
export const PANIC_BELOW_PERCENT = 50
const FIRST_SHARE = 0.1
/** Weights of slow start change in so many steps. */
const SLOW_START_STEPS = 20

export interface Candidate {
  readonly health: MemberHealth
  /** As configured; from SRV records times what they say. */
  readonly weight: number
  /** 0 is the best. */
  readonly priority: number
  /** When it was added to a backend that was in use already; `-Infinity`: it was there from the beginning. */
  readonly addedAtMs: number
  /** Its weight now; 0: it is not used. */
  share: number
}

export interface UsableRules {
  readonly panicBelowPercent: number
  readonly slowStartMs: number
}

/** Sets `share` of all, puts those that are used into `usable`, and says when to ask again at the latest (`Infinity`: not before something happens). */
export function chooseUsable<C extends Candidate>(all: readonly C[], rules: UsableRules, nowMs: number, usable: C[]): number {
  const priority = choosePriority(all, rules.panicBelowPercent, nowMs)
  usable.length = 0
  let nextMs = Number.POSITIVE_INFINITY
  let hasWeight = false
  for (const member of all) {
    const ejectedFor = member.health.ejectedForMs(nowMs)
    if (ejectedFor > 0) nextMs = Math.min(nextMs, nowMs + ejectedFor)
    member.share = 0
    if (member.priority !== priority.value || (!priority.isPanic && !member.health.isHealthy(nowMs))) continue
    usable.push(member)
    if (member.weight > 0) hasWeight = true
  }
  let kept = 0
  for (const member of usable) {
    if (hasWeight && member.weight === 0) continue
    member.share = hasWeight ? member.weight : 1
    usable[kept++] = member
    if (rules.slowStartMs === 0) continue
    const aliveForMs = Math.min(nowMs - member.addedAtMs, member.health.backForMs(nowMs))
    if (aliveForMs >= rules.slowStartMs) continue
    member.share *= Math.max(FIRST_SHARE, aliveForMs / rules.slowStartMs)
    nextMs = Math.min(nextMs, nowMs + rules.slowStartMs / SLOW_START_STEPS)
  }
  usable.length = kept
  return nextMs
}

function choosePriority(all: readonly Candidate[], panicBelowPercent: number, nowMs: number): { value: number; isPanic: boolean } {
  let best = Number.POSITIVE_INFINITY
  let bestWithAny = Number.POSITIVE_INFINITY
  for (let value = lowestAbove(all, -1); value < Number.POSITIVE_INFINITY; value = lowestAbove(all, value)) {
    let count = 0
    let healthy = 0
    for (const member of all) {
      if (member.priority !== value) continue
      count += 1
      if (member.health.isHealthy(nowMs)) healthy += 1
    }
    if (healthy > 0 && healthy * 100 >= count * panicBelowPercent) return { value, isPanic: false }
    best = Math.min(best, value)
    if (healthy > 0) bestWithAny = Math.min(bestWithAny, value)
  }
  // With 0 % there is no panic: who is unhealthy gets nothing, ever.
  return { value: bestWithAny < Number.POSITIVE_INFINITY ? bestWithAny : best, isPanic: panicBelowPercent > 0 }
}

function lowestAbove(all: readonly Candidate[], above: number): number {
  let lowest = Number.POSITIVE_INFINITY
  for (const { priority } of all) if (priority > above && priority < lowest) lowest = priority
  return lowest
}
