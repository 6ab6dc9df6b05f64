import t from 'tap'
import { compileConfig } from '../../test/fixtures/policy.ts'

const errors = (config: unknown) => compileConfig('headers', config).errors
const TOKEN = '${' + 'env:TOKEN}'

t.test('framing, connection and host belong to the gateway, on both sides and in every list', (t) => {
  const managed = [
    'Host',
    'content-length',
    'Transfer-Encoding',
    'connection',
    'keep-alive',
    'te',
    'trailer',
    'upgrade',
    'proxy-connection',
    'http2-settings',
    'expect',
  ]
  for (const name of managed) {
    t.match(errors({ request: { set: { [name]: 'x' } } }), [`headers/managed-field request.set.${name}: `], name)
    t.match(errors({ request: { remove: [name] } }), ['headers/managed-field request.remove.0: '], name)
    t.match(errors({ response: { add: { [name]: 'x' } } }), [`headers/managed-field response.add.${name}: `], name)
  }
  t.end()
})

t.test('where a request came from is said by the gateway, not by a policy; in responses these names are free', (t) => {
  for (const name of ['via', 'Forwarded', 'x-forwarded-for', 'X-Forwarded-Host', 'x-forwarded-proto']) {
    t.match(errors({ request: { set: { [name]: 'x' } } }), [`headers/managed-field request.set.${name}: `], name)
    t.match(errors({ request: { remove: [name] } }), ['headers/managed-field request.remove.0: '], name)
    t.same(errors({ response: { remove: [name] } }), [], name)
  }
  t.end()
})

t.test('a credential must be a reference, and the message does not repeat it', (t) => {
  for (const name of ['Authorization', 'proxy-authorization', 'Cookie', 'X-API-Key']) {
    const [error, ...others] = errors({ request: { set: { [name]: 'hunter2' } } })
    t.match(error, /^headers\/literal-credential request\.set\..*carries a credential, which must be a reference to a secret/)
    t.notMatch(error, /hunter2/)
    t.strictSame(others, [])
    t.strictSame(errors({ request: { add: { [name]: TOKEN } } }), [])
    t.strictSame(errors({ response: { set: { [name]: 'public' } } }), [], 'what is sent to clients is no secret')
  }
  t.end()
})

t.test('each reference is one secret of the bundle, and the record has its index only', (t) => {
  const { compiled, secrets } = compileConfig('headers', {
    request: { set: { 'x-a': TOKEN, 'x-b': TOKEN, 'x-c': '${' + 'file:/run/secrets/c}' } },
  })
  t.strictSame(secrets, [TOKEN, '${' + 'file:/run/secrets/c}'])
  t.notMatch(Buffer.from(compiled?.record ?? []).toString('latin1'), /TOKEN/)
  t.end()
})

t.test('a reference in a response, or inside of a text, is refused', (t) => {
  t.match(errors({ response: { set: { 'x-a': TOKEN } } }), [/^schema \/response/])
  t.match(errors({ request: { set: { 'x-a': `Bearer ${TOKEN}` } } }), [/^schema \/request/])
  t.end()
})

t.test('line breaks never reach a request', (t) => {
  t.match(errors({ request: { set: { 'x-a': 'a\r\nx-b: c' } } }), [
    /^headers\/bad-value request\.set\.x-a: a field value has no line breaks/,
  ])
  t.match(errors({ request: { add: { 'x-a': ' a' } } }), [/^headers\/bad-value/])
  t.end()
})

t.test('a field that stands twice, or is both removed and set, is reported', (t) => {
  t.match(errors({ request: { set: { 'X-A': '1', 'x-a': '2' } } }), [/^headers\/duplicate-field request\.set\.x-a/])
  t.match(errors({ request: { remove: ['X-A', 'x-a'] } }), [/^headers\/duplicate-field request\.remove\.1/])
  t.match(errors({ response: { set: { 'X-A': '1' }, remove: ['x-a'] } }), [/^headers\/conflict response\.set\.X-A/])
  t.strictSame(errors({ response: { add: { 'X-A': '1' }, remove: ['x-a'] } }), [], 'take all away, then add one')
  t.end()
})

t.test('both sides are checked in one run', (t) => {
  t.equal(errors({ request: { set: { host: 'x' } }, response: { set: { te: 'x' } } }).length, 2)
  t.end()
})

t.test('a policy that does nothing is refused', (t) => {
  t.match(errors({}), [/^schema/])
  t.match(errors({ request: {} }), [/^schema/])
  t.end()
})

t.test('the order of names in the source does not change the record', (t) => {
  const record = (set: object) => compileConfig('headers', { request: { set } }).compiled?.record
  t.strictSame(record({ 'x-a': '1', 'x-b': '2' }), record({ 'x-b': '2', 'x-a': '1' }))
  t.end()
})
