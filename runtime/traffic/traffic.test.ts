import t from 'tap'
import { fieldName } from '../../policies/contract.ts'
import { generationOf, planOf, startDataPath, type TestPolicy } from '../../test/fixtures/data-path.ts'
import { ask, httpBackend, startTraffic } from '../fixtures/traffic.ts'
import { partId } from './split.ts'
import { fuzzTraffic } from './traffic.fuzz.ts'

const SPLIT = [
  { backendIndex: 0, weight: 80 },
  { backendIndex: 1, weight: 20 },
]

async function backends(t: import('tap').Test) {
  const all = await Promise.all(['v1', 'v2'].map((name) => httpBackend(t, (_request, response) => response.end(name))))
  return all.map(({ port }) => port)
}

t.test('requests are spread by weight', async (t) => {
  const { ask } = await startTraffic(t, await backends(t), { traffic: { split: SPLIT } })
  let second = 0
  for (let i = 0; i < 25; i++) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('/a')))
    second += answers.filter(({ text }) => text === 'v2').length
    t.ok(answers.every(({ headers }) => !('set-cookie' in headers)))
  }
  t.ok(second > 60 && second < 140, `${second} of 500 at 20 %`)
})

t.test('who sends the cookie back stays, and who has none gets one', async (t) => {
  const { ask } = await startTraffic(t, await backends(t), { traffic: { split: SPLIT, sticky: { by: 'cookie', name: 'part' } } })
  const seen = new Map<string, string>()
  for (let i = 0; i < 40; i++) {
    const { text, headers } = await ask('/a')
    const [cookie = ''] = headers['set-cookie'] ?? []
    t.match(cookie, /^part=[\w-]{11}; Path=\/; HttpOnly; SameSite=Lax$/)
    seen.set(text, cookie.split(';')[0] as string)
  }
  t.same([...seen.keys()].sort(), ['v1', 'v2'])
  for (const [text, cookie] of seen) {
    for (let i = 0; i < 10; i++) {
      const answer = await ask('/a', { headers: { cookie: `x=y; ${cookie}` } })
      t.equal(answer.text, text)
      t.notOk('set-cookie' in answer.headers)
    }
  }
  t.match((await ask('/a', { headers: { cookie: 'part=forged' } })).headers, { 'set-cookie': [/^part=/] })
})

t.test('the cookie comes with a response out of the cache too, is in none of them, and parts are stored apart', async (t) => {
  const ports = await Promise.all(
    ['v1', 'v2'].map((name) =>
      httpBackend(t, (_request, response) => response.writeHead(200, { 'cache-control': 'max-age=60' }).end(name)),
    ),
  )
  const { ask } = await startTraffic(
    t,
    ports.map(({ port }) => port),
    { traffic: { split: SPLIT, sticky: { by: 'cookie', name: 'part' }, cache: { vary: [], maxObjectBytes: 1000 } } },
  )
  const cookie = (index: number) => ({ headers: { cookie: `part=${partId(`backend-${index}`)}` } })
  for (const index of [0, 1]) {
    t.match(await ask('/a', cookie(index)), { text: `v${index + 1}`, cache: /stored/ })
    const again = await ask('/a', cookie(index))
    t.match(again, { text: `v${index + 1}`, cache: /^hit/ })
    t.notOk('set-cookie' in again.headers)
  }
  const without = await ask('/a')
  t.match(without, { cache: /^hit/, headers: { 'set-cookie': [/^part=/] } })
})

t.test('a consumer stays with its part', async (t) => {
  const ports = await backends(t)
  const who = fieldName('X-Who')
  const key: TestPolicy = {
    request: (_config, exchange) => {
      exchange.consumer = Number(exchange.request.field(who))
      return undefined
    },
  }
  const plan = planOf({
    routes: [{ route: 'GET /**', trafficIndex: 0, access: 'key' }],
    backends: ports.map((port) => ({ port })),
    traffics: [{ split: SPLIT, sticky: { by: 'consumer', name: '' } }],
  })
  const consumers = Array.from({ length: 50 }, (_, i) => ({ name: `c${String(i).padStart(2, '0')}`, keys: [] }))
  const { port } = await startDataPath(t, generationOf({ ...plan, consumers }, { key }))
  const parts = new Set<string>()
  for (let i = 0; i < 50; i++) {
    const as = () => ask(port, '/a', { headers: { 'x-who': String(i) } })
    const { text } = await as()
    parts.add(text)
    t.equal((await as()).text, text)
  }
  t.same([...parts].sort(), ['v1', 'v2'])
})

t.test('a part that fails is not replaced by another: its clients are told', async (t) => {
  const [port = 0] = await backends(t)
  const gone = await httpBackend(t, () => {})
  await gone.stop()
  const { ask } = await startTraffic(t, [port, gone.port], { traffic: { split: [{ backendIndex: 1, weight: 1 }] } })
  t.match(await ask('/a'), { status: 502 })
})

t.test('whatever clients and backends do, answers are whole and the right ones, and nothing is left behind', async (t) => {
  const { seed, answers, hits, faults } = await fuzzTraffic(Date.now() % 1_000_000, 3)
  t.same(faults, [], `seed ${seed}`)
  t.ok(answers > 50 && hits > 5, `${answers} answers, ${hits} out of the cache, seed ${seed}`)
})
