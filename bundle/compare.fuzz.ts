/** Compares what the views of a bundle answer with the naive reader. Shared by the fuzzer and the property tests; left out of builds. */
import { strict as assert } from 'node:assert'
import type { Bundle } from './bundle.ts'
import { segmentHash } from './hash.ts'
import type { NaiveBundle } from './naive-reader.fuzz.ts'
import { METHODS, type SourcePosition } from './plan.ts'

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
const position = ({ file, line, column }: SourcePosition): string => `${file}:${line}:${column}`

/** What `NaiveBundle.everything` says, read through the views. */
export function everything(bundle: Bundle): unknown {
  const { listeners, trustedProxies, apis, routes, chains, attachments, traffics, backends, consumers, secrets } = bundle
  const { hosts, trie, automata, selfTests } = bundle
  const ids = range(METHODS.length)
  return {
    manifest: bundle.manifest,
    listeners: range(listeners.count).map((i) => listeners.settings(i)),
    proxies: range(trustedProxies.count).flatMap((i) =>
      [trustedProxies.range(i).first, trustedProxies.range(i).last].map((a) => Buffer.from(a).toString('hex')),
    ),
    apis: range(apis.count).map((i) => apis.name(i)),
    routes: range(routes.count).map((i) => ({
      ...{
        api: routes.apiIndex(i),
        name: routes.name(i),
        method: routes.methodId(i),
        template: routes.template(i),
        access: routes.accessAttachment(i),
      },
      ...{ chain: routes.chain(i), backend: routes.backend(i), stripped: routes.strippedBytes(i), source: position(routes.source(i)) },
      ...{ preserveHost: routes.preserveHost(i), preflight: routes.answersPreflight(i), traffic: routes.traffic(i) },
    })),
    chains: range(chains.count).map((i) => [[...chains.early(i)], [...chains.request(i)]]),
    attachments: range(attachments.count).map((i) => ({
      ...{ id: attachments.id(i), policy: attachments.policyIndex(i), source: position(attachments.source(i)) },
      record: Buffer.from(attachments.record(i)).toString('hex'),
    })),
    backends: range(backends.count).map((i) => ({
      ...backends.settings(i),
      source: position(backends.source(i)),
    })),
    traffics: range(traffics.count).map((i) => traffics.settings(i)),
    consumers: range(consumers.count).map((i) => consumers.name(i)),
    keys: [...consumers.keys()].map((key) => `${key.consumer} ${Buffer.from(key.digest).toString('hex')} ${key.expiresAtSeconds}`).sort(),
    secrets: range(secrets.count).map((i) => [secrets.kind(i), secrets.name(i)]),
    hosts: range(hosts.count).map((i) => ({ pattern: hosts.pattern(i), root: hosts.rootNode(i) })),
    nodes: [...trie.nodes()].map((node) => ({
      routes: ids.filter((id) => (trie.methods(node) >>> id) & 1).map((id) => [id, trie.route(node, id)]),
      rest: ids.filter((id) => (trie.restMethods(node) >>> id) & 1).map((id) => [id, trie.rest(node, id)]),
      parameter: trie.parameter(node),
      constrained: range(trie.constrainedCount(node)).map((i) => [trie.constrainedAutomaton(node, i), trie.constrainedChild(node, i)]),
    })),
    edges: [...trie.literals()].map(({ parent, child, label }) => `${parent} ${label} ${child}`).sort(),
    automata: range(automata.count).map((i) => [automata.pattern(i), automata.stateCount(i)]),
    tests: range(selfTests.count).map((i) => [selfTests.method(i), selfTests.host(i), selfTests.path(i), selfTests.routeIndex(i)]),
  }
}

/** A straightforward router over the views, as docs/bundle-format.md says in section 4. `path` is latin1. */
export function matchViews(bundle: Bundle, methodId: number, host: string, path: string): number {
  const hostBytes = Buffer.from(host, 'latin1')
  const root = bundle.hosts.root(hostBytes, 0, hostBytes.length)
  if (root === -1) return -1
  const segments = path.slice(1).split('/')
  return walk(bundle, methodId, root, segments)
}

function walk(bundle: Bundle, methodId: number, node: number, [segment, ...left]: readonly string[]): number {
  const { trie, automata } = bundle
  if (segment === undefined) return trie.route(node, methodId) === -1 ? trie.rest(node, methodId) : trie.route(node, methodId)
  const bytes = Buffer.from(segment, 'latin1')
  const children = [trie.literal(node, segmentHash(bytes, 0, bytes.length), bytes, 0, bytes.length)]
  for (let position = 0; position < trie.constrainedCount(node); position++) {
    if (!automata.accepts(trie.constrainedAutomaton(node, position), bytes, 0, bytes.length)) continue
    children.push(trie.constrainedChild(node, position))
    break
  }
  if (segment !== '') children.push(trie.parameter(node))
  for (const child of children) {
    const found = child === 0 ? -1 : walk(bundle, methodId, child, left)
    if (found !== -1) return found
  }
  return trie.rest(node, methodId)
}

export interface Questions {
  readonly hosts: readonly string[]
  /** latin1 */
  readonly paths: readonly string[]
  readonly digests: readonly Buffer[]
}

/** Throws where the views and the naive reader differ. */
export function assertAgreement(bundle: Bundle, naive: NaiveBundle, questions: Questions): void {
  assert.equal(JSON.stringify(everything(bundle)), JSON.stringify(naive.everything()))
  for (const host of questions.hosts) {
    const bytes = Buffer.from(host, 'latin1')
    assert.equal(bundle.hosts.root(bytes, 0, bytes.length), naive.root(host), `root of ${host}`)
    for (const path of questions.paths) {
      for (let method = 0; method < METHODS.length; method++) {
        assert.equal(matchViews(bundle, method, host, path), naive.match(method, host, path), `${METHODS[method]} ${host} ${path}`)
      }
    }
  }
  for (const { parent, child, label } of naive.edges) {
    const bytes = Buffer.from(label, 'latin1')
    assert.equal(bundle.trie.literal(parent, segmentHash(bytes, 0, bytes.length), bytes, 0, bytes.length), child)
  }
  for (const digest of [...questions.digests, ...naive.keys.map((key) => key.digest)]) {
    for (const now of [0, 1_900_000_000, 2_100_000_000])
      assert.equal(bundle.consumers.findByKeyDigest(digest, now), naive.consumerOf(digest, now))
  }
}
