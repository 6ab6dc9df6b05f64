/**
 * What all workers of a gateway process know together about backends and their members: one shared memory, changed by compare-and-swap or by
 * its only writer, never under a lock, so that a worker may be terminated at any instruction.
 *
 *     backends   BACKEND_WORDS each   version of its members' state, breaker
 *     members    MEMBER_WORDS each    active health, ejection, counts of failures
 *     seats      SEAT_WORDS per seat and backend: gauges and counts that only the worker in that seat writes
 *
 * Slots are given out by the supervisor, by name, and stay from generation to generation. Who has none (-1), because there are more than
 * the limits, gets cells of the worker's own: state is per worker then, and results of active checks do not reach it.
 */

/** Backends and members with shared state at a time. 0.5 MiB and 1 MiB of addresses; pages never written cost nothing. */
export const MAX_BACKEND_SLOTS = 4096
export const MAX_MEMBER_SLOTS = 16_384

/** 128 bytes: two cache lines, which no other backend shares. */
export const BACKEND_WORDS = 32
/** 64 bytes: one cache line. */
export const MEMBER_WORDS = 16
export const SEAT_WORDS = 8

/** Words of a backend. */
export const BACKEND = {
  /** Grows whenever the state of one of its members changes: who has seen it has nothing to look at. */
  version: 0,
  breaker: 1,
  breakerProbes: 2,
  breakerOpenings: 3,
  /** `BREAKER_BUCKETS` pairs. */
  breakerWindow: 4,
} as const
export const BREAKER_BUCKETS = 10

/** Words of a member. */
export const MEMBER = {
  /** 1: active checks fail. The prober's alone. */
  isUnhealthy: 0,
  /** When active checks succeeded again, marked; 0: never. */
  recoveredAt: 1,
  /** End of the ejection, marked; 0: not ejected. */
  ejectedUntil: 2,
  /** What the next ejection's length grows from. */
  ejectionLevel: 3,
  consecutiveFailures: 4,
  ejections: 5,
  /** When the last ejection ended, marked; 0: never. */
  returnedAt: 6,
  /** `OUTLIER_BUCKETS` pairs. */
  outlierWindow: 8,
} as const
export const OUTLIER_BUCKETS = 4

/** Words of a seat and a backend. The first four are gauges and end with the worker, the others count for ever (modulo 2^32). */
export const SEAT = {
  activeRequests: 0,
  activeRetries: 1,
  connections: 2,
  pending: 3,
  retries: 4,
  retriesRefused: 5,
  circuitRefused: 6,
  poolRefused: 7,
} as const
const GAUGES = 4

const BACKENDS_OFFSET = 0
const MEMBERS_OFFSET = MAX_BACKEND_SLOTS * BACKEND_WORDS
const SEATS_OFFSET = MEMBERS_OFFSET + MAX_MEMBER_SLOTS * MEMBER_WORDS

export function createUpstreamMemory(seats: number): SharedArrayBuffer {
  return new SharedArrayBuffer((SEATS_OFFSET + seats * MAX_BACKEND_SLOTS * SEAT_WORDS) * Int32Array.BYTES_PER_ELEMENT)
}

/** Where something's words are. */
export interface Cell {
  readonly words: Int32Array
  readonly at: number
}

export class UpstreamCells {
  readonly words: Int32Array
  readonly seats: number

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory)
    this.seats = (this.words.length - SEATS_OFFSET) / (MAX_BACKEND_SLOTS * SEAT_WORDS)
  }

  /** -1 and what lies behind the limit: cells of the caller's own. */
  backend(slot: number): Cell {
    const isShared = slot >= 0 && slot < MAX_BACKEND_SLOTS
    return isShared ? { words: this.words, at: BACKENDS_OFFSET + slot * BACKEND_WORDS } : ownCell(BACKEND_WORDS)
  }

  member(slot: number): Cell {
    const isShared = slot >= 0 && slot < MAX_MEMBER_SLOTS
    return isShared ? { words: this.words, at: MEMBERS_OFFSET + slot * MEMBER_WORDS } : ownCell(MEMBER_WORDS)
  }

  /** One cell per seat, in order. Without a slot: one, the caller's own. */
  seatsOf(backendSlot: number): readonly Cell[] {
    if (backendSlot < 0 || backendSlot >= MAX_BACKEND_SLOTS) return [ownCell(SEAT_WORDS)]
    return Array.from({ length: this.seats }, (_, seat) => ({ words: this.words, at: seatOffset(seat, backendSlot) }))
  }

  /** Nothing is known of a member whose slot is given to another one. */
  clearMember(slot: number): void {
    this.#clear(this.member(slot).at, MEMBER_WORDS)
  }

  clearBackend(slot: number): void {
    this.#clear(this.backend(slot).at, BACKEND_WORDS)
    for (const { at } of this.seatsOf(slot)) this.#clear(at, SEAT_WORDS)
  }

  /** The worker in this seat is dead: what it had in hand is nobody's now. */
  vacate(seat: number): void {
    for (let slot = 0; slot < MAX_BACKEND_SLOTS; slot++) {
      const at = seatOffset(seat, slot)
      for (let word = 0; word < GAUGES; word++) if (this.words[at + word] !== 0) Atomics.store(this.words, at + word, 0)
    }
  }

  #clear(at: number, count: number): void {
    for (let word = 0; word < count; word++) Atomics.store(this.words, at + word, 0)
  }
}

/** For who shares nothing: a worker without a supervisor, in tests. */
export function ownCell(words: number): Cell {
  return { words: new Int32Array(words), at: 0 }
}

function seatOffset(seat: number, backendSlot: number): number {
  return SEATS_OFFSET + (seat * MAX_BACKEND_SLOTS + backendSlot) * SEAT_WORDS
}

/** The unit of moments in cells. */
export const TICK_MS = 16
const TICK_BITS = 30
/** Ticks are kept modulo this, which is 198 days. */
const TICK_MASK = 2 ** TICK_BITS - 1
const MARK = 2 ** TICK_BITS

const [hrSeconds, hrNanoseconds] = process.hrtime()
const OFFSET_MS = hrSeconds * 1000 + hrNanoseconds / 1e6 - performance.now()

/** A monotonic clock that all threads of the process read the same, in milliseconds; `performance.now()` begins anew in each. */
export function sharedNowMs(): number {
  return performance.now() + OFFSET_MS
}

/** A moment as cells keep it, never 0. */
export function markedTick(nowMs: number): number {
  return (Math.floor(nowMs / TICK_MS) & TICK_MASK) | MARK
}

/** Milliseconds since a marked tick; negative before it. Right for 99 days in each direction. */
export function msSince(marked: number, nowMs: number): number {
  const ticks = (Math.floor(nowMs / TICK_MS) - marked) & TICK_MASK
  return (ticks > TICK_MASK / 2 ? ticks - TICK_MASK - 1 : ticks) * TICK_MS
}
