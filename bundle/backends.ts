/** Backends and their endpoints. docs/bundle-format.md, "Backends", "Endpoints". */
import type { Sections, Table } from './image.ts'
import { columnsOf } from './layout.ts'
import { LIMITS } from './limits.ts'
import type { BundlePlan, EndpointPlan, SourcePosition } from './plan.ts'
import type { SourceMap } from './source-map.ts'
import { type StringPool, type Strings, TableBuilder } from './strings.ts'

const BACKEND = columnsOf('BKND')
const ENDPOINT = columnsOf('ENDP')

export function buildBackends(plan: BundlePlan, strings: StringPool): [TableBuilder<'BKND'>, TableBuilder<'ENDP'>] {
  const backends = new TableBuilder('BKND', plan.backends.length)
  const endpoints = new TableBuilder(
    'ENDP',
    plan.backends.reduce((sum, backend) => sum + backend.endpoints.length, 0),
  )
  let next = 0
  for (const [row, backend] of plan.backends.entries()) {
    backends.set(row, {
      name: strings.add(backend.name),
      firstEndpoint: next,
      endpointCount: backend.endpoints.length,
      sourceAddress: strings.add(backend.sourceAddress),
      connectTimeoutMs: backend.connectTimeoutMs,
      responseTimeoutMs: backend.responseTimeoutMs,
      idleTimeoutMs: backend.idleTimeoutMs,
      maxConnections: backend.maxConnections,
      maxPending: backend.maxPending,
      pendingTimeoutMs: backend.pendingTimeoutMs,
      poolIdleMs: backend.poolIdleMs,
    })
    for (const endpoint of backend.endpoints) {
      endpoints.set(next++, {
        host: strings.add(endpoint.host),
        port: endpoint.port,
        authority: strings.add(endpoint.authority),
        pathPrefix: strings.add(endpoint.pathPrefix),
      })
    }
  }
  return [backends, endpoints]
}

export function checkBackends(sections: Sections): string | undefined {
  const table = sections.table('BKND')
  if (table.count > LIMITS.backends) return `backends: more than ${LIMITS.backends}`
  let next = 0
  for (let row = 0; row < table.count; row++) {
    const count = table.at(BACKEND.endpointCount, row)
    if (count > LIMITS.endpointsPerBackend) return `backends: backend ${row} has more than ${LIMITS.endpointsPerBackend} endpoints`
    if (table.at(BACKEND.firstEndpoint, row) !== next) return `backends: backend ${row} does not begin where the one before ends`
    next += count
  }
  if (next !== sections.count('ENDP')) return `endpoints: ${sections.count('ENDP')}, but the backends have ${next}`
  return undefined
}

/** Times and limits are at least 1 unless they say otherwise; they read 0 where there is no such backend and after `detach`. */
export class Backends {
  readonly #table: Table
  readonly #endpoints: Table
  readonly #strings: Strings
  readonly #sourceMap: SourceMap

  constructor(sections: Sections, strings: Strings, sourceMap: SourceMap) {
    this.#table = sections.table('BKND')
    this.#endpoints = sections.table('ENDP')
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
    const first = this.#table.at(BACKEND.firstEndpoint, index)
    return Array.from({ length: this.#table.at(BACKEND.endpointCount, index) }, (_, position) => ({
      host: this.#strings.get(this.#endpoints.at(ENDPOINT.host, first + position)),
      port: this.#endpoints.at(ENDPOINT.port, first + position),
      authority: this.#strings.get(this.#endpoints.at(ENDPOINT.authority, first + position)),
      pathPrefix: this.#strings.get(this.#endpoints.at(ENDPOINT.pathPrefix, first + position)),
    }))
  }

  /** Empty: the system chooses. */
  sourceAddress(index: number): string {
    return this.#strings.get(this.#table.at(BACKEND.sourceAddress, index))
  }

  connectTimeoutMs(index: number): number {
    return this.#table.at(BACKEND.connectTimeoutMs, index)
  }

  responseTimeoutMs(index: number): number {
    return this.#table.at(BACKEND.responseTimeoutMs, index)
  }

  idleTimeoutMs(index: number): number {
    return this.#table.at(BACKEND.idleTimeoutMs, index)
  }

  maxConnections(index: number): number {
    return this.#table.at(BACKEND.maxConnections, index)
  }

  /** 0: nobody may wait. */
  maxPending(index: number): number {
    return this.#table.at(BACKEND.maxPending, index)
  }

  /** 0: who would have to wait is refused. */
  pendingTimeoutMs(index: number): number {
    return this.#table.at(BACKEND.pendingTimeoutMs, index)
  }

  /** 0: an unused connection is closed at once. */
  poolIdleMs(index: number): number {
    return this.#table.at(BACKEND.poolIdleMs, index)
  }

  source(index: number): SourcePosition {
    return this.#sourceMap.backend(index)
  }

  detach(): void {
    this.#table.drop()
    this.#endpoints.drop()
  }
}
