/**
 * Consumers, and the digests of their keys in one open-addressing table: a million keys cost no heap. docs/bundle-format.md, "Consumer keys".
 *
 *     slot: digest 32 | consumer plus one u32, 0: empty | expiresAtSeconds u32
 */
import { strict as assert } from 'node:assert'
import { EMPTY_U32, type Sections, type Table } from './image.ts'
import { columnsOf, MAX_PROBES } from './layout.ts'
import { LIMITS } from './limits.ts'
import { type BundlePlan, NEVER_EXPIRES } from './plan.ts'
import { checkSlots, placeKeys } from './slots.ts'
import { littleEndian, type Sink, type StringPool, type Strings, TableBuilder } from './strings.ts'

const CONSUMER = columnsOf('CONS')
const SLOT_WORDS = 10
const DIGEST_WORDS = 8
const DIGEST_BYTES = 32
/** Words of a slot behind the digest. */
const OWNER = 8
const EXPIRES = 9

export function buildConsumers(plan: BundlePlan, strings: StringPool): TableBuilder<'CONS'> {
  const table = new TableBuilder('CONS', plan.consumers.length)
  for (const [row, consumer] of plan.consumers.entries()) table.set(row, { name: strings.add(consumer.name) })
  return table
}

export function putConsumerKeys(plan: BundlePlan, sink: Sink): void {
  const keys = plan.consumers.flatMap((consumer, index) => consumer.keys.map((key) => ({ ...key, owner: index + 1 })))
  const digests = new Uint8Array(keys.length * DIGEST_BYTES)
  for (const [index, key] of keys.entries()) {
    assert(key.digest.length === DIGEST_BYTES)
    digests.set(key.digest, index * DIGEST_BYTES)
  }
  const words = new Uint32Array(digests.buffer)
  const placed = placeKeys(keys.length, (index, mask) => (words[index * DIGEST_WORDS] as number) & mask)
  const slots = new Uint32Array(placed.length * SLOT_WORDS)
  for (const [slot, at] of placed.entries()) {
    const key = keys[at - 1]
    if (key === undefined) continue
    slots.set(words.subarray((at - 1) * DIGEST_WORDS, at * DIGEST_WORDS), slot * SLOT_WORDS)
    slots[slot * SLOT_WORDS + OWNER] = key.owner
    slots[slot * SLOT_WORDS + EXPIRES] = key.expiresAtSeconds
  }
  sink.put('KEYS', placed.length, littleEndian(slots))
}

export function checkConsumers(sections: Sections): string | undefined {
  const consumers = sections.count('CONS')
  if (consumers > LIMITS.consumers) return `consumers: more than ${LIMITS.consumers}`
  const words = sections.u32('KEYS')
  const slots = sections.count('KEYS')
  const mask = slots - 1
  const homes = new Int32Array(slots)
  for (let slot = 0; slot < slots; slot++) {
    const at = slot * SLOT_WORDS
    const owner = words[at + OWNER] as number
    if (owner > consumers) return `consumer keys: slot ${slot} refers to a consumer that does not exist`
    if (owner === 0 && !isZero(words, at, SLOT_WORDS)) return `consumer keys: slot ${slot} is empty but not zero`
    homes[slot] = owner === 0 ? -1 : (words[at] as number) & mask
  }
  const wrong = checkSlots(homes)
  if (wrong !== undefined) return `consumer keys: ${wrong}`
  for (let slot = 0; slot < slots; slot++) {
    const home = homes[slot] as number
    if (home === -1) continue
    // A second entry with this digest would be between home and here, and whichever comes first would hide the other one.
    for (let other = home; other !== slot; other = (other + 1) & mask) {
      if (digestDifference(words, other * SLOT_WORDS, words, slot * SLOT_WORDS) === 0) return `consumer keys: slot ${slot} repeats a digest`
    }
  }
  return undefined
}

export class Consumers {
  readonly #table: Table
  readonly #strings: Strings
  #words: Uint32Array
  readonly #mask: number
  /** The digest asked for, as words: reused, for a lookup never waits. */
  readonly #asked = new Uint32Array(DIGEST_WORDS)
  readonly #askedBytes = new Uint8Array(this.#asked.buffer)

  constructor(sections: Sections, strings: Strings) {
    this.#table = sections.table('CONS')
    this.#strings = strings
    this.#words = sections.u32('KEYS')
    this.#mask = sections.count('KEYS') - 1
  }

  get count(): number {
    return this.#table.count
  }

  name(index: number): string {
    return this.#strings.get(this.#table.at(CONSUMER.name, index))
  }

  /**
   * Index of the consumer that has a key with this SHA-256 digest (32 bytes) that has not expired, or -1. Every entry that is looked at
   * is compared in full.
   */
  findByKeyDigest(digest: Uint8Array, nowSeconds: number): number {
    if (digest.length !== DIGEST_BYTES) return -1
    this.#askedBytes.set(digest)
    let slot = (this.#asked[0] as number) & this.#mask
    for (let probes = 0; probes < MAX_PROBES; probes++) {
      const at = slot * SLOT_WORDS
      const owner = this.#words[at + OWNER] ?? 0
      if (owner === 0) return -1
      if (digestDifference(this.#words, at, this.#asked, 0) === 0)
        return isValid(this.#words[at + EXPIRES] ?? 0, nowSeconds) ? owner - 1 : -1
      slot = (slot + 1) & this.#mask
    }
    return -1
  }

  /** All keys by consumer, for people; digests are copies. Sorted by consumer, then by digest. */
  *keys(): Generator<{ readonly consumer: number; readonly digest: Uint8Array; readonly expiresAtSeconds: number }> {
    const all = []
    for (let at = 0; at < this.#words.length; at += SLOT_WORDS) {
      const consumer = (this.#words[at + OWNER] as number) - 1
      if (consumer === -1) continue
      const digest = littleEndian(this.#words.slice(at, at + DIGEST_WORDS))
      all.push({ consumer, digest, expiresAtSeconds: this.#words[at + EXPIRES] as number })
    }
    yield* all.sort((a, b) => a.consumer - b.consumer || Buffer.compare(a.digest, b.digest))
  }

  detach(): void {
    this.#table.drop()
    this.#words = EMPTY_U32
  }
}

/** 0 has always expired; a time that is not a number is after everything. */
function isValid(expiresAtSeconds: number, nowSeconds: number): boolean {
  return expiresAtSeconds !== 0 && (expiresAtSeconds === NEVER_EXPIRES || nowSeconds < expiresAtSeconds)
}

/** 0 if the digests at these words are equal. No early exit: time does not tell how much of a digest is right. */
function digestDifference(a: Uint32Array, aStart: number, b: Uint32Array, bStart: number): number {
  let difference = 0
  for (let word = 0; word < DIGEST_WORDS; word++) difference |= (a[aStart + word] as number) ^ (b[bStart + word] as number)
  return difference
}

function isZero(words: Uint32Array, start: number, count: number): boolean {
  for (let index = start; index < start + count; index++) if (words[index] !== 0) return false
  return true
}
