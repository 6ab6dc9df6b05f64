/** What a client does, or leaves undone, is no failure of the backend's member: else one client could take members from all the others. */
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import type { BackendPlan } from '../../bundle/plan.ts'
import { sampleEndpoint } from '../../bundle/sample-parts.fuzz.ts'
import { generationOf, RawClient, rawBackend, startDataPath } from '../../test/fixtures/data-path.ts'

const PASSIVE = {
  ...{ consecutiveFailures: 2, failurePercent: 0, minRequests: 20, intervalMs: 10_000 },
  ...{ ejectMs: 30_000, maxEjectMs: 300_000, panicBelowPercent: 50 },
}
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** Two members that answer every GET; `serve` is for all else. */
async function start(t: Test, serve: (socket: Socket, data: string) => void, settings: Partial<BackendPlan> = {}) {
  const answered = [0, 0]
  const backends = await Promise.all(
    [0, 1].map((member) =>
      rawBackend(t, (socket) =>
        socket.on('data', (data) => {
          const text = data.toString('latin1')
          if (!text.startsWith('GET')) return serve(socket, text)
          answered[member] = (answered[member] ?? 0) + 1
          socket.write('HTTP/1.1 204 No Content\r\n\r\n')
        }),
      ),
    ),
  )
  const [first, second] = backends.map(({ port }) => sampleEndpoint(port))
  if (first === undefined || second === undefined) throw new Error('unreachable')
  const backend = { port: 0, endpoints: [first, second], passiveHealth: PASSIVE, ...settings }
  const running = await startDataPath(t, generationOf({ routes: ['GET /**', 'POST /**'], backends: [backend] }))
  /** Whether both members still get requests. */
  const areBothUsed = async () => {
    for (let i = 1; i <= 6; i++) t.match(await new RawClient(t, running.port).send(GET).includes('\r\n\r\n'), /^HTTP\/1.1 204/)
    return answered.every((count) => count > 0)
  }
  return { ...running, areBothUsed }
}

t.test('a gRPC caller that waits for a millisecond only has no member ejected', async (t) => {
  const { port, areBothUsed, endedAt } = await start(t, () => {})
  for (let i = 0; i < 4; i++) {
    const call = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\ngrpc-timeout: 1n\r\nContent-Length: 5\r\n\r\n\0\0\0\0\0'
    t.match(await new RawClient(t, port).send(call).includes('grpc-status: 4\r\n'), /^HTTP\/1.1 200/)
    t.match(await endedAt(i), { errorCode: 'upstream-total-timeout' })
  }
  t.ok(await areBothUsed())
})

t.test("but the operator's own limit counts against it, whatever the caller said", async (t) => {
  const { port, areBothUsed, endedAt } = await start(t, () => {}, { totalTimeoutMs: 60 })
  for (let i = 0; i < 4; i++) {
    const call = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\ngrpc-timeout: 1H\r\nContent-Length: 5\r\n\r\n\0\0\0\0\0'
    await new RawClient(t, port).send(call).includes('grpc-status: 4\r\n')
    t.match(await endedAt(i), { errorCode: 'upstream-total-timeout' })
  }
  t.notOk(await areBothUsed())
})

t.test('a member that gives up on a client which never sends its body has not failed', async (t) => {
  // As servers do: nothing but a FIN, or a reset, when the body takes too long.
  const { port, areBothUsed, endedAt } = await start(t, (socket) => socket.destroy())
  for (let i = 0; i < 4; i++) {
    await new RawClient(t, port).send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx').includes('upstream-closed')
    t.match(await endedAt(i), { errorCode: 'upstream-closed' })
  }
  t.ok(await areBothUsed())
})

t.test('a response that began while its request goes on may fall silent with it', async (t) => {
  const respond = (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n')
  const { port, areBothUsed, endedAt } = await start(t, respond, { idleTimeoutMs: 60 })
  for (let i = 0; i < 4; i++) {
    await new RawClient(t, port).send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n').ended()
    t.match(await endedAt(i), { errorCode: 'upstream-idle-timeout' })
  }
  t.ok(await areBothUsed())
})

t.test('clients that ask and go away do not keep a breaker half-open', async (t) => {
  let isWell = false
  const held: Socket[] = []
  const backend = await rawBackend(t, (socket) =>
    socket.on('data', (data) => {
      if (data.includes('POST')) held.push(socket)
      else socket.write(`HTTP/1.1 ${isWell ? '204 No Content' : '500 Broken\r\nContent-Length: 0'}\r\n\r\n`)
    }),
  )
  const breaker = { failurePercent: 50, minRequests: 4, windowMs: 10_000, openMs: 1000 }
  const plan = { routes: ['GET /**', 'POST /**'], backends: [{ port: backend.port, breaker }] }
  const { port, ended } = await startDataPath(t, generationOf(plan))
  const status = async () => (await new RawClient(t, port).send(GET).includes('\r\n\r\n')).slice(9, 12)
  for (let i = 0; i < breaker.minRequests; i++) t.equal(await status(), '500')
  t.equal(await status(), '503')
  isWell = true
  // Half-open as soon as one of these gets through; all probes are taken by clients that wait for nothing.
  const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'
  while (held.length < 3) {
    const client = new RawClient(t, port).send(post)
    const before = held.length
    while (held.length === before && client.text === '') await new Promise((resolve) => setTimeout(resolve, 5))
    const count = ended.length
    // A FIN would leave the request as it is (F24).
    client.socket.resetAndDestroy()
    while (ended.length === count && client.text === '') await new Promise((resolve) => setTimeout(resolve, 5))
  }
  for (let i = 0; i < 4; i++) t.equal(await status(), '204')
})
