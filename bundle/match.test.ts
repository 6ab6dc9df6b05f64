/**
 * Routes found through the bytes against the rules of DESIGN 3, applied to the route table itself: all routes that match, the most specific
 * one segment by segment from the left.
 */
import fc from 'fast-check'
import t from 'tap'
import { check, imageOf, isRejection, LIMITS, METHODS as METHODS_BY_ID, openBundle, visitsByNode, writeBundle } from './bundle.ts'
import { assertAgreement, matchViews } from './compare.fuzz.ts'
import { NaiveBundle } from './naive-reader.fuzz.ts'
import { CONSTRAINTS, planOf, type SampleRoute } from './sample.fuzz.ts'

const METHODS: readonly string[] = METHODS_BY_ID
const HOSTS = ['', 'a.test', 'b.a.test', '*.test', '*.a.test', '*.b.a.test']
const SEGMENTS = ['a', 'b', '7', 'x1', '', '{}', '{digits}', '{letters}', 'a-label-longer-than-sixteen-bytes']
const REQUEST_HOSTS = ['a.test', 'b.a.test', 'c.b.a.test', 'x.test', 'other', 'test', '']
const REQUEST_SEGMENTS = ['a', 'b', '7', '8', 'x1', 'zz', 'X', '', 'a-label-longer-than-sixteen-bytes', 'a-label-longer-than-sixteen-byteS']

const table = fc.uniqueArray(
  fc.record({
    host: fc.constantFrom(...HOSTS),
    method: fc.constantFrom('GET', 'HEAD', 'POST'),
    segments: fc.array(fc.constantFrom(...SEGMENTS), { maxLength: 5 }),
    rest: fc.boolean(),
  }),
  // Two routes alike are an error of the compiler.
  { selector: (route) => JSON.stringify(route), maxLength: 40 },
)
/** Requests made from routes, so that many of them match something: `choices` says which route, and what becomes of each of its parts. */
const requests = fc.array(fc.array(fc.nat(999), { minLength: 12, maxLength: 12 }), { minLength: 30, maxLength: 30 })

interface Request {
  readonly host: string
  readonly method: string
  readonly segments: readonly string[]
}

function requestFor(routes: readonly SampleRoute[], [pick, host, method, length, ...choices]: readonly number[]): Request {
  const of = <T>(list: readonly T[], choice: number | undefined) => list[(choice ?? 0) % list.length] as T
  const route = of(routes, pick)
  const segments = route?.segments.map((template, index) => {
    const choice = choices[index] as number
    return template.startsWith('{') || choice % 4 === 0 ? of(REQUEST_SEGMENTS, choice >> 2) : template
  })
  const tail = REQUEST_SEGMENTS.slice(0, (length as number) % 5 === 0 || route?.rest === true ? (length as number) % 3 : 0)
  return {
    host: route?.host.startsWith('*') ? `c${route.host.slice(1)}` : route?.host || of(REQUEST_HOSTS, host),
    method: route === undefined || (method as number) % 4 === 0 ? of(METHODS, (method as number) >> 2) : route.method,
    segments: [...(segments ?? []), ...tail, ...((segments ?? []).length + tail.length === 0 ? [''] : [])],
  }
}

/** How well a segment of a template takes one of a path: smaller is preferred, -1 does not match. */
function rank(template: string, segment: string): number {
  if (!template.startsWith('{')) return template === segment ? 0 : -1
  if (segment === '') return -1
  if (template === '{}') return 2
  return CONSTRAINTS[template.slice(1, -1) as keyof typeof CONSTRAINTS].test(segment) ? 1 : -1
}

/** The ranks of all segments, 3 for where the rest begins and 4 behind a route that ends; undefined when the route does not match. */
function ranks(route: SampleRoute, segments: readonly string[]): number[] | undefined {
  if (route.rest ? segments.length < route.segments.length : segments.length !== route.segments.length) return undefined
  const all = route.segments.map((template, index) => rank(template, segments[index] as string))
  return all.includes(-1) ? undefined : [...all, route.rest ? 3 : 0]
}

function matchesHost(pattern: string, host: string): boolean {
  if (pattern === '' || pattern === host) return true
  return pattern.startsWith('*') && host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
}

/** DESIGN 3, "Matching", word by word. */
function expected(routes: readonly SampleRoute[], method: string, host: string, segments: readonly string[]): number {
  const patterns = [...new Set(routes.map((route) => route.host))].filter((pattern) => matchesHost(pattern, host))
  // Hosts are exclusive: exact, then the longest suffix, then any.
  const pattern = patterns.includes(host) && host !== '' ? host : patterns.sort((a, b) => b.length - a.length)[0]
  const candidates = (wanted: string) =>
    routes
      .map((route, index) => ({ route, index, ranks: ranks(route, segments) }))
      .filter(({ route, ranks }) => route.host === pattern && route.method === wanted && ranks !== undefined)
  // GET answers HEAD unless HEAD has its own: of the same template.
  const own = candidates(method)
  const template = (route: SampleRoute) => JSON.stringify([route.segments, route.rest])
  const all =
    method === 'HEAD'
      ? [...own, ...candidates('GET').filter(({ route }) => !own.some((other) => template(other.route) === template(route)))]
      : own
  const best = all.sort((a, b) => compareRanks(a.ranks as number[], b.ranks as number[]))[0]
  return best?.index ?? -1
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 4) - (b[index] ?? 4)
    if (difference !== 0) return difference
  }
  return 0
}

t.test('any route table: written, checked, and read as the naive reader and the naive matcher say', (t) => {
  let matched = 0
  const property = fc.property(table, requests, (routes, asked) => {
    const plan = planOf(routes)
    fc.pre(plan.hosts.every(({ rootNodeIndex }) => (visitsByNode(plan.nodes)[rootNodeIndex] as number) <= LIMITS.visitedNodes))
    const bytes = writeBundle(plan)
    const checked = check(imageOf(bytes), bytes.length)
    if (isRejection(checked)) throw new Error(checked.message)
    const bundle = openBundle(checked)
    const naive = new NaiveBundle(Buffer.from(bytes))
    assertAgreement(bundle, naive, { hosts: REQUEST_HOSTS, paths: [], digests: [] })
    for (const choices of asked) {
      const { host, method, segments } = requestFor(routes, choices)
      const path = `/${segments.join('/')}`
      const wanted = expected(routes, method, host, segments)
      const found = matchViews(bundle, METHODS.indexOf(method), host, path)
      if (found !== wanted || naive.match(METHODS.indexOf(method), host, path) !== wanted)
        throw new Error(`${method} ${host}${path}: ${found} instead of ${wanted}`)
      if (found !== -1) matched++
    }
  })
  fc.assert(property, { numRuns: 400 })
  t.ok(matched > 1000, `${matched} requests matched, enough to mean something`)
  t.end()
})

t.test('equal plans give equal bytes', (t) => {
  fc.assert(
    fc.property(table, (routes) => Buffer.compare(writeBundle(planOf(routes)), writeBundle(structuredClone(planOf(routes)))) === 0),
    { numRuns: 50 },
  )
  t.end()
})
