import t from 'tap'
import { FakeExchange, loadRecord, through } from '../../test/fixtures/exchange.ts'
import { use } from '../../test/fixtures/policy.ts'
import { runner } from './run.ts'

t.test('everybody may call, and nobody is known', async (t) => {
  const exchange = new FakeExchange()
  t.equal(await through([use('public', {})], exchange), undefined)
  t.equal(exchange.consumer, -1)
})

t.test('a record that does not say so is refused', (t) => {
  for (const record of [[], [0], [2], [1, 1]]) t.throws(() => loadRecord(runner, Uint8Array.from(record)), { code: 'record-invalid' })
  t.end()
})
