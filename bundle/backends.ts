/** Backends and their endpoints. docs/bundle-format.md, "Backends", "Endpoints". */
import { Health } from './health.ts'
import type { Sections, Table } from './image.ts'
import { columnsOf, noLimitAsZero, zeroAsNoLimit } from './layout.ts'
import { LIMITS } from './limits.ts'
import type { BackendPlan, BackendTlsPlan, BalancePlan, BundlePlan, EndpointPlan, SourcePosition } from './plan.ts'
import { Retries, type RetryPool } from './retries.ts'
import { checkRuns, readRun } from './runs.ts'
import type { SourceMap } from './source-map.ts'
import { type StringPool, type Strings, TableBuilder } from './strings.ts'

const BACKEND = columnsOf('BKND')
const ENDPOINT = columnsOf('ENDP')
const ENDPOINTS = { first: BACKEND.firstEndpoint, count: BACKEND.endpointCount }
/** By number in the file; 0 is none. */
const PROTOCOLS = ['', 'auto', 'http1', 'http2'] as const
const BALANCES = ['', 'round-robin', 'least-request', 'consistent-hash'] as const
const HASH_KEYS = ['', 'header', 'cookie', 'consumer', 'ip'] as const
const SCHEME_HTTP = 1
const SCHEME_HTTPS = 2
const RESOLVES = ['', 'address', 'srv'] as const
/** 0 verifies. */
const WITHOUT_VERIFICATION = 1

export function buildBackends(plan: BundlePlan, retries: RetryPool, strings: StringPool): [TableBuilder<'BKND'>, TableBuilder<'ENDP'>] {
  const backends = new TableBuilder('BKND', plan.backends.length)
  const endpoints = new TableBuilder(
    'ENDP',
    plan.backends.reduce((sum, backend) => sum + backend.endpoints.length, 0),
  )
  let next = 0
  const rows = { active: 0, passive: 0, breaker: 0 }
  for (const [row, backend] of plan.backends.entries()) {
    backends.set(row, {
      name: strings.add(backend.name),
      firstEndpoint: next,
      endpointCount: backend.endpoints.length,
      protocol: PROTOCOLS.indexOf(backend.protocol),
      balance: BALANCES.indexOf(backend.balance.kind),
      hashBy: backend.balance.kind === 'consistent-hash' ? HASH_KEYS.indexOf(backend.balance.by) : 0,
      hashName: strings.add(backend.balance.kind === 'consistent-hash' ? backend.balance.name : ''),
      sourceAddress: strings.add(backend.sourceAddress),
      connectTimeoutMs: backend.connectTimeoutMs,
      tlsTimeoutMs: backend.tlsTimeoutMs,
      responseTimeoutMs: backend.responseTimeoutMs,
      idleTimeoutMs: backend.idleTimeoutMs,
      totalTimeoutMs: zeroAsNoLimit(backend.totalTimeoutMs),
      maxConnections: backend.maxConnections,
      maxPending: backend.maxPending,
      pendingTimeoutMs: backend.pendingTimeoutMs,
      poolIdleMs: backend.poolIdleMs,
      slowStartMs: backend.slowStartMs,
      resolveIntervalMs: backend.resolveIntervalMs,
      activeHealth: backend.activeHealth === undefined ? 0 : ++rows.active,
      passiveHealth: backend.passiveHealth === undefined ? 0 : ++rows.passive,
      breaker: backend.breaker === undefined ? 0 : ++rows.breaker,
      retry: retries.reference(backend.retry),
      tlsVerify: backend.tls.verify ? 0 : WITHOUT_VERIFICATION,
      tlsServerName: strings.add(backend.tls.serverName),
      tlsCa: reference(backend.tls.caSecretIndex),
      tlsCert: reference(backend.tls.certSecretIndex),
      tlsKey: reference(backend.tls.keySecretIndex),
    })
    for (const endpoint of backend.endpoints) {
      endpoints.set(next++, {
        host: strings.add(endpoint.host),
        port: endpoint.port,
        authority: strings.add(endpoint.authority),
        pathPrefix: strings.add(endpoint.pathPrefix),
        scheme: endpoint.isTls ? SCHEME_HTTPS : SCHEME_HTTP,
        weight: endpoint.weight,
        resolve: RESOLVES.indexOf(endpoint.resolve),
      })
    }
  }
  return [backends, endpoints]
}

export function checkBackends(sections: Sections): string | undefined {
  const table = sections.table('BKND')
  if (table.count > LIMITS.backends) return `backends: more than ${LIMITS.backends}`
  const wrong = checkRuns(sections, 'BKND', ENDPOINTS, 'ENDP', LIMITS.endpointsPerBackend)
  if (wrong !== undefined) return wrong
  for (let row = 0; row < table.count; row++) {
    const hashBy = table.at(BACKEND.hashBy, row)
    if (hashBy > 0 !== (BALANCES[table.at(BACKEND.balance, row)] === 'consistent-hash'))
      return `backends: entry ${row} has a hash key without consistent hashing, or the other way round`
    const isNamed = HASH_KEYS[hashBy] === 'header' || HASH_KEYS[hashBy] === 'cookie'
    if (isNamed !== table.at(BACKEND.hashName, row) > 0) return `backends: the hash key of entry ${row} has a name too much or too few`
    if (table.at(BACKEND.tlsCert, row) > 0 !== table.at(BACKEND.tlsKey, row) > 0)
      return `backends: entry ${row} has only one of certificate and key`
  }
  return undefined
}

function reference(index: number | undefined): number {
  return index === undefined ? 0 : index + 1
}

/** Backends: for the start of a generation and for people; nothing is kept between calls. */
export class Backends {
  readonly #table: Table
  readonly #endpoints: Table
  readonly #health: Health
  readonly #retries: Retries
  readonly #strings: Strings
  readonly #sourceMap: SourceMap

  constructor(sections: Sections, strings: Strings, sourceMap: SourceMap) {
    this.#table = sections.table('BKND')
    this.#endpoints = sections.table('ENDP')
    this.#health = new Health(sections, strings)
    this.#retries = new Retries(sections)
    this.#strings = strings
    this.#sourceMap = sourceMap
  }

  get count(): number {
    return this.#table.count
  }

  name(index: number): string {
    return this.#strings.get(this.#table.at(BACKEND.name, index))
  }

  /** At least one; none where there is no such backend. */
  endpoints(index: number): EndpointPlan[] {
    return readRun(this.#table, ENDPOINTS, index, (row) => ({
      host: this.#strings.get(this.#endpoints.at(ENDPOINT.host, row)),
      port: this.#endpoints.at(ENDPOINT.port, row),
      authority: this.#strings.get(this.#endpoints.at(ENDPOINT.authority, row)),
      pathPrefix: this.#strings.get(this.#endpoints.at(ENDPOINT.pathPrefix, row)),
      isTls: this.#endpoints.at(ENDPOINT.scheme, row) !== SCHEME_HTTP,
      weight: this.#endpoints.at(ENDPOINT.weight, row),
      resolve: RESOLVES[this.#endpoints.at(ENDPOINT.resolve, row)] || 'address',
    }))
  }

  /** All of a backend but its place in the sources, in memory of its own; `undefined` where there is no such backend. */
  settings(index: number): Omit<BackendPlan, 'source'> | undefined {
    const at = (column: keyof typeof BACKEND) => this.#table.at(BACKEND[column], index)
    const protocol = PROTOCOLS[at('protocol')] ?? ''
    if (protocol === '') return undefined
    const activeHealth = this.#health.active(at('activeHealth') - 1)
    const passiveHealth = this.#health.passive(at('passiveHealth') - 1)
    const breaker = this.#health.breaker(at('breaker') - 1)
    return {
      name: this.name(index),
      endpoints: this.endpoints(index),
      protocol,
      balance: this.#balance(index),
      sourceAddress: this.#strings.get(at('sourceAddress')),
      connectTimeoutMs: at('connectTimeoutMs'),
      tlsTimeoutMs: at('tlsTimeoutMs'),
      responseTimeoutMs: at('responseTimeoutMs'),
      idleTimeoutMs: at('idleTimeoutMs'),
      totalTimeoutMs: noLimitAsZero(at('totalTimeoutMs')),
      maxConnections: at('maxConnections'),
      maxPending: at('maxPending'),
      pendingTimeoutMs: at('pendingTimeoutMs'),
      poolIdleMs: at('poolIdleMs'),
      slowStartMs: at('slowStartMs'),
      resolveIntervalMs: at('resolveIntervalMs'),
      ...(activeHealth === undefined ? {} : { activeHealth }),
      ...(passiveHealth === undefined ? {} : { passiveHealth }),
      ...(breaker === undefined ? {} : { breaker }),
      retry: this.#retries.get(at('retry') - 1),
      tls: this.#tls(index),
    }
  }

  source(index: number): SourcePosition {
    return this.#sourceMap.backend(index)
  }

  detach(): void {
    this.#table.drop()
    this.#endpoints.drop()
    this.#health.detach()
    this.#retries.detach()
  }

  #balance(index: number): BalancePlan {
    const kind = BALANCES[this.#table.at(BACKEND.balance, index)] || 'round-robin'
    const by = HASH_KEYS[this.#table.at(BACKEND.hashBy, index)] || 'ip'
    if (kind !== 'consistent-hash') return { kind }
    return { kind, by, name: this.#strings.get(this.#table.at(BACKEND.hashName, index)) }
  }

  #tls(index: number): BackendTlsPlan {
    const [ca, cert, key] = [BACKEND.tlsCa, BACKEND.tlsCert, BACKEND.tlsKey].map((column) => this.#table.at(column, index) - 1)
    return {
      ...(ca === undefined || ca < 0 ? {} : { caSecretIndex: ca }),
      serverName: this.#strings.get(this.#table.at(BACKEND.tlsServerName, index)),
      verify: this.#table.at(BACKEND.tlsVerify, index) !== WITHOUT_VERIFICATION,
      ...(cert === undefined || cert < 0 ? {} : { certSecretIndex: cert }),
      ...(key === undefined || key < 0 ? {} : { keySecretIndex: key }),
    }
  }
}
