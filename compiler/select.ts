/** Which gateways are compiled, and which APIs a gateway serves. */
import type { Report } from '../spec/diagnostic.ts'
import { nearest } from '../spec/suggest.ts'
import { rangeAt } from './document.ts'
import type { Graph, LinkedApi, LinkedGateway } from './link-graph.ts'

export interface Selection {
  /** Name of the one that is meant. */
  readonly gateway?: string
  /** Take all of them, as `check` does where none is named. */
  readonly all?: boolean
}

/** The gateways to compile; empty with a report where that is not clear. */
export function selectGateways(graph: Graph, selection: Selection, report: Report): readonly LinkedGateway[] {
  const { gateways } = graph
  const nowhere = { file: firstFile(graph), start: 0, end: 0 }
  const [first, second] = gateways
  if (first === undefined) {
    report.error('PST0207', nowhere, 'no document of kind `Gateway` was found', { hint: '`postern init` writes one' })
    return []
  }
  if (selection.gateway !== undefined) {
    const found = gateways.find(({ name }) => name === selection.gateway)
    if (found !== undefined) return [found]
    const near = nearest(
      selection.gateway,
      gateways.map(({ name }) => name),
    )
    report.error('PST0207', nameRange(first), `gateway \`${selection.gateway}\` does not exist`, {
      hint: near === undefined ? `there is ${list(gateways)}` : `did you mean \`${near}\`?`,
    })
    return []
  }
  if (second === undefined || selection.all === true) return gateways
  report.error('PST0206', nameRange(second), `there are several gateways: ${list(gateways)}`, {
    hint: `say which one is meant: \`--gateway ${first.name}\``,
    related: [{ range: nameRange(first), message: 'the first one stands here' }],
  })
  return []
}

/** APIs that have every label the gateway asks for, sorted by name. */
export function selectApis(graph: Graph, gateway: LinkedGateway): readonly LinkedApi[] {
  const wanted = Object.entries(gateway.resource.value.spec.apis?.matchLabels ?? {})
  return graph.apis.filter(({ resource }) => {
    const labels = resource.value.metadata.labels ?? {}
    return wanted.every(([label, value]) => Object.hasOwn(labels, label) && labels[label] === value)
  })
}

function nameRange({ resource }: LinkedGateway): ReturnType<typeof rangeAt> {
  return rangeAt(resource.document, ['metadata', 'name'])
}

function list(gateways: readonly LinkedGateway[]): string {
  return gateways.map(({ name }) => `\`${name}\``).join(', ')
}

function firstFile(graph: Graph): string {
  const all = [...graph.apis, ...graph.backends].map(({ resource }) => resource.document.source.file)
  return all.sort()[0] ?? graph.consumers[0]?.document.source.file ?? graph.policySets[0]?.document.source.file ?? '.'
}
