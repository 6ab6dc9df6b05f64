/**
 * From resources to a graph: names become references, each name that leads nowhere is reported with the nearest one that exists, policy
 * sets are put in where they are used, and route keys become segments with automata.
 */
import { LIMITS } from '../bundle/limits.ts'
import { parseBasePath } from '../spec/base-path.ts'
import type { Report } from '../spec/diagnostic.ts'
import { known } from '../spec/grammar.ts'
import { parseHost } from '../spec/host.ts'
import type { Kind } from '../spec/kinds/index.ts'
import { nearest } from '../spec/suggest.ts'
import { type LocatedResource, type Path, type ResourceOf, rangeAt } from './document.ts'
import { checkBackend } from './link-backends.ts'
import type { Graph, LinkedApi, LinkedBackend, LinkedGateway } from './link-graph.ts'
import { checkListeners } from './link-listeners.ts'
import { PolicyLinker } from './link-policies.ts'
import { ConstraintCache, linkRoutes } from './link-routes.ts'

export type * from './link-graph.ts'

/** Links the resources of a folder. Pure; the result has all that could be linked, so that the phases behind can report what else is wrong. */
export function link(resources: readonly LocatedResource[], report: Report): Graph {
  const byKind = groupByKind(resources, report)
  const backends = sorted(byKind('Backend')).map((resource): LinkedBackend => ({ name: resource.name, resource, isUsed: false }))
  const backendsByName = new Map(backends.map((backend) => [backend.name, backend]))
  const consumers = sorted(byKind('Consumer'))
  const policySets = sorted(byKind('PolicySet'))
  const policies = new PolicyLinker(new Map(policySets.map((set) => [set.name, set])), report)
  policies.checkAll()
  for (const { resource } of backends) checkBackend(resource, report)
  checkKeys(consumers, report)

  const context: LinkContext = {
    report,
    policies,
    constraints: new ConstraintCache(),
    backend(name, resource, path) {
      const found = backendsByName.get(name)
      if (found !== undefined) {
        found.isUsed = true
        return found
      }
      const near = nearest(name, [...backendsByName.keys()])
      report.error('PST0201', rangeAt(resource.document, path), `backend \`${name}\` does not exist`, {
        hint: near === undefined ? `write a Backend with the name \`${name}\`` : `did you mean \`${near}\`?`,
      })
      return null
    },
  }
  const gateways = sorted(byKind('Gateway')).map((resource) => linkGateway(resource, context))
  const apis = sorted(byKind('Api')).map((resource) => linkApi(resource, context))
  return {
    gateways,
    apis,
    backends,
    consumers,
    policySets,
    usedPolicySets: policies.usedSets(),
  }
}

/** What the parts of linking share. */
export interface LinkContext {
  readonly report: Report
  readonly policies: PolicyLinker
  readonly constraints: ConstraintCache
  /** `null` where it does not exist, which is reported. */
  backend(name: string, resource: LocatedResource, path: Path): LinkedBackend | null
}

/** The resources of each kind, each name once. */
function groupByKind(resources: readonly LocatedResource[], report: Report): <K extends Kind>(kind: K) => ResourceOf<K>[] {
  const groups = new Map<Kind, Map<string, LocatedResource>>()
  const inOrder = [...resources].sort(
    (a, b) => compare(a.document.source.path, b.document.source.path) || a.document.root.start - b.document.root.start,
  )
  for (const resource of inOrder) {
    let group = groups.get(resource.kind)
    if (group === undefined) {
      group = new Map()
      groups.set(resource.kind, group)
    }
    const first = group.get(resource.name)
    if (first === undefined) group.set(resource.name, resource)
    else {
      report.error('PST0205', nameRange(resource), `${resource.kind} \`${resource.name}\` exists already`, {
        hint: 'give one of them another name',
        related: [{ range: nameRange(first), message: 'the first one stands here' }],
      })
    }
  }
  return <K extends Kind>(kind: K) => [...(groups.get(kind)?.values() ?? [])] as ResourceOf<K>[]
}

function linkGateway(resource: ResourceOf<'Gateway'>, { policies, report }: LinkContext): LinkedGateway {
  const { spec } = resource.value
  const access = policies.access(spec.access, resource.document, ['spec', 'access'])
  checkListeners(resource, report)
  return {
    name: resource.name,
    resource,
    id: `gateway/${resource.name}`,
    ...(access === undefined ? {} : { access }),
    policies: policies.expand(spec.policies, resource.document, ['spec', 'policies']),
  }
}

function linkApi(resource: ResourceOf<'Api'>, context: LinkContext): LinkedApi {
  const { spec } = resource.value
  const access = context.policies.access(spec.access, resource.document, ['spec', 'access'])
  const basePath = known(parseBasePath(spec.basePath ?? ''))
  const hosts = (spec.hosts ?? []).map((host) => known(parseHost(host)))
  const api: LinkedApi & { routes: LinkedApi['routes'] } = {
    name: resource.name,
    resource,
    id: `api/${resource.name}`,
    ...(access === undefined ? {} : { access }),
    policies: context.policies.expand(spec.policies, resource.document, ['spec', 'policies']),
    hosts: [...new Set(hosts)].sort(compare),
    basePath,
    baseSegments: basePath === '' ? [] : basePath.slice(1).split('/'),
    routes: [],
  }
  api.routes = linkRoutes(api, context)
  if (api.baseSegments.length > LIMITS.pathSegments) {
    const message = `no route of Api \`${api.name}\` can match: its base path has ${api.baseSegments.length} segments, and paths with more than ${LIMITS.pathSegments} are refused`
    context.report.error('PST0403', rangeAt(resource.document, ['spec', 'basePath']), message)
    // Nothing behind this point has to expect a tree of any depth.
    api.routes = []
  }
  return api
}

/** Two consumers with one key could not be told apart. */
function checkKeys(consumers: readonly ResourceOf<'Consumer'>[], report: Report): void {
  const seen = new Map<string, { readonly resource: ResourceOf<'Consumer'>; readonly path: Path }>()
  for (const resource of consumers) {
    resource.value.spec.keys.forEach((key, index) => {
      const path = ['spec', 'keys', index, 'hash']
      const first = seen.get(key.hash)
      if (first === undefined) seen.set(key.hash, { resource, path })
      else {
        const owner = first.resource === resource ? 'this consumer has this key' : `this key belongs to consumer \`${first.resource.name}\``
        report.error('PST0208', rangeAt(resource.document, path), `${owner} already`, {
          hint: '`postern key new` prints another one',
          related: [{ range: rangeAt(first.resource.document, first.path), message: 'the first place' }],
        })
      }
    })
  }
}

function nameRange(resource: LocatedResource): ReturnType<typeof rangeAt> {
  return rangeAt(resource.document, ['metadata', 'name'])
}

function sorted<R extends LocatedResource>(resources: R[]): R[] {
  return resources.sort((a, b) => compare(a.name, b.name))
}

/** By code unit, so that no locale takes part. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
