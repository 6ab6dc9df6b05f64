import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import type { TrafficPlan } from '../../bundle/plan.ts'
import { generationOf, RawClient, rawBackend, startDataPath } from '../../test/fixtures/data-path.ts'

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

async function start(t: Test, serve: (socket: Socket, request: string) => void, totalTimeoutMs: number, traffic?: Partial<TrafficPlan>) {
  const backend = await rawBackend(t, (socket) => socket.on('data', (data) => serve(socket, data.toString('latin1'))))
  const running = await startDataPath(
    t,
    generationOf({
      routes: ['GET /**', 'POST /**'].map((route) => (traffic === undefined ? route : { route, trafficIndex: 0 })),
      backends: [{ port: backend.port, totalTimeoutMs }],
      traffics: traffic === undefined ? [] : [{ split: [], ...traffic }],
    }),
  )
  return { ...running, backend, client: () => new RawClient(t, running.port) }
}

t.test('an exchange that takes longer than all of it may is a 504, before its response has begun', async (t) => {
  const { client, endedAt } = await start(t, () => {}, 60)
  t.match(await client().send(get).includes('}\n'), /^HTTP\/1.1 504 [\s\S]*"upstream-total-timeout"/)
  t.match(await endedAt(0), { status: 504, errorCode: 'upstream-total-timeout' })
})

t.test('and is cut short afterwards, however lively it is', async (t) => {
  const { client, endedAt } = await start(
    t,
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      const timer = setInterval(() => socket.write('1\r\nx\r\n'), 10)
      socket.on('close', () => clearInterval(timer))
    },
    100,
  )
  const raw = client().send(get)
  const text = await raw.ended()
  t.match(text, /^HTTP\/1.1 200 OK/)
  t.notMatch(text, /\r\n0\r\n\r\n$/)
  t.match(await endedAt(0), { status: 200, errorCode: 'upstream-total-timeout' })
})

t.test("a route's own limit counts instead of its backend's, 0 for none", async (t) => {
  const shorter = await start(t, () => {}, 60_000, { totalTimeoutMs: 60 })
  t.match(await shorter.client().send(get).includes('}\n'), /"upstream-total-timeout"/)
  const late = (socket: Socket) => void setTimeout(() => socket.write('HTTP/1.1 204 No Content\r\n\r\n'), 300)
  const none = await start(t, late, 50, { totalTimeoutMs: 0 })
  t.match(await none.client().send(get).includes('\r\n\r\n'), /^HTTP\/1.1 204/)
})

t.test("a gRPC caller's own deadline lowers the limit, and is answered in its own form", async (t) => {
  const { client, endedAt } = await start(t, () => {}, 60_000)
  const call =
    'POST /svc/Get HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\ngrpc-timeout: 60m\r\nContent-Length: 5\r\n\r\n\0\0\0\0\0'
  const text = await client().send(call).includes('\r\n\r\n')
  t.match(text, /^HTTP\/1.1 200 OK\r\n/)
  t.match(text, /\r\ngrpc-status: 4\r\n/)
  t.match(await endedAt(0), { status: 200, errorCode: 'upstream-total-timeout' })
})

t.test('a backend that answers in time is not hurried', async (t) => {
  const { client } = await start(t, (socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'), 60_000)
  const raw = client()
  for (let i = 1; i <= 3; i++) await raw.send(get).until((text) => text.split('204').length > i)
  t.notMatch(raw.text, /Connection: close/)
})
