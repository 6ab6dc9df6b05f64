/**
 * How many connections a client address has in the whole gateway process, in memory that all workers share. No lock: a terminated worker
 * would keep it. Each seat counts in a column of its own, so what a dead worker held is given back by clearing its column.
 *
 *     keys    one 64-bit key per slot, 0 is free, -1 is being looked at
 *     counts  seat 0: one i32 per slot | seat 1: one i32 per slot | ...
 *
 * A key may stand in any slot of its group of `GROUP` slots. It may stand there twice, when two workers enter it in the same moment: the
 * sum over all of them is what counts. A slot whose counts are all 0 goes to the next key that needs one.
 */

/** Enough for twice the connections that two workers take by default, each from an address of its own. */
export const ADDRESS_SLOTS = 65_536
/** A group of a table that is half full overflows once in 250. */
const GROUP = 16
const GROUPS = ADDRESS_SLOTS / GROUP
const KEY_BYTES = 8
/** No address has this key. A worker that dies while it looks leaves one slot of many unusable. */
const RESERVED = -1n

/** What `add` answers instead of a slot. */
export const ADDRESS_FULL = -1
/** The address found no slot: it is served, and not counted. */
export const ADDRESS_UNTRACKED = -2

/** 0.5 MiB and 0.25 MiB per seat of addresses; pages nobody has written cost nothing. */
export function createAddressMemory(seats: number): SharedArrayBuffer {
  return new SharedArrayBuffer(ADDRESS_SLOTS * (KEY_BYTES + seats * Int32Array.BYTES_PER_ELEMENT))
}

export class AddressCounts {
  readonly #keys: BigInt64Array
  /** By seat. */
  readonly #counts: readonly Int32Array[]

  constructor(memory: SharedArrayBuffer) {
    this.#keys = new BigInt64Array(memory, 0, ADDRESS_SLOTS)
    const columnBytes = ADDRESS_SLOTS * Int32Array.BYTES_PER_ELEMENT
    const seats = (memory.byteLength - ADDRESS_SLOTS * KEY_BYTES) / columnBytes
    this.#counts = Array.from({ length: seats }, (_, seat) => {
      return new Int32Array(memory, ADDRESS_SLOTS * KEY_BYTES + seat * columnBytes, ADDRESS_SLOTS)
    })
  }

  /**
   * Counts a connection of `address` (16 bytes) for the worker in this seat. Returns the slot to give to `remove`, `ADDRESS_FULL` when there are
   * `limit` already, or `ADDRESS_UNTRACKED`. Never are there more than `limit`; two that come at once may both be refused the last place.
   */
  add(seat: number, address: Uint8Array, limit: number): number {
    const key = keyOf(address)
    const first = Number(BigInt.asUintN(64, key * MULTIPLIER) >> GROUP_SHIFT) * GROUP
    const column = this.#counts[seat] as Int32Array
    for (let attempt = 0; attempt < GROUP; attempt++) {
      const slot = this.#enter(first, key)
      if (slot < 0) return ADDRESS_UNTRACKED
      Atomics.add(column, slot, 1)
      // Somebody may have taken the slot in between, seeing nobody in it: one of us two sees the other.
      if (Atomics.load(this.#keys, slot) !== key) {
        Atomics.sub(column, slot, 1)
        continue
      }
      if (this.#sum(first, key) <= limit) return slot
      Atomics.sub(column, slot, 1)
      return ADDRESS_FULL
    }
    return ADDRESS_UNTRACKED
  }

  /** What `add` counted in `slot` is over. */
  remove(seat: number, slot: number): void {
    Atomics.sub(this.#counts[seat] as Int32Array, slot, 1)
  }

  /** All connections of the worker in this seat are over: it is dead. */
  clear(seat: number): void {
    ;(this.#counts[seat] as Int32Array).fill(0)
  }

  /** Connections that are counted for an address. */
  countOf(address: Uint8Array): number {
    const key = keyOf(address)
    return this.#sum(Number(BigInt.asUintN(64, key * MULTIPLIER) >> GROUP_SHIFT) * GROUP, key)
  }

  /** A slot of the group with this key in it, or -1 when all have others that are in use. */
  #enter(first: number, key: bigint): number {
    for (let slot = first; slot < first + GROUP; slot++) if (Atomics.load(this.#keys, slot) === key) return slot
    for (let slot = first; slot < first + GROUP; slot++) {
      const other = Atomics.load(this.#keys, slot)
      if (other !== 0n && !this.#free(slot, other)) continue
      const before = Atomics.compareExchange(this.#keys, slot, 0n, key)
      if (before === 0n || before === key) return slot
    }
    return -1
  }

  /** Takes an address that has no connection any more out of its slot. */
  #free(slot: number, key: bigint): boolean {
    if (key === RESERVED || !this.#isEmpty(slot) || Atomics.compareExchange(this.#keys, slot, key, RESERVED) !== key) return false
    // It may have got one meanwhile. Whoever counts first and looks at the key then sees this, or is seen here.
    const isFree = this.#isEmpty(slot)
    Atomics.store(this.#keys, slot, isFree ? 0n : key)
    return isFree
  }

  #isEmpty(slot: number): boolean {
    for (const column of this.#counts) if (Atomics.load(column, slot) !== 0) return false
    return true
  }

  #sum(first: number, key: bigint): number {
    let sum = 0
    for (let slot = first; slot < first + GROUP; slot++) {
      if (Atomics.load(this.#keys, slot) !== key) continue
      for (const column of this.#counts) sum += Atomics.load(column, slot)
    }
    return sum
  }
}

/** Golden ratio: neighbours end up far apart. */
const MULTIPLIER = 0x9e37_79b9_7f4a_7c15n
const GROUP_SHIFT = BigInt(64 - Math.log2(GROUPS))

/** An IPv4 address, or the /64 that one customer has of IPv6 (RFC 6177). Never 0. */
function keyOf(address: Uint8Array): bigint {
  const view = new DataView(address.buffer, address.byteOffset, address.byteLength)
  const network = view.getBigInt64(0)
  // IPv4-mapped, RFC 4291 §2.5.5.2; and `::/64`, where only the host itself is, by its last half.
  return network !== 0n ? network : view.getBigInt64(8) || 1n
}
