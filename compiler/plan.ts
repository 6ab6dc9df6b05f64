/** Turns what is in force into tables: names into indices, everything sorted, equal things once. Cannot fail; what could was checked before. */
import type {
  AddressRange,
  AttachmentPlan,
  AutomatonPlan,
  BundlePlan,
  ChainPlan,
  ConsumerPlan,
  MethodRoute,
  NodePlan,
  RoutePlan,
  SourcePosition,
} from '../bundle/plan.ts'
import { METHODS, NEVER_EXPIRES } from '../bundle/plan.ts'
import { parseCidr } from '../spec/cidr.ts'
import type { Range } from '../spec/diagnostic.ts'
import { known } from '../spec/grammar.ts'
import { parseKeyHash } from '../spec/key-hash.ts'
import { parseTimestamp } from '../spec/timestamp.ts'
import { type Document, keyRangeAt, positionAt, type ResourceOf, rangeAt } from './document.ts'
import type { Attachment, Chain, Inheritance } from './inherit.ts'
import { compare } from './link.ts'
import type { LinkedBackend, LinkedRoute } from './link-graph.ts'
import { planBackend } from './plan-backends.ts'
import { planListener } from './plan-listeners.ts'
import { planSelfTests } from './plan-self-tests.ts'
import { Traffics } from './plan-traffics.ts'
import { type RouteTree, routeFor, type TreeNode } from './route-tree.ts'
import { SecretTable } from './secret-table.ts'

/** `compiler` is name and version of what compiles, such as `postern 0.1.0`. */
export function plan(inheritance: Inheritance, tree: RouteTree, compiler: string): BundlePlan {
  const { gateway, apis, consumers } = inheritance
  // Behind those of the policies, whose records have their indices already.
  const secrets = new SecretTable(inheritance.secrets)
  const { spec } = gateway.resource.value
  const routes = inheritance.routes
  const apiIndices = new Map(apis.map((api, index) => [api, index]))
  const attachments = new Attachments(routes)
  const chains = new Chains(attachments)
  const backends = usedBackends(routes)
  const backendIndices = new Map(backends.map((backend, index) => [backend, index]))
  const traffics = new Traffics(backendIndices)
  const routeIndices = new Map(routes.map(({ route }, index) => [route, index]))
  const nodes = planNodes(tree, routeIndices)

  return {
    compiler,
    gateway: gateway.name,
    listeners: spec.listeners.map((listener) => planListener(listener, secrets)),
    trustedProxies: (spec.trustedProxies ?? []).map((cidr): AddressRange => known(parseCidr(cidr))),
    policies: attachments.policies,
    apis: apis.map(({ name }) => ({ name })),
    routes: routes.map(({ route, access, chain }): RoutePlan => {
      const backend = route.backend ?? undefined
      const trafficIndex = traffics.index(route)
      return {
        apiIndex: apiIndices.get(route.api) as number,
        name: route.name,
        method: route.method,
        template: route.template,
        accessAttachmentIndex: attachments.index(access),
        chainIndex: chains.index(chain),
        ...(backend === undefined ? {} : { backendIndex: backendIndices.get(backend) as number }),
        ...(trafficIndex === undefined ? {} : { trafficIndex }),
        strippedBytes: route.stripsBasePath ? route.api.basePath.length : 0,
        preserveHost: route.preservesHost,
        answersPreflight: chain.answersPreflight,
        source: position(route.document, route.range),
      }
    }),
    traffics: traffics.plans,
    chains: chains.plans,
    attachments: attachments.plans,
    records: attachments.records,
    backends: backends.map(({ name, resource: { value, document } }) => ({
      ...planBackend(name, value.spec, secrets),
      source: position(document, rangeAt(document, ['metadata', 'name'])),
    })),
    consumers: consumers.map(planConsumer),
    secrets: secrets.plans,
    hosts: tree.hosts.map(({ pattern, root }) => ({ pattern, rootNodeIndex: nodes.indices.get(root.node) as number })),
    nodes: nodes.plans,
    automata: nodes.automata,
    selfTests: planSelfTests(tree, routeIndices),
  }
}

/** Attachments that some route has, sorted by id, with their records, each once. */
class Attachments {
  readonly plans: readonly AttachmentPlan[]
  readonly records: Uint8Array[] = []
  readonly policies: { readonly name: string; readonly version: number }[]
  readonly #indices: ReadonlyMap<Attachment, number>

  constructor(routes: Inheritance['routes']) {
    const all = new Set<Attachment>()
    const seen = new Set<Chain>()
    for (const { access, chain } of routes) {
      all.add(access)
      if (seen.has(chain)) continue
      seen.add(chain)
      for (const attachment of chain.early) all.add(attachment)
      for (const attachment of chain.request) all.add(attachment)
    }
    const sorted = [...all].sort((a, b) => compare(a.id, b.id))
    this.#indices = new Map(sorted.map((attachment, index) => [attachment, index]))

    const versions = new Map(sorted.map(({ result }) => [result.policy.name, result.policy.version]))
    this.policies = [...versions].map(([name, version]) => ({ name, version })).sort((a, b) => compare(a.name, b.name))
    const policyIndices = new Map(this.policies.map(({ name }, index) => [name, index]))
    const recordIndices = new Map<string, number>()
    this.plans = sorted.map(({ id, place, result }) => {
      const { record } = result.compiled
      const key = Buffer.from(record.buffer, record.byteOffset, record.byteLength).toString('latin1')
      let recordIndex = recordIndices.get(key)
      if (recordIndex === undefined) {
        recordIndex = this.records.push(record) - 1
        recordIndices.set(key, recordIndex)
      }
      return {
        id,
        policyIndex: policyIndices.get(result.policy.name) as number,
        recordIndex,
        source: position(place.document, keyRangeAt(place.document, place.path)),
      }
    })
  }

  index(attachment: Attachment): number {
    return this.#indices.get(attachment) as number
  }
}

/** Chains in the order of the routes that use them first, equal ones once. */
class Chains {
  readonly plans: ChainPlan[] = []
  readonly #attachments: Attachments
  readonly #byChain = new Map<Chain, number>()
  readonly #byContent = new Map<string, number>()

  constructor(attachments: Attachments) {
    this.#attachments = attachments
  }

  index(chain: Chain): number {
    const known = this.#byChain.get(chain)
    if (known !== undefined) return known
    const early = chain.early.map((attachment) => this.#attachments.index(attachment))
    const request = chain.request.map((attachment) => this.#attachments.index(attachment))
    const key = `${early.join()};${request.join()}`
    let index = this.#byContent.get(key)
    if (index === undefined) {
      index = this.plans.push({ early, request }) - 1
      this.#byContent.set(key, index)
    }
    this.#byChain.set(chain, index)
    return index
  }
}

/** Nodes in preorder, so that children come behind their parents; literals sorted by bytes, which for canonical labels is by code unit. */
function planNodes(
  tree: RouteTree,
  routeIndices: ReadonlyMap<LinkedRoute, number>,
): { readonly plans: NodePlan[]; readonly indices: ReadonlyMap<TreeNode, number>; readonly automata: AutomatonPlan[] } {
  const plans: NodePlan[] = []
  const indices = new Map<TreeNode, number>()
  const automata: AutomatonPlan[] = []
  const automatonIndices = new Map<string, number>()

  const automatonIndex = (automaton: AutomatonPlan & { readonly key: string }): number => {
    let index = automatonIndices.get(automaton.key)
    if (index === undefined) {
      const { pattern, stateCount, classes, classCount, transitions, accepting } = automaton
      index = automata.push({ pattern, stateCount, classes, classCount, transitions, accepting }) - 1
      automatonIndices.set(automaton.key, index)
    }
    return index
  }
  const methodRoutes = (routes: TreeNode['routes']): MethodRoute[] => {
    if (routes === undefined) return NONE
    const list: MethodRoute[] = []
    for (let methodId = 1; methodId < METHODS.length; methodId++) {
      const route = routeFor(routes, methodId)
      if (route !== undefined) list.push({ methodId, routeIndex: routeIndices.get(route) as number })
    }
    return list
  }
  const add = (node: TreeNode): number => {
    const index = plans.push(PENDING) - 1
    const literals = node.literals === undefined ? NONE : [...node.literals].sort((a, b) => compare(a[0], b[0]))
    const constrained = [...(node.constrained ?? NONE)].sort((a, b) => compare(a.automaton.pattern, b.automaton.pattern))
    const literalPlans = literals.map(([label, child]) => ({ label, nodeIndex: add(child) }))
    const constrainedPlans = constrained.map(({ automaton, node: child }) => ({
      automatonIndex: automatonIndex(automaton),
      nodeIndex: add(child),
    }))
    const parameterNodeIndex = node.parameter === undefined ? undefined : add(node.parameter)
    plans[index] = {
      literals: literalPlans,
      constrained: constrainedPlans,
      ...(parameterNodeIndex === undefined ? {} : { parameterNodeIndex }),
      routes: methodRoutes(node.routes),
      rest: methodRoutes(node.rest),
    }
    return index
  }
  for (const root of tree.roots) indices.set(root.node, add(root.node))
  return { plans, indices, automata }
}

const NONE: never[] = []
const PENDING: NodePlan = { literals: [], constrained: [], routes: [], rest: [] }

/** Backends that some route of this gateway has, also as a part of a split or for copies, sorted by name. */
function usedBackends(routes: Inheritance['routes']): LinkedBackend[] {
  const used = new Set<LinkedBackend>()
  for (const { route } of routes) {
    if (route.backend !== undefined && route.backend !== null) used.add(route.backend)
    for (const { backend } of route.traffic?.split ?? []) used.add(backend)
    if (route.traffic?.mirror !== undefined) used.add(route.traffic.mirror.backend)
  }
  return [...used].sort((a, b) => compare(a.name, b.name))
}

function planConsumer({ name, value }: ResourceOf<'Consumer'>): ConsumerPlan {
  return {
    name,
    keys: value.spec.keys.map(({ hash, expires }) => ({
      digest: known(parseKeyHash(hash)),
      expiresAtSeconds: expires === undefined ? NEVER_EXPIRES : known(parseTimestamp(expires)),
    })),
  }
}

function position({ source }: Document, range: Range): SourcePosition {
  const { line, column } = positionAt(source, range.start)
  return { file: source.path, line, column }
}
