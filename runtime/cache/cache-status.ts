/** The `Cache-Status` field (RFC 9211): one member about this cache, the same words for everybody who reads it. */

/** Name of this cache. */
const CACHE = 'postern'

/** Why a request went to the backend (RFC 9211 §2.2). */
export type Forwarded = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'miss' | 'request' | 'stale'

/** `ttlMs`: how long it will be fresh; negative when it is stale. */
export function hitStatus(ttlMs: number, detail = ''): string {
  return `${CACHE}; hit; ttl=${Math.trunc(ttlMs / 1000)}${detail === '' ? '' : `; detail=${detail}`}`
}

export interface ForwardedFacts {
  /** The backend's status where it is not the one that the client sees; 0: the same. */
  readonly status?: number
  readonly stored?: boolean
  /** Another request's response was waited for. */
  readonly collapsed?: boolean
  readonly detail?: string
}

export function forwardedStatus(reason: Forwarded, { status = 0, stored = false, collapsed = false, detail = '' }: ForwardedFacts): string {
  let text = `${CACHE}; fwd=${reason}`
  if (status !== 0) text += `; fwd-status=${status}`
  if (stored) text += '; stored'
  if (collapsed) text += '; collapsed'
  if (detail !== '') text += `; detail=${detail}`
  return text
}
