/** A route needs a backend unless a policy of its chain always answers itself. */
import type { Report } from '../../spec/diagnostic.ts'
import type { Inheritance } from '../inherit.ts'

export function checkBackends({ routes }: Inheritance, report: Report): void {
  for (const { route, chain } of routes) {
    // `null` names one that does not exist, which has been reported.
    if (route.backend !== undefined || chain.alwaysReplies) continue
    report.error('PST0302', route.range, `\`${route.method} ${route.template}\` has no backend`, {
      hint: `name one with \`backend\` on the route or on Api \`${route.api.name}\`, or answer with the policy \`respond\``,
    })
  }
}
