/**
 * Listeners, backends and endpoints for plans of tests, with the compiler's defaults for all that a test is not about. Not a fuzzer itself,
 * but named as one so that builds leave it out.
 */
import type { BackendPlan, EndpointPlan, ListenerLimitsPlan, ListenerPlan, RetryPlan, TrafficPlan } from './plan.ts'

export const SAMPLE_LISTENER_LIMITS: ListenerLimitsPlan = {
  connections: 16_384,
  connectionsPerAddress: 1024,
  requestLineBytes: 8192,
  headBytes: 32_768,
  headFields: 100,
  handshakeTimeoutMs: 10_000,
  headTimeoutMs: 10_000,
  bodyIdleTimeoutMs: 30_000,
  minBodyRate: 240,
  writeTimeoutMs: 30_000,
  keepAliveTimeoutMs: 60_000,
  keepAliveRequests: 0,
  pipelineDepth: 16,
  streams: 100,
  tunnelIdleTimeoutMs: 300_000,
  maxAgeMs: 0,
}

export const SAMPLE_RETRY: RetryPlan = {
  attempts: 1,
  on: ['connect', 'refused-stream'],
  statuses: [],
  perTryMs: 0,
  budgetPercent: 20,
  backoffBaseMs: 25,
  backoffMaxMs: 250,
}

/** On a free port of the loopback, unless said otherwise. */
export function sampleListener(
  changes: Partial<Omit<ListenerPlan, 'limits'>> & { readonly limits?: Partial<ListenerLimitsPlan> } = {},
): ListenerPlan {
  return {
    name: 'http',
    address: '127.0.0.1',
    port: 0,
    protocol: 'http',
    http2: true,
    proxyProtocol: false,
    ...changes,
    limits: { ...SAMPLE_LISTENER_LIMITS, ...changes.limits },
  }
}

/** Plain HTTP on the loopback, unless said otherwise. */
export function sampleEndpoint(port: number, changes: Partial<EndpointPlan> = {}): EndpointPlan {
  const host = changes.host ?? '127.0.0.1'
  return { host, port, authority: `${host}:${port}`, pathPrefix: '', isTls: false, weight: 1, resolve: 'address', ...changes }
}

/** One plain endpoint at port 8080 of the loopback, and no health checks, unless said otherwise. */
export function sampleBackend(name: string, changes: Partial<BackendPlan> = {}): BackendPlan {
  return {
    name,
    endpoints: [sampleEndpoint(8080)],
    protocol: 'auto',
    balance: { kind: 'round-robin' },
    sourceAddress: '',
    connectTimeoutMs: 2000,
    tlsTimeoutMs: 2000,
    responseTimeoutMs: 30_000,
    idleTimeoutMs: 30_000,
    totalTimeoutMs: 0,
    maxConnections: 256,
    maxPending: 1024,
    pendingTimeoutMs: 1000,
    poolIdleMs: 55_000,
    slowStartMs: 0,
    resolveIntervalMs: 10_000,
    retry: SAMPLE_RETRY,
    tls: { serverName: '', verify: true },
    source: { file: 'backends.yaml', line: 4, column: 1 },
    ...changes,
  }
}

/** Says nothing, unless said otherwise. */
export function sampleTraffic(changes: Partial<TrafficPlan> = {}): TrafficPlan {
  return { split: [], ...changes }
}
