/**
 * Active health checks, from the supervisor and for all workers: each member is checked after its interval, give or take a tenth; so many good or
 * bad results in a row change what is said of it, in the shared memory that workers read. A member begins healthy: that nothing is known
 * is no reason to refuse traffic.
 */
import type { MemberHealth } from '../upstream/health/member-health.ts'
import { addressText } from '../upstream/members.ts'
import { type Check, type CheckTarget, checkMember } from './health-check.ts'

/** Checks at one time; others wait for their turn. */
export const MAX_CHECKS = 64
const JITTER = 0.1
/** The first checks of a bundle are spread over its interval, but over no more than this. */
const FIRST_WITHIN_MS = 1000

export interface ProbedMember {
  /** Of its slot: the same over bundles and refreshes. Its state is kept by it. */
  readonly key: string
  readonly backend: string
  readonly target: CheckTarget
  readonly health: MemberHealth
  /** Tells the workers that there is something to look at. */
  readonly changed: () => void
}

export interface ProberOptions {
  readonly log: { warn(fields: object, message: string): void; info(fields: object, message: string): void }
  readonly nowMs: () => number
  readonly check?: Check
  readonly random?: () => number
}

interface Probed {
  member: ProbedMember
  /** Results in a row that say the opposite of what is said of it. */
  against: number
  lastWhy: string | undefined
  timer: NodeJS.Timeout | undefined
  isForgotten: boolean
}

export class Prober {
  /** By outcome, for metrics. */
  readonly checks = { passed: 0, failed: 0 }
  readonly #options: ProberOptions
  readonly #probed = new Map<string, Probed>()
  readonly #queue: Probed[] = []
  #running = 0

  constructor(options: ProberOptions) {
    this.#options = options
  }

  /** Exactly these from now on. Those that were checked before keep their timer and what is known of them. */
  watch(members: readonly ProbedMember[]): void {
    const wanted = new Map(members.map((member) => [member.key, member]))
    for (const [key, probed] of this.#probed) {
      if (wanted.has(key)) continue
      probed.isForgotten = true
      clearTimeout(probed.timer)
      this.#probed.delete(key)
      // Nobody would ever say that it is well again.
      if (probed.member.health.isUnhealthy) this.#set(probed, false, 'is not checked any more')
    }
    const { random = Math.random } = this.#options
    for (const [key, member] of wanted) {
      const known = this.#probed.get(key)
      if (known !== undefined) {
        known.member = member
        continue
      }
      const probed: Probed = { member, against: 0, lastWhy: undefined, timer: undefined, isForgotten: false }
      this.#probed.set(key, probed)
      this.#schedule(probed, random() * Math.min(FIRST_WITHIN_MS, member.target.plan.intervalMs))
    }
  }

  /** Why the last check of a member failed; `undefined` when it did not. */
  lastWhy(key: string): string | undefined {
    return this.#probed.get(key)?.lastWhy
  }

  close(): void {
    for (const probed of this.#probed.values()) {
      probed.isForgotten = true
      clearTimeout(probed.timer)
    }
    this.#probed.clear()
    this.#queue.length = 0
  }

  #schedule(probed: Probed, afterMs: number): void {
    probed.timer = setTimeout(() => {
      this.#queue.push(probed)
      this.#next()
    }, afterMs)
    probed.timer.unref()
  }

  #next(): void {
    while (this.#running < MAX_CHECKS) {
      const probed = this.#queue.shift()
      if (probed === undefined) return
      if (probed.isForgotten) continue
      this.#running += 1
      const { check = checkMember } = this.#options
      check(probed.member.target, (why) => {
        this.#running -= 1
        if (!probed.isForgotten) this.#checked(probed, why)
        this.#next()
      })
    }
  }

  #checked(probed: Probed, why: string | undefined): void {
    const { random = Math.random } = this.#options
    const { plan } = probed.member.target
    const { health } = probed.member
    this.checks[why === undefined ? 'passed' : 'failed'] += 1
    probed.lastWhy = why
    const isUnhealthy = why !== undefined
    if (isUnhealthy === health.isUnhealthy) probed.against = 0
    else {
      probed.against += 1
      if (probed.against >= (isUnhealthy ? plan.unhealthyAfter : plan.healthyAfter)) this.#set(probed, isUnhealthy, why ?? 'checks succeed')
    }
    this.#schedule(probed, plan.intervalMs * (1 + JITTER * (random() * 2 - 1)))
  }

  #set(probed: Probed, isUnhealthy: boolean, why: string): void {
    const { backend, target, health, changed } = probed.member
    probed.against = 0
    health.setUnhealthy(isUnhealthy, this.#options.nowMs())
    changed()
    const { authority, address, port } = target.member
    const fields = { backend, endpoint: authority, address: addressText({ address, port }), why }
    if (isUnhealthy) this.#options.log.warn(fields, 'a member of a backend is unhealthy')
    else this.#options.log.info(fields, 'a member of a backend is healthy')
  }
}
