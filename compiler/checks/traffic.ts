/** What routes say about their traffic, where access and method decide whether it can work: consumers that nobody knows, responses that nobody keeps. */
import type { Report } from '../../spec/diagnostic.ts'
import { known } from '../../spec/grammar.ts'
import { parseHashKey } from '../../spec/hash-key.ts'
import { rangeAt } from '../document.ts'
import type { Inheritance, InheritedRoute } from '../inherit.ts'
import type { LinkedBackend } from '../link-graph.ts'

export function checkTraffic({ routes }: Inheritance, report: Report): void {
  const reported = new Set<number>()
  for (const { route, access } of routes) {
    const { sticky, cache } = route.traffic ?? {}
    const isOpen = access.place.policy === 'public'
    if (isOpen && sticky?.by === 'consumer' && !reported.has(sticky.range.start)) {
      reported.add(sticky.range.start)
      const message = `\`${route.method} ${route.template}\` admits everybody: there is no consumer to stick to`
      report.error('PST0303', sticky.range, message, {
        hint: 'stick to a cookie (`cookie:NAME`), or write `sticky: off` on this route',
        related: [{ range: route.range, message: 'the route stands here' }],
      })
    }
    if (cache?.isOwn === true && route.method !== 'GET' && route.method !== 'HEAD') {
      report.error('PST0408', cache.range, `responses to ${route.method} are not kept`, { hint: 'take `cache` away' })
    }
  }
  checkHashing(routes, report)
}

/** A backend that goes by the consumer, and that no route with a consumer uses. One with both kinds sends those without anywhere. */
function checkHashing(routes: readonly InheritedRoute[], report: Report): void {
  const isKnownAt = new Map<LinkedBackend, boolean>()
  for (const { route, access } of routes) {
    const isKnown = access.place.policy !== 'public'
    for (const backend of [route.backend, ...(route.traffic?.split ?? []).map((part) => part.backend)]) {
      if (backend) isKnownAt.set(backend, isKnown || (isKnownAt.get(backend) ?? false))
    }
  }
  for (const [{ name, resource }, isKnown] of isKnownAt) {
    const { balance } = resource.value.spec
    if (isKnown || typeof balance !== 'object') continue
    if (known(parseHashKey(balance['consistent-hash'].by)).by !== 'consumer') continue
    const range = rangeAt(resource.document, ['spec', 'balance', 'consistent-hash', 'by'])
    report.error('PST0303', range, `all routes of backend \`${name}\` admit everybody: there is no consumer to go by`, {
      hint: 'one of `ip`, `header:NAME`, `cookie:NAME`; or an access policy on the routes',
    })
  }
}
