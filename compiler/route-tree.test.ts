import fc from 'fast-check'
import t from 'tap'
import type { Bundle } from '../bundle/bundle.ts'
import { check, imageOf, isRejection, METHODS, openBundle, segmentHash, writeBundle } from '../bundle/bundle.ts'
import { api, BASE, compileFiles } from './link-fixture.ts'

/** What the tests make up: a table of routes, as DESIGN 3 describes them and nothing else. */
interface Table {
  readonly apis: readonly { readonly hosts: readonly string[]; readonly basePath: string; readonly routes: readonly Route[] }[]
}
interface Route {
  readonly method: string
  readonly segments: readonly string[]
}

/** Of the constraints no two accept a common segment; two are finite, so that literals can hide them. */
const CONSTRAINTS = ['[0-9]+', '[ab]{2}', 'x|y', 'é.*', 'a', '[.~-]']
const LITERALS = ['a', 'b', 'ab', 'x', 'y', '7', '%C3%A9', 'a:b']
const WORDS = [...LITERALS, 'aa', 'ba', 'bb', '77', '-', 'q', '%FF', '%C3%A9t', '']
const HOSTS = ['h.test', '*.h.test', 'a.h.test', '*.a.h.test', 'other.test']
const ASKED_HOSTS = [
  ...HOSTS.filter((host) => !host.startsWith('*')),
  'b.h.test',
  'x.a.h.test',
  'x.y.a.h.test',
  'nobody.test',
  '10.0.0.1',
  '[::1]',
]

const segment = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...LITERALS) },
  { weight: 2, arbitrary: fc.constant('{}') },
  { weight: 2, arbitrary: fc.constantFrom(...CONSTRAINTS).map((pattern) => `{${pattern}}`) },
)
const route: fc.Arbitrary<Route> = fc
  .tuple(fc.constantFrom('GET', 'HEAD', 'POST', 'QUERY'), fc.array(segment, { maxLength: 4 }), fc.constantFrom('', '', '', '/', '/**'))
  .map(([method, segments, end]) => ({
    method,
    segments: end === '/' || segments.length + end.length === 0 ? [...segments, ''] : end === '/**' ? [...segments, '**'] : segments,
  }))
const table: fc.Arbitrary<Table> = fc.record({
  apis: fc.array(
    fc.record({
      hosts: fc.uniqueArray(fc.constantFrom(...HOSTS), { maxLength: 3 }),
      basePath: fc.constantFrom('', '', '/a', '/a/b', '/7'),
      routes: fc.array(route, { minLength: 1, maxLength: 12 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
})

/** Templates with names for their parameters, which tell no routes apart. */
function keyOf({ method, segments }: Route): string {
  return `${method} ${segments.map((text, index) => `/${text === '{}' ? `{p${index}}` : text.startsWith('{') ? `{p${index}:${text.slice(1)}` : text}`).join('')}`
}

function yamlOf({ apis }: Table): string {
  const documents = apis.map(({ hosts, basePath, routes }, index) => {
    const lines = [
      ...(hosts.length > 0 ? [`  hosts: ${JSON.stringify(hosts)}`] : []),
      `  basePath: ${JSON.stringify(basePath)}`,
      '  routes:',
    ]
    return api(`api-${index}`, [...lines, ...routes.map((entry) => `    ${JSON.stringify(keyOf(entry))}: {}`)].join('\n'))
  })
  return [BASE, ...documents].join('\n---\n')
}

/** DESIGN 3, "Matching", sentence by sentence and without a trie. */
function naiveMatch({ apis }: Table, method: string, host: string, path: string): string | undefined {
  const candidates = apisFor(apis, host).flatMap((api) => {
    const base = api.basePath === '' ? [] : api.basePath.slice(1).split('/')
    return api.routes.map((entry) => ({
      method: entry.method,
      segments: [...base, ...entry.segments],
      name: `api-${apis.indexOf(api)} ${keyOf(entry)}`,
    }))
  })
  const asked = path.slice(1).split('/')
  const matching = candidates.filter(({ segments }) => takes(segments, asked))
  const own = (entry: (typeof candidates)[0]) =>
    entry.method === method ||
    (method === 'HEAD' &&
      entry.method === 'GET' &&
      !candidates.some((other) => other.method === 'HEAD' && same(other.segments, entry.segments)))
  return matching.filter(own).sort((a, b) => compareSpecificity(a.segments, b.segments))[0]?.name
}

/** Hosts are exclusive: exact, then the longest wildcard, then APIs without hosts. */
function apisFor(apis: Table['apis'], host: string): Table['apis'] {
  const named = apis.flatMap(({ hosts }) => hosts)
  const wildcards = named.filter(
    (pattern) => pattern.startsWith('*.') && host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1,
  )
  const best = named.includes(host) ? host : wildcards.sort((a, b) => b.length - a.length)[0]
  return apis.filter(({ hosts }) => (best === undefined ? hosts.length === 0 : hosts.includes(best)))
}

function takes(segments: readonly string[], asked: readonly string[]): boolean {
  const last = segments.length - 1
  if (segments[last] === '**')
    return asked.length >= last && segments.slice(0, last).every((text, index) => takesOne(text, asked[index] as string))
  return segments.length === asked.length && segments.every((text, index) => takesOne(text, asked[index] as string))
}

function takesOne(text: string, asked: string): boolean {
  if (text === '{}') return asked !== ''
  if (!text.startsWith('{')) return text === asked
  if (asked === '') return false
  try {
    return new RegExp(`^(?:${text.slice(1, -1)})$`, 'us').test(decodeURIComponent(asked))
  } catch {
    return false // Not UTF-8: no constraint takes it.
  }
}

/** Literal > constrained parameter > parameter > `/**`; the end of a template stands before `/**`. */
function compareSpecificity(a: readonly string[], b: readonly string[]): number {
  const rank = (text: string | undefined) => (text === undefined ? 3 : text === '**' ? 4 : text === '{}' ? 2 : text.startsWith('{') ? 1 : 0)
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const order = rank(a[index]) - rank(b[index])
    if (order !== 0) return order
  }
  return 0
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.join('/') === b.join('/')
}

/** A walk over the views, as a router does it. */
function walk(bundle: Bundle, method: string, host: string, path: string): string | undefined {
  const hostBytes = Buffer.from(host)
  const root = bundle.hosts.root(hostBytes, 0, hostBytes.length)
  if (root === -1) return undefined
  const bytes = Buffer.from(path)
  const methodId = (METHODS as readonly string[]).indexOf(method)
  const visit = (node: number, start: number): number => {
    if (start > bytes.length) {
      const route = bundle.trie.route(node, methodId)
      return route === -1 ? bundle.trie.rest(node, methodId) : route
    }
    const slash = bytes.indexOf(0x2f, start)
    const end = slash === -1 ? bytes.length : slash
    const literal = bundle.trie.literal(node, segmentHash(bytes, start, end), bytes, start, end)
    let found = literal === 0 ? -1 : visit(literal, end + 1)
    if (end > start) {
      for (let position = 0; found === -1 && position < bundle.trie.constrainedCount(node); position++) {
        if (bundle.automata.accepts(bundle.trie.constrainedAutomaton(node, position), bytes, start, end)) {
          found = visit(bundle.trie.constrainedChild(node, position), end + 1)
        }
      }
      const parameter = bundle.trie.parameter(node)
      if (found === -1 && parameter !== 0) found = visit(parameter, end + 1)
    }
    return found === -1 ? bundle.trie.rest(node, methodId) : found
  }
  const index = visit(root, 1)
  return index === -1 ? undefined : `${bundle.apis.name(bundle.routes.apiIndex(index))} ${bundle.routes.name(index)}`
}

function open(plan: Parameters<typeof writeBundle>[0]): Bundle {
  const bytes = writeBundle(plan)
  const checked = check(imageOf(bytes), bytes.length)
  if (isRejection(checked)) throw new Error(checked.message)
  return openBundle(checked)
}

/** Leaves out what a compiler must refuse as a tie, so that the rest can be matched. */
function withoutTies({ apis }: Table): Table {
  const seen = new Set<string>()
  const left = apis.map(({ hosts, basePath, routes }) => ({
    hosts,
    basePath,
    routes: routes.filter((entry) => {
      const keys = (hosts.length === 0 ? [''] : hosts).map((host) => `${host} ${entry.method} ${[basePath, ...entry.segments].join('/')}`)
      if (keys.some((key) => seen.has(key))) return false
      for (const key of keys) seen.add(key)
      return true
    }),
  }))
  // An empty map of routes is no map.
  return { apis: left.filter(({ routes }) => routes.length > 0) }
}

interface Request {
  readonly method: string
  readonly host: string
  readonly path: string
}
const requests: fc.Arbitrary<Request> = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'QUERY', 'DELETE'),
  host: fc.constantFrom(...ASKED_HOSTS),
  path: fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 6 }).map((words) => `/${words.join('/')}`),
})
/** Requests that a table's own routes suggest, so that most of them meet something. */
function likelyRequests({ apis }: Table): fc.Arbitrary<Request> {
  const entries = apis.flatMap(({ hosts, basePath, routes }) =>
    routes.map(({ method, segments }) => ({ hosts, method, segments: [...basePath.split('/').slice(1), ...segments] })),
  )
  if (entries.length === 0) return requests
  return fc.constantFrom(...entries).chain(({ hosts, method, segments }) => {
    const words = segments.map((text) => {
      if (text === '**') return fc.constantFrom(...WORDS)
      return text.startsWith('{')
        ? fc.constantFrom(...WORDS.filter((word) => takesOne(text, word)), 'q')
        : fc.constantFrom(text, text, text, 'q')
    })
    return fc.record({
      method: fc.constantFrom(method, method, method === 'GET' ? 'HEAD' : 'GET'),
      host: hosts.length === 0 ? fc.constant('nobody.test') : fc.constantFrom(...hosts.map((host) => host.replace('*', 'q'))),
      path: fc.tuple(...words).map((chosen) => `/${chosen.join('/')}`),
    })
  })
}

t.test('what is matched through a bundle is what DESIGN 3 says', (t) => {
  let matched = 0
  let hidden = 0
  fc.assert(
    fc.property(table.map(withoutTies), fc.gen(), (tables, gen) => {
      const { plans, diagnostics, text } = compileFiles(yamlOf(tables))
      const others = diagnostics.filter(({ code, severity }) => severity === 'error' && code !== 'PST0403')
      if (others.length > 0) throw new Error(text)
      const plan = plans[0]
      if (plan === undefined) {
        hidden++
        return
      }
      const bundle = open(plan)
      for (let round = 0; round < 40; round++) {
        const { method, host, path } = gen(() => (round % 4 === 0 ? requests : likelyRequests(tables)))
        const expected = naiveMatch(tables, method, host, path)
        const found = walk(bundle, method, host, path)
        if (expected !== undefined) matched++
        if (found !== expected) throw new Error(`${method} ${host} ${path}: found ${found}, expected ${expected}`)
      }
      for (const { method, host, path, routeIndex } of plan.selfTests) {
        const route = routeIndex === undefined ? undefined : plan.routes[routeIndex]
        const expected = route === undefined ? undefined : `${plan.apis[route.apiIndex]?.name} ${route.name}`
        if (walk(bundle, method, host, path) !== expected) throw new Error(`self-test ${method} ${host} ${path}: not ${expected}`)
        if (naiveMatch(tables, method, host, path) !== expected) throw new Error(`self-test ${method} ${host} ${path} is wrong`)
      }
    }),
    { numRuns: 300 },
  )
  t.ok(matched > 2000, `${matched} requests met a route`)
  t.ok(hidden < 150, `${hidden} tables had hidden routes`)
  t.end()
})

t.test('a route is refused as hidden exactly where no request can reach it', (t) => {
  const words = ['x', 'y', 'a', 'b', 'q', '%FF', '']
  const asked = words.flatMap((a) => [
    [a],
    ...words.flatMap((b) => [
      [a, b],
      ...words.flatMap((c) => [
        [a, b, c],
        [a, b, c, 'q'],
      ]),
    ]),
  ])
  const piece = fc.constantFrom('x', 'y', 'a', 'b', '{}', '{x|y}', '{x|y}', '{a}')
  const routes = fc.array(
    fc.record({
      method: fc.constantFrom('GET', 'GET', 'HEAD'),
      segments: fc
        .tuple(fc.array(piece, { minLength: 1, maxLength: 3 }), fc.boolean())
        .map(([segments, isRest]) => (isRest ? [...segments.slice(0, 2), '**'] : segments)),
    }),
    { minLength: 2, maxLength: 14 },
  )
  let hidden = 0
  fc.assert(
    fc.property(routes, (drawn) => {
      const tables = withoutTies({ apis: [{ hosts: [], basePath: '', routes: drawn }] })
      const { diagnostics } = compileFiles(yamlOf(tables))
      const refused = diagnostics.filter(({ code }) => code === 'PST0403').map(({ message }) => /^`([^`]+)`/.exec(message)?.[1])
      const reached = new Set<string | undefined>()
      for (const method of ['GET', 'HEAD']) {
        for (const segments of asked) {
          const found = naiveMatch(tables, method, 'any.test', `/${segments.join('/')}`)
          // What GET answers for HEAD does not make the route needed.
          if (found?.startsWith(`api-0 ${method} `)) reached.add(found.slice('api-0 '.length))
        }
      }
      const expected = (tables.apis[0]?.routes ?? []).map(keyOf).filter((key) => !reached.has(key))
      hidden += expected.length
      if (expected.sort().join() !== refused.sort().join()) throw new Error(`hidden: ${expected.join()}; refused: ${refused.join()}`)
    }),
    { numRuns: 200 },
  )
  t.ok(hidden > 20, `${hidden} routes were hidden`)
  t.end()
})
