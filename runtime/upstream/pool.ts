/**
 * Keep-alive connections of one worker to one backend: who may have one, who has to wait, and what is kept for the next.
 * A request takes an idle connection at once; else one is opened; when there are `maxConnections`, it waits in a bounded queue.
 */
import assert from 'node:assert'
import type { Deadlines } from '../data-path-deadlines.ts'
import { UpstreamConnection } from './connection.ts'
import type { UpstreamFailure } from './failure.ts'

export interface PoolEndpoint {
  readonly host: string
  readonly port: number
  readonly authority: string
  readonly pathPrefix: string
}

/** All that makes two backends the same for a pool. Times in ms. */
export interface PoolSettings {
  readonly name: string
  readonly endpoints: readonly PoolEndpoint[]
  /** Empty: the system chooses. */
  readonly sourceAddress: string
  readonly connectTimeoutMs: number
  readonly responseTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly maxConnections: number
  readonly maxPending: number
  readonly pendingTimeoutMs: number
  readonly poolIdleMs: number
}

/** Who wants a connection. One of the two is called, once, at once or later; neither after `cancel`. */
export interface PoolClient {
  /** Place in the queue of a pool, kept by the pool; -1 while it does not wait. */
  poolTicket: number
  onUpstreamReady(connection: UpstreamConnection): void
  onUpstreamUnavailable(failure: UpstreamFailure): void
}

export class Pool {
  readonly settings: PoolSettings
  readonly deadlines: Deadlines
  /** Open or opening. */
  connectionCount = 0
  /** Last used last: the one taken next is the one least likely to have been closed by the other end. One list per endpoint. */
  readonly #idle: UpstreamConnection[][]
  /** Who waits, by ticket, in order; a Map keeps insertion order and forgets in constant time. */
  readonly #pending = new Map<number, PoolClient>()
  #nextTicket = 0
  #turn = 0
  #isRetired = false

  constructor(settings: PoolSettings, deadlines: Deadlines) {
    assert(settings.endpoints.length > 0 && settings.maxConnections > 0)
    this.settings = settings
    this.deadlines = deadlines
    this.#idle = settings.endpoints.map(() => [])
  }

  get pendingCount(): number {
    return this.#pending.size
  }

  get idleCount(): number {
    let count = 0
    for (const list of this.#idle) count += list.length
    return count
  }

  /** A connection for `client`, now or later. `fresh`: not one that has been used before, for the second try after a stale one. */
  acquire(client: PoolClient, fresh = false): void {
    if (!fresh) {
      const idle = this.#takeIdle()
      if (idle !== undefined) {
        client.onUpstreamReady(idle)
        return
      }
    }
    if (this.connectionCount < this.settings.maxConnections) {
      this.#open(client)
      return
    }
    if (fresh && this.#evictIdle()) {
      this.#open(client)
      return
    }
    if (this.#pending.size >= this.settings.maxPending) {
      client.onUpstreamUnavailable('pool-exhausted')
      return
    }
    client.poolTicket = this.#nextTicket++
    this.#pending.set(client.poolTicket, client)
  }

  /** `client` does not want to wait any longer. */
  cancel(client: PoolClient): void {
    if (client.poolTicket < 0) return
    this.#pending.delete(client.poolTicket)
    client.poolTicket = -1
  }

  /** `connection` may serve another request: whoever waits longest gets it, else it is kept. */
  release(connection: UpstreamConnection): void {
    const next = this.#nextPending()
    if (next !== undefined) next.onUpstreamReady(connection)
    else if (this.#isRetired) connection.destroy()
    else {
      connection.rest()
      this.#idleOf(connection).push(connection)
    }
  }

  /** `connection` is gone; whoever waits longest gets a new one. */
  removed(connection: UpstreamConnection): void {
    const list = this.#idleOf(connection)
    const at = list.lastIndexOf(connection)
    if (at >= 0) list.splice(at, 1)
    this.connectionCount -= 1
    assert(this.connectionCount >= 0)
    if (this.connectionCount < this.settings.maxConnections) {
      const next = this.#nextPending()
      if (next !== undefined) this.#open(next)
    }
  }

  /** No generation in use has this backend any more: nothing idle is kept, what is in use ends when it is done. */
  retire(): void {
    this.#isRetired = true
    this.closeIdle()
  }

  closeIdle(): void {
    for (const list of this.#idle) for (const connection of list.slice()) connection.destroy()
  }

  #open(client: PoolClient): void {
    const endpoint = this.#turn
    this.#turn = (this.#turn + 1) % this.settings.endpoints.length
    this.connectionCount += 1
    UpstreamConnection.open(this, endpoint, client)
  }

  /** From the endpoint whose turn it is, or from any other before a new connection has to be made. */
  #takeIdle(): UpstreamConnection | undefined {
    const count = this.#idle.length
    if (count === 1) return (this.#idle[0] as UpstreamConnection[]).pop()
    const turn = this.#turn
    const own = (this.#idle[turn] as UpstreamConnection[]).pop()
    if (own !== undefined) {
      this.#turn = (turn + 1) % count
      return own
    }
    if (this.connectionCount < this.settings.maxConnections) return undefined
    for (let i = 1; i < count; i++) {
      const other = (this.#idle[(turn + i) % count] as UpstreamConnection[]).pop()
      if (other !== undefined) return other
    }
    return undefined
  }

  #evictIdle(): boolean {
    for (const list of this.#idle) {
      const oldest = list[0]
      if (oldest === undefined) continue
      oldest.destroy()
      return true
    }
    return false
  }

  #nextPending(): PoolClient | undefined {
    for (const [ticket, client] of this.#pending) {
      this.#pending.delete(ticket)
      client.poolTicket = -1
      return client
    }
    return undefined
  }

  #idleOf(connection: UpstreamConnection): UpstreamConnection[] {
    return this.#idle[connection.endpointIndex] as UpstreamConnection[]
  }
}

/** Pools of a worker by what they are for, so that a swap of generations keeps connections of backends that did not change. */
export class Pools {
  readonly #deadlines: Deadlines
  readonly #byKey = new Map<string, Pool>()

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines
  }

  get(settings: PoolSettings): Pool {
    const key = JSON.stringify(settings)
    let pool = this.#byKey.get(key)
    if (pool === undefined) {
      pool = new Pool(settings, this.#deadlines)
      this.#byKey.set(key, pool)
    }
    return pool
  }

  /** Closes what idles in pools that `isWanted` does not want, and forgets them: who still uses one has it in hand. */
  keep(isWanted: (key: string, settings: PoolSettings) => boolean): void {
    for (const [key, pool] of this.#byKey) {
      if (isWanted(key, pool.settings)) continue
      pool.retire()
      this.#byKey.delete(key)
    }
  }

  closeIdle(): void {
    for (const pool of this.#byKey.values()) pool.closeIdle()
  }

  get connectionCount(): number {
    let count = 0
    for (const pool of this.#byKey.values()) count += pool.connectionCount
    return count
  }
}
