/**
 * What Apis and routes say about their traffic, names resolved, a route over its Api: where requests go (`backend` and `split` answer one
 * question) and what happens to them on the way. Each mistake is reported at the place that says it.
 */
import type { Range } from '../spec/diagnostic.ts'
import { known } from '../spec/grammar.ts'
import { parseSticky } from '../spec/hash-key.ts'
import type { RouteSpec } from '../spec/kinds/api.ts'
import { TRAFFIC_DEFAULTS } from '../spec/kinds/traffic.ts'
import { parseShare } from '../spec/percent.ts'
import { parseTimeoutOrOff } from '../spec/timeout.ts'
import { keyRangeAt, type Path, type ResourceOf, rangeAt } from './document.ts'
import type { LinkContext } from './link.ts'
import type { LinkedBackend, LinkedTraffic } from './link-graph.ts'
import { checkBackoff, checkSize } from './link-values.ts'

type TrafficSpec = Pick<RouteSpec, 'backend' | 'split' | 'sticky' | 'mirror' | 'timeouts' | 'retry' | 'cache' | 'compress'>

/** Where a `TrafficSpec` stands. */
interface Place {
  readonly resource: ResourceOf<'Api'>
  readonly path: Path
}

type Split = LinkedTraffic['split']

/** What one place says; `null` says that it is off. */
export interface OwnTraffic {
  /** `null`: leads nowhere, which has been reported. */
  readonly backend?: LinkedBackend | null
  readonly split?: Split
  readonly sticky?: LinkedTraffic['sticky'] | null
  readonly mirror?: LinkedTraffic['mirror'] | null
  readonly totalTimeoutMs?: number
  readonly retry?: RouteSpec['retry']
  readonly cache?: LinkedTraffic['cache'] | null
  readonly compress?: LinkedTraffic['compress'] | null
}

/** Where the requests of a route go, and what happens to them. */
export interface Traffic {
  /** As in `LinkedRoute`. */
  readonly backend: LinkedBackend | null | undefined
  readonly traffic: LinkedTraffic | undefined
}

const KEYS = ['backend', 'split', 'sticky', 'mirror', 'timeouts', 'retry', 'cache', 'compress'] as const

/** Reads one place; `undefined` where it says nothing, as nearly all routes do. */
export function readTraffic(spec: TrafficSpec | undefined, place: Place, context: LinkContext): OwnTraffic | undefined {
  if (spec === undefined || KEYS.every((key) => spec[key] === undefined)) return undefined
  const { resource, path } = place
  const at = (...steps: Path): Range => rangeAt(resource.document, [...path, ...steps])
  if (spec.backend !== undefined && spec.split !== undefined) {
    context.report.error('PST0210', keyRangeAt(resource.document, [...path, 'split']), '`backend` and `split` both say where requests go', {
      hint: 'keep one of them',
      related: [{ range: keyRangeAt(resource.document, [...path, 'backend']), message: 'the other one stands here' }],
    })
  }
  const backend = spec.backend === undefined ? undefined : context.backend(spec.backend, resource, [...path, 'backend'])
  const split = spec.split === undefined ? undefined : readSplit(spec.split, place, context)
  const sticky = spec.sticky === undefined ? undefined : known(parseSticky(spec.sticky))
  const total = spec.timeouts?.total
  if (spec.retry !== undefined) checkBackoff(spec.retry.backoff, resource.document, [...path, 'retry', 'backoff'], context.report)
  checkCache(spec.cache, place, context)
  if (typeof spec.compress === 'object' && spec.compress.minSize !== undefined) {
    checkSize(spec.compress.minSize, resource.document, [...path, 'compress', 'minSize'], ['0B', '1GiB'], context.report)
  }
  return {
    ...(split === undefined ? {} : { split }),
    // A split of nothing but mistakes.
    ...(split?.length === 0 ? { backend: null } : backend === undefined ? {} : { backend }),
    ...(spec.sticky === undefined ? {} : { sticky: sticky === undefined ? null : { ...sticky, range: at('sticky') } }),
    ...(spec.mirror === undefined ? {} : { mirror: readMirror(spec.mirror, place, context) }),
    ...(total === undefined ? {} : { totalTimeoutMs: known(parseTimeoutOrOff(total)) }),
    ...(spec.retry === undefined ? {} : { retry: spec.retry }),
    ...(spec.cache === undefined ? {} : { cache: spec.cache === 'off' ? null : { spec: spec.cache, range: keyRange(place, 'cache') } }),
    ...(spec.compress === undefined ? {} : { compress: spec.compress === true ? {} : spec.compress === false ? null : spec.compress }),
  }
}

/** A route over its Api. */
export function mergeTraffic(api: OwnTraffic | undefined, route: OwnTraffic | undefined, context: LinkContext): Traffic {
  const where = route?.backend !== undefined || route?.split !== undefined ? route : api
  const split = where?.split ?? []
  const backend = split[0]?.backend ?? where?.backend
  const sticky = firstSaid(route?.sticky, api?.sticky)
  if (route?.sticky && split.length === 0) reportStickyAlone(route.sticky.range, context)
  const mirror = firstSaid(route?.mirror, api?.mirror)
  const totalTimeoutMs = route?.totalTimeoutMs ?? api?.totalTimeoutMs
  const retries = [api?.retry, route?.retry].filter((spec) => spec !== undefined)
  const cache = route?.cache === undefined || route.cache === null ? firstSaid(route?.cache, api?.cache) : over(api?.cache, route.cache)
  const compress = route?.compress ? { ...api?.compress, ...route.compress } : firstSaid(route?.compress, api?.compress)
  const traffic: LinkedTraffic = {
    split,
    ...(sticky === undefined || split.length === 0 ? {} : { sticky }),
    ...(mirror === undefined ? {} : { mirror }),
    ...(totalTimeoutMs === undefined ? {} : { totalTimeoutMs }),
    retries,
    ...(cache === undefined ? {} : { cache: { ...cache, isOwn: route?.cache !== undefined } }),
    ...(compress === undefined ? {} : { compress }),
  }
  const isEmpty = split.length === 0 && retries.length === 0 && Object.keys(traffic).length === 2
  return { backend, traffic: isEmpty ? undefined : traffic }
}

/** An Api whose `sticky` has no split of its own, nor one in any of its routes. */
export function checkStickyOfApi(api: OwnTraffic | undefined, routes: readonly (OwnTraffic | undefined)[], context: LinkContext): void {
  if (!api?.sticky || api.split !== undefined || routes.some((route) => route?.split !== undefined)) return
  reportStickyAlone(api.sticky.range, context)
}

function reportStickyAlone(range: Range, { report }: LinkContext): void {
  report.error('PST0216', range, '`sticky` stands where nothing is split', {
    hint: 'write a `split`, or take it away; `balance: { consistent-hash: … }` of the Backend keeps callers at one endpoint',
  })
}

/** `null`, which says that it is off, ends the search. */
function firstSaid<T>(route: T | null | undefined, api: T | null | undefined): T | undefined {
  return (route === undefined ? api : route) ?? undefined
}

type Cache = NonNullable<LinkedTraffic['cache']>

function over(api: Cache | null | undefined, route: Cache): Cache {
  return { ...route, spec: { ...api?.spec, ...route.spec } }
}

function keyRange({ resource, path }: Place, key: string): Range {
  return keyRangeAt(resource.document, [...path, key])
}

function readSplit(spec: NonNullable<TrafficSpec['split']>, { resource, path }: Place, context: LinkContext): Split {
  const { document } = resource
  const first = new Map<string, number>()
  for (const [index, { backend }] of spec.entries()) {
    const before = first.get(backend)
    if (before === undefined) first.set(backend, index)
    else {
      context.report.error(
        'PST0215',
        rangeAt(document, [...path, 'split', index, 'backend']),
        `\`${backend}\` stands twice in this split`,
        {
          hint: 'add the weights up in one place',
          related: [{ range: rangeAt(document, [...path, 'split', before, 'backend']), message: 'the first time' }],
        },
      )
    }
  }
  if (spec.every(({ weight }) => weight === 0)) {
    context.report.error(
      'PST0214',
      keyRangeAt(document, [...path, 'split']),
      'all parts of this split have weight 0: nobody would get a request',
      {
        hint: 'give one of them a weight of at least 1',
      },
    )
  }
  return spec.flatMap(({ backend, weight }, index) => {
    const found = context.backend(backend, resource, [...path, 'split', index, 'backend'])
    return found === null ? [] : [{ backend: found, weight: weight ?? TRAFFIC_DEFAULTS.weight }]
  })
}

/** A share of 0 is a mirror that is put away for a while. */
function readMirror(spec: NonNullable<TrafficSpec['mirror']>, { resource, path }: Place, context: LinkContext): OwnTraffic['mirror'] {
  if (spec === 'off') return null
  const backend = context.backend(spec.backend, resource, [...path, 'mirror', 'backend'])
  const share = known(parseShare(spec.share ?? TRAFFIC_DEFAULTS.share))
  return backend === null || share === 0 ? null : { backend, share }
}

function checkCache(cache: TrafficSpec['cache'], { resource, path }: Place, { report }: LinkContext): void {
  if (typeof cache !== 'object') return
  if (cache.maxObject !== undefined) checkSize(cache.maxObject, resource.document, [...path, 'cache', 'maxObject'], ['1B', '1GiB'], report)
  for (const [index, name] of (cache.vary ?? []).entries()) {
    if (name !== '*') continue
    report.error('PST0116', rangeAt(resource.document, [...path, 'cache', 'vary', index]), '`*` is not the name of a field here', {
      hint: '`cache: off` keeps nothing',
    })
  }
}
