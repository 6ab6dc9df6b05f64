import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import type { RetryPlan } from '../../bundle/plan.ts'
import { generationOf, RawClient, rawBackend, startDataPath, type TestPlan } from '../../test/fixtures/data-path.ts'
import { endpoint } from '../fixtures/backend-settings.ts'
import { fuzzReplay } from './replay.fuzz.ts'
import { RETRY_BODY_BYTES } from './retry-rules.ts'

const OK = 'HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 2\r\n\r\nok'
const BUSY = 'HTTP/1.1 503 Service Unavailable\r\nDate: d\r\nContent-Length: 4\r\n\r\nbusy'
const get = (path = '/') => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
const put = (body: string) => `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const RETRY: RetryPlan = { attempts: 2, on: [], statuses: [], perTryMs: 0, budgetPercent: 100, backoffBaseMs: 1, backoffMaxMs: 2 }

interface Settings {
  readonly retry?: Partial<RetryPlan>
  readonly backend?: Partial<NonNullable<TestPlan['backends']>[number]>
  readonly plan?: Partial<TestPlan>
}

/** A backend that is asked for each request, whole or not, with the number of the request among all. */
async function start(t: Test, serve: (socket: Socket, request: string, nth: number) => void, settings: Settings = {}) {
  const requests: string[] = []
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', (data) => serve(socket, data.toString('latin1'), requests.push(data.toString('latin1')) - 1))
    socket.on('end', () => socket.end())
  })
  const retry = { ...RETRY, ...settings.retry }
  const running = await startDataPath(
    t,
    generationOf({
      routes: ['GET /**', 'POST /**', 'PUT /**'],
      backends: [{ port: backend.port, retry, ...settings.backend }],
      ...settings.plan,
    }),
  )
  return { ...running, backend, requests, client: () => new RawClient(t, running.port) }
}

t.test('a connection that breaks before it answers is replaced, as often as was asked for', async (t) => {
  const { client, requests, endedAt } = await start(t, (socket, _request, nth) => (nth < 2 ? socket.destroy() : socket.write(OK)), {
    retry: { on: ['reset'] },
  })
  t.match(await client().send(get()).includes('ok'), /^HTTP\/1.1 200 OK/)
  t.equal(requests.length, 3)
  t.match(await endedAt(0), { status: 200, errorCode: '' })
})

t.test('after the last attempt the last failure is told', async (t) => {
  const { client, requests, endedAt } = await start(t, (socket) => socket.destroy(), { retry: { on: ['reset'] } })
  t.match(await client().send(get()).includes('}\n'), /^HTTP\/1.1 502 [\s\S]*"upstream-closed"/)
  t.equal(requests.length, 3)
  t.match(await endedAt(0), { status: 502, errorCode: 'upstream-closed' })
})

t.test('what was not asked for is not tried again', async (t) => {
  const { client, requests } = await start(t, (socket) => socket.destroy(), { retry: { on: ['connect', 'timeout'], statuses: [503] } })
  t.match(await client().send(get()).includes('}\n'), /"upstream-closed"/)
  t.equal(requests.length, 1)
})

t.test('a status that was named is tried again, and passed on as it is when no attempt is left', async (t) => {
  const retry = { statuses: [503] }
  const once = await start(t, (socket, _request, nth) => socket.write(nth === 0 ? BUSY : OK), { retry })
  t.match(await once.client().send(get()).includes('ok'), /^HTTP\/1.1 200 OK/)
  t.equal(once.requests.length, 2)
  const always = await start(t, (socket) => socket.write(BUSY), { retry })
  t.match(await always.client().send(get()).includes('busy'), /^HTTP\/1.1 503 Service Unavailable\r\n/)
  t.equal(always.requests.length, 3)
  t.match(await always.endedAt(0), { status: 503, errorCode: '', responseBodyBytes: 4 })
})

t.test('what is not idempotent is sent once, if the backend may have seen it', async (t) => {
  const { client, requests } = await start(t, (socket, _request, nth) => (nth === 0 ? socket.write(BUSY) : socket.destroy()), {
    retry: { on: ['reset'], statuses: [503] },
  })
  const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi'
  const raw = client().send(post)
  t.match(await raw.includes('busy'), /^HTTP\/1.1 503/)
  raw.send(post)
  t.match(await raw.includes('upstream-closed'), /HTTP\/1.1 502/)
  t.equal(requests.length, 2)
})

t.test('where no connection can be made, anything is sent to another endpoint, with its body', async (t) => {
  const { client, requests } = await start(t, (socket) => socket.write(OK), {})
  t.match(await client().send(get()).includes('ok'), /200 OK/)
  const gone = await rawBackend(t, () => {})
  // 127.0.0.2 has nobody on that port.
  const refused = endpoint({ port: gone.port, host: '127.0.0.2' })
  const live = await rawBackend(t, (socket) => {
    socket.on('data', (data) => requests.push(data.toString('latin1')) && socket.write(OK))
  })
  const other = await start(t, () => {}, {
    retry: { on: ['connect'] },
    backend: { endpoints: [refused, endpoint({ port: live.port })] },
  })
  for (let i = 0; i < 3; i++) {
    const raw = other.client().send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody')
    t.match(await raw.includes('ok'), /^HTTP\/1.1 200 OK/)
    t.match(requests.at(-1), /body$/)
  }
})

t.test('a body that has arrived is sent again whole, however it came', async (t) => {
  const bodies: string[] = []
  const { client } = await start(
    t,
    (socket, request, nth) => {
      bodies.push(request.slice(request.indexOf('\r\n\r\n') + 4))
      socket.write(nth === 0 ? BUSY : OK)
    },
    { retry: { statuses: [503] } },
  )
  t.match(await client().send(put('a body of some bytes')).includes('ok'), /200 OK/)
  t.same(bodies, ['a body of some bytes', 'a body of some bytes'])
  bodies.length = 0
})

t.test('a body that is still coming when an attempt fails goes on with the next one', async (t) => {
  const connections: { text: string }[] = []
  const backend = await rawBackend(t, (socket) => {
    const connection = { text: '' }
    const nth = connections.push(connection) - 1
    socket.on('data', (data) => {
      connection.text += data.toString('latin1')
      if (nth === 0 && connection.text.includes('first')) socket.resetAndDestroy()
      if (nth === 1 && connection.text.endsWith('0\r\n\r\n')) socket.write(OK)
    })
  })
  const { port, endedAt } = await startDataPath(
    t,
    generationOf({ routes: ['PUT /**'], backends: [{ port: backend.port, retry: { ...RETRY, on: ['reset'] } }] }),
  )
  const raw = new RawClient(t, port).send('PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n')
  while (connections.length < 2) await new Promise((resolve) => setImmediate(resolve))
  raw.send('6\r\nsecond\r\n0\r\n\r\n')
  t.match(await raw.includes('ok'), /^HTTP\/1.1 200 OK/)
  t.match(connections[1]?.text, /\r\n\r\n5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n$/)
  t.match(await endedAt(0), { status: 200, requestBodyBytes: 11 })
})

t.test('whatever breaks off wherever, a body that was taken is whole', async (t) => {
  const { seed, verified, repeated, faults } = await fuzzReplay(Date.now() % 1_000_000, 2)
  t.same(faults, [], `seed ${seed}`)
  t.ok(verified > 0 && repeated > 0)
})

t.test('a body that is too long to be kept is sent once', async (t) => {
  let received = 0
  const size = RETRY_BODY_BYTES + 1
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', (data) => {
      received += data.length
      if (received >= size) socket.destroy()
    })
  })
  const { port } = await startDataPath(
    t,
    generationOf({ routes: ['PUT /**'], backends: [{ port: backend.port, retry: { ...RETRY, on: ['reset'] } }] }),
  )
  t.match(await new RawClient(t, port).send(put('x'.repeat(size))).includes('}\n'), /^HTTP\/1.1 502 [\s\S]*"upstream-closed"/)
  t.equal(backend.connections.length, 1)
})

t.test('a response that has begun is never begun again', async (t) => {
  const { client, requests, endedAt } = await start(
    t,
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
      setImmediate(() => socket.destroy())
    },
    { retry: { on: ['reset', 'timeout'], statuses: [503] } },
  )
  await client().send(get()).ended()
  t.equal(requests.length, 1)
  t.match(await endedAt(0), { errorCode: 'upstream-closed' })
})

t.test('an attempt that takes too long is given up for another one', async (t) => {
  const { client, requests, backend } = await start(t, (socket, _request, nth) => void (nth > 0 && socket.write(OK)), {
    retry: { on: ['timeout'], perTryMs: 50 },
  })
  t.match(await client().send(get()).includes('ok'), /^HTTP\/1.1 200 OK/)
  t.equal(requests.length, 2)
  t.equal(backend.connections.length, 2)
})

t.test('the last attempt has no more time than the others', async (t) => {
  const { client, requests, endedAt } = await start(t, () => {}, { retry: { on: ['timeout'], perTryMs: 50, attempts: 1 } })
  t.match(await client().send(get()).includes('}\n'), /^HTTP\/1.1 504 [\s\S]*"upstream-response-timeout"/)
  t.equal(requests.length, 2)
  t.match(await endedAt(0), { status: 504, errorCode: 'upstream-response-timeout' })
})

t.test('an attempt whose response has begun early is not hurried by the end of its request', async (t) => {
  const { client, endedAt } = await start(
    t,
    (socket, request) => {
      if (request.startsWith('PUT')) socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      if (request.endsWith('body')) setTimeout(() => socket.write('2\r\nok\r\n0\r\n\r\n'), 200)
    },
    { retry: { on: ['timeout'], perTryMs: 50 } },
  )
  const raw = client().send('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n')
  await raw.includes('\r\n\r\n')
  t.match(await raw.send('body').includes('ok'), /^HTTP\/1.1 200 OK/)
  t.match(await endedAt(0), { status: 200, errorCode: '' })
})

t.test("a route's own retry counts instead of its backend's", async (t) => {
  const { client, requests } = await start(t, (socket) => socket.write(BUSY), {
    retry: { statuses: [503] },
    plan: {
      routes: [{ route: 'GET /**', trafficIndex: 0 }],
      traffics: [{ split: [], retry: { ...RETRY, attempts: 0 } }],
    },
  })
  t.match(await client().send(get()).includes('busy'), /^HTTP\/1.1 503/)
  t.equal(requests.length, 1)
})

t.test('retries stay within their budget', async (t) => {
  const waiting: Socket[] = []
  const seen = new Set<string>()
  const settings = { retry: { statuses: [503], attempts: 1, budgetPercent: 1 } }
  const { client, requests } = await start(
    t,
    (socket, request) => {
      const path = request.split(' ')[1] as string
      if (seen.has(path)) waiting.push(socket)
      else {
        seen.add(path)
        socket.write(BUSY)
      }
    },
    settings,
  )
  // All of them fail; the few retries that are always allowed are held up by the backend.
  let answered = 0
  for (let i = 0; i < 20; i++) {
    void client()
      .send(get(`/${i}`))
      .includes('busy')
      .then(() => (answered += 1))
  }
  while (answered + waiting.length < 20) await new Promise((resolve) => setImmediate(resolve))
  t.ok(waiting.length > 0 && waiting.length < 6, `${waiting.length} retries of 20 requests`)
  t.equal(requests.length, 20 + waiting.length)
})

t.test('who goes away while it waits for another attempt is forgotten', async (t) => {
  const { client, requests, endedAt } = await start(t, (socket) => socket.write(BUSY), {
    retry: { statuses: [503], backoffBaseMs: 60_000, backoffMaxMs: 60_000 },
  })
  const raw = client().send(get())
  while (requests.length === 0) await new Promise((resolve) => setImmediate(resolve))
  setImmediate(() => raw.socket.resetAndDestroy())
  t.match(await endedAt(0), { status: 0, errorCode: 'client-closed' })
  t.equal(requests.length, 1)
})

t.test('a client that waits for its 100 is told once, and the attempt that it is told by gets the body', async (t) => {
  const bodies: string[] = []
  const { client } = await start(
    t,
    (socket, request, nth) => {
      if (request.startsWith('PUT')) socket.write(nth === 0 ? BUSY : 'HTTP/1.1 100 Continue\r\n\r\n')
      else {
        bodies.push(request)
        socket.write(OK)
      }
    },
    { retry: { statuses: [503] } },
  )
  const raw = client().send('PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n')
  t.equal(await raw.includes('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n')
  t.match(await raw.send('body').includes('ok'), /Continue\r\n\r\nHTTP\/1.1 200 OK/)
  t.same(bodies, ['body'])
})
