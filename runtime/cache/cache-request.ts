/**
 * A request as the cache sees it, once policies have let it through: what it is the key of, with whom its response may be shared, and whether
 * it has to pass the cache by. The key has everything that the gateway itself sends on and a client can choose, except header fields:
 * of those only the ones that `vary` and the response's `Vary` name.
 */
import { METHODS } from '../../bundle/plan.ts'
import type { LiveExchange } from '../exchange.ts'
import { hashName, KNOWN } from '../http1/field-names.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { parseCacheControl } from './cache-control.ts'
import { listOf, sentList } from './field-values.ts'
import { EXPLICIT, IMPOSED, type Sharing, STATED } from './freshness.ts'

/** Fields by which some frameworks take another method or address than the one that was routed: they would be answered under the wrong key. */
const OVERRIDES = [
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
  'x-original-host',
  'x-host',
]
/** RFC 9110 §13: conditions that are not a cache's, and parts of responses. */
const PASSED_BY = ['range', 'if-range', 'if-match', 'if-unmodified-since']

/** What a field means to a cache. Bits, gathered in one walk over the head: a look-up by name for each of them cost 0.4 us per request. */
const OVERRIDE = 1
const PASS_BY = 2
const CONTROL = 4
const AUTHORIZATION = 8
const COOKIE = 16
const CONDITION = 32
const MEANINGS: ReadonlyMap<number, readonly [name: string, meaning: number]> = new Map(
  [
    ...OVERRIDES.map((name) => [name, OVERRIDE] as const),
    ...PASSED_BY.map((name) => [name, PASS_BY] as const),
    ...([
      ['cache-control', CONTROL],
      ['authorization', AUTHORIZATION],
      ['cookie', COOKIE],
    ] as const),
    ...([
      ['if-none-match', CONDITION],
      ['if-modified-since', CONDITION],
    ] as const),
  ].map(([name, meaning]) => [hashName(name), [name, meaning]]),
)
const SAYS_NOTHING = parseCacheControl('')

const GET = METHODS.indexOf('GET')
const HEAD = METHODS.indexOf('HEAD')
const UNSAFE: ReadonlySet<number> = new Set(['POST', 'PUT', 'PATCH', 'DELETE'].map((method) => METHODS.indexOf(method as 'POST')))

/** Where a request comes in and where it goes, as far as the exchange does not say it. */
export interface CacheScope {
  readonly backendIndex: number
  readonly isTls: boolean
  /** Field names that are part of the key, lower case, sorted. */
  readonly vary: readonly string[]
  /** Anybody may call the route. */
  readonly isPublic: boolean
}

export interface CacheRequest {
  readonly isHead: boolean
  /** Why the cache is not asked: a word of RFC 9211 §2.2 for `fwd`; empty when it is. */
  readonly bypass: '' | 'method' | 'bypass' | 'request'
  /** The client wants nothing of this stored (RFC 9111 §5.2.1.5). */
  readonly noStore: boolean
  readonly onlyIfCached: boolean
  readonly uri: string
  /** What everybody shares, and what only this consumer does; the second is empty where they are the same. */
  readonly key: string
  readonly ownKey: string
  /** How far a response has to be shareable to stand under `key`, and under `ownKey`. */
  readonly sharing: Sharing
  readonly ownSharing: Sharing
  readonly ifNoneMatch: string
  readonly ifModifiedSince: string
  /** A field as it is sent to the backend. */
  field(lower: string): string
}

export function cacheRequest(exchange: LiveExchange, scope: CacheScope): CacheRequest {
  const { head, request } = exchange
  const meaning = meaningOf(exchange)
  const field = (lower: string) => sentList(head, request.edits, lower)
  const control = (meaning & CONTROL) === 0 ? SAYS_NOTHING : parseCacheControl(listOf(head, 'cache-control'))
  const uri = uriOf(exchange)
  const key = keyOf(exchange, scope, uri, field)
  const isPersonal = !scope.isPublic
  const isUnkeyed = (name: string, bit: number) => (meaning & bit) !== 0 && !scope.vary.includes(name)
  // RFC 9111 §3.5. A key that is no Authorization field is treated like one, but what it was answered may be kept for the same consumer.
  const own: Sharing = isUnkeyed('authorization', AUTHORIZATION) ? EXPLICIT : isUnkeyed('cookie', COOKIE) ? STATED : IMPOSED
  const hasCondition = (meaning & CONDITION) !== 0
  return {
    isHead: head.methodId === HEAD,
    bypass: bypassOf(exchange, meaning),
    noStore: control.noStore,
    onlyIfCached: control.onlyIfCached,
    uri,
    key,
    ownKey: isPersonal && exchange.consumerName !== '' ? `${key}\nconsumer ${exchange.consumerName}` : '',
    sharing: isPersonal ? EXPLICIT : own,
    ownSharing: own,
    ifNoneMatch: hasCondition ? listOf(head, 'if-none-match') : '',
    ifModifiedSince: hasCondition ? listOf(head, 'if-modified-since') : '',
    field,
  }
}

function bypassOf({ head }: LiveExchange, meaning: number): CacheRequest['bypass'] {
  if (head.methodId !== GET && head.methodId !== HEAD) return 'method'
  // A body is not part of the key, and may well be part of the answer.
  if (head.hasBody || head.isChunked || head.hasUpgrade) return 'request'
  return (meaning & (OVERRIDE | PASS_BY)) === 0 ? '' : 'request'
}

function meaningOf({ head, request }: LiveExchange): number {
  let found = 0
  for (let index = 0; index < head.fieldCount; index++) {
    const known = MEANINGS.get(head.nameHashes[index] as number)
    if (known === undefined || !head.hasName(index, known[0])) continue
    // What a policy has taken away does not get to the backend.
    if (known[1] !== OVERRIDE || !request.edits.dropsName(known[0])) found |= known[1]
  }
  return found
}

/** The URI whose stored responses a successful request makes invalid (RFC 9111 §4.4); `undefined`: it does not. */
export function invalidatedUri(exchange: LiveExchange): string | undefined {
  const { head, status, routeIndex } = exchange
  return routeIndex >= 0 && UNSAFE.has(head.methodId) && status >= 200 && status < 400 ? uriOf(exchange) : undefined
}

/** Host as the client wrote it, port included (it goes into X-Forwarded-Host), canonical path, query. */
function uriOf({ head }: LiveExchange): string {
  const host = head.bytes.toString('latin1', head.hostValueStart, head.hostValueEnd).toLowerCase()
  const query = head.queryText
  return `${host}${head.pathText}${query === undefined ? '' : `?${query}`}`
}

function keyOf(exchange: LiveExchange, scope: CacheScope, uri: string, field: (lower: string) => string): string {
  const { head, request } = exchange
  // Indices are the generation's own: an exchange that was begun before a swap must not meet what was stored behind it.
  const { number } = exchange.generation
  let key = `${uri}\n${number} ${exchange.routeIndex} ${scope.backendIndex} ${scope.isTls ? 'https' : 'http'}`
  if (request.hasNewTarget) key += `\n${request.newPath}${request.newQuery === undefined ? '' : `?${request.newQuery}`}`
  // From anybody else these are dropped.
  if (exchange.client.peerIsTrusted) key += forwardedOf(head)
  for (const name of scope.vary) key += `\n${name}: ${varyValue(name, field(name))}`
  return key
}

/**
 * What a trusted proxy says about the address that was asked for, or lets its own clients say: `X-Forwarded-*` of any name, every value of it,
 * and the same in `Forwarded`. Who asks is left out, or nobody would share anything.
 */
function forwardedOf(head: RequestHead): string {
  let text = ''
  for (let index = 0; index < head.fieldCount; index++) {
    if (head.knownIds[index] === KNOWN.xForwardedFor) continue
    const name = head.name(index).toLowerCase()
    if (name.startsWith('x-forwarded-')) text += `\n${name}: ${head.value(index)}`
    else if (name === 'forwarded') for (const pair of forwardedPairs(head.value(index))) text += `\n${name}: ${pair}`
  }
  return text
}

/** RFC 7239 §4, without `for` and `by`. Cut at every comma and semicolon, in quotes too: what is different stays so. */
function forwardedPairs(value: string): string[] {
  const pairs = value.split(/[,;]/).map((pair) => pair.trim())
  return pairs.filter((pair) => pair !== '' && !/^(?:for|by)=/i.test(pair))
}

/** Values that mean the same select the same (RFC 9111 §4.1): white space around commas, and the case of encodings. */
export function varyValue(name: string, value: string): string {
  const text = value.includes(',')
    ? value
        .split(',')
        .map((part) => part.trim())
        .join(',')
    : value
  return name === 'accept-encoding' ? text.toLowerCase() : text
}
