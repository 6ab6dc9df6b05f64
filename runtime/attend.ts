/**
 * A worker's stay: it makes generations from shared images, serves with the committed one, gives up its views when told or when the last
 * exchange has ended, and lets its heart beat. `worker.ts` brings the engine; tests bring a smaller one.
 */
import { threadId } from 'node:worker_threads'
import { adoptChecked, openBundle } from '../bundle/bundle.ts'
import { PosternError } from '../bundle/error.ts'
import type { DataPath, DataPathOptions, ExchangeSummary, Telemetry } from './data-path.ts'
import { AddressCounts } from './downstream/address-counts.ts'
import type { ConnectionRejection } from './downstream/connection-rejections.ts'
import { TicketKeys } from './downstream/tls/ticket-keys.ts'
import type { createGeneration, Generation } from './generation.ts'
import { libc } from './libc.ts'
import { detachView, viewImage } from './memory.ts'
import type { Attendance, GenerationOrder, SupervisorMessage, WorkerMessage } from './messages.ts'
import { BACKLOG } from './sockets.ts'
import { AccessLog } from './telemetry/access-log.ts'
import { ConnectFailures } from './telemetry/connect-failures.ts'
import { Counters, NO_API, OTHER } from './telemetry/counters.ts'
import { LineRing } from './telemetry/line-ring.ts'
import type { TrafficResult } from './traffic/traffic-results.ts'
import { ownSockets } from './upstream/address-guard.ts'
import { UpstreamCells } from './upstream/shared-cells.ts'

/** What serves: the data path, and what it serves from. */
export interface Engine {
  createDataPath(options: DataPathOptions): DataPath
  readonly createGeneration: typeof createGeneration
}

/** Resolves when the worker has drained. An error that is thrown anywhere in it ends the worker, which is replaced. */
export function attendWith(engine: Engine, attendance: Attendance): Promise<void> {
  return new Promise((resolve) => {
    new Attendant(engine, attendance, resolve)
  })
}

/** A generation with its order and its view of the image. */
interface Held {
  readonly order: GenerationOrder
  readonly generation: Generation
  readonly view: ArrayBuffer | SharedArrayBuffer
}

class Attendant {
  readonly #engine: Engine
  readonly #attendance: Attendance
  readonly #resolve: () => void
  readonly #held = new Map<number, Held>()
  readonly #committed: Int32Array
  readonly #heartbeat: Int32Array
  readonly #ticketKeys: TicketKeys
  readonly #timer: NodeJS.Timeout
  #current: Held | undefined
  #dataPath: DataPath | undefined
  #accessLog: AccessLog | undefined
  /** Descriptors that accept connections. */
  readonly #listening: number[] = []
  #isServing = false

  constructor(engine: Engine, attendance: Attendance, resolve: () => void) {
    this.#engine = engine
    this.#attendance = attendance
    this.#resolve = resolve
    this.#committed = new Int32Array(attendance.committed)
    this.#heartbeat = new Int32Array(attendance.heartbeat)
    this.#ticketKeys = new TicketKeys(attendance.ticketKeys)
    this.#timer = setInterval(() => this.#beat(), attendance.heartbeatIntervalMs)
    attendance.port.on('message', (message: SupervisorMessage) => this.#receive(message))
    process.once('exit', () => this.#stopAccepting())
    this.#post({ type: 'hello', threadId })
  }

  #receive(message: SupervisorMessage): void {
    switch (message.type) {
      case 'prepare':
        this.#prepare(message.order, message.selfTest)
        break
      case 'abandon':
        this.#release(message.number)
        break
      case 'commit':
        this.#switchTo(message.number)
        break
      case 'release':
        this.#release(message.number)
        break
      case 'serve':
        void this.#serve(message)
        break
      case 'members':
        this.#setMembers(message)
        break
      case 'drain':
        void this.#drain(message.drainMs)
    }
  }

  #beat(): void {
    Atomics.add(this.#heartbeat, 0, 1)
    Atomics.store(this.#heartbeat, 1, this.#dataPath?.connectionCount ?? 0)
    // The message that says so may still be on its way: the number in shared memory is what counts.
    this.#switchTo(Atomics.load(this.#committed, 0))
  }

  #prepare(order: GenerationOrder, selfTest: boolean): void {
    const { number } = order
    if (this.#held.has(number)) {
      this.#post({ type: 'prepared', number })
      return
    }
    let view: ArrayBuffer | SharedArrayBuffer | undefined
    try {
      view = viewImage(order.image)
      const bundle = openBundle(adoptChecked(view, order.image.bytes))
      const generation = this.#engine.createGeneration(bundle, number, {
        shared: this.#attendance.shared,
        secret: (index) => order.secrets[index],
        lenient: order.lenient,
        backends: order.backends,
        ticketKeys: this.#ticketKeys,
      })
      const wrong = selfTest ? generation.runSelfTests() : undefined
      if (wrong !== undefined) throw new PosternError('self-test-failed', wrong)
      this.#held.set(number, { order, generation, view })
      this.#post({ type: 'prepared', number })
    } catch (error) {
      if (view !== undefined) detachView(view)
      const code = error instanceof PosternError ? error.code : 'bundle-unusable'
      this.#post({ type: 'refused', number, code, message: (error as Error).message })
    }
  }

  #switchTo(number: number): void {
    const next = this.#held.get(number)
    const previous = this.#current
    if (next === undefined || next === previous || (previous !== undefined && previous.order.number > number)) return
    this.#current = next
    this.#dataPath?.activate(next.generation)
    this.#post({ type: 'switched', number })
    if (previous === undefined) return
    previous.generation.retire()
    previous.generation.onIdle(() => this.#release(previous.order.number))
  }

  /** Ends the view. What still uses the generation, a stream that takes hours, reads nothing from it any more. */
  #release(number: number): void {
    const held = this.#held.get(number)
    if (held === undefined || held === this.#current) return
    this.#held.delete(number)
    held.generation.retire()
    held.generation.bundle.detach()
    detachView(held.view)
    this.#post({ type: 'released', number })
  }

  #setMembers({ number, backend, members }: Extract<SupervisorMessage, { type: 'members' }>): void {
    const held = this.#held.get(number)
    if (held === undefined) return
    held.order.backends.members.set(backend, members)
    this.#dataPath?.setMembers(held.generation, backend, members)
  }

  async #serve(message: Extract<SupervisorMessage, { type: 'serve' }>): Promise<void> {
    for (const { address, port } of message.own) ownSockets.add(address, port)
    if (message.ring !== undefined) {
      this.#accessLog = new AccessLog(new LineRing(message.ring), () => this.#post({ type: 'lines' }))
    }
    const telemetry = new WorkerTelemetry(new Counters(message.counters), this.#accessLog, {
      policyThrew: (attachment, error) => this.#policyThrew(attachment, error),
      warn: (text, fields) => this.#post({ type: 'log', level: 'warn', message: text, fields }),
    })
    telemetry.held = this.#held
    const dataPath = this.#engine.createDataPath({
      gateway: message.gateway,
      telemetry,
      upstream: { cells: new UpstreamCells(this.#attendance.upstream), seat: message.seat },
      addresses: { counts: new AddressCounts(this.#attendance.addresses), seat: message.seat },
      shedsLoad: this.#attendance.shedsLoad,
    })
    this.#dataPath = dataPath
    if (this.#current !== undefined) dataPath.activate(this.#current.generation)
    for (const [index, socket] of message.sockets.entries()) {
      const name = message.listeners[index] ?? ''
      if (libc === undefined) await dataPath.listen(socket, BACKLOG, { name })
      else {
        // The supervisor keeps its own: what waits in the queue outlives this worker, and its pauses.
        const open = libc.duplicate
        const reopen = () => this.#opened(open(socket))
        await dataPath.listen(reopen(), BACKLOG, { name, reopen, closing: (fd) => this.#closing(fd) })
      }
    }
    this.#isServing = true
    this.#post({ type: 'serving', listening: this.#listening })
  }

  #opened(fd: number): number {
    this.#listening.push(fd)
    if (this.#isServing) this.#post({ type: 'listening', listening: this.#listening })
    return fd
  }

  /** The number may be somebody else's from here on. */
  #closing(fd: number): void {
    const index = this.#listening.indexOf(fd)
    if (index >= 0) this.#listening.splice(index, 1)
    if (this.#isServing) this.#post({ type: 'listening', listening: this.#listening })
  }

  /**
   * This thread ends of an error or by `process.exit`. Its event loop turns once more without any JavaScript, and would accept a connection
   * that nobody serves.
   */
  #stopAccepting(): void {
    for (const fd of this.#listening.splice(0)) libc?.blank(fd)
  }

  async #drain(drainMs: number): Promise<void> {
    this.#listening.length = 0 // closed from here on, and somebody else's numbers
    await this.#dataPath?.drain(drainMs)
    clearInterval(this.#timer)
    this.#post({ type: 'drained' })
    this.#resolve()
  }

  #policyThrew(attachment: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#post({
      type: 'log',
      level: 'error',
      message: 'a policy threw',
      fields: { attachment, error: text.slice(0, MAX_ERROR_CHARACTERS) },
    })
  }

  #post(message: WorkerMessage): void {
    this.#attendance.port.postMessage(message)
  }
}

const MAX_ERROR_CHARACTERS = 4096
/** A policy that throws does so for every request: more than this many in a second are only counted. */
const MAX_ERRORS_PER_SECOND = 10

/** Rejections that somebody has to do something about. Each kind is logged once in this time, with how many there were. */
const LOGGED_REJECTIONS: ReadonlySet<ConnectionRejection> = new Set(['limit', 'descriptors', 'proxy-untrusted', 'tls-unavailable'])
const REJECTION_LOG_MS = 1000

interface Reports {
  policyThrew(attachment: string, error: unknown): void
  warn(message: string, fields: { readonly [name: string]: string }): void
}

/** Called on the hot path: counts, and hands over to the log. */
class WorkerTelemetry implements Telemetry {
  held: ReadonlyMap<number, Held> = new Map()
  readonly #counters: Counters
  readonly #accessLog: AccessLog | undefined
  readonly #reports: Reports
  readonly #connectFailures: ConnectFailures
  readonly #rejections = new Map<ConnectionRejection, { sinceMs: number; count: number }>()
  #errorSecond = 0
  #errors = 0
  #number = -1
  #order: GenerationOrder | undefined

  constructor(counters: Counters, accessLog: AccessLog | undefined, reports: Reports) {
    this.#counters = counters
    this.#accessLog = accessLog
    this.#reports = reports
    this.#connectFailures = new ConnectFailures((fields) => reports.warn('a backend cannot be connected to', fields))
  }

  connectFailed(backend: string, address: string, code: string, reason: string): void {
    this.#connectFailures.failed(backend, address, code, reason)
  }

  requestStarted(): void {
    this.#counters.requestStarted()
  }

  exchangeEnded(summary: ExchangeSummary): void {
    const { generation, routeIndex, refusedByAttachment } = summary
    if (generation.number !== this.#number) {
      this.#number = generation.number
      this.#order = this.held.get(generation.number)?.order
    }
    // A stream that outlived its generation has no order any more, and a detached bundle says -1.
    const slots = this.#order?.apiSlots
    const api = routeIndex < 0 ? NO_API : (slots?.[generation.bundle.routes.apiIndex(routeIndex)] ?? OTHER)
    this.#counters.requestEnded(api, summary.methodId, summary.status, summary.durationMs)
    if (refusedByAttachment >= 0) {
      const policy = this.#order?.policySlots[generation.bundle.attachments.policyIndex(refusedByAttachment)]
      this.#counters.refused(policy ?? OTHER, api)
    }
    this.#accessLog?.add(summary)
  }

  policyThrew(attachmentId: string, error: unknown): void {
    this.#counters.policyThrew()
    const second = Math.floor(Date.now() / 1000)
    if (second !== this.#errorSecond) {
      this.#errorSecond = second
      this.#errors = 0
    }
    this.#errors += 1
    if (this.#errors <= MAX_ERRORS_PER_SECOND) this.#reports.policyThrew(attachmentId, error)
  }

  connectionRejected(reason: ConnectionRejection): void {
    this.#counters.connectionRejected(reason)
    if (!LOGGED_REJECTIONS.has(reason)) return
    const nowMs = performance.now()
    const rejection = this.#rejections.get(reason) ?? { sinceMs: Number.NEGATIVE_INFINITY, count: 0 }
    this.#rejections.set(reason, rejection)
    rejection.count += 1
    if (nowMs - rejection.sinceMs < REJECTION_LOG_MS) return
    this.#reports.warn('connections of clients are not served', { reason, count: String(rejection.count) })
    rejection.sinceMs = nowMs
    rejection.count = 0
  }

  trafficCounted(result: TrafficResult): void {
    this.#counters.trafficCounted(result)
  }

  handshakeDone(isResumed: boolean): void {
    this.#counters.handshakeDone(isResumed)
  }

  requestShed(): void {
    this.#counters.requestShed()
  }

  sheddingChanged(level: number): void {
    this.#counters.sheddingLevel = level
    this.#reports.warn(level === 0 ? 'the worker keeps up again' : 'the worker cannot keep up, and sheds load', { level: String(level) })
  }
}
