/** When a request is sent again: what a backend's or a route's `retry` says, in the form in which it is asked. */
import type { RetryCondition, RetryPlan } from '../../bundle/plan.ts'
import type { UpstreamFailure } from '../upstream/failure.ts'

/** Bodies of requests are kept for another attempt up to this size. */
export const RETRY_BODY_BYTES = 64 * 1024

/** What kind of failure each one is. Those left out are never a reason: the gateway's own limits, and answers that nobody understands. */
const CONDITIONS: { readonly [failure in UpstreamFailure]?: RetryCondition } = {
  'upstream-connect-failed': 'connect',
  'upstream-connect-timeout': 'connect',
  'upstream-address-refused': 'connect',
  'upstream-tls-timeout': 'connect',
  'upstream-tls-failed': 'connect',
  'upstream-certificate-invalid': 'connect',
  'upstream-protocol-mismatch': 'connect',
  'upstream-closed': 'reset',
  'upstream-stream-reset': 'reset',
  'upstream-stream-refused': 'refused-stream',
  'upstream-response-timeout': 'timeout',
  'upstream-idle-timeout': 'timeout',
}

export class RetryRules {
  readonly plan: RetryPlan
  /** Further attempts after the first. */
  readonly attempts: number
  /** Longest time from the end of the request to the head of the response; 0: no limit of its own. */
  readonly perTryMs: number

  constructor(plan: RetryPlan) {
    this.plan = plan
    this.attempts = plan.attempts
    this.perTryMs = plan.attempts > 0 ? plan.perTryMs : 0
  }

  hasFailure(failure: UpstreamFailure): boolean {
    const condition = CONDITIONS[failure]
    return condition !== undefined && this.plan.on.includes(condition)
  }

  hasStatus(status: number): boolean {
    return this.plan.statuses.includes(status)
  }

  /**
   * Whether there can be a reason to send a body again that was sent before. Only HTTP/2 can refuse a request that it was given; what was not
   * refused may have been processed.
   */
  mayRepeatBody(isIdempotent: boolean, isHttp1: boolean): boolean {
    if (this.attempts === 0) return false
    const { on, statuses } = this.plan
    if (!isHttp1 && on.includes('refused-stream')) return true
    return isIdempotent && (on.includes('reset') || on.includes('timeout') || statuses.length > 0)
  }

  /**
   * How long to wait before a further attempt, 1 for the first one: anything between nothing and twice as much as before it ("full jitter"),
   * so that those who failed together do not come back together. `random` is in [0, 1).
   */
  backoffMs(attempt: number, random: number): number {
    const { backoffBaseMs, backoffMaxMs } = this.plan
    return random * Math.min(backoffMaxMs, backoffBaseMs * 2 ** (attempt - 1))
  }
}

const kept = new WeakMap<RetryPlan, RetryRules>()

/** The same rules every time for the same plan. */
export function retryRules(plan: RetryPlan): RetryRules {
  let rules = kept.get(plan)
  if (rules === undefined) {
    rules = new RetryRules(plan)
    kept.set(plan, rules)
  }
  return rules
}
