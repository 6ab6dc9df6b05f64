/**
 * A share of requests is sent to another backend as well, and what that answers is dropped. Whatever happens there, the exchange does not
 * notice: a copy is made when the request is complete, and sent in a turn of its own; nobody waits for anything, and what there is no room
 * for is not mirrored. Each one counts under what became of it.
 */
import { fieldName } from '../../policies/contract.ts'
import type { Deadlines, Timed } from '../data-path-deadlines.ts'
import type { LiveExchange } from '../exchange.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { Origin } from '../upstream/request-writer.ts'
import type { Attempt, ResponseSink, StreamClient, UpstreamBackend, UpstreamStream } from '../upstream/stream.ts'
import { copyExchange } from './exchange-copy.ts'
import type { Random } from './split.ts'
import type { MirrorResult } from './traffic-results.ts'

/** Tells a backend that nobody waits for its answer. */
export const MIRROR_FIELD = fieldName('X-Postern-Mirror')

export interface MirrorLimits {
  /** Mirrored requests of one worker at the same time. */
  readonly inFlight: number
  /** Bodies that one worker keeps for them. */
  readonly bytes: number
  /** A longer body is not mirrored. */
  readonly bodyBytes: number
  /** So much of an answer is read; then it is given up. */
  readonly responseBytes: number
  /** From sending a request to the end of its answer. */
  readonly timeoutMs: number
}

export const MIRROR_LIMITS: MirrorLimits = {
  inFlight: 64,
  bytes: 4 * 1024 * 1024,
  bodyBytes: 64 * 1024,
  responseBytes: 1024 * 1024,
  timeoutMs: 10_000,
}

/** All mirroring of one worker. */
export class Mirrors {
  readonly limits: MirrorLimits
  readonly deadlines: Deadlines
  readonly onResult: (result: MirrorResult) => void
  inFlight = 0
  bytes = 0

  constructor(deadlines: Deadlines, onResult: (result: MirrorResult) => void = () => {}, limits: Partial<MirrorLimits> = {}) {
    this.deadlines = deadlines
    this.onResult = onResult
    this.limits = { ...MIRROR_LIMITS, ...limits }
  }
}

/** The mirror of a route. */
export class RouteMirror {
  readonly #mirrors: Mirrors
  /** In parts of 10 000. */
  readonly #share: number
  readonly #random: Random

  constructor(mirrors: Mirrors, share: number, random: Random = Math.random) {
    this.#mirrors = mirrors
    this.#share = share
    this.#random = random
  }

  /** The mirrored request, which wants to hear of the body; `undefined`: this one is not mirrored. */
  begin(exchange: LiveExchange, target: MirrorTarget): MirroredRequest | undefined {
    const mirrors = this.#mirrors
    const { head } = exchange
    if (this.#random() * 10_000 >= this.#share || head.hasUpgrade) return undefined
    if (head.contentLength > mirrors.limits.bodyBytes) {
      mirrors.onResult('body-too-long')
      return undefined
    }
    if (mirrors.inFlight >= mirrors.limits.inFlight) {
      mirrors.onResult('dropped')
      return undefined
    }
    return new MirroredRequest(mirrors, exchange, target)
  }
}

/** Where it goes, and on whose behalf. */
export interface MirrorTarget {
  readonly backend: UpstreamBackend
  readonly preserveHost: boolean
  readonly origin: Origin
  readonly gateway: string
}

const NOTHING = Buffer.alloc(0)
const FIRST_BYTES = 4 * 1024

export class MirroredRequest implements StreamClient, ResponseSink, Attempt, Timed {
  ticket = -1
  readonly hash: number | undefined
  readonly tried = []
  readonly isFresh = false
  readonly needsHttp1 = false
  deadlineMs = Number.POSITIVE_INFINITY
  timedIndex = -1
  readonly #mirrors: Mirrors
  readonly #target: MirrorTarget
  #exchange: LiveExchange | undefined
  #copy: LiveExchange | undefined
  #body = NOTHING
  #size = 0
  #stream: UpstreamStream | undefined
  #received = 0
  #isOver = false

  constructor(mirrors: Mirrors, exchange: LiveExchange, target: MirrorTarget) {
    this.#mirrors = mirrors
    this.#exchange = exchange
    this.#target = target
    this.hash = target.backend.hashOf(exchange)
    mirrors.inFlight += 1
  }

  /** A piece of the request's body, as it goes to the real backend. */
  data(bytes: Buffer, start: number, end: number): void {
    if (this.#exchange === undefined) return
    const size = this.#size + end - start
    const { limits } = this.#mirrors
    if (size > limits.bodyBytes) {
      this.#finish('body-too-long')
      return
    }
    if (size > this.#body.length && !this.#reserve(Math.min(limits.bodyBytes, Math.max(FIRST_BYTES, size * 2)))) {
      this.#finish('dropped')
      return
    }
    bytes.copy(this.#body, this.#size, start, end)
    this.#size = size
  }

  /** The request is complete. */
  end(): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.#exchange = undefined
    const { generation } = exchange
    const copy = copyExchange(exchange, this.#size)
    copy.request.setField(MIRROR_FIELD, '1')
    generation.pin()
    this.#copy = copy
    // Whoever told us is in the middle of a message of its own.
    setImmediate(() => this.#send(copy))
  }

  /** The exchange has ended, or its request goes elsewhere. Nothing happens if it was complete. */
  cancel(): void {
    if (this.#exchange !== undefined) this.#finish('incomplete')
  }

  onUpstreamReady(stream: UpstreamStream): void {
    const { preserveHost, origin, gateway } = this.#target
    this.#stream = stream
    try {
      stream.begin(this, this.#copy as LiveExchange, preserveHost, origin, gateway)
      stream.writeData(this.#body, 0, this.#size)
      stream.endRequest()
    } catch {
      // What a policy wants cannot be written: the exchange itself has told that.
      this.#abandon(false)
      this.#finish('failed')
    }
  }

  onUpstreamUnavailable(): void {
    this.#finish('failed')
  }

  onInterimResponse(): void {}

  onResponseHead(head: ResponseHead): void {
    if (head.contentLength > this.#mirrors.limits.responseBytes) this.#enough()
  }

  onResponseData(_bytes: Buffer, start: number, end: number): void {
    this.#received += end - start
    if (this.#received > this.#mirrors.limits.responseBytes) this.#enough()
  }

  onResponseTrailers(): void {}

  onReadEnd(): void {}

  onResponseEnd(): void {
    this.#stream = undefined
    this.#finish('answered')
  }

  onUpstreamDrain(): void {}

  onUpstreamFailed(): void {
    this.#stream = undefined
    this.#finish('failed')
  }

  onDeadline(): void {
    if (this.#stream === undefined) this.#target.backend.cancel(this)
    this.#abandon(true)
    this.#finish('timeout')
  }

  #send(copy: LiveExchange): void {
    const { deadlines, limits } = this.#mirrors
    const { backend } = this.#target
    this.deadlineMs = deadlines.after(limits.timeoutMs)
    deadlines.add(this)
    backend.requestStarted()
    backend.acquire(this, this)
    // In the queue of the pool it would take the place of somebody who is waited for.
    if (this.#isOver || this.ticket < 0 || copy !== this.#copy) return
    backend.cancel(this)
    this.#finish('dropped')
  }

  #enough(): void {
    this.#abandon(false)
    this.#finish('answered')
  }

  #abandon(isFailure: boolean): void {
    const stream = this.#stream
    this.#stream = undefined
    stream?.abandon(isFailure)
  }

  #reserve(size: number): boolean {
    const mirrors = this.#mirrors
    const more = size - this.#body.length
    if (mirrors.bytes + more > mirrors.limits.bytes) return false
    const larger = Buffer.allocUnsafe(size)
    this.#body.copy(larger, 0, 0, this.#size)
    this.#body = larger
    mirrors.bytes += more
    return true
  }

  #finish(result: MirrorResult): void {
    if (this.#isOver) return
    this.#isOver = true
    const mirrors = this.#mirrors
    const copy = this.#copy
    mirrors.inFlight -= 1
    mirrors.bytes -= this.#body.length
    mirrors.deadlines.remove(this)
    this.#body = NOTHING
    this.#exchange = undefined
    this.#copy = undefined
    if (copy !== undefined) {
      this.#target.backend.requestEnded()
      copy.generation.unpin()
      copy.end()
    }
    mirrors.onResult(result)
  }
}
