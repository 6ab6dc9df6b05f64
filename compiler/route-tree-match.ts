/** The matching rules as a walk over the tree: makes the answers of self-tests and counts what a request costs. */
import { METHODS } from '../bundle/plan.ts'
import { accepts } from './automaton.ts'
import type { LinkedRoute } from './link-graph.ts'
import { type RouteTree, routeFor, type TreeNode, type TreeRoot } from './route-tree.ts'

/** The root that serves a host, given in lower case without port: exact, then the longest wildcard suffix, then any host. */
export function rootOf(tree: RouteTree, host: string): TreeRoot | undefined {
  const exact = host === '' ? undefined : tree.byPattern.get(host)
  if (exact !== undefined) return exact
  for (let dot = host.indexOf('.', 1); dot !== -1; dot = host.indexOf('.', dot + 1)) {
    const wildcard = tree.byPattern.get(`*${host.slice(dot)}`)
    if (wildcard !== undefined) return wildcard
  }
  return tree.byPattern.get('')
}

/** The route that answers a method and a canonical path. `count.visited` grows by the nodes that the walk visits. */
export function match(root: TreeNode, method: string, path: string, count: { visited: number } = { visited: 0 }): LinkedRoute | undefined {
  const methodId = (METHODS as readonly string[]).indexOf(method)
  const segments = path.slice(1).split('/')
  const walk = (node: TreeNode, depth: number): LinkedRoute | undefined => {
    count.visited++
    if (depth === segments.length) return routeFor(node.routes, methodId) ?? routeFor(node.rest, methodId)
    const segment = segments[depth] as string
    for (const child of children(node, segment)) {
      const found = walk(child, depth + 1)
      if (found !== undefined) return found
    }
    return routeFor(node.rest, methodId)
  }
  return walk(root, 0)
}

/** The children that take a segment, best first. */
export function children(node: TreeNode, segment: string): TreeNode[] {
  const taking: TreeNode[] = []
  const literal = node.literals?.get(segment)
  if (literal !== undefined) taking.push(literal)
  if (segment === '') return taking
  if (node.constrained !== undefined) {
    for (const { automaton, node: child } of node.constrained) if (accepts(automaton, segment)) taking.push(child)
  }
  if (node.parameter !== undefined) taking.push(node.parameter)
  return taking
}
