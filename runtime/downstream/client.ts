/**
 * The client's side of one exchange, as a flow sees it. Two implement it: `connection.ts` (HTTP/1.1, one request after the other) and
 * `http2/stream.ts` (one per stream). A flow never knows which; neither does a policy.
 */
import type { LocalReply } from '../../policies/contract.ts'
import type { LiveExchange } from '../exchange.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { Origin } from '../upstream/request-writer.ts'
import type { DownstreamContext } from './context.ts'
import type { TunnelEnd } from './tunnel.ts'

export interface Client {
  readonly context: DownstreamContext
  /** Whom the request comes from. */
  readonly origin: Origin
  readonly body: IncomingBody
  /** No request after this one: framing is in doubt. */
  mustClose: boolean
  /** There where a connection may become something else after a 101. */
  readonly tunnelEnd: TunnelEnd | undefined

  setDeadline(afterMs: number): void
  clearDeadline(): void
  /** From now on the client has to send its body, unless it is we who do not read. */
  awaitBody(): void
  /** Upstream takes body bytes again. */
  resumeBody(): void
  /** Gives body bytes that arrived earlier to `take`. False: the exchange has ended over them. */
  takeHeldBody(take: (bytes: Buffer, start: number, end: number) => number): boolean
  /** Whether what is left of the request body may be read to its end after the response. */
  mayDrain(isAwaitingContinue: boolean): boolean
  /** What is left of the body is wanted by nobody. */
  drainBody(): void

  /** `100 Continue`, of our own making. Sent at once, like every interim response. */
  sendContinue(): void
  sendInterim(head: ResponseHead): void
  /** Begins the response to the exchange; goes out with the next `flush`. Throws for what policies did wrong. Says whether the connection may be kept. */
  writeHead(exchange: LiveExchange, head: ResponseHead, mayKeepAlive: boolean): boolean
  writeData(bytes: Buffer, start: number, end: number): void
  /** The response is complete; `trailers` are validated and allowed (F26), `undefined` for none. Goes out with the next `flush`. */
  writeEnd(trailers: FieldSection | undefined): void
  /** Sends what was written. False: the client takes no more now; the flow's `onClientDrain` will say when it does. */
  flush(): boolean
  /** Sends a whole local reply and returns the size of its body. Throws for what policies did wrong. */
  sendReply(exchange: LiveExchange, reply: LocalReply, mayKeepAlive: boolean, isHead: boolean): number
  /** The exchange has ended, its response is with the socket. */
  onResponseSent(keepAlive: boolean): void

  /** A response was cut short after its head was sent: the client must be able to tell. */
  cutShort(code: string): void
  /** Ends it at once; an exchange in flight ends with this code. */
  destroy(code: string): void
}

/** Takes the framing off a request body as it arrives, and says where it ends. `request-body.ts` for HTTP/1.1. */
export interface IncomingBody {
  /** Every byte of the body and its framing has been taken. */
  readonly isRead: boolean
  /** Nobody has said how long it will be. */
  readonly isChunked: boolean
  /** Bytes that have to come still; `Infinity` when nobody has said how many. */
  readonly remaining: number
  readonly errorCode: string
  /** Data found by the last `next`. */
  readonly dataStart: number
  readonly dataEnd: number
  /** Takes up to one piece of data. Returns the offset behind what was taken, or -1: the framing is broken, see `errorCode`. */
  next(bytes: Buffer, start: number, end: number): number
}
