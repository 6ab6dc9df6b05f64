/**
 * The data path of one worker, as the rest of the runtime sees it: sockets in, exchanges through, summaries out.
 * `createDataPath` (in this file) is the only way in; processes, generations' life cycle, logs and metrics stand outside of it.
 */
import type { TrustedRange } from './client-address.ts'
import { Deadlines } from './data-path-deadlines.ts'
import type { AcceptedConnection, ClientConnection } from './downstream/client-connection.ts'
import { DownstreamConnection } from './downstream/connection.ts'
import type { ConnectionRejection } from './downstream/connection-rejections.ts'
import type { DownstreamContext } from './downstream/context.ts'
import { DOWNSTREAM_LIMITS, type DownstreamLimits } from './downstream/limits.ts'
import type { ListenerSettings } from './downstream/listener-settings.ts'
import type { LiveExchange } from './exchange.ts'
import type { Generation } from './generation.ts'
import type { RequestHead } from './http1/request-head.ts'
import { Http2Session } from './http2/session.ts'
import { type AddressCounting, type ConnectionEntry, Listener, type ListenerHost, type ListeningSocket } from './listener.ts'
import { LoadSampler, STOPS_ACCEPTING } from './load-shedding.ts'
import { Router } from './router.ts'
import type { TrafficResult } from './traffic/traffic-results.ts'
import { WorkerTraffic } from './traffic/worker-traffic.ts'
import { Backend } from './upstream/backend.ts'
import { settingsKey } from './upstream/backend-settings.ts'
import { Backends } from './upstream/backends.ts'
import type { MemberEntry } from './upstream/members.ts'
import type { UpstreamCells } from './upstream/shared-cells.ts'
import type { UpstreamBackend } from './upstream/stream.ts'

export { DOWNSTREAM_LIMITS, type DownstreamLimits } from './downstream/limits.ts'

/** What is known when an exchange has ended, for access log and metrics. Read at once; the object is reused. */
export interface ExchangeSummary {
  readonly startedAtMs: number
  readonly durationMs: number
  readonly generation: Generation
  /** -1: no route matched, or the request was not understood. */
  readonly routeIndex: number
  /** -1: nobody known. */
  readonly consumerIndex: number
  /** The request as bytes, for who wants no strings; `undefined` when it was not understood. */
  readonly head?: RequestHead | undefined
  /** Empty when the request was not understood. */
  readonly method: string
  readonly methodId: number
  readonly host: string
  readonly path: string
  /** 0: the client was gone before a status was sent. */
  readonly status: number
  readonly requestBodyBytes: number
  readonly responseBodyBytes: number
  readonly clientAddress: string
  readonly requestId: string
  /** Kebab-case code of a local reply or of a failure; empty when all went well. */
  readonly errorCode: string
  /** Attachment that refused, or -1. */
  readonly refusedByAttachment: number
}

/** Where the data path tells what happened. Called on the hot path: must not throw, block or keep the summary. */
export interface Telemetry {
  requestStarted(): void
  exchangeEnded(summary: ExchangeSummary): void
  /** A policy threw: its request got a 500. */
  policyThrew(attachmentId: string, error: unknown): void
  connectionRejected?(reason: ConnectionRejection): void
  /** A connection to a backend could not be made. `reason` is for the log, never for a client. */
  connectFailed?(backend: string, address: string, code: string, reason: string): void
  handshakeDone?(isResumed: boolean): void
  /** A request got a 503 because of the load. */
  requestShed?(): void
  /** 0 to 3: load-shedding.ts. */
  sheddingChanged?(level: number): void
  /** What became of a request in the cache, of a mirrored one, of a response that might be compressed. */
  trafficCounted?(result: TrafficResult): void
}

export interface DataPathOptions {
  /** Whether load is shed when the event loop is late; default true. */
  readonly shedsLoad?: boolean
  /** The gateway's own name: in `Via`, and for finding loops. */
  readonly gateway: string
  readonly limits?: Partial<DownstreamLimits>
  readonly telemetry: Telemetry
  /** Milliseconds since 1970. */
  readonly nowMs?: () => number
  /** What all workers know together about backends, and the place that this one has among them; left out: it is alone. */
  readonly upstream?: { readonly cells: UpstreamCells; readonly seat: number }
  /** Connections by client address, of the whole process; left out: nobody counts them. */
  readonly addresses?: AddressCounting | undefined
}

export interface DataPath {
  /** Accepts connections from a listening or bound socket; takes the descriptor over. Resolves when it accepts. */
  listen(fd: number, backlog: number, socket?: ListeningSocket): Promise<void>
  /** New requests use this generation from now on; those in flight keep theirs. */
  activate(generation: Generation): void
  /** Names of a backend stand for other addresses now. */
  setMembers(generation: Generation, backend: number, members: readonly MemberEntry[]): void
  readonly connectionCount: number
  readonly exchangeCount: number
  /** Stops accepting, ends idle connections, lets exchanges finish, and destroys what is left after `deadlineMs`. */
  drain(deadlineMs: number): Promise<void>
}

export function createDataPath(options: DataPathOptions): DataPath {
  return new WorkerDataPath(options)
}

class WorkerDataPath implements DataPath, DownstreamContext, ListenerHost {
  readonly gateway: string
  readonly limits: DownstreamLimits
  readonly telemetry: Telemetry
  readonly nowMs: () => number
  readonly deadlines = new Deadlines()
  readonly router = new Router()
  generation: Generation | undefined
  isDraining = false
  shedding = 0
  exchangeCount = 0
  readonly traffic: WorkerTraffic
  readonly #backends = new Backends(this.deadlines, (...failure) => this.telemetry.connectFailed?.(...failure))
  readonly #shared: DataPathOptions['upstream']
  readonly addresses: AddressCounting | undefined
  readonly #listeners: Listener[] = []
  readonly #entries: ConnectionEntry[] = []
  /** For listening sockets that no bundle speaks of. */
  readonly #plainSettings: ListenerSettings
  readonly #shedsLoad: boolean
  #sampler: LoadSampler | undefined
  #onEmpty: (() => void) | undefined

  constructor(options: DataPathOptions) {
    this.gateway = options.gateway
    this.limits = { ...DOWNSTREAM_LIMITS, ...options.limits }
    this.nowMs = options.nowMs ?? Date.now
    this.#shedsLoad = options.shedsLoad ?? true
    this.#shared = options.upstream
    this.addresses = options.addresses
    this.#plainSettings = { name: '', protocol: 'http', http2: true, proxyProtocol: false, tls: undefined, limits: this.limits }
    const { telemetry } = options
    this.telemetry = {
      requestStarted: () => {
        this.exchangeCount += 1
        telemetry.requestStarted()
      },
      exchangeEnded: (summary) => telemetry.exchangeEnded(summary),
      policyThrew: (attachmentId, error) => telemetry.policyThrew(attachmentId, error),
      connectionRejected: (reason) => telemetry.connectionRejected?.(reason),
      connectFailed: (...failure) => telemetry.connectFailed?.(...failure),
      handshakeDone: (isResumed) => telemetry.handshakeDone?.(isResumed),
      requestShed: () => telemetry.requestShed?.(),
      sheddingChanged: (level) => telemetry.sheddingChanged?.(level),
    }
    this.traffic = new WorkerTraffic(this.deadlines, this.nowMs, (result) => telemetry.trafficCounted?.(result))
  }

  get connectionCount(): number {
    return this.#entries.length
  }

  listen(fd: number, backlog: number, socket: ListeningSocket = { name: '' }): Promise<void> {
    const listener = new Listener(socket, backlog, this)
    this.#listeners.push(listener)
    if (this.#shedsLoad) this.#sampler ??= new LoadSampler((level) => this.#shed(level))
    return listener.open(fd)
  }

  activate(generation: Generation): void {
    const before = this.generation
    this.generation = generation
    if (before === undefined || before === generation) return
    this.traffic.swapped()
    this.#retireBackends(generation)
  }

  setMembers(generation: Generation, backend: number, members: readonly MemberEntry[]): void {
    const known = generation.backends[backend]
    // One that nobody has used yet asks the generation for its members when it is made.
    if (known instanceof Backend) known.setMembers(members)
  }

  async drain(deadlineMs: number): Promise<void> {
    this.isDraining = true
    this.#sampler?.close()
    for (const listener of this.#listeners) listener.close()
    for (const { connection } of this.#entries.slice()) connection.drain()
    if (this.#entries.length > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadlineMs)
        this.#onEmpty = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    for (const { connection } of this.#entries.slice()) connection.destroy('gateway-draining')
    this.#backends.closeIdle()
  }

  backend(generation: Generation, index: number): UpstreamBackend {
    let backend = generation.backends[index]
    if (backend === undefined) {
      const place = this.#shared === undefined ? undefined : { ...this.#shared, slot: generation.backendSlot(index) }
      backend = this.#backends.get(generation.backendSettings(index), generation.backendMembers(index), place)
      generation.backends[index] = backend
    }
    return backend
  }

  exchangeEnded(exchange: LiveExchange): void {
    this.exchangeCount -= 1
    this.telemetry.exchangeEnded(exchange)
  }

  connectionClosed(connection: ClientConnection): void {
    // One that ends while it is being made stands nowhere yet.
    const entry = this.#entries[connection.listIndex]
    if (entry !== undefined) this.remove(entry)
  }

  get trustedProxies(): readonly TrustedRange[] {
    return this.generation?.trustedProxies ?? []
  }

  listenerSettings(name: string): ListenerSettings | undefined {
    const { generation } = this
    return generation === undefined ? undefined : (generation.listener(name) ?? this.#plainSettings)
  }

  add(entry: ConnectionEntry): void {
    entry.listener.connectionCount += 1
    entry.connection.listIndex = this.#entries.push(entry) - 1
  }

  remove(entry: ConnectionEntry): void {
    const index = entry.connection.listIndex
    const last = this.#entries.pop() as ConnectionEntry
    if (last !== entry) {
      this.#entries[index] = last
      last.connection.listIndex = index
    }
    entry.listener.connectionCount -= 1
    if (entry.addressSlot >= 0) this.addresses?.counts.remove(this.addresses.seat, entry.addressSlot)
    if (this.#entries.length === 0) this.#onEmpty?.()
  }

  serve(accepted: AcceptedConnection, protocol: 'http1' | 'http2'): ClientConnection {
    return protocol === 'http2' ? new Http2Session(accepted, this) : new DownstreamConnection(accepted, this)
  }

  connectionRejected(reason: ConnectionRejection): void {
    this.telemetry.connectionRejected?.(reason)
  }

  handshakeDone(isResumed: boolean): void {
    this.telemetry.handshakeDone?.(isResumed)
  }

  #shed(level: number): void {
    this.shedding = level
    this.telemetry.sheddingChanged?.(level)
    for (const listener of this.#listeners) {
      if (level >= STOPS_ACCEPTING) listener.pause('load')
      else listener.resume('load')
    }
  }

  /** Connections to backends that the new generation has as well, with the same settings, are kept. */
  #retireBackends(generation: Generation): void {
    const { backends } = generation.bundle
    const indexByName = new Map<string, number>()
    for (let i = 0; i < backends.count; i++) indexByName.set(backends.name(i), i)
    this.#backends.keep((key, { name }) => {
      const index = indexByName.get(name)
      return index !== undefined && key === settingsKey(generation.backendSettings(index))
    })
  }
}
