/**
 * The path tries of a gateway as objects: what the checks look at, and what the plan numbers. APIs that share their hosts share a root;
 * each distinct set of APIs has one, however many hosts it answers to.
 *
 * Preference, segment by segment from the left: literal, constrained, parameter, `/**`. A walk takes the best branch that has a route with
 * the request's method at its end, so it turns back where a branch has none (`match` in route-tree-match.ts).
 */
import { METHODS } from '../bundle/plan.ts'
import type { Automaton } from './automaton.ts'
import { compare } from './link.ts'
import type { LinkedApi, LinkedRoute } from './link-graph.ts'

export interface RouteTree {
  /** Sorted by pattern; the empty pattern stands for any host. */
  readonly hosts: readonly { readonly pattern: string; readonly root: TreeRoot }[]
  readonly byPattern: ReadonlyMap<string, TreeRoot>
  readonly roots: readonly TreeRoot[]
}

export interface TreeRoot {
  /** The first of its hosts, for messages. */
  readonly host: string
  readonly apis: readonly LinkedApi[]
  readonly node: TreeNode
  /** Routes for the same requests; only the first one is in the trie. */
  readonly ties: readonly { readonly first: LinkedRoute; readonly second: LinkedRoute }[]
}

export class TreeNode {
  literals: Map<string, TreeNode> | undefined
  /** One for each language, in the order of their patterns. */
  constrained: { readonly automaton: Automaton; readonly node: TreeNode; readonly route: LinkedRoute }[] | undefined
  parameter: TreeNode | undefined
  /** By method id; HEAD is not derived yet. */
  routes: (LinkedRoute | undefined)[] | undefined
  rest: (LinkedRoute | undefined)[] | undefined
  /** Nodes that a walk from here visits at most; 0 until route-tree-visits.ts has counted. */
  mostVisits = 0
}

const GET = METHODS.indexOf('GET')
const HEAD = METHODS.indexOf('HEAD')

/** The route that answers a method at a place: GET answers HEAD where HEAD has no route of its own. */
export function routeFor(routes: TreeNode['routes'], methodId: number): LinkedRoute | undefined {
  return routes?.[methodId] ?? (methodId === HEAD ? routes?.[GET] : undefined)
}

export function buildRouteTree(apis: readonly LinkedApi[]): RouteTree {
  const apisByHost = new Map<string, LinkedApi[]>()
  for (const api of apis) {
    for (const host of api.hosts.length === 0 ? [''] : api.hosts) {
      const list = apisByHost.get(host)
      if (list === undefined) apisByHost.set(host, [api])
      else list.push(api)
    }
  }
  const numbers = new Map(apis.map((api, index) => [api, index]))
  const roots = new Map<string, TreeRoot>()
  const hosts = [...apisByHost.keys()].sort(compare).map((pattern) => {
    const served = apisByHost.get(pattern) as LinkedApi[]
    const key = served.map((api) => numbers.get(api)).join()
    let root = roots.get(key)
    if (root === undefined) {
      root = buildRoot(pattern, served)
      roots.set(key, root)
    }
    return { pattern, root }
  })
  return { hosts, byPattern: new Map(hosts.map(({ pattern, root }) => [pattern, root])), roots: [...roots.values()] }
}

function buildRoot(host: string, apis: readonly LinkedApi[]): TreeRoot {
  const root = new TreeNode()
  const ties: { first: LinkedRoute; second: LinkedRoute }[] = []
  for (const api of apis) {
    if (api.routes.length === 0) continue
    let base = root
    for (const segment of api.baseSegments) base = literalChild(base, segment)
    for (const route of api.routes) insert(base, route, ties)
  }
  return { host, apis, node: root, ties }
}

function insert(base: TreeNode, route: LinkedRoute, ties: { first: LinkedRoute; second: LinkedRoute }[]): void {
  let node = base
  let isRest = false
  for (const segment of route.segments) {
    switch (segment.type) {
      case 'literal':
        node = literalChild(node, segment.text)
        break
      case 'parameter':
        node = node.parameter ??= new TreeNode()
        break
      case 'constrained':
        node = constrainedChild(node, segment.automaton, route)
        break
      case 'rest':
        isRest = true
    }
  }
  if (isRest) node.rest ??= []
  else node.routes ??= []
  const routes = (isRest ? node.rest : node.routes) as (LinkedRoute | undefined)[]
  const first = routes[route.methodId]
  if (first === undefined) routes[route.methodId] = route
  else ties.push({ first, second: route })
}

function literalChild(node: TreeNode, label: string): TreeNode {
  node.literals ??= new Map()
  const literals = node.literals
  let child = literals.get(label)
  if (child === undefined) {
    child = new TreeNode()
    literals.set(label, child)
  }
  return child
}

/** Two ways to write one language are one place. */
function constrainedChild(node: TreeNode, automaton: Automaton, route: LinkedRoute): TreeNode {
  node.constrained ??= []
  const constrained = node.constrained
  const known = constrained.find((other) => other.automaton.key === automaton.key)
  if (known !== undefined) return known.node
  const child = new TreeNode()
  constrained.push({ automaton, node: child, route })
  return child
}
