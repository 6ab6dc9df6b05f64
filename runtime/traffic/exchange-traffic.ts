/** What a route says about its traffic, at work for one exchange: which backend, through the cache or not, and who gets a copy. */
import type { CacheSession } from '../cache/cache-session.ts'
import type { Client } from '../downstream/client.ts'
import type { LiveExchange } from '../exchange.ts'
import { KNOWN } from '../http1/field-names.ts'
import type { StreamSource, UpstreamBackend } from '../upstream/stream.ts'
import type { MirroredRequest } from './mirror.ts'
import type { SplitRequest } from './split.ts'
import type { RouteTraffic } from './worker-traffic.ts'

export class ExchangeTraffic {
  readonly route: RouteTraffic
  readonly backend: UpstreamBackend
  /** The backend, or the cache in front of it. */
  readonly source: StreamSource
  readonly session: CacheSession | undefined
  /** `Set-Cookie` for a client that stays with its part of a split; empty: none. */
  readonly cookie: string

  /** `backend` is the route's own, by index in the bundle; a split chooses another. */
  constructor(route: RouteTraffic, backend: number, exchange: LiveExchange, client: Client) {
    const { context } = client
    const { split, plan } = route
    const { generation } = exchange
    this.route = route
    let backendIndex = backend
    let cookie = ''
    if (split !== undefined) {
      const part = split.choose(splitRequest(exchange))
      backendIndex = split.backendIndex(part)
      if (split.needsCookie) cookie = split.setCookie(part, isSecure(exchange, client))
    }
    this.cookie = cookie
    this.backend = context.backend(generation, backendIndex)
    if (plan.cache === undefined) {
      this.session = undefined
      this.source = this.backend
      return
    }
    const isPublic = generation.runners[exchange.accessAttachment]?.name === 'public'
    const scope = { backendIndex, isTls: client.origin.scheme === 'https', vary: plan.cache.vary, isPublic }
    this.session = context.traffic.cache.session(exchange, plan.cache, scope, this.backend)
    this.source = this.session
  }

  /** The request goes to the backend for the first time: whether, and where, a copy of it goes. */
  mirror(exchange: LiveExchange, client: Client): MirroredRequest | undefined {
    const { mirror, plan } = this.route
    if (mirror === undefined || plan.mirror === undefined) return undefined
    const { generation, routeIndex } = exchange
    const { context, origin } = client
    return mirror.begin(exchange, {
      backend: context.backend(generation, plan.mirror.backendIndex),
      preserveHost: generation.bundle.routes.preserveHost(routeIndex),
      origin,
      gateway: context.gateway,
    })
  }
}

function splitRequest(exchange: LiveExchange): SplitRequest {
  const { head } = exchange
  return {
    consumerName: exchange.consumerName,
    cookies: () => {
      const values: string[] = []
      for (let i = head.indexOfKnown(KNOWN.cookie); i >= 0; i = head.indexOfKnown(KNOWN.cookie, i + 1)) values.push(head.value(i))
      return values
    },
  }
}

/** The client speaks TLS, with us or with a proxy that we believe. */
function isSecure(exchange: LiveExchange, { origin }: Client): boolean {
  if (origin.scheme === 'https') return true
  const index = origin.isTrusted ? exchange.head.indexOfKnown(KNOWN.xForwardedProto) : -1
  return index >= 0 && exchange.head.valueIs(index, 'https')
}
