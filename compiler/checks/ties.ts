/** Two routes with the same method, host and template: no rule could prefer one, so neither may win by the order of files. */
import type { Report } from '../../spec/diagnostic.ts'
import type { LinkedRoute } from '../link-graph.ts'
import type { RouteTree } from '../route-tree.ts'

export function checkTies(tree: RouteTree, report: Report): void {
  // APIs that meet on several hosts meet once in the report.
  const reported = new Set<LinkedRoute>()
  for (const { host, ties } of tree.roots) {
    for (const tie of ties) {
      // Within a file the second is the one further down.
      const isSwapped = tie.first.range.file === tie.second.range.file && tie.first.range.start > tie.second.range.start
      const [first, second] = isSwapped ? [tie.second, tie.first] : [tie.first, tie.second]
      if (reported.has(second)) continue
      reported.add(second)
      const name = `\`${second.method} ${second.template}\``
      const where = host === '' ? '' : ` on host \`${host}\``
      const message =
        first.template === second.template
          ? `${name} exists already${where}, in Api \`${first.api.name}\``
          : `${name} takes the same requests${where} as \`${first.method} ${first.template}\``
      report.error('PST0401', second.range, message, {
        hint:
          first.api === second.api
            ? 'keep one of them: names of parameters do not tell routes apart'
            : `keep one of them, or give Api \`${first.api.name}\` and Api \`${second.api.name}\` different hosts`,
        related: [{ range: first.range, message: 'the other one stands here' }],
      })
    }
  }
}
