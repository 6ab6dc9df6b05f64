/** Turns what is in force into tables: names into indices, everything sorted, equal things once. Cannot fail; what could was checked before. */
import type {
  AddressRange,
  AttachmentPlan,
  AutomatonPlan,
  BackendPlan,
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
import { parseDuration } from '../spec/duration.ts'
import { known } from '../spec/grammar.ts'
import { parseHttpEndpoint } from '../spec/http-endpoint.ts'
import { parseKeyHash } from '../spec/key-hash.ts'
import { parseTimestamp } from '../spec/timestamp.ts'
import { type Document, keyRangeAt, positionAt, type ResourceOf, rangeAt } from './document.ts'
import type { Attachment, Chain, Inheritance } from './inherit.ts'
import { compare } from './link.ts'
import type { LinkedBackend, LinkedRoute } from './link-graph.ts'
import { planSelfTests } from './plan-self-tests.ts'
import { type RouteTree, routeFor, type TreeNode } from './route-tree.ts'

/** Every value is what it stands for when it is left out of the YAML. The schemas of spec/kinds/backend.ts say the same. */
const DEFAULTS = {
  connectTimeoutMs: 2_000,
  responseTimeoutMs: 30_000,
  idleTimeoutMs: 30_000,
  maxConnections: 256,
  maxPending: 1024,
  pendingTimeoutMs: 1_000,
  poolIdleMs: 55_000,
} as const

/** `compiler` is name and version of what compiles, such as `postern 0.1.0`. */
export function plan(inheritance: Inheritance, tree: RouteTree, compiler: string): BundlePlan {
  const { gateway, apis, consumers, secrets } = inheritance
  const { spec } = gateway.resource.value
  const routes = inheritance.routes
  const apiIndices = new Map(apis.map((api, index) => [api, index]))
  const attachments = new Attachments(routes)
  const chains = new Chains(attachments)
  const backends = usedBackends(routes)
  const backendIndices = new Map(backends.map((backend, index) => [backend, index]))
  const routeIndices = new Map(routes.map(({ route }, index) => [route, index]))
  const nodes = planNodes(tree, routeIndices)

  return {
    compiler,
    gateway: gateway.name,
    listeners: spec.listeners.map(({ name, address, port, protocol }) => ({
      name,
      address: address ?? '0.0.0.0',
      port,
      protocol: protocol ?? 'http',
    })),
    trustedProxies: (spec.trustedProxies ?? []).map((cidr): AddressRange => known(parseCidr(cidr))),
    policies: attachments.policies,
    apis: apis.map(({ name }) => ({ name })),
    routes: routes.map(({ route, access, chain }): RoutePlan => {
      const backend = route.backend ?? undefined
      return {
        apiIndex: apiIndices.get(route.api) as number,
        name: route.name,
        method: route.method,
        template: route.template,
        accessAttachmentIndex: attachments.index(access),
        chainIndex: chains.index(chain),
        ...(backend === undefined ? {} : { backendIndex: backendIndices.get(backend) as number }),
        strippedBytes: route.stripsBasePath ? route.api.basePath.length : 0,
        preserveHost: route.preservesHost,
        answersPreflight: chain.answersPreflight,
        source: position(route.document, route.range),
      }
    }),
    chains: chains.plans,
    attachments: attachments.plans,
    records: attachments.records,
    backends: backends.map(planBackend),
    consumers: consumers.map(planConsumer),
    secrets,
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

/** Backends that some route of this gateway has, sorted by name. */
function usedBackends(routes: Inheritance['routes']): LinkedBackend[] {
  const used = new Set<LinkedBackend>()
  for (const { route } of routes) if (route.backend !== undefined && route.backend !== null) used.add(route.backend)
  return [...used].sort((a, b) => compare(a.name, b.name))
}

function planBackend({ name, resource }: LinkedBackend): BackendPlan {
  const { endpoints, sourceAddress, timeouts, pool } = resource.value.spec
  const ms = (text: string | undefined, defaultMs: number) => (text === undefined ? defaultMs : known(parseDuration(text)))
  return {
    name,
    endpoints: endpoints.map((endpoint) => known(parseHttpEndpoint(endpoint))),
    sourceAddress: sourceAddress ?? '',
    connectTimeoutMs: ms(timeouts?.connect, DEFAULTS.connectTimeoutMs),
    responseTimeoutMs: ms(timeouts?.response, DEFAULTS.responseTimeoutMs),
    idleTimeoutMs: ms(timeouts?.idle, DEFAULTS.idleTimeoutMs),
    maxConnections: pool?.maxConnections ?? DEFAULTS.maxConnections,
    maxPending: pool?.maxPending ?? DEFAULTS.maxPending,
    pendingTimeoutMs: ms(pool?.pendingTimeout, DEFAULTS.pendingTimeoutMs),
    poolIdleMs: ms(pool?.idle, DEFAULTS.poolIdleMs),
    source: position(resource.document, rangeAt(resource.document, ['metadata', 'name'])),
  }
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
