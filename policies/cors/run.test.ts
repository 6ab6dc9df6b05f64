import t from 'tap'
import { FakeExchange, type Fields, through } from '../../test/fixtures/exchange.ts'
import { use } from '../../test/fixtures/policy.ts'

const APP = 'https://app.example.com'
const preflightFields = (origin: string): Fields => [
  ['Origin', origin],
  ['Access-Control-Request-Method', 'PUT'],
]
const names = ['allow-origin', 'allow-credentials', 'allow-methods', 'allow-headers', 'max-age', 'expose-headers']

/** Every CORS field of the response, by its name without `access-control-`, and `vary`. */
async function call(config: object, options: { origin?: string; method?: string; preflight?: boolean; upstream?: Fields; place?: object }) {
  const { origin, preflight = false } = options
  const fields: Fields = origin === undefined ? [] : preflight ? preflightFields(origin) : [['Origin', origin]]
  const exchange = new FakeExchange({ method: options.method ?? (preflight ? 'OPTIONS' : 'GET'), fields })
  const reply = await through([use('cors', config, options.place)], exchange, { fields: options.upstream ?? [] })
  const seen: { [name: string]: string } = {}
  for (const name of names) {
    const value = exchange.response.all(`access-control-${name}`)
    if (value !== undefined) seen[name] = value
  }
  const vary = exchange.response.all('vary')
  return { status: reply?.status, code: reply?.code, seen, vary }
}

t.test('a preflight of an allowed page is answered here', async (t) => {
  const config = { origins: [APP], methods: ['GET', 'PUT'], headers: ['X-A', 'x-b'], credentials: true, maxAge: '5m', expose: ['X-C'] }
  t.strictSame(await call(config, { origin: APP, preflight: true }), {
    status: 204,
    code: '',
    seen: {
      'allow-origin': APP,
      'allow-credentials': 'true',
      'allow-methods': 'GET, PUT',
      'allow-headers': 'x-a, x-b',
      'max-age': '300',
      'expose-headers': 'x-c',
    },
    vary: 'origin',
  })
})

t.test('without a list, the method that led to the route is allowed', async (t) => {
  const { seen } = await call({ origins: ['*'] }, { origin: APP, preflight: true })
  t.strictSame(seen, { 'allow-origin': '*', 'allow-methods': 'PUT', 'max-age': '600' })
})

t.test('a preflight of another page is refused, and nothing allows it to read that', async (t) => {
  const answer = await call({ origins: [APP] }, { origin: 'https://evil.example', preflight: true })
  t.equal(answer.status, 403)
  t.equal(answer.code, 'origin-not-allowed')
  t.strictSame(answer.seen, {})
  t.equal(answer.vary, 'origin')
})

t.test('OPTIONS that is no preflight goes upstream', async (t) => {
  const exchange = new FakeExchange({ method: 'OPTIONS', fields: [['Origin', APP]] })
  t.equal(await through([use('cors', { origins: [APP] })], exchange), undefined)
  const other = new FakeExchange({ method: 'PUT', fields: preflightFields(APP) })
  t.equal(await through([use('cors', { origins: [APP] })], other), undefined, 'only OPTIONS can be one')
})

t.test('a response to an allowed page says so, and replaces what upstream says', async (t) => {
  const upstream: Fields = [
    ['Access-Control-Allow-Origin', '*'],
    ['access-control-allow-origin', 'x'],
    ['Access-Control-Allow-Credentials', 'true'],
    ['Access-Control-Expose-Headers', 'x-secret'],
    ['Vary', 'Accept'],
  ]
  const { seen, vary } = await call({ origins: [APP], expose: ['x-c'] }, { origin: APP, upstream })
  t.strictSame(seen, { 'allow-origin': APP, 'expose-headers': 'x-c' })
  t.equal(vary, 'Accept | origin')
})

t.test('a response to another page, or to none, allows nothing and still varies', async (t) => {
  const upstream: Fields = [
    ['Access-Control-Allow-Origin', '*'],
    ['Access-Control-Allow-Credentials', 'true'],
  ]
  for (const origin of ['https://evil.example', 'null', undefined]) {
    t.strictSame(await call({ origins: [APP] }, { ...(origin === undefined ? {} : { origin }), upstream }), {
      status: undefined,
      code: undefined,
      seen: {},
      vary: 'origin',
    })
  }
})

t.test('with `*` the answer is the same for everybody', async (t) => {
  for (const origin of [APP, 'null', undefined]) {
    const { seen, vary } = await call({ origins: ['*'] }, origin === undefined ? {} : { origin })
    t.strictSame(seen, { 'allow-origin': '*' })
    t.equal(vary, undefined)
  }
})

t.test('Vary is not said twice', async (t) => {
  for (const before of ['Origin', 'origin', '*']) {
    t.equal((await call({ origins: [APP] }, { origin: APP, upstream: [['Vary', before]] })).vary, before)
  }
})

t.test('a wildcard stands for labels, and for nothing that only looks like them', async (t) => {
  const allows = async (origin: string) =>
    (await call({ origins: ['https://*.example.com'], credentials: true }, { origin })).seen['allow-origin'] === origin
  for (const origin of ['https://a.example.com', 'https://a.b-c.example.com', 'https://a_b.example.com']) t.ok(await allows(origin), origin)
  const strangers = [
    'https://example.com',
    'https://.example.com',
    'http://a.example.com',
    'https://a.example.com:8443',
    'https://a.example.com.evil.example',
    'https://evilexample.com',
    'https://a..example.com',
    'https://evil.example/.example.com',
    'https://evil.example#.example.com',
    'https://u@a.example.com',
    'https://evil.example:1.example.com',
    `https://${'a.'.repeat(300)}example.com`,
  ]
  for (const origin of strangers) t.notOk(await allows(origin), origin)
})

t.test('an exact origin is compared exactly, with the port', async (t) => {
  const allows = async (origin: string) =>
    (await call({ origins: ['https://App.example.com:443', 'http://localhost:3000'] }, { origin })).seen['allow-origin'] === origin
  t.ok(await allows('https://app.example.com'))
  t.ok(await allows('http://localhost:3000'))
  for (const origin of ['https://app.example.com:8443', 'http://app.example.com', 'http://localhost', 'https://app.example.com.'])
    t.notOk(await allows(origin), origin)
})

t.test('two Origin fields are nobody', async (t) => {
  const exchange = new FakeExchange({
    fields: [
      ['Origin', APP],
      ['Origin', 'https://evil.example'],
    ],
  })
  await through([use('cors', { origins: [APP] })], exchange)
  t.equal(exchange.response.all('access-control-allow-origin'), undefined)
})

t.test("the gateway's own refusals can be read by the page", async (t) => {
  const exchange = new FakeExchange({ fields: [['Origin', APP]] })
  await through([use('cors', { origins: [APP] }), use('api-key', {})], exchange)
  t.equal(exchange.response.status, 401)
  t.equal(exchange.response.all('access-control-allow-origin'), APP)
})
