/** Prometheus text: made when asked for, from the seats' shared counters and from what the supervisor knows. prom-client writes the text. */
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client'
import { METHODS } from '../../bundle/plan.ts'
import type { BackendsWatch } from '../backends-watch/backends-watch.ts'
import { addBackendMetrics } from '../backends-watch/report.ts'
import { CONNECTION_REJECTIONS } from '../downstream/connection-rejections.ts'
import type { ListenerCertificate } from '../tls-watch.ts'
import { BUCKETS_SECONDS, type Counters, histogramOf, MAX_API_SLOTS, MAX_POLICY_SLOTS, seriesOf } from './counters.ts'
import type { Slots } from './slots.ts'
import { addTrafficMetrics } from './traffic-metrics.ts'

/** Numbers that others keep; read at each scrape. */
export interface MetricSources {
  readonly seats: readonly Counters[]
  readonly apiSlots: Slots
  readonly policySlots: Slots
  readonly rejections: ReadonlyMap<string, number>
  readonly workerRestarts: ReadonlyMap<string, number>
  /** Of this gateway's child, counted by the parent. */
  readonly processRestarts: number
  /** By log: `access`, `process`. */
  readonly droppedLines: () => readonly (readonly [log: string, count: number])[]
  readonly bundle: () =>
    | { digest: string; gateway: string; compiler: string; generation: number; since: Date; isDurable: boolean }
    | undefined
  readonly generationsHeld: () => number
  readonly connections: () => number
  /** Of listeners, as the bundle in use has them. */
  readonly certificates: () => readonly ListenerCertificate[]
  readonly backends: BackendsWatch
}

/** A value of prom-client's, for metrics that bring their own numbers. */
interface Sample {
  readonly value: number
  readonly labels: { readonly [label: string]: string | number }
  readonly metricName?: string
}

export class Metrics {
  readonly #registry = new Registry()

  constructor(sources: MetricSources) {
    collectDefaultMetrics({ register: this.#registry })
    const add = (name: string, help: string, type: 'counter' | 'gauge' | 'histogram', values: () => readonly Sample[]) => {
      const metric = { name, help, type, aggregator: 'sum', get: async () => ({ name, help, type, values: values(), aggregator: 'sum' }) }
      this.#registry.registerMetric(metric as unknown as Metric)
    }
    const bundle = sources.bundle
    add('http_server_request_duration_seconds', 'Time from the first byte of a request to the last of its response.', 'histogram', () =>
      durations(sources),
    )
    add('http_server_active_requests', 'Requests in progress.', 'gauge', () => [
      { value: sum(sources.seats, 'activeRequests'), labels: {} },
    ])
    add('postern_connections', 'Connections of clients.', 'gauge', () => [{ value: sources.connections(), labels: {} }])
    add('postern_connections_rejected_total', 'Connections of clients that were not served, by reason.', 'counter', () =>
      CONNECTION_REJECTIONS.map((reason) => ({
        value: sources.seats.reduce((total, seat) => total + seat.rejectedConnections(reason), 0),
        labels: { reason },
      })),
    )
    add(
      'postern_tls_handshakes_total',
      'TLS handshakes of clients that were done; a resumed one costs far less than a full one.',
      'counter',
      () => [
        { value: sum(sources.seats, 'fullHandshakes'), labels: { kind: 'full' } },
        { value: sum(sources.seats, 'resumedHandshakes'), labels: { kind: 'resumed' } },
      ],
    )
    add('postern_tls_certificate_expiry_seconds', 'When a certificate of a listener expires, in seconds since 1970.', 'gauge', () =>
      sources.certificates().map(({ listener, name, notAfter }) => ({ value: notAfter.getTime() / 1000, labels: { listener, name } })),
    )
    add('postern_load_shedding_level', 'What a worker sheds: 1 closes connections, 2 refuses requests, 3 stops accepting.', 'gauge', () =>
      sources.seats.map(({ sheddingLevel }, worker) => ({ value: sheddingLevel, labels: { worker } })),
    )
    add('postern_load_shed_requests_total', 'Requests that got a 503 because a worker could not keep up.', 'counter', () => [
      { value: sum(sources.seats, 'shedRequests'), labels: {} },
    ])
    addTrafficMetrics(add, sources.seats)
    add('postern_policy_refusals_total', 'Requests that a policy answered with a refusal.', 'counter', () => refusals(sources))
    add('postern_policy_errors_total', 'Requests that ended in 500 because a policy threw.', 'counter', () => [
      { value: sum(sources.seats, 'policyErrors'), labels: {} },
    ])
    add('postern_bundle_info', 'The bundle in use.', 'gauge', () => {
      const { digest, gateway, compiler } = bundle() ?? {}
      return digest === undefined ? [] : [{ value: 1, labels: { digest, gateway: gateway ?? '', compiler: compiler ?? '' } }]
    })
    add('postern_bundle_loaded_timestamp_seconds', 'When the bundle in use was put in use.', 'gauge', () =>
      optional(bundle()?.since.getTime(), (ms) => ms / 1000),
    )
    add('postern_bundle_durable', '1 when the bundle in use would survive a restart without its source.', 'gauge', () =>
      optional(bundle()?.isDurable, Number),
    )
    add('postern_generation', 'Number of the generation in use; grows with each swap.', 'gauge', () =>
      optional(bundle()?.generation, Number),
    )
    add('postern_generations_held', 'Generations in memory, those included that old requests still use.', 'gauge', () => [
      { value: sources.generationsHeld(), labels: {} },
    ])
    add('postern_bundle_rejections_total', 'Bundles refused, by code.', 'counter', () => labelled(sources.rejections, 'code'))
    add('postern_worker_restarts_total', 'Workers replaced, by reason.', 'counter', () => labelled(sources.workerRestarts, 'reason'))
    add('postern_process_restarts_total', 'Crashes of the process that serves.', 'counter', () => [
      { value: sources.processRestarts, labels: {} },
    ])
    addBackendMetrics(add, sources.backends)
    add('postern_log_dropped_total', 'Log lines dropped because their reader was too slow or their disk full.', 'counter', () =>
      labelled(new Map(sources.droppedLines()), 'log'),
    )
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }
}

function durations({ seats, apiSlots }: MetricSources): Sample[] {
  const totals = new Map<number, Float64Array>()
  for (const seat of seats) seat.addHistograms(totals)
  const samples: Sample[] = []
  const name = 'http_server_request_duration_seconds'
  for (const [key, cells] of [...totals].sort(([a], [b]) => a - b)) {
    const { apiSlot, methodId, statusClass } = seriesOf(key)
    const labels = {
      api: apiSlots.name(apiSlot),
      http_request_method: METHODS[methodId] || '_OTHER',
      http_response_status_class: statusClass,
    }
    const { cumulative, sumSeconds } = histogramOf(cells)
    for (const [index, value] of cumulative.entries()) {
      samples.push({ metricName: `${name}_bucket`, value, labels: { ...labels, le: BUCKETS_SECONDS[index] ?? '+Inf' } })
    }
    samples.push({ metricName: `${name}_sum`, value: sumSeconds, labels })
    samples.push({ metricName: `${name}_count`, value: cumulative.at(-1) as number, labels })
  }
  return samples
}

function refusals({ seats, apiSlots, policySlots }: MetricSources): Sample[] {
  const totals = new Float64Array(MAX_POLICY_SLOTS * MAX_API_SLOTS)
  for (const seat of seats) seat.addRefusals(totals, policySlots.count)
  const samples: Sample[] = []
  for (let policy = 0; policy < policySlots.count; policy++) {
    for (let api = 0; api < apiSlots.count; api++) {
      const value = totals[policy * MAX_API_SLOTS + api] as number
      if (value > 0) samples.push({ value, labels: { policy: policySlots.name(policy), api: apiSlots.name(api) } })
    }
  }
  return samples
}

function sum(
  seats: readonly Counters[],
  name: 'activeRequests' | 'policyErrors' | 'fullHandshakes' | 'resumedHandshakes' | 'shedRequests',
): number {
  let total = 0
  for (const seat of seats) total += seat[name]
  return total
}

function labelled(counts: ReadonlyMap<string, number>, label: string): Sample[] {
  return [...counts].map(([name, value]) => ({ value, labels: { [label]: name } }))
}

function optional<T>(value: T | undefined, number: (value: T) => number): Sample[] {
  return value === undefined ? [] : [{ value: number(value), labels: {} }]
}
