/**
 * One exchange and the cache: to the flow, what streams come from, like a backend. It gives a stored response where there is a fresh
 * one, lets the request wait where another one has just asked the same, asks the backend with a condition where what is stored is stale, and
 * looks on while something storable comes. The flow uses it for every attempt, and asks it (`rescue`) before it gives up.
 */
import type { CachePlan } from '../../bundle/plan.ts'
import { fieldName } from '../../policies/contract.ts'
import type { LiveExchange } from '../exchange.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { CacheResult } from '../traffic/traffic-results.ts'
import type { UpstreamFailure } from '../upstream/failure.ts'
import type { Member } from '../upstream/member.ts'
import type { Attempt, StreamClient, StreamSource, UpstreamStream } from '../upstream/stream.ts'
import { findStored, flightKey, keyFor, mayServeStale, ttlMs } from './cache-lookup.ts'
import { type CacheRequest, type CacheScope, cacheRequest } from './cache-request.ts'
import { type Forwarded, forwardedStatus, hitStatus } from './cache-status.ts'
import { Fill } from './fill.ts'
import type { Flight, Passenger, Waiting } from './flights.ts'
import { ageOf, type FreshnessSettings, type Judgement, judge } from './freshness.ts'
import { headToStore, tellNotModified, tellReceived } from './head-bytes.ts'
import type { ResponseCache } from './response-cache.ts'
import { hasAlready, serveNothing, serveStored } from './serve-stored.ts'
import type { StoredResponse } from './store.ts'
import type { StoredStream } from './stored-stream.ts'
import { type Filling, storeResponse, storeUpdated, validatorsOf } from './storing.ts'
import { type HeadDecision, WatchedStream, type Watcher } from './watched-stream.ts'

/** After a failure of the backend, stale responses are given for so long without asking it again. */
export const ERROR_HOLD_MS = 1000

const IF_NONE_MATCH = fieldName('If-None-Match')
const IF_MODIFIED_SINCE = fieldName('If-Modified-Since')
const NO_FLIGHT = ''

export class CacheSession implements StreamSource, StreamClient, Passenger, Watcher {
  readonly #cache: ResponseCache
  readonly #exchange: LiveExchange
  readonly #plan: CachePlan
  readonly #freshness: FreshnessSettings
  readonly #backend: StreamSource
  readonly #request: CacheRequest
  readonly #epoch: number
  #client: StreamClient | undefined
  #attempt: Attempt | undefined
  /** The backend is asked, or was: every further attempt goes there. */
  #isForwarded = false
  #result: CacheResult = 'miss'
  #reason: Forwarded = 'uri-miss'
  #isCollapsed = false
  /** What was found in the store, and is stale. */
  #found: StoredResponse | undefined
  /** The request carries the validators of what was found. */
  #isRevalidating = false
  #flightKey = NO_FLIGHT
  #flight: Flight | undefined
  #waiting: Waiting | undefined
  /** The last attempt has ended without an answer that counts. */
  #hasFailed = false
  #begunAtMs = 0
  #filling: Filling | undefined

  constructor(cache: ResponseCache, exchange: LiveExchange, plan: CachePlan, scope: CacheScope, backend: StreamSource) {
    this.#cache = cache
    this.#exchange = exchange
    this.#plan = plan
    this.#freshness = { ttlMs: plan.ttlMs, staleIfErrorMs: plan.staleIfErrorMs }
    this.#backend = backend
    this.#request = cacheRequest(exchange, scope)
    this.#epoch = cache.epoch
  }

  acquire(client: StreamClient, attempt: Attempt): void {
    this.#client = client
    this.#attempt = attempt
    const { bypass } = this.#request
    if (this.#isForwarded) this.#forward()
    else if (bypass === '') this.#lookUp()
    else {
      this.#reason = bypass
      this.#result = 'bypass'
      this.#forward()
    }
  }

  cancel(): void {
    this.#leave()
    if (this.#isForwarded) this.#backend.cancel(this)
    this.#client = undefined
  }

  /** The exchange is over, however it went. */
  end(): void {
    this.#leave()
    if (this.#hasFailed) this.#endFlight((flight) => flight.released())
    else this.#endFlight((flight) => flight.abandoned())
    this.#cache.onResult(this.#result)
  }

  /**
   * The flow is about to give up. A stale response that may be served instead, or `undefined`. `status` is what the backend has answered, 0 where
   * it has not.
   */
  rescue(status: number): StoredStream | undefined {
    const found = this.#found
    const nowMs = this.#cache.deadlines.nowMs()
    this.#hasFailed = true
    if (found === undefined || !mayServeStale(found, nowMs)) return undefined
    found.heldUntilMs = nowMs + ERROR_HOLD_MS
    this.#result = 'stale'
    // Those who wait find it held, and take it as well.
    this.#endFlight((flight) => flight.landed())
    return serveStored(found, this.#request, nowMs, forwardedStatus(this.#reason, { status, detail: 'stale-if-error' }))
  }

  // A client of the backend.

  get ticket(): number {
    return this.#client?.ticket ?? -1
  }

  set ticket(ticket: number) {
    if (this.#client !== undefined) this.#client.ticket = ticket
  }

  onUpstreamReady(stream: UpstreamStream): void {
    // A tunnel is between the client and the backend alone.
    this.#client?.onUpstreamReady(this.#exchange.head.hasUpgrade ? stream : new WatchedStream(stream, this))
  }

  onUpstreamUnavailable(failure: UpstreamFailure, member?: Member): void {
    this.#client?.onUpstreamUnavailable(failure, member)
  }

  // One who waits for another request's response.

  onLanded(): void {
    this.#waiting = undefined
    this.#isCollapsed = true
    this.#lookUp()
    this.#client?.onQueued?.()
  }

  onPromoted(flight: Flight): void {
    this.#flight = flight
    this.onReleased()
  }

  onReleased(): void {
    this.#waiting = undefined
    this.#ask()
    this.#client?.onQueued?.()
  }

  // Who looks on while the backend answers.

  onBegin(): void {
    this.#begunAtMs = this.#cache.deadlines.nowMs()
  }

  onHead(head: ResponseHead): HeadDecision {
    const { store, budget, nowMs } = this.#cache
    const request = this.#request
    if (request.bypass !== '' || request.isHead || request.noStore) return this.#passOn(head, '')
    // An error ends nothing yet: the flow may try again, or ask for what is stale.
    this.#hasFailed = head.status >= 500
    if (this.#hasFailed) return this.#passOn(head, 'status')
    if (head.status === 304) return this.#isRevalidating ? this.#revalidated(head) : this.#unstorable(head, 'status')
    const judged = judge(head.status, head, this.#freshness, nowMs(), this.#ageOf(head))
    // Newer than what was found, whether it can be stored or not.
    if (this.#found !== undefined) store.remove(this.#found)
    if (judged.refusal !== '') return this.#unstorable(head, judged.refusal)
    if (keyFor(request, judged.sharing) === '') return this.#unstorable(head, 'credentials')
    const fill = new Fill(budget, this.#plan.maxObjectBytes, head.contentLength)
    if (fill.isDropped) return this.#unstorable(head, 'too-large')
    return this.#fill(head, judged, fill)
  }

  onWhole(body: Buffer | undefined): void {
    const filling = this.#filling
    if (filling === undefined) return
    if (this.#epoch !== this.#cache.epoch) this.#endFlight((flight) => flight.released())
    else if (body === undefined || !this.#store(filling, body)) this.#endFlight((flight) => flight.unstorable())
    else this.#endFlight((flight) => flight.landed())
  }

  onTooLong(): void {
    this.#endFlight((flight) => flight.unstorable())
  }

  onFailed(hadHead: boolean): void {
    this.#hasFailed = true
    // What was cut short is told to the client already; there will be no other attempt.
    if (hadHead) this.#endFlight((flight) => flight.released())
  }

  #lookUp(): void {
    const { store, flights, deadlines } = this.#cache
    const request = this.#request
    const nowMs = deadlines.nowMs()
    const found = findStored(store, request)
    this.#found = found
    if (found !== undefined) {
      const ttl = ttlMs(found, nowMs)
      const isHeld = found.heldUntilMs > nowMs && mayServeStale(found, nowMs)
      if (ttl > 0 || isHeld) {
        this.#result = ttl > 0 ? 'hit' : 'stale'
        this.#client?.onUpstreamReady(serveStored(found, request, nowMs, hitStatus(ttl, ttl > 0 ? '' : 'stale-if-error')))
        return
      }
      this.#reason = 'stale'
    } else this.#reason = store.varyOf(request.key) === undefined ? 'uri-miss' : 'vary-miss'
    if (request.onlyIfCached) this.#client?.onUpstreamReady(serveNothing(request))
    else if (request.isHead || request.noStore) this.#forward()
    else {
      this.#flightKey = flightKey(store, request, found)
      this.#flight = flights.begin(this.#flightKey)
      if (this.#flight === undefined) this.#waiting = flights.join(this.#flightKey, this)
      if (this.#waiting === undefined) this.#ask()
    }
  }

  /** To the backend, for something that may be stored. */
  #ask(): void {
    const { request } = this.#exchange
    const found = this.#found
    if (found !== undefined && (found.etag !== '' || found.lastModified !== '')) {
      this.#isRevalidating = true
      if (found.etag === '') request.removeField(IF_NONE_MATCH)
      else request.setField(IF_NONE_MATCH, found.etag)
      if (found.lastModified === '') request.removeField(IF_MODIFIED_SINCE)
      else request.setField(IF_MODIFIED_SINCE, found.lastModified)
    } else if (!this.#cache.flights.isUnstorable(this.#flightKey)) {
      // A 304 could not be stored: the whole response is asked for, and the client's condition is answered from it.
      request.removeField(IF_NONE_MATCH)
      request.removeField(IF_MODIFIED_SINCE)
    }
    this.#forward()
  }

  #forward(): void {
    this.#isForwarded = true
    if (this.#attempt !== undefined) this.#backend.acquire(this, this.#attempt)
  }

  #fill(head: ResponseHead, judged: Judgement, fill: Fill): HeadDecision {
    const { status } = head
    const stored = headToStore(head, this.#cache.nowMs())
    const isBodyHidden = hasAlready(this.#request, status, validatorsOf(head))
    const facts = { stored: true, collapsed: this.#isCollapsed, status: isBodyHidden ? status : 0 }
    const cacheStatus = forwardedStatus(this.#reason, facts)
    this.#filling = { judged, status, head: stored }
    const write = (told: ResponseHead) => {
      if (!isBodyHidden) tellReceived(head, cacheStatus, told)
      else tellNotModified(head, { age: -1, cacheStatus, contentLength: -1, answersHead: false }, told)
    }
    return { write, isBodyHidden, fill, instead: undefined }
  }

  /** Told as it comes. `detail`: why it is not stored; empty where that is plain. */
  #passOn(head: ResponseHead, detail: string): HeadDecision {
    const cacheStatus = forwardedStatus(this.#reason, { collapsed: this.#isCollapsed, detail })
    return { write: (told) => tellReceived(head, cacheStatus, told), isBodyHidden: false, fill: undefined, instead: undefined }
  }

  #unstorable(head: ResponseHead, detail: string): HeadDecision {
    this.#endFlight((flight) => flight.unstorable())
    return this.#passOn(head, detail)
  }

  /** A 304 to our own condition: what is stored is good for another while (RFC 9111 §4.3.4). */
  #revalidated(head: ResponseHead): HeadDecision {
    const found = this.#found as StoredResponse
    const isCurrent = this.#epoch === this.#cache.epoch
    const fresh = isCurrent ? storeUpdated(this.#cache, this.#request, found, head, this.#freshness, this.#ageOf(head)) : undefined
    this.#result = 'revalidated'
    if (fresh === undefined) this.#endFlight((flight) => flight.released())
    else this.#endFlight((flight) => flight.landed())
    const cacheStatus = forwardedStatus('stale', { status: 304, stored: fresh !== undefined, collapsed: this.#isCollapsed })
    const instead = serveStored(fresh ?? found, this.#request, this.#cache.deadlines.nowMs(), cacheStatus)
    return { write: () => {}, isBodyHidden: false, fill: undefined, instead }
  }

  /** RFC 9111 §4.2.3: Age as it came, and the time that the exchange has taken. */
  #ageOf(head: ResponseHead): number {
    return ageOf(head) + this.#cache.deadlines.nowMs() - this.#begunAtMs
  }

  #store(filling: Filling, body: Buffer): boolean {
    this.#cache.flights.forgetUnstorable(this.#flightKey)
    return storeResponse(this.#cache, this.#request, filling, body) !== undefined
  }

  #leave(): void {
    this.#waiting?.leave()
    this.#waiting = undefined
  }

  /** Later, in a turn of their own: whoever is told now may be in the middle of a message. */
  #endFlight(end: (flight: Flight) => void): void {
    const flight = this.#flight
    this.#flight = undefined
    if (flight !== undefined) setImmediate(end, flight)
  }
}
