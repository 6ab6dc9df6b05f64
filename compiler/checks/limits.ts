/** What a gateway would refuse is refused here, from the same table of limits, with the place in the sources. */
import { LIMITS } from '../../bundle/limits.ts'
import type { BundlePlan } from '../../bundle/plan.ts'
import type { Report } from '../../spec/diagnostic.ts'
import { rangeAt } from '../document.ts'
import type { LinkedGateway } from '../link-graph.ts'

const TABLES = [
  'listeners',
  'trustedProxies',
  'apis',
  'routes',
  'traffics',
  'nodes',
  'hosts',
  'backends',
  'consumers',
  'attachments',
  'secrets',
] as const

/** Whether the plan fits into a bundle. */
export function checkLimits(plan: BundlePlan, report: Report, gateway: LinkedGateway): boolean {
  let fits = true
  for (const table of TABLES) {
    const { length } = plan[table]
    if (length <= LIMITS[table]) continue
    fits = false
    const range = rangeAt(gateway.resource.document, ['metadata', 'name'])
    report.error('PST0502', range, `gateway \`${gateway.name}\` has ${length} ${WORDS[table]}, more than ${LIMITS[table]}`, {
      hint: 'serve some of its APIs by another gateway, with `apis.matchLabels`',
    })
  }
  return fits
}

const WORDS: { readonly [table in (typeof TABLES)[number]]: string } = {
  listeners: 'listeners',
  trustedProxies: 'trusted proxies',
  apis: 'APIs',
  routes: 'routes',
  traffics: 'different traffics',
  nodes: 'nodes in its path tries',
  hosts: 'hosts',
  backends: 'backends',
  consumers: 'consumers',
  attachments: 'uses of policies',
  secrets: 'secrets',
}
