import t from 'tap'
import { sampleEndpoint } from '../../bundle/sample-parts.fuzz.ts'
import { fieldName } from '../../policies/contract.ts'
import { generationOf, type TestPlan, type TestPolicy } from '../../test/fixtures/data-path.ts'
import { parseClientAddress } from '../client-address.ts'
import { type ResolveRequest, resolve } from '../resolve.ts'

const range = (text: string) => {
  const address = parseClientAddress(text)
  if (address === undefined) throw new Error(text)
  return { first: address.bytes, last: address.bytes }
}
const TRUSTED = { trustedProxies: [range('192.0.2.1')] }

/** Lines of the head that goes upstream. */
async function upstreamHead(
  fields: ResolveRequest['fields'],
  options: Partial<ResolveRequest> = {},
  plan: Partial<TestPlan> = {},
  policy: TestPolicy = {},
) {
  const routes = plan.routes ?? [
    { route: 'GET /**', request: ['test'] },
    { route: 'POST /**', request: ['test'] },
  ]
  const generation = generationOf(
    { backends: [{ port: 80, endpoints: [sampleEndpoint(80, { host: 'b', authority: 'b' })] }], ...plan, routes },
    { test: policy },
  )
  const found = await resolve(generation, {
    method: 'GET',
    url: 'http://a.example/x',
    client: '203.0.113.7',
    ...options,
    ...(fields && { fields }),
  })
  return (found.upstream?.head ?? found.reply?.text ?? '').split('\r\n')
}

const named = (lines: string[], name: string) => lines.filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))

t.test('where a request comes from is what the gateway says, not what a client says', async (t) => {
  const lines = await upstreamHead([
    ['X-Forwarded-For', '10.0.0.1'],
    ['x-forwarded-proto', 'https'],
    ['X-Forwarded-Host', 'bank.example'],
    ['X-Forwarded-Port', '443'],
    ['X-FORWARDED-PREFIX', '/admin'],
    ['Forwarded', 'for=10.0.0.1'],
    ['X-Real-IP', '10.0.0.1'],
    ['X-Request-Id', 'mine'],
    ['X-Forwarder', 'stays'],
  ])
  t.same(lines.slice(1, -2), [
    'Host: b',
    'X-Forwarder: stays',
    'Via: 1.1 edge',
    'X-Forwarded-For: 203.0.113.7',
    'X-Forwarded-Proto: http',
    'X-Forwarded-Host: a.example',
    'Forwarded: for=203.0.113.7;host="a.example";proto=http',
  ])
})

t.test('what a trusted proxy says is believed and added to', async (t) => {
  const fields = [
    ['X-Forwarded-For', '203.0.113.9'],
    ['X-Forwarded-For', '198.51.100.2'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Host', 'a.example:8443'],
    ['X-Forwarded-Port', '8443'],
    ['X-Real-IP', '203.0.113.9'],
    ['Forwarded', 'for=203.0.113.9'],
    ['X-Request-Id', 'theirs'],
  ] as const
  const lines = await upstreamHead(fields, { client: '192.0.2.1' }, TRUSTED)
  t.same(named(lines, 'x-forwarded-for'), ['X-Forwarded-For: 203.0.113.9, 198.51.100.2, 192.0.2.1'])
  t.same(named(lines, 'x-forwarded-proto'), ['X-Forwarded-Proto: https'])
  t.same(named(lines, 'x-forwarded-host'), ['X-Forwarded-Host: a.example:8443'])
  t.same(named(lines, 'x-forwarded-port'), ['X-Forwarded-Port: 8443'])
  t.same(named(lines, 'x-real-ip'), ['X-Real-IP: 203.0.113.9'])
  t.same(named(lines, 'forwarded'), ['Forwarded: for=203.0.113.9, for=192.0.2.1;host="a.example";proto=http'])
  t.same(named(lines, 'x-request-id'), ['X-Request-Id: theirs'])
})

t.test('the client is whom the trusted proxies saw', async (t) => {
  const seen: string[] = []
  const policy: TestPolicy = { request: (_, { client }) => void seen.push(`${client.text} ${client.peerIsTrusted}`) }
  await upstreamHead([['X-Forwarded-For', '6.6.6.6, 203.0.113.9']], { client: '192.0.2.1' }, TRUSTED, policy)
  await upstreamHead([['X-Forwarded-For', '6.6.6.6, 203.0.113.9']], {}, TRUSTED, policy)
  t.same(seen, ['203.0.113.9 true', '203.0.113.7 false'])
})

t.test('IPv6 addresses are quoted where they must be', async (t) => {
  const lines = await upstreamHead([], { client: '2001:db8::1' })
  t.same(named(lines, 'x-forwarded-for'), ['X-Forwarded-For: 2001:db8::1'])
  t.same(named(lines, 'forwarded'), ['Forwarded: for="[2001:db8::1]";host="a.example";proto=http'])
})

t.test('Via is added to, and our own name in it is a loop', async (t) => {
  t.same(named(await upstreamHead([['Via', '1.0 fred']]), 'via'), ['Via: 1.0 fred, 1.1 edge'])
  t.same(
    named(
      await upstreamHead([
        ['Via', '1.1 edge2'],
        ['Via', '1.1 other (edge)'],
      ]),
      'via',
    ),
    ['Via: 1.1 edge2, 1.1 other (edge), 1.1 edge'],
  )
  t.equal((await upstreamHead([['Via', '1.0 fred, 1.1 edge']]))[0], 'HTTP/1.1 508 Loop Detected')
  t.equal((await upstreamHead([['Via', 'HTTP/1.1  edge (x)']]))[0], 'HTTP/1.1 508 Loop Detected')
})

t.test('fields of one connection end here, with those that Connection names', async (t) => {
  const lines = await upstreamHead([
    ['Connection', 'keep-alive, X-Hop'],
    ['Keep-Alive', 'timeout=5'],
    ['X-Hop', '1'],
    ['TE', 'trailers'],
    ['Upgrade', 'h2c'],
    ['HTTP2-Settings', 'x'],
    ['Proxy-Authorization', 'Basic x'],
    ['Trailer', 'X'],
    ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
  ])
  t.same(lines.slice(1, 4), ['Host: b', 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'Via: 1.1 edge'])
})

t.test("what policies change is written, the client's fields with that name are not", async (t) => {
  const [A, B, C] = [fieldName('X-A'), fieldName('X-B'), fieldName('X-Forwarded-Proto')]
  const policy: TestPolicy = {
    request: (_, { request }) => {
      request.addField(A, 'added')
      request.removeField(B)
      request.setField(C, 'https')
      request.setField(fieldName('X-Gone'), 'x')
      request.removeField(fieldName('x-gone'))
      return undefined
    },
  }
  const lines = await upstreamHead(
    [
      ['x-a', 'client'],
      ['x-b', 'client'],
      ['X-C', '1'],
    ],
    {},
    {},
    policy,
  )
  t.same(named(lines, 'x-a'), ['x-a: client', 'X-A: added'])
  t.same(named(lines, 'x-b'), [])
  t.same(named(lines, 'x-gone'), [])
  t.same(named(lines, 'x-forwarded-proto'), ['X-Forwarded-Proto: https'])
})

t.test('framing, Host and targets with forbidden bytes cannot be set by a policy', async (t) => {
  const ways: TestPolicy['request'][] = [
    (_, { request }) => void request.setField(fieldName('Content-Length'), '1'),
    (_, { request }) => void request.addField(fieldName('transfer-encoding'), 'chunked'),
    (_, { request }) => void request.removeField(fieldName('Host')),
    (_, { request }) => void request.setTarget('/a b', undefined),
    (_, { request }) => void request.setTarget('/a?b', undefined),
    (_, { request }) => void request.setTarget('a', undefined),
    (_, { request }) => void request.setTarget('/a', 'b\r\n'),
    (_, { request }) => void request.setField(fieldName('X'), 'a\nb'),
    (_, { request }) => void request.setField(fieldName('X'), '\u{141}'),
  ]
  for (const request of ways) t.equal((await upstreamHead([], {}, {}, { request } as TestPolicy))[0], 'HTTP/1.1 500 Internal Server Error')
})

t.test('the target is prefix, then the path without what is taken off, then the query', async (t) => {
  const target = async (strippedBytes: number, pathPrefix: string, url: string, policy: TestPolicy = {}) => {
    const endpoints = [sampleEndpoint(80, { host: 'b', authority: 'b', pathPrefix })]
    const plan = {
      backends: [{ port: 80, endpoints }],
      routes: [{ route: strippedBytes === 0 ? 'GET /**' : 'GET /a/**', strippedBytes, request: ['test'] }],
    }
    return (await upstreamHead([], { url: `http://a${url}` }, plan, policy))[0]?.split(' ')[1]
  }
  t.equal(await target(0, '', '/a/%7Eb/../c?q=%2f'), '/a/c?q=%2f', 'the path in canonical form, the query as it came')
  t.equal(await target(2, '/api', '/a/b'), '/api/b')
  t.equal(await target(2, '/api', '/a'), '/api')
  t.equal(await target(2, '', '/a'), '/')
  t.equal(await target(2, '', '/a?x'), '/?x')
  const rewrite: TestPolicy = {
    request: (_, { request }) => void request.setTarget(`/v2${request.targetPath}`, `${request.targetQuery}&y=${request.segment(1)}`),
  }
  t.equal(await target(2, '/api', '/a/b?x', rewrite), '/api/v2/b?x&y=b')
})

t.test('Host is the endpoint, unless the route keeps what the client said', async (t) => {
  const routes = [{ route: 'GET /**', preserveHost: true }]
  t.same(named(await upstreamHead([], { url: 'http://A.example:81/' }, { routes }), 'host'), ['Host: A.example:81'])
})

t.test('a body is announced the way it came', async (t) => {
  const post = (fields: ResolveRequest['fields']) => upstreamHead(fields, { method: 'POST' })
  t.same((await post([['Content-Length', '5']])).slice(-3), ['Content-Length: 5', '', ''])
  t.same((await post([['Content-Length', '0']])).slice(-3), ['Content-Length: 0', '', ''])
  t.same((await post([['Transfer-Encoding', 'chunked']])).slice(-3), ['Transfer-Encoding: chunked', '', ''])
})
