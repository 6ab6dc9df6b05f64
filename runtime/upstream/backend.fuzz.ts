/**
 * A backend among members, connections and clients that do at random whatever they may do, in any order. What must hold after each step: every
 * client is called once, no connection has more requests than it may, none is lost or counted twice, nobody waits who could be served; and
 * when all is over, nothing is left. `node runtime/upstream/backend.fuzz.ts --seconds 600 --seed N`.
 */
import assert from 'node:assert'
import { parseArgs } from 'node:util'
import { Deadlines } from '../data-path-deadlines.ts'
import { backendSettings, endpoint } from '../fixtures/backend-settings.ts'
import { Backend } from './backend.ts'
import type { BackendSettings } from './backend-settings.ts'
import type { Carrier, Opening } from './carrier.ts'
import type { Member } from './member.ts'
import type { MemberEntry } from './members.ts'
import { createUpstreamMemory, SEAT, UpstreamCells } from './shared-cells.ts'
import type { Attempt, StreamClient, UpstreamStream } from './stream.ts'

export interface FuzzResult {
  readonly seed: number
  readonly steps: number
  readonly served: number
  /** Empty when all held. */
  readonly finding: string
}

/** Until so many worlds have ended, or the time is over. */
export function fuzzBackend(seed: number, limits: { readonly worlds?: number; readonly seconds?: number }): FuzzResult {
  const random = generator(seed)
  const endMs = performance.now() + (limits.seconds ?? Number.POSITIVE_INFINITY) * 1000
  let [steps, served, worlds] = [0, 0, 0]
  const chance = Math.random
  // What balancers draw belongs to the run.
  Math.random = () => random(2 ** 32) / 2 ** 32
  try {
    while (worlds < (limits.worlds ?? Number.POSITIVE_INFINITY) && performance.now() < endMs) {
      const world = new World(random)
      for (let step = random(300); step > 0; step--) {
        world.step()
        world.check()
        steps += 1
      }
      world.finish()
      served += world.served
      worlds += 1
    }
  } catch (error) {
    return { seed, steps, served, finding: `world ${worlds}: ${(error as Error).stack}` }
  } finally {
    Math.random = chance
  }
  return { seed, steps, served, finding: '' }
}

type Random = (below: number) => number

interface OpeningCarrier extends Opening {
  readonly member: Member
  readonly http1Only: boolean
}

class Client implements StreamClient {
  ticket = -1
  stream: FakeStream | undefined
  isOver = false
  readonly attempt: Attempt
  readonly #world: World

  constructor(world: World, attempt: Attempt) {
    this.#world = world
    this.attempt = attempt
  }

  onUpstreamReady(stream: UpstreamStream): void {
    assert(!this.isOver && this.stream === undefined, 'called twice')
    assert(this.ticket === -1, 'a ticket is left')
    const given = stream as unknown as FakeStream
    assert(!(this.attempt.isFresh && given.carrier.isUsed), 'not a fresh one')
    assert(!(this.attempt.needsHttp1 && given.carrier.protocol !== 'http1'), 'not HTTP/1.1')
    this.stream = given
    given.client = this
    this.#world.served += 1
    // A policy may be wrong, and the stream given up from within.
    if (this.#world.random(20) === 0) this.#world.end(this, 'abandon')
  }

  onUpstreamUnavailable(): void {
    assert(!this.isOver && this.stream === undefined, 'called twice')
    assert(this.ticket === -1, 'a ticket is left')
    this.isOver = true
  }
}

class FakeStream {
  readonly carrier: FakeCarrier
  client: Client | undefined

  constructor(carrier: FakeCarrier) {
    this.carrier = carrier
  }
}

class FakeCarrier implements Carrier {
  readonly member: Member
  readonly protocol: 'http1' | 'http2'
  readonly streams = new Set<FakeStream>()
  maxStreams: number
  isUsed = false
  isDraining = false
  isClosed = false
  isResting = false
  readonly #world: World

  constructor(world: World, member: Member, protocol: 'http1' | 'http2') {
    this.#world = world
    this.member = member
    this.protocol = protocol
    this.maxStreams = protocol === 'http1' ? 1 : 1 + world.random(4)
  }

  get capacity(): number {
    return this.isClosed || this.isDraining ? 0 : Math.max(0, this.maxStreams - this.streams.size)
  }

  get active(): number {
    return this.streams.size
  }

  take(): UpstreamStream {
    assert(this.capacity > 0, 'taken without room')
    this.isResting = false
    const stream = new FakeStream(this)
    this.streams.add(stream)
    return stream as unknown as UpstreamStream
  }

  rest(): void {
    assert(!this.isClosed && this.active === 0, 'rests while it is used')
    this.isResting = true
  }

  drain(): void {
    this.isDraining = true
    if (this.active === 0) this.destroy()
  }

  destroy(): void {
    if (this.isClosed) return
    this.isClosed = true
    for (const { client } of this.streams) if (client !== undefined) client.isOver = true
    this.streams.clear()
    this.#world.backend.onCarrierClosed(this)
  }
}

class World {
  readonly random: Random
  readonly backend: Backend
  served = 0
  readonly #settings: BackendSettings
  readonly #cells = new UpstreamCells(createUpstreamMemory(1))
  readonly #openings: OpeningCarrier[] = []
  readonly #carriers: FakeCarrier[] = []
  readonly #clients: Client[] = []
  readonly #speaksHttp2: boolean

  constructor(random: Random) {
    this.random = random
    this.#speaksHttp2 = random(2) === 0
    const isTls = random(2) === 0
    this.#settings = backendSettings({
      endpoints: [endpoint({ host: '10.0.0.1', isTls })],
      protocol: this.#speaksHttp2 && (!isTls || random(2) === 0) ? 'http2' : 'auto',
      maxConnections: 1 + random(5),
      maxPending: random(6),
      balance: ([{ kind: 'round-robin' }, { kind: 'least-request' }, { kind: 'consistent-hash', by: 'ip', name: '' }] as const)[
        random(3)
      ] as BackendSettings['balance'],
      ...(random(2) === 0
        ? {}
        : {
            passiveHealth: {
              ...{ consecutiveFailures: 2, failurePercent: 0, minRequests: 1, intervalMs: 1000 },
              ...{ ejectMs: 60_000, maxEjectMs: 60_000, panicBelowPercent: 50 * random(2) },
            },
          }),
    })
    this.backend = new Backend(
      this.#settings,
      new Deadlines(),
      this.#members(),
      { cells: this.#cells, slot: 0, seat: 0 },
      (_, member, options) => this.#open(member, options?.http1Only === true),
    )
  }

  step(): void {
    switch (this.random(10)) {
      case 0:
      case 1:
      case 2:
        this.#acquire()
        break
      case 3:
      case 4:
        this.#opened(this.random(5) > 0)
        break
      case 5:
      case 6: {
        const busy = this.#clients.filter(({ stream, isOver }) => stream !== undefined && !isOver)
        const client = busy[this.random(busy.length)]
        if (client !== undefined) this.end(client, this.random(4) === 0 ? 'abandon' : 'answer')
        break
      }
      case 7: {
        const waiting = this.#waiting()
        const client = waiting[this.random(waiting.length)]
        if (client === undefined) break
        client.isOver = true
        this.backend.cancel(client)
        assert(client.ticket === -1, 'a ticket is left')
        break
      }
      case 8:
        this.#disturb()
        break
      default:
        if (this.random(4) === 0) this.backend.setMembers(this.#members())
    }
  }

  check(): void {
    const { maxConnections, maxPending } = this.#settings
    const { connectionCount, pendingCount } = this.backend
    const open = this.#carriers.filter(({ isClosed }) => !isClosed)
    assert.equal(connectionCount, open.length + this.#openings.length, 'connections are counted')
    assert(connectionCount <= maxConnections, 'no more connections than there may be')
    assert(pendingCount <= maxPending, 'no more wait than may')
    const waiting = this.#waiting()
    assert.equal(waiting.filter(({ ticket }) => ticket >= 0).length, pendingCount, 'who waits has a ticket')
    if (waiting.length > 0) assert(this.#openings.length > 0 || connectionCount === maxConnections, 'somebody waits for nothing')
    // What a connection will speak that is being opened decides how many more are needed.
    const isDecided = this.#openings.length === 0 || !this.#settings.endpoints[0]?.isTls
    if (pendingCount > 0 && isDecided) assert.equal(connectionCount, maxConnections, 'somebody waits though there is room')
    const { words, at } = this.#cells.seatsOf(0)[0] as { words: Int32Array; at: number }
    assert.equal(words[at + SEAT.connections], connectionCount)
    assert.equal(words[at + SEAT.pending], pendingCount)
    for (const member of this.backend.members) {
      const used = open.filter((carrier) => carrier.member === member)
      assert.equal(
        member.active,
        used.reduce((sum, { active }) => sum + active, 0),
        'requests are counted',
      )
      for (const carrier of used) if (carrier.active === 0 && !carrier.isDraining) assert(carrier.isResting, 'a connection is forgotten')
    }
  }

  /** Everybody is served or refused in the end, and nothing is left. */
  finish(): void {
    for (
      let patience = 10_000;
      patience > 0 && (this.#waiting().length > 0 || this.#openings.length > 0 || this.#busy().length > 0);
      patience--
    ) {
      this.#opened(true)
      for (const client of this.#busy()) this.end(client, 'answer')
      this.check()
    }
    assert.equal(this.#waiting().length, 0, 'somebody waits for ever')
    this.backend.retire()
    for (const carrier of this.#carriers) assert(carrier.isClosed, 'a connection outlives its backend')
    this.check()
  }

  end(client: Client, how: 'answer' | 'abandon'): void {
    const { stream } = client
    assert(stream !== undefined)
    const { carrier } = stream
    client.isOver = true
    carrier.streams.delete(stream)
    if (carrier.protocol === 'http1' && (how === 'abandon' || carrier.isDraining)) carrier.destroy()
    else {
      if (how === 'answer') carrier.isUsed = true
      if (carrier.capacity > 0) this.backend.onCarrierFree(carrier)
      else if (carrier.active === 0) carrier.destroy()
    }
  }

  #busy(): Client[] {
    return this.#clients.filter(({ stream, isOver }) => stream !== undefined && !isOver)
  }

  #waiting(): Client[] {
    return this.#clients.filter(({ stream, isOver }) => stream === undefined && !isOver)
  }

  #acquire(): void {
    const { members } = this.backend
    const tried = members.filter(() => this.random(6) === 0)
    const client = new Client(this, {
      hash: this.random(3) === 0 ? undefined : this.random(2 ** 32),
      tried,
      isFresh: this.random(8) === 0,
      needsHttp1: this.random(8) === 0,
    })
    this.#clients.push(client)
    this.backend.acquire(client, client.attempt)
  }

  #open(member: Member, http1Only: boolean): Opening {
    const opening = { member, http1Only, cancel: () => {} }
    this.#openings.push(opening)
    return opening
  }

  #opened(isGood: boolean): void {
    const [opening] = this.#openings.splice(this.random(this.#openings.length), 1)
    if (opening === undefined) return
    if (!isGood) {
      this.backend.onCarrierFailed(opening.member, 'upstream-connect-failed')
      return
    }
    const isHttp2 = !opening.http1Only && (this.#settings.protocol === 'http2' || (opening.member.isTls && this.#speaksHttp2))
    const carrier = new FakeCarrier(this, opening.member, isHttp2 ? 'http2' : 'http1')
    this.#carriers.push(carrier)
    this.backend.onCarrierOpen(carrier)
  }

  /** What the other end may do by itself. */
  #disturb(): void {
    const open = this.#carriers.filter(({ isClosed }) => !isClosed)
    const carrier = open[this.random(open.length)]
    if (carrier === undefined) return
    switch (this.random(4)) {
      case 0:
        carrier.destroy()
        break
      case 1:
        if (carrier.protocol === 'http2') carrier.drain()
        break
      case 2:
        this.backend.onMemberFailed(carrier.member, 'upstream-closed')
        break
      default:
        if (carrier.protocol !== 'http2' || carrier.isDraining) break
        carrier.maxStreams += this.random(3)
        if (carrier.capacity > 0) this.backend.onCarrierFree(carrier)
    }
  }

  /** One to five addresses. */
  #members(): MemberEntry[] {
    const first = this.random(3)
    return Array.from({ length: 1 + this.random(4) }, (_, index) => ({
      ...{ endpointIndex: 0, address: `10.0.0.${first + index}`, port: 80, priority: 0 },
      ...{ weight: 1 + this.random(3), slot: first + index },
    }))
  }
}

/** xorshift32: the same seed gives the same run everywhere. */
function generator(seed: number): Random {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '600' }, seed: { type: 'string' } } })
  const seed = Number(values.seed ?? Date.now() % 1_000_000_000)
  process.stdout.write(`seed ${seed}\n`)
  const { steps, served, finding } = fuzzBackend(seed, { seconds: Number(values.seconds) })
  process.stdout.write(`${steps} steps, ${served} requests served\n${finding}\n`)
  process.exitCode = finding === '' ? 0 : 1
}
