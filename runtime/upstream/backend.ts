/**
 * A backend as one worker has it: asks whether requests may be sent to it at all, chooses a member for each, finds a connection to that, and judges by what comes of
 * it. Connections, queue and the counts that balancing goes by are this worker's; health, breaker and retry budget are the whole process's.
 */
import { type LocalReply, localReply } from '../../policies/contract.ts'
import type { Deadlines } from '../data-path-deadlines.ts'
import type { LiveExchange } from '../exchange.ts'
import type { BackendMember } from './backend-member.ts'
import type { BackendSettings } from './backend-settings.ts'
import { RequestHash } from './balance/request-hash.ts'
import { Breaker } from './breaker.ts'
import { Connections } from './connections.ts'
import { UPSTREAM_FAILURES, type UpstreamFailure } from './failure.ts'
import type { Member } from './member.ts'
import { MemberSet } from './member-set.ts'
import type { MemberEntry } from './members.ts'
import { openCarrier } from './open-carrier.ts'
import { RetryBudget } from './retry-budget.ts'
import { BACKEND_WORDS, type Cell, ownCell, SEAT, SEAT_WORDS, sharedNowMs, type UpstreamCells } from './shared-cells.ts'
import type { Attempt, StreamClient, UpstreamBackend } from './stream.ts'

/** State that is shared, and where; without it the backend is alone in the world. */
export interface BackendPlace {
  readonly cells: UpstreamCells
  readonly slot: number
  readonly seat: number
}

/** What has to be looked at before a request, or after it; 0 for a plain backend. */
const HEALTH = 1
const BREAKER = 2
const INCOMPLETE = 4

export class Backend extends Connections implements UpstreamBackend {
  readonly breaker: Breaker | undefined
  readonly #budget: RetryBudget
  readonly #features: number
  readonly #hash: RequestHash | undefined

  /** `open` is for tests. */
  constructor(
    settings: BackendSettings,
    deadlines: Deadlines,
    members: readonly MemberEntry[],
    place?: BackendPlace,
    open: typeof openCarrier = openCarrier,
  ) {
    const { breaker, balance, tls } = settings
    const cell = place?.cells.backend(place.slot) ?? ownCell(BACKEND_WORDS)
    const seats = place?.cells.seatsOf(place.slot) ?? [ownCell(SEAT_WORDS)]
    const seat = (seats[place?.seat ?? 0] ?? seats[0]) as Cell
    const memberSet = new MemberSet(settings, deadlines, place?.cells, cell)
    super(settings, deadlines, memberSet, seat, open)
    this.#budget = new RetryBudget(seats, seat)
    this.breaker = breaker === undefined ? undefined : new Breaker(breaker, cell)
    this.#hash = balance.kind === 'consistent-hash' ? new RequestHash(balance) : undefined
    this.#features =
      (memberSet.isWatched ? HEALTH : 0) | (breaker === undefined ? 0 : BREAKER) | (tls.isIncomplete === true ? INCOMPLETE : 0)
    this.setMembers(members)
  }

  /** Its members are these from now on. Who was one before keeps connections and state; whose address is gone gets no request any more. */
  setMembers(entries: readonly MemberEntry[]): void {
    this.dismiss(this.memberSet.set(entries))
  }

  acquire(client: StreamClient, attempt: Attempt): void {
    if (this.#features !== 0) {
      const refusal = this.#look()
      if (refusal !== undefined) {
        client.onUpstreamUnavailable(refusal)
        return
      }
    }
    const member = this.memberSet.pick(attempt)
    if (member === undefined) {
      client.onUpstreamUnavailable('no-healthy-endpoint')
      return
    }
    if (!attempt.isFresh) {
      const carrier = member.idle.pop()
      if (carrier !== undefined) {
        member.busy += 1
        client.onUpstreamReady(carrier.take())
        return
      }
    }
    this.find(member, client, attempt)
  }

  hashOf(exchange: LiveExchange): number | undefined {
    return this.#hash?.of(exchange)
  }

  requestStarted(): void {
    this.count(SEAT.activeRequests, 1)
  }

  requestEnded(): void {
    this.count(SEAT.activeRequests, -1)
  }

  attemptWithdrawn(tookMs: number): void {
    if (this.breaker !== undefined && !this.breaker.isClosed) this.breaker.withdrawn(sharedNowMs(), tookMs)
  }

  mayRetry(budgetPercent: number): boolean {
    return this.#budget.tryBegin(budgetPercent)
  }

  retryEnded(): void {
    this.#budget.end()
  }

  replyFor(failure: UpstreamFailure): LocalReply {
    const reply = UPSTREAM_FAILURES[failure]
    if (failure !== 'circuit-open' || this.breaker === undefined) return reply
    return localReply(reply.status, reply.code, reply.detail, [['retry-after', String(this.breaker.retryAfterSeconds(sharedNowMs()))]])
  }

  /** As Envoy counts: every 5xx is the member's failure, whoever has written it; below that it is an answer. */
  onMemberAnswered(member: Member, status: number, afterMs: number): void {
    if (this.#features === 0) return
    const { outlier } = member as BackendMember
    if (status >= 500) this.#failed(member as BackendMember, sharedNowMs(), afterMs)
    else if (this.breaker !== undefined || outlier?.needsTime === true) {
      const now = sharedNowMs()
      this.breaker?.succeeded(now, afterMs)
      outlier?.succeeded(now)
    } else outlier?.succeeded(0)
  }

  onMemberFailed(member: Member, failure: UpstreamFailure): void {
    if (this.#features === 0) return
    const { responseTimeoutMs } = this.settings
    this.#failed(member as BackendMember, sharedNowMs(), failure === 'upstream-response-timeout' ? responseTimeoutMs : 0)
  }

  /** No generation in use has this backend any more: nothing idle is kept, what is in use ends when it is done. */
  retire(): void {
    this.isRetired = true
    this.memberSet.close()
    this.closeIdle()
  }

  /** What speaks against a request now. */
  #look(): UpstreamFailure | undefined {
    if ((this.#features & INCOMPLETE) !== 0) return 'secret-unresolved'
    this.memberSet.look()
    if (this.breaker === undefined || this.breaker.isClosed || this.breaker.allows(sharedNowMs())) return undefined
    this.count(SEAT.circuitRefused, 1)
    return 'circuit-open'
  }

  #failed(member: BackendMember, nowMs: number, tookMs: number): void {
    this.breaker?.failed(nowMs, tookMs)
    this.memberSet.failed(member, nowMs)
  }
}
