import t from 'tap'
import { fieldName, type PolicyRequest, type PolicyResponse } from '../policies/contract.ts'
import { generationOf, RawClient, rawBackend, startDataPath } from '../test/fixtures/data-path.ts'
import { resolve } from './resolve.ts'

async function inspect<T>(look: (request: PolicyRequest) => T, url: string, fields: [string, string][] = [], method = 'GET'): Promise<T> {
  let result: T | undefined
  const routes = [
    { route: 'GET /a/**', request: ['look'], strippedBytes: 2 },
    { route: 'GET /x/**', request: ['look'] },
    { route: 'POST /x/**', request: ['look'] },
  ]
  const generation = generationOf(
    { routes, backends: [{ port: 80 }] },
    {
      look: {
        request: (_, { request }) => {
          result = look(request)
          return undefined
        },
      },
    },
  )
  await resolve(generation, { method, url, fields })
  return result as T
}

t.test('a policy reads the request as it came, in canonical form where it is matched', async (t) => {
  const seen = await inspect(
    (request) => ({
      method: request.method,
      path: request.path,
      query: request.query,
      host: request.host,
      agent: request.field(fieldName('USER-agent')),
      none: request.field(fieldName('x-none')),
      twice: request.fieldCount(fieldName('X-Twice')),
      length: request.contentLength,
      target: [request.targetPath, request.targetQuery],
    }),
    'http://A.example:80/a/%7eb?q',
    [
      ['User-Agent', ' curl '],
      ['X-Twice', '1'],
      ['x-twice', '2'],
    ],
  )
  t.same(seen, {
    method: 'GET',
    path: '/a/~b',
    query: 'q',
    host: 'a.example',
    agent: 'curl',
    none: undefined,
    twice: 2,
    length: 0,
    target: ['/~b', 'q'],
  })
  t.equal(await inspect((request) => request.contentLength, 'http://a/x', [['Transfer-Encoding', 'chunked']], 'POST'), undefined)
  t.equal(await inspect((request) => request.contentLength, 'http://a/x', [['Content-Length', '7']], 'POST'), 7)
})

t.test('segments are counted from the left, over the whole path', async (t) => {
  const segments = await inspect((request) => [0, 1, 2, 3].map((index) => request.segment(index)), 'http://a/x//z')
  t.same(segments, ['x', '', 'z', undefined])
  t.same(await inspect((request) => [0, 1, 2, 3].map((index) => request.segmentsFrom(index)), 'http://a/x//z'), ['x//z', '/z', 'z', ''])
})

t.test('response hooks see fields as they stand, after what other hooks did', async (t) => {
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 201 Created\r\nDate: d\r\nServer: x\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 0\r\n\r\n'))
  })
  const [A, SERVER, NEW] = [fieldName('x-a'), fieldName('server'), fieldName('X-New')]
  const seen: unknown[] = []
  const look = (response: PolicyResponse) =>
    seen.push([response.status, response.isLocal, response.field(A), response.field(SERVER), response.field(NEW)])
  const routes = [{ route: 'GET /**', request: ['outer', 'inner'] }]
  const generation = generationOf(
    { routes, backends: [{ port: backend.port }] },
    {
      outer: { response: (_, { response }) => void look(response) },
      inner: {
        response: (_, { response }) => {
          look(response)
          response.setField(A, 'one')
          response.removeField(SERVER)
          response.addField(NEW, 'n')
        },
      },
    },
  )
  const { port } = await startDataPath(t, generation)
  const text = await new RawClient(t, port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n').includes('\r\n\r\n')
  t.same(seen, [
    [201, false, '1', 'x', undefined],
    [201, false, 'one', undefined, 'n'],
  ])
  t.equal(text, 'HTTP/1.1 201 Created\r\nDate: d\r\nx-a: one\r\nX-New: n\r\nContent-Length: 0\r\n\r\n')
})

t.test('a preflight takes the route of the method it asks about, where a policy answers preflights', async (t) => {
  const plan = {
    routes: [
      { route: 'PUT /cors', answersPreflight: true, early: ['cors'] },
      { route: 'PUT /plain' },
      { route: 'OPTIONS /plain', request: ['own'] },
    ],
  }
  const generation = generationOf(plan, {
    cors: {
      request: (_, { request }) => (request.method === 'OPTIONS' ? { status: 204, code: '', detail: '', fields: [], body: '' } : undefined),
    },
    own: { request: () => ({ status: 200, code: '', detail: '', fields: [], body: 'own' }) },
  })
  const preflight = [
    ['Origin', 'http://o'],
    ['Access-Control-Request-Method', 'PUT'],
  ] as const
  const ask = (path: string, fields: readonly (readonly [string, string])[]) =>
    resolve(generation, { method: 'OPTIONS', url: `http://a${path}`, fields })
  t.match(await ask('/cors', preflight), { route: { name: 'PUT /cors' }, reply: { status: 204 } })
  t.match(await ask('/plain', preflight), { route: { name: 'OPTIONS /plain' }, reply: { status: 200 } })
  t.match(await ask('/cors', preflight.slice(0, 1)), { outcome: 'method-not-allowed' })
})

t.test('requests have ids of their own, until a policy gives them another', async (t) => {
  const ids: string[] = []
  const generation = generationOf(
    { routes: [{ route: 'GET /**', request: ['look'] }], backends: [{ port: 80 }] },
    {
      look: {
        request: (_, exchange) => {
          ids.push(exchange.requestId, exchange.requestId)
          exchange.requestId = 'given'
          ids.push(exchange.requestId)
          return undefined
        },
      },
    },
  )
  for (let i = 0; i < 2; i++) await resolve(generation, { method: 'GET', url: 'http://a/' })
  const [a, again, given, b] = ids
  t.match(a, /^[0-9a-f]{24}$/)
  t.equal(a, again)
  t.equal(given, 'given')
  t.not(a, b)
})
