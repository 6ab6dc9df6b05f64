import t from 'tap'
import { type ExchangeOptions, FakeExchange, through } from '../../test/fixtures/exchange.ts'
import { use } from '../../test/fixtures/policy.ts'

async function idsOf(options: ExchangeOptions, config: object = {}, header = 'x-request-id') {
  const exchange = new FakeExchange({ requestId: 'made-here', ...options })
  await through([use('request-id', config)], exchange, { fields: [[header, 'from-upstream']] })
  return { upstream: exchange.request.sentField(header), client: exchange.response.all(header), log: exchange.requestId }
}
const all = (id: string) => ({ upstream: id, client: id, log: id })
const sent = (...ids: string[]): ExchangeOptions => ({ fields: ids.map((id) => ['X-Request-Id', id]) })

t.test("the exchange's id goes both ways and replaces what upstream answers", async (t) => {
  t.strictSame(await idsOf({}), all('made-here'))
})

t.test("a stranger's id is replaced", async (t) => {
  t.strictSame(await idsOf(sent('from-client')), all('made-here'))
})

t.test("a trusted proxy's id is taken over, for the log too", async (t) => {
  for (const id of ['from-proxy', 'f'.repeat(128), 'Root=1-67891233-abcdef012345678912345678', '00-4bf92f/=+:~._']) {
    t.strictSame(await idsOf({ ...sent(id), peerIsTrusted: true }), all(id))
  }
})

t.test('an id that could harm a log, or two of them, are replaced even then', async (t) => {
  for (const ids of [[''], ['f'.repeat(129)], ['a b'], ['a"b'], ['a\u001b[31m'], ['\u00e9'], ['a;b'], ['a', 'b']]) {
    t.strictSame(await idsOf({ ...sent(...ids), peerIsTrusted: true }), all('made-here'))
  }
})

t.test('the field can have another name', async (t) => {
  t.strictSame(await idsOf({}, { header: 'X-Correlation-Id' }, 'x-correlation-id'), all('made-here'))
})

t.test('a refusal carries the id', async (t) => {
  const exchange = new FakeExchange({ requestId: 'made-here' })
  await through([use('request-id', {}), use('api-key', {})], exchange)
  t.equal(exchange.response.status, 401)
  t.equal(exchange.response.all('x-request-id'), 'made-here')
})
