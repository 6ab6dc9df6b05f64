/**
 * What carries requests to one member of a backend: an HTTP/1.1 connection (one request at a time, `connection.ts`) or an HTTP/2 session (as
 * many as its peer allows, `http2/session.ts`). `open-carrier.ts` opens one, over TCP or TLS, and finds out which it is. The pool owns them.
 */
import type { Deadlines } from '../data-path-deadlines.ts'
import type { BackendSettings } from './backend-settings.ts'
import type { UpstreamFailure } from './failure.ts'
import type { Member } from './member.ts'
import type { UpstreamStream } from './stream.ts'

export interface Carrier {
  readonly member: Member
  readonly protocol: 'http1' | 'http2'
  /** Requests that may be begun on it now; 0 while it is full, draining (GOAWAY) or closed. */
  readonly capacity: number
  /** Requests that are on it. */
  readonly active: number
  /** Has it served a request already? */
  readonly isUsed: boolean
  /** Room for one request. `capacity` must not be 0. */
  take(): UpstreamStream
  /** Nobody uses it now: from here on the time counts for which it is kept. */
  rest(): void
  /** No further request: closes when those on it have ended. */
  drain(): void
  /** At once; requests on it fail. */
  destroy(): void
}

/** The pool, as a carrier sees it. All calls come from the event loop, never from within `take` or `openCarrier`. */
export interface CarrierOwner {
  readonly deadlines: Deadlines
  readonly settings: BackendSettings
  onCarrierOpen(carrier: Carrier): void
  /** `reason` is for the log, and for nobody else: such as `ECONNREFUSED` or `CERT_HAS_EXPIRED`. Never a secret. */
  onCarrierFailed(member: Member, failure: UpstreamFailure, reason: string): void
  /** It has room again. May be called from within a response's end, after its sink has been told. */
  onCarrierFree(carrier: Carrier): void
  /** It was open, and is gone, with all requests on it told. */
  onCarrierClosed(carrier: Carrier): void
  /** For health and breakers: a final head came, so long after the request was sent. */
  onMemberAnswered(member: Member, status: number, afterMs: number): void
  onMemberFailed(member: Member, failure: UpstreamFailure): void
}

/** A carrier that is being opened. */
export interface Opening {
  /** Nobody wants it any more; no callback comes. */
  cancel(): void
}
