/**
 * The data path of one worker, as the rest of the runtime sees it: sockets in, exchanges through, summaries out.
 * `createDataPath` (in this file) is the only way in; processes, generations' life cycle, logs and metrics stand outside of it.
 */
import net, { type Server, Socket } from 'node:net'
import { parseClientAddress } from './client-address.ts'
import { RECEIVE_BYTES, receiveBuffer } from './data-path-buffers.ts'
import { Deadlines } from './data-path-deadlines.ts'
import { DownstreamConnection, type DownstreamContext } from './downstream/connection.ts'
import type { LiveExchange } from './exchange.ts'
import type { Generation } from './generation.ts'
import { Router } from './router.ts'
import { type Pool, type PoolSettings, Pools } from './upstream/pool.ts'

/** Deadlines and limits on the client's side, each with the default that a listener gets. Times in ms, sizes in bytes. */
export interface DownstreamLimits {
  /** From the first byte of a head to its end. */
  readonly headTimeoutMs: number
  /** Silence within a request body. */
  readonly bodyIdleTimeoutMs: number
  /** Silence between requests. */
  readonly keepAliveTimeoutMs: number
  /** No progress while we write to the client. */
  readonly writeTimeoutMs: number
  /** All policies of one request together, as long as they think. */
  readonly policyTimeoutMs: number
  readonly requestLineBytes: number
  readonly headBytes: number
  readonly headFields: number
  /** Bytes buffered per direction before the other side is paused. */
  readonly bufferBytes: number
  /** Requests that one connection may have answered in one turn of the worker; they are always served one after the other. */
  readonly pipelineDepth: number
  /** Connections of this worker; one more is closed at once. */
  readonly connections: number
}

/** What is known when an exchange has ended, for access log and metrics. Read at once; the object is reused. */
export interface ExchangeSummary {
  readonly startedAtMs: number
  readonly durationMs: number
  readonly generation: Generation
  /** -1: no route matched, or the request was not understood. */
  readonly routeIndex: number
  /** -1: nobody known. */
  readonly consumerIndex: number
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
}

export interface DataPathOptions {
  /** The gateway's own name: in `Via`, and for finding loops. */
  readonly gateway: string
  readonly limits?: Partial<DownstreamLimits>
  readonly telemetry: Telemetry
  /** Milliseconds since 1970. */
  readonly nowMs?: () => number
}

export interface DataPath {
  /** Accepts connections from a listening or bound socket; takes the descriptor over. Resolves when it accepts. */
  listen(fd: number, backlog: number): Promise<void>
  /** New requests use this generation from now on; those in flight keep theirs. */
  activate(generation: Generation): void
  readonly connectionCount: number
  readonly exchangeCount: number
  /** Stops accepting, ends idle connections, lets exchanges finish, and destroys what is left after `deadlineMs`. */
  drain(deadlineMs: number): Promise<void>
}

export const DOWNSTREAM_LIMITS: DownstreamLimits = {
  headTimeoutMs: 10_000,
  bodyIdleTimeoutMs: 30_000,
  keepAliveTimeoutMs: 60_000,
  writeTimeoutMs: 30_000,
  policyTimeoutMs: 30_000,
  requestLineBytes: 8 * 1024,
  headBytes: 32 * 1024,
  headFields: 100,
  bufferBytes: 64 * 1024,
  pipelineDepth: 16,
  connections: 16_384,
}

export function createDataPath(options: DataPathOptions): DataPath {
  return new WorkerDataPath(options)
}

class WorkerDataPath implements DataPath, DownstreamContext {
  readonly gateway: string
  readonly limits: DownstreamLimits
  readonly telemetry: Telemetry
  readonly nowMs: () => number
  readonly deadlines = new Deadlines()
  readonly router = new Router()
  generation: Generation | undefined
  isDraining = false
  exchangeCount = 0
  readonly #pools = new Pools(this.deadlines)
  readonly #servers: Server[] = []
  readonly #connections: DownstreamConnection[] = []
  #onEmpty: (() => void) | undefined

  constructor(options: DataPathOptions) {
    this.gateway = options.gateway
    this.limits = { ...DOWNSTREAM_LIMITS, ...options.limits }
    this.nowMs = options.nowMs ?? Date.now
    const { telemetry } = options
    this.telemetry = {
      requestStarted: () => {
        this.exchangeCount += 1
        telemetry.requestStarted()
      },
      exchangeEnded: (summary) => telemetry.exchangeEnded(summary),
      policyThrew: (attachmentId, error) => telemetry.policyThrew(attachmentId, error),
    }
  }

  get connectionCount(): number {
    return this.#connections.length
  }

  listen(fd: number, backlog: number): Promise<void> {
    const server = net.createServer({ allowHalfOpen: true, noDelay: true })
    this.#servers.push(server)
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      // The backlog counts only in this place: in the options it would be ignored.
      server.listen({ fd }, backlog, () => {
        server.off('error', reject)
        server.on('error', () => {})
        this.#acceptFrom(server)
        resolve()
      })
    })
  }

  activate(generation: Generation): void {
    const before = this.generation
    this.generation = generation
    if (before !== undefined && before !== generation) this.#retirePools(generation)
  }

  async drain(deadlineMs: number): Promise<void> {
    this.isDraining = true
    for (const server of this.#servers) server.close()
    for (const connection of this.#connections.slice()) connection.drain()
    if (this.#connections.length > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadlineMs)
        this.#onEmpty = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    for (const connection of this.#connections.slice()) connection.destroy('gateway-draining')
    this.#pools.closeIdle()
  }

  pool(generation: Generation, backend: number): Pool {
    let pool = generation.pools[backend]
    if (pool === undefined) {
      pool = this.#pools.get(poolSettings(generation, backend))
      generation.pools[backend] = pool
    }
    return pool
  }

  exchangeEnded(exchange: LiveExchange): void {
    this.exchangeCount -= 1
    this.telemetry.exchangeEnded(exchange)
  }

  connectionClosed(connection: DownstreamConnection): void {
    const last = this.#connections.pop() as DownstreamConnection
    if (last !== connection) {
      this.#connections[connection.listIndex] = last
      last.listIndex = connection.listIndex
    }
    if (this.#connections.length === 0) this.#onEmpty?.()
  }

  /**
   * Node gives accepted sockets no say in where they read to; a socket made of the accepted handle may have one. Where Node's inside is
   * not what we know, connections work all the same, with a buffer per read.
   */
  #acceptFrom(server: Server): void {
    const handle = (server as unknown as { _handle?: { onconnection?: unknown } })._handle
    if (typeof handle?.onconnection !== 'function') {
      server.on('connection', (socket) => this.#acceptSocket(socket))
      return
    }
    handle.onconnection = (error: number, client: AcceptedHandle | undefined) => {
      if (error !== 0 || client === undefined) return
      if (this.#connections.length >= this.limits.connections || this.isDraining) {
        client.close()
        return
      }
      client.setNoDelay(true)
      let connection: DownstreamConnection | undefined
      const callback = (size: number) => {
        connection?.onRead(size)
        return true
      }
      const options = { handle: client, allowHalfOpen: true, readable: true, writable: true, onread: { buffer: receiveBuffer, callback } }
      connection = this.#add(new Socket(options as unknown as net.SocketConstructorOpts))
    }
  }

  #acceptSocket(socket: Socket): void {
    if (this.#connections.length >= this.limits.connections || this.isDraining) {
      socket.destroy()
      return
    }
    const connection = this.#add(socket)
    if (connection === undefined) return
    socket.on('data', (data: Buffer) => {
      for (let at = 0; at < data.length; at += RECEIVE_BYTES) connection.onRead(data.copy(receiveBuffer, 0, at, at + RECEIVE_BYTES))
    })
  }

  /**
   * `undefined`: the peer has reset the connection already, so nobody can say any more who it was. What it has sent would still be readable,
   * and a request without an address would get past whatever decides by address.
   */
  #add(socket: Socket): DownstreamConnection | undefined {
    const peer = socket.remoteAddress === undefined ? undefined : parseClientAddress(socket.remoteAddress)
    if (peer === undefined) {
      socket.on('error', () => {})
      socket.destroy()
      return undefined
    }
    const connection = new DownstreamConnection(socket, peer, this)
    connection.listIndex = this.#connections.length
    this.#connections.push(connection)
    return connection
  }

  /** Connections to backends that the new generation has as well, with the same settings, are kept. */
  #retirePools(generation: Generation): void {
    const { backends } = generation.bundle
    const indexByName = new Map<string, number>()
    for (let i = 0; i < backends.count; i++) indexByName.set(backends.name(i), i)
    this.#pools.keep((key, { name }) => {
      const index = indexByName.get(name)
      return index !== undefined && key === JSON.stringify(poolSettings(generation, index))
    })
  }
}

/** What net.Server hands over, as far as it is used here. */
interface AcceptedHandle {
  close(): void
  setNoDelay(on: boolean): void
}

function poolSettings(generation: Generation, backend: number): PoolSettings {
  const { backends } = generation.bundle
  return {
    name: backends.name(backend),
    endpoints: backends.endpoints(backend).map(({ host, port, authority, pathPrefix }) => ({ host, port, authority, pathPrefix })),
    sourceAddress: backends.sourceAddress(backend),
    connectTimeoutMs: backends.connectTimeoutMs(backend),
    responseTimeoutMs: backends.responseTimeoutMs(backend),
    idleTimeoutMs: backends.idleTimeoutMs(backend),
    maxConnections: backends.maxConnections(backend),
    maxPending: backends.maxPending(backend),
    pendingTimeoutMs: backends.pendingTimeoutMs(backend),
    poolIdleMs: backends.poolIdleMs(backend),
  }
}
