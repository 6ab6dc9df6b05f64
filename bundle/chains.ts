/** Chains: which attachments run for a route, in order. docs/bundle-format.md, "Chains". */
import { EMPTY_U32, type Sections, type Table } from './image.ts'
import { columnsOf } from './layout.ts'
import { LIMITS } from './limits.ts'
import type { BundlePlan } from './plan.ts'
import { TableBuilder } from './strings.ts'

const CHAIN = columnsOf('CHNS')

/** An attachment that no bundle has. */
export const NO_ATTACHMENT = 0xffff_ffff

export function buildChains(plan: BundlePlan): [TableBuilder<'CHNS'>, TableBuilder<'CHIT'>] {
  const chains = new TableBuilder('CHNS', plan.chains.length)
  const items = new TableBuilder(
    'CHIT',
    plan.chains.reduce((sum, chain) => sum + chain.early.length + chain.request.length, 0),
  )
  let next = 0
  for (const [row, chain] of plan.chains.entries()) {
    chains.set(row, { first: next, earlyCount: chain.early.length, requestCount: chain.request.length })
    for (const list of [chain.early, chain.request]) {
      for (const attachment of list) items.set(next++, { attachment: attachment + 1 })
    }
  }
  return [chains, items]
}

export function checkChains(sections: Sections): string | undefined {
  const table = sections.table('CHNS')
  let next = 0
  for (let row = 0; row < table.count; row++) {
    const count = table.at(CHAIN.earlyCount, row) + table.at(CHAIN.requestCount, row)
    if (count > LIMITS.attachmentsPerChain) return `chains: chain ${row} has more than ${LIMITS.attachmentsPerChain} attachments`
    if (table.at(CHAIN.first, row) !== next) return `chains: chain ${row} does not begin where the one before ends`
    next += count
  }
  if (next !== sections.count('CHIT')) return `chain items: ${sections.count('CHIT')}, but the chains have ${next}`
  return undefined
}

export class Chains {
  readonly #table: Table
  #items: Uint32Array

  constructor(sections: Sections) {
    this.#table = sections.table('CHNS')
    this.#items = sections.u32('CHIT')
  }

  get count(): number {
    return this.#table.count
  }

  /** Attachments that run before access is decided. A copy. */
  early(index: number): Uint32Array {
    return this.#list(index, this.#table.at(CHAIN.first, index), this.#table.at(CHAIN.earlyCount, index))
  }

  /** Attachments that run after access was granted, in order. A copy. */
  request(index: number): Uint32Array {
    const first = this.#table.at(CHAIN.first, index) + this.#table.at(CHAIN.earlyCount, index)
    return this.#list(index, first, this.#table.at(CHAIN.requestCount, index))
  }

  detach(): void {
    this.#table.drop()
    this.#items = EMPTY_U32
  }

  /** An empty list would let everything through, so a chain that does not exist has one attachment that does not exist. */
  #list(index: number, first: number, count: number): Uint32Array {
    if (!Number.isInteger(index) || index < 0 || index >= this.#table.count) return Uint32Array.of(NO_ATTACHMENT)
    const list = this.#items.slice(first, first + count)
    for (let position = 0; position < list.length; position++) list[position] = (list[position] as number) - 1
    return list
  }
}
