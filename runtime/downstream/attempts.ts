/**
 * Getting an exchange to its backend: a stream to send it on, and another one where sending it again is asked for and safe (RFC 9110 §9.2.2;
 * F29). Never after a byte of the response went to the client, never more than the backend's budget allows, and each time at another member
 * if there is one. And the times that all of it, and one attempt, may take.
 */
import type { LiveExchange } from '../exchange.ts'
import { grpcTimeoutMs, isGrpc } from '../grpc.ts'
import { IDEMPOTENT } from '../http1/methods.ts'
import type { ExchangeTraffic } from '../traffic/exchange-traffic.ts'
import { UPSTREAM_FAILURES, type UpstreamFailure } from '../upstream/failure.ts'
import type { Member } from '../upstream/member.ts'
import type { Attempt, RequestFate, StreamClient, StreamSource, UpstreamBackend, UpstreamStream } from '../upstream/stream.ts'
import { ExchangeTimer, type ExchangeTimerOwner } from './exchange-timer.ts'
import type { Flow } from './flow.ts'
import { RetryRules, retryRules } from './retry-rules.ts'

const NO_RETRIES = new RetryRules({ attempts: 0, on: [], statuses: [], perTryMs: 0, budgetPercent: 0, backoffBaseMs: 0, backoffMaxMs: 0 })

/** Is its own `Attempt`, so that asking for a stream allocates nothing. */
export class Attempts implements StreamClient, Attempt, ExchangeTimerOwner {
  ticket = -1
  hash: number | undefined = undefined
  readonly tried: Member[] = []
  /** Has the attempt under way, and is entered in `tried` only if there is another one: most exchanges need no list. */
  #member: Member | undefined = undefined
  isFresh = false
  needsHttp1 = false
  /** On which the request is under way. */
  stream: UpstreamStream | undefined = undefined
  /** What the route says about its traffic; `undefined` where it says nothing. */
  traffic: ExchangeTraffic | undefined = undefined
  readonly #flow: Flow
  #backend: UpstreamBackend | undefined = undefined
  /** The backend, or the cache in front of it. */
  #source: StreamSource | undefined = undefined
  #rules: RetryRules = NO_RETRIES
  /** Further attempts that were made. */
  #repeats = 0
  /** One retry of the backend's budget is ours, until the exchange ends. */
  #hasBudget = false
  #isWaiting = false
  /** Until the next attempt. */
  #backoff: NodeJS.Timeout | undefined = undefined
  #timer: ExchangeTimer | undefined = undefined
  /** The time for all of it is what the caller has said (gRPC), and less than ours. */
  #isCallersTime = false

  constructor(flow: Flow) {
    this.#flow = flow
  }

  /** Policies let the request go on, to this backend. */
  start(backend: UpstreamBackend, traffic: ExchangeTraffic | undefined): void {
    const { exchange } = this.#flow
    const { settings } = backend
    this.#backend = backend
    this.#source = traffic === undefined ? backend : traffic.source
    this.traffic = traffic
    backend.requestStarted()
    this.hash = backend.hashOf(exchange)
    this.isFresh = false
    // Nobody has taught HTTP/2 backends to be asked by RFC 8441.
    if (settings.protocol === 'http2') exchange.isWebSocket = false
    this.needsHttp1 = exchange.isWebSocket
    this.#repeats = 0
    const retry = traffic?.route.retry ?? settings.retry
    if (retry !== this.#rules.plan) this.#rules = retryRules(retry)
    const configuredMs = traffic?.route.totalTimeoutMs ?? settings.totalTimeoutMs
    const totalMs = totalTimeoutMs(exchange, configuredMs)
    this.#isCallersTime = totalMs !== configuredMs
    if (totalMs > 0) this.#startTimer(totalMs)
    this.#acquire()
  }

  /** Whether nobody has come yet for the request, because the backend has no connection to spare. */
  get isQueued(): boolean {
    return this.#isWaiting
  }

  /** It has waited too long. */
  giveUpWaiting(): void {
    this.#source?.cancel(this)
    this.onUpstreamUnavailable('pool-timeout')
  }

  onUpstreamReady(stream: UpstreamStream): void {
    const flow = this.#flow
    const { exchange, client } = flow
    this.#isWaiting = false
    this.stream = stream
    this.#member = stream.member
    if (this.traffic !== undefined && !this.isStored && !flow.request.isMirrored) flow.request.mirror(this.traffic)
    try {
      stream.begin(flow.response, exchange, preservesHost(exchange), client.origin, client.context.gateway)
    } catch (error) {
      flow.response.policyThrew(error)
      return
    }
    flow.request.forwardTo(stream)
  }

  onUpstreamUnavailable(failure: UpstreamFailure, member?: Member): void {
    if (!this.#isWaiting) return
    this.#isWaiting = false
    if (member !== undefined) this.tried.push(member)
    else if (failure === 'pool-timeout' || failure === 'pool-exhausted') this.#withdraw()
    if (this.#rules.hasFailure(failure) && this.#mayRepeat('unseen')) this.#repeat()
    else this.#giveUp(failure)
  }

  /** It may have been called back already. The connect timeout is the connection's; here only the queue's counts. */
  onQueued(): void {
    if (this.#isWaiting && this.ticket >= 0) this.#flow.client.setDeadline(this.#backend?.settings.pendingTimeoutMs ?? 0)
  }

  /** Whether the body that goes to `stream` has to be kept for another attempt. */
  keepsBody(stream: UpstreamStream): boolean {
    return this.#rules.mayRepeatBody(this.#isIdempotent, stream.protocol === 'http1')
  }

  /** The request is with the backend: an attempt's time counts from here, unless the response has begun already. */
  requestSent(): void {
    if (this.#rules.perTryMs === 0 || this.stream === undefined || this.#flow.response.hasHead) return
    this.#exchangeTimer().setTry(this.#rules.perTryMs)
  }

  /** A final head has come. True: it is not for the client, because the request is sent again. */
  answered(status: number): boolean {
    if (this.#rules.attempts === 0 || this.isStored) return false
    this.#timer?.clearTry()
    if (status < 400 || !this.#rules.hasStatus(status) || !this.#mayRepeat('maybe-processed')) return false
    this.#abandon(false)
    this.#repeat()
    return true
  }

  /** The response under way is one of the cache's. */
  get isStored(): boolean {
    return this.stream !== undefined && this.stream.member.endpointIndex < 0
  }

  /** The backend has failed, and nobody is asked any more. True: the client gets what the cache has instead. */
  rescued(status: number): boolean {
    const stored = this.isStored ? undefined : this.traffic?.session?.rescue(status)
    if (stored === undefined) return false
    if (this.stream !== undefined) this.#abandon(false)
    this.#flow.client.clearDeadline()
    this.stream = stored
    stored.begin(this.#flow.response)
    stored.endRequest()
    return true
  }

  /** The request was sent, and there will be no response to it. */
  onFailed(failure: UpstreamFailure, fate: RequestFate): void {
    this.stream = undefined
    this.#timer?.clearTry()
    if (this.#wasStale(failure, fate)) {
      this.isFresh = true
      this.#again()
    } else if ((fate === 'unseen' || this.#rules.hasFailure(failure)) && this.#mayRepeat(fate)) this.#repeat()
    else this.#giveUp(failure)
  }

  onTryTimeout(): void {
    this.#abandon(true)
    if (this.#rules.hasFailure('upstream-response-timeout') && this.#mayRepeat('maybe-processed')) this.#repeat()
    else this.#giveUp('upstream-response-timeout')
  }

  onTotalTimeout(): void {
    const { client, response } = this.#flow
    // Who waits for a slow client, or sends for long to one that wants it all, is not to blame; nor is who was given no time by the caller.
    this.drop(client.body.isRead && !response.hasHead && !this.#isCallersTime)
    if (response.hasHead) response.cutShort('upstream-total-timeout')
    else this.#giveUp('upstream-total-timeout')
  }

  /** From now on it is the tunnel that watches the time. */
  tunnelOpened(): void {
    this.#timer?.clear()
  }

  /** The response is complete. */
  finished(): void {
    this.stream = undefined
  }

  /** Nobody wants a response any more. `isFailure`: it is the backend's fault. */
  drop(isFailure = false): void {
    if (!isFailure) this.#noteWithdrawn()
    if (this.stream !== undefined) this.#abandon(isFailure)
    else if (this.#isWaiting) this.#source?.cancel(this)
    this.#isWaiting = false
    if (this.#backoff !== undefined) this.#endBackoff()
  }

  /** The exchange has ended. */
  end(): void {
    const backend = this.#backend
    if (backend === undefined) return
    this.#backend = undefined
    this.#source = undefined
    this.#member = undefined
    if (this.traffic !== undefined) {
      this.traffic.session?.end()
      this.traffic = undefined
    }
    this.#timer?.clear()
    if (this.tried.length > 0) this.tried.length = 0
    if (this.#hasBudget) {
      this.#hasBudget = false
      backend.retryEnded()
    }
    backend.requestEnded()
  }

  #acquire(): void {
    this.#isWaiting = true
    this.#source?.acquire(this, this)
    this.onQueued()
  }

  #abandon(isFailure: boolean): void {
    const { stream } = this
    this.stream = undefined
    stream?.abandon(isFailure)
  }

  /** Nobody has answered, and nobody has failed. Who waits for what the cache gets has not come to the backend. */
  #noteWithdrawn(): void {
    const hasAsked = this.stream === undefined ? this.#isWaiting && this.traffic?.session === undefined : !this.isStored
    if (hasAsked && !this.#flow.response.hasHead) this.#withdraw()
  }

  #withdraw(): void {
    const { exchange, client } = this.#flow
    this.#backend?.attemptWithdrawn?.(Math.max(0, client.context.deadlines.tickMs - exchange.startedMs))
  }

  /** RFC 9110 §9.2.2 and 9112 §9.3.1: the connection was closed just when we began to use it. Once, whatever `retry` says. */
  #wasStale(failure: UpstreamFailure, fate: RequestFate): boolean {
    const { head } = this.#flow.exchange
    if (failure !== 'upstream-closed' || this.isFresh || head.hasBody) return false
    // RFC 9113 §6.8: an HTTP/2 connection that was being closed says itself which requests it has not seen.
    return fate === 'unseen' || (fate === 'maybe-stale' && this.#isIdempotent)
  }

  get #isIdempotent(): boolean {
    return IDEMPOTENT[this.#flow.exchange.head.methodId] === true
  }

  /** Everything but the reason: whether the request can be sent again, and its turn has come. Takes from the budget. */
  #mayRepeat(fate: RequestFate): boolean {
    if (this.#repeats >= this.#rules.attempts) return false
    if (fate !== 'unseen' && !this.#isIdempotent) return false
    if (!this.#flow.request.isRepeatable) return false
    if (!this.#hasBudget) this.#hasBudget = this.#backend?.mayRetry(this.#rules.plan.budgetPercent) === true
    return this.#hasBudget
  }

  #repeat(): void {
    this.#repeats += 1
    this.#flow.request.hold()
    // A retry is rare: it may have a timer of its own, finer than the worker's tick.
    this.#backoff = setTimeout(
      () => {
        this.#backoff = undefined
        this.#again()
      },
      this.#rules.backoffMs(this.#repeats, Math.random()),
    )
  }

  #again(): void {
    if (this.#member !== undefined) {
      if (this.#rules.attempts > 0) this.tried.push(this.#member)
      this.#member = undefined
    }
    this.#flow.request.hold()
    this.#acquire()
  }

  #endBackoff(): void {
    clearTimeout(this.#backoff)
    this.#backoff = undefined
  }

  #giveUp(failure: UpstreamFailure): void {
    if (this.rescued(0)) return
    this.#flow.exchange.errorCode = failure
    this.#flow.response.reply(this.#backend?.replyFor(failure) ?? UPSTREAM_FAILURES[failure])
  }

  #exchangeTimer(): ExchangeTimer {
    this.#timer ??= new ExchangeTimer(this.#flow.client.context.deadlines, this)
    return this.#timer
  }

  /** All of the time counts from the head of the request, as policies may have thought for a while. */
  #startTimer(totalMs: number): void {
    const { exchange, client } = this.#flow
    const elapsedMs = Math.max(0, client.context.deadlines.tickMs - exchange.startedMs)
    this.#exchangeTimer().setTotal(Math.max(0, totalMs - elapsedMs))
  }
}

function preservesHost({ generation, routeIndex }: LiveExchange): boolean {
  return generation.bundle.routes.preserveHost(routeIndex)
}

/** 0: no limit. A gRPC caller's own deadline may lower what was configured. */
function totalTimeoutMs({ head }: LiveExchange, configuredMs: number): number {
  const callersMs = isGrpc(head) ? grpcTimeoutMs(head) : 0
  if (callersMs === 0) return configuredMs
  return configuredMs === 0 ? callersMs : Math.min(configuredMs, callersMs)
}
