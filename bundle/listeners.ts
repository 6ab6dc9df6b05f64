/** What a gateway is apart from its routes: listeners, trusted proxies, names of APIs. docs/bundle-format.md, "Listeners", "Trusted proxies". */
import { strict as assert } from 'node:assert'
import { EMPTY_U8, type Sections, type Table } from './image.ts'
import { columnsOf } from './layout.ts'
import { LIMITS } from './limits.ts'
import type { AddressRange, BundlePlan, ListenerPlan } from './plan.ts'
import { type Sink, type StringPool, type Strings, TableBuilder } from './strings.ts'

const LISTENER = columnsOf('LSTN')
const API = columnsOf('APIS')
/** By number in the file; 0 is none. */
const PROTOCOLS = ['', 'http'] as const
const RANGE_BYTES = 32
const ADDRESS_BYTES = 16

export function buildListeners(plan: BundlePlan, strings: StringPool): TableBuilder<'LSTN'> {
  const table = new TableBuilder('LSTN', plan.listeners.length)
  for (const [row, listener] of plan.listeners.entries()) {
    table.set(row, {
      name: strings.add(listener.name),
      address: strings.add(listener.address),
      port: listener.port,
      protocol: PROTOCOLS.indexOf(listener.protocol),
    })
  }
  return table
}

export function buildApis(plan: BundlePlan, strings: StringPool): TableBuilder<'APIS'> {
  const table = new TableBuilder('APIS', plan.apis.length)
  for (const [row, api] of plan.apis.entries()) table.set(row, { name: strings.add(api.name) })
  return table
}

export function putTrustedProxies(plan: BundlePlan, sink: Sink): void {
  const bytes = new Uint8Array(plan.trustedProxies.length * RANGE_BYTES)
  for (const [row, range] of plan.trustedProxies.entries()) {
    assert(range.first.length === ADDRESS_BYTES && range.last.length === ADDRESS_BYTES)
    bytes.set(range.first, row * RANGE_BYTES)
    bytes.set(range.last, row * RANGE_BYTES + ADDRESS_BYTES)
  }
  sink.put('TRPX', plan.trustedProxies.length, bytes)
}

/** The first thing wrong, beyond what the columns say. */
export function checkListeners(sections: Sections): string | undefined {
  if (sections.count('LSTN') > LIMITS.listeners) return `listeners: more than ${LIMITS.listeners}`
  if (sections.count('APIS') > LIMITS.apis) return `apis: more than ${LIMITS.apis}`
  const proxies = sections.u8('TRPX')
  const count = sections.count('TRPX')
  if (count > LIMITS.trustedProxies) return `trusted proxies: more than ${LIMITS.trustedProxies}`
  for (let row = 0; row < count; row++) {
    const at = row * RANGE_BYTES
    if (compareAddresses(proxies, at, proxies, at + ADDRESS_BYTES) > 0) return `trusted proxies: range ${row} ends before it begins`
  }
  return undefined
}

export class Listeners {
  readonly #table: Table
  readonly #strings: Strings

  constructor(sections: Sections, strings: Strings) {
    this.#table = sections.table('LSTN')
    this.#strings = strings
  }

  get count(): number {
    return this.#table.count
  }

  name(index: number): string {
    return this.#strings.get(this.#table.at(LISTENER.name, index))
  }

  address(index: number): string {
    return this.#strings.get(this.#table.at(LISTENER.address, index))
  }

  /** 0: the system chooses a free one. */
  port(index: number): number {
    return this.#table.at(LISTENER.port, index)
  }

  /** Empty where there is no such listener. */
  protocol(index: number): ListenerPlan['protocol'] | '' {
    return PROTOCOLS[this.#table.at(LISTENER.protocol, index)] ?? ''
  }

  detach(): void {
    this.#table.drop()
  }
}

export class Apis {
  readonly #table: Table
  readonly #strings: Strings

  constructor(sections: Sections, strings: Strings) {
    this.#table = sections.table('APIS')
    this.#strings = strings
  }

  get count(): number {
    return this.#table.count
  }

  name(index: number): string {
    return this.#strings.get(this.#table.at(API.name, index))
  }

  detach(): void {
    this.#table.drop()
  }
}

/** Peers whose forwarding fields are believed. */
export class TrustedProxies {
  #bytes: Uint8Array

  constructor(sections: Sections) {
    this.#bytes = sections.u8('TRPX')
  }

  get count(): number {
    return this.#bytes.length / RANGE_BYTES
  }

  /** A copy. */
  range(index: number): AddressRange {
    const at = index * RANGE_BYTES
    return { first: this.#bytes.slice(at, at + ADDRESS_BYTES), last: this.#bytes.slice(at + ADDRESS_BYTES, at + RANGE_BYTES) }
  }

  detach(): void {
    this.#bytes = EMPTY_U8
  }
}

function compareAddresses(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): number {
  for (let index = 0; index < ADDRESS_BYTES; index++) {
    const difference = (a[aStart + index] as number) - (b[bStart + index] as number)
    if (difference !== 0) return difference
  }
  return 0
}
