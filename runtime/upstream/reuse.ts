/**
 * When a connection to a backend may serve another request. One place, because a mistake here gives one client the answer meant for
 * another: every condition has to hold, and what is unknown counts as not holding.
 */

/** What is known about a connection when its response has ended. */
export interface ReuseFacts {
  /** The whole request was handed to the kernel, its body included. */
  readonly isRequestWritten: boolean
  /** The response was read to the end that its own framing announced. */
  readonly isResponseRead: boolean
  /** The response is not one that ends with the connection, and its head allows another request. */
  readonly isKeptAlive: boolean
  /** The response began before the request was written: what is left of the request may be taken for another one. */
  readonly cameEarly: boolean
  /** Bytes that followed the response. They would be taken for the answer to the next request. */
  readonly extraBytes: number
}

export function mayReuse(facts: ReuseFacts): boolean {
  return facts.isRequestWritten && facts.isResponseRead && facts.isKeptAlive && !facts.cameEarly && facts.extraBytes === 0
}

/** A connection is given up this long before the other end says that it will close it: a request sent just then would be lost. */
export const KEEP_ALIVE_MARGIN_MS = 1000

/** How long an idle connection is kept: our own limit, or what `Keep-Alive: timeout=5` says, less the margin. 0: not at all. */
export function keptIdleMs(poolIdleMs: number, keepAliveField: string | undefined): number {
  const seconds = keepAliveField === undefined ? undefined : /(?:^|[,;\s])timeout=(\d{1,9})/i.exec(keepAliveField)?.[1]
  return seconds === undefined ? poolIdleMs : Math.max(0, Math.min(poolIdleMs, Number(seconds) * 1000 - KEEP_ALIVE_MARGIN_MS))
}
