/** Traffics of routes, each distinct one once, in the order of the routes that have them first. */
import type { CachePlan, CompressPlan, TrafficPlan } from '../bundle/plan.ts'
import { parseByteSize } from '../spec/byte-size.ts'
import { known } from '../spec/grammar.ts'
import { TRAFFIC_DEFAULTS } from '../spec/kinds/traffic.ts'
import { parseMediaRange } from '../spec/media-range.ts'
import { parseTimeout } from '../spec/timeout.ts'
import type { LinkedBackend, LinkedRoute, LinkedTraffic } from './link-graph.ts'
import { planRetry } from './plan-backends.ts'

const D = TRAFFIC_DEFAULTS
/** Responses to other methods are not kept: RFC 9110 §9.2.3 allows POST in theory, and nobody sends what it takes. */
const CACHED_METHODS: readonly string[] = ['GET', 'HEAD']

export class Traffics {
  readonly plans: TrafficPlan[] = []
  readonly #backendIndices: ReadonlyMap<LinkedBackend, number>
  readonly #byContent = new Map<string, number>()
  /** Nearly all routes share what their Api says: by that, then by what else a plan depends on. */
  readonly #known = new Map<LinkedTraffic, Map<string, number | undefined>>()

  constructor(backendIndices: ReadonlyMap<LinkedBackend, number>) {
    this.#backendIndices = backendIndices
  }

  /** `undefined` where the route says nothing beyond its backend. */
  index({ traffic, backend, method }: LinkedRoute): number | undefined {
    if (traffic === undefined) return undefined
    const isCached = CACHED_METHODS.includes(method)
    const key = `${isCached} ${backend?.name ?? ''}`
    const kept = this.#known.get(traffic) ?? new Map<string, number | undefined>()
    this.#known.set(traffic, kept)
    if (!kept.has(key)) kept.set(key, this.#add(this.#plan(traffic, backend ?? undefined, isCached)))
    return kept.get(key)
  }

  #add(plan: TrafficPlan): number | undefined {
    if (plan.split.length === 0 && Object.keys(plan).length === 1) return undefined
    const content = JSON.stringify(plan)
    const index = this.#byContent.get(content) ?? this.plans.push(plan) - 1
    this.#byContent.set(content, index)
    return index
  }

  #plan(traffic: LinkedTraffic, backend: LinkedBackend | undefined, isCached: boolean): TrafficPlan {
    const { split, sticky, mirror, totalTimeoutMs, retries, cache, compress } = traffic
    const index = (of: LinkedBackend) => this.#backendIndices.get(of) as number
    // Retries are the backend's with a few keys changed; where there is none, there is nothing to try.
    const isRetried = retries.length > 0 && backend !== undefined
    return {
      split: split.map((part) => ({ backendIndex: index(part.backend), weight: part.weight })),
      ...(sticky === undefined ? {} : { sticky: { by: sticky.by, name: sticky.name } }),
      ...(mirror === undefined ? {} : { mirror: { backendIndex: index(mirror.backend), share: mirror.share } }),
      ...(totalTimeoutMs === undefined ? {} : { totalTimeoutMs }),
      ...(isRetried ? { retry: planRetry(backend.resource.value.spec.retry ?? {}, ...retries) } : {}),
      ...(cache === undefined || !isCached ? {} : { cache: planCache(cache.spec) }),
      ...(compress === undefined ? {} : { compress: planCompress(compress) }),
    }
  }
}

function planCache({ ttl, staleIfError, vary, maxObject }: NonNullable<LinkedTraffic['cache']>['spec']): CachePlan {
  return {
    ...(ttl === undefined ? {} : { ttlMs: known(parseTimeout(ttl)) }),
    ...(staleIfError === undefined ? {} : { staleIfErrorMs: known(parseTimeout(staleIfError)) }),
    vary: [...new Set((vary ?? []).map((name) => name.toLowerCase()))].sort(),
    maxObjectBytes: known(parseByteSize(maxObject ?? D.maxObject)),
  }
}

function planCompress({ encodings, minSize, types }: NonNullable<LinkedTraffic['compress']>): CompressPlan {
  return {
    encodings: [...new Set(encodings ?? D.compress.encodings)],
    minBytes: known(parseByteSize(minSize ?? D.compress.minSize)),
    types: [...new Set((types ?? D.compress.types).map((type) => known(parseMediaRange(type))))],
  }
}
