/**
 * The counts of all rate limits of a gateway process: one table in shared memory, changed by compare-and-swap only, so that a worker may be
 * terminated at any instruction. GCRA (ITU-T I.371, "virtual scheduling"): per key one number, the time at which its bucket will be full again.
 *
 *     header   64 B           two seed words
 *     tags     u31 per cell   who has the cell; 0: nobody; sign bit set: being taken over
 *     times    f64 per cell   when the bucket is full again, in units since 2026; in the past: it is full; 0: nothing counted yet
 *
 * A key has exactly one cell, in any of the ways of its set. Promises, for cells that are not taken over at that moment: no request is
 * admitted that the limit does not allow, and none refused that it allows. A set that has more keys than ways gives the cell of the key that is
 * closest to full: if that one is full, nothing is lost; otherwise that key starts afresh when it comes back. So a key at its limit is forgotten
 * only when all others in its set are as busy, and which keys those are depends on a random seed.
 */
import { webcrypto } from 'node:crypto'

/** The clock's unit is 1/16 us: a double counts it exactly until 2043, and 1 000 000 requests per second are still 16 units apart. */
export const UNITS_PER_MS = 16_000
const EPOCH_MS = Date.UTC(2026, 0, 1)

/** 131 072 keys at a time, 1.5 MiB. */
const SETS = 16_384
const WAYS = 8
const HEADER_BYTES = 64
const PENDING = 0x8000_0000 | 0

/** Failures of compare-and-swap before a request is refused: each means that another worker got on, so that even a few are rare. */
const MAX_ATTEMPTS = 1000

export function cellsBytes(sets: number = SETS): number {
  return HEADER_BYTES + sets * WAYS * (Int32Array.BYTES_PER_ELEMENT + Float64Array.BYTES_PER_ELEMENT)
}

/** A moment as the cells count it. */
export function unitsAt(nowMs: number): number {
  return Math.round((nowMs - EPOCH_MS) * UNITS_PER_MS)
}

/** How far a time may lie beyond a full debt before it is taken for a mistake of the clock: workers read one clock, but not at the same moment. */
const CLOCK_TOLERANCE_UNITS = 10_000 * UNITS_PER_MS

export class Cells {
  /** The same in all workers. */
  readonly seed0: number
  readonly seed1: number
  readonly #setMask: number
  readonly #tags: Int32Array
  readonly #times: Float64Array
  /** The same bytes as `#times`: doubles cannot be compared and swapped, their bits can. */
  readonly #timeBits: BigInt64Array
  readonly #scratch = new Float64Array(2)
  readonly #scratchBits = new BigInt64Array(this.#scratch.buffer)

  constructor(shared: SharedArrayBuffer, sets: number = SETS) {
    const header = new Int32Array(shared, 0, HEADER_BYTES / 4)
    const cells = sets * WAYS
    this.#setMask = sets - 1
    this.#tags = new Int32Array(shared, HEADER_BYTES, cells)
    const timesOffset = HEADER_BYTES + cells * Int32Array.BYTES_PER_ELEMENT
    this.#times = new Float64Array(shared, timesOffset, cells)
    this.#timeBits = new BigInt64Array(shared, timesOffset, cells)
    this.seed0 = sharedRandomWord(header, 0)
    this.seed1 = sharedRandomWord(header, 1)
  }

  /**
   * Asks for one request. `set` and `tag` are the halves of the key's hash; `interval` is what a request costs and `depth` what may be owed,
   * both in units; `depth >= interval`. Answers what is owed then (above 0), or minus the time to wait when the request is refused (below 0).
   */
  take(setHash: number, tagHash: number, now: number, interval: number, depth: number): number {
    const firstCell = (setHash & this.#setMask) * WAYS
    const tag = (tagHash & ~PENDING) | 1
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      let cell = this.#find(firstCell, tag)
      if (cell < 0) cell = this.#claim(firstCell, tag)
      if (cell < 0) continue
      // A plain read: a stale or torn one makes the compare-and-swap fail, and times only grow while a cell has one owner, so that what
      // is refused by an old value is refused by the new one.
      const time = this.#times[cell] as number
      if (time !== 0 && time > now + depth + CLOCK_TOLERANCE_UNITS) {
        // The clock was set back, or the limit was made tighter: nobody waits longer than his own limit can make him.
        this.#swap(cell, time, now + depth)
        continue
      }
      const next = (time === 0 || time < now ? now : time) + interval
      const wait = next - now - depth
      if (wait <= 0 && !this.#swap(cell, time, next)) continue
      // Given to another key meanwhile? Then this was its time, not ours, and what we wrote there does not count for us.
      if (Atomics.load(this.#tags, cell) !== tag) continue
      return wait > 0 ? -wait : next - now
    }
    return -interval
  }

  #find(firstCell: number, tag: number): number {
    for (let cell = firstCell; cell < firstCell + WAYS; cell++) if (Atomics.load(this.#tags, cell) === tag) return cell
    return -1
  }

  /**
   * Takes a cell for a key that has none, or answers -1: try again. Two workers may want one for the same key at the same moment, and must not
   * get two. Each first marks a cell as pending, then looks for others: it gives way to a cell that is the key's, and frees one that is
   * pending, whose worker then cannot publish it. Of two marks one was first, and the worker of the second one sees it.
   */
  #claim(firstCell: number, tag: number): number {
    const tags = this.#tags
    let victim = -1
    let victimTag = 0
    let victimTime = 0
    let earliest = Number.POSITIVE_INFINITY
    for (let cell = firstCell; cell < firstCell + WAYS; cell++) {
      const owner = Atomics.load(tags, cell)
      if (owner === tag) return cell
      const time = this.#times[cell] as number
      // Cells of nobody first, whatever was left in them.
      const rank = owner === 0 ? Number.NEGATIVE_INFINITY : time
      if (victim >= 0 && rank >= earliest) continue
      victim = cell
      victimTag = owner
      victimTime = time
      earliest = rank
    }
    const pending = tag | PENDING
    if (Atomics.compareExchange(tags, victim, victimTag, pending) !== victimTag) return -1
    // Not a plain store: this worker may have been held up here until the cell is somebody else's. Then his time is another one.
    if (!this.#swap(victim, victimTime, 0)) {
      Atomics.compareExchange(tags, victim, pending, 0)
      return -1
    }
    for (let cell = firstCell; cell < firstCell + WAYS; cell++) {
      if (cell === victim) continue
      let owner = Atomics.load(tags, cell)
      if (owner === pending) owner = Atomics.compareExchange(tags, cell, pending, 0)
      if (owner !== tag) continue
      Atomics.compareExchange(tags, victim, pending, 0)
      return cell
    }
    return Atomics.compareExchange(tags, victim, pending, tag) === pending ? victim : -1
  }

  #swap(cell: number, expected: number, next: number): boolean {
    this.#scratch[0] = expected
    this.#scratch[1] = next
    const bits = this.#scratchBits[0] as bigint
    return Atomics.compareExchange(this.#timeBits, cell, bits, this.#scratchBits[1] as bigint) === bits
  }
}

/** Whoever comes first decides. */
function sharedRandomWord(header: Int32Array, index: number): number {
  const random = (webcrypto.getRandomValues(new Int32Array(1))[0] as number) | 1
  const before = Atomics.compareExchange(header, index, 0, random)
  return before === 0 ? random : before
}
