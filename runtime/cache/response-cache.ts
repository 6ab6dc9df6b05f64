/**
 * The response cache of one worker: what is stored, what is on its way, who waits for whom. Nothing of it outlives the bundle that it was
 * stored under: a swap empties it, which is also how to purge it.
 */
import type { CachePlan } from '../../bundle/plan.ts'
import type { Deadlines } from '../data-path-deadlines.ts'
import type { LiveExchange } from '../exchange.ts'
import type { CacheResult } from '../traffic/traffic-results.ts'
import type { StreamSource } from '../upstream/stream.ts'
import { type CacheScope, invalidatedUri } from './cache-request.ts'
import { CacheSession } from './cache-session.ts'
import { FillBudget } from './fill.ts'
import { type FlightLimits, Flights } from './flights.ts'
import { CACHE_MAX_BYTES, ResponseStore } from './store.ts'

export interface ResponseCacheOptions {
  readonly deadlines: Deadlines
  /** Milliseconds since 1970. */
  readonly nowMs: () => number
  /** By default 64 MiB. */
  readonly maxBytes?: number
  readonly flights?: Partial<FlightLimits>
  /** Called on the hot path: must not throw. */
  readonly onResult?: (result: CacheResult) => void
}

export class ResponseCache {
  readonly store: ResponseStore
  readonly flights: Flights
  readonly budget: FillBudget
  readonly deadlines: Deadlines
  readonly nowMs: () => number
  readonly onResult: (result: CacheResult) => void
  /** Counts swaps: what was asked for under one bundle is not stored under the next. */
  epoch = 0

  constructor(options: ResponseCacheOptions) {
    const maxBytes = options.maxBytes ?? CACHE_MAX_BYTES
    this.store = new ResponseStore(maxBytes)
    this.flights = new Flights(options.deadlines, options.flights)
    this.budget = new FillBudget(maxBytes)
    this.deadlines = options.deadlines
    this.nowMs = options.nowMs
    this.onResult = options.onResult ?? (() => {})
  }

  /** What stands between one exchange and its backend. */
  session(exchange: LiveExchange, plan: CachePlan, scope: CacheScope, backend: StreamSource): CacheSession {
    return new CacheSession(this, exchange, plan, scope, backend)
  }

  /** An exchange has ended whose method is neither GET nor HEAD. */
  requestEnded(exchange: LiveExchange): void {
    const uri = this.store.count === 0 ? undefined : invalidatedUri(exchange)
    if (uri !== undefined) this.store.removeUri(uri)
  }

  /** For a new bundle. */
  clear(): void {
    this.epoch += 1
    this.store.clear()
    this.flights.clear()
  }
}
