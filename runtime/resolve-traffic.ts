/** What a route says about its traffic, by the names of the backends: for `postern resolve`. Nothing is chosen here, for that is left to chance. */
import type { Bundle } from '../bundle/bundle.ts'

export interface ResolvedTraffic {
  /** In the order written; shares of 1. Left out: everything goes to the one backend. */
  readonly split?: readonly { readonly backend: string; readonly share: number }[]
  /** `consumer` or `cookie:NAME`. */
  readonly sticky?: string
  readonly mirror?: { readonly backend: string; readonly share: number }
  /** 0: none. */
  readonly totalTimeoutMs?: number
  /** Further attempts. */
  readonly retries?: number
  readonly isCached: boolean
  readonly isCompressed: boolean
}

/** `undefined` where the route says nothing beyond its backend. */
export function resolveTraffic({ routes, traffics, backends }: Bundle, routeIndex: number): ResolvedTraffic | undefined {
  const traffic = traffics.settings(routes.traffic(routeIndex))
  if (traffic === undefined) return undefined
  const { split, sticky, mirror, totalTimeoutMs, retry, cache, compress } = traffic
  const weights = split.reduce((sum, { weight }) => sum + weight, 0)
  return {
    ...(split.length === 0
      ? {}
      : { split: split.map(({ backendIndex, weight }) => ({ backend: backends.name(backendIndex), share: weight / weights })) }),
    ...(sticky === undefined ? {} : { sticky: sticky.name === '' ? sticky.by : `${sticky.by}:${sticky.name}` }),
    ...(mirror === undefined ? {} : { mirror: { backend: backends.name(mirror.backendIndex), share: mirror.share / 10_000 } }),
    ...(totalTimeoutMs === undefined ? {} : { totalTimeoutMs }),
    ...(retry === undefined ? {} : { retries: retry.attempts }),
    isCached: cache !== undefined,
    isCompressed: compress !== undefined,
  }
}

/** The route's backend, -1 for none; of a split the part that gets the most, the first of these. */
export function likeliestBackend({ routes, traffics }: Bundle, routeIndex: number): number {
  let [backend, most] = [routes.backend(routeIndex), 0]
  for (const { backendIndex, weight } of traffics.settings(routes.traffic(routeIndex))?.split ?? []) {
    if (weight > most) [backend, most] = [backendIndex, weight]
  }
  return backend
}
