import t from 'tap'
import { generationOf, reply } from '../test/fixtures/data-path.ts'
import { resolve } from './resolve.ts'

const generation = generationOf(
  {
    routes: [
      { route: 'GET /weather/{city}', strippedBytes: 8, early: ['first'], request: ['rename'], access: 'key' },
      { route: 'POST /closed', request: ['closed', 'never'] },
    ],
    backends: [{ port: 8080, pathPrefix: '/api' }],
  },
  {
    first: {},
    key: { request: async () => undefined },
    rename: { request: (_, { request }) => void request.setTarget('/v2/x', 'a=1') },
    closed: { request: () => reply(403, 'closed') },
    never: {},
  },
)

t.test('a request that matches is told with route, policies in order, backend and the very head that would be sent', async (t) => {
  const found = await resolve(generation, { method: 'GET', url: 'http://a.example:81/weather/%62ern?q#f', fields: [['X-A', '1']] })
  t.match(found, {
    outcome: 'matched',
    route: { index: 0, name: 'GET /weather/{city}', api: 'test', source: { file: 'test.yaml' } },
    access: { policy: 'key', verdict: 'passed', attachment: 'test#key' },
    policies: [
      { policy: 'first', phase: 'early', verdict: 'passed' },
      { policy: 'rename', phase: 'request', verdict: 'passed' },
    ],
    backend: { name: 'backend-0' },
    upstream: { url: 'http://127.0.0.1:8080/api/v2/x?a=1' },
    reply: undefined,
  })
  t.equal(
    found.upstream?.head,
    'GET /api/v2/x?a=1 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nX-A: 1\r\nVia: 1.1 edge\r\nX-Forwarded-For: 127.0.0.1\r\n' +
      'X-Forwarded-Proto: http\r\nX-Forwarded-Host: a.example:81\r\nForwarded: for=127.0.0.1;host="a.example:81";proto=http\r\n\r\n',
  )
})

t.test('a policy that replies is told with its reply, and those behind it were not reached', async (t) => {
  const found = await resolve(generation, { method: 'POST', url: '/closed', fields: [['Host', 'a.example']] })
  t.match(found, {
    outcome: 'matched',
    policies: [
      { policy: 'closed', verdict: 'replied' },
      { policy: 'never', verdict: 'not-reached' },
    ],
    reply: { status: 403, code: 'closed', text: /^HTTP\/1.1 403 Forbidden\r\n/ },
    upstream: undefined,
  })
})

t.test('404, 405 and requests that are none are told apart', async (t) => {
  t.match(await resolve(generation, { method: 'GET', url: 'http://a.example/nowhere' }), { outcome: 'no-route', reply: { status: 404 } })
  const wrongMethod = await resolve(generation, { method: 'DELETE', url: 'http://a.example/weather/bern' })
  t.match(wrongMethod, { outcome: 'method-not-allowed', reply: { status: 405, text: /\r\nAllow: GET, HEAD\r\n/ } })
  t.match(await resolve(generation, { method: 'GET', url: 'http://a.example/a%2Fb' }), {
    outcome: 'refused',
    reply: { code: 'path-encoded-slash' },
  })
  t.match(await resolve(generation, { method: 'GET', url: 'rubbish' }), { outcome: 'refused' })
  t.match(await resolve(generation, { method: 'OPTIONS', url: '*', fields: [['Host', 'a']] }), {
    outcome: 'answered',
    reply: { status: 204 },
  })
})
