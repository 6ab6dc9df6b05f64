/**
 * One exchange from its head to its end, in order: route, policies, backend, response. What it does with the request's body stands in
 * request-forwarding.ts, how it gets to a backend in attempts.ts, what the client gets in response-forwarding.ts. It knows both sides only
 * through `Client` and `UpstreamStream`, so it never knows what is spoken there. A client uses its flow again for the next exchange.
 */
import assert from 'node:assert'
import { type LocalReply, localReply, type Verdict } from '../../policies/contract.ts'
import { PENDING, POLICY_FAILED, POLICY_TIMEOUT, runRequestPolicies, type VerdictListener } from '../chain.ts'
import type { LiveExchange } from '../exchange.ts'
import { findRoute, readOrigin } from '../exchange-start.ts'
import type { Generation } from '../generation.ts'
import { HEAD_ID } from '../http1/methods.ts'
import { refusalReply } from '../http1/refusals.ts'
import { asksForWebSocket } from '../http1/websocket.ts'
import { OVERLOADED, REFUSES_REQUESTS } from '../load-shedding.ts'
import { ExchangeTraffic } from '../traffic/exchange-traffic.ts'
import type { RouteTraffic } from '../traffic/worker-traffic.ts'
import { Attempts } from './attempts.ts'
import type { Client } from './client.ts'
import { RequestForwarding } from './request-forwarding.ts'
import { ResponseForwarding } from './response-forwarding.ts'

const REQUEST_BODY_TIMEOUT = localReply(408, 'request-body-timeout', 'The body of the request did not arrive in time.')

export class Flow implements VerdictListener {
  readonly client: Client
  readonly request = new RequestForwarding(this)
  readonly attempts = new Attempts(this)
  readonly response = new ResponseForwarding(this)
  isActive = false
  exchange!: LiveExchange
  #generation: Generation | undefined
  #isPolicyPending = false

  constructor(client: Client) {
    this.client = client
  }

  /** A head has been read into `exchange.head`. */
  start(exchange: LiveExchange, generation: Generation): void {
    this.#begin(exchange, generation)
    const { context, origin } = this.client
    exchange.request.isUnderstood = true
    if (exchange.head.hasUpgrade) exchange.isWebSocket = this.client.tunnelEnd !== undefined && asksForWebSocket(exchange.head)
    readOrigin(exchange, origin)
    if (context.shedding >= REFUSES_REQUESTS) {
      context.telemetry.requestShed?.()
      this.response.reply(OVERLOADED)
      return
    }
    const reply = findRoute(exchange, context.router, context.gateway)
    if (reply !== undefined) {
      this.response.reply(reply)
      return
    }
    const verdict = runRequestPolicies(exchange, context.telemetry, this)
    if (verdict === PENDING) {
      this.#isPolicyPending = true
      this.client.setDeadline(context.limits.policyTimeoutMs)
    } else this.#decided(verdict)
  }

  /** A head was refused: there is no exchange to speak of, only a reply, and then the connection is closed. */
  refuse(exchange: LiveExchange, generation: Generation, reply: LocalReply): void {
    this.#begin(exchange, generation)
    this.client.mustClose = true
    this.response.reply(reply)
  }

  /** A policy that answered later. */
  onVerdict(exchange: LiveExchange, verdict: Verdict): void {
    if (exchange.isAbandoned) {
      // Held until now, because the policy might have looked at its route.
      exchange.generation.unpin()
      exchange.end()
      return
    }
    this.#isPolicyPending = false
    this.client.clearDeadline()
    this.#decided(verdict)
  }

  /** The client has taken what we had for it. */
  onClientDrain(): void {
    this.response.onClientDrain()
  }

  /** The client is gone, or has cut its request short. `status` stays what was sent. */
  abort(code: string): void {
    if (!this.isActive) return
    this.attempts.drop()
    this.response.abort()
    if (this.exchange.errorCode === '') this.exchange.errorCode = code
    this.end()
  }

  /** What the client was given time for has not come. */
  onDeadline(): void {
    if (this.#isPolicyPending) {
      this.#isPolicyPending = false
      this.exchange.isAbandoned = true
      this.client.mustClose = true
      this.response.reply(POLICY_TIMEOUT)
    } else if (this.attempts.isQueued) this.attempts.giveUpWaiting()
    else if (this.request.isAwaitingContinue) this.request.continueNow()
    else if (this.client.body.isRead) return
    else if (!this.response.hasHead) this.#refuseBody(REQUEST_BODY_TIMEOUT)
    else this.client.destroy('request-body-timeout')
  }

  /** The framing of the request's body is broken. */
  bodyRefused(code: string): void {
    this.#refuseBody(refusalReply(code))
  }

  /** The body of the request is longer than a policy allows. */
  bodyTooLarge(): void {
    const { request } = this.exchange
    assert(request.tooLargeReply !== undefined)
    this.exchange.refusedByAttachment = request.limitedBy
    this.#refuseBody(request.tooLargeReply)
  }

  /** The response is with the client, or nobody is left to get one. */
  end(): void {
    const { exchange } = this
    const { context } = this.client
    this.isActive = false
    this.attempts.end()
    this.request.end()
    if (exchange.head.methodId > HEAD_ID) context.traffic.cache.requestEnded(exchange)
    exchange.durationMs = context.deadlines.nowMs() - exchange.startedMs
    context.exchangeEnded(exchange)
    if (this.#isPolicyPending || exchange.isAbandoned) exchange.isAbandoned = true
    else {
      exchange.end()
      this.#generation?.unpin()
    }
    this.#isPolicyPending = false
    this.#generation = undefined
  }

  #begin(exchange: LiveExchange, generation: Generation): void {
    const { context, origin } = this.client
    generation.pin()
    this.#generation = generation
    this.exchange = exchange
    this.isActive = true
    this.request.begin()
    this.response.begin()
    exchange.begin(generation, origin.peer, context.deadlines.nowMs())
    context.telemetry.requestStarted()
  }

  #decided(verdict: Verdict): void {
    if (verdict !== undefined) {
      this.response.reply(verdict)
      return
    }
    const { exchange } = this
    const { head, request, generation } = exchange
    if (request.tooLargeReply !== undefined && head.contentLength > request.maxBodyBytes) {
      this.bodyTooLarge()
      return
    }
    const backend = generation.bundle.routes.backend(exchange.routeIndex)
    if (backend < 0) {
      // The compiler allows this only where a policy always answers.
      this.response.reply(POLICY_FAILED)
      return
    }
    const traffic = generation.bundle.routes.traffic(exchange.routeIndex)
    if (traffic < 0) this.attempts.start(this.client.context.backend(generation, backend), undefined)
    else this.#startWith(this.client.context.traffic.route(generation, traffic), backend)
  }

  #startWith(route: RouteTraffic, backend: number): void {
    const traffic = new ExchangeTraffic(route, backend, this.exchange, this.client)
    this.attempts.start(traffic.backend, traffic)
  }

  #refuseBody(reply: LocalReply): void {
    this.attempts.drop()
    this.client.mustClose = true
    this.response.replyOrCutShort(reply)
  }
}
