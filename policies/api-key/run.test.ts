import { createHash } from 'node:crypto'
import t from 'tap'
import { directory, type ExchangeOptions, FakeExchange, loadRecord, through } from '../../test/fixtures/exchange.ts'
import { compileConfig, use } from '../../test/fixtures/policy.ts'
import { runner } from './run.ts'

const NOW_MS = 1_800_000_000_000
const digest = (key: string | Buffer) => createHash('sha256').update(key).digest()
const consumers = directory([
  { name: 'acme', digest: digest('key-of-acme') },
  { name: 'bolt', digest: digest('key-of-bolt') },
  { name: 'late', digest: digest('key-of-late'), expiresAtSeconds: NOW_MS / 1000 },
  { name: 'umlaut', digest: digest(Buffer.from('schlüssel', 'utf8')) },
])

async function call(config: object, options: ExchangeOptions) {
  const exchange = new FakeExchange({ consumers, nowMs: () => NOW_MS, ...options })
  const names = Array.from({ length: consumers.count }, (_, index) => consumers.name(index))
  const reply = await through([use('api-key', config, { consumers: names, load: { consumers } })], exchange)
  return { exchange, status: reply?.status, code: reply?.code, reply }
}
const key = (value: string, name = 'X-API-Key'): ExchangeOptions => ({ fields: [[name, value]] })

t.test('the key of a consumer makes the consumer known, and does not go upstream', async (t) => {
  const { exchange, reply } = await call(
    {},
    {
      fields: [
        ['X-API-Key', 'key-of-bolt'],
        ['x-other', '1'],
      ],
    },
  )
  t.equal(reply, undefined)
  t.equal(exchange.consumerName, 'bolt')
  t.strictSame(exchange.request.sent, [['x-other', '1']])
})

t.test('forward: true keeps the key in the request', async (t) => {
  const { exchange } = await call({ forward: true }, key('key-of-acme'))
  t.equal(exchange.request.sentField('x-api-key'), 'key-of-acme')
})

t.test('without a key the caller learns which field is asked for', async (t) => {
  for (const options of [{}, key('')]) {
    const { reply, exchange } = await call({ header: 'X-Token' }, options)
    t.match(reply, { status: 401, code: 'api-key-missing' })
    t.equal(exchange.response.all('www-authenticate'), 'ApiKey header="x-token"')
  }
})

t.test('an unknown key and an expired one are told apart by nobody', async (t) => {
  const unknown = await call({}, key('key-of-nobody'))
  const expired = await call({}, key('key-of-late'))
  t.match(unknown, { status: 401, code: 'api-key-invalid' })
  t.strictSame(expired.reply, unknown.reply)
  t.equal(expired.exchange.consumer, -1)
  t.ok(unknown.exchange.response.all('www-authenticate'))
})

t.test('a key expires at its second, not before', async (t) => {
  const before = await call({}, { ...key('key-of-late'), nowMs: () => NOW_MS - 1 })
  t.equal(before.reply, undefined)
})

t.test('several fields are refused, even if the first is good', async (t) => {
  const { status, code, exchange } = await call(
    {},
    {
      fields: [
        ['x-api-key', 'key-of-acme'],
        ['X-Api-Key', 'key-of-bolt'],
      ],
    },
  )
  t.equal(status, 401)
  t.equal(code, 'api-key-invalid')
  t.equal(exchange.consumer, -1)
})

t.test('a known consumer who is not listed is named and refused', async (t) => {
  const { status, code, exchange } = await call({ consumers: ['acme'] }, key('key-of-bolt'))
  t.equal(status, 403)
  t.equal(code, 'consumer-not-allowed')
  t.equal(exchange.consumerName, 'bolt', 'the access log says who')
  t.equal((await call({ consumers: ['acme'] }, key('key-of-acme'))).reply, undefined)
})

t.test('a key longer than 256 bytes is invalid', async (t) => {
  const long = 'k'.repeat(257)
  const known = directory([{ name: 'long', digest: digest(long) }])
  const exchange = new FakeExchange({ ...key(long), consumers: known })
  const reply = await through([use('api-key', {}, { load: { consumers: known } })], exchange)
  t.match(reply, { status: 401, code: 'api-key-invalid' })
})

t.test('a key is the bytes that came, not their reading as Latin-1', async (t) => {
  const { reply, exchange } = await call({}, key(Buffer.from('schlüssel', 'utf8').toString('latin1')))
  t.equal(reply, undefined)
  t.equal(exchange.consumerName, 'umlaut')
})

t.test('every key costs one hash and one look-up, known or not', async (t) => {
  let lookUps = 0
  const counting = {
    ...consumers,
    findByKeyDigest(digest: Uint8Array, nowSeconds: number) {
      lookUps++
      return consumers.findByKeyDigest(digest, nowSeconds)
    },
  }
  const policy = use('api-key', {}, { load: { consumers: counting } })
  for (const value of ['key-of-acme', 'key-of-nobody', 'k']) {
    lookUps = 0
    await through([policy], new FakeExchange({ ...key(value), consumers: counting }))
    t.equal(lookUps, 1)
  }
})

t.test('a record that names no consumer of this bundle, or says nobody may call, is refused', (t) => {
  const { compiled } = compileConfig('api-key', { consumers: ['acme'] }, { consumers: ['acme'] })
  t.ok(compiled)
  const record = compiled?.record as Uint8Array
  t.throws(() => loadRecord(runner, record, { consumers: directory([]) }), { code: 'record-invalid' })
  t.throws(() => loadRecord(runner, new Uint8Array(record.length), { consumers }), { code: 'record-invalid' })
  for (let size = 0; size < record.length; size++)
    t.throws(() => loadRecord(runner, record.slice(0, size), { consumers }), { code: 'record-invalid' })
  t.end()
})
