/**
 * `Cache-Control` as a cache that several people share reads it (RFC 9111 §5.2): names in any case, arguments in quotes or without, commas in
 * quotes, repeated and broken directives on the safe side. `http-cache-semantics` splits at every comma and compares names as they are, so it
 * is given `normalised`, not what came.
 */

export interface CacheControl {
  readonly isPublic: boolean
  /** `private="field"` too: RFC 9111 §5.2.2.7 lets a cache treat it as the whole. */
  readonly isPrivate: boolean
  readonly noStore: boolean
  /** `no-cache="field"` too. */
  readonly noCache: boolean
  /** `must-revalidate` or `proxy-revalidate`: never served stale. */
  readonly mustRevalidate: boolean
  readonly onlyIfCached: boolean
  readonly noTransform: boolean
  /** Seconds; -1 when not said. What is no number, or is said twice in different ways, is 0: stale (RFC 9111 §4.2.1). */
  readonly maxAge: number
  readonly sMaxage: number
  readonly staleIfError: number
  /** The directives that decide about storing and freshness, in one form. `must-revalidate` is not among them: see freshness.ts. */
  readonly normalised: string
}

/** RFC 9111 §1.2.2: a larger number counts as this. */
const MAX_SECONDS = 2 ** 31

/** `value` is all of the fields of one message, joined by commas; empty when there is none. */
export function parseCacheControl(value: string): CacheControl {
  const seen = new Map<string, string>()
  for (let at = 0; at < value.length; ) at = takeDirective(value, at, seen)
  const has = (name: string) => seen.has(name)
  const seconds = (name: string) => (has(name) ? secondsOf(seen.get(name) as string) : -1)
  const [maxAge, sMaxage, staleIfError] = [seconds('max-age'), seconds('s-maxage'), seconds('stale-if-error')]
  const parts: string[] = []
  for (const name of ['no-store', 'no-cache', 'private', 'public']) if (has(name)) parts.push(name)
  if (maxAge >= 0) parts.push(`max-age=${maxAge}`)
  if (sMaxage >= 0) parts.push(`s-maxage=${sMaxage}`)
  return {
    isPublic: has('public'),
    isPrivate: has('private'),
    noStore: has('no-store'),
    noCache: has('no-cache'),
    mustRevalidate: has('must-revalidate') || has('proxy-revalidate'),
    onlyIfCached: has('only-if-cached'),
    noTransform: has('no-transform'),
    maxAge,
    sMaxage,
    staleIfError,
    normalised: parts.join(', '),
  }
}

/** Reads one directive from `at` on; returns the offset behind its comma. */
function takeDirective(value: string, start: number, seen: Map<string, string>): number {
  let at = start
  while (at < value.length && value[at] !== ',' && value[at] !== '=') at += 1
  const name = value.slice(start, at).trim().toLowerCase()
  let argument = ''
  if (value[at] === '=') {
    at += 1
    while (value[at] === ' ' || value[at] === '\t') at += 1
    if (value[at] === '"') {
      at += 1
      while (at < value.length && value[at] !== '"') {
        if (value[at] === '\\') at += 1
        argument += value[at] ?? ''
        at += 1
      }
      at += 1
      // What stands between the closing quote and the comma belongs to nothing.
      while (at < value.length && value[at] !== ',') at += 1
    } else {
      const from = at
      while (at < value.length && value[at] !== ',') at += 1
      argument = value.slice(from, at).trim()
    }
  }
  if (name !== '') {
    const before = seen.get(name)
    seen.set(name, before === undefined || before === argument ? argument : 'repeated')
  }
  return at + 1
}

function secondsOf(argument: string): number {
  if (argument.length === 0 || argument.length > 15) return argument.length > 15 && isDigits(argument) ? MAX_SECONDS : 0
  return isDigits(argument) ? Math.min(Number(argument), MAX_SECONDS) : 0
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x30 || code > 0x39) return false
  }
  return true
}
