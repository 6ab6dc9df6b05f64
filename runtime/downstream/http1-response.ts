/**
 * Responses of one HTTP/1.1 connection, put together in the worker's `writer`: heads, framing of bodies, replies of ours. The rule of the
 * `writer` holds here too: what one of these methods has begun is sent before anybody else begins a message, so that a head and a small
 * body are one write.
 */
import type { LocalReply } from '../../policies/contract.ts'
import { type Outlet, SEND_BYTES, writer } from '../data-path-buffers.ts'
import type { LiveExchange } from '../exchange.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { LENGTH, NO_BODY, type ResponseHead } from '../http1/response-head.ts'
import { CONTINUE, LAST_CHUNK, LAST_CHUNK_SIZE } from '../http1/serialize.ts'
import { acceptsTrailers } from '../http1/trailers.ts'
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

export class Http1Response implements ClientFraming {
  bodyKind = BODY_NONE
  keepAlive = false
  isHttp10 = false
  readonly #outlet: Outlet
  /** A part of the response has been put into `writer` and not been sent. */
  #isComposing = false

  constructor(outlet: Outlet) {
    this.#outlet = outlet
  }

  /** The next exchange, with a request of this minor version. */
  begin(minorVersion: number): void {
    this.isHttp10 = minorVersion === 0
    this.bodyKind = BODY_NONE
    this.#isComposing = false
  }

  /** False, here and below: the client takes no more now. */
  sendContinue(): boolean {
    writer.begin()
    writer.bytes(CONTINUE)
    return this.#outlet.send()
  }

  /** HTTP/1.0 has none of these (RFC 9110 §15.2). */
  sendInterim(head: ResponseHead): boolean {
    if (this.isHttp10) return true
    writer.begin()
    writeInterimHead(head)
    return this.#outlet.send()
  }

  /** Says whether the connection may be kept. */
  writeHead(exchange: LiveExchange, head: ResponseHead, mayKeepAlive: boolean): boolean {
    this.keepAlive = mayKeepAlive
    if (head.bodyKind === NO_BODY) this.bodyKind = BODY_NONE
    else if (head.bodyKind === LENGTH) this.bodyKind = BODY_LENGTH
    else if (!this.isHttp10) this.bodyKind = BODY_CHUNKED
    else {
      this.bodyKind = BODY_UNTIL_CLOSE
      this.keepAlive = false
    }
    writer.begin()
    writeResponseHead(exchange, head, this)
    this.#isComposing = true
    return this.keepAlive
  }

  /** Sends by itself what would be too much for one write. */
  writeData(bytes: Buffer, start: number, end: number): boolean {
    let goesOn = true
    for (let at = start; at < end; ) {
      const stop = Math.min(end, at + SEND_BYTES)
      this.#compose()
      if (this.bodyKind === BODY_CHUNKED) writer.chunk(bytes, at, stop)
      else writer.range(bytes, at, stop)
      at = stop
      if (writer.size >= SEND_BYTES) goesOn = this.flush()
    }
    return goesOn
  }

  /** `trailers` go only where they have a place, and to those who have said that they take them (RFC 9110 §6.5.1). */
  writeEnd(trailers: FieldSection | undefined, request: RequestHead): void {
    if (this.bodyKind !== BODY_CHUNKED) return
    this.#compose()
    if (trailers === undefined || !acceptsTrailers(request)) writer.bytes(LAST_CHUNK)
    else {
      writer.bytes(LAST_CHUNK_SIZE)
      writer.receivedFields(trailers, trailers.hopByHop)
      writer.endHead()
    }
  }

  flush(): boolean {
    if (!this.#isComposing) return !this.#outlet.isBlocked
    this.#isComposing = false
    return this.#outlet.send()
  }

  /** Puts a whole reply into `writer`, for the next `flush`, and returns the size of its body. */
  writeReply(exchange: LiveExchange, reply: LocalReply, mayKeepAlive: boolean, isHead: boolean): number {
    this.keepAlive = mayKeepAlive
    this.bodyKind = BODY_NONE
    writer.begin()
    const size = writeLocalReply(exchange, reply, this, isHead)
    this.#isComposing = true
    return size
  }

  #compose(): void {
    if (this.#isComposing) return
    writer.begin()
    this.#isComposing = true
  }
}
