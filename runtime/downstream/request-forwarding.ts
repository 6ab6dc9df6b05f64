/**
 * The body of a request on its way: held until somebody wants it, forwarded as it comes, or dropped once it is wanted by nobody.
 * And the 100 that a client may wait for before it sends one.
 */
import type { ExchangeTraffic } from '../traffic/exchange-traffic.ts'
import type { MirroredRequest } from '../traffic/mirror.ts'
import type { UpstreamStream } from '../upstream/stream.ts'
import type { Flow } from './flow.ts'
import { RETRY_BODY_BYTES } from './retry-rules.ts'

/** F18: how long upstream's 100 is waited for before the client gets one of ours. */
export const CONTINUE_TIMEOUT_MS = 1000

/** First size of what is kept of a body. */
const KEPT_BYTES = 4096
const NOTHING = Buffer.alloc(0)

/** What is to be done with the request body as it arrives. */
export const HOLD = 0
export const FORWARD = 1
export const DISCARD = 2

export class RequestForwarding {
  mode = HOLD
  /** Upstream does not take more of the body now. */
  isUpstreamFull = false
  /** What was sent of the body could be sent again: nothing, or all of it is still here. */
  isRepeatable = true
  /** It has been decided who gets a copy: the first attempt is mirrored, no other. */
  isMirrored = false
  readonly #flow: Flow
  /** The client has been told to go on, or has begun without. */
  #hasContinued = false
  #keeps = false
  /** `#kept[0, #keptSize)`: all of the body that was sent, for another attempt. */
  #kept = NOTHING
  #keptSize = 0
  #mirrored: MirroredRequest | undefined = undefined

  constructor(flow: Flow) {
    this.#flow = flow
  }

  begin(): void {
    this.mode = HOLD
    this.isUpstreamFull = false
    this.#hasContinued = false
    this.isRepeatable = true
    this.isMirrored = false
    this.#keeps = false
    this.#keptSize = 0
  }

  /** Lets go of what was kept: no further attempt. */
  end(): void {
    if (this.#kept.length > 0) this.#kept = NOTHING
    if (this.#mirrored !== undefined) {
      this.#mirrored.cancel()
      this.#mirrored = undefined
    }
  }

  /** The first attempt begins: a copy of the request may go elsewhere. */
  mirror(traffic: ExchangeTraffic): void {
    this.isMirrored = true
    this.#mirrored = traffic.mirror(this.#flow.exchange, this.#flow.client)
  }

  /** The next attempt gets the body from its beginning. */
  hold(): void {
    this.mode = HOLD
    this.isUpstreamFull = false
    this.#flow.client.awaitBody()
  }

  /** The client waits for a 100 before it sends its body. */
  get isAwaitingContinue(): boolean {
    const { isActive, exchange, client } = this.#flow
    return isActive && !this.#hasContinued && exchange.head.expectContinue && !client.body.isRead
  }

  /** The first byte of a body is there: who sends it waits for nothing. */
  bodyArrived(): void {
    this.#hasContinued = true
  }

  /** `stream` has the head: what has arrived of the body rides in the same write, the rest follows as it comes. */
  forwardTo(stream: UpstreamStream): void {
    const { client, attempts } = this.#flow
    this.mode = FORWARD
    if (this.#keptSize > 0) stream.writeData(this.#kept, 0, this.#keptSize)
    if (client.body.isRead) {
      client.clearDeadline()
      this.#send(stream)
      return
    }
    if (this.isRepeatable) this.#keeps = attempts.keepsBody(stream)
    if (!client.takeHeldBody((bytes, start, end) => this.#forwardHeld(stream, bytes, start, end))) return
    this.#send(stream)
    if (client.body.isRead) client.clearDeadline()
    else if (this.isAwaitingContinue) client.setDeadline(CONTINUE_TIMEOUT_MS)
    else client.awaitBody()
  }

  /** Forwards or drops body bytes. Returns the offset behind what was taken, or -1 when the exchange has ended over it. */
  take(bytes: Buffer, start: number, end: number): number {
    if (this.mode === HOLD) return start
    const { stream } = this.#flow.attempts
    if (this.mode === DISCARD || stream === undefined) return this.#discard(bytes, start, end)
    const next = this.#forward(stream, bytes, start, end)
    if (next >= 0) this.#send(stream)
    return next
  }

  /** Upstream takes body bytes again. */
  onUpstreamDrain(): void {
    this.isUpstreamFull = false
    this.#flow.client.resumeBody()
  }

  /** Upstream sent a 100. Says whether it is to be passed on: one is enough, and none is for who has begun without. */
  takeContinue(): boolean {
    const { client, exchange } = this.#flow
    if (this.#hasContinued && exchange.head.expectContinue) return false
    this.#hasContinued = true
    if (!client.body.isRead) client.awaitBody()
    return true
  }

  /** Upstream has kept silent for too long. */
  continueNow(): void {
    const { client } = this.#flow
    this.#hasContinued = true
    client.sendContinue()
    client.awaitBody()
  }

  #forward(stream: UpstreamStream, bytes: Buffer, start: number, end: number): number {
    const { client, exchange } = this.#flow
    const { body } = client
    let at = start
    while (at < end && !body.isRead) {
      at = body.next(bytes, at, end)
      if (at < 0) {
        this.#flow.bodyRefused(body.errorCode)
        return -1
      }
      const size = body.dataEnd - body.dataStart
      if (size === 0) continue
      exchange.requestBodyBytes += size
      if (exchange.requestBodyBytes > exchange.request.maxBodyBytes) {
        this.#flow.bodyTooLarge()
        return -1
      }
      this.#pass(stream, bytes, body.dataStart, body.dataEnd)
    }
    return at
  }

  #forwardHeld(stream: UpstreamStream, bytes: Buffer, start: number, end: number): number {
    this.bodyArrived()
    return this.#forward(stream, bytes, start, end)
  }

  #pass(stream: UpstreamStream, bytes: Buffer, start: number, end: number): void {
    if (this.#keeps) this.#keep(bytes, start, end)
    else this.isRepeatable = false
    if (this.#mirrored !== undefined) this.#mirrored.data(bytes, start, end)
    stream.writeData(bytes, start, end)
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    const needed = this.#keptSize + end - start
    if (needed > RETRY_BODY_BYTES) {
      this.#keeps = false
      this.isRepeatable = false
      this.#kept = NOTHING
      this.#keptSize = 0
      return
    }
    if (needed > this.#kept.length) {
      const larger = Buffer.allocUnsafe(Math.min(RETRY_BODY_BYTES, Math.max(KEPT_BYTES, needed * 2)))
      this.#kept.copy(larger, 0, 0, this.#keptSize)
      this.#kept = larger
    }
    bytes.copy(this.#kept, this.#keptSize, start, end)
    this.#keptSize = needed
  }

  #send(stream: UpstreamStream): void {
    if (this.#flow.client.body.isRead) {
      if (this.#mirrored !== undefined) this.#mirrored.end()
      stream.endRequest()
      this.#flow.attempts.requestSent()
    } else if (!stream.flush()) this.isUpstreamFull = true
  }

  #discard(bytes: Buffer, start: number, end: number): number {
    const { client } = this.#flow
    const { body } = client
    let at = start
    while (at < end && !body.isRead) {
      at = body.next(bytes, at, end)
      if (at < 0) {
        // Whatever was answered already, nobody knows where the next request begins.
        client.mustClose = true
        return -1
      }
    }
    return at
  }
}
