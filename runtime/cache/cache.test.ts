import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import type { CachePlan } from '../../bundle/plan.ts'
import { fieldName } from '../../policies/contract.ts'
import { generationOf, planOf, runnersOf, startDataPath, type TestPolicy } from '../../test/fixtures/data-path.ts'
import { type Answer, type AskOptions, ask, httpBackend, startTraffic, type TrafficSettings } from '../fixtures/traffic.ts'
import { createGeneration } from '../generation.ts'

type Serve = (request: IncomingMessage, response: ServerResponse, nth: number) => void

/** A route that is cached, in front of a backend that says what it has been asked. */
async function cached(t: Test, serve: Serve, cache: Partial<CachePlan> = {}, settings: Partial<TrafficSettings> = {}) {
  const backend = await httpBackend(t, serve)
  const running = await startTraffic(t, [backend.port], {
    ...settings,
    traffic: { cache: { vary: [], maxObjectBytes: 1024 * 1024, ...cache }, ...settings.traffic },
  })
  return { ...running, backend, requests: backend.requests }
}

/** Fields of the response, and what a second request for the same gets. */
interface Row {
  readonly title: string
  readonly fields: { readonly [name: string]: string | string[] }
  readonly cache?: Partial<CachePlan>
  readonly status?: number
  readonly first?: AskOptions
  readonly second?: AskOptions
  /** Of the second one; a prefix. */
  readonly expected: string
}

const WHO = fieldName('X-Who')
const STAMP = fieldName('X-Stamp')
const FRESH = { 'cache-control': 'max-age=60' }

const TABLE: readonly Row[] = [
  { title: 'a fresh response is kept', fields: FRESH, expected: 'hit; ttl=' },
  { title: 's-maxage counts before max-age', fields: { 'cache-control': 'max-age=0, s-maxage=60' }, expected: 'hit; ttl=' },
  { title: 'Expires counts', fields: { expires: new Date(Date.now() + 60_000).toUTCString() }, expected: 'hit; ttl=' },
  { title: 'must-revalidate does not forbid what is fresh', fields: { 'cache-control': 'max-age=60, must-revalidate' }, expected: 'hit' },
  { title: 'a response that says nothing is not kept', fields: {}, expected: 'fwd=uri-miss; detail=stale' },
  { title: 'unless `ttl` says so', fields: {}, cache: { ttlMs: 60_000 }, expected: 'hit; ttl=' },
  {
    title: '`ttl` does not overrule the response',
    fields: { 'cache-control': 'no-store' },
    cache: { ttlMs: 60_000 },
    expected: 'fwd=uri-miss; detail=no-store',
  },
  { title: 'private is not kept', fields: { 'cache-control': 'private, max-age=60' }, expected: 'fwd=uri-miss; detail=private' },
  {
    title: 'Private in capitals is not kept',
    fields: { 'cache-control': 'Private, Max-Age=60' },
    expected: 'fwd=uri-miss; detail=private',
  },
  {
    title: 'no-cache is asked for again each time',
    fields: { 'cache-control': 'no-cache', etag: '"a"' },
    expected: 'fwd=stale; fwd-status=304',
  },
  {
    title: 'what came too old is asked for again',
    fields: { ...FRESH, age: '60', etag: '"a"' },
    expected: 'fwd=stale; fwd-status=304; stored',
  },
  { title: 'Set-Cookie is not kept', fields: { ...FRESH, 'set-cookie': 'a=b' }, expected: 'fwd=uri-miss; detail=set-cookie' },
  {
    title: 'Set-Cookie is not kept where the response is public either',
    fields: { 'cache-control': 'public, max-age=60', 'set-cookie': 'a=b' },
    expected: 'fwd=uri-miss; detail=set-cookie',
  },
  { title: 'Vary: * is not kept', fields: { ...FRESH, vary: '*' }, expected: 'fwd=uri-miss; detail=vary' },
  {
    title: 'Vary selects',
    fields: { ...FRESH, vary: 'Accept-Language' },
    first: { headers: { 'accept-language': 'en' } },
    second: { headers: { 'accept-language': 'de' } },
    expected: 'fwd=vary-miss; stored',
  },
  {
    title: 'Vary selects the same',
    fields: { ...FRESH, vary: 'Accept-Language' },
    first: { headers: { 'accept-language': 'en, de' } },
    second: { headers: { 'accept-language': 'en,de' } },
    expected: 'hit',
  },
  {
    title: 'an absent field is not an equal one',
    fields: { ...FRESH, vary: 'X-A' },
    second: { headers: { 'x-a': '1' } },
    expected: 'fwd=vary-miss',
  },
  {
    title: 'configured fields are part of the key',
    fields: FRESH,
    cache: { vary: ['accept'] },
    first: { headers: { accept: 'a/b' } },
    second: { headers: { accept: 'c/d' } },
    expected: 'fwd=uri-miss; stored',
  },
  {
    title: 'an encoding is only for those who take it',
    fields: { ...FRESH, 'content-encoding': 'gzip' },
    first: { headers: { 'accept-encoding': 'gzip' } },
    expected: 'fwd=vary-miss',
  },
  {
    title: 'Authorization: not kept',
    fields: FRESH,
    first: { headers: { authorization: 'Basic eA==' } },
    second: { headers: { authorization: 'Basic eA==' } },
    expected: 'fwd=uri-miss; detail=credentials',
  },
  {
    title: 'Authorization: kept where the response is public',
    fields: { 'cache-control': 'public, max-age=60' },
    first: { headers: { authorization: 'Basic eA==' } },
    expected: 'hit',
  },
  {
    title: 'Authorization: what is not public is not for it',
    fields: FRESH,
    second: { headers: { authorization: 'Basic eA==' } },
    expected: 'fwd=vary-miss; detail=credentials',
  },
  {
    title: 'Authorization in the key is kept apart',
    fields: FRESH,
    cache: { vary: ['authorization'] },
    first: { headers: { authorization: 'Basic eA==' } },
    second: { headers: { authorization: 'Basic eA==' } },
    expected: 'hit',
  },
  {
    title: 'Authorization in the key of another',
    fields: FRESH,
    cache: { vary: ['authorization'] },
    first: { headers: { authorization: 'Basic eA==' } },
    second: { headers: { authorization: 'Basic eB==' } },
    expected: 'fwd=uri-miss; stored',
  },
  {
    title: 'Cookie: `ttl` alone keeps nothing',
    fields: {},
    cache: { ttlMs: 60_000 },
    first: { headers: { cookie: 'a=b' } },
    expected: 'fwd=uri-miss; stored',
  },
  { title: 'Cookie: a response that states its freshness is kept', fields: FRESH, first: { headers: { cookie: 'a=b' } }, expected: 'hit' },
  { title: 'HEAD is answered from GET', fields: FRESH, second: { method: 'HEAD' }, expected: 'hit' },
  { title: 'HEAD keeps nothing', fields: FRESH, first: { method: 'HEAD' }, expected: 'fwd=uri-miss; stored' },
  { title: 'Range passes by', fields: FRESH, second: { headers: { range: 'bytes=0-1' } }, expected: 'fwd=request' },
  { title: 'If-Match passes by', fields: FRESH, second: { headers: { 'if-match': '"a"' } }, expected: 'fwd=request' },
  {
    title: 'a GET with a body passes by',
    fields: FRESH,
    second: { headers: { 'content-length': '1' }, body: 'x' },
    expected: 'fwd=request',
  },
  {
    title: 'another method in disguise passes by',
    fields: FRESH,
    second: { headers: { 'x-http-method-override': 'DELETE' } },
    expected: 'fwd=request',
  },
  {
    title: 'a client cannot turn the cache off',
    fields: FRESH,
    second: { headers: { 'cache-control': 'no-cache', pragma: 'no-cache' } },
    expected: 'hit',
  },
  {
    title: 'a client may keep its own out of it',
    fields: FRESH,
    first: { headers: { 'cache-control': 'no-store' } },
    expected: 'fwd=uri-miss; stored',
  },
  { title: '404 is kept where it says so', fields: FRESH, status: 404, expected: 'hit' },
  { title: '404 is not kept by `ttl`', fields: {}, status: 404, cache: { ttlMs: 60_000 }, expected: 'fwd=uri-miss; detail=stale' },
  { title: '500 is never kept', fields: FRESH, status: 500, expected: 'fwd=uri-miss; detail=status' },
  {
    title: 'what is longer than the limit is not kept',
    fields: { ...FRESH, 'content-length': '6' },
    cache: { maxObjectBytes: 5 },
    expected: 'fwd=uri-miss; detail=too-large',
  },
  {
    title: 'an Origin that is allowed alone is kept apart',
    fields: { ...FRESH, 'access-control-allow-origin': 'https://a.example' },
    first: { headers: { origin: 'https://a.example' } },
    second: { headers: { origin: 'https://b.example' } },
    expected: 'fwd=vary-miss',
  },
]

for (const { title, fields, cache, status = 200, first, second, expected } of TABLE) {
  t.test(title, async (t) => {
    const { ask } = await cached(
      t,
      (request, response) => {
        const isKnown = fields['etag'] !== undefined && request.headers['if-none-match'] === fields['etag']
        response.writeHead(isKnown ? 304 : status, fields).end(isKnown ? undefined : 'a body')
      },
      cache,
    )
    const before = await ask('/a', first)
    t.match(before.cache, /^fwd=/)
    const after = await ask('/a', second)
    t.equal(after.cache.slice(0, expected.length), expected, after.cache)
    t.equal(after.status, status)
    if (second?.method !== 'HEAD') t.equal(after.text, 'a body')
    for (const [name, value] of Object.entries(fields))
      if (name !== 'age') t.same(after.headers[name], name === 'set-cookie' ? [value] : value, name)
  })
}

t.test('a hit tells its age, and has the fields and the body as they came', async (t) => {
  const body = randomBytes(200_000)
  const { ask, requests } = await cached(t, (_request, response) => {
    response.writeHead(200, {
      'cache-control': 'max-age=60',
      age: '7',
      'x-custom': ['a', 'b'],
      etag: 'W/"x"',
      connection: 'x-hop',
      'x-hop': '1',
    })
    response.end(body)
  })
  const first = await ask('/a?b=c')
  const second = await ask('/a?b=c')
  t.match(second.cache, /^hit; ttl=5[0-3]$/)
  t.equal(second.headers['age'], '7')
  t.equal(second.body.equals(body), true)
  t.equal(first.body.equals(body), true)
  t.equal(second.headers['content-length'], '200000')
  t.match(second.headers, { 'x-custom': 'a, b', etag: 'W/"x"', date: first.headers['date'] })
  t.notOk('x-hop' in second.headers)
  t.equal(requests.length, 1)
})

t.test('the key is host, path and query, and nothing that a client can slip in beside them', async (t) => {
  const { ask, requests } = await cached(t, (request, response) => {
    response.writeHead(200, FRESH).end(`${request.headers['x-forwarded-host']} ${request.headers['x-forwarded-proto']} ${request.url}`)
  })
  await ask('/a', { headers: { host: 'one.example' } })
  t.match(await ask('/a', { headers: { host: 'two.example' } }), { cache: /^fwd=uri-miss/, text: 'two.example http /a' })
  t.match(await ask('/a', { headers: { host: 'one.example:81' } }), { cache: /^fwd=uri-miss/, text: 'one.example:81 http /a' })
  t.match(await ask('/a?x', { headers: { host: 'one.example' } }), { cache: /^fwd=uri-miss/ })
  t.match(await ask('/a?', { headers: { host: 'one.example' } }), { cache: /^fwd=uri-miss/ })
  const same = { host: 'ONE.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' }
  t.match(await ask('/%61', { headers: same }), { cache: /^hit/, text: 'one.example http /a' })
  t.match(await ask('/b', { headers: { ...same, host: 'one.example' } }), { text: 'one.example http /b' })
  t.equal(requests.length, 6)
})

t.test('a client that has it already gets a 304, and nobody else does', async (t) => {
  const modified = 'Fri, 01 Jan 2027 00:00:00 GMT'
  const fields = { ...FRESH, etag: '"a"', 'last-modified': modified, 'content-type': 'text/plain', 'content-language': 'en' }
  const { ask, requests } = await cached(t, (_request, response) => response.writeHead(200, fields).end('a body'))
  const first = await ask('/a', { headers: { 'if-none-match': '"a"' } })
  t.match(first, { status: 304, text: '', cache: 'fwd=uri-miss; fwd-status=200; stored' })
  t.notOk('if-none-match' in (requests[0] as IncomingMessage).headers, 'the whole of it was asked for')
  for (const headers of [{ 'if-none-match': 'W/"a", "b"' }, { 'if-none-match': '*' }, { 'if-modified-since': modified }] as const) {
    const answer = await ask('/a', { headers })
    t.match(answer, { status: 304, text: '', cache: /^hit/ })
    t.match(answer.headers, { etag: '"a"', 'cache-control': 'max-age=60', age: /^\d+$/ })
    t.notOk('content-type' in answer.headers)
    t.notOk('content-language' in answer.headers)
  }
  t.match(await ask('/a', { headers: { 'if-none-match': '"b"', 'if-modified-since': modified } }), { status: 200, text: 'a body' })
  t.equal(requests.length, 1)
})

t.test('a 304 of the backend makes what is stored fresh again, with its new fields', async (t) => {
  const { ask, requests } = await cached(t, (request, response, nth) => {
    if (nth === 0)
      response.writeHead(200, { 'cache-control': 'max-age=60', age: '60', etag: '"a"', 'x-version': '1', 'x-old': '1' }).end('a body')
    else
      response
        .writeHead(304, {
          'cache-control': 'max-age=60',
          etag: '"a"',
          'x-version': '2',
          'x-seen': String(request.headers['if-none-match']),
        })
        .end()
  })
  await ask('/a')
  const second = await ask('/a')
  t.match(second, { status: 200, text: 'a body', cache: 'fwd=stale; fwd-status=304; stored' })
  t.match(second.headers, { 'x-version': '2', 'x-old': '1', 'x-seen': '"a"' })
  const third = await ask('/a')
  t.match(third, { status: 200, text: 'a body', cache: /^hit/ })
  t.match(third.headers, { 'x-version': '2', 'x-old': '1' })
  t.equal(requests.length, 2)
})

t.test('304s that each bring new fields do not let what is stored grow without end', async (t) => {
  const { ask, requests } = await cached(t, (request, response, nth) => {
    const more = Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`x-${nth}-${i}`, 'v'.repeat(20)]))
    const fields = { 'cache-control': 'max-age=0', etag: '"a"', ...more }
    if (request.headers['if-none-match'] === '"a"') response.writeHead(304, fields).end()
    else response.writeHead(200, fields).end('a body')
  })
  for (let i = 0; i < 12; i++) {
    const { status, text, headers } = await ask('/a')
    t.match({ status, text }, { status: 200, text: 'a body' })
    t.ok(Object.keys(headers).length < 500)
  }
  t.equal(requests.length, 12)
})

t.test('a date is a validator too, and a client with a condition of its own gets its own answer', async (t) => {
  const modified = 'Fri, 01 Jan 2027 00:00:00 GMT'
  const { ask, requests } = await cached(t, (request, response) => {
    if (request.headers['if-modified-since'] === modified) response.writeHead(304, { 'cache-control': 'max-age=0' }).end()
    else response.writeHead(200, { 'cache-control': 'max-age=0', 'last-modified': modified }).end('a body')
  })
  await ask('/a')
  t.match(await ask('/a', { headers: { 'if-modified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' } }), { status: 200, text: 'a body' })
  t.match(await ask('/a', { headers: { 'if-modified-since': modified } }), { status: 304, text: '' })
  t.equal(requests.length, 3)
})

t.test('a new response takes the place of the old one, and one that is not kept removes it', async (t) => {
  const { ask } = await cached(t, (_request, response, nth) => {
    const control = nth === 1 ? 'no-store' : 'max-age=0'
    response.writeHead(200, { 'cache-control': control, etag: `"${nth}"` }).end(`body ${nth}`)
  })
  t.match(await ask('/a'), { text: 'body 0' })
  t.match(await ask('/a'), { text: 'body 1', cache: 'fwd=stale; detail=no-store' })
  t.match(await ask('/a'), { text: 'body 2', cache: /^fwd=uri-miss/ })
})

t.test('a 304 with another tag is no answer to our question: what is stored goes, its client gets it once more', async (t) => {
  const { ask } = await cached(t, (_request, response, nth) => {
    if (nth === 1) response.writeHead(304, { 'cache-control': 'max-age=60', etag: '"other"' }).end()
    else response.writeHead(200, { 'cache-control': 'max-age=0', etag: '"a"' }).end(`body ${nth}`)
  })
  await ask('/a')
  t.match(await ask('/a'), { status: 200, text: 'body 0', cache: 'fwd=stale; fwd-status=304' })
  t.match(await ask('/a'), { text: 'body 2', cache: /^fwd=uri-miss/ })
})

t.test('while the backend fails, what is stale is served, if it may be', async (t) => {
  const rows: [title: string, control: string, cache: Partial<CachePlan>, isServed: boolean][] = [
    ['as the operator says', 'max-age=0', { staleIfErrorMs: 60_000 }, true],
    ['as the response says', 'max-age=0, stale-if-error=60', {}, true],
    ['the operator overrules', 'max-age=0, stale-if-error=60', { staleIfErrorMs: 0 }, false],
    ['nobody says so', 'max-age=0', {}, false],
    ['must-revalidate forbids it', 'max-age=0, must-revalidate', { staleIfErrorMs: 60_000 }, false],
    ['no-cache forbids it', 'no-cache', { staleIfErrorMs: 60_000 }, false],
  ]
  for (const [title, control, cache, isServed] of rows) {
    for (const status of [500, 503]) {
      const { ask, requests } = await cached(
        t,
        (_request, response, nth) => {
          if (nth === 0) response.writeHead(200, { 'cache-control': control, etag: '"a"' }).end('a body')
          else response.writeHead(status).end('broken')
        },
        cache,
      )
      await ask('/a')
      const second = await ask('/a')
      if (!isServed) {
        t.match(second, { status, text: 'broken' }, title)
        continue
      }
      t.match(second, { status: 200, text: 'a body', cache: `fwd=stale; fwd-status=${status}; detail=stale-if-error` }, title)
      // For a second nobody asks it again.
      t.match(await ask('/a'), { status: 200, text: 'a body', cache: /^hit; ttl=-?0; detail=stale-if-error/ }, title)
      t.equal(requests.length, 2)
    }
  }
})

t.test('a backend that is gone, resets or says nothing is served for as well', async (t) => {
  const gone = await cached(t, (_request, response) => response.writeHead(200, { 'cache-control': 'max-age=0' }).end('a body'), {
    staleIfErrorMs: 60_000,
  })
  await gone.ask('/a')
  await gone.backend.stop()
  t.match(await gone.ask('/a'), { status: 200, text: 'a body', cache: /detail=stale-if-error/ })
  t.match(await gone.ask('/b'), { status: 502 })
  t.match(await gone.endedAt(1), { status: 200, responseBodyBytes: 6 })

  const silent = await cached(
    t,
    (request, response, nth) => {
      if (nth === 0) response.writeHead(200, { 'cache-control': 'max-age=0' }).end('a body')
      else if (nth === 1) request.socket.destroy()
    },
    { staleIfErrorMs: 60_000 },
    { traffic: { totalTimeoutMs: 300 } },
  )
  await silent.ask('/a')
  t.match(await silent.ask('/a'), { status: 200, text: 'a body', cache: /^fwd=stale; detail=stale-if-error/ })
})

t.test('retries come first, and what is stale only when they have failed', async (t) => {
  const retry = { attempts: 1, on: [], statuses: [503], perTryMs: 0, budgetPercent: 100, backoffBaseMs: 1, backoffMaxMs: 1 }
  const { ask, requests } = await cached(
    t,
    (_request, response, nth) => {
      if (nth === 0) response.writeHead(200, { 'cache-control': 'max-age=0' }).end('old')
      else if (nth === 2) response.writeHead(200, { 'cache-control': 'max-age=0' }).end('new')
      else response.writeHead(503).end()
    },
    { staleIfErrorMs: 60_000 },
    { traffic: { retry } },
  )
  await ask('/a')
  t.match(await ask('/a'), { status: 200, text: 'new' })
  t.match(await ask('/a'), { status: 200, text: 'new', cache: /detail=stale-if-error/ })
  t.equal(requests.length, 5)
})

t.test('a body that was cut short is never stored', async (t) => {
  const { ask, requests } = await cached(t, (_request, response, nth) => {
    if (nth > 1) response.writeHead(200, FRESH).end('whole')
    else {
      response.writeHead(200, nth === 0 ? { ...FRESH, 'content-length': '100' } : FRESH)
      response.write('half', () => response.destroy())
    }
  })
  await t.rejects(ask('/a'))
  await t.rejects(ask('/a'))
  t.match(await ask('/a'), { text: 'whole', cache: 'fwd=uri-miss; stored' })
  t.match(await ask('/a'), { text: 'whole', cache: /^hit/ })
  t.equal(requests.length, 3)
})

t.test('a success that changes something removes what is stored for its URI, a failure does not', async (t) => {
  const { ask } = await cached(t, (request, response, nth) => {
    if (request.method === 'GET') response.writeHead(200, FRESH).end(`body ${nth}`)
    else response.writeHead(request.headers['x-fail'] === undefined ? 204 : 409).end()
  })
  for (const method of ['PUT', 'POST', 'DELETE']) {
    await ask('/a?b')
    await ask('/a')
    await ask('/a', { method, headers: { 'x-fail': '1' }, body: 'x' })
    t.match(await ask('/a'), { cache: /^hit/ }, method)
    await ask('/a', { method, body: 'x' })
    t.match(await ask('/a'), { cache: /^fwd=uri-miss/ }, method)
    t.match(await ask('/a?b'), { cache: /^hit/ }, method)
  }
})

t.test('only-if-cached never gets to the backend', async (t) => {
  const { ask, requests } = await cached(t, (_request, response) => response.writeHead(200, FRESH).end('a body'))
  const headers = { 'cache-control': 'only-if-cached' }
  t.match(await ask('/a', { headers }), { status: 504, text: '' })
  t.equal(requests.length, 0)
  await ask('/a')
  t.match(await ask('/a', { headers }), { status: 200, text: 'a body' })
})

t.test('policies decide before the cache is asked, and response policies run on what it gives', async (t) => {
  const key: TestPolicy = {
    request: (_config, exchange) =>
      exchange.request.field(WHO) === 'friend' ? undefined : { status: 401, code: 'no', detail: '', fields: [] },
  }
  const stamp: TestPolicy = { response: (_config, exchange) => exchange.response.setField(STAMP, 'on every one') }
  const { ask, requests } = await cached(
    t,
    (_request, response) => response.writeHead(200, { 'cache-control': 'public, max-age=60', 'x-stamp': 'old' }).end('a body'),
    {},
    { access: 'key', request: ['stamp'], policies: { key, stamp } },
  )
  const headers = { 'x-who': 'friend' }
  t.match(await ask('/a', { headers }), { status: 200, cache: /stored/ })
  t.match(await ask('/a'), { status: 401, cache: '' })
  const hit: Answer = await ask('/a', { headers })
  t.match(hit, { status: 200, cache: /^hit/ })
  t.equal(hit.headers['x-stamp'], 'on every one')
  t.equal(requests.length, 1)
})

t.test('where not everybody may call and nobody knows who does, a response is kept if it says that it is for all', async (t) => {
  const key: TestPolicy = { request: () => undefined }
  for (const [control, expected] of [
    ['public, max-age=60', /^hit/],
    ['s-maxage=60', /^hit/],
    ['max-age=60', /^fwd=uri-miss; detail=credentials/],
  ] as const) {
    const { ask } = await cached(
      t,
      (_request, response) => response.writeHead(200, { 'cache-control': control }).end('a body'),
      {},
      {
        access: 'key',
        policies: { key },
      },
    )
    await ask('/a')
    t.match((await ask('/a')).cache, expected, control)
  }
})

t.test('what turns out too long on its way is not kept either', async (t) => {
  const { ask, requests } = await cached(
    t,
    (_request, response) => {
      response.writeHead(200, FRESH).write('a')
      response.end(' body')
    },
    { maxObjectBytes: 5 },
  )
  t.match(await ask('/a'), { text: 'a body' })
  t.match(await ask('/a'), { text: 'a body', cache: /^fwd=uri-miss/ })
  t.equal(requests.length, 2)
})

t.test('what was made for one consumer is kept for this one alone, unless the response says that it is for all', async (t) => {
  const access: TestPolicy = {
    request: (_config, exchange) => {
      exchange.consumer = Number(exchange.request.field(WHO))
      return undefined
    },
  }
  for (const [control, forOthers] of [
    ['max-age=60', /^fwd=uri-miss; stored/],
    ['public, max-age=60', /^hit/],
  ] as const) {
    const backend = await httpBackend(t, (request, response) =>
      response.writeHead(200, { 'cache-control': control }).end(`for ${request.headers['x-who']}`),
    )
    const plan = planOf({
      routes: [{ route: 'GET /**', trafficIndex: 0, access: 'key' }],
      backends: [{ port: backend.port }],
      traffics: [{ split: [], cache: { vary: [], maxObjectBytes: 1000 } }],
    })
    const consumers = ['acme', 'bolt'].map((name) => ({ name, keys: [] }))
    const { port } = await startDataPath(t, generationOf({ ...plan, consumers }, { key: access }))
    const as = (who: string) => ask(port, '/a', { headers: { 'x-who': who } })
    t.match(await as('0'), { text: 'for 0' })
    t.match(await as('0'), { text: 'for 0', cache: /^hit/ })
    t.match((await as('1')).cache, forOthers, control)
    t.match(await as('0'), { text: 'for 0', cache: /^hit/ })
  }
})

t.test('two routes never share', async (t) => {
  const { ask, requests } = await cached(
    t,
    (request, response) => response.writeHead(200, FRESH).end(request.headers.host),
    {},
    {
      plan: {
        routes: [
          { route: 'GET /**', trafficIndex: 0, host: 'one.example' },
          { route: 'GET /a', trafficIndex: 0 },
          { route: 'HEAD /a', trafficIndex: 0 },
        ],
      },
    },
  )
  await ask('/a')
  t.match(await ask('/a', { headers: { host: 'one.example' } }), { cache: /^fwd=uri-miss/ })
  t.match(await ask('/a', { method: 'HEAD' }), { cache: /^fwd=uri-miss/ }, 'a route of its own')
  t.equal(requests.length, 3)
})

t.test('a swap empties the cache, and what was on its way is not stored under the new bundle', async (t) => {
  const held: ServerResponse[] = []
  const { ask, dataPath, generation, requests } = await cached(t, (request, response) => {
    if (request.url === '/slow' && held.length === 0) held.push(response.writeHead(200, FRESH))
    else response.writeHead(200, FRESH).end('a body')
  })
  await ask('/a')
  const slow = ask('/slow')
  while (held.length === 0) await new Promise((resolve) => setImmediate(resolve))
  dataPath.activate(generation)
  t.match(await ask('/a'), { cache: /^hit/ }, 'the same one is no swap')
  dataPath.activate(
    createGeneration(generation.bundle, 2, { shared: new Map(), secret: () => undefined, lenient: false, runners: runnersOf({}) }),
  )
  held[0]?.end('a body')
  t.match(await slow, { text: 'a body' })
  t.match(await ask('/a'), { cache: /^fwd=uri-miss/ })
  t.match(await ask('/slow'), { cache: /^fwd=uri-miss/ })
  t.equal(requests.length, 4)
})
