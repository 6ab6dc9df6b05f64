import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { languageSchema } from './schema-json.ts'
import { allPolicies, code } from './validators.ts'

const policies = await allPolicies()
const schema = languageSchema(policies) as object
const validate = new Ajv({
  allErrors: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
  keywords: ['markdownDescription'],
}).compile(schema)

const wrong = (text: string): string[] => {
  validate(parse(text))
  return (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`)
}

t.test('the editor schema in the repository is the one that the kinds and policies give', (t) => {
  t.same(JSON.parse(readFileSync('spec/schema.json', 'utf8')), JSON.parse(JSON.stringify(schema)))
  t.equal((schema as { $schema: string }).$schema, 'http://json-schema.org/draft-07/schema#')
  t.end()
})

t.test('the editor schema accepts every example', async (t) => {
  const { globSync } = await import('node:fs')
  for (const file of globSync('examples/**/*.yaml')) {
    for (const document of parseAllDocuments(readFileSync(file, 'utf8'))) {
      const value = document.toJS() as { apiVersion?: string }
      if (value?.apiVersion !== 'postern/v1') continue
      t.ok(validate(value), `${file}: ${JSON.stringify(validate.errors)}`)
    }
  }
})

t.test('the editor schema knows kinds, fields, policies and their configs', (t) => {
  const head = (kind: string) => `apiVersion: postern/v1\nkind: ${kind}\nmetadata: { name: a }\n`
  t.same(wrong(`${head('Backend')}spec: { endpoints: ["http://a"] }`), [])
  t.match(wrong(`${head('Backend')}spec: { endpoint: ["http://a"] }`), ['/spec required', '/spec additionalProperties', ' if'])
  t.match(wrong(`${head('Thing')}spec: {}`), ['/kind enum'])
  t.same(wrong(`${head('PolicySet')}spec: { policies: [ { use: b }, { rate-limit: { limit: 1, per: 1m, by: ip } } ] }`), [])
  t.match(
    wrong(`${head('PolicySet')}spec: { policies: [ { rate-limit: { limit: 1, per: 1m, by: nobody } } ] }`).join(),
    '/spec/policies/0/rate-limit/by enum',
  )
  t.not(wrong(`${head('PolicySet')}spec: { policies: [ { api-key: {} } ] }`).length, 0)
  t.same(wrong(`${head('Api')}spec: { access: { api-key: {} }, routes: { "GET /a": { access: public } } }`), [])
  t.not(wrong(`${head('Api')}spec: { routes: { "/a": {} } }`).length, 0)
  t.end()
})

t.test('every field of the editor schema is described', (t) => {
  const missing: string[] = []
  const visit = (at: unknown, path: string): void => {
    if (typeof at !== 'object' || at === null) return
    const { properties, description, $ref, ...rest } = at as { properties?: object; description?: string; $ref?: string }
    void description
    void $ref
    for (const [key, field] of Object.entries(properties ?? {})) {
      const isUse =
        policies.some(({ name }) => name === key) || key === 'kind' || key === 'apiVersion' || key === 'metadata' || key === 'spec'
      if (!isUse && field.description === undefined && field.$ref === undefined && field.type !== 'object') missing.push(`${path}/${key}`)
      visit(field, `${path}/${key}`)
    }
    for (const [key, value] of Object.entries(rest)) if (!['if', 'enum', 'required'].includes(key)) visit(value, `${path}/${key}`)
  }
  visit(schema, '')
  t.same(missing, [])
  t.end()
})

t.test('validators in the repository are the ones that the schemas give', async (t) => {
  const configs = Object.fromEntries(policies.map((policy) => [policy.name, policy.config]))
  t.equal(readFileSync('policies/validators.ts', 'utf8'), code(configs, 'policyValidators', '../spec/schema.ts', '../spec/formats.ts'))
})

t.test('generated code needs no require and asks our grammars', (t) => {
  const text = code(
    { a: { type: 'object', properties: { b: { type: 'string', format: 'duration', maxLength: 9 } } } },
    'x',
    './schema.ts',
    './formats.ts',
  )
  t.notMatch(text, 'require(')
  t.match(text, 'formats.duration')
  t.match(text, 'import func')
  t.equal(
    text,
    code(
      { a: { type: 'object', properties: { b: { type: 'string', format: 'duration', maxLength: 9 } } } },
      'x',
      './schema.ts',
      './formats.ts',
    ),
  )
  t.end()
})
