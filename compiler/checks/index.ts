/** All rules that look at routes together, or at what nobody uses. Each has a file of its own and can be read alone. */
import type { Report } from '../../spec/diagnostic.ts'
import type { Inheritance } from '../inherit.ts'
import type { RouteTree } from '../route-tree.ts'
import { checkBackends } from './backends.ts'
import { checkOverlaps } from './overlaps.ts'
import { checkTies } from './ties.ts'
import { checkTraffic } from './traffic.ts'
import { checkUnreachable } from './unreachable.ts'
import { checkVisits } from './visits.ts'

export { checkLimits } from './limits.ts'
export { checkUnused } from './unused.ts'

/** Checks the routes of one gateway. */
export function checkRoutes(inheritance: Inheritance, tree: RouteTree, report: Report): void {
  checkBackends(inheritance, report)
  checkTraffic(inheritance, report)
  checkTies(tree, report)
  checkOverlaps(tree, report)
  checkUnreachable(tree, report)
  checkVisits(tree, report)
}
