/** When a backend's endpoints, or the backend, are taken out of use: active checks, passive ones, breakers. docs/bundle-format.md, "Health". */
import type { Sections, Table } from './image.ts'
import { columnsOf, noLimitAsZero, zeroAsNoLimit } from './layout.ts'
import type { ActiveHealthPlan, BackendPlan, BreakerPlan, BundlePlan, PassiveHealthPlan } from './plan.ts'
import { type StringPool, type Strings, TableBuilder } from './strings.ts'

const ACTIVE = columnsOf('HLTH')
const PASSIVE = columnsOf('OUTL')
const BREAKER = columnsOf('BRKR')
/** By number in the file; 0 is none. */
const KINDS = ['', 'http', 'tcp'] as const

type Builders = [TableBuilder<'HLTH'>, TableBuilder<'OUTL'>, TableBuilder<'BRKR'>]

/** One row per backend that has one, in the order of the backends, which refer to them so. */
export function buildHealth({ backends }: BundlePlan, strings: StringPool): Builders {
  const count = (has: (backend: BackendPlan) => unknown) => backends.filter((backend) => has(backend) !== undefined).length
  const active = new TableBuilder(
    'HLTH',
    count(({ activeHealth }) => activeHealth),
  )
  const passive = new TableBuilder(
    'OUTL',
    count(({ passiveHealth }) => passiveHealth),
  )
  const breakers = new TableBuilder(
    'BRKR',
    count(({ breaker }) => breaker),
  )
  const next = { active: 0, passive: 0, breaker: 0 }
  for (const { activeHealth, passiveHealth, breaker } of backends) {
    if (activeHealth !== undefined) {
      const { kind, path, host, ...numbers } = activeHealth
      active.set(next.active++, { kind: KINDS.indexOf(kind), path: strings.add(path), host: strings.add(host), ...numbers })
    }
    if (passiveHealth !== undefined) {
      passive.set(next.passive++, { ...passiveHealth, failurePercent: zeroAsNoLimit(passiveHealth.failurePercent) })
    }
    if (breaker !== undefined) breakers.set(next.breaker++, breaker)
  }
  return [active, passive, breakers]
}

export function checkHealth(sections: Sections): string | undefined {
  const active = sections.table('HLTH')
  for (let row = 0; row < active.count; row++) {
    if (active.at(ACTIVE.minStatus, row) > active.at(ACTIVE.maxStatus, row))
      return `active health checks: the statuses of entry ${row} end before they begin`
    if ((KINDS[active.at(ACTIVE.kind, row)] === 'http') !== active.at(ACTIVE.path, row) > 0)
      return `active health checks: an HTTP check of entry ${row} has no path, or a TCP check has one`
  }
  const passive = sections.table('OUTL')
  for (let row = 0; row < passive.count; row++) {
    if (passive.at(PASSIVE.ejectMs, row) > passive.at(PASSIVE.maxEjectMs, row))
      return `passive health checks: entry ${row} begins with more than its longest ejection`
  }
  return undefined
}

export class Health {
  readonly #active: Table
  readonly #passive: Table
  readonly #breakers: Table
  readonly #strings: Strings

  constructor(sections: Sections, strings: Strings) {
    this.#active = sections.table('HLTH')
    this.#passive = sections.table('OUTL')
    this.#breakers = sections.table('BRKR')
    this.#strings = strings
  }

  active(row: number): ActiveHealthPlan | undefined {
    const table = this.#active
    const kind = KINDS[table.at(ACTIVE.kind, row)] ?? ''
    if (kind === '') return undefined
    return {
      kind,
      path: this.#strings.get(table.at(ACTIVE.path, row)),
      host: this.#strings.get(table.at(ACTIVE.host, row)),
      minStatus: table.at(ACTIVE.minStatus, row),
      maxStatus: table.at(ACTIVE.maxStatus, row),
      intervalMs: table.at(ACTIVE.intervalMs, row),
      timeoutMs: table.at(ACTIVE.timeoutMs, row),
      healthyAfter: table.at(ACTIVE.healthyAfter, row),
      unhealthyAfter: table.at(ACTIVE.unhealthyAfter, row),
    }
  }

  passive(row: number): PassiveHealthPlan | undefined {
    const table = this.#passive
    if (table.at(PASSIVE.ejectMs, row) === 0) return undefined
    return {
      consecutiveFailures: table.at(PASSIVE.consecutiveFailures, row),
      failurePercent: noLimitAsZero(table.at(PASSIVE.failurePercent, row)),
      minRequests: table.at(PASSIVE.minRequests, row),
      intervalMs: table.at(PASSIVE.intervalMs, row),
      ejectMs: table.at(PASSIVE.ejectMs, row),
      maxEjectMs: table.at(PASSIVE.maxEjectMs, row),
      panicBelowPercent: table.at(PASSIVE.panicBelowPercent, row),
    }
  }

  breaker(row: number): BreakerPlan | undefined {
    const table = this.#breakers
    if (table.at(BREAKER.failurePercent, row) === 0) return undefined
    return {
      failurePercent: table.at(BREAKER.failurePercent, row),
      minRequests: table.at(BREAKER.minRequests, row),
      windowMs: table.at(BREAKER.windowMs, row),
      openMs: table.at(BREAKER.openMs, row),
    }
  }

  detach(): void {
    this.#active.drop()
    this.#passive.drop()
    this.#breakers.drop()
  }
}
