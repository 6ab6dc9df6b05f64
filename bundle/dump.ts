/** A bundle as stable text, for people and golden tests: everything that a reader can see, in the order of the tables. */

import { backendLine, listenerLine, trafficLine } from './dump-settings.ts'
import { METHODS, NEVER_EXPIRES, type SourcePosition } from './plan.ts'
import type { Bundle } from './views.ts'

export function dump(bundle: Bundle): string {
  const out: string[] = []
  const { manifest, listeners, trustedProxies, apis, routes, chains, attachments, traffics, backends } = bundle
  const { consumers, secrets, automata, selfTests } = bundle
  out.push(`bundle ${manifest.format}`, `compiler ${manifest.compiler}`, `gateway ${manifest.gateway}`)
  table(out, 'policies', manifest.policies.length, (index) => {
    const policy = manifest.policies[index]
    return `${policy?.name} version ${policy?.version}`
  })
  table(out, 'listeners', listeners.count, (index) => {
    return listenerLine(listeners.settings(index))
  })
  table(out, 'trusted proxies', trustedProxies.count, (index) => {
    const { first, last } = trustedProxies.range(index)
    return `${hex(first)} to ${hex(last)}`
  })
  table(out, 'apis', apis.count, (index) => apis.name(index))
  table(out, 'routes', routes.count, (index) => {
    const backend = routes.backend(index)
    const words = [
      quote(routes.name(index)),
      `${routes.method(index)} ${routes.template(index)}`,
      `api ${routes.apiIndex(index)}`,
      `access ${routes.accessAttachment(index)}`,
      `chain ${routes.chain(index)}`,
      backend === -1 ? 'no backend' : `backend ${backend}`,
      `stripped ${routes.strippedBytes(index)}`,
    ]
    if (routes.traffic(index) !== -1) words.push(`traffic ${routes.traffic(index)}`)
    if (routes.preserveHost(index)) words.push('preserves host')
    if (routes.answersPreflight(index)) words.push('answers preflight')
    words.push(position(routes.source(index)))
    return words.join(', ')
  })
  table(
    out,
    'chains',
    chains.count,
    (index) => `early [${[...chains.early(index)].join(' ')}] request [${[...chains.request(index)].join(' ')}]`,
  )
  table(out, 'attachments', attachments.count, (index) => {
    const policy = manifest.policies[attachments.policyIndex(index)]?.name
    return `${quote(attachments.id(index))}, ${policy}, record ${attachments.recordIndex(index)} ${hex(attachments.record(index)) || 'empty'}, ${position(attachments.source(index))}`
  })
  table(out, 'traffics', traffics.count, (index) => trafficLine(traffics.settings(index)))
  table(out, 'backends', backends.count, (index) => `${backendLine(backends.settings(index))}, ${position(backends.source(index))}`)
  const keys = [...consumers.keys()]
  table(out, 'consumers', consumers.count, (index) => {
    const own = keys.filter(({ consumer }) => consumer === index)
    const expiry = (seconds: number) => (seconds === NEVER_EXPIRES ? 'never' : String(seconds))
    return [consumers.name(index), ...own.map((key) => `key ${hex(key.digest)} expires ${expiry(key.expiresAtSeconds)}`)].join(', ')
  })
  table(out, 'secrets', secrets.count, (index) => `${secrets.kind(index)} ${secrets.name(index)}`)
  table(out, 'automata', automata.count, (index) => `${quote(automata.pattern(index))}, ${automata.stateCount(index)} states`)
  dumpPaths(out, bundle)
  table(out, 'self-tests', selfTests.count, (index) => {
    const route = selfTests.routeIndex(index)
    return `${selfTests.method(index)} ${quote(selfTests.host(index))} ${selfTests.path(index)}: ${route === -1 ? 'no route' : `route ${route}`}`
  })
  return `${out.join('\n')}\n`
}

function table(out: string[], title: string, count: number, line: (index: number) => string): void {
  out.push('', `${title}: ${count}`)
  for (let index = 0; index < count; index++) out.push(`  ${index} ${line(index)}`)
}

/** Hosts, and below each root its paths, one segment deeper per indentation. A trie that several hosts share is shown once. */
function dumpPaths(out: string[], { hosts, trie, automata }: Bundle): void {
  const literals = new Map<number, { label: string; child: number }[]>()
  for (const { parent, label, child } of trie.literals()) {
    const siblings = literals.get(parent)
    if (siblings === undefined) literals.set(parent, [{ label, child }])
    else siblings.push({ label, child })
  }
  for (const siblings of literals.values()) siblings.sort((a, b) => Buffer.compare(Buffer.from(a.label), Buffer.from(b.label)))
  const shown = new Map<number, string>()
  out.push('', `hosts: ${hosts.count}`)
  for (let host = 0; host < hosts.count; host++) {
    const root = hosts.rootNode(host)
    const pattern = hosts.pattern(host) || 'any'
    const same = shown.get(root)
    out.push(`  ${host} ${pattern}: node ${root}${same === undefined ? '' : `, as ${same}`}`)
    if (same !== undefined) continue
    shown.set(root, pattern)
    // What is still to show, the next one last.
    const pending = [{ node: root, text: '', depth: 2 }]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { node, text, depth } = next
      const indent = '  '.repeat(depth)
      if (text !== '') out.push(`${indent}${text}: node ${node}${routesOf(trie.methods(node), (method) => trie.route(node, method))}`)
      else if (trie.methods(node) !== 0)
        out.push(`${indent}(no segment)${routesOf(trie.methods(node), (method) => trie.route(node, method))}`)
      if (trie.restMethods(node) !== 0) out.push(`${indent}  /**${routesOf(trie.restMethods(node), (method) => trie.rest(node, method))}`)
      const children = (literals.get(node) ?? []).map(({ label, child }) => ({ node: child, text: `/${label}`, depth: depth + 1 }))
      for (let position = 0; position < trie.constrainedCount(node); position++) {
        children.push({
          node: trie.constrainedChild(node, position),
          text: `/{${automata.pattern(trie.constrainedAutomaton(node, position))}}`,
          depth: depth + 1,
        })
      }
      if (trie.parameter(node) !== 0) children.push({ node: trie.parameter(node), text: '/{}', depth: depth + 1 })
      pending.push(...children.reverse())
    }
  }
}

function routesOf(methods: number, routeOf: (methodId: number) => number): string {
  let text = ''
  for (const [id, method] of METHODS.entries()) if ((methods >>> id) & 1) text += `, ${method} route ${routeOf(id)}`
  return text
}

function position({ file, line, column }: SourcePosition): string {
  return file === '' ? 'source unknown' : `${file}:${line}:${column}`
}

function quote(text: string): string {
  return JSON.stringify(text)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
