/** Routes: what a match leads to. docs/bundle-format.md, "Routes". */
import { strict as assert } from 'node:assert'
import type { Sections, Table } from './image.ts'
import { columnsOf } from './layout.ts'
import { LIMITS } from './limits.ts'
import { type BundlePlan, METHODS, type SourcePosition } from './plan.ts'
import type { SourceMap } from './source-map.ts'
import { type StringPool, type Strings, TableBuilder } from './strings.ts'

const ROUTE = columnsOf('ROUT')
const FLAG_PRESERVE_HOST = 1
const FLAG_ANSWERS_PREFLIGHT = 2

export function buildRoutes(plan: BundlePlan, strings: StringPool): TableBuilder<'ROUT'> {
  const table = new TableBuilder('ROUT', plan.routes.length)
  for (const [row, route] of plan.routes.entries()) {
    const method = (METHODS as readonly string[]).indexOf(route.method)
    assert(method > 0, `${route.method} is no method that a route can have`)
    table.set(row, {
      api: route.apiIndex + 1,
      name: strings.add(route.name),
      method,
      template: strings.add(route.template),
      accessAttachment: route.accessAttachmentIndex + 1,
      chain: route.chainIndex + 1,
      backend: route.backendIndex === undefined ? 0 : route.backendIndex + 1,
      strippedBytes: route.strippedBytes,
      flags: (route.preserveHost ? FLAG_PRESERVE_HOST : 0) | (route.answersPreflight ? FLAG_ANSWERS_PREFLIGHT : 0),
      traffic: route.trafficIndex === undefined ? 0 : route.trafficIndex + 1,
    })
  }
  return table
}

/** The first thing wrong, beyond what the columns say. `strippedBytes` is proved with the trie, where the paths are known. */
export function checkRoutes(sections: Sections): string | undefined {
  const table = sections.table('ROUT')
  if (table.count > LIMITS.routes) return `routes: more than ${LIMITS.routes}`
  for (let row = 0; row < table.count; row++) {
    if (table.at(ROUTE.method, row) >= METHODS.length) return `routes: route ${row} has an unknown method`
  }
  return undefined
}

/** Where an index is asked for, -1 means none; it is also what a route that does not exist has, and everything after `detach`. */
export class Routes {
  readonly #table: Table
  readonly #strings: Strings
  readonly #sourceMap: SourceMap

  constructor(sections: Sections, strings: Strings, sourceMap: SourceMap) {
    this.#table = sections.table('ROUT')
    this.#strings = strings
    this.#sourceMap = sourceMap
  }

  get count(): number {
    return this.#table.count
  }

  apiIndex(index: number): number {
    return this.#table.at(ROUTE.api, index) - 1
  }

  /** `GET /forecast/{city}` or an operationId. */
  name(index: number): string {
    return this.#strings.get(this.#table.at(ROUTE.name, index))
  }

  /** 0 where there is no such route. */
  methodId(index: number): number {
    return this.#table.at(ROUTE.method, index)
  }

  method(index: number): string {
    return METHODS[this.methodId(index)] ?? ''
  }

  /** Base path and template. */
  template(index: number): string {
    return this.#strings.get(this.#table.at(ROUTE.template, index))
  }

  /** Attachment that decides who may call; every route has one, so -1 must refuse. */
  accessAttachment(index: number): number {
    return this.#table.at(ROUTE.accessAttachment, index) - 1
  }

  /** Every route has one, so -1 must refuse. */
  chain(index: number): number {
    return this.#table.at(ROUTE.chain, index) - 1
  }

  /** -1: a policy of the chain answers. */
  backend(index: number): number {
    return this.#table.at(ROUTE.backend, index) - 1
  }

  /** -1: the route says nothing beyond its backend. */
  traffic(index: number): number {
    return this.#table.at(ROUTE.traffic, index) - 1
  }

  /** Bytes taken off the canonical path; never more than a path that matches has. */
  strippedBytes(index: number): number {
    return this.#table.at(ROUTE.strippedBytes, index)
  }

  preserveHost(index: number): boolean {
    return (this.#table.at(ROUTE.flags, index) & FLAG_PRESERVE_HOST) !== 0
  }

  answersPreflight(index: number): boolean {
    return (this.#table.at(ROUTE.flags, index) & FLAG_ANSWERS_PREFLIGHT) !== 0
  }

  source(index: number): SourcePosition {
    return this.#sourceMap.route(index)
  }

  detach(): void {
    this.#table.drop()
  }
}
