/**
 * A connection that has become something else (WebSocket): bytes from either side go to the other, and nothing looks at them. Each side may
 * close its half; who does not take what is sent stops the other from being read. The exchange ends when both halves are closed, when nothing
 * has moved for too long, or when one of the two breaks.
 */
import type { UpstreamFailure } from '../upstream/failure.ts'
import type { ResponseSink, UpstreamStream } from '../upstream/stream.ts'
import type { Flow } from './flow.ts'

/** The client's side of a tunnel. What goes to the client is written as data of the response; there is no framing around it. */
export interface TunnelEnd {
  /** Silence in both directions. */
  readonly tunnelIdleMs: number
  /** From now on whatever comes is for `tunnel`; what has come already is given to it before this returns. */
  openTunnel(tunnel: Tunnel): void
  /** Reads no more, while the other side takes no more. */
  pauseTunnel(): void
  resumeTunnel(): void
  /** Nothing more will be sent, after all that was. */
  endTunnel(): void
}

export class Tunnel implements ResponseSink {
  readonly #flow: Flow
  readonly #end: TunnelEnd
  readonly #stream: UpstreamStream
  readonly #idleMs: number
  #hasClientEnded = false
  #hasUpstreamEnded = false

  constructor(flow: Flow, end: TunnelEnd, stream: UpstreamStream) {
    this.#flow = flow
    this.#end = end
    this.#stream = stream
    this.#idleMs = end.tunnelIdleMs
  }

  /** The 101 is with the client. */
  open(): void {
    this.#moved()
    this.#stream.openTunnel?.(this)
    this.#end.openTunnel(this)
  }

  onClientData(bytes: Buffer, start: number, end: number): void {
    this.#flow.exchange.requestBodyBytes += end - start
    this.#stream.writeData(bytes, start, end)
    if (!this.#stream.flush()) this.#end.pauseTunnel()
    this.#moved()
  }

  onClientEnd(): void {
    this.#hasClientEnded = true
    this.#stream.endTunnel?.()
    this.#finish()
  }

  onClientDrain(): void {
    this.#stream.resume()
    this.#moved()
  }

  /** Nothing has moved in either direction. */
  onIdle(): void {
    this.#flow.client.destroy('tunnel-idle-timeout')
  }

  onResponseData(bytes: Buffer, start: number, end: number): void {
    this.#flow.exchange.responseBodyBytes += end - start
    this.#flow.client.writeData(bytes, start, end)
  }

  onReadEnd(): void {
    if (!this.#flow.client.flush()) this.#stream.pause()
    this.#moved()
  }

  onResponseEnd(): void {
    this.#hasUpstreamEnded = true
    this.#flow.client.flush()
    this.#end.endTunnel()
    this.#finish()
  }

  onUpstreamDrain(): void {
    this.#end.resumeTunnel()
    this.#moved()
  }

  /** What one side broke off is broken off for the other, too: it must not look like an end. */
  onUpstreamFailed(failure: UpstreamFailure): void {
    this.#flow.attempts.finished()
    this.#flow.response.cutShort(failure)
  }

  /** There are no heads any more, and no trailers. */
  onInterimResponse(): void {}
  onResponseHead(): void {}
  onResponseTrailers(): void {}

  #moved(): void {
    if (!this.#hasClientEnded || !this.#hasUpstreamEnded) this.#flow.client.setDeadline(this.#idleMs)
  }

  #finish(): void {
    if (!this.#hasClientEnded || !this.#hasUpstreamEnded) return
    const { client, attempts } = this.#flow
    attempts.finished()
    this.#flow.end()
    client.onResponseSent(false)
  }
}
