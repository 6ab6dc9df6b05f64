/** Retries, of backends and of routes, each distinct one once. docs/bundle-format.md, "Retries". */
import type { Sections, Table } from './image.ts'
import { columnsOf, noLimitAsZero, zeroAsNoLimit } from './layout.ts'
import type { RetryCondition, RetryPlan } from './plan.ts'
import { checkRuns, readRun } from './runs.ts'
import { TableBuilder } from './strings.ts'

const RETRY = columnsOf('RTRY')
const STATUS = columnsOf('STAT')
const STATUSES = { first: RETRY.firstStatus, count: RETRY.statusCount }
const MAX_STATUSES = 200
/** By bit of `on`. A plan names them in this order. */
export const RETRY_CONDITIONS: readonly RetryCondition[] = ['connect', 'reset', 'timeout', 'refused-stream']

/** Numbers the retries of a plan in the order in which they are met. */
export class RetryPool {
  readonly #rows = new Map<string, { readonly index: number; readonly plan: RetryPlan }>()

  /** What a column that refers to it says: its index plus one; 0 for none. */
  reference(plan: RetryPlan | undefined): number {
    if (plan === undefined) return 0
    const { attempts, on, statuses, perTryMs, budgetPercent, backoffBaseMs, backoffMaxMs } = plan
    const key = JSON.stringify([attempts, on, statuses, perTryMs, budgetPercent, backoffBaseMs, backoffMaxMs])
    let row = this.#rows.get(key)
    if (row === undefined) {
      row = { index: this.#rows.size, plan }
      this.#rows.set(key, row)
    }
    return row.index + 1
  }

  build(): [TableBuilder<'RTRY'>, TableBuilder<'STAT'>] {
    const rows = [...this.#rows.values()]
    const retries = new TableBuilder('RTRY', rows.length)
    const statuses = new TableBuilder(
      'STAT',
      rows.reduce((sum, { plan }) => sum + plan.statuses.length, 0),
    )
    let next = 0
    for (const { index, plan } of rows) {
      retries.set(index, {
        attempts: plan.attempts,
        on: plan.on.reduce((mask, condition) => mask | (1 << RETRY_CONDITIONS.indexOf(condition)), 0),
        firstStatus: next,
        statusCount: plan.statuses.length,
        perTryMs: zeroAsNoLimit(plan.perTryMs),
        budgetPercent: plan.budgetPercent,
        backoffBaseMs: plan.backoffBaseMs,
        backoffMaxMs: plan.backoffMaxMs,
      })
      for (const status of plan.statuses) statuses.set(next++, { status })
    }
    return [retries, statuses]
  }
}

export function checkRetries(sections: Sections): string | undefined {
  const wrong = checkRuns(sections, 'RTRY', STATUSES, 'STAT', MAX_STATUSES)
  if (wrong !== undefined) return wrong
  const table = sections.table('RTRY')
  const statuses = sections.table('STAT')
  for (let row = 0; row < table.count; row++) {
    if (table.at(RETRY.backoffBaseMs, row) > table.at(RETRY.backoffMaxMs, row))
      return `retries: entry ${row} begins with more than its longest wait`
    const first = table.at(RETRY.firstStatus, row)
    for (let item = first + 1; item < first + table.at(RETRY.statusCount, row); item++) {
      if (statuses.at(STATUS.status, item - 1) >= statuses.at(STATUS.status, item))
        return `retries: the statuses of entry ${row} are not sorted`
    }
  }
  return undefined
}

export class Retries {
  readonly #table: Table
  readonly #statuses: Table

  constructor(sections: Sections) {
    this.#table = sections.table('RTRY')
    this.#statuses = sections.table('STAT')
  }

  /** Where there is no such row: nothing is tried again. */
  get(row: number): RetryPlan {
    const table = this.#table
    const on = table.at(RETRY.on, row)
    return {
      attempts: table.at(RETRY.attempts, row),
      on: RETRY_CONDITIONS.filter((_, bit) => ((on >>> bit) & 1) === 1),
      statuses: readRun(table, STATUSES, row, (item) => this.#statuses.at(STATUS.status, item)),
      perTryMs: noLimitAsZero(table.at(RETRY.perTryMs, row)),
      budgetPercent: table.at(RETRY.budgetPercent, row),
      backoffBaseMs: table.at(RETRY.backoffBaseMs, row),
      backoffMaxMs: table.at(RETRY.backoffMaxMs, row),
    }
  }

  detach(): void {
    this.#table.drop()
    this.#statuses.drop()
  }
}
