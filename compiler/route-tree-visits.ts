/**
 * How many nodes one request can make a router visit. A walk goes into every branch that takes a segment until it finds a route, so the
 * worst request is one that finds none: 2^n nodes for n levels of `{literal, {parameter}}`.
 */
import { someWords } from './automaton.ts'
import type { TreeNode } from './route-tree.ts'
import { children } from './route-tree-match.ts'

/**
 * An upper bound for walks from `node`, by the formula of bundle/visits.ts, with which a gateway checks the bundle: as if the worst branches
 * of all kinds could be met by one path. Fills `mostVisits` of all nodes below.
 */
export function boundVisits(node: TreeNode): number {
  let literal = 0
  let constrained = 0
  if (node.literals !== undefined) for (const child of node.literals.values()) literal = Math.max(literal, boundVisits(child))
  if (node.constrained !== undefined)
    for (const { node: child } of node.constrained) constrained = Math.max(constrained, boundVisits(child))
  const parameter = node.parameter === undefined ? 0 : boundVisits(node.parameter)
  node.mostVisits = 1 + literal + constrained + parameter
  return node.mostVisits
}

export interface WorstWalk {
  readonly path: string
  /** Nodes that a walk along the path visits if it finds no route. */
  readonly visits: number
  /** The nodes that the whole path leads to. */
  readonly nodes: readonly TreeNode[]
}

/**
 * A path that visits many nodes, found by taking the segment that leaves most to visit; there may be a worse one. Ends once it has
 * visited more than `limit`. Needs `boundVisits`.
 */
export function worstWalk(root: TreeNode, limit: number): WorstWalk {
  const segments: string[] = []
  let visits = 1
  let nodes: readonly TreeNode[] = [root]
  while (visits <= limit) {
    const segment = worstSegment(nodes)
    if (segment === undefined) break
    segments.push(segment)
    nodes = nodes.flatMap((node) => children(node, segment))
    visits += nodes.length
  }
  return { path: `/${segments.join('/')}`, visits, nodes }
}

/** The segment after which most is left to visit; the first by code unit of equals, so that the order of files does not matter. */
function worstSegment(nodes: readonly TreeNode[]): string | undefined {
  const segments = new Set<string>()
  let hasParameter = false
  for (const node of nodes) {
    for (const label of node.literals?.keys() ?? []) segments.add(label)
    for (const { automaton } of node.constrained ?? []) segments.add(someWords(automaton, 1)[0] as string)
    if (node.parameter !== undefined) hasParameter = true
  }
  if (hasParameter) segments.add('x')
  let worst: string | undefined
  let most = 0
  for (const segment of segments) {
    let left = 0
    for (const node of nodes) for (const child of children(node, segment)) left += child.mostVisits
    if (left < most || (left === most && worst !== undefined && worst < segment)) continue
    most = left
    worst = segment
  }
  return worst
}
