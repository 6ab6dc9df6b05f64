/** A stored response for one request: whole, as a HEAD's, or as a 304 where the client has it already. */
import { ResponseHead } from '../http1/response-head.ts'
import { ageMs } from './cache-lookup.ts'
import type { CacheRequest } from './cache-request.ts'
import { isNotModified } from './conditions.ts'
import { readStored, tellNotModified, tellStored } from './head-bytes.ts'
import type { StoredResponse } from './store.ts'
import { StoredStream } from './stored-stream.ts'

const NO_BODY = Buffer.alloc(0)
const GATEWAY_TIMEOUT = Buffer.from('HTTP/1.1 504 Gateway Timeout\r\nCache-Control: no-store\r\n', 'latin1')

/** `nowMs` is monotonic. */
export function serveStored(stored: StoredResponse, request: CacheRequest, nowMs: number, cacheStatus: string): StoredStream {
  const { status, head, body } = stored
  const age = Math.max(0, Math.floor(ageMs(stored, nowMs) / 1000))
  const told = { age, cacheStatus, contentLength: body.length, answersHead: request.isHead }
  if (hasAlready(request, status, stored)) {
    return new StoredStream((into) => tellNotModified(readStored(head, status, new ResponseHead()), told, into), NO_BODY)
  }
  return new StoredStream((into) => tellStored(head, status, told, into), request.isHead ? NO_BODY : body)
}

/** RFC 9111 §5.2.1.7, `only-if-cached`. */
export function serveNothing(request: CacheRequest): StoredStream {
  const told = { age: -1, cacheStatus: 'postern; detail=only-if-cached', contentLength: 0, answersHead: request.isHead }
  return new StoredStream((into) => tellStored(GATEWAY_TIMEOUT, 504, told, into), NO_BODY)
}

/** Conditions count only where the response without them would be a 200 (RFC 9110 §13.2.1). */
export function hasAlready(request: CacheRequest, status: number, validators: { etag: string; lastModified: string }): boolean {
  return status === 200 && isNotModified(request.ifNoneMatch, request.ifModifiedSince, validators)
}
