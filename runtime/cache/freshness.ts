/**
 * What a response allows a shared cache to do with it (RFC 9111 §3 and §4). The rules are http-cache-semantics'; what it cannot know is said
 * here: the gateway's own `ttl` and `staleIfError`, and who may share a response. Heuristic freshness (§4.2.2) is not used: a response that
 * says nothing is fresh for as long as the operator says, and else not at all.
 */
import CachePolicy from 'http-cache-semantics'
import type { FieldSection } from '../http1/field-section.ts'
import { parseCacheControl } from './cache-control.ts'
import { has, listOf, members } from './field-values.ts'

/** Who may get a stored response beside the one who asked; larger is wider. */
export const IMPOSED = 1
/** The response states how long it is fresh. */
export const STATED = 2
/** The response says `public` or `s-maxage`: RFC 9111 §3.5 lets it be shared even if the request had credentials. */
export const EXPLICIT = 3
export type Sharing = typeof IMPOSED | typeof STATED | typeof EXPLICIT

export interface FreshnessSettings {
  /** For responses that say nothing themselves. */
  readonly ttlMs: number | undefined
  /** Instead of what the response says. */
  readonly staleIfErrorMs: number | undefined
}

export interface Judgement {
  /** Kebab-case reason for not storing it; empty when it may be stored. */
  readonly refusal: string
  /** Freshness lifetime, and how much of it had passed when the response came. */
  readonly lifetimeMs: number
  readonly ageMs: number
  readonly sharing: Sharing
  /** Behind its freshness, for as long as the backend fails; 0: never. */
  readonly staleIfErrorMs: number
  /** Fields of the request that select this response, lower case, sorted. */
  readonly vary: readonly string[]
  /** May be asked for again with a condition. */
  readonly hasValidator: boolean
}

/** Statuses that `ttl` counts for. Not 404 and its like: what one request provokes must not be what others get. */
const TTL_STATUSES: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308])

/** What decides about freshness beside Cache-Control, as http-cache-semantics reads it. */
const PASSED_ON = ['expires', 'date', 'age', 'pragma'] as const

/** `ageMs` is what was its age when it came; `nowMs` in ms since 1970. */
export function judge(status: number, section: FieldSection, settings: FreshnessSettings, nowMs: number, ageMs: number): Judgement {
  const control = parseCacheControl(listOf(section, 'cache-control'))
  const vary = varyOf(section)
  const hasValidator = has(section, 'etag') || has(section, 'last-modified')
  const isImposed = control.maxAge < 0 && control.sMaxage < 0 && !control.noCache && !has(section, 'expires') && !has(section, 'pragma')

  const headers: Record<string, string> = Object.create(null)
  if (control.normalised !== '') headers['cache-control'] = control.normalised
  for (const name of PASSED_ON) if (has(section, name)) headers[name] = listOf(section, name)
  const policy = semantics(status, headers, nowMs)

  let lifetimeMs = policy.maxAge() * 1000
  if (isImposed) lifetimeMs = settings.ttlMs !== undefined && TTL_STATUSES.has(status) ? settings.ttlMs : 0
  const sharing = control.isPublic || control.sMaxage >= 0 ? EXPLICIT : isImposed ? IMPOSED : STATED
  const staleIfErrorMs = mayBeStale(control) ? (settings.staleIfErrorMs ?? Math.max(0, control.staleIfError) * 1000) : 0
  let refusal = ''
  if (!policy.storable()) refusal = control.noStore ? 'no-store' : control.isPrivate ? 'private' : 'status'
  else if (vary === undefined) refusal = 'vary'
  // Whatever else it says: frameworks add a session's cookie to responses that are public by mistake, and one user would get another's.
  else if (has(section, 'set-cookie')) refusal = 'set-cookie'
  else if (has(section, 'content-range')) refusal = 'partial'
  // Whatever could never be served from the store, with or without asking, is not worth its room.
  else if (lifetimeMs <= ageMs && !hasValidator && (staleIfErrorMs === 0 || (isImposed && !TTL_STATUSES.has(status)))) refusal = 'stale'
  return { refusal, lifetimeMs, ageMs, sharing, staleIfErrorMs, vary: vary ?? [], hasValidator }
}

/** RFC 9111 §4.2.4 and RFC 5861 §4: what a response forbids is not done, whatever the operator says. */
function mayBeStale(control: { readonly mustRevalidate: boolean; readonly noCache: boolean }): boolean {
  return !control.mustRevalidate && !control.noCache
}

/** `undefined`: `*`, nobody else may get it. */
function varyOf(section: FieldSection): readonly string[] | undefined {
  const names = new Set(members(listOf(section, 'vary')))
  if (names.has('*')) return undefined
  // Many servers forget to say it (nginx, unless told to): who did not ask for an encoding must not get it.
  if (has(section, 'content-encoding')) names.add('accept-encoding')
  const allowedOrigin = listOf(section, 'access-control-allow-origin')
  if (allowedOrigin !== '' && allowedOrigin !== '*') names.add('origin')
  return [...names].sort()
}

/** Age in ms as a response says it (RFC 9111 §5.1): the first one counts; what is no number is ignored. */
export function ageOf(section: FieldSection): number {
  const index = section.indexOfName('age')
  const text = index < 0 ? '' : section.value(index)
  return /^\d{1,10}$/.test(text) ? Number(text) * 1000 : 0
}

class Policy extends CachePolicy {
  // It asks for the time while it is being made, before a field of ours would have a value.
  now(): number {
    return clockMs
  }
}

let clockMs = 0

/**
 * Asked as for a plain GET: credentials and cookies are judged by `sharing`, `must-revalidate` forbids only what is stale (as a directive it
 * would make this package revalidate what is fresh), and no heuristic.
 */
function semantics(status: number, headers: Record<string, string>, nowMs: number): Policy {
  clockMs = nowMs
  return new Policy(
    { method: 'GET', url: '', headers: {} },
    { status, headers },
    { shared: true, cacheHeuristic: 0, immutableMinTimeToLive: 0 },
  )
}
