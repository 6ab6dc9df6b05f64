/** What routes say about their traffic: splits, mirrors, caches, compression. docs/bundle-format.md, "Traffics". */
import type { Sections, Table } from './image.ts'
import { columnsOf, noLimitAsZero, zeroAsNoLimit } from './layout.ts'
import { LIMITS } from './limits.ts'
import type { BundlePlan, CachePlan, CompressPlan, TrafficPlan } from './plan.ts'
import { Retries, type RetryPool } from './retries.ts'
import { checkRuns, readRun } from './runs.ts'
import { type StringPool, type Strings, TableBuilder } from './strings.ts'

const ROUTE = columnsOf('ROUT')
const TRAFFIC = columnsOf('TRAF')
const PART = columnsOf('SPLT')
const CACHE = columnsOf('CACH')
const FIELD = columnsOf('VARY')
const COMPRESS = columnsOf('COMP')
const TYPE = columnsOf('MIME')
const PARTS = { first: TRAFFIC.firstPart, count: TRAFFIC.partCount }
const FIELDS = { first: CACHE.firstField, count: CACHE.fieldCount }
const TYPES = { first: COMPRESS.firstType, count: COMPRESS.typeCount }
/** By number in the file; 0 is none. */
const STICKY = ['', 'consumer', 'cookie'] as const
const ENCODINGS = ['', 'br', 'zstd', 'gzip'] as const

/** Rows in the order in which traffics need them, each distinct one once. */
class Distinct<T> {
  readonly rows: T[] = []
  readonly #references = new Map<string, number>()

  /** Index plus one; 0 for none. */
  reference(value: T | undefined): number {
    if (value === undefined) return 0
    const key = JSON.stringify(value)
    const reference = this.#references.get(key) ?? this.rows.push(value)
    this.#references.set(key, reference)
    return reference
  }
}

type CacheTables = [TableBuilder<'CACH'>, TableBuilder<'VARY'>]
type CompressionTables = [TableBuilder<'COMP'>, TableBuilder<'MIME'>]
type Tables = [TableBuilder<'TRAF'>, TableBuilder<'SPLT'>, ...CacheTables, ...CompressionTables]

export function buildTraffics({ traffics }: BundlePlan, retries: RetryPool, strings: StringPool): Tables {
  const table = new TableBuilder('TRAF', traffics.length)
  const parts = new TableBuilder(
    'SPLT',
    traffics.reduce((sum, { split }) => sum + split.length, 0),
  )
  const caches = new Distinct<CachePlan>()
  const compressions = new Distinct<CompressPlan>()
  let next = 0
  for (const [row, { split, sticky, mirror, totalTimeoutMs, retry, cache, compress }] of traffics.entries()) {
    table.set(row, {
      firstPart: next,
      partCount: split.length,
      stickyBy: sticky === undefined ? 0 : STICKY.indexOf(sticky.by),
      stickyName: strings.add(sticky?.name ?? ''),
      mirrorBackend: mirror === undefined ? 0 : mirror.backendIndex + 1,
      mirrorShare: mirror?.share ?? 0,
      totalTimeoutMs: totalTimeoutMs === undefined ? 0 : zeroAsNoLimit(totalTimeoutMs),
      retry: retries.reference(retry),
      cache: caches.reference(cache),
      compress: compressions.reference(compress),
    })
    for (const { backendIndex, weight } of split) parts.set(next++, { backend: backendIndex + 1, weight })
  }
  return [table, parts, ...buildCaches(caches.rows, strings), ...buildCompressions(compressions.rows, strings)]
}

function buildCaches(caches: readonly CachePlan[], strings: StringPool): CacheTables {
  const table = new TableBuilder('CACH', caches.length)
  const fields = new TableBuilder(
    'VARY',
    caches.reduce((sum, { vary }) => sum + vary.length, 0),
  )
  let next = 0
  for (const [row, { ttlMs, staleIfErrorMs, vary, maxObjectBytes }] of caches.entries()) {
    table.set(row, {
      ttl: ttlMs === undefined ? 0 : ttlMs + 1,
      staleIfError: staleIfErrorMs === undefined ? 0 : staleIfErrorMs + 1,
      firstField: next,
      fieldCount: vary.length,
      maxObjectBytes,
    })
    for (const name of vary) fields.set(next++, { name: strings.add(name) })
  }
  return [table, fields]
}

function buildCompressions(all: readonly CompressPlan[], strings: StringPool): CompressionTables {
  const table = new TableBuilder('COMP', all.length)
  const types = new TableBuilder(
    'MIME',
    all.reduce((sum, compress) => sum + compress.types.length, 0),
  )
  let next = 0
  for (const [row, compress] of all.entries()) {
    const encoding = (position: number) => ENCODINGS.indexOf(compress.encodings[position] ?? '')
    table.set(row, {
      firstEncoding: encoding(0),
      secondEncoding: encoding(1),
      thirdEncoding: encoding(2),
      minBytes: compress.minBytes,
      firstType: next,
      typeCount: compress.types.length,
    })
    for (const type of compress.types) types.set(next++, { type: strings.add(type) })
  }
  return [table, types]
}

export function checkTraffics(sections: Sections): string | undefined {
  const table = sections.table('TRAF')
  if (table.count > LIMITS.traffics) return `traffics: more than ${LIMITS.traffics}`
  const wrong =
    checkRuns(sections, 'TRAF', PARTS, 'SPLT', LIMITS.splitParts) ??
    checkRuns(sections, 'CACH', FIELDS, 'VARY', LIMITS.cacheKeyFields) ??
    checkRuns(sections, 'COMP', TYPES, 'MIME', LIMITS.compressedTypes)
  if (wrong !== undefined) return wrong
  const parts = sections.table('SPLT')
  for (let row = 0; row < table.count; row++) {
    const weights = readRun(table, PARTS, row, (part) => parts.at(PART.weight, part))
    if (weights.length > 0 && weights.every((weight) => weight === 0)) return `traffics: all parts of entry ${row} weigh nothing`
    const by = table.at(TRAFFIC.stickyBy, row)
    if (by > 0 && weights.length === 0) return `traffics: entry ${row} sticks to a part, and has none`
    if ((STICKY[by] === 'cookie') !== table.at(TRAFFIC.stickyName, row) > 0)
      return `traffics: entry ${row} has a cookie without a name, or a name without a cookie`
    if (table.at(TRAFFIC.mirrorBackend, row) > 0 !== table.at(TRAFFIC.mirrorShare, row) > 0)
      return `traffics: entry ${row} has only a half of a mirror`
  }
  const routes = sections.table('ROUT')
  for (let row = 0; row < routes.count; row++) {
    const traffic = routes.at(ROUTE.traffic, row)
    if (traffic > 0 && table.at(TRAFFIC.partCount, traffic - 1) > 0 && routes.at(ROUTE.backend, row) === 0)
      return `routes: entry ${row} is split, and has no backend`
  }
  return checkEncodings(sections.table('COMP'))
}

/** Each at most once, and none behind a gap. */
function checkEncodings(table: Table): string | undefined {
  for (let row = 0; row < table.count; row++) {
    const [first, second, third] = encodingsOf(table, row)
    const isWrong = second === 0 ? third !== 0 : second === first || third === first || third === second
    if (isWrong) return `compressions: the encodings of entry ${row} repeat themselves or have a gap`
  }
  return undefined
}

function encodingsOf(table: Table, row: number): [number, number, number] {
  return [table.at(COMPRESS.firstEncoding, row), table.at(COMPRESS.secondEncoding, row), table.at(COMPRESS.thirdEncoding, row)]
}

/** Traffics of routes: plain objects, made when they are asked for. */
export class Traffics {
  readonly #table: Table
  readonly #parts: Table
  readonly #caches: Table
  readonly #fields: Table
  readonly #compressions: Table
  readonly #types: Table
  readonly #retries: Retries
  readonly #strings: Strings

  constructor(sections: Sections, strings: Strings) {
    this.#table = sections.table('TRAF')
    this.#parts = sections.table('SPLT')
    this.#caches = sections.table('CACH')
    this.#fields = sections.table('VARY')
    this.#compressions = sections.table('COMP')
    this.#types = sections.table('MIME')
    this.#retries = new Retries(sections)
    this.#strings = strings
  }

  get count(): number {
    return this.#table.count
  }

  /** All of a traffic, in memory of its own; `undefined` where there is no such traffic. */
  settings(index: number): TrafficPlan | undefined {
    if (!Number.isInteger(index) || index < 0 || index >= this.#table.count) return undefined
    const at = (column: keyof typeof TRAFFIC) => this.#table.at(TRAFFIC[column], index)
    const by = STICKY[at('stickyBy')] ?? ''
    const cache = this.#cache(at('cache') - 1)
    const compress = this.#compress(at('compress') - 1)
    return {
      split: readRun(this.#table, PARTS, index, (part) => ({
        backendIndex: this.#parts.at(PART.backend, part) - 1,
        weight: this.#parts.at(PART.weight, part),
      })),
      ...(by === '' ? {} : { sticky: { by, name: this.#strings.get(at('stickyName')) } }),
      ...(at('mirrorBackend') === 0 ? {} : { mirror: { backendIndex: at('mirrorBackend') - 1, share: at('mirrorShare') } }),
      ...(at('totalTimeoutMs') === 0 ? {} : { totalTimeoutMs: noLimitAsZero(at('totalTimeoutMs')) }),
      ...(at('retry') === 0 ? {} : { retry: this.#retries.get(at('retry') - 1) }),
      ...(cache === undefined ? {} : { cache }),
      ...(compress === undefined ? {} : { compress }),
    }
  }

  detach(): void {
    for (const table of [this.#table, this.#parts, this.#caches, this.#fields, this.#compressions, this.#types]) table.drop()
    this.#retries.detach()
  }

  #cache(row: number): CachePlan | undefined {
    if (row < 0) return undefined
    const at = (column: keyof typeof CACHE) => this.#caches.at(CACHE[column], row)
    return {
      ...(at('ttl') === 0 ? {} : { ttlMs: at('ttl') - 1 }),
      ...(at('staleIfError') === 0 ? {} : { staleIfErrorMs: at('staleIfError') - 1 }),
      vary: readRun(this.#caches, FIELDS, row, (field) => this.#strings.get(this.#fields.at(FIELD.name, field))),
      maxObjectBytes: at('maxObjectBytes'),
    }
  }

  #compress(row: number): CompressPlan | undefined {
    if (row < 0) return undefined
    return {
      encodings: encodingsOf(this.#compressions, row).flatMap((number) => {
        const encoding = ENCODINGS[number] ?? ''
        return encoding === '' ? [] : [encoding]
      }),
      minBytes: this.#compressions.at(COMPRESS.minBytes, row),
      types: readRun(this.#compressions, TYPES, row, (type) => this.#strings.get(this.#types.at(TYPE.type, type))),
    }
  }
}
