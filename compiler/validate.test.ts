import t from 'tap'
import { Report } from '../spec/diagnostic.ts'
import { KINDS } from '../spec/kinds/index.ts'
import { object, string } from '../spec/schema.ts'
import { check } from '../test/fixtures/carets.ts'
import type { Document } from './document.ts'
import { parseYaml } from './parse-yaml.ts'
import { reportSchemaErrors } from './schema-errors.ts'
import { schemaAt } from './schema-shape.ts'
import { isOurs, plainValue, validate, validatePolicyConfig } from './validate.ts'

const given = { gateway: true, backends: ['weather-service'], api: true } as const

const documentOf = (text: string): Document => {
  const [root] = parseYaml(text).documents
  if (root === undefined) throw new Error('no document')
  return { source: { file: 'a.yaml', path: 'a.yaml', text }, root }
}

t.test('a misspelt key is reported where it stands, with the nearest one; the key it stands for is not missing too', async (t) => {
  await check(
    t,
    given,
    `
    backend: weather-service
    policies:
      - rate-limit: { limit: 1, pre: 1m, by: ip }
                                ^^^ PST0112 did you mean \`per\`?
      - rate-limit: { limit: 1 }
        ^^^^^^^^^^ PST0113
    `.replace('        ^^^^^^^^^^ PST0113', '                      ^^^^^ PST0113'),
  )
})

t.test('a grammar says which piece of a value is wrong, in quotes too; escapes make it the whole value', async (t) => {
  await check(
    t,
    given,
    `
    backend: weather-service
    basePath: '/a//b'
                 ^^ PST0116 one \`/\`
    hosts: ["a..b", "\\u0061..c"]
               ^ PST0116
                    ^^^^^^^^^^^ PST0116
    `,
  )
})

t.test('of an anyOf only the branch that was meant is reported', async (t) => {
  await check(
    t,
    given,
    `
    backend: weather-service
    access: { api-key: {}, public: {} }
                           ^^^^^^ PST0115
    routes:
      GET /a: { access: true }
                        ^^^^ PST0115
      GET /b: { access: {} }
                        ^^ PST0115
      GET /c: { access: [] }
                        ^^ PST0114
    `.replace('                        ^^^^ PST0115', '                        ^^^^ PST0114'),
  )
})

t.test('what stands behind a key that is wrong is not complained about', async (t) => {
  await check(
    t,
    given,
    `
    backend: weather-service
    routes:
      GET a: { bakend: 7 }
          ^ PST0116 \`/a\`
    `,
  )
})

t.test('a secret is a reference, and a reference stands only where a secret may', async (t) => {
  await check(
    t,
    given,
    `
    backend: "\${env:B}"
              ^^^^^^^^ PST0119
    stripBasePath: "\${file:/a}"
                   ^^^^^^^^^^^^ PST0119
    policies:
      - headers: { request: { set: { x-token: "\${env:TOKEN}" } } }
    `,
  )
})

t.test('a literal in a field made for secrets is refused, a reference is not', (t) => {
  const schema = object({ token: string('secret', 'A secret.') })
  const reported = (value: string) => {
    const report = new Report()
    const document = documentOf(`token: "${value}"\n`)
    const error = { instancePath: '/token', keyword: 'format', schemaPath: '#/properties/token/format', params: { format: 'secret' } }
    reportSchemaErrors([error], { schema, root: document.root, document, outermost: 'x' }, report)
    return report.diagnostics
  }
  t.match(reported('hunter2'), [{ code: 'PST0120', message: 'a secret must be a reference', range: { start: 8, end: 15 } }])
  t.match(reported('${env:1}'), [{ code: 'PST0116', range: { start: 14, end: 15 } }])
  t.match(reported('${var.x}'), [{ code: 'PST0121', range: { start: 8, end: 16 } }])
  t.end()
})

t.test('a broken resource is left out and named, so that references to it are no second mistake', (t) => {
  const report = new Report()
  const backend = 'apiVersion: postern/v1\nkind: Backend\nmetadata: { name: a }\nspec: {}\n'
  const { resources, broken } = validate([documentOf(backend)], report)
  t.same(resources, [])
  t.same([...broken], ['Backend/a'])
  t.equal(report.errors, 1)
  t.end()
})

t.test('a document is ours by an apiVersion close to ours, or by its kind', (t) => {
  const ours = (text: string) => isOurs(documentOf(text).root)
  for (const version of ['postern/v1', 'postern/v2', 'Postern/V1', 'postren/v1', 'postern', 'postern.io/v1'])
    t.ok(ours(`apiVersion: ${version}\n`), version)
  for (const version of ['v1', 'apps/v1', 'cert-manager.io/v1', '1']) t.notOk(ours(`apiVersion: ${version}\n`), version)
  for (const kind of KINDS) t.ok(ours(`kind: ${kind}\n`))
  t.notOk(ours('kind: Deployment\n'))
  t.notOk(ours('[1, 2]\n'))
  t.end()
})

t.test('a policy config comes back as plain data, or its mistakes are reported', (t) => {
  const report = new Report()
  const document = documentOf('max: 1KiB\n')
  t.same(validatePolicyConfig('body-limit', document.root, document, report), { max: '1KiB' })
  const wrong = documentOf('max: 1\n')
  t.equal(validatePolicyConfig('body-limit', wrong.root, wrong, report), undefined)
  t.match(report.diagnostics, [{ code: 'PST0114', range: { start: 5, end: 6 } }])
  t.end()
})

t.test('30 000 mistakes in one map are each reported once, without scanning the map for each', (t) => {
  const routes = Array.from({ length: 20_000 }, (_, index) =>
    index % 2 === 0 ? `    GET /a${index}: { bakend: b }\n` : `    GET a${index}: { access: 1 }\n    GET /b${index}: { access: 1 }\n`,
  ).join('')
  const document = documentOf(`apiVersion: postern/v1\nkind: Api\nmetadata: { name: a }\nspec:\n  routes:\n${routes}`)
  const report = new Report()
  validate([document], report)
  t.equal(report.errors, 30_000)
  t.equal(plainValue(document.root) instanceof Object, true)
  t.end()
})

t.test('the schema of a value is found through lists, free keys and branches', (t) => {
  const schema = { anyOf: [{ const: 'x' }, { properties: { a: { items: { additionalProperties: { type: 'integer' } } } } }] } as const
  t.same(schemaAt(schema, ['a', '0', 'anything']), { type: 'integer' })
  t.equal(schemaAt(schema, ['b']), undefined)
  t.end()
})
