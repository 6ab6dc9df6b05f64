import t from 'tap'
import { FakeExchange, type Fields, loadRecord, through } from '../../test/fixtures/exchange.ts'
import { compileConfig, use } from '../../test/fixtures/policy.ts'
import { runner } from './run.ts'

const TOKEN = '${' + 'env:TOKEN}'

t.test('a request is changed before it goes upstream: remove, then set, then add', async (t) => {
  const fields: Fields = [
    ['Cookie', 'a=b'],
    ['X-Set', 'old'],
    ['x-set', 'older'],
    ['x-add', 'kept'],
    ['x-both', 'gone'],
  ]
  const exchange = new FakeExchange({ fields })
  const config = { request: { remove: ['cookie', 'x-both'], set: { 'X-Set': 'new' }, add: { 'x-add': 'more', 'x-both': 'fresh' } } }
  t.equal(await through([use('headers', config)], exchange), undefined)
  t.strictSame(exchange.request.sent, [
    ['x-add', 'kept'],
    ['X-Set', 'new'],
    ['x-add', 'more'],
    ['x-both', 'fresh'],
  ])
})

t.test("a response is changed, upstream's and the gateway's own", async (t) => {
  const policy = use('headers', { response: { remove: ['server'], set: { 'x-frame-options': 'DENY' }, add: { link: '</a>' } } })
  const exchange = new FakeExchange()
  await through([policy], exchange, {
    fields: [
      ['Server', 'x/1'],
      ['Link', '</b>'],
    ],
  })
  t.strictSame(exchange.response.fields, [
    ['Link', '</b>'],
    ['x-frame-options', 'DENY'],
    ['link', '</a>'],
  ])

  const refused = new FakeExchange()
  await through([policy, use('respond', { status: 404 })], refused)
  t.ok(refused.response.isLocal)
  t.equal(refused.response.all('x-frame-options'), 'DENY')
})

t.test('a secret is put in when the bundle is loaded', async (t) => {
  const exchange = new FakeExchange()
  await through([use('headers', { request: { set: { authorization: TOKEN } } }, { load: { secrets: ['Bearer abc'] } })], exchange)
  t.equal(exchange.request.sentField('authorization'), 'Bearer abc')
})

t.test('a secret that cannot be a field value refuses the bundle without being told', (t) => {
  for (const secret of ['hunter2\n', 'hunter2\r\nx: y', ' hunter2', '', 'h\u00fcnter2', 'hunter2\0']) {
    const load = () => use('headers', { request: { set: { authorization: TOKEN } } }, { load: { secrets: [secret] } })
    t.throws(load, { code: 'secret-unresolved', message: /^(?!.*nter2)/s })
  }
  t.end()
})

t.test('a record that is cut short is refused', (t) => {
  const { compiled } = compileConfig('headers', { request: { set: { 'x-a': '1' }, remove: ['x-b'] }, response: { add: { 'x-c': '2' } } })
  const record = compiled?.record as Uint8Array
  for (let size = 0; size < record.length; size++) t.throws(() => loadRecord(runner, record.slice(0, size)), { code: 'record-invalid' })
  t.end()
})
