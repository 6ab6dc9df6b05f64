/** Puts a response into the store: one that has come, or one that a 304 has made fresh again (RFC 9111 §4.3.4). */
import { ResponseHead } from '../http1/response-head.ts'
import { keyFor, selectingValues } from './cache-lookup.ts'
import type { CacheRequest } from './cache-request.ts'
import { sameTag } from './conditions.ts'
import { listOf } from './field-values.ts'
import { type FreshnessSettings, type Judgement, judge } from './freshness.ts'
import { readStored, updatedHead } from './head-bytes.ts'
import type { ResponseCache } from './response-cache.ts'
import type { StoredResponse } from './store.ts'

/** A response that may be stored when its body is there. */
export interface Filling {
  readonly judged: Judgement
  readonly status: number
  /** What `headToStore` has made. */
  readonly head: Buffer
}

/** `undefined`: it may not stand under any key of the request's, or is larger than the store. */
export function storeResponse(
  { store, deadlines }: ResponseCache,
  request: CacheRequest,
  { judged, status, head }: Filling,
  body: Buffer,
): StoredResponse | undefined {
  const key = keyFor(request, judged.sharing)
  if (key === '') return undefined
  const response: StoredResponse = {
    key,
    uri: request.uri,
    status,
    head,
    body,
    ...validatorsOf(readStored(head, status, new ResponseHead())),
    vary: judged.vary,
    varyValues: selectingValues(request, judged.vary),
    sharing: judged.sharing,
    storedAtMs: deadlines.nowMs(),
    initialAgeMs: judged.ageMs,
    lifetimeMs: judged.lifetimeMs,
    staleIfErrorMs: judged.staleIfErrorMs,
    heldUntilMs: 0,
  }
  return store.put(response) ? response : undefined
}

/**
 * A 304 has come to our own condition: `found` is stored anew with its fields. `undefined`: it is not stored any more, because the 304 is about
 * another response, or allows it no longer.
 */
export function storeUpdated(
  cache: ResponseCache,
  request: CacheRequest,
  found: StoredResponse,
  update: ResponseHead,
  freshness: FreshnessSettings,
  ageMs: number,
): StoredResponse | undefined {
  const { status, body } = found
  cache.store.remove(found)
  const etag = listOf(update, 'etag')
  if (etag !== '' && found.etag !== '' && !sameTag(etag, found.etag)) return undefined
  const head = updatedHead(readStored(found.head, status, new ResponseHead()), update, cache.nowMs())
  if (head === undefined) return undefined
  const judged = judge(status, readStored(head, status, new ResponseHead()), freshness, cache.nowMs(), ageMs)
  return judged.refusal === '' ? storeResponse(cache, request, { judged, status, head }, body) : undefined
}

export function validatorsOf(head: ResponseHead): { readonly etag: string; readonly lastModified: string } {
  return { etag: listOf(head, 'etag'), lastModified: listOf(head, 'last-modified') }
}
