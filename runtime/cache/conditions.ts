/**
 * Conditions that clients put on their requests (RFC 9110 §13), answered from what is stored. Only those of a cache's: If-None-Match and
 * If-Modified-Since; requests with others go to the backend.
 */

/** What a condition is compared with. Empty: the response has none. */
export interface Validators {
  readonly etag: string
  readonly lastModified: string
}

/** Whether the client has it already, so that a 304 is enough. `ifNoneMatch` and `ifModifiedSince` are empty when the request has none. */
export function isNotModified(ifNoneMatch: string, ifModifiedSince: string, { etag, lastModified }: Validators): boolean {
  // RFC 9110 §13.2.2: where there is an If-None-Match, the date is not looked at.
  if (ifNoneMatch !== '') return matchesAny(ifNoneMatch, etag)
  if (ifModifiedSince === '' || lastModified === '') return false
  const since = Date.parse(ifModifiedSince)
  const modified = Date.parse(lastModified)
  return !Number.isNaN(since) && !Number.isNaN(modified) && modified <= since
}

/** Weak comparison (RFC 9110 §8.8.3.2): the same text, whether weak or not. */
export function sameTag(a: string, b: string): boolean {
  return a !== '' && opaque(a) === opaque(b)
}

/** If-None-Match: `*`, or a list of entity tags, in which commas may stand. */
function matchesAny(list: string, etag: string): boolean {
  if (list.trim() === '*') return true
  if (etag === '') return false
  const wanted = opaque(etag)
  for (let at = 0; at < list.length; ) {
    while (list[at] === ' ' || list[at] === '\t' || list[at] === ',') at += 1
    if (list.startsWith('W/', at)) at += 2
    if (list[at] !== '"') {
      // No entity tag: what stands here up to the next comma means nothing.
      const comma = list.indexOf(',', at)
      at = comma < 0 ? list.length : comma
      continue
    }
    const close = list.indexOf('"', at + 1)
    if (close < 0) return false
    if (list.slice(at, close + 1) === wanted) return true
    at = close + 1
  }
  return false
}

function opaque(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag
}
