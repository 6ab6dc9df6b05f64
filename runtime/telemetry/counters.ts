/**
 * Counters of one seat (the place that one worker at a time has): plain typed arrays in shared memory, written by the worker, summed by the
 * supervisor when somebody asks. 4 ns per addition against 210 to 290 for a library's counter with labels. A seat outlives its workers and
 * all bundles: nothing is lost when one of them goes. Series are made when first needed, up to a bound; what comes later is counted together.
 *
 * One thread writes and another reads without atomics: aligned 8-byte cells are not torn on the 64-bit machines Node runs on, and a scrape
 * that sees a request in one cell and not yet in the next is a request early.
 */
import { METHODS } from '../../bundle/plan.ts'
import { CONNECTION_REJECTIONS, type ConnectionRejection } from '../downstream/connection-rejections.ts'
import { TRAFFIC_RESULTS, type TrafficResult } from '../traffic/traffic-results.ts'

/** Upper ends of the buckets of `http_server_request_duration_seconds`, in seconds (OpenTelemetry's for this metric). */
export const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const

/** APIs with series of their own, by the slot that `slots.ts` gives to a name. */
export const MAX_API_SLOTS = 1024
export const MAX_POLICY_SLOTS = 64
/** Slot of requests that no route matched. */
export const NO_API = 0
/** Slot of all that found no free one. */
export const OTHER = 1
const MAX_SERIES = 2048

/** By status: 0 is a client that was gone before a status was sent. */
export const STATUS_CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const

const KEYS = MAX_API_SLOTS * METHODS.length * STATUS_CLASSES.length
/** The sum, the buckets, one for everything above. The sum is next to the buckets of fast requests: most touch one cache line, not two. */
const SUM = 0
const FIRST_BUCKET = 1
const CELLS = FIRST_BUCKET + BUCKETS_SECONDS.length + 1
const BUCKETS_MS = Float64Array.from(BUCKETS_SECONDS, (seconds) => seconds * 1000)

const SCALAR = {
  started: 0,
  ended: 1,
  policyErrors: 2,
  seriesCount: 3,
  fullHandshakes: 4,
  resumedHandshakes: 5,
  shedRequests: 6,
  sheddingLevel: 7,
} as const
/** The scalars above, then rejected connections by reason, then what cache, compression and mirrors count. */
const FIRST_REJECTION = 8
const FIRST_TRAFFIC = FIRST_REJECTION + CONNECTION_REJECTIONS.length
const SCALARS = FIRST_TRAFFIC + TRAFFIC_RESULTS.length

// Layout: scalars, histogram cells, refusals (all f64), keys of the series (i32), series by key (u16).
const HISTOGRAM_OFFSET = SCALARS * 8
const REFUSALS_OFFSET = HISTOGRAM_OFFSET + MAX_SERIES * CELLS * 8
const KEYS_OFFSET = REFUSALS_OFFSET + MAX_POLICY_SLOTS * MAX_API_SLOTS * 8
const INDEX_OFFSET = KEYS_OFFSET + MAX_SERIES * 4
const BYTES = INDEX_OFFSET + KEYS * 2

/** About 1.2 MiB of addresses; pages never written cost nothing. */
export function createCounterMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(BYTES)
}

export class Counters {
  readonly #scalars: Float64Array
  readonly #histograms: Float64Array
  readonly #refusals: Float64Array
  readonly #keys: Int32Array
  readonly #index: Uint16Array

  constructor(memory: SharedArrayBuffer) {
    this.#scalars = new Float64Array(memory, 0, SCALARS)
    this.#histograms = new Float64Array(memory, HISTOGRAM_OFFSET, MAX_SERIES * CELLS)
    this.#refusals = new Float64Array(memory, REFUSALS_OFFSET, MAX_POLICY_SLOTS * MAX_API_SLOTS)
    this.#keys = new Int32Array(memory, KEYS_OFFSET, MAX_SERIES)
    this.#index = new Uint16Array(memory, INDEX_OFFSET, KEYS)
  }

  requestStarted(): void {
    this.#scalars[SCALAR.started] = (this.#scalars[SCALAR.started] as number) + 1
  }

  requestEnded(apiSlot: number, methodId: number, status: number, durationMs: number): void {
    this.#scalars[SCALAR.ended] = (this.#scalars[SCALAR.ended] as number) + 1
    const statusClass = status >= 100 && status < 600 ? (status / 100) | 0 : 0
    const key = (apiSlot * METHODS.length + methodId) * STATUS_CLASSES.length + statusClass
    const series = (this.#index[key] as number) || this.#addSeries(key)
    let bucket = 0
    while (bucket < BUCKETS_MS.length && durationMs > (BUCKETS_MS[bucket] as number)) bucket += 1
    const cell = series * CELLS
    const counted = cell + FIRST_BUCKET + bucket
    this.#histograms[counted] = (this.#histograms[counted] as number) + 1
    this.#histograms[cell + SUM] = (this.#histograms[cell + SUM] as number) + durationMs
  }

  refused(policySlot: number, apiSlot: number): void {
    const cell = policySlot * MAX_API_SLOTS + apiSlot
    this.#refusals[cell] = (this.#refusals[cell] as number) + 1
  }

  policyThrew(): void {
    this.#scalars[SCALAR.policyErrors] = (this.#scalars[SCALAR.policyErrors] as number) + 1
  }

  connectionRejected(reason: ConnectionRejection): void {
    const cell = FIRST_REJECTION + CONNECTION_REJECTIONS.indexOf(reason)
    this.#scalars[cell] = (this.#scalars[cell] as number) + 1
  }

  trafficCounted(result: TrafficResult): void {
    const cell = FIRST_TRAFFIC + TRAFFIC_RESULTS.indexOf(result)
    this.#scalars[cell] = (this.#scalars[cell] as number) + 1
  }

  trafficCount(result: TrafficResult): number {
    return this.#scalars[FIRST_TRAFFIC + TRAFFIC_RESULTS.indexOf(result)] as number
  }

  handshakeDone(isResumed: boolean): void {
    const cell = isResumed ? SCALAR.resumedHandshakes : SCALAR.fullHandshakes
    this.#scalars[cell] = (this.#scalars[cell] as number) + 1
  }

  requestShed(): void {
    this.#scalars[SCALAR.shedRequests] = (this.#scalars[SCALAR.shedRequests] as number) + 1
  }

  /** 0 to 3, as load-shedding.ts has it. */
  get sheddingLevel(): number {
    return this.#scalars[SCALAR.sheddingLevel] as number
  }

  set sheddingLevel(level: number) {
    this.#scalars[SCALAR.sheddingLevel] = level
  }

  get shedRequests(): number {
    return this.#scalars[SCALAR.shedRequests] as number
  }

  get fullHandshakes(): number {
    return this.#scalars[SCALAR.fullHandshakes] as number
  }

  get resumedHandshakes(): number {
    return this.#scalars[SCALAR.resumedHandshakes] as number
  }

  rejectedConnections(reason: ConnectionRejection): number {
    return this.#scalars[FIRST_REJECTION + CONNECTION_REJECTIONS.indexOf(reason)] as number
  }

  get activeRequests(): number {
    return (this.#scalars[SCALAR.started] as number) - (this.#scalars[SCALAR.ended] as number)
  }

  get policyErrors(): number {
    return this.#scalars[SCALAR.policyErrors] as number
  }

  /** For a seat whose worker is dead: what it had begun ends here, uncounted by status. Returns how many requests that were. */
  closeActive(): number {
    const lost = this.activeRequests
    this.#scalars[SCALAR.ended] = this.#scalars[SCALAR.started] as number
    this.sheddingLevel = 0
    return lost
  }

  /** Adds this seat's histograms to `totals`: by key, `CELLS` numbers each, in milliseconds. */
  addHistograms(totals: Map<number, Float64Array>): void {
    const count = this.#scalars[SCALAR.seriesCount] as number
    for (let series = 1; series <= count; series++) {
      const key = this.#keys[series] as number
      const cells = totals.get(key) ?? new Float64Array(CELLS)
      for (let cell = 0; cell < CELLS; cell++) cells[cell] = (cells[cell] as number) + (this.#histograms[series * CELLS + cell] as number)
      totals.set(key, cells)
    }
  }

  /** Adds this seat's refusals to `totals`: `MAX_API_SLOTS` cells per policy slot. */
  addRefusals(totals: Float64Array, policySlots: number): void {
    for (let cell = 0; cell < policySlots * MAX_API_SLOTS; cell++) {
      totals[cell] = (totals[cell] as number) + (this.#refusals[cell] as number)
    }
  }

  #addSeries(key: number): number {
    const count = this.#scalars[SCALAR.seriesCount] as number
    // The last series is the one of everything that came too late, under the name of `OTHER`.
    const overflow = count >= MAX_SERIES - 2
    const series = overflow ? MAX_SERIES - 1 : count + 1
    this.#keys[series] = overflow ? OTHER * METHODS.length * STATUS_CLASSES.length : key
    this.#index[key] = series
    this.#scalars[SCALAR.seriesCount] = Math.max(count, series)
    return series
  }
}

/** What a key stands for. */
export function seriesOf(key: number): { apiSlot: number; methodId: number; statusClass: (typeof STATUS_CLASSES)[number] } {
  const statusClass = STATUS_CLASSES[key % STATUS_CLASSES.length] ?? 'none'
  const rest = Math.floor(key / STATUS_CLASSES.length)
  return { apiSlot: Math.floor(rest / METHODS.length), methodId: rest % METHODS.length, statusClass }
}

/** Cumulative counts by bucket with the one above all last, and the sum in seconds. */
export function histogramOf(cells: Float64Array): { cumulative: number[]; sumSeconds: number } {
  const cumulative: number[] = []
  let total = 0
  for (let cell = FIRST_BUCKET; cell < CELLS; cell++) {
    total += cells[cell] as number
    cumulative.push(total)
  }
  return { cumulative, sumSeconds: (cells[SUM] as number) / 1000 }
}
