/** Behind a trusted proxy, which passes on most of what its own client has sent, nothing of that may get into what others are given. */
import type { IncomingMessage } from 'node:http'
import t, { type Test } from 'tap'
import { httpBackend, startTraffic } from '../fixtures/traffic.ts'

const loopback = (last: number) => Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, last, last, last])
const TRUSTED = [{ first: loopback(0), last: loopback(255) }]

async function start(t: Test, body: (request: IncomingMessage) => string) {
  const backend = await httpBackend(t, (request, response) => {
    response.writeHead(200, { 'cache-control': 'public, max-age=60' }).end(body(request))
  })
  return startTraffic(t, [backend.port], {
    traffic: { cache: { vary: [], maxObjectBytes: 1024 * 1024 } },
    plan: { trustedProxies: TRUSTED },
  })
}

type Fields = { readonly [name: string]: string | string[] }

const ROWS: readonly (readonly [title: string, attack: Fields, plain: Fields])[] = [
  ['another host', { 'x-forwarded-host': 'evil' }, {}],
  ['a second host behind the first', { 'x-forwarded-host': ['good', 'evil'] }, { 'x-forwarded-host': 'good' }],
  ['a second scheme behind the first', { 'x-forwarded-proto': ['https', 'http'] }, { 'x-forwarded-proto': 'https' }],
  ['a prefix', { 'x-forwarded-prefix': '/evil' }, {}],
  ['a scheme by another name', { 'x-forwarded-scheme': 'http' }, {}],
  ['a host in Forwarded', { forwarded: 'for=192.0.2.1;host=evil' }, { forwarded: 'for=192.0.2.2' }],
  ['a scheme in Forwarded', { forwarded: 'For=192.0.2.1;Proto=http' }, { forwarded: 'for=192.0.2.2' }],
]

for (const [title, attack, plain] of ROWS) {
  t.test(`${title} is part of the key`, async (t) => {
    const { ask } = await start(t, ({ headers }) => JSON.stringify(headers))
    t.match(await ask('/', { headers: attack }), { status: 200 })
    const { cache } = await ask('/', { headers: plain })
    t.match(cache, /^fwd=uri-miss/)
  })
}

t.test('for whom it asks is not, or nobody would share anything', async (t) => {
  const { ask } = await start(t, () => 'a body')
  await ask('/', {
    headers: { 'x-forwarded-for': '192.0.2.1', forwarded: 'for=192.0.2.1;proto=https;by=10.0.0.1', 'x-real-ip': '192.0.2.1' },
  })
  const headers = { 'x-forwarded-for': '192.0.2.2', forwarded: 'proto=https; For="[2001:db8::1]"', 'x-real-ip': '192.0.2.2' }
  t.match(await ask('/', { headers }), { cache: /^hit/ })
})
