/**
 * What this gateway would do with a request, without any I/O: the same head parser, router, chain and head writers as live traffic.
 * For `postern resolve`, and the oracle of tests. Policies run for real, so counters of a generation made for this are changed by it.
 */
import type { SourcePosition } from '../bundle/plan.ts'
import type { LocalReply, Verdict } from '../policies/contract.ts'
import { PENDING, runRequestPolicies, runResponsePolicies } from './chain.ts'
import { type Address, parseClientAddress } from './client-address.ts'
import { writer } from './data-path-buffers.ts'
import { BODY_NONE, type ClientFraming, writeLocalReply } from './downstream/response-writer.ts'
import { LiveExchange } from './exchange.ts'
import { findRoute, readOrigin } from './exchange-start.ts'
import type { Generation } from './generation.ts'
import { refusalReply } from './http1/refusals.ts'
import { parseRequestHead, REQUEST_HEAD_LIMITS, RequestHead } from './http1/request-head.ts'
import { likeliestBackend, type ResolvedTraffic, resolveTraffic } from './resolve-traffic.ts'
import { Router } from './router.ts'
import { Origin, writeRequestHead } from './upstream/request-writer.ts'

/** A policy that throws gives its reply, as it does in live traffic. */
const NO_TELEMETRY = { requestStarted() {}, exchangeEnded() {}, policyThrew() {} }

export interface ResolveRequest {
  readonly method: string
  /** `http://host:port/path?query`, or a path when `fields` has a Host. Sent as it is: dots and percent signs are the gateway's business. */
  readonly url: string
  readonly fields?: readonly (readonly [name: string, value: string])[]
  /** Address of the client; by default 127.0.0.1. */
  readonly client?: string
}

export interface Resolution {
  /** `refused`: not a request that is understood. `answered`: the gateway speaks for itself (`OPTIONS *`, a loop). */
  readonly outcome: 'matched' | 'no-route' | 'method-not-allowed' | 'refused' | 'answered'
  readonly route?: ResolvedRoute
  readonly access?: ResolvedPolicy
  /** Early ones, then request policies, each in the order in which it runs. */
  readonly policies: readonly ResolvedPolicy[]
  readonly backend?: { readonly name: string; readonly source: SourcePosition }
  /** What the route says beyond its backend, which with a split is the part that gets the most. */
  readonly traffic?: ResolvedTraffic
  /** What goes to the backend, when no policy replies before. */
  readonly upstream?: { readonly url: string; readonly head: string }
  /** What the client gets from the gateway itself. */
  readonly reply?: { readonly status: number; readonly code: string; readonly text: string }
}

export interface ResolvedRoute {
  readonly index: number
  readonly name: string
  readonly api: string
  readonly method: string
  readonly template: string
  readonly source: SourcePosition
}

export interface ResolvedPolicy {
  readonly policy: string
  /** The attachment's id. */
  readonly attachment: string
  readonly phase: 'early' | 'access' | 'request'
  readonly source: SourcePosition
  readonly verdict: 'passed' | 'replied' | 'not-reached'
}

/** Resolves one request against one generation. Wrong input is an outcome, never an exception. */
export async function resolve(generation: Generation, request: ResolveRequest): Promise<Resolution> {
  const head = new RequestHead()
  const exchange = new LiveExchange(head, Date.now)
  const address = (parseClientAddress(request.client ?? '127.0.0.1') ?? parseClientAddress('127.0.0.1')) as Address
  // As it would be on the first listener.
  const origin = new Origin(address, generation.bundle.listeners.protocol(0) || 'http')
  exchange.begin(generation, origin.peer, 0)
  const bytes = requestBytes(request)
  if (parseRequestHead(bytes, 0, bytes.length, head, REQUEST_HEAD_LIMITS) <= 0) {
    const refusal = refusalReply(head.errorCode === '' ? 'request-line-invalid' : head.errorCode)
    return { outcome: 'refused', policies: [], reply: textOf(exchange, refusal) }
  }
  exchange.request.isUnderstood = true
  readOrigin(exchange, origin)
  const { gateway } = generation.bundle.manifest
  const unmatched = findRoute(exchange, new Router(), gateway)
  if (unmatched !== undefined) {
    const outcome = unmatched.code === 'no-route' || unmatched.code === 'method-not-allowed' ? unmatched.code : 'answered'
    return { outcome, policies: [], reply: textOf(exchange, unmatched) }
  }
  const verdict = await decide(exchange)
  const { backends } = generation.bundle
  const backend = likeliestBackend(generation.bundle, exchange.routeIndex)
  const traffic = resolveTraffic(generation.bundle, exchange.routeIndex)
  return {
    outcome: 'matched',
    route: routeOf(exchange),
    ...policiesOf(exchange, verdict !== undefined),
    ...(traffic === undefined ? {} : { traffic }),
    ...(backend < 0 ? {} : { backend: { name: backends.name(backend), source: backends.source(backend) } }),
    ...(verdict === undefined
      ? backend < 0
        ? {}
        : { upstream: upstreamOf(exchange, backend, origin) }
      : { reply: textOf(exchange, verdict) }),
  }
}

function decide(exchange: LiveExchange): Promise<Verdict> {
  return new Promise((settle) => {
    const verdict = runRequestPolicies(exchange, NO_TELEMETRY, { onVerdict: (_exchange, late) => settle(late) })
    if (verdict !== PENDING) settle(verdict)
  })
}

/** The request as a client would send it. Anything that is no URL goes into the request line as it is: the parser says what is wrong. */
function requestBytes({ method, url, fields = [] }: ResolveRequest): Buffer {
  const parts = /^https?:\/\/([^/?#]*)([^#]*)/i.exec(url)
  const authority = parts?.[1] ?? ''
  let target = parts === null ? (url.split('#', 1)[0] as string) : (parts[2] as string)
  if (parts !== null && !target.startsWith('/')) target = `/${target}`
  const hasHost = fields.some(([name]) => name.toLowerCase() === 'host')
  const all = hasHost || authority === '' ? fields : [['Host', authority] as const, ...fields]
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines}\r\n`)
}

function routeOf(exchange: LiveExchange): ResolvedRoute {
  const { routes } = exchange.generation.bundle
  const index = exchange.routeIndex
  const { name, api } = exchange.route
  return { index, name, api, method: routes.method(index), template: routes.template(index), source: routes.source(index) }
}

function policiesOf(exchange: LiveExchange, hasReplied: boolean): Pick<Resolution, 'access' | 'policies'> {
  const { chain, generation, accessAttachment, reached } = exchange
  const early = chain?.early ?? []
  const describe = (attachment: number, phase: ResolvedPolicy['phase'], step: number): ResolvedPolicy => ({
    policy: generation.runners[attachment]?.name ?? '',
    attachment: generation.bundle.attachments.id(attachment),
    phase,
    source: generation.bundle.attachments.source(attachment),
    verdict: step + 1 < reached || (step + 1 === reached && !hasReplied) ? 'passed' : step + 1 === reached ? 'replied' : 'not-reached',
  })
  return {
    access: describe(accessAttachment, 'access', early.length),
    policies: [
      ...early.map((attachment, index) => describe(attachment, 'early', index)),
      ...(chain?.request ?? []).map((attachment, index) => describe(attachment, 'request', early.length + 1 + index)),
    ],
  }
}

function upstreamOf(exchange: LiveExchange, backend: number, origin: Origin): NonNullable<Resolution['upstream']> {
  const { bundle } = exchange.generation
  // Several are taken in turn; the first stands for all of them.
  const endpoint = bundle.backends.endpoints(backend)[0]
  if (endpoint === undefined) return { url: '', head: '' }
  writer.begin()
  writeRequestHead(exchange, endpoint, bundle.routes.preserveHost(exchange.routeIndex), origin, bundle.manifest.gateway)
  const head = takeText()
  const target = head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/'))
  return { url: `${endpoint.isTls ? 'https' : 'http'}://${endpoint.authority}${target}`, head }
}

function textOf(exchange: LiveExchange, reply: LocalReply): NonNullable<Resolution['reply']> {
  const framing: ClientFraming = { bodyKind: BODY_NONE, keepAlive: true, isHttp10: false }
  exchange.response.beginLocal(reply)
  if (exchange.reached > 0) runResponsePolicies(exchange, NO_TELEMETRY)
  writer.begin()
  writeLocalReply(exchange, reply, framing, false)
  return { status: reply.status, code: reply.code, text: takeText() }
}

function takeText(): string {
  const message = writer.finish()
  const text = message.toString('latin1')
  writer.release(message)
  return text
}
