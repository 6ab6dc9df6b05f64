/** How requests are spread over the members of a backend: what all balancers have in common. One per backend and worker. */
import type { BalancePlan } from '../../../bundle/plan.ts'
import { ConsistentHash } from './consistent-hash.ts'
import { LeastRequest } from './least-request.ts'
import { RoundRobin } from './round-robin.ts'

/** A member, as a balancer sees it. */
export interface Balanced {
  /** Its weight now, above 0 while it is used; 0: it is not. */
  readonly share: number
  /** As configured. */
  readonly weight: number
  /** Requests that this worker has on it. */
  readonly active: number
  /** The same for as long as it is a member: address, port and endpoint. Unique among the members of a backend. */
  readonly key: string
}

export interface Balancer<M extends Balanced> {
  /** Members or their shares have changed. `usable` are those of `all` with a share, in the same order. Both are kept, and read until the next call. */
  update(all: readonly M[], usable: readonly M[]): void
  /** Who gets the next request; `undefined` when there is nobody. Those of `tried` only when there is no other. `hash` is looked at by consistent hashing only. */
  pick(hash: number | undefined, tried: readonly unknown[]): M | undefined
}

/** `random` is uniform in [0, 1). */
export function createBalancer<M extends Balanced>(plan: BalancePlan, random: () => number = Math.random): Balancer<M> {
  switch (plan.kind) {
    case 'round-robin':
      return new RoundRobin<M>(random)
    case 'least-request':
      return new LeastRequest<M>(random)
    case 'consistent-hash':
      return new ConsistentHash<M>(random)
  }
}
