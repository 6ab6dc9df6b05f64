/** Backends as the gateway uses them: every setting has a value, every secret an index. */
import type {
  ActiveHealthPlan,
  BackendPlan,
  BackendTlsPlan,
  BalancePlan,
  BreakerPlan,
  EndpointPlan,
  PassiveHealthPlan,
  RetryCondition,
  RetryPlan,
} from '../bundle/plan.ts'
import { known } from '../spec/grammar.ts'
import { parseHashKey } from '../spec/hash-key.ts'
import { parseHostName } from '../spec/host.ts'
import { parseHttpEndpoint } from '../spec/http-endpoint.ts'
import { parseIpAddress } from '../spec/ip-address.ts'
import { BACKEND_DEFAULTS, type BackendSpec } from '../spec/kinds/backend.ts'
import { RETRY_DEFAULTS, type RetrySpec } from '../spec/kinds/retry.ts'
import { parsePercent } from '../spec/percent.ts'
import { parseStatusRange } from '../spec/status-range.ts'
import { parseTimeout, parseTimeoutOrOff } from '../spec/timeout.ts'
import type { SecretTable } from './secret-table.ts'

const D = BACKEND_DEFAULTS
/** In the order in which plans name them. */
const CONDITIONS: readonly RetryCondition[] = ['connect', 'reset', 'timeout', 'refused-stream']

const ms = (text: string): number => known(parseTimeout(text))
const percent = (text: string): number => known(parsePercent(text))

export function planBackend(name: string, spec: BackendSpec, secrets: SecretTable): Omit<BackendPlan, 'source'> {
  const timeouts = { ...D.timeouts, ...spec.timeouts }
  const pool = { ...D.pool, ...spec.pool }
  const endpoints = spec.endpoints.map(planEndpoint)
  const passiveHealth = planPassiveHealth(spec.health?.passive, endpoints)
  return {
    name,
    endpoints,
    protocol: spec.protocol ?? D.protocol,
    balance: planBalance(spec.balance ?? D.balance),
    sourceAddress: spec.sourceAddress ?? '',
    connectTimeoutMs: ms(timeouts.connect),
    tlsTimeoutMs: ms(timeouts.tls),
    responseTimeoutMs: ms(timeouts.response),
    idleTimeoutMs: ms(timeouts.idle),
    totalTimeoutMs: known(parseTimeoutOrOff(timeouts.total)),
    maxConnections: pool.maxConnections,
    maxPending: pool.maxPending,
    pendingTimeoutMs: ms(pool.pendingTimeout),
    poolIdleMs: ms(pool.idle),
    slowStartMs: known(parseTimeoutOrOff(spec.slowStart ?? D.slowStart)),
    resolveIntervalMs: ms(spec.resolveInterval ?? D.resolveInterval),
    ...(spec.health?.active === undefined ? {} : { activeHealth: planActiveHealth(spec.health.active) }),
    ...(passiveHealth === undefined ? {} : { passiveHealth }),
    ...(spec.breaker === undefined ? {} : { breaker: planBreaker(spec.breaker) }),
    retry: planRetry(spec.retry ?? {}),
    tls: planTls(spec.tls ?? {}, secrets),
  }
}

export function planEndpoint(endpoint: BackendSpec['endpoints'][number]): EndpointPlan {
  const { url, weight = D.weight, resolve = D.resolve } = typeof endpoint === 'string' ? { url: endpoint } : endpoint
  const { host, port, authority, pathPrefix, isTls } = known(parseHttpEndpoint(url))
  return { host, port, authority, pathPrefix, isTls, weight, resolve }
}

/** The settings of later specs over those of earlier ones, key by key. */
export function planRetry(...specs: readonly RetrySpec[]): RetryPlan {
  const { attempts, on, perTry, budget } = Object.assign({}, RETRY_DEFAULTS, ...specs) as Required<RetrySpec>
  const backoff = Object.assign({}, RETRY_DEFAULTS.backoff, ...specs.map((spec) => spec.backoff)) as { base: string; max: string }
  const statuses = on.filter((one) => typeof one === 'number')
  return {
    attempts,
    on: CONDITIONS.filter((condition) => on.includes(condition)),
    statuses: [...new Set(statuses)].sort((a, b) => a - b),
    perTryMs: known(parseTimeoutOrOff(perTry)),
    budgetPercent: percent(budget),
    backoffBaseMs: ms(backoff.base),
    backoffMaxMs: ms(backoff.max),
  }
}

function planBalance(balance: NonNullable<BackendSpec['balance']>): BalancePlan {
  if (typeof balance === 'string') return { kind: balance }
  const { by, name } = known(parseHashKey(balance['consistent-hash'].by))
  return { kind: 'consistent-hash', by, name }
}

type HealthSpec = NonNullable<BackendSpec['health']>

function planActiveHealth(spec: NonNullable<HealthSpec['active']>): ActiveHealthPlan {
  const { status, interval, timeout, healthy, unhealthy } = { ...D.active, ...spec }
  return {
    kind: spec.path === undefined ? 'tcp' : 'http',
    path: spec.path ?? '',
    host: spec.host === undefined ? '' : known(parseHostName(spec.host)),
    ...known(parseStatusRange(String(status))),
    intervalMs: ms(interval),
    timeoutMs: ms(timeout),
    healthyAfter: healthy,
    unhealthyAfter: unhealthy,
  }
}

/** Where there is one address only, there is nothing to go to instead, and watching it would cost every request for nothing. */
function planPassiveHealth(spec: HealthSpec['passive'], endpoints: readonly EndpointPlan[]): PassiveHealthPlan | undefined {
  const isOn = spec === undefined ? endpoints.length > 1 || endpoints.some(isNamed) : spec !== 'off'
  if (!isOn) return undefined
  const passive = { ...D.passive, ...(typeof spec === 'object' ? spec : {}) }
  const ejectMs = ms(passive.ejectFor)
  return {
    consecutiveFailures: passive.consecutiveFailures,
    failurePercent: passive.failureShare === 'off' ? 0 : percent(passive.failureShare),
    minRequests: passive.minRequests,
    intervalMs: ms(passive.interval),
    ejectMs,
    // Whoever writes a longer first ejection alone means at least that one.
    maxEjectMs: spec !== 'off' && spec?.maxEjectFor === undefined ? Math.max(ejectMs, ms(passive.maxEjectFor)) : ms(passive.maxEjectFor),
    panicBelowPercent: percent(passive.panicBelow),
  }
}

function isNamed({ host }: EndpointPlan): boolean {
  return !(parseIpAddress(host) instanceof Uint8Array)
}

function planBreaker(spec: NonNullable<BackendSpec['breaker']>): BreakerPlan {
  const { failureShare, minRequests, window, openFor } = { ...D.breaker, ...spec }
  return { failurePercent: percent(failureShare), minRequests, windowMs: ms(window), openMs: ms(openFor) }
}

function planTls({ ca, serverName, verify, cert, key }: NonNullable<BackendSpec['tls']>, secrets: SecretTable): BackendTlsPlan {
  return {
    ...(ca === undefined ? {} : { caSecretIndex: secrets.index(ca) }),
    serverName: serverName === undefined ? '' : known(parseHostName(serverName)),
    verify: verify ?? D.verify,
    ...(cert === undefined ? {} : { certSecretIndex: secrets.index(cert) }),
    ...(key === undefined ? {} : { keySecretIndex: secrets.index(key) }),
  }
}
