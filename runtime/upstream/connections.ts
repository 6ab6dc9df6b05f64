/**
 * Connections of one worker to the members of a backend: who gets one, who has to wait, and what is kept for the next. A request takes one that rests at once;
 * else one is opened; when there are `maxConnections`, it waits in a bounded queue, whoever came first is served first.
 */
import assert from 'node:assert'
import type { Deadlines } from '../data-path-deadlines.ts'
import type { BackendMember, Waiter } from './backend-member.ts'
import type { BackendSettings } from './backend-settings.ts'
import type { Carrier, CarrierOwner } from './carrier.ts'
import type { UpstreamFailure } from './failure.ts'
import type { Member } from './member.ts'
import type { MemberSet } from './member-set.ts'
import type { openCarrier } from './open-carrier.ts'
import { type Cell, SEAT } from './shared-cells.ts'
import type { Attempt, StreamClient } from './stream.ts'

/** Members at which a connection is tried for one attempt. */
export const MAX_CONNECT_TRIES = 3
/** Streams that are expected of an HTTP/2 connection while it is being opened. */
const EXPECTED_STREAMS = 100

interface Pending {
  readonly client: StreamClient
  readonly attempt: Attempt
}

/** `reason` is for the log: what a client may know is the failure's code. */
export type ConnectReport = (backend: string, address: string, failure: UpstreamFailure, reason: string) => void

export abstract class Connections implements CarrierOwner {
  readonly settings: BackendSettings
  readonly deadlines: Deadlines
  /** Open or opening. */
  connectionCount = 0
  /** Hears of connections that could not be made. */
  report: ConnectReport | undefined = undefined
  protected readonly memberSet: MemberSet
  /** Of this worker and this backend: nobody else writes it. */
  protected readonly seat: Cell
  protected isRetired = false
  readonly #open: typeof openCarrier
  /** Who waits in the queue, by ticket, in order; a Map keeps insertion order and forgets in constant time. */
  readonly #pending = new Map<number, Pending>()
  readonly #waiters = new Map<StreamClient, Waiter>()
  /** Members where some wait for whom no connection could be opened yet. */
  readonly #starving = new Set<BackendMember>()
  #nextTicket = 0
  /** A key stays with its member, so that no other one will do. */
  readonly #isSticky: boolean

  constructor(settings: BackendSettings, deadlines: Deadlines, memberSet: MemberSet, seat: Cell, open: typeof openCarrier) {
    assert(settings.endpoints.length > 0 && settings.maxConnections > 0)
    this.settings = settings
    this.deadlines = deadlines
    this.memberSet = memberSet
    this.seat = seat
    this.#open = open
    this.#isSticky = settings.balance.kind === 'consistent-hash'
  }

  abstract onMemberAnswered(member: Member, status: number, afterMs: number): void

  abstract onMemberFailed(member: Member, failure: UpstreamFailure): void

  get members(): readonly BackendMember[] {
    return this.memberSet.all
  }

  get pendingCount(): number {
    return this.#pending.size
  }

  get idleCount(): number {
    return this.members.reduce((count, { idle }) => count + idle.length, 0)
  }

  cancel(client: StreamClient): void {
    if (client.ticket >= 0) {
      this.#pending.delete(client.ticket)
      client.ticket = -1
      this.count(SEAT.pending, -1)
      return
    }
    const waiter = this.#waiters.get(client)
    // The connection is opened all the same, for the next.
    if (waiter !== undefined) this.#forget(waiter)
  }

  onCarrierOpen(carrier: Carrier): void {
    const member = carrier.member as BackendMember
    const mayBeHttp1Only = member.openingHttp1 > 0
    this.#openingEnded(member, carrier.protocol === 'http1')
    if (carrier.protocol === 'http2') {
      member.protocol = 'http2'
      member.sessions.push(carrier)
      this.#offerSession(member, carrier)
    } else {
      if (!mayBeHttp1Only) member.protocol = 'http1'
      member.busy += 1
      this.#offer(member, carrier)
    }
    // More may be needed than was known before it said what it speaks, or less.
    this.#openForWaiting(member)
    this.#openForPending()
  }

  onCarrierFailed(failed: Member, failure: UpstreamFailure, reason = ''): void {
    const member = failed as BackendMember
    this.report?.(this.settings.name, `${member.address}:${member.port}`, failure, reason)
    // That a member speaks HTTP/2 only is no failure of it, or clients could have members ejected by asking for upgrades.
    const isBlamed = member.openingHttp1 === 0
    this.#openingEnded(member, false)
    this.#connectionEnded()
    if (isBlamed) this.onMemberFailed(failed, failure)
    // All that wait for the one connection whose protocol is not known, or that was to carry them all, have waited for it.
    const failedWith = member.opening === 0 ? member.waiting.slice() : member.waiting.slice(0, 1)
    for (const waiter of failedWith) this.#goElsewhere(waiter, failure)
    this.#openForPending()
  }

  onCarrierFree(carrier: Carrier): void {
    const member = carrier.member as BackendMember
    if (carrier.protocol === 'http2') this.#offerSession(member, carrier)
    else this.#offer(member, carrier)
  }

  onCarrierClosed(carrier: Carrier): void {
    const member = carrier.member as BackendMember
    if (carrier.protocol === 'http2') {
      const at = member.sessions.indexOf(carrier)
      if (at >= 0) member.sessions.splice(at, 1)
    } else {
      const at = member.idle.lastIndexOf(carrier)
      if (at >= 0) member.idle.splice(at, 1)
      else member.busy -= 1
      assert(member.busy >= 0)
    }
    this.#connectionEnded()
    this.#openForPending()
  }

  closeIdle(): void {
    for (const member of this.members) this.#closeIdleOf(member)
  }

  /** They are members no longer: what rests there is closed, what is in use ends when it is done, and who waits there goes elsewhere. */
  protected dismiss(members: readonly BackendMember[]): void {
    for (const gone of members) {
      this.#starving.delete(gone)
      this.#closeIdleOf(gone)
      for (const session of gone.sessions.slice()) session.drain()
      for (const waiter of gone.waiting.slice()) this.#goElsewhere(waiter, 'upstream-connect-failed')
    }
  }

  /** A connection to `member` for a client that could not be given one at once. */
  protected find(member: BackendMember, client: StreamClient, attempt: Attempt): void {
    const { needsHttp1 } = attempt
    if (needsHttp1 && this.settings.protocol === 'http2') {
      client.onUpstreamUnavailable('upstream-protocol-mismatch')
      return
    }
    const session = needsHttp1 || member.sessions.length === 0 ? undefined : member.sessionWithRoom(attempt.isFresh)
    if (session !== undefined) {
      client.onUpstreamReady(session.take())
      return
    }
    if (this.#hasRoom(member, needsHttp1)) {
      this.#waitAt(member, client, attempt, [])
      return
    }
    // All connections are there. Where any member will do, one that rests elsewhere is as good; else it makes room for a new one.
    if (!attempt.isFresh && !this.#isSticky && this.#giveFromElsewhere(client, needsHttp1)) return
    if (this.#pending.size === 0 && this.#starving.size === 0 && this.#evictIdle()) {
      this.#waitAt(member, client, attempt, [])
      return
    }
    if (this.#pending.size >= this.settings.maxPending) {
      this.count(SEAT.poolRefused, 1)
      client.onUpstreamUnavailable('pool-exhausted')
      return
    }
    client.ticket = this.#nextTicket++
    this.#pending.set(client.ticket, { client, attempt })
    this.count(SEAT.pending, 1)
  }

  /** Whether one more may wait at `member` for a connection that is being opened or can be. */
  #hasRoom(member: BackendMember, needsHttp1: boolean): boolean {
    const left = this.settings.maxConnections - this.connectionCount
    if (needsHttp1) return left > 0
    if (member.isMultiplexed(this.settings)) return left > 0 || member.waiting.length < member.opening * EXPECTED_STREAMS
    // Should it turn out to be HTTP/1.1, each of them needs one.
    if (member.isUnknown(this.settings)) return member.waiting.length < member.opening + left
    return left > 0
  }

  #waitAt(member: BackendMember, client: StreamClient, attempt: Attempt, refusedBy: BackendMember[]): void {
    // Where nothing else is spoken anyway, any connection will do.
    const needsHttp1 = attempt.needsHttp1 && member.mayShare(this.settings)
    const waiter = { member, client, attempt, refusedBy, needsHttp1 }
    member.waiting.push(waiter)
    if (needsHttp1) member.waitingHttp1 += 1
    this.#waiters.set(client, waiter)
    this.#openForWaiting(member)
  }

  /** It does not wait any longer. */
  #forget(waiter: Waiter): void {
    const { member } = waiter
    this.#waiters.delete(waiter.client)
    member.waiting.splice(member.waiting.indexOf(waiter), 1)
    if (waiter.needsHttp1) member.waitingHttp1 -= 1
  }

  /** As many connections as those who wait need, and no more than there may be. */
  #openForWaiting(member: BackendMember): void {
    for (;;) {
      const missesHttp1 = member.waitingHttp1 > member.openingHttp1
      const isMissing = this.#connectionsFor(member.waiting.length - member.waitingHttp1, member) > member.opening - member.openingHttp1
      if (!isMissing && !missesHttp1) {
        this.#starving.delete(member)
        return
      }
      if (this.connectionCount >= this.settings.maxConnections) {
        // One that closes makes room for whoever waits longest, which may be somebody else.
        if (this.#evictIdle()) continue
        this.#starving.add(member)
        return
      }
      this.connectionCount += 1
      this.count(SEAT.connections, 1)
      member.opening += 1
      if (!isMissing) member.openingHttp1 += 1
      this.#open(this, member, { http1Only: !isMissing })
    }
  }

  /** How many connections so many requests need. */
  #connectionsFor(requests: number, member: BackendMember): number {
    const isShared = member.isMultiplexed(this.settings) || member.isUnknown(this.settings)
    return isShared ? Math.ceil(requests / EXPECTED_STREAMS) : requests
  }

  #openingEnded(member: BackendMember, isHttp1: boolean): void {
    member.opening -= 1
    // Which one it was is not said; what counts is how many there are.
    if (member.openingHttp1 > 0 && (isHttp1 || member.openingHttp1 > member.opening)) member.openingHttp1 -= 1
  }

  #connectionEnded(): void {
    this.connectionCount -= 1
    this.count(SEAT.connections, -1)
    assert(this.connectionCount >= 0)
  }

  /** No connection could be made to its member: to another one, if there is one that has not refused it too. */
  #goElsewhere(waiter: Waiter, failure: UpstreamFailure): void {
    const { client, attempt, refusedBy, member } = waiter
    this.#forget(waiter)
    refusedBy.push(member)
    const other = refusedBy.length < MAX_CONNECT_TRIES ? this.memberSet.pickOther(attempt, refusedBy) : undefined
    if (other === undefined) {
      client.onUpstreamUnavailable(failure, member)
      return
    }
    const { needsHttp1 } = attempt
    if (!attempt.isFresh && this.#giveFrom(other, client, needsHttp1)) return
    if (!this.#hasRoom(other, needsHttp1)) {
      client.onUpstreamUnavailable(failure, member)
      return
    }
    this.#waitAt(other, client, attempt, refusedBy)
  }

  /** An HTTP/1.1 connection, counted as busy, has nothing to do: whoever waits longest gets it, else it is kept. */
  #offer(member: BackendMember, carrier: Carrier): void {
    const next = this.#nextFor(member, carrier)
    if (next !== undefined) next.onUpstreamReady(carrier.take())
    else if (this.#isUnwanted(member)) carrier.destroy()
    else {
      member.busy -= 1
      carrier.rest()
      member.idle.push(carrier)
    }
  }

  #offerSession(member: BackendMember, session: Carrier): void {
    while (session.capacity > 0) {
      const next = this.#nextFor(member, session)
      if (next === undefined) break
      next.onUpstreamReady(session.take())
    }
    if (session.active > 0) {
      if (member.index < 0 || this.isRetired) session.drain()
    } else if (session.capacity > 0) {
      // Without room or requests it is closed already, by what it has just been given to, or about to be.
      if (this.#isUnwanted(member)) session.destroy()
      else session.rest()
    }
  }

  /** Nobody is to be served by it any more, or only others can be while it stands in their way. */
  #isUnwanted(member: BackendMember): boolean {
    return (
      member.index < 0 ||
      this.isRetired ||
      (this.#pending.size + this.#starving.size > 0 && this.connectionCount >= this.settings.maxConnections)
    )
  }

  /** Who waits longest of those whom this connection may serve: first those for whom one to this member is being opened, then the queue. */
  #nextFor(member: BackendMember, carrier: Carrier): StreamClient | undefined {
    if (member.index < 0) return undefined
    for (const waiter of member.waiting) {
      if (!suits(carrier, waiter.attempt)) continue
      this.#forget(waiter)
      return waiter.client
    }
    if (this.#pending.size === 0 || member.share === 0) return undefined
    for (const [ticket, { client, attempt }] of this.#pending) {
      if (!suits(carrier, attempt)) continue
      // A key stays with its member.
      if (this.#isSticky && this.memberSet.pick(attempt) !== member) continue
      this.#unqueue(ticket, client)
      return client
    }
    return undefined
  }

  #unqueue(ticket: number, client: StreamClient): void {
    this.#pending.delete(ticket)
    client.ticket = -1
    this.count(SEAT.pending, -1)
  }

  /** There may be room for a connection: for those who wait at a member, then for the queue. */
  #openForPending(): void {
    for (const member of this.#starving) this.#openForWaiting(member)
    while (this.#pending.size > 0 && this.connectionCount < this.settings.maxConnections) {
      const [first] = this.#pending
      if (first === undefined) return
      const [ticket, { client, attempt }] = first
      const member = this.memberSet.pick(attempt)
      // What is left is for those who wait for a connection that may turn out not to be for all of them.
      if (member !== undefined && !this.#hasRoom(member, attempt.needsHttp1)) return
      this.#unqueue(ticket, client)
      if (member === undefined) client.onUpstreamUnavailable('no-healthy-endpoint')
      else this.#waitAt(member, client, attempt, [])
    }
  }

  #giveFrom(member: BackendMember, client: StreamClient, needsHttp1: boolean): boolean {
    const idle = member.idle.pop()
    if (idle !== undefined) {
      member.busy += 1
      client.onUpstreamReady(idle.take())
      return true
    }
    const session = needsHttp1 ? undefined : member.sessionWithRoom(false)
    if (session === undefined) return false
    client.onUpstreamReady(session.take())
    return true
  }

  #giveFromElsewhere(client: StreamClient, needsHttp1: boolean): boolean {
    for (const member of this.memberSet.usable) if (this.#giveFrom(member, client, needsHttp1)) return true
    return false
  }

  /** Closes one connection that nobody uses; of a member that gets no requests, if there is one, else of the one that has most of them. */
  #evictIdle(): boolean {
    let most: BackendMember | undefined
    let oldest: Carrier | undefined
    for (const member of this.members) {
      const candidate = member.idle[0] ?? member.sessions.find((session) => session.active === 0)
      if (candidate === undefined) continue
      if (member.share > 0 && most !== undefined && (most.share === 0 || most.idle.length >= member.idle.length)) continue
      most = member
      oldest = candidate
    }
    oldest?.destroy()
    return oldest !== undefined
  }

  #closeIdleOf({ idle, sessions }: BackendMember): void {
    for (const carrier of idle.slice()) carrier.destroy()
    for (const session of sessions.slice()) {
      if (session.active === 0) session.destroy()
      else if (this.isRetired) session.drain()
    }
  }

  protected count(word: number, change: number): void {
    const { words, at } = this.seat
    words[at + word] = (words[at + word] as number) + change
  }
}

function suits(carrier: Carrier, attempt: Attempt): boolean {
  return !(attempt.isFresh && carrier.isUsed) && !(attempt.needsHttp1 && carrier.protocol !== 'http1')
}
