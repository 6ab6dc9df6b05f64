/** No request may make the router visit more nodes of the trie than the limit: tables that explode are refused before a client finds them. */
import { LIMITS } from '../../bundle/limits.ts'
import type { Report } from '../../spec/diagnostic.ts'
import type { LinkedRoute } from '../link-graph.ts'
import type { RouteTree, TreeNode } from '../route-tree.ts'
import { boundVisits, worstWalk } from '../route-tree-visits.ts'

const MAX_NAMED = 4

export function checkVisits(tree: RouteTree, report: Report): void {
  const reported = new Set<LinkedRoute>()
  for (const { node } of tree.roots) {
    const bound = boundVisits(node)
    if (bound <= LIMITS.visitedNodes) continue
    const worst = worstWalk(node, LIMITS.visitedNodes)
    const routes = worst.nodes.flatMap((last) => firstRoute(last) ?? []).slice(0, MAX_NAMED)
    const [first, ...others] = routes
    if (first === undefined || reported.has(first)) continue
    reported.add(first)
    // The bound can be higher than what any one path meets; the gateway goes by the bound, so it decides.
    const message =
      worst.visits > LIMITS.visitedNodes
        ? `a request for \`${shortened(worst.path)}\` could make the router look at more than ${LIMITS.visitedNodes} places`
        : `a request could make the router look at up to ${bound} places, more than ${LIMITS.visitedNodes}`
    report.error('PST0501', first.range, message, {
      hint: `write fewer parameters beside literals in the paths of these routes`,
      related: others.map((route) => ({ range: route.range, message: 'this route is one of the branches' })),
    })
  }
}

/** Some route at or below a node. */
function firstRoute(node: TreeNode): LinkedRoute | undefined {
  const own = [...(node.routes ?? []), ...(node.rest ?? [])].find((route) => route !== undefined)
  if (own !== undefined) return own
  const next = node.literals?.values().next().value ?? node.constrained?.[0]?.node ?? node.parameter
  return next === undefined ? undefined : firstRoute(next)
}

function shortened(path: string): string {
  return path.length <= 60 ? path : `${path.slice(0, 57)}…`
}
