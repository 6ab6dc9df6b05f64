/** Questions with the answers that a bundle must give; the gateway asks them before it serves. docs/bundle-format.md, "Self-tests". */
import type { Sections, Table } from './image.ts'
import { columnsOf } from './layout.ts'
import { LIMITS } from './limits.ts'
import type { BundlePlan } from './plan.ts'
import { type StringPool, type Strings, TableBuilder } from './strings.ts'

const TEST = columnsOf('TEST')

export function buildSelfTests(plan: BundlePlan, strings: StringPool): TableBuilder<'TEST'> {
  const table = new TableBuilder('TEST', plan.selfTests.length)
  for (const [row, test] of plan.selfTests.entries()) {
    table.set(row, {
      method: strings.add(test.method),
      host: strings.add(test.host),
      path: strings.add(test.path),
      route: test.routeIndex === undefined ? 0 : test.routeIndex + 1,
    })
  }
  return table
}

export function checkSelfTests(sections: Sections): string | undefined {
  return sections.count('TEST') > LIMITS.selfTests ? `self-tests: more than ${LIMITS.selfTests}` : undefined
}

export class SelfTests {
  readonly #table: Table
  readonly #strings: Strings

  constructor(sections: Sections, strings: Strings) {
    this.#table = sections.table('TEST')
    this.#strings = strings
  }

  get count(): number {
    return this.#table.count
  }

  method(index: number): string {
    return this.#strings.get(this.#table.at(TEST.method, index))
  }

  host(index: number): string {
    return this.#strings.get(this.#table.at(TEST.host, index))
  }

  /** In canonical form, without a query. */
  path(index: number): string {
    return this.#strings.get(this.#table.at(TEST.path, index))
  }

  /** -1: no route may match. */
  routeIndex(index: number): number {
    return this.#table.at(TEST.route, index) - 1
  }

  detach(): void {
    this.#table.drop()
  }
}
