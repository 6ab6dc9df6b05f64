import t from 'tap'
import { directory, type ExchangeOptions, FakeExchange, loadRecord, through, type Use } from '../../test/fixtures/exchange.ts'
import { use } from '../../test/fixtures/policy.ts'
import { cellsBytes } from './cells.ts'
import { runner } from './run.ts'

const NOW_MS = Date.UTC(2026, 10, 23)
const consumers = directory([{ name: 'acme' }, { name: 'bolt' }])
const newShared = () => new SharedArrayBuffer(cellsBytes())

interface Loading {
  readonly shared?: SharedArrayBuffer
  readonly attachmentId?: string
  readonly slot?: number
}
const limit = (config: object, load: Loading = {}): Use =>
  use('rate-limit', { limit: 3, per: '1m', by: 'ip', ...config }, { knowsConsumer: true, load })

/** Status, 0 for upstream's, and the fields that tell the caller. */
async function call(policies: Use | Use[], options: ExchangeOptions = {}) {
  const exchange = new FakeExchange({ nowMs: () => NOW_MS, consumers, ...options })
  const reply = await through([policies].flat(), exchange)
  const { response } = exchange
  return {
    status: reply?.status ?? 0,
    policy: response.all('ratelimit-policy'),
    left: response.all('ratelimit'),
    retryAfter: response.all('retry-after'),
  }
}

async function statuses(policy: Use, options: readonly ExchangeOptions[]): Promise<number[]> {
  const seen: number[] = []
  for (const one of options) seen.push((await call(policy, one)).status)
  return seen
}

t.test('callers are told what is left, and when to come again', async (t) => {
  const policy = limit({})
  t.strictSame(await call(policy), { status: 0, policy: '"ip-1m";q=3;w=60', left: '"ip-1m";r=2;t=20', retryAfter: undefined })
  t.match(await call(policy), { left: '"ip-1m";r=1;t=40' })
  t.match(await call(policy), { left: '"ip-1m";r=0;t=60' })
  t.strictSame(await call(policy), { status: 429, policy: '"ip-1m";q=3;w=60', left: '"ip-1m";r=0;t=20', retryAfter: '20' })
  t.match(await call(policy, { nowMs: () => NOW_MS + 19_001 }), { status: 429, retryAfter: '1' })
  t.match(await call(policy, { nowMs: () => NOW_MS + 20_000 }), { status: 0, left: '"ip-1m";r=0;t=60' })
})

t.test('who waits as long as he was told is served', async (t) => {
  for (const config of [
    { limit: 7, per: '10s' },
    { limit: 1000, per: '7s', burst: 3 },
    { limit: 1, per: '30d' },
  ]) {
    const policy = limit(config)
    let nowMs = NOW_MS + 0.37
    for (let round = 0; round < 20; round++) {
      let answer = await call(policy, { nowMs: () => nowMs })
      for (let more = 0; more < 10 && answer.status === 0; more++) answer = await call(policy, { nowMs: () => nowMs })
      t.equal(answer.status, 429)
      nowMs += Number(answer.retryAfter) * 1000
      t.equal((await call(policy, { nowMs: () => nowMs })).status, 0)
    }
  }
})

t.test('a refusal says what it is', async (t) => {
  const policy = limit({ limit: 1 })
  await call(policy)
  const exchange = new FakeExchange({ nowMs: () => NOW_MS })
  t.match(await through([policy], exchange), { status: 429, code: 'rate-limited' })
})

t.test('by ip: each address has its own limit, an IPv6 network of 64 bits one for all of it', async (t) => {
  const policy = limit({ limit: 1 })
  const clients = ['10.0.0.1', '10.0.0.2', '10.0.0.1', '2001:db8:0:1::1', '2001:db8:0:1:ffff::2', '2001:db8:0:2::1', '::a00:1', '10.0.0.2']
  t.strictSame(
    await statuses(
      policy,
      clients.map((client) => ({ client })),
    ),
    [0, 0, 429, 0, 429, 0, 0, 429],
  )
})

t.test('by consumer: the name counts, not its place in this bundle', async (t) => {
  const shared = newShared()
  const policy = limit({ limit: 1, by: 'consumer' }, { shared })
  t.strictSame(
    await statuses(policy, [{ consumer: 0 }, { consumer: 1, client: '10.0.0.9' }, { consumer: 0, client: '10.0.0.9' }]),
    [0, 0, 429],
  )
  const reordered = directory([{ name: 'aaa' }, { name: 'acme' }])
  const next = limit({ limit: 1, by: 'consumer' }, { shared })
  t.strictSame(
    await statuses(next, [
      { consumer: 1, consumers: reordered },
      { consumer: 0, consumers: reordered },
    ]),
    [429, 0],
  )
})

t.test('by route: all callers of a route share, two routes do not', async (t) => {
  const policy = limit({ limit: 1, by: 'route' })
  const route = { key: 'weather GET /a' }
  t.strictSame(await statuses(policy, [{ route }, { route, client: '10.0.0.9' }, { route: { key: 'weather GET /b' } }]), [0, 429, 0])
})

t.test('counts outlive a swap, for the same place of the sources only', async (t) => {
  const shared = newShared()
  const [before, after, other] = ['a', 'a', 'b'].map((attachmentId) => limit({ limit: 1 }, { shared, attachmentId })) as [Use, Use, Use]
  t.equal((await call(before)).status, 0)
  t.equal((await call(after)).status, 429)
  t.equal((await call(other)).status, 0)
})

t.test('a changed limit goes on from what is owed', async (t) => {
  const shared = newShared()
  const before = limit({ limit: 60, per: '1m' }, { shared })
  for (let count = 0; count < 30; count++) await call(before)
  t.match(await call(limit({ limit: 120, per: '1m' }, { shared })), { status: 0, left: '"ip-1m";r=59;t=31' })
})

t.test('two limits on the way both count and are told apart', async (t) => {
  const shared = newShared()
  const both = [
    limit({ limit: 2, per: '1s' }, { shared, attachmentId: 'a', slot: 0 }),
    limit({ limit: 3, per: '1h' }, { shared, attachmentId: 'b', slot: 1 }),
  ]
  t.match(await call(both), { left: '"ip-1h";r=2;t=1200 | "ip-1s";r=1;t=1' })
  t.match(await call(both), { status: 0 })
  t.match(await call(both), { status: 429, policy: '"ip-1s";q=2;w=1', retryAfter: '1' })
})

t.test('a burst may be smaller or larger than the limit', async (t) => {
  const admitted = async (config: object) => (await statuses(limit(config), new Array(40).fill({}))).filter((status) => status === 0).length
  t.equal(await admitted({ limit: 10, per: '1s', burst: 2 }), 2)
  t.equal(await admitted({ limit: 10, per: '1s', burst: 25 }), 25)
  t.equal(await admitted({ limit: 10, per: '1s' }), 10)
})

t.test('a response without a count is left alone', (t) => {
  const { config } = limit({})
  const exchange = new FakeExchange()
  runner.response?.(config as never, exchange)
  t.pass('the request hook was not reached')
  t.end()
})

t.test('a record of zeros is no limit of anything: it is refused', (t) => {
  const shared = newShared()
  t.throws(() => loadRecord(runner, new Uint8Array(13), { shared }), { code: 'record-invalid' })
  t.throws(() => loadRecord(runner, Uint8Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 4]), { shared }), { code: 'record-invalid' })
  t.end()
})
