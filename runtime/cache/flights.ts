/**
 * Single flight: of several requests that miss the same thing at the same moment, one goes to the backend and the others wait for what it
 * brings. Nobody waits for longer than a limit, and no more than a number of them; what turns out not to be storable releases all at once,
 * and for a while nobody waits for it again (what Varnish calls hit-for-miss).
 */
import type { Deadlines, Timed } from '../data-path-deadlines.ts'
import { stableHash } from '../traffic/stable-hash.ts'

export interface FlightLimits {
  /** How long one request waits for another's. */
  readonly waitMs: number
  /** Requests of one worker that wait. */
  readonly maxWaiting: number
  /** How long nobody waits for what was not storable. */
  readonly unstorableMs: number
  /** Keys for which that is remembered. */
  readonly maxUnstorable: number
}

export const FLIGHT_LIMITS: FlightLimits = { waitMs: 5000, maxWaiting: 1024, unstorableMs: 60_000, maxUnstorable: 4096 }

/** Who waits. */
export interface Passenger {
  /** The first one's response is stored: look again. */
  onLanded(): void
  /** The first one is gone without a result, and this one is the first now. */
  onPromoted(flight: Flight): void
  /** There is nothing to wait for (any longer): to the backend. */
  onReleased(): void
}

export class Flights {
  readonly limits: FlightLimits
  readonly #deadlines: Deadlines
  readonly #flights = new Map<string, Flight>()
  /** Digest of a key -> until when, in order of insertion. Keys can be long, and chosen by whoever asks: they are not kept. */
  readonly #unstorable = new Map<number, number>()
  waiting = 0

  constructor(deadlines: Deadlines, limits: Partial<FlightLimits> = {}) {
    this.limits = { ...FLIGHT_LIMITS, ...limits }
    this.#deadlines = deadlines
  }

  get count(): number {
    return this.#flights.size
  }

  /** The flight that this one is the first of: it has to call `landed`, `unstorable` or `failed`. `undefined`: somebody else is, or nobody waits. */
  begin(key: string): Flight | undefined {
    if (this.#flights.has(key) || this.isUnstorable(key)) return undefined
    const flight = new Flight(key, this, this.#deadlines)
    this.#flights.set(key, flight)
    return flight
  }

  /** Waits for the flight of `key`. `undefined`: there is none, or no room. */
  join(key: string, passenger: Passenger): Waiting | undefined {
    const flight = this.#flights.get(key)
    if (flight === undefined || this.waiting >= this.limits.maxWaiting) return undefined
    return flight.add(passenger)
  }

  isUnstorable(key: string): boolean {
    if (this.#unstorable.size === 0) return false
    const digest = digestOf(key)
    const until = this.#unstorable.get(digest)
    if (until === undefined) return false
    if (until > this.#deadlines.nowMs()) return true
    this.#unstorable.delete(digest)
    return false
  }

  /** It could be stored after all. */
  forgetUnstorable(key: string): void {
    if (this.#unstorable.size > 0) this.#unstorable.delete(digestOf(key))
  }

  markUnstorable(key: string): void {
    const digest = digestOf(key)
    this.#unstorable.delete(digest)
    if (this.#unstorable.size >= this.limits.maxUnstorable) this.#unstorable.delete(this.#unstorable.keys().next().value as number)
    this.#unstorable.set(digest, this.#deadlines.nowMs() + this.limits.unstorableMs)
  }

  end(flight: Flight): void {
    if (this.#flights.get(flight.key) === flight) this.#flights.delete(flight.key)
  }

  /** After a swap: flights go on for those who wait in them, and nobody new joins. */
  clear(): void {
    this.#flights.clear()
    this.#unstorable.clear()
  }
}

/** One request's place in a flight. */
export interface Waiting {
  /** Its client is gone. */
  leave(): void
}

export class Flight {
  readonly key: string
  readonly #flights: Flights
  readonly #deadlines: Deadlines
  readonly #seats = new Set<Seat>()

  constructor(key: string, flights: Flights, deadlines: Deadlines) {
    this.key = key
    this.#flights = flights
    this.#deadlines = deadlines
  }

  /** The response is in the store. */
  landed(): void {
    this.#end((passenger) => passenger.onLanded())
  }

  /** What came cannot be stored; nobody shall wait for it for a while. */
  unstorable(): void {
    this.#flights.markUnstorable(this.key)
    this.#end((passenger) => passenger.onReleased())
  }

  /** What came is of use to nobody else, and the next one may well be. */
  released(): void {
    this.#end((passenger) => passenger.onReleased())
  }

  /** The first one's client has gone: the one that waits longest takes over. */
  abandoned(): void {
    const first: Seat | undefined = this.#seats.values().next().value
    if (first === undefined) this.#flights.end(this)
    else first.take().onPromoted(this)
  }

  add(passenger: Passenger): Waiting {
    const seat = new Seat(passenger, this, this.#deadlines.after(this.#flights.limits.waitMs))
    this.#seats.add(seat)
    this.#flights.waiting += 1
    this.#deadlines.add(seat)
    return seat
  }

  remove(seat: Seat): void {
    if (!this.#seats.delete(seat)) return
    this.#flights.waiting -= 1
    this.#deadlines.remove(seat)
  }

  #end(tell: (passenger: Passenger) => void): void {
    this.#flights.end(this)
    // A passenger may do anything when told, so each one is taken out first.
    for (const seat of [...this.#seats]) if (this.#seats.has(seat)) tell(seat.take())
  }
}

/** 53 bits. Two keys with the same one would not wait for each other for a while, which is all. */
function digestOf(key: string): number {
  return stableHash(key) * 2 ** 21 + (stableHash(key, 1) >>> 11)
}

class Seat implements Timed, Waiting {
  deadlineMs: number
  timedIndex = -1
  readonly #passenger: Passenger
  readonly #flight: Flight

  constructor(passenger: Passenger, flight: Flight, deadlineMs: number) {
    this.#passenger = passenger
    this.#flight = flight
    this.deadlineMs = deadlineMs
  }

  take(): Passenger {
    this.#flight.remove(this)
    return this.#passenger
  }

  leave(): void {
    this.#flight.remove(this)
  }

  onDeadline(): void {
    this.take().onReleased()
  }
}
