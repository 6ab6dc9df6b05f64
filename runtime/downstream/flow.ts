/**
 * One exchange from its head to its end: route, policies, backend, response. A connection has one flow and uses it again for the next
 * request. It knows both sides only through small interfaces: the connection does the reading, pausing and closing.
 */
import assert from 'node:assert'
import { METHODS } from '../../bundle/plan.ts'
import { type LocalReply, localReply, type Verdict } from '../../policies/contract.ts'
import { PENDING, POLICY_FAILED, POLICY_TIMEOUT, runRequestPolicies, runResponsePolicies } from '../chain.ts'
import { SEND_BYTES, writer } from '../data-path-buffers.ts'
import type { LiveExchange } from '../exchange.ts'
import { findRoute, readOrigin } from '../exchange-start.ts'
import type { Generation } from '../generation.ts'
import { refusalReply } from '../http1/refusals.ts'
import { LENGTH, NO_BODY, type ResponseHead } from '../http1/response-head.ts'
import { CHUNK_END, CONTINUE, LAST_CHUNK } from '../http1/serialize.ts'
import type { ResponseSink, UpstreamConnection } from '../upstream/connection.ts'
import { UPSTREAM_FAILURES, type UpstreamFailure } from '../upstream/failure.ts'
import type { Pool, PoolClient } from '../upstream/pool.ts'
import { writeRequestHead } from '../upstream/request-writer.ts'
import type { DownstreamConnection } from './connection.ts'
import {
  BODY_CHUNKED,
  BODY_LENGTH,
  BODY_NONE,
  BODY_UNTIL_CLOSE,
  type ClientFraming,
  writeInterimHead,
  writeLocalReply,
  writeResponseHead,
} from './response-writer.ts'

/** F18: how long upstream's 100 is waited for before the client gets one of ours. */
export const CONTINUE_TIMEOUT_MS = 1000
/** RFC 9110 §9.2.2, by method id. QUERY is safe, so it is among them. */
const IDEMPOTENT = METHODS.map((method) => ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'QUERY'].includes(method))
const HEAD_ID = METHODS.indexOf('HEAD')

/** What is to be done with the request body as it arrives. */
export const HOLD = 0
export const FORWARD = 1
export const DISCARD = 2

const REQUEST_BODY_TIMEOUT = localReply(408, 'request-body-timeout', 'The body of the request did not arrive in time.')

export class Flow implements ResponseSink, PoolClient, ClientFraming {
  poolTicket = -1
  readonly #connection: DownstreamConnection
  #exchange!: LiveExchange
  #generation: Generation | undefined
  #pool: Pool | undefined
  #upstream: UpstreamConnection | undefined
  #hasRetried = false
  #isPolicyPending = false
  #isWaitingForPool = false
  /** A message to the client has been begun in `writer` and not been sent. */
  #isComposing = false

  bodyMode = HOLD
  /** Upstream does not take more of the body now. */
  isUpstreamFull = false
  /** The client has been told to go on, or has begun without. */
  #hasContinued = false

  isActive = false
  hasResponseHead = false
  bodyKind = BODY_NONE
  keepAlive = false
  isHttp10 = false

  constructor(connection: DownstreamConnection) {
    this.#connection = connection
  }

  get exchange(): LiveExchange {
    return this.#exchange
  }

  /** A head has been read into `exchange.head`. */
  start(exchange: LiveExchange, generation: Generation): void {
    this.#begin(exchange, generation)
    exchange.request.isUnderstood = true
    readOrigin(exchange, this.#connection.origin)
    const { context } = this.#connection
    const reply = findRoute(exchange, context.router, context.gateway)
    if (reply !== undefined) {
      this.#reply(reply)
      return
    }
    const verdict = runRequestPolicies(exchange, context.telemetry, this)
    if (verdict === PENDING) {
      this.#isPolicyPending = true
      this.#connection.setDeadline(context.limits.policyTimeoutMs)
    } else this.#decided(verdict)
  }

  /** A head was refused: there is no exchange to speak of, only a reply, and then the connection is closed. */
  refuse(exchange: LiveExchange, generation: Generation, reply: LocalReply): void {
    this.#begin(exchange, generation)
    exchange.errorCode = reply.code
    this.keepAlive = false
    this.#connection.mustClose = true
    this.#sendReply(reply)
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
    this.#connection.clearDeadline()
    this.#decided(verdict)
  }

  /** Forwards or drops body bytes. Returns the offset behind what was taken, or -1 when the exchange has ended over it. */
  takeBody(bytes: Buffer, start: number, end: number): number {
    if (this.bodyMode === HOLD) return start
    if (this.bodyMode === FORWARD) {
      writer.begin()
      const next = this.#forward(bytes, start, end)
      if (next >= 0 && writer.size > 0) this.#sendUpstream()
      if (next >= 0 && this.#connection.body.isRead) this.#upstream?.endRequest()
      return next
    }
    return this.#discard(bytes, start, end)
  }

  /** The client has taken what we had for it. */
  onClientDrain(): void {
    this.#upstream?.resume()
  }

  /** The client is gone, or has cut its request short. `status` stays what was sent. */
  abort(code: string): void {
    if (!this.isActive) return
    this.#dropUpstream()
    if (this.#exchange.errorCode === '') this.#exchange.errorCode = code
    this.#end()
  }

  onDeadline(): void {
    if (this.#isPolicyPending) {
      this.#isPolicyPending = false
      this.#exchange.isAbandoned = true
      this.#connection.mustClose = true
      this.#reply(POLICY_TIMEOUT)
    } else if (this.#isWaitingForPool) {
      this.#pool?.cancel(this)
      this.onUpstreamUnavailable('pool-timeout')
    } else if (this.isAwaitingContinue) this.#continue()
    else if (this.#connection.body.isRead) return
    else if (!this.hasResponseHead) {
      this.#dropUpstream()
      this.#connection.mustClose = true
      this.#reply(REQUEST_BODY_TIMEOUT)
    } else this.#connection.destroy('request-body-timeout')
  }

  /** The client waits for a 100 before it sends its body. */
  get isAwaitingContinue(): boolean {
    return this.isActive && !this.#hasContinued && this.#exchange.head.expectContinue && !this.#connection.body.isRead
  }

  /** The first byte of a body is there: who sends it waits for nothing. */
  bodyArrived(): void {
    this.#hasContinued = true
  }

  onUpstreamReady(upstream: UpstreamConnection): void {
    if (!this.#isWaitingForPool) {
      // The client has gone while a connection was opened for it.
      upstream.pool.release(upstream)
      return
    }
    const exchange = this.#exchange
    const { context, body, origin } = this.#connection
    const preserveHost = exchange.generation.bundle.routes.preserveHost(exchange.routeIndex)
    this.#isWaitingForPool = false
    this.#upstream = upstream
    upstream.begin(this, exchange.head.methodId === HEAD_ID)
    writer.begin()
    try {
      writeRequestHead(exchange, upstream.endpoint, preserveHost, origin, context.gateway)
    } catch (error) {
      this.#policyThrew(error)
      return
    }
    this.bodyMode = FORWARD
    // What has arrived of the body already rides in the same write.
    const isAlive = body.isRead || this.#connection.takeHeldBody((bytes, start, end) => this.#forwardHeld(bytes, start, end))
    if (!isAlive) return
    this.#sendUpstream()
    if (body.isRead) {
      this.#connection.clearDeadline()
      upstream.endRequest()
    } else if (this.isAwaitingContinue) this.#connection.setDeadline(CONTINUE_TIMEOUT_MS)
    else this.#connection.awaitBody()
  }

  onUpstreamUnavailable(failure: UpstreamFailure): void {
    if (!this.#isWaitingForPool) return
    this.#isWaitingForPool = false
    this.#exchange.errorCode = failure
    this.#reply(UPSTREAM_FAILURES[failure])
  }

  onInterimResponse(head: ResponseHead): void {
    if (this.isHttp10) return
    if (head.status === 100) {
      if (this.#hasContinued && this.#exchange.head.expectContinue) return
      this.#hasContinued = true
      if (!this.#connection.body.isRead) this.#connection.awaitBody()
    }
    writer.begin()
    writeInterimHead(head)
    this.#connection.send()
  }

  onResponseHead(head: ResponseHead): void {
    const exchange = this.#exchange
    const { context, body } = this.#connection
    exchange.response.beginUpstream(head.status, head)
    if (exchange.chain?.hasResponseHooks || exchange.generation.runners[exchange.accessAttachment]?.response !== undefined) {
      if (!runResponsePolicies(exchange, context.telemetry)) {
        this.#dropUpstream()
        exchange.errorCode = POLICY_FAILED.code
        this.#sendReply(POLICY_FAILED)
        return
      }
    }
    // F23: whoever refuses while we still send does not want the rest, and a client that still waits for its 100 must not get one now.
    // Any other success may well be a stream in both directions: docs/decisions/004-early-responses.md.
    if (!body.isRead && (head.status >= 300 || this.isAwaitingContinue)) {
      this.bodyMode = DISCARD
      // It may well send no more of it now, and that is no silence to be punished.
      this.#connection.awaitBody()
    }
    this.#setKeepAlive()
    if (head.bodyKind === NO_BODY) this.bodyKind = BODY_NONE
    else if (head.bodyKind === LENGTH) this.bodyKind = BODY_LENGTH
    else if (!this.isHttp10) this.bodyKind = BODY_CHUNKED
    else {
      this.bodyKind = BODY_UNTIL_CLOSE
      this.keepAlive = false
    }
    writer.begin()
    try {
      writeResponseHead(exchange, head, this)
    } catch (error) {
      this.#policyThrew(error)
      return
    }
    this.#isComposing = true
    this.hasResponseHead = true
    exchange.status = head.status
    if (this.bodyMode === DISCARD) this.#connection.drainBody()
  }

  onResponseData(bytes: Buffer, start: number, end: number): void {
    this.#exchange.responseBodyBytes += end - start
    for (let at = start; at < end; ) {
      const stop = Math.min(end, at + SEND_BYTES)
      if (!this.#isComposing) {
        writer.begin()
        this.#isComposing = true
      }
      if (this.bodyKind === BODY_CHUNKED) writer.chunk(bytes, at, stop)
      else writer.range(bytes, at, stop)
      at = stop
      if (writer.size >= SEND_BYTES) this.#flush()
    }
  }

  onReadEnd(): void {
    if (this.#isComposing) this.#flush()
  }

  onResponseEnd(): void {
    this.#upstream = undefined
    if (this.bodyKind === BODY_CHUNKED) {
      if (!this.#isComposing) writer.begin()
      writer.bytes(LAST_CHUNK)
      this.#isComposing = true
    }
    if (this.#isComposing) this.#flush()
    this.#responseSent()
  }

  onUpstreamDrain(): void {
    this.isUpstreamFull = false
    this.#connection.resumeBody()
  }

  onUpstreamFailed(failure: UpstreamFailure, isUntouched: boolean): void {
    this.#upstream = undefined
    const exchange = this.#exchange
    if (this.hasResponseHead) {
      // F24: what was cut short must not look whole, so there is no last chunk and no proper close.
      exchange.errorCode = failure
      this.#connection.cutShort(failure)
      return
    }
    const mayRetry =
      failure === 'upstream-closed' &&
      isUntouched &&
      !this.#hasRetried &&
      IDEMPOTENT[exchange.head.methodId] === true &&
      !exchange.head.hasBody
    if (mayRetry && this.#pool !== undefined) {
      // RFC 9110 §9.2.2 and 9112 §9.3.1: the connection was closed just when we began to use it.
      this.#hasRetried = true
      this.#acquire(this.#pool, true)
      return
    }
    exchange.errorCode = failure
    this.#reply(UPSTREAM_FAILURES[failure])
  }

  #begin(exchange: LiveExchange, generation: Generation): void {
    const { context, origin } = this.#connection
    generation.pin()
    this.#generation = generation
    this.#exchange = exchange
    this.isActive = true
    this.#pool = undefined
    this.#upstream = undefined
    this.#hasRetried = false
    this.#isComposing = false
    this.bodyMode = HOLD
    this.isUpstreamFull = false
    this.#hasContinued = false
    this.hasResponseHead = false
    this.bodyKind = BODY_NONE
    this.keepAlive = false
    this.isHttp10 = exchange.head.minorVersion === 0
    exchange.begin(generation, origin.peer, context.deadlines.nowMs())
    context.telemetry.requestStarted()
  }

  #decided(verdict: Verdict): void {
    if (verdict !== undefined) {
      this.#reply(verdict)
      return
    }
    const exchange = this.#exchange
    const { head, request, generation } = exchange
    if (request.tooLargeReply !== undefined && head.contentLength > request.maxBodyBytes) {
      this.#tooLarge()
      return
    }
    const backend = generation.bundle.routes.backend(exchange.routeIndex)
    if (backend < 0) {
      // The compiler allows this only where a policy always answers.
      this.#reply(POLICY_FAILED)
      return
    }
    this.#pool = this.#connection.context.pool(generation, backend)
    this.#acquire(this.#pool, false)
  }

  #acquire(pool: Pool, fresh: boolean): void {
    this.#isWaitingForPool = true
    pool.acquire(this, fresh)
    // It may have called back already. The connect timeout is the connection's; here only the queue's counts.
    if (this.#isWaitingForPool && this.poolTicket >= 0) this.#connection.setDeadline(pool.settings.pendingTimeoutMs)
  }

  /** Appends body data to `writer`. Returns the offset behind what was taken, or -1. */
  #forward(bytes: Buffer, start: number, end: number): number {
    const { body } = this.#connection
    const exchange = this.#exchange
    let at = start
    while (at < end && !body.isRead) {
      at = body.next(bytes, at, end)
      if (at < 0) {
        this.#bodyRefused()
        return -1
      }
      const size = body.dataEnd - body.dataStart
      if (size === 0) continue
      exchange.requestBodyBytes += size
      if (exchange.requestBodyBytes > exchange.request.maxBodyBytes) {
        this.#tooLarge()
        return -1
      }
      this.#appendData(bytes, body.dataStart, body.dataEnd)
    }
    if (body.isRead && body.isChunked) writer.bytes(LAST_CHUNK)
    return at
  }

  #forwardHeld(bytes: Buffer, start: number, end: number): number {
    this.bodyArrived()
    return this.#forward(bytes, start, end)
  }

  #appendData(bytes: Buffer, start: number, end: number): void {
    const { body } = this.#connection
    for (let at = start; at < end; ) {
      const stop = Math.min(end, at + SEND_BYTES)
      if (body.isChunked) {
        writer.chunkStart(stop - at)
        writer.range(bytes, at, stop)
        writer.bytes(CHUNK_END)
      } else writer.range(bytes, at, stop)
      at = stop
      if (writer.size < SEND_BYTES) continue
      this.#sendUpstream()
      writer.begin()
    }
  }

  #sendUpstream(): void {
    if (this.#upstream?.send() === false) this.isUpstreamFull = true
  }

  #discard(bytes: Buffer, start: number, end: number): number {
    const { body } = this.#connection
    let at = start
    while (at < end && !body.isRead) {
      at = body.next(bytes, at, end)
      if (at < 0) {
        // Whatever was answered already, nobody knows where the next request begins.
        this.#connection.mustClose = true
        return -1
      }
    }
    return at
  }

  #bodyRefused(): void {
    const code = this.#connection.body.errorCode
    this.#dropUpstream()
    this.#connection.mustClose = true
    this.#exchange.errorCode = code
    if (this.hasResponseHead) this.#connection.cutShort(code)
    else this.#reply(refusalReply(code))
  }

  #tooLarge(): void {
    const { request } = this.#exchange
    this.#dropUpstream()
    assert(request.tooLargeReply !== undefined)
    this.#exchange.refusedByAttachment = request.limitedBy
    this.#connection.mustClose = true
    if (this.hasResponseHead) this.#connection.cutShort(request.tooLargeReply.code)
    else this.#reply(request.tooLargeReply)
  }

  #policyThrew(error: unknown): void {
    const { context } = this.#connection
    context.telemetry.policyThrew('', error)
    this.#dropUpstream()
    this.#exchange.errorCode = POLICY_FAILED.code
    this.#exchange.response.edits.clear()
    this.#sendReply(POLICY_FAILED)
  }

  #continue(): void {
    this.#hasContinued = true
    writer.begin()
    writer.bytes(CONTINUE)
    this.#connection.send()
    this.#connection.awaitBody()
  }

  /** A reply of ours, response hooks of the policies that were reached included. */
  #reply(reply: LocalReply): void {
    const exchange = this.#exchange
    const { telemetry } = this.#connection.context
    if (exchange.errorCode === '') exchange.errorCode = reply.code
    exchange.response.beginLocal(reply)
    if (exchange.reached > 0 && !exchange.isAbandoned && !runResponsePolicies(exchange, telemetry)) {
      exchange.errorCode = POLICY_FAILED.code
      this.#sendReply(POLICY_FAILED)
    } else this.#writeReply(reply)
  }

  /** Without hooks: after one of them threw. */
  #sendReply(reply: LocalReply): void {
    this.#exchange.response.beginLocal(reply)
    this.#writeReply(reply)
  }

  #writeReply(reply: LocalReply): void {
    const exchange = this.#exchange
    const isHead = exchange.request.isUnderstood && exchange.head.methodId === HEAD_ID
    this.bodyMode = DISCARD
    this.#setKeepAlive()
    writer.begin()
    let size: number
    try {
      size = writeLocalReply(exchange, reply, this, isHead)
    } catch (error) {
      // A reply that cannot be written is a policy's; ours can.
      assert(reply !== POLICY_FAILED)
      this.#policyThrew(error)
      return
    }
    exchange.status = reply.status
    exchange.responseBodyBytes = size
    this.hasResponseHead = true
    this.#connection.send()
    this.#responseSent()
  }

  /** F22: a body that nobody wants is read to its end if that is near, else the connection is closed. */
  #setKeepAlive(): void {
    const connection = this.#connection
    const { head } = this.#exchange
    this.keepAlive = head.keepAlive && !connection.mustClose && !connection.context.isDraining
    if (this.keepAlive && this.bodyMode === DISCARD && !connection.mayDrain(this.isAwaitingContinue)) this.keepAlive = false
    if (this.isAwaitingContinue) this.keepAlive = false
  }

  #flush(): void {
    this.#isComposing = false
    if (!this.#connection.send()) this.#upstream?.pause()
  }

  #responseSent(): void {
    this.#end()
    this.#connection.onResponseSent(this.keepAlive)
  }

  #dropUpstream(): void {
    this.#isWaitingForPool = false
    if (this.#upstream !== undefined) {
      const upstream = this.#upstream
      this.#upstream = undefined
      upstream.abandon()
    } else this.#pool?.cancel(this)
    this.#isComposing = false
  }

  #end(): void {
    const exchange = this.#exchange
    const { context } = this.#connection
    this.isActive = false
    this.#pool = undefined
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
}
