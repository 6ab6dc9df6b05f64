/**
 * One request on its way to a backend, as a flow sees it: an HTTP/1.1 connection while it serves the request (`connection.ts`), or a stream of
 * an HTTP/2 session (`http2/stream.ts`). And the side that hears of the response.
 */
import type { LocalReply } from '../../policies/contract.ts'
import type { LiveExchange } from '../exchange.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { BackendSettings } from './backend-settings.ts'
import type { UpstreamFailure } from './failure.ts'
import type { Member } from './member.ts'
import type { Origin } from './request-writer.ts'

export interface UpstreamStream {
  /** Where it goes: address, authority, path prefix. */
  readonly member: Member
  /** What is spoken there, where it is known. */
  readonly protocol?: 'http1' | 'http2'
  /**
   * Begins the request of `exchange`: its head goes out with the next `flush`, body bytes that are there ride in the same write. Throws for
   * what policies did wrong; nothing was sent then.
   */
  begin(sink: ResponseSink, exchange: LiveExchange, preserveHost: boolean, origin: Origin, gateway: string): void
  /** Body data, framing taken off. Goes out with the next `flush`. */
  writeData(bytes: Buffer, start: number, end: number): void
  /** Sends what was written. False: wait for `onUpstreamDrain`. */
  flush(): boolean
  /** The request is complete: sends what is left, and the response is due from now on. */
  endRequest(): void
  /** The client does not take more: read no more, and do not hold silence against the backend. */
  pause(): void
  resume(): void
  /** Nobody wants the response any more. `isFailure`: it is the backend's fault (it was too slow), and is counted against it. */
  abandon(isFailure: boolean): void
  /**
   * After a 101, which only HTTP/1.1 has: from now on `sink` hears of what comes, and `writeData` and `flush` send what is written as it is. Its
   * `onResponseEnd` is the other end's FIN, and no end of the tunnel. The stream watches no time.
   */
  openTunnel?(sink: ResponseSink): void
  /** FIN, after all that was written. When the other end has sent its own, the stream is gone without any further call. */
  endTunnel?(): void
}

/** Who gets a response. All calls stop after `onResponseEnd`, `onUpstreamFailed` and `abandon`. */
export interface ResponseSink {
  /** A 1xx response other than 101. `head` and its bytes are valid until the call returns; so in all of these. */
  onInterimResponse(head: ResponseHead): void
  /** The final head, or 101 where an upgrade was asked for: what follows is the tunnel's. */
  onResponseHead(head: ResponseHead): void
  onResponseData(bytes: Buffer, start: number, end: number): void
  /** Just before `onResponseEnd`. Validated; only those that may be passed on (F26). */
  onResponseTrailers(trailers: FieldSection): void
  /**
   * The response is complete: send it all before returning, because the connection goes to somebody else then, who uses `writer` too.
   * Whatever was not sent of the request must not be sent any more.
   */
  onResponseEnd(): void
  /** Everything that came in one read has been told, and the response goes on: the time to send. */
  onReadEnd(): void
  /** More of the request may be sent. */
  onUpstreamDrain(): void
  /** After `onResponseHead` too: then what was sent on is cut short. */
  onUpstreamFailed(failure: UpstreamFailure, fate: RequestFate): void
}

/**
 * What has become of a request that got no response, for whoever thinks of sending it again (RFC 9110 §9.2.2).
 * `unseen`: the backend has certainly not processed it: it may be sent again, whatever it is.
 * `maybe-stale`: sent on a connection that had served others, and not one byte came back: it may well have been closed before.
 * `maybe-processed`: only what is idempotent may be sent again.
 */
export type RequestFate = 'unseen' | 'maybe-stale' | 'maybe-processed'

/** Where streams come from: a backend, or what stands in front of one (the response cache). */
export interface StreamSource {
  /** A stream for `client`, now or later. */
  acquire(client: StreamClient, attempt: Attempt): void
  /** `client` does not want one any longer, whether it waits in the queue or for a connection of its own. */
  cancel(client: StreamClient): void
}

/** A backend, as a flow sees it: hands out streams, and counts what is under way to it. */
export interface UpstreamBackend extends StreamSource {
  readonly settings: BackendSettings
  /** What consistent hashing goes by; `undefined` where the backend does not, or the request has none of it. */
  hashOf(exchange: LiveExchange): number | undefined
  /** An exchange wants to go there; its end is told by `requestEnded`. Retries are not counted again. */
  requestStarted(): void
  requestEnded(): void
  /** A request that began so long ago has been given up, and how it would have ended says nobody: neither an answer nor a failure. */
  attemptWithdrawn?(tookMs: number): void
  /** Takes one retry out of the budget: `budgetPercent` of the requests under way. True: `retryEnded` gives it back. */
  mayRetry(budgetPercent: number): boolean
  retryEnded(): void
  /** What a client gets to hear of a failure that `acquire` has told: with how long to wait, where that is known. */
  replyFor(failure: UpstreamFailure): LocalReply
}

/** Who wants a stream. One of the two is called, once, at once or later; neither after `cancel`. */
export interface StreamClient {
  /** Place in the queue of a backend, kept by the backend; -1 while it does not wait in it. */
  ticket: number
  onUpstreamReady(stream: UpstreamStream): void
  /** `member`: where no connection could be made; `undefined` if it did not come to that. */
  onUpstreamUnavailable(failure: UpstreamFailure, member?: Member): void
  /** It may have come into the queue now, long after `acquire`: whoever stands in front of the backend says so. */
  onQueued?(): void
}

/** What an attempt asks for. */
export interface Attempt {
  /** Of what consistent hashing goes by; `undefined` where the backend does not, or the request has none of it. */
  readonly hash: number | undefined
  /** Members that were tried already: others come first. */
  readonly tried: readonly Member[]
  /** Not on a connection that has been used before, for the try after a stale one. */
  readonly isFresh: boolean
  /** HTTP/1.1 has to be spoken there, because the connection is to become something else (WebSocket). */
  readonly needsHttp1: boolean
}
