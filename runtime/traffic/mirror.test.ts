import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { fieldName } from '../../policies/contract.ts'
import { RawClient } from '../../test/fixtures/data-path.ts'
import { type Answer, httpBackend, startTraffic, type TrafficSettings } from '../fixtures/traffic.ts'
import { MIRROR_LIMITS } from './mirror.ts'
import type { TRAFFIC_RESULTS } from './traffic-results.ts'

/** The first backend answers, the second one gets copies. */
async function mirrored(t: Test, mirrorPort: number, settings: Partial<TrafficSettings> = {}) {
  const backend = await httpBackend(t, (request, response) => {
    request.on('data', () => {})
    request.on('end', () => response.end(`real ${request.url}`))
  })
  const running = await startTraffic(t, [backend.port, mirrorPort], {
    ...settings,
    traffic: { mirror: { backendIndex: 1, share: 10_000 }, ...settings.traffic },
  })
  return { ...running, requests: backend.requests }
}

/** A backend that keeps what it gets, bodies included. */
async function listener(t: Test, answer = 'nobody reads this') {
  const got: { readonly request: IncomingMessage; readonly body: string }[] = []
  const wakes: (() => void)[] = []
  const backend = await httpBackend(t, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      got.push({ request, body: Buffer.concat(chunks).toString() })
      for (const wake of wakes.splice(0)) wake()
      response.writeHead(500, { 'x-from': 'mirror' }).end(answer)
    })
  })
  const at = async (nth: number) => {
    while (got.length <= nth) await new Promise<void>((resolve) => wakes.push(resolve))
    return got[nth] as (typeof got)[number]
  }
  return { ...backend, got, at }
}

t.test('a copy is what the backend gets as well, with a mark', async (t) => {
  const mirror = await listener(t)
  const { ask, requests, results } = await mirrored(t, mirror.port)
  t.match(await ask('/a%2db?c=d', { headers: { 'x-a': ['1', '2'], connection: 'close, x-hop', 'x-hop': '1' } }), {
    status: 200,
    text: 'real /a-b?c=d',
  })
  const { request } = await mirror.at(0)
  t.match(request, { method: 'GET', url: '/a-b?c=d', headers: { 'x-postern-mirror': '1', 'x-a': '1, 2', via: '1.1 edge' } })
  const real = requests[0] as IncomingMessage
  t.notOk('x-postern-mirror' in real.headers)
  const without = (headers: object) => ({ ...headers, host: '', 'x-postern-mirror': '1' })
  t.same(without(request.headers), without(real.headers))
  await results.until('mirror answered', 1)
})

t.test('a body is copied whole, however it came, and has a length then', async (t) => {
  const mirror = await listener(t)
  const { ask, port } = await mirrored(t, mirror.port)
  await ask('/known', { method: 'POST', body: 'x'.repeat(40_000), headers: { 'content-length': '40000' } })
  t.match(await mirror.at(0), { body: 'x'.repeat(40_000), request: { headers: { 'content-length': '40000' } } })
  const client = new RawClient(t, port).send('PUT /pieces HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n')
  client.send('3\r\ntwo\r\n0\r\n\r\n')
  await client.includes('real')
  const { request, body } = await mirror.at(1)
  t.equal(body, 'onetwo')
  t.match(request.headers, { 'content-length': '6' })
  t.notOk('transfer-encoding' in request.headers)
  await ask('/none', { method: 'POST', headers: { 'content-length': '0' } })
  t.match(await mirror.at(2), { body: '', request: { method: 'POST', headers: { 'content-length': '0' } } })
})

t.test('who waits for a 100 is answered by the backend alone', async (t) => {
  const mirror = await listener(t)
  const { port } = await mirrored(t, mirror.port)
  const client = new RawClient(t, port).send('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n')
  await client.includes('100 Continue')
  await client.send('hi').includes('real')
  const { request, body } = await mirror.at(0)
  t.equal(body, 'hi')
  t.notOk('expect' in request.headers)
})

t.test('policies have changed the copy as well', async (t) => {
  const mirror = await listener(t)
  const edit = {
    request: (
      _config: undefined,
      {
        request,
      }: {
        request: {
          setField(name: object, value: string): void
          removeField(name: object): void
          addField(name: object, value: string): void
          setTarget(path: string, query: string | undefined): void
        }
      },
    ) => {
      const name = fieldName
      request.setField(name('X-Set'), '1')
      request.setField(name('X-Set'), '2')
      request.addField(name('X-Add'), 'b')
      request.addField(name('X-Add'), 'c')
      request.removeField(name('X-Gone'))
      request.setTarget('/other', 'q=1')
      return undefined
    },
  }
  const { ask, requests } = await mirrored(t, mirror.port, { request: ['edit'], policies: { edit: edit as never } })
  await ask('/a', { headers: { 'x-add': 'a', 'x-gone': '1', 'x-set': '0' } })
  const { request } = await mirror.at(0)
  t.match(request, { url: '/other?q=1', headers: { 'x-set': '2', 'x-add': 'a, b, c' } })
  t.notOk('x-gone' in request.headers)
  t.equal(requests[0]?.headers['x-set'], '2')
})

t.test('what is longer than the limit is not copied, whether it says so or not', async (t) => {
  const mirror = await listener(t)
  const { ask, port, results } = await mirrored(t, mirror.port)
  const size = MIRROR_LIMITS.bodyBytes + 1
  t.match(await ask('/a', { method: 'POST', body: 'x'.repeat(size), headers: { 'content-length': String(size) } }), { status: 200 })
  await results.until('mirror body-too-long', 1)
  const client = new RawClient(t, port).send('PUT /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  client.send(`${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`)
  await client.includes('real')
  await results.until('mirror body-too-long', 2)
  await ask('/b')
  t.equal((await mirror.at(0)).request.url, '/b')
})

t.test('a mirror that is gone, resets, hangs or babbles changes nothing', async (t) => {
  const rows: [title: string, serve: (socket: Socket) => void, result: (typeof TRAFFIC_RESULTS)[number] | undefined][] = [
    ['resets', (socket) => socket.resetAndDestroy(), 'mirror failed'],
    ['says nothing', () => {}, undefined],
    ['is no HTTP', (socket) => socket.end('SSH-2.0-x\r\n'), 'mirror failed'],
    ['is cut short', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'), 'mirror failed'],
    ['says too much', (socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${2 ** 30}\r\n\r\nabc`), 'mirror answered'],
    [
      'never ends',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n')
        const push = () => {
          while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
        }
        socket.on('drain', push)
        push()
      },
      'mirror answered',
    ],
  ]
  for (const [title, serve, result] of rows) {
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => {})
      socket.once('data', () => serve(socket))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => {
      server.close()
      for (const socket of sockets) socket.destroy()
    })
    const { ask, results, endedAt } = await mirrored(t, (server.address() as AddressInfo).port)
    t.match(await ask('/a'), { status: 200, text: 'real /a' }, title)
    t.match(await endedAt(0), { status: 200, errorCode: '' })
    if (result !== undefined) await results.until(result, 1)
  }
  const nobody = createServer()
  await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve))
  const { port } = nobody.address() as AddressInfo
  await new Promise((resolve) => nobody.close(resolve))
  const { ask, results } = await mirrored(t, port)
  t.match(await ask('/a'), { status: 200, text: 'real /a' })
  await results.until('mirror failed', 1)
})

t.test('no more are under way than there may be, and what ends makes room', async (t) => {
  const held: (() => void)[] = []
  const mirror = await httpBackend(t, (_request, response) => held.push(() => response.end()))
  const { ask, results } = await mirrored(t, mirror.port)
  const count = MIRROR_LIMITS.inFlight + 5
  const answers: Promise<Answer>[] = []
  for (let i = 0; i < count; i++) answers.push(ask(`/${i}`))
  for (const { status } of await Promise.all(answers)) t.equal(status, 200)
  await results.until('mirror dropped', 5)
  while (held.length < MIRROR_LIMITS.inFlight) await new Promise((resolve) => setImmediate(resolve))
  for (const end of held) end()
  await results.until('mirror answered', MIRROR_LIMITS.inFlight)
  await ask('/again')
  while (held.length === MIRROR_LIMITS.inFlight) await new Promise((resolve) => setImmediate(resolve))
  t.equal(mirror.requests.at(-1)?.url, '/again')
})

t.test('in a pool that is full, a copy takes nobody the place', async (t) => {
  const held: (() => void)[] = []
  const mirror = await httpBackend(t, (_request, response) => held.push(() => response.end()))
  const backend = await httpBackend(t, (_request, response) => response.end('real'))
  const { ask, results } = await startTraffic(t, [], {
    traffic: { mirror: { backendIndex: 1, share: 10_000 } },
    plan: { backends: [{ port: backend.port }, { port: mirror.port, maxConnections: 1 }] },
  })
  await ask('/a')
  while (held.length === 0) await new Promise((resolve) => setImmediate(resolve))
  t.match(await ask('/b'), { text: 'real' })
  await results.until('mirror dropped', 1)
})

t.test('a request that its client never completes is not copied', async (t) => {
  const mirror = await listener(t)
  const { port, results } = await mirrored(t, mirror.port)
  const client = new RawClient(t, port).send('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc')
  await new Promise((resolve) => setImmediate(resolve))
  client.socket.resetAndDestroy()
  await results.until('mirror incomplete', 1)
  t.equal(mirror.got.length, 0)
})

t.test('what the cache answers goes to no mirror, and what is tried again goes there once', async (t) => {
  const mirror = await listener(t)
  let count = 0
  const backend = await httpBackend(t, (_request, response) =>
    response.writeHead(count++ === 0 ? 503 : 200, { 'cache-control': 'max-age=60' }).end('a'),
  )
  const retry = { attempts: 1, on: [], statuses: [503], perTryMs: 0, budgetPercent: 100, backoffBaseMs: 1, backoffMaxMs: 1 }
  const { ask, results } = await startTraffic(t, [backend.port, mirror.port], {
    traffic: { mirror: { backendIndex: 1, share: 10_000 }, retry, cache: { vary: [], maxObjectBytes: 1000 } },
  })
  await ask('/a')
  t.match(await ask('/a'), { cache: /^hit/ })
  await results.until('mirror answered', 1)
  await ask('/b')
  await results.until('mirror answered', 2)
  t.same(
    mirror.got.map(({ request }) => request.url),
    ['/a', '/b'],
  )
})

t.test('a share is a share', async (t) => {
  const mirror = await listener(t)
  const { ask } = await mirrored(t, mirror.port, { traffic: { mirror: { backendIndex: 1, share: 3000 } } })
  for (let i = 0; i < 20; i++) await Promise.all(Array.from({ length: 20 }, () => ask('/a')))
  t.ok(mirror.got.length > 60 && mirror.got.length < 180, `${mirror.got.length} of 400 at 30 %`)
})
