/**
 * What one worker has for routes that say something about their traffic: its cache, its encoders, its mirrored requests; and the settings of
 * each route, made ready when first used.
 */
import assert from 'node:assert'
import type { RetryPlan, TrafficPlan } from '../../bundle/plan.ts'
import { ResponseCache } from '../cache/response-cache.ts'
import { Compression } from '../compress/compression.ts'
import { EncoderSlots } from '../compress/encoder-slots.ts'
import type { Deadlines } from '../data-path-deadlines.ts'
import type { Generation } from '../generation.ts'
import { Mirrors, RouteMirror } from './mirror.ts'
import { Split } from './split.ts'
import type { TrafficResult } from './traffic-results.ts'

export class WorkerTraffic {
  readonly cache: ResponseCache
  readonly encoders = new EncoderSlots()
  readonly mirrors: Mirrors
  readonly #onResult: (result: TrafficResult) => void

  /** `onResult` is called on the hot path: it must not throw. */
  constructor(deadlines: Deadlines, nowMs: () => number, onResult: (result: TrafficResult) => void) {
    this.#onResult = onResult
    this.cache = new ResponseCache({ deadlines, nowMs, onResult: (result) => onResult(`cache ${result}`) })
    this.mirrors = new Mirrors(deadlines, (result) => onResult(`mirror ${result}`))
  }

  /** Settings of entry `index` of the bundle's traffics. */
  route(generation: Generation, index: number): RouteTraffic {
    let route = generation.traffics[index]
    if (route === undefined) {
      const plan = generation.bundle.traffics.settings(index)
      assert(plan !== undefined) // check.ts has refused indices past the end
      route = new RouteTraffic(plan, this, generation, this.#onResult)
      generation.traffics[index] = route
    }
    return route
  }

  /** A new bundle is in use: nothing that was stored under the one before is served. */
  swapped(): void {
    this.cache.clear()
  }
}

/** What a route says about its traffic, ready for use. */
export class RouteTraffic {
  readonly plan: TrafficPlan
  readonly retry: RetryPlan | undefined
  readonly totalTimeoutMs: number | undefined
  readonly split: Split | undefined
  readonly mirror: RouteMirror | undefined
  readonly compression: Compression | undefined

  constructor(plan: TrafficPlan, worker: WorkerTraffic, generation: Generation, onResult: (result: TrafficResult) => void) {
    const { split, sticky, mirror, compress } = plan
    const { backends } = generation.bundle
    this.plan = plan
    this.retry = plan.retry
    this.totalTimeoutMs = plan.totalTimeoutMs
    const parts = split.map(({ backendIndex, weight }) => ({ backendIndex, weight, backend: backends.name(backendIndex) }))
    this.split = parts.length === 0 ? undefined : new Split(parts, sticky)
    this.mirror = mirror === undefined ? undefined : new RouteMirror(worker.mirrors, mirror.share)
    this.compression =
      compress === undefined ? undefined : new Compression(compress, worker.encoders, (result) => onResult(`compress ${result}`))
  }
}
