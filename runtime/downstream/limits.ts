/** Deadlines and limits on the client's side: what a listener says, and what no listener can say. Each has a default; docs/limits.md lists them. */
import type { ListenerLimitsPlan } from '../../bundle/plan.ts'

/** Times in ms, sizes in bytes. */
export interface DownstreamLimits extends ListenerLimitsPlan {
  /** All policies of one request together, as long as they think. */
  readonly policyTimeoutMs: number
  /** Bytes buffered per direction before the other side is paused. */
  readonly bufferBytes: number
}

/** For data paths that no bundle's listener speaks for; spec/kinds/gateway.ts has the same defaults for what people write. */
export const DOWNSTREAM_LIMITS: DownstreamLimits = {
  connections: 16_384,
  connectionsPerAddress: 0,
  requestLineBytes: 8 * 1024,
  headBytes: 32 * 1024,
  headFields: 100,
  handshakeTimeoutMs: 10_000,
  headTimeoutMs: 10_000,
  bodyIdleTimeoutMs: 30_000,
  minBodyRate: 0,
  writeTimeoutMs: 30_000,
  keepAliveTimeoutMs: 60_000,
  keepAliveRequests: 0,
  pipelineDepth: 16,
  streams: 100,
  tunnelIdleTimeoutMs: 300_000,
  maxAgeMs: 0,
  policyTimeoutMs: 30_000,
  bufferBytes: 64 * 1024,
}

/**
 * A connection without a request is closed so long after draining has begun. At once would be too early for a request that is on its way, or
 * stands in the socket's buffer: its client would see a reset instead of an answer.
 */
export const DRAIN_IDLE_MS = 500
