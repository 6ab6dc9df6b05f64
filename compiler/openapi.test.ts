import fc from 'fast-check'
import t from 'tap'
import { Report } from '../spec/diagnostic.ts'
import { isMistake } from '../spec/grammar.ts'
import { parseRouteKey } from '../spec/path-template.ts'
import { accepts } from '../test/fixtures/grammar.ts'
import { readOpenApi, templateOf } from './openapi.ts'
import { parseReferenced } from './parse.ts'

t.test('paths become templates that match the same requests', (t) => {
  accepts(t, templateOf, {
    '/': '/',
    '/a/{id}': '/a/{id}',
    '/a/{id}/': '/a/{id}/',
    '/a/{name}.json': '/a/{name:.+\\.json}',
    '/compare/{base}...{head}': '/compare/{base-head:.+\\.\\.\\..+}',
    '/{a}{b}/v{c}': '/{a-b:.+}/{c:v.+}',
    '/{a}:cancel': '/{a:.+:cancel}',
    '/{id}/{id}': '/{id}/{id-2}',
    '/{user:id}/{2nd}/{}': '/{user_id}/{_2nd}/{_}',
    '/%41/{x}%2b': '/%41/{x:.+\\+}',
  })
  t.end()
})

t.test('whatever a path is, its template is a route, or the mistake has a range within it', (t) => {
  const pieces = fc.constantFrom('/', '{a}', '{b}', '{', '}', '.', '..', 'x', '*', '**', ':', '%20', '%', '?', ' ', '[', '\\', 'é', '|')
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
      const path = parts.join('')
      const template = templateOf(path)
      if (isMistake(template)) return 0 <= template.start && template.start <= template.end && template.end <= path.length
      return !isMistake(parseRouteKey(`GET ${template}`))
    }),
    { numRuns: 3000 },
  )
  t.end()
})

t.test('operations have their place, in YAML and in JSON', async (t) => {
  for (const text of [
    'openapi: 3.1.0\npaths:\n  /a:\n    get: { operationId: getA }\n',
    '{"openapi":"3.0.3","paths":{"/a":{"get":{"operationId":"getA"}}}}',
  ]) {
    const report = new Report()
    const document = await parseReferenced({ file: 'o', path: 'o', text }, report)
    if (document === undefined) throw new Error('not parsed')
    const { operations } = readOpenApi(document, report)
    t.same(report.diagnostics, [])
    t.match(operations, [{ key: 'GET /a', name: 'getA' }])
    const { start = 0, end } = operations[0]?.range ?? {}
    t.match(text.slice(start, end), /^"?get"?$/)
  }
})

t.test('a document with webhooks or components only has no operations and no mistake', async (t) => {
  const report = new Report()
  const document = await parseReferenced({ file: 'o', path: 'o', text: 'openapi: 3.1.0\nwebhooks: {}\n' }, report)
  t.same(document && readOpenApi(document, report).operations, [])
  t.same(report.diagnostics, [])
})
