/** Constrained parameters at one place of a path must not accept a common segment: no rule could prefer one. */
import type { Report } from '../../spec/diagnostic.ts'
import { intersection } from '../automaton.ts'
import type { LinkedRoute } from '../link-graph.ts'
import { segmentRange } from '../link-routes.ts'
import type { RouteTree, TreeNode } from '../route-tree.ts'

export function checkOverlaps(tree: RouteTree, report: Report): void {
  const reported = new Set<LinkedRoute>()
  for (const { node } of tree.roots) check(node, 0, reported, report)
}

/** `depth` is the number of segments in front of the node, those of the base path included. */
function check(node: TreeNode, depth: number, reported: Set<LinkedRoute>, report: Report): void {
  const constrained = node.constrained ?? []
  for (let b = 1; b < constrained.length; b++) {
    const second = constrained[b] as (typeof constrained)[0]
    for (let a = 0; a < b; a++) {
      const first = constrained[a] as (typeof constrained)[0]
      const common = intersection(first.automaton, second.automaton)
      if (common === undefined) continue
      if (!reported.has(second.route)) reportOverlap(first, second, depth, common, report)
      reported.add(second.route)
      break
    }
  }
  for (const child of node.literals?.values() ?? []) check(child, depth + 1, reported, report)
  for (const { node: child } of constrained) check(child, depth + 1, reported, report)
  if (node.parameter !== undefined) check(node.parameter, depth + 1, reported, report)
}

type Constrained = NonNullable<TreeNode['constrained']>[0]

/** `common` is a segment that both accept; `null` where they are too large to compare. */
function reportOverlap(a: Constrained, b: Constrained, depth: number, common: string | null, report: Report): void {
  // Within a file the second is the one further down.
  const isSwapped = a.route.range.file === b.route.range.file && a.route.range.start > b.route.range.start
  const [first, second] = isSwapped ? [b, a] : [a, b]
  const place = ({ route }: Constrained) => segmentRange(route, depth - route.api.baseSegments.length)
  const names = `\`${second.automaton.pattern}\` and \`${first.automaton.pattern}\` at the same place`
  const message = common === null ? `${names} are too large to tell whether they overlap` : `${names} both accept \`${common}\``
  report.error('PST0402', place(second), message, {
    hint: 'write constraints of which only one accepts a segment, or one route for both',
    related: [{ range: place(first), message: `\`${first.automaton.pattern}\` stands here` }],
  })
}
