/**
 * The workers of one process: a piscina pool in which each thread has one long task. As many as there are seats serve; one more is the spare,
 * which tries new bundles and takes a dead worker's seat at once, because starting a thread takes 75 to 290 ms. A seat keeps its sockets,
 * counters and log ring, whoever sits in it: connections that wait in its queue are not lost with its worker.
 */
import { fstatSync } from 'node:fs'
import { extname } from 'node:path'
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { libc } from './libc.ts'
import type { Attendance, GenerationOrder, OwnSocket, SupervisorMessage, Tuning, WorkerMessage } from './messages.ts'
import { Counters, createCounterMemory } from './telemetry/counters.ts'
import { createRingMemory, LineRing } from './telemetry/line-ring.ts'
import type { ProcessLog } from './telemetry/process-log.ts'
import { Watchdog } from './watchdog.ts'

export interface CrewOptions {
  readonly seats: number
  /** URL of the module that workers run. */
  readonly worker: string
  readonly tuning: Tuning
  readonly log: ProcessLog
  readonly shared: ReadonlyMap<string, SharedArrayBuffer>
  readonly upstream: SharedArrayBuffer
  readonly addresses: SharedArrayBuffer
  readonly ticketKeys: SharedArrayBuffer
  /** Names of the listeners, in the order of their sockets. */
  readonly listeners: readonly string[]
  readonly own: readonly OwnSocket[]
  readonly hasAccessLog: boolean
  /** Descriptors for the next worker in a seat; throws when there are no more. */
  readonly sockets: (seat: number) => readonly number[]
  /** The generation in use, for a worker that has just started. */
  readonly current: () => GenerationOrder | undefined
  readonly gateway: () => string
  /** A worker has no view of a generation any more, because it said so (`number`) or because it is gone (`undefined`). */
  readonly released: (member: Member, number: number | undefined) => void
  /** A worker has a view of a generation from now on. */
  readonly holding: (member: Member, number: number) => void
  readonly linesReady: () => void
  /** The worker in this seat is dead, and no other sits in it yet. */
  readonly vacated: (seat: number) => void
  /** Something that only a new process can mend. */
  readonly fatal: (message: string) => void
}

export interface Seat {
  readonly index: number
  readonly counterMemory: SharedArrayBuffer
  readonly counters: Counters
  readonly ringMemory: SharedArrayBuffer | undefined
  readonly ring: LineRing | undefined
  member: Member | undefined
  /** Deaths in a row, each soon after the last. */
  failures: number
}

export type DeathReason = 'crashed' | 'hung' | 'exited' | 'probe-hung'

/** A worker that lived so long was not killed by what it was started with. */
const HEALTHY_MS = 10_000
/** Deaths in a row that are answered at once; from then on each doubles the pause. */
const FREE_FAILURES = 3
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2_000
const START_TIMEOUT_MS = 30_000
/** A thread that does not end so long after it was told sits in native code for ever, and its memory cannot be given back. */
const TERMINATE_TIMEOUT_MS = 10_000

export class Crew {
  readonly seats: readonly Seat[]
  readonly restarts = new Map<string, number>()
  readonly committed = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  readonly #options: CrewOptions
  readonly #pool: Piscina
  readonly #members = new Set<Member>()
  readonly #watchdog: Watchdog<Member>
  readonly #spareWaiters = new Set<(member: Member) => void>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #isServing = false
  #isDraining = false
  #startFailures = 0

  constructor(options: CrewOptions) {
    this.#options = options
    this.seats = Array.from({ length: options.seats }, (_, index) => {
      const counterMemory = createCounterMemory()
      const ringMemory = options.hasAccessLog ? createRingMemory() : undefined
      const ring = ringMemory === undefined ? undefined : new LineRing(ringMemory)
      return { index, counterMemory, counters: new Counters(counterMemory), ringMemory, ring, member: undefined, failures: 0 }
    })
    this.#pool = new Piscina({
      // `.cts` in the sources, `.cjs` in what is built from them.
      filename: new URL(`./worker-entry${extname(import.meta.url).replace('.', '.c')}`, import.meta.url).href,
      name: 'attend',
      minThreads: 0,
      // Those that are just ending do not count; one more for a spare that is started while a probe hangs.
      maxThreads: options.seats + 3,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      // Between tasks piscina would block the thread; ours has one task for life, whose event loop has to turn.
      atomics: 'disabled',
    })
    // Before a worker runs its task, the error is the pool's: a module that cannot be loaded.
    this.#pool.on('error', (error: Error) => {
      for (const member of this.#members) if (!member.hasStarted) member.fail(error)
    })
    this.#watchdog = new Watchdog<Member>(options.tuning, (member) => {
      options.log.error({ worker: member.name }, 'a worker hangs and is terminated')
      member.kill('hung')
    })
    for (let count = 0; count <= options.seats; count++) this.#start()
  }

  get members(): readonly Member[] {
    return [...this.#members]
  }

  /** Members that can take part in a swap. */
  get ready(): Member[] {
    return this.members.filter((member) => member.isReady)
  }

  get connections(): number {
    return this.members.reduce((sum, member) => sum + member.connections, 0)
  }

  get servingCount(): number {
    return this.seats.filter((seat) => seat.member?.isServing === true).length
  }

  /** A worker without a seat, as soon as there is one; `undefined` when it takes too long. */
  spare(timeoutMs: number): Promise<Member | undefined> {
    const spare = this.ready.find((member) => member.seat === undefined && !member.isProbing)
    if (spare !== undefined) return Promise.resolve(spare)
    return new Promise((resolve) => {
      const timer = setTimeout(() => found(undefined), timeoutMs)
      const found = (member: Member | undefined) => {
        clearTimeout(timer)
        this.#spareWaiters.delete(found)
        resolve(member)
      }
      this.#spareWaiters.add(found)
    })
  }

  /** Why the last worker that died did so. */
  lastError = ''

  /** Fills the seats; resolves when all of them accept connections. */
  async serve(): Promise<void> {
    this.#isServing = true
    this.#fillSeats()
    await new Promise<void>((resolve) => {
      const check = () => {
        if (this.servingCount < this.seats.length) return
        this.#servingListeners.delete(check)
        resolve()
      }
      this.#servingListeners.add(check)
      check()
    })
  }

  readonly #servingListeners = new Set<() => void>()

  /** No new connections; resolves when all exchanges have ended, or the deadline is over. */
  async drain(drainMs: number): Promise<void> {
    this.#isDraining = true
    this.#watchdog.close()
    for (const timer of this.#timers) clearTimeout(timer)
    const seated = this.seats.flatMap(({ member }) => (member === undefined ? [] : [member.drain(drainMs)]))
    await Promise.race([Promise.all(seated), new Promise((resolve) => setTimeout(resolve, drainMs + 500).unref())])
    await this.#startsAreOver()
  }

  /** Ends all threads. */
  async close(): Promise<void> {
    this.#isDraining = true
    this.#watchdog.close()
    for (const timer of this.#timers) clearTimeout(timer)
    await this.#startsAreOver()
    await this.#pool.destroy()
  }

  /**
   * To be waited for before the process or its threads are ended: a thread that is ended while it loads koffi takes the process with it (a fatal
   * error of N-API, SIGABRT), and a start that was refused would look like a crash. A thread that never starts is killed after START_TIMEOUT_MS.
   */
  async #startsAreOver(): Promise<void> {
    await Promise.allSettled([...this.#members].map((member) => member.started))
  }

  #start(): void {
    if (this.#isDraining) return
    const member = new Member(this.#pool, this.#options, this.committed, this.#watchdog)
    this.#members.add(member)
    void member.started.then(
      () => this.#admit(member),
      () => {},
    )
    void member.gone.then((reason) => this.#lost(member, reason))
  }

  /** For a worker that became ready while a swap was under way, and was not asked. */
  catchUp(member: Member): void {
    member.isReady = member.seat !== undefined
    void this.#admit(member)
  }

  /** A new worker gets what is committed, and again if that changes meanwhile; never what is only being prepared. */
  async #admit(member: Member): Promise<void> {
    for (let order = this.#options.current(); order !== undefined && !member.has(order.number); order = this.#options.current()) {
      const answer = await member.prepare(order, false, this.#options.tuning.prepareTimeoutMs)
      if (answer.type === 'refused') {
        this.#options.log.error({ worker: member.name, code: answer.code }, `a new worker cannot load the bundle: ${answer.message}`)
        member.kill('crashed')
        return
      }
      if (answer.type === 'gone') return
      if (order === this.#options.current()) member.send({ type: 'commit', number: order.number })
      else member.send({ type: 'abandon', number: order.number })
    }
    this.#startFailures = 0
    member.isReady = true
    this.#fillSeats()
    const [waiter] = this.#spareWaiters
    if (member.seat === undefined) waiter?.(member)
  }

  #fillSeats(): void {
    if (!this.#isServing || this.#isDraining) return
    for (const seat of this.seats) {
      if (seat.member !== undefined || this.#paused.has(seat)) continue
      const member = this.ready.find((candidate) => candidate.seat === undefined && !candidate.isProbing)
      if (member === undefined) return
      let sockets: readonly number[]
      try {
        sockets = this.#options.sockets(seat.index)
      } catch (error) {
        this.#options.fatal((error as Error).message)
        return
      }
      seat.member = member
      member.serve(seat, sockets, this.#options.gateway(), () => {
        for (const listener of this.#servingListeners) listener()
      })
    }
  }

  readonly #paused = new Set<Seat>()

  #lost(member: Member, reason: DeathReason): void {
    this.#members.delete(member)
    this.#options.released(member, undefined)
    if (member.error !== '') this.lastError = member.error
    if (this.#isDraining) return
    this.restarts.set(reason, (this.restarts.get(reason) ?? 0) + 1)
    const { seat } = member
    const lost = seat?.counters.closeActive() ?? 0
    this.#options.log.error(
      { worker: member.name, reason, requests: lost, ...(member.error === '' ? {} : { error: member.error }) },
      seat === undefined ? 'the spare worker is gone' : 'a worker is gone; the spare takes its seat',
    )
    if (seat !== undefined) {
      this.#options.vacated(seat.index)
      seat.member = undefined
      seat.failures = member.livedMs < HEALTHY_MS ? seat.failures + 1 : 1
      this.#pause(seat.failures, (isOver) => (isOver ? this.#paused.delete(seat) : this.#paused.add(seat)))
    } else if (!member.isReady) {
      this.#startFailures += 1
    }
    this.#fillSeats()
    this.#pause(this.#startFailures, (isOver) => {
      if (isOver) this.#start()
    })
  }

  /** Calls `change(true)` after the pause that so many failures are worth, with `change(false)` before if there is one. */
  #pause(failures: number, change: (isOver: boolean) => void): void {
    if (failures <= FREE_FAILURES) {
      change(true)
      return
    }
    change(false)
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (failures - FREE_FAILURES - 1), LONGEST_PAUSE_MS)
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      change(true)
      this.#fillSeats()
    }, pauseMs)
    this.#timers.add(timer)
  }
}

export type PrepareAnswer =
  | { readonly type: 'prepared' }
  | { readonly type: 'refused'; readonly code: string; readonly message: string }
  | { readonly type: 'timeout' }
  | { readonly type: 'gone' }

let nextName = 1

/** One worker thread, from its start to its end. */
export class Member {
  readonly name = `worker-${nextName++}`
  /** Beats, connections. */
  readonly heartbeat = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))
  /** Resolves when the thread runs, rejects when it never will. */
  readonly started: Promise<void>
  /** Resolves when the thread has ended: from then on it uses no memory of ours. */
  readonly gone: Promise<DeathReason>
  /** Has the committed generation and may be used. */
  isReady = false
  isServing = false
  isProbing = false
  hasStarted = false
  seat: Seat | undefined
  error = ''
  readonly #port: MessagePort
  readonly #abort = new AbortController()
  readonly #options: CrewOptions
  readonly #watchdog: Watchdog<Member>
  readonly #startedAtMs = performance.now()
  readonly #numbers = new Set<number>()
  readonly #preparing = new Map<number, (answer: PrepareAnswer) => void>()
  readonly #switching = new Map<number, () => void>()
  #reason: DeathReason = 'crashed'
  #isGone = false
  #resolveStarted: () => void = () => {}
  #rejectStarted: (error: Error) => void = () => {}
  #resolveGone: (reason: DeathReason) => void = () => {}
  #onServing: (() => void) | undefined
  #onDrained: (() => void) | undefined
  #worker: Worker | undefined
  #listening: readonly number[] = []

  constructor(pool: Piscina, options: CrewOptions, committed: SharedArrayBuffer, watchdog: Watchdog<Member>) {
    this.#options = options
    this.#watchdog = watchdog
    this.started = new Promise((resolve, reject) => {
      this.#resolveStarted = resolve
      this.#rejectStarted = reject
    })
    this.started.catch(() => {})
    this.gone = new Promise((resolve) => {
      this.#resolveGone = resolve
    })
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    port1.on('message', (message: WorkerMessage) => this.#receive(message, pool))
    const attendance: Attendance = {
      worker: options.worker,
      port: port2,
      shared: options.shared,
      upstream: options.upstream,
      addresses: options.addresses,
      ticketKeys: options.ticketKeys,
      committed,
      heartbeat: this.heartbeat.buffer as SharedArrayBuffer,
      heartbeatIntervalMs: options.tuning.heartbeatIntervalMs,
      shedsLoad: options.tuning.shedsLoad,
    }
    // Piscina's own type of the list has lost the ports.
    pool.run(attendance, { transferList: [port2] as never, signal: this.#abort.signal }).then(
      () => {
        this.#reason = 'exited'
        this.#onDrained?.()
      },
      (error: Error) => this.fail(error),
    )
    const timer = setTimeout(() => this.kill('crashed'), START_TIMEOUT_MS)
    void this.started.then(
      () => clearTimeout(timer),
      () => clearTimeout(timer),
    )
  }

  get livedMs(): number {
    return performance.now() - this.#startedAtMs
  }

  get connections(): number {
    return this.isServing ? Atomics.load(this.heartbeat, 1) : 0
  }

  has(number: number): boolean {
    return this.#numbers.has(number)
  }

  send(message: SupervisorMessage): void {
    this.#port.postMessage(message)
  }

  prepare(order: GenerationOrder, selfTest: boolean, timeoutMs: number): Promise<PrepareAnswer> {
    if (this.#isGone) return Promise.resolve({ type: 'gone' })
    this.#numbers.add(order.number)
    this.#options.holding(this, order.number)
    return new Promise((resolve) => {
      const timer = setTimeout(() => answer({ type: 'timeout' }), timeoutMs)
      const answer = (given: PrepareAnswer) => {
        clearTimeout(timer)
        this.#preparing.delete(order.number)
        resolve(given)
      }
      this.#preparing.set(order.number, answer)
      this.send({ type: 'prepare', order, selfTest })
    })
  }

  /** Resolves when new requests use it, or when the thread has ended. */
  commit(number: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isGone) resolve()
      this.#switching.set(number, resolve)
      this.send({ type: 'commit', number })
    })
  }

  serve(seat: Seat, sockets: readonly number[], gateway: string, onServing: () => void): void {
    this.seat = seat
    this.#onServing = onServing
    this.send({
      type: 'serve',
      gateway,
      seat: seat.index,
      counters: seat.counterMemory,
      ring: seat.ringMemory,
      sockets,
      listeners: this.#options.listeners,
      own: this.#options.own,
    })
  }

  /**
   * A thread that is terminated turns its event loop once more, without JavaScript: connections it accepts then are served by nobody. What
   * it accepts from is told by the socket's number, because a descriptor's may already be another one's.
   */
  #stopAccepting(): void {
    if (libc === undefined) return
    const sockets = new Set((this.seat === undefined ? [] : this.#options.sockets(this.seat.index)).map(inodeOf))
    for (const fd of this.#listening) if (sockets.has(inodeOf(fd))) libc.blank(fd)
  }

  drain(drainMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve
      void this.gone.then(() => resolve())
      this.send({ type: 'drain', drainMs })
    })
  }

  /** Ends the thread, whatever it does. */
  kill(reason: DeathReason): void {
    if (this.#isGone || this.#abort.signal.aborted) return
    this.#reason = reason
    // At once: until the thread has ended nobody may give it anything to do.
    this.isReady = false
    if (reason === 'hung') this.#stopAccepting()
    this.#abort.abort()
    if (this.#worker === undefined) return
    const timer = setTimeout(() => this.#options.fatal(`${this.name} does not end`), TERMINATE_TIMEOUT_MS)
    void this.gone.then(() => clearTimeout(timer))
  }

  /** The task has ended with an error; the thread ends, or has never begun. */
  fail(error: Error): void {
    if (this.error === '' && error.name !== 'AbortError') this.error = (error.stack ?? error.message).slice(0, MAX_ERROR_CHARACTERS)
    this.#rejectStarted(error)
    if (this.#worker !== undefined) return
    // A task that never ran would be given to the next thread, and keep it from its own.
    this.#abort.abort()
    this.#ended()
  }

  #receive(message: WorkerMessage, pool: Piscina): void {
    switch (message.type) {
      case 'hello':
        this.hasStarted = true
        this.#worker = pool.threads.find(({ threadId }) => threadId === message.threadId)
        this.#worker?.once('exit', () => this.#ended())
        this.#watchdog.watch(this)
        this.#resolveStarted()
        break
      case 'prepared':
        this.#preparing.get(message.number)?.({ type: 'prepared' })
        break
      case 'refused':
        this.#preparing.get(message.number)?.(message)
        this.#released(message.number)
        break
      case 'switched':
        this.#switching.get(message.number)?.()
        this.#switching.delete(message.number)
        break
      case 'released':
        this.#released(message.number)
        break
      case 'serving':
        this.isServing = true
        this.#listening = message.listening
        this.#onServing?.()
        break
      case 'listening':
        this.#listening = message.listening
        break
      case 'drained':
        this.#onDrained?.()
        break
      case 'lines':
        this.#options.linesReady()
        break
      case 'log':
        this.#options.log[message.level]({ worker: this.name, ...message.fields }, message.message)
    }
  }

  #released(number: number): void {
    this.#numbers.delete(number)
    this.#options.released(this, number)
  }

  #ended(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.isReady = false
    this.isServing = false
    this.#watchdog.forget(this)
    this.#port.close()
    for (const answer of this.#preparing.values()) answer({ type: 'gone' })
    for (const switched of this.#switching.values()) switched()
    this.#resolveGone(this.#reason)
  }
}

const MAX_ERROR_CHARACTERS = 4096

function inodeOf(fd: number): bigint {
  try {
    return fstatSync(fd, { bigint: true }).ino
  } catch {
    return -1n // closed
  }
}
