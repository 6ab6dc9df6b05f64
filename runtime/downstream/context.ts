/** What all client connections of a data path share. */
import type { Telemetry } from '../data-path.ts'
import type { Deadlines } from '../data-path-deadlines.ts'
import type { LiveExchange } from '../exchange.ts'
import type { Generation } from '../generation.ts'
import type { Router } from '../router.ts'
import type { WorkerTraffic } from '../traffic/worker-traffic.ts'
import type { UpstreamBackend } from '../upstream/stream.ts'
import type { ClientConnection } from './client-connection.ts'
import type { DownstreamLimits } from './limits.ts'

export interface DownstreamContext {
  readonly gateway: string
  /** What no listener says; what one does say is in `AcceptedConnection.limits`. */
  readonly limits: Pick<DownstreamLimits, 'policyTimeoutMs' | 'bufferBytes'>
  readonly deadlines: Deadlines
  readonly telemetry: Telemetry
  readonly router: Router
  readonly nowMs: () => number
  readonly isDraining: boolean
  /** How far load is shed, 0 to 3: load-shedding.ts. From 1 on connections are closed with the next response, from 2 on new requests are refused. */
  readonly shedding: number
  /** For new requests; `undefined` before the first was activated. */
  readonly generation: Generation | undefined
  /** `index` is the backend's in the bundle of `generation`. */
  backend(generation: Generation, index: number): UpstreamBackend
  /** Cache, compression, mirrors of this worker. */
  readonly traffic: WorkerTraffic
  exchangeEnded(exchange: LiveExchange): void
  connectionClosed(connection: ClientConnection): void
}
