import t from 'tap'
import { FakeExchange, loadRecord, through } from '../../test/fixtures/exchange.ts'
import { use } from '../../test/fixtures/policy.ts'
import { runner } from './run.ts'

const limit = use('body-limit', { max: '10B' })

t.test('a declared body is refused above the limit, before it is read', async (t) => {
  t.match(await through([limit], new FakeExchange({ contentLength: 11 })), { status: 413, code: 'body-too-large' })
  t.equal(await through([limit], new FakeExchange({ contentLength: 10 })), undefined)
})

t.test('what arrives is counted, since a chunked body declares nothing', async (t) => {
  const exchange = new FakeExchange({ contentLength: undefined })
  t.equal(await through([limit], exchange), undefined)
  t.match(exchange.request.bodyLimit, { maxBytes: 10, reply: { status: 413 } })
})

t.test('a request without a body needs no counting', async (t) => {
  const exchange = new FakeExchange({ contentLength: 0 })
  await through([limit], exchange)
  t.equal(exchange.request.bodyLimit, undefined)
})

t.test('a record of zeros is no limit of nothing and no lack of one: it is refused', (t) => {
  t.throws(() => loadRecord(runner, new Uint8Array(8)), { code: 'record-invalid' })
  t.throws(() => loadRecord(runner, new Uint8Array(0)), { code: 'record-invalid' })
  t.end()
})
