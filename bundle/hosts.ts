/**
 * Hosts: which path trie serves a host. Exact hosts and wildcard suffixes stand in one table, keyed by their bytes
 * (`*.example.com` as `.example.com`), hashed from the right: one pass over a host gives the hash of all its suffixes.
 * docs/bundle-format.md, "Hosts".
 *
 *     slot of the host index: hash u32 | host plus one u32, 0: empty
 */
import { HASH_SEED, hashByte, homeSlot } from './hash.ts'
import { EMPTY_I32, EMPTY_U8, EMPTY_U32, type Sections, type Table } from './image.ts'
import { columnsOf, MAX_PROBES } from './layout.ts'
import { LIMITS } from './limits.ts'
import type { BundlePlan } from './plan.ts'
import { checkSlots, placeKeys } from './slots.ts'
import { littleEndian, type Sink, type StringPool, type Strings, TableBuilder } from './strings.ts'
import type { TriePlaces } from './trie-writer.ts'

const HOST = columnsOf('HOST')
const DOT = 0x2e
const STAR = 0x2a

export function buildHosts(plan: BundlePlan, { rows }: TriePlaces, strings: StringPool): TableBuilder<'HOST'> {
  const table = new TableBuilder('HOST', plan.hosts.length)
  for (const [row, { pattern, rootNodeIndex }] of plan.hosts.entries())
    table.set(row, { pattern: strings.add(pattern), root: (rows[rootNodeIndex] as number) + 1 })
  return table
}

export function putHostIndex(plan: BundlePlan, sink: Sink): void {
  const keys: { readonly hash: number; readonly host: number }[] = []
  for (const [host, { pattern }] of plan.hosts.entries()) {
    const bytes = Buffer.from(pattern)
    if (bytes.length > 0) keys.push({ hash: hashBackwards(bytes, bytes[0] === STAR ? 1 : 0, bytes.length), host })
  }
  const placed = placeKeys(keys.length, (index, mask) => homeSlot((keys[index] as { hash: number }).hash, mask))
  const words = new Int32Array(placed.length * 2)
  for (const [slot, at] of placed.entries()) {
    const key = keys[at - 1]
    if (key === undefined) continue
    words[slot * 2] = key.hash
    words[slot * 2 + 1] = key.host + 1
  }
  sink.put('HIDX', placed.length, littleEndian(words))
}

export function checkHosts(sections: Sections): string | undefined {
  const table = sections.table('HOST')
  if (table.count > LIMITS.hosts) return `hosts: more than ${LIMITS.hosts}`
  const offsets = sections.u32('STRO')
  const bytes = sections.u8('STRB')
  for (let row = 0; row < table.count; row++) {
    const pattern = table.at(HOST.pattern, row)
    // Strings are sorted and distinct, so the order of their indices is the order of their bytes.
    if (row > 0 && pattern <= table.at(HOST.pattern, row - 1)) return `hosts: host ${row} is not greater than the one before`
    if (!isPattern(bytes, offsets[pattern] as number, offsets[pattern + 1] as number)) return `hosts: host ${row} is not a host pattern`
  }
  const words = sections.i32('HIDX')
  const slots = sections.count('HIDX')
  const mask = slots - 1
  const homes = new Int32Array(slots)
  const seen = new Uint8Array(table.count)
  let found = 0
  for (let slot = 0; slot < slots; slot++) {
    const host = (words[slot * 2 + 1] as number) - 1
    homes[slot] = -1
    if (host === -1) {
      if (words[slot * 2] !== 0) return `host index: slot ${slot} is empty but not zero`
      continue
    }
    // Every host stands in the index once, so that no two slots have the same key: patterns are distinct.
    if (host < 0 || host >= table.count || seen[host] !== 0) return `host index: slot ${slot} refers to no host or to one that has a slot`
    seen[host] = 1
    found++
    const pattern = table.at(HOST.pattern, host)
    const start = offsets[pattern] as number
    const end = offsets[pattern + 1] as number
    if (start === end) return `host index: slot ${slot} refers to the host that stands for any`
    if (hashBackwards(bytes, bytes[start] === STAR ? start + 1 : start, end) !== words[slot * 2])
      return `host index: slot ${slot} has a wrong hash`
    homes[slot] = homeSlot(words[slot * 2] as number, mask)
  }
  const wrong = checkSlots(homes)
  if (wrong !== undefined) return `host index: ${wrong}`
  const anyHost = table.count > 0 && table.at(HOST.pattern, 0) === 0 ? 1 : 0
  if (found !== table.count - anyHost) return 'host index: a host is missing'
  return undefined
}

/** Hosts sorted by pattern. */
export class Hosts {
  readonly #table: Table
  readonly #strings: Strings
  #index: Int32Array
  readonly #mask: number
  #offsets: Uint32Array
  #bytes: Uint8Array
  /** Most bundles have none: then a host is looked up once, not once per label. */
  readonly #hasWildcards: boolean

  constructor(sections: Sections, strings: Strings) {
    this.#table = sections.table('HOST')
    this.#strings = strings
    this.#index = sections.i32('HIDX')
    this.#mask = sections.count('HIDX') - 1
    this.#offsets = sections.u32('STRO')
    this.#bytes = sections.u8('STRB')
    let hasWildcards = false
    for (let row = 0; row < this.#table.count && !hasWildcards; row++) {
      hasWildcards =
        this.#bytes[this.#offsets[this.#table.at(HOST.pattern, row)] as number] === STAR && this.#table.at(HOST.pattern, row) > 0
    }
    this.#hasWildcards = hasWildcards
  }

  get count(): number {
    return this.#table.count
  }

  /** `api.example.com`, `*.example.com`, or empty for any host. */
  pattern(index: number): string {
    return this.#strings.get(this.#table.at(HOST.pattern, index))
  }

  /** -1 where there is no such host. */
  rootNode(index: number): number {
    return this.#table.at(HOST.root, index) - 1
  }

  /**
   * Root node for the host `bytes[start..end)`, lower case and without port: its own, that of the longest wildcard suffix, or that of
   * any host; -1 when there is none.
   */
  root(bytes: Uint8Array, start: number, end: number): number {
    let hash = HASH_SEED
    let wildcard = -1
    for (let index = end - 1; index >= start; index--) {
      const byte = bytes[index] as number
      hash = hashByte(hash, byte)
      // At least one byte must stand before the suffix. Later finds are longer ones.
      if (byte === DOT && this.#hasWildcards && index > start) {
        const host = this.#find(hash, bytes, index, end)
        if (host !== -1) wildcard = host
      }
    }
    if (start < end && bytes[start] !== DOT) {
      const host = this.#find(hash, bytes, start, end)
      if (host !== -1) return this.rootNode(host)
    }
    if (wildcard !== -1) return this.rootNode(wildcard)
    // Sorted by pattern, so that the empty one, string 0, is the first.
    return this.#table.at(HOST.pattern, 0) === 0 ? this.rootNode(0) : -1
  }

  detach(): void {
    this.#table.drop()
    this.#index = EMPTY_I32
    this.#offsets = EMPTY_U32
    this.#bytes = EMPTY_U8
  }

  /** Host whose key is `bytes[start..end)`; a key that begins with a dot is a wildcard's. */
  #find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    let slot = homeSlot(hash, this.#mask)
    for (let probes = 0; probes < MAX_PROBES; probes++) {
      const host = (this.#index[slot * 2 + 1] ?? 0) - 1
      if (host === -1) return -1
      if (this.#index[slot * 2] === hash && this.#equals(host, bytes, start, end)) return host
      slot = (slot + 1) & this.#mask
    }
    return -1
  }

  #equals(host: number, bytes: Uint8Array, start: number, end: number): boolean {
    const pattern = this.#table.at(HOST.pattern, host)
    let from = this.#offsets[pattern] ?? 0
    if (this.#bytes[from] === STAR) from++
    if ((this.#offsets[pattern + 1] ?? 0) - from !== end - start) return false
    for (let index = start; index < end; index++) if (this.#bytes[from++] !== bytes[index]) return false
    return true
  }
}

/** FNV-1a from the last byte to the first. */
function hashBackwards(bytes: Uint8Array, start: number, end: number): number {
  let hash = HASH_SEED
  for (let index = end - 1; index >= start; index--) hash = hashByte(hash, bytes[index] as number)
  return hash
}

/** Empty; or `*.` and a name; or a name. Names are visible ASCII in lower case without star, and do not begin with a dot. */
function isPattern(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end) return true
  const from = bytes[start] === STAR && bytes[start + 1] === DOT && end - start > 2 ? start + 2 : start
  if (end - from > LIMITS.hostBytes || bytes[from] === DOT) return false
  for (let index = from; index < end; index++) {
    const byte = bytes[index] as number
    if (byte <= 0x20 || byte >= 0x7f || byte === STAR || (byte >= 0x41 && byte <= 0x5a)) return false
  }
  return true
}
