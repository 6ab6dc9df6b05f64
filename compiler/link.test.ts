import t from 'tap'
import { writeBundle } from '../bundle/bundle.ts'
import type { Operation } from './document.ts'
import { api, BASE, compileFiles, compileResources, resourcesOf } from './link-fixture.ts'

const set = (name: string, policies: string) =>
  `apiVersion: postern/v1\nkind: PolicySet\nmetadata: { name: ${name} }\nspec: { policies: [${policies}] }\n`

t.test('the order of files and documents changes no byte', (t) => {
  const documents = [
    BASE,
    set('standard', '{ request-id: {} }'),
    api('a', '  policies: [ { use: standard } ]\n  routes: { GET /b: {}, GET /a: {}, "GET /{x:[0-9]+}": {} }'),
    api('b', '  hosts: [b.test, a.test]\n  routes: { GET /a: {}, "POST /{x}": {} }'),
    api('c', '  hosts: [a.test]\n  routes: { GET /c: {} }'),
  ]
  const bytesOf = (order: readonly string[]) => {
    // Each text keeps its file, so that positions stay the same.
    const texts = Object.fromEntries(order.map((text) => [`${documents.indexOf(text)}.yaml`, text]))
    const { plans } = compileFiles(texts)
    return plans.map((plan) => Buffer.from(writeBundle(plan)).toString('hex')).join()
  }
  const expected = bytesOf(documents)
  t.not(expected, '')
  t.equal(bytesOf([...documents].reverse()), expected)
  t.equal(bytesOf([...documents.slice(2), ...documents.slice(0, 2)]), expected)
  t.end()
})

t.test('APIs that share their hosts share a trie, however many hosts there are', (t) => {
  const nodes = (hosts: number) => {
    const names = Array.from({ length: hosts }, (_, index) => `h${index}.test`).join(', ')
    const { plans } = compileFiles(`${BASE}---\n${api('a', `  hosts: [${names}]\n  routes: { GET /a/b/c: {}, GET /d: {} }`)}`)
    t.equal(plans[0]?.hosts.length, hosts)
    return plans[0]?.nodes.length
  }
  t.equal(nodes(1), 5)
  t.equal(nodes(500), 5)
  t.end()
})

t.test('routes override the operations of an OpenAPI document and stand beside them', (t) => {
  const text = `${BASE}---\n${api('pets', '  openapi: ./pets.yaml\n  routes: { "GET /pets/{id}": { preserveHost: true }, GET /extra: {} }')}`
  const files = { 'test.yaml': text, 'pets.yaml': 'get post' }
  const resources = resourcesOf({ 'test.yaml': text })
  const document = {
    source: { file: 'pets.yaml', path: 'pets.yaml', text: 'get post' },
    root: { type: 'map', start: 0, end: 8, entries: [] },
  } as const
  const operations: Operation[] = [
    { key: 'GET /pets/{id}', name: 'getPet', range: { file: 'pets.yaml', start: 0, end: 3 } },
    { key: 'POST /pets', name: 'addPet', range: { file: 'pets.yaml', start: 4, end: 8 } },
  ]
  const described = resources.map((resource) => (resource.kind === 'Api' ? { ...resource, openapi: { document, operations } } : resource))
  const routes = compileResources(described, files).plans[0]?.routes ?? []
  t.strictSame(
    routes.map(({ name, template, preserveHost, source }) => [name, template, preserveHost, source.file]),
    [
      ['GET /extra', '/extra', false, 'test.yaml'],
      ['addPet', '/pets', false, 'pets.yaml'],
      ['getPet', '/pets/{id}', true, 'test.yaml'],
    ],
  )
  t.end()
})

t.test('sets of sets of sets are refused before they fill any memory', (t) => {
  const levels = Array.from({ length: 40 }, (_, index) =>
    set(
      `s${index}`,
      index === 39
        ? '{ request-id: {} }'
        : Array(20)
            .fill(`{ use: s${index + 1} }`)
            .join(', '),
    ),
  )
  const { diagnostics } = compileFiles([BASE, ...levels, api('a', '  policies: [ { use: s0 } ]\n  routes: { GET /a: {} }')].join('---\n'))
  t.match(diagnostics[0], { code: 'PST0502', message: 'this list stands for more than 256 policies' })
  t.end()
})

t.test('a chain of sets may be 64 deep', (t) => {
  const chain = (count: number) =>
    compileFiles(
      [BASE, ...Array.from({ length: count }, (_, index) => set(`s${index}`, index + 1 < count ? `{ use: s${index + 1} }` : ''))].join(
        '---\n',
      ),
    )
  t.notOk(chain(64).diagnostics.some(({ severity }) => severity === 'error'))
  t.match(chain(5000).diagnostics[0], { code: 'PST0502', message: /more than 64 deep/ })
  t.end()
})

t.test('a base path that no request can have is refused, however long it is', (t) => {
  const { diagnostics } = compileFiles(`${BASE}---\n${api('a', `  basePath: ${'/a'.repeat(20_000)}\n  routes: { GET /a: {} }`)}`)
  t.match(diagnostics[0], { code: 'PST0403', message: /has 20000 segments/ })
  t.end()
})

t.test('a route with more segments or bytes than a request may have can never match', (t) => {
  const long = Array.from({ length: 200 }, (_, index) => `/s${index}`).join('')
  const { diagnostics } = compileFiles(
    `${BASE}---\n${api('a', `  basePath: ${'/a'.repeat(100)}\n  routes: { GET ${long}: {}, GET /fits/**: {} }`)}`,
  )
  t.equal(diagnostics.length, 1)
  t.match(diagnostics[0], { code: 'PST0403', message: /300 segments/ })
  const wide = compileFiles(`${BASE}---\n${api('a', `  basePath: ${`/${'a'.repeat(4500)}`}\n  routes: { GET /${'b'.repeat(4000)}: {} }`)}`)
  t.match(wide.diagnostics[0], { code: 'PST0403', message: /8502 bytes/ })
  t.end()
})

t.test('a mistake within a key in quotes is shown within the quotes', (t) => {
  const { text } = compileFiles(`${BASE}---\n${api('a', '  routes:\n    "GET /a/{id:[0-9]+?}": {}')}`)
  t.ok(text.includes('      |                      ^^ leave the `?` out'.slice(3)), text)
  t.end()
})
