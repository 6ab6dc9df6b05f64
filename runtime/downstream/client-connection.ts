/**
 * What the acceptor and the two protocols say to each other. `listener.ts` accepts, takes a PROXY header off, does the TLS handshake, and then
 * makes a `ClientConnection`: `connection.ts` for HTTP/1.1 or `http2/session.ts` for HTTP/2.
 */
import type { Socket } from 'node:net'
import type { Address } from '../client-address.ts'
import type { DownstreamLimits } from './limits.ts'

/** All that is known about a client's connection before its first byte of HTTP. */
export interface AcceptedConnection {
  /** Reads into `receiveBuffer`; whoever accepted it calls `onRead`. A `TLSSocket` on a listener with TLS, its handshake done. */
  readonly socket: Socket
  /** The peer, or whom it names in a PROXY header; with the certificate that it has shown, if any. */
  readonly peer: Address
  readonly isTls: boolean
  /** The listener's, as they stood when the connection came. */
  readonly limits: DownstreamLimits
}

/** One connection as whoever accepted it sees it. */
export interface ClientConnection {
  /** Position among all connections of the data path, kept by it. */
  listIndex: number
  /** `size` bytes have arrived in `receiveBuffer`. */
  onRead(size: number): void
  /** No further request: closes when nothing is in flight. */
  drain(): void
  /** At once; exchanges in flight end with this code. */
  destroy(code: string): void
}
