/** Warnings about resources that change nothing: most often a name somewhere else is wrong. */
import type { Report } from '../../spec/diagnostic.ts'
import { type LocatedResource, rangeAt } from '../document.ts'
import type { Graph, PolicyScope } from '../link-graph.ts'
import { selectApis } from '../select.ts'

export function checkUnused(graph: Graph, report: Report): void {
  const warn = (resource: LocatedResource, message: string, hint: string) =>
    report.warning('PST0406', rangeAt(resource.document, ['metadata', 'name']), message, { hint })

  for (const { name, resource, isUsed } of graph.backends) {
    if (!isUsed) warn(resource, `backend \`${name}\` is used by no route`, `write \`backend: ${name}\`, or take it away`)
  }
  for (const resource of graph.policySets) {
    if (!graph.usedPolicySets.has(resource.name)) {
      warn(
        resource,
        `policy set \`${resource.name}\` is used nowhere`,
        `write \`use: ${resource.name}\` in a list of policies, or take it away`,
      )
    }
  }
  const admitted = admittedConsumers(graph)
  for (const resource of graph.consumers) {
    if (admitted !== undefined && !admitted.has(resource.name)) {
      warn(resource, `consumer \`${resource.name}\` may call no route`, 'name it in `consumers` of an access policy, or take it away')
    }
  }
  if (graph.gateways.length === 0) return
  const served = new Set(graph.gateways.flatMap((gateway) => selectApis(graph, gateway)))
  for (const api of graph.apis) {
    if (!served.has(api))
      warn(api.resource, `no gateway serves Api \`${api.name}\``, 'give it the labels that a gateway asks for in `apis.matchLabels`')
  }
  for (const gateway of graph.gateways) {
    if (graph.apis.length === 0 || selectApis(graph, gateway).length > 0) continue
    const range = rangeAt(gateway.resource.document, ['spec', 'apis', 'matchLabels'])
    report.warning('PST0407', range, `gateway \`${gateway.name}\` serves no Api`, { hint: 'no Api has all of these labels' })
  }
}

/** Names of consumers that some access policy lets in; `undefined` where one lets in everybody it knows. */
function admittedConsumers(graph: Graph): ReadonlySet<string> | undefined {
  const admitted = new Set<string>()
  const scopes: PolicyScope[] = [...graph.gateways, ...graph.apis]
  for (const api of graph.apis) scopes.push(...api.routes)
  for (const { access } of scopes) {
    if (access === undefined || access.policy === 'public') continue
    const { consumers } = (access.config ?? {}) as { readonly consumers?: readonly string[] }
    if (consumers === undefined) return undefined
    for (const name of consumers) admitted.add(name)
  }
  return admitted
}
