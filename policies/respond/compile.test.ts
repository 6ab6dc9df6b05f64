import t from 'tap'
import { compileConfig } from '../../test/fixtures/policy.ts'

const errors = (config: unknown) => compileConfig('respond', config).errors

t.test('the route needs no backend', (t) => {
  t.match(compileConfig('respond', {}).compiled, { phase: 'request', alwaysReplies: true })
  t.end()
})

t.test('a status is one that may be final', (t) => {
  for (const status of [100, 199, 600, 0, 200.5]) t.match(errors({ status }), [/^schema \/status/])
  t.end()
})

t.test('a status without content has no body', (t) => {
  for (const status of [204, 205, 304]) {
    t.strictSame(errors({ status, body: 'x' }), [
      `respond/body-not-allowed body: a response with status ${status} has no body (leave the body out, or use status 200)`,
    ])
    t.strictSame(errors({ status }), [])
  }
  t.end()
})

t.test('framing is not for the configuration, however it is written', (t) => {
  t.strictSame(errors({ headers: { 'Content-Length': '3', 'transfer-encoding': 'chunked' } }), [
    'respond/managed-field headers.Content-Length: field `content-length` belongs to the connection and is written by the gateway (leave it out)',
    'respond/managed-field headers.transfer-encoding: field `transfer-encoding` belongs to the connection and is written by the gateway (leave it out)',
  ])
  t.end()
})

t.test('a field that stands twice in two spellings is reported', (t) => {
  t.strictSame(errors({ headers: { 'X-A': '1', 'x-a': '2' } }), ['respond/duplicate-field headers.x-a: field `x-a` stands twice'])
  t.end()
})

t.test('line breaks in values are refused by the schema', (t) => {
  t.match(errors({ headers: { 'x-a': 'a\r\nset-cookie: b' } }), [/^schema \/headers\/x-a/])
  t.match(errors({ headers: { 'x a': 'b' } }), [/^schema \/headers/, /^schema \/headers/])
  t.end()
})
