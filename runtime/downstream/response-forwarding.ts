/** The response of an exchange on its way to the client: upstream's, or a reply of ours. Response hooks run here. */
import assert from 'node:assert'
import { fieldName, type LocalReply } from '../../policies/contract.ts'
import { POLICY_FAILED, runResponsePolicies } from '../chain.ts'
import type { Encoder, EncoderOwner } from '../compress/encoder.ts'
import { grpcReply, isGrpc } from '../grpc.ts'
import type { FieldSection } from '../http1/field-section.ts'
import { HEAD_ID } from '../http1/methods.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { CLOSES_CONNECTIONS } from '../load-shedding.ts'
import type { UpstreamFailure } from '../upstream/failure.ts'
import type { RequestFate, ResponseSink } from '../upstream/stream.ts'
import type { Flow } from './flow.ts'
import { DISCARD } from './request-forwarding.ts'
import { Tunnel } from './tunnel.ts'

const SET_COOKIE = fieldName('Set-Cookie')
/** RFC 5861 §4: what counts as an error of the backend, for which something stale may be given instead. */
const RESCUABLE: ReadonlySet<number> = new Set([500, 502, 503, 504])

export class ResponseForwarding implements ResponseSink, EncoderOwner {
  /** The client has a final head, or will get it with the next write. */
  hasHead = false
  readonly #flow: Flow
  #keepAlive = false
  #trailers: FieldSection | undefined = undefined
  /** Through which the body goes that is compressed on its way. */
  #encoder: Encoder | undefined = undefined

  constructor(flow: Flow) {
    this.#flow = flow
  }

  begin(): void {
    this.hasHead = false
    this.#keepAlive = false
    this.#trailers = undefined
  }

  onInterimResponse(head: ResponseHead): void {
    if (head.status === 100 && !this.#flow.request.takeContinue()) return
    this.#flow.client.sendInterim(head)
  }

  onResponseHead(head: ResponseHead): void {
    const { exchange, client, request, attempts } = this.#flow
    if (attempts.answered(head.status)) return
    const { traffic } = attempts
    if (traffic !== undefined && RESCUABLE.has(head.status) && attempts.rescued(head.status)) return
    exchange.response.beginUpstream(head.status, head)
    if (traffic !== undefined && traffic.cookie !== '') exchange.response.addField(SET_COOKIE, traffic.cookie)
    if (exchange.chain?.hasResponseHooks || exchange.generation.runners[exchange.accessAttachment]?.response !== undefined) {
      if (!runResponsePolicies(exchange, client.context.telemetry)) {
        attempts.drop()
        exchange.errorCode = POLICY_FAILED.code
        this.#replyWithoutHooks(POLICY_FAILED)
        return
      }
    }
    // F23: whoever refuses while we still send does not want the rest, and a client that still waits for its 100 must not get one now.
    // Any other success may well be a stream in both directions: docs/decisions/004-early-responses.md.
    if (!client.body.isRead && (head.status >= 300 || request.isAwaitingContinue)) {
      request.mode = DISCARD
      // It may well send no more of it now, and that is no silence to be punished.
      client.awaitBody()
    }
    if (traffic !== undefined) this.#encoder = traffic.route.compression?.begin(exchange, head, this)
    try {
      this.#keepAlive = client.writeHead(exchange, head, this.#mayKeepAlive())
    } catch (error) {
      this.policyThrew(error)
      return
    }
    this.hasHead = true
    exchange.status = head.status
    if (head.status === 101) this.#openTunnel()
    else if (request.mode === DISCARD) client.drainBody()
  }

  onResponseData(bytes: Buffer, start: number, end: number): void {
    if (this.#encoder !== undefined) {
      if (!this.#encoder.write(bytes, start, end)) this.#flow.attempts.stream?.pause()
      return
    }
    this.#flow.exchange.responseBodyBytes += end - start
    this.#flow.client.writeData(bytes, start, end)
  }

  onResponseTrailers(trailers: FieldSection): void {
    this.#trailers = trailers
  }

  onReadEnd(): void {
    const { client, attempts } = this.#flow
    const goesOn = client.flush()
    if (this.#encoder !== undefined) {
      this.#encoder.flush()
      if (!goesOn) this.#encoder.pause()
    } else if (!goesOn) attempts.stream?.pause()
  }

  /** The client has taken what we had for it. */
  onClientDrain(): void {
    if (this.#encoder !== undefined) this.#encoder.resume()
    else this.#flow.attempts.stream?.resume()
  }

  onResponseEnd(): void {
    const { client, attempts } = this.#flow
    attempts.finished()
    if (this.#encoder !== undefined) {
      // The head, if it has not gone out yet: the compressor answers in a later turn.
      client.flush()
      this.#encoder.end()
      return
    }
    client.writeEnd(this.#trailers)
    client.flush()
    this.#sent()
  }

  onEncoded(bytes: Buffer): void {
    const { exchange, client } = this.#flow
    exchange.responseBodyBytes += bytes.length
    client.writeData(bytes, 0, bytes.length)
    if (!client.flush()) this.#encoder?.pause()
  }

  onEncodedEnd(): void {
    const { client } = this.#flow
    this.#encoder = undefined
    // Trailers are not passed on: those that say something about the body would be wrong now (RFC 9110 §6.5.1).
    client.writeEnd(undefined)
    client.flush()
    this.#sent()
  }

  onEncoderDrain(): void {
    this.#flow.attempts.stream?.resume()
  }

  onEncoderFailed(): void {
    this.#encoder = undefined
    this.#flow.attempts.drop()
    this.cutShort('compression-failed')
  }

  /** The exchange has ended before its response. */
  abort(): void {
    this.#encoder?.destroy()
    this.#encoder = undefined
  }

  onUpstreamDrain(): void {
    this.#flow.request.onUpstreamDrain()
  }

  onUpstreamFailed(failure: UpstreamFailure, fate: RequestFate): void {
    if (!this.hasHead) {
      this.#flow.attempts.onFailed(failure, fate)
      return
    }
    // F24: what was cut short must not look whole, so there is no last chunk and no proper close.
    this.#flow.attempts.finished()
    this.cutShort(failure)
  }

  /** A reply of ours, response hooks of the policies that were reached included. */
  reply(reply: LocalReply): void {
    const { exchange, client } = this.#flow
    const sent = this.#understandable(reply)
    if (exchange.errorCode === '') exchange.errorCode = reply.code
    exchange.response.beginLocal(sent)
    if (exchange.reached > 0 && !exchange.isAbandoned && !runResponsePolicies(exchange, client.context.telemetry)) {
      exchange.errorCode = POLICY_FAILED.code
      this.#replyWithoutHooks(POLICY_FAILED)
    } else this.#send(sent)
  }

  /** As `reply`, if nothing was sent yet; else the client must be able to tell that there would have been more. */
  replyOrCutShort(reply: LocalReply): void {
    if (this.hasHead) this.cutShort(reply.code)
    else this.reply(reply)
  }

  cutShort(code: string): void {
    const { exchange, client } = this.#flow
    if (exchange.errorCode === '') exchange.errorCode = code
    client.cutShort(code)
  }

  /** What a policy wants cannot be written. */
  policyThrew(error: unknown): void {
    const { exchange, client, attempts } = this.#flow
    client.context.telemetry.policyThrew('', error)
    attempts.drop()
    this.abort()
    exchange.errorCode = POLICY_FAILED.code
    exchange.response.edits.clear()
    this.#replyWithoutHooks(POLICY_FAILED)
  }

  /** The carrier lets a 101 through only where the client has asked for it, and both agree. */
  #openTunnel(): void {
    const { client, attempts } = this.#flow
    const { stream } = attempts
    assert(client.tunnelEnd !== undefined && stream !== undefined)
    client.flush()
    attempts.tunnelOpened()
    new Tunnel(this.#flow, client.tunnelEnd, stream).open()
  }

  /** After one of the hooks threw. */
  #replyWithoutHooks(reply: LocalReply): void {
    const sent = this.#understandable(reply)
    this.#flow.exchange.response.beginLocal(sent)
    this.#send(sent)
  }

  /** A gRPC caller takes a refusal only in its own form. */
  #understandable(reply: LocalReply): LocalReply {
    const { request, head } = this.#flow.exchange
    return request.isUnderstood && isGrpc(head) ? grpcReply(reply) : reply
  }

  #send(reply: LocalReply): void {
    const { exchange, client, request } = this.#flow
    const isHead = exchange.request.isUnderstood && exchange.head.methodId === HEAD_ID
    request.mode = DISCARD
    this.#keepAlive = this.#mayKeepAlive()
    let size: number
    try {
      size = client.sendReply(exchange, reply, this.#keepAlive, isHead)
    } catch (error) {
      // A reply that cannot be written is a policy's; ours can.
      assert(reply.code !== POLICY_FAILED.code)
      this.policyThrew(error)
      return
    }
    exchange.status = reply.status
    exchange.responseBodyBytes = size
    this.hasHead = true
    this.#sent()
  }

  /** F22: a body that nobody wants is read to its end if that is near, else the connection is closed. */
  #mayKeepAlive(): boolean {
    const { exchange, client, request } = this.#flow
    if (
      !exchange.head.keepAlive ||
      client.mustClose ||
      client.context.isDraining ||
      client.context.shedding >= CLOSES_CONNECTIONS ||
      request.isAwaitingContinue
    )
      return false
    return request.mode !== DISCARD || client.mayDrain(false)
  }

  #sent(): void {
    const { client } = this.#flow
    this.#flow.end()
    client.onResponseSent(this.#keepAlive)
  }
}
