/**
 * Plans for tests, fuzzers and benches; not a fuzzer itself, but named as one so that builds leave it out. `planOf` makes a plan from a
 * route table as straightforwardly as can be; `samplePlan` is small and has something of everything.
 */

import { isRejection } from './image.ts'
import type { AutomatonPlan, BundlePlan, HostPlan, MethodRoute, NodePlan, RoutePlan } from './plan.ts'
import { METHODS, NEVER_EXPIRES } from './plan.ts'
import { RecordWriter } from './record.ts'
import { SAMPLE_RETRY, sampleBackend, sampleEndpoint, sampleListener, sampleTraffic } from './sample-parts.fuzz.ts'
import { type Bundle, openBytes } from './views.ts'
import { writeBundle } from './writer.ts'

/** `abc` is a literal, `{}` a parameter, `{digits}` and `{letters}` are constrained ones. */
export type Segment = string

export interface SampleRoute {
  readonly host: string
  readonly method: string
  readonly segments: readonly Segment[]
  /** The template goes on with `/**`. */
  readonly rest: boolean
}

/** Constraints that no segment satisfies both of. */
export const CONSTRAINTS = { digits: /^[0-9]+$/, letters: /^[a-z]+$/ } as const

const AUTOMATA: readonly AutomatonPlan[] = [characterClass('[0-9]+', /[0-9]/), characterClass('[a-z]+', /[a-z]/)]

/** One or more characters of a class. */
function characterClass(pattern: string, member: RegExp): AutomatonPlan {
  return {
    pattern,
    stateCount: 3,
    classCount: 2,
    classes: Uint8Array.from({ length: 256 }, (_, byte) => (member.test(String.fromCharCode(byte)) ? 1 : 0)),
    transitions: Uint16Array.of(0, 0, 0, 2, 0, 2),
    accepting: Uint8Array.of(0, 0, 1),
  }
}

interface Building {
  readonly literals: Map<string, Building>
  readonly constrained: Map<string, Building>
  parameter: Building | undefined
  readonly routes: Map<number, number>
  readonly rest: Map<number, number>
}

const newNode = (): Building => ({ literals: new Map(), constrained: new Map(), parameter: undefined, routes: new Map(), rest: new Map() })

/** Nodes and hosts of a route table; of equal routes the first one stays. */
function triesOf(table: readonly SampleRoute[]): { hosts: HostPlan[]; nodes: NodePlan[] } {
  const roots = new Map<string, Building>()
  for (const [index, route] of table.entries()) {
    let node = entry(roots, route.host)
    for (const segment of route.segments) {
      if (segment === '{}') {
        node.parameter ??= newNode()
        node = node.parameter
      } else if (segment.startsWith('{')) node = entry(node.constrained, segment.slice(1, -1))
      else node = entry(node.literals, segment)
    }
    const routes = route.rest ? node.rest : node.routes
    const method = METHODS.indexOf(route.method as 'GET')
    if (!routes.has(method)) routes.set(method, index)
  }
  const nodes: NodePlan[] = []
  const hosts = [...roots.keys()]
    .sort(byBytes)
    .map((pattern) => ({ pattern, rootNodeIndex: number(roots.get(pattern) as Building, nodes) }))
  return { hosts, nodes }
}

/** Numbers a node and what is below it, parents first. */
function number(node: Building, nodes: NodePlan[]): number {
  const index = nodes.length
  nodes.push({ literals: [], constrained: [], routes: [], rest: [] })
  const literals = [...node.literals.keys()]
    .sort(byBytes)
    .map((label) => ({ label, nodeIndex: number(node.literals.get(label) as Building, nodes) }))
  const constrained = [...node.constrained.keys()].sort(byBytes).map((name) => ({
    automatonIndex: Object.keys(CONSTRAINTS).indexOf(name),
    nodeIndex: number(node.constrained.get(name) as Building, nodes),
  }))
  const parameter = node.parameter === undefined ? {} : { parameterNodeIndex: number(node.parameter, nodes) }
  nodes[index] = { literals, constrained, ...parameter, routes: methodRoutes(node.routes), rest: methodRoutes(node.rest) }
  return index
}

/** A GET stands again as HEAD unless HEAD has its own. */
function methodRoutes(routes: ReadonlyMap<number, number>): MethodRoute[] {
  const all = new Map(routes)
  const get = all.get(METHODS.indexOf('GET'))
  if (get !== undefined && !all.has(METHODS.indexOf('HEAD'))) all.set(METHODS.indexOf('HEAD'), get)
  return [...all].sort(([a], [b]) => a - b).map(([methodId, routeIndex]) => ({ methodId, routeIndex }))
}

function entry<K>(map: Map<K, Building>, key: K): Building {
  const node = map.get(key) ?? newNode()
  map.set(key, node)
  return node
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** A plan with one API, one open chain and these routes. */
export function planOf(table: readonly SampleRoute[], rest: Partial<BundlePlan> = {}): BundlePlan {
  const routes = table.map((route, index): RoutePlan => {
    const template = `${route.segments.map((segment) => `/${segment}`).join('')}${route.rest ? '/**' : ''}`
    return {
      apiIndex: 0,
      name: `${route.method} ${template}`,
      method: route.method,
      template,
      accessAttachmentIndex: 0,
      chainIndex: 0,
      backendIndex: 0,
      strippedBytes: 0,
      preserveHost: false,
      answersPreflight: false,
      source: { file: 'apis/all.yaml', line: index + 1, column: 3 },
    }
  })
  return {
    compiler: 'sample 1.0.0',
    gateway: 'edge',
    listeners: [sampleListener()],
    trustedProxies: [],
    policies: [{ name: 'public', version: 1 }],
    apis: [{ name: 'all' }],
    routes,
    traffics: [],
    chains: [{ early: [], request: [] }],
    attachments: [{ id: 'api/all#public', policyIndex: 0, recordIndex: 0, source: { file: 'apis/all.yaml', line: 1, column: 1 } }],
    records: [new Uint8Array(0)],
    backends: [sampleBackend('service')],
    consumers: [],
    secrets: [],
    automata: AUTOMATA,
    selfTests: [],
    ...triesOf(table),
    ...rest,
  }
}

const SAMPLE_ROUTES: readonly SampleRoute[] = [
  { host: '', method: 'GET', segments: ['weather', 'forecast', '{}'], rest: false },
  { host: '', method: 'POST', segments: ['weather', 'forecast', 'a-label-that-is-too-long-to-be-inline'], rest: false },
  { host: 'api.example.com', method: 'GET', segments: ['stations', '{digits}'], rest: false },
  { host: 'api.example.com', method: 'GET', segments: ['stations', '{letters}'], rest: false },
  { host: 'api.example.com', method: 'PUT', segments: ['stations', '{}', ''], rest: false },
  { host: '*.example.com', method: 'GET', segments: ['files'], rest: true },
  { host: '*.example.com', method: 'DELETE', segments: ['files', 'übersicht'], rest: false },
  { host: '*.example.com', method: 'GET', segments: ['files', 'zwei'], rest: false },
  { host: '*.example.com', method: 'GET', segments: ['files', '{digits}'], rest: false },
  { host: '', method: 'POST', segments: ['weather', 'forecast', '{}'], rest: false },
]

/** Small and complete: every section has something in it, every list at least one that is not empty. */
export function samplePlan(): BundlePlan {
  const plain = planOf(SAMPLE_ROUTES)
  const mapped = (last: number) => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, last)
  return {
    ...plain,
    listeners: [
      ...plain.listeners,
      sampleListener({ name: 'other', address: '::1', port: 8081, http2: false, proxyProtocol: true, limits: { maxAgeMs: 3_600_000 } }),
      sampleListener({
        name: 'secure',
        port: 8443,
        protocol: 'https',
        tls: {
          certificates: [
            { certSecretIndex: 1, keySecretIndex: 2 },
            { certSecretIndex: 3, keySecretIndex: 2 },
          ],
          clients: { caSecretIndex: 1, mode: 'optional' },
          minVersion: '1.3',
        },
        limits: { connectionsPerAddress: 0, minBodyRate: 0, keepAliveRequests: 1000 },
      }),
    ],
    trustedProxies: [{ first: mapped(0), last: mapped(255) }],
    policies: [
      { name: 'api-key', version: 1 },
      { name: 'headers', version: 2 },
      { name: 'public', version: 1 },
    ],
    apis: [{ name: 'files' }, { name: 'weather' }],
    routes: plain.routes.map((route, index) => {
      const { backendIndex, ...withoutBackend } = route
      return {
        ...withoutBackend,
        ...(index === 3 || backendIndex === undefined ? {} : { backendIndex }),
        apiIndex: index < 2 ? 1 : 0,
        strippedBytes: index < 2 ? '/weather'.length : 0,
        accessAttachmentIndex: index % 2,
        chainIndex: index % 3,
        preserveHost: index === 4,
        answersPreflight: index === 5,
        ...(index < 2 ? { trafficIndex: index } : {}),
      }
    }),
    traffics: [
      sampleTraffic({
        split: [
          { backendIndex: 0, weight: 95 },
          { backendIndex: 1, weight: 5 },
        ],
        sticky: { by: 'cookie', name: 'part' },
        mirror: { backendIndex: 1, share: 1000 },
        totalTimeoutMs: 0,
        retry: { ...SAMPLE_RETRY, attempts: 0 },
        cache: { ttlMs: 30_000, staleIfErrorMs: 300_000, vary: ['accept', 'accept-language'], maxObjectBytes: 1_048_576 },
        compress: { encodings: ['zstd', 'gzip'], minBytes: 1024, types: ['text/*', 'application/json'] },
      }),
      sampleTraffic({ totalTimeoutMs: 10_000, cache: { vary: [], maxObjectBytes: 1 } }),
    ],
    chains: [
      { early: [], request: [] },
      { early: [2], request: [3, 2] },
      { early: [], request: [3] },
    ],
    attachments: [0, 2, 1, 1].map((policyIndex, index) => ({
      id: `api/weather#${index}`,
      policyIndex,
      recordIndex: index % 3,
      source: { file: 'apis/weather.yaml', line: 10 + index, column: 5 },
    })),
    records: [new RecordWriter().string('x-api-key').finish(), new Uint8Array(0), Uint8Array.of(1, 2, 3)],
    backends: [
      plain.backends[0] as BundlePlan['backends'][number],
      sampleBackend('zwei', {
        sourceAddress: '10.0.0.2',
        endpoints: [
          sampleEndpoint(80, { host: '::1', authority: '[::1]', pathPrefix: '/api' }),
          sampleEndpoint(8443, { host: 'service.internal', isTls: true, weight: 3, resolve: 'srv' }),
        ],
        protocol: 'http2',
        balance: { kind: 'consistent-hash', by: 'header', name: 'x-tenant' },
        totalTimeoutMs: 60_000,
        slowStartMs: 30_000,
        activeHealth: {
          ...({ kind: 'http', path: '/healthz', host: 'health.internal', minStatus: 200, maxStatus: 399 } as const),
          ...{ intervalMs: 5000, timeoutMs: 1000, healthyAfter: 2, unhealthyAfter: 3 },
        },
        passiveHealth: {
          ...{ consecutiveFailures: 5, failurePercent: 0, minRequests: 20, intervalMs: 10_000 },
          ...{ ejectMs: 30_000, maxEjectMs: 300_000, panicBelowPercent: 50 },
        },
        breaker: { failurePercent: 50, minRequests: 20, windowMs: 10_000, openMs: 5000 },
        retry: { ...SAMPLE_RETRY, attempts: 2, on: ['connect', 'reset', 'timeout'], statuses: [502, 503, 504], perTryMs: 2000 },
        tls: { serverName: 'orders.internal', verify: false, caSecretIndex: 1, certSecretIndex: 3, keySecretIndex: 2 },
      }),
    ],
    consumers: [
      { name: 'acme', keys: [{ digest: new Uint8Array(32).fill(7), expiresAtSeconds: NEVER_EXPIRES }] },
      {
        name: 'globex',
        keys: [
          { digest: new Uint8Array(32).fill(9), expiresAtSeconds: 2_000_000_000 },
          { digest: Uint8Array.from({ length: 32 }, (_, index) => (index < 4 ? 7 : index)), expiresAtSeconds: 0 },
        ],
      },
    ],
    secrets: [
      { kind: 'env', name: 'TOKEN' },
      { kind: 'file', name: '/run/secrets/token' },
      { kind: 'file', name: '/run/secrets/tls.key' },
      { kind: 'file', name: '/run/secrets/tls.pem' },
    ],
    selfTests: [
      { method: 'GET', host: 'any.test', path: '/weather/forecast/berlin', routeIndex: 0 },
      { method: 'GET', host: 'any.test', path: '/nothing' },
    ],
  }
}

/** The plan, written, checked and opened. */
export function open(plan: BundlePlan): Bundle {
  const bundle = openBytes(writeBundle(plan))
  if (isRejection(bundle)) throw new Error(bundle.message)
  return bundle
}
