/**
 * Self-tests: questions that a gateway asks a bundle before it serves it, with the answers it must get. Chosen, not drawn: every table of
 * the matcher takes part (hosts of all kinds, each depth, both answers of each automaton, derived HEAD, misses, the most expensive walk).
 */
import { LIMITS } from '../bundle/limits.ts'
import type { SelfTestPlan } from '../bundle/plan.ts'
import { type Automaton, accepts, someWords } from './automaton.ts'
import type { LinkedRoute } from './link-graph.ts'
import type { RouteTree, TreeRoot } from './route-tree.ts'
import { match, rootOf } from './route-tree-match.ts'
import { boundVisits, worstWalk } from './route-tree-visits.ts'

/** Of each at most so many; together they stay below `LIMITS.selfTests`. */
const MAX_HOSTS = 256
const MAX_WORST_WALKS = 64
const MAX_AUTOMATA = 256
const MAX_ROUTES = 512
const ROUTES_PER_DEPTH = 4
/** Tried until one satisfies or misses a constraint. */
const SEGMENTS = [
  'x',
  '0',
  'X-0',
  '~',
  '%C3%A9',
  '%20',
  'x.y',
  '00000000-0000-0000-0000-000000000000',
  'abcdefghijklmnopqrstuvwxyz0123456789',
]

export function planSelfTests(tree: RouteTree, routeIndices: ReadonlyMap<LinkedRoute, number>): SelfTestPlan[] {
  const tests = new Map<string, SelfTestPlan>()
  const hostOf = new Map<TreeRoot, string>()
  const add = (method: string, host: string, path: string): void => {
    const key = `${method} ${host} ${path}`
    if (tests.size >= LIMITS.selfTests || path.length > LIMITS.pathBytes || tests.has(key)) return
    const root = rootOf(tree, host)
    const route = root === undefined ? undefined : match(root.node, method, path)
    const routeIndex = route === undefined ? undefined : (routeIndices.get(route) as number)
    tests.set(key, { method, host, path, ...(routeIndex === undefined ? {} : { routeIndex }) })
  }

  for (const { pattern, root } of tree.hosts) if (!hostOf.has(root)) hostOf.set(root, exampleHost(tree, pattern))
  for (const { pattern, root } of sample(tree.hosts, MAX_HOSTS)) {
    const host = exampleHost(tree, pattern)
    const first = root.apis.find(({ routes }) => routes.length > 0)?.routes[0]
    if (first !== undefined) add(first.method, host, examplePath(first))
    add('GET', host, '/postern-self-test/no/such/route')
  }
  add('GET', 'no-such-host.invalid', '/')
  for (const root of sample(tree.roots, MAX_WORST_WALKS)) {
    boundVisits(root.node)
    const { path } = worstWalk(root.node, Number.POSITIVE_INFINITY)
    // A method that few routes have, and one segment too many, so that the walk has to turn back everywhere.
    if (path.split('/').length <= LIMITS.pathSegments) add('QUERY', hostOf.get(root) as string, `${path}/postern-self-test`)
  }

  const routes = tree.roots.flatMap((root) => root.apis.flatMap((api) => api.routes.map((route) => ({ root, route }))))
  const automata = new Map<Automaton, { readonly root: TreeRoot; readonly route: LinkedRoute; readonly index: number }>()
  const countByDepth = new Map<number, number>()
  const chosen = new Set(sample(routes, MAX_ROUTES))
  for (const entry of routes) {
    const { root, route } = entry
    const depth = route.segments.length
    const count = countByDepth.get(depth) ?? 0
    countByDepth.set(depth, count + 1)
    if (count < ROUTES_PER_DEPTH) chosen.add(entry)
    route.segments.forEach((segment, index) => {
      if (segment.type === 'constrained' && !automata.has(segment.automaton)) automata.set(segment.automaton, { root, route, index })
    })
  }
  for (const { root, route } of chosen) {
    const host = hostOf.get(root) as string
    const path = examplePath(route)
    add(route.method, host, path)
    add(route.method === 'GET' ? 'HEAD' : 'GET', host, path)
    add(route.method, host, `${path}/`)
  }
  for (const [automaton, { root, route, index }] of [...automata].slice(0, MAX_AUTOMATA)) {
    const host = hostOf.get(root) as string
    const place = index + route.api.baseSegments.length + 1
    for (const word of someWords(automaton, 3)) add(route.method, host, replaced(examplePath(route), place, word))
    const refused = SEGMENTS.find((segment) => !accepts(automaton, segment))
    if (refused !== undefined) add(route.method, host, replaced(examplePath(route), place, refused))
  }
  return [...tests.values()]
}

/** A path that the route's template takes; a more specific route may have it. */
export function examplePath({ api, segments }: LinkedRoute): string {
  let path = api.basePath
  for (const segment of segments) {
    if (segment.type === 'literal') path += `/${segment.text}`
    else if (segment.type === 'parameter') path += '/x'
    else if (segment.type === 'constrained') path += `/${someWords(segment.automaton, 1)[0]}`
    else path += '/x/y'
  }
  return path
}

/** A host that the pattern, and no better one, takes. */
function exampleHost(tree: RouteTree, pattern: string): string {
  if (pattern !== '' && !pattern.startsWith('*.')) return pattern
  const suffix = pattern === '' ? '.invalid' : pattern.slice(1)
  for (let number = 1; ; number++) {
    const host = `x${number}${suffix}`
    if (rootOf(tree, host) === tree.byPattern.get(pattern) && !tree.byPattern.has(host)) return host
  }
}

function replaced(path: string, index: number, segment: string): string {
  const segments = path.split('/')
  segments[index] = segment
  return segments.join('/')
}

/** At most `count` items, evenly spread, the first and the last among them. */
function sample<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items
  return Array.from({ length: count }, (_, index) => items[Math.floor((index * (items.length - 1)) / (count - 1))] as T)
}
