/**
 * The CORS protocol (Fetch, "HTTP CORS protocol"). Preflights are answered here; every other exchange runs, and its response says whether
 * the page may read it. What upstream says about CORS is replaced: two answers would be refused by browsers, and this policy is the one that counts.
 */
import {
  customReply,
  type Exchange,
  fieldName,
  type LocalReply,
  localReply,
  type PolicyRequest,
  type PolicyResponse,
  type Runner,
} from '../contract.ts'

const ORIGIN = fieldName('origin')
const REQUEST_METHOD = fieldName('access-control-request-method')
const ALLOW_ORIGIN = fieldName('access-control-allow-origin')
const ALLOW_CREDENTIALS = fieldName('access-control-allow-credentials')
const ALLOW_METHODS = fieldName('access-control-allow-methods')
const EXPOSE_HEADERS = fieldName('access-control-expose-headers')
const VARY = fieldName('vary')

const ORIGIN_NOT_ALLOWED = localReply(403, 'origin-not-allowed', 'Pages of this origin may not call.')

/** Longest `Origin` that is looked at; a host name has at most 253 characters. */
const MAX_ORIGIN_CHARACTERS = 512

export interface CorsConfig {
  readonly isAnyOrigin: boolean
  readonly exact: ReadonlySet<string>
  /** Scheme with `://`, and what the rest ends with, beginning with a dot. */
  readonly prefixes: readonly string[]
  readonly suffixes: readonly string[]
  readonly expose: string
  readonly hasCredentials: boolean
  readonly preflight: LocalReply
  /** No list was written: the router has found a route for the method that a preflight asks for, so that one is allowed. */
  readonly allowsRoutedMethod: boolean
}

export const runner: Runner<CorsConfig> = {
  name: 'cors',
  version: 1,
  load(record) {
    const isAnyOrigin = record.u8() === 1
    const exact = record.list((reader) => reader.string())
    const wildcards = record.list((reader) => [reader.string(), reader.string()] as const)
    const methods = record.string()
    const headers = record.string()
    const expose = record.string()
    const hasCredentials = record.u8() === 1
    const maxAgeSeconds = record.u32()
    record.end()
    const fields: [string, string][] = methods === '' ? [] : [[ALLOW_METHODS.lower, methods]]
    if (headers !== '') fields.push(['access-control-allow-headers', headers])
    fields.push(['access-control-max-age', `${maxAgeSeconds}`])
    return {
      isAnyOrigin,
      exact: new Set(exact),
      prefixes: wildcards.map(([prefix]) => prefix),
      suffixes: wildcards.map(([, suffix]) => suffix),
      expose,
      hasCredentials,
      preflight: customReply(204, fields, ''),
      allowsRoutedMethod: methods === '',
    }
  },
  request(config, exchange) {
    const { request } = exchange
    const origin = request.field(ORIGIN)
    if (origin === undefined || requestedMethod(request) === undefined) return undefined
    return isAllowed(config, origin) && request.fieldCount(ORIGIN) === 1 ? config.preflight : ORIGIN_NOT_ALLOWED
  },
  response(config, exchange) {
    const { response } = exchange
    const origin = allowedOrigin(config, exchange)
    // The response differs by origin, whether this one is allowed or not: a cache must know. With `*` it never does.
    if (!config.isAnyOrigin) varyByOrigin(response)
    if (origin === undefined) {
      response.removeField(ALLOW_ORIGIN)
      response.removeField(ALLOW_CREDENTIALS)
      return
    }
    response.setField(ALLOW_ORIGIN, origin)
    if (config.hasCredentials) response.setField(ALLOW_CREDENTIALS, 'true')
    else response.removeField(ALLOW_CREDENTIALS)
    if (config.allowsRoutedMethod && response.isLocal) {
      const method = requestedMethod(exchange.request)
      if (method !== undefined) response.setField(ALLOW_METHODS, method)
    }
    if (config.expose !== '') response.setField(EXPOSE_HEADERS, config.expose)
    else response.removeField(EXPOSE_HEADERS)
  },
}

/** The method that a preflight asks for; `undefined` if the request is none. */
function requestedMethod(request: PolicyRequest): string | undefined {
  return request.method === 'OPTIONS' ? request.field(REQUEST_METHOD) : undefined
}

/** What `Access-Control-Allow-Origin` says, or `undefined` when it is to be left out. */
function allowedOrigin(config: CorsConfig, exchange: Exchange): string | undefined {
  if (config.isAnyOrigin) return '*'
  const origin = exchange.request.field(ORIGIN)
  if (origin === undefined || !isAllowed(config, origin) || exchange.request.fieldCount(ORIGIN) !== 1) return undefined
  return origin
}

function isAllowed(config: CorsConfig, origin: string): boolean {
  if (config.isAnyOrigin) return true
  if (origin.length > MAX_ORIGIN_CHARACTERS) return false
  if (config.exact.has(origin)) return true
  for (let at = 0; at < config.suffixes.length; at++) {
    const prefix = config.prefixes[at] as string
    const suffix = config.suffixes[at] as string
    const end = origin.length - suffix.length
    if (end > prefix.length && origin.startsWith(prefix) && origin.endsWith(suffix) && areLabels(origin, prefix.length, end)) return true
  }
  return false
}

/** One or more labels of a host: what stands for the `*` can have no port, user or path. */
function areLabels(text: string, start: number, end: number): boolean {
  let isLabelEmpty = true
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x2e) {
      if (isLabelEmpty) return false
      isLabelEmpty = true
      continue
    }
    const isLabelCharacter = (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x5f
    if (!isLabelCharacter) return false
    isLabelEmpty = false
  }
  return !isLabelEmpty
}

function varyByOrigin(response: PolicyResponse): void {
  const before = response.field(VARY)
  if (before === undefined) response.setField(VARY, 'origin')
  else if (before !== 'origin' && before !== 'Origin' && before !== '*') response.addField(VARY, 'origin')
}
