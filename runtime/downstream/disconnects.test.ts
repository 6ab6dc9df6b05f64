/** Clients that go away, at every phase of an exchange: nothing of it is left, and others do not notice. */
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { generationOf, RawClient, rawBackend, startDataPath, type TestPolicy } from '../../test/fixtures/data-path.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const turn = () => new Promise((resolve) => setImmediate(resolve))

interface Stage {
  /** What the client sends before it goes. */
  readonly sends: string
  /** What the backend does with a request other than for `/other`. */
  readonly backend?: (socket: Socket, data: string) => void
  /** Goes only when this is in what it got, or when so many requests are with the backend. */
  readonly after?: { readonly text?: string; readonly requests?: number }
  /** `undefined`: there is no exchange. */
  readonly ends: { readonly status: number; readonly errorCode: string } | undefined
}

const GET = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'
const POST = 'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf'
const gone = (status: number) => ({ status, errorCode: 'client-closed' })

const STAGES: { readonly [name: string]: Stage } = {
  'before it has sent anything': { sends: '', ends: undefined },
  'within a head': { sends: 'GET /x HTTP/1.1\r\nHo', ends: undefined },
  'while a policy thinks': { sends: GET.replace('/x', '/slow'), ends: gone(0) },
  'while it waits for a connection to the backend': { sends: GET.replace('/x', '/queued'), ends: gone(0) },
  'while it waits for the next attempt': {
    sends: GET.replace('/x', '/retried'),
    backend: (socket) => socket.write('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'),
    after: { requests: 1 },
    ends: gone(0),
  },
  'within the body of its request': { sends: POST, after: { requests: 1 }, ends: gone(0) },
  'while it waits for its response': { sends: GET, after: { requests: 1 }, ends: gone(0) },
  'while it waits for its 100': {
    sends: 'POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n',
    after: { requests: 1 },
    ends: gone(0),
  },
  'after an interim response': {
    sends: GET,
    backend: (socket) => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'),
    after: { text: '103' },
    ends: gone(0),
  },
  'behind the head of its response': {
    sends: GET,
    backend: (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n'),
    after: { text: '200 OK' },
    ends: gone(200),
  },
  'within its response': {
    sends: GET,
    backend: (socket) => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n'),
    after: { text: 'part' },
    ends: gone(200),
  },
  'within both bodies': {
    sends: POST,
    backend: (socket) => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n'),
    after: { text: 'part' },
    ends: gone(200),
  },
  'within a body that was refused': {
    sends: POST,
    backend: (socket) => socket.write('HTTP/1.1 403 No\r\nContent-Length: 10\r\n\r\npart'),
    after: { text: 'part' },
    ends: gone(403),
  },
  'when it has its response': {
    sends: GET,
    backend: (socket) => socket.write(OK),
    after: { text: 'ok' },
    ends: { status: 200, errorCode: '' },
  },
  'within the second of two requests': {
    sends: `${GET}GET /x HT`,
    backend: (socket) => socket.write(OK),
    after: { text: 'ok' },
    ends: { status: 200, errorCode: '' },
  },
}

async function start(t: Test, stage: Stage) {
  const requests: string[] = []
  const serve = (socket: Socket) => {
    socket.on('data', (data) => {
      const text = data.toString('latin1')
      if (text.startsWith('GET /other')) socket.write(OK)
      else {
        requests.push(text)
        stage.backend?.(socket, text)
      }
    })
  }
  const backend = await rawBackend(t, serve)
  const full = await rawBackend(t, serve)
  const thinking: (() => void)[] = []
  const slow: TestPolicy = { request: () => new Promise((resolve) => thinking.push(() => resolve(undefined))) }
  const retry = { attempts: 1, on: [], statuses: [503], perTryMs: 0, budgetPercent: 100, backoffBaseMs: 60_000, backoffMaxMs: 60_000 }
  const plan = {
    routes: [
      ...['GET /x', 'POST /x', 'GET /other', { route: 'GET /slow', request: ['slow'] }],
      { route: 'GET /queued', backend: 1 },
      { route: 'GET /retried', backend: 2 },
    ],
    backends: [{ port: backend.port }, { port: full.port, maxConnections: 1, pendingTimeoutMs: 60_000 }, { port: backend.port, retry }],
  }
  const running = await startDataPath(t, generationOf(plan, { slow }))
  return { ...running, requests, thinking, backend, full }
}

for (const [name, stage] of Object.entries(STAGES)) {
  t.test(`a client that is reset ${name}`, async (t) => {
    const { dataPath, generation, port, requests, thinking, endedAt, ended } = await start(t, stage)
    const isQueued = stage.sends.includes('/queued')
    // Somebody has the only connection there.
    const first = isQueued ? new RawClient(t, port).send(stage.sends) : undefined
    while (isQueued && requests.length === 0) await turn()
    const client = new RawClient(t, port).send(stage.sends)
    const { text = '', requests: count = 0 } = stage.after ?? {}
    await client.includes(text)
    while (requests.length < count) await turn()
    while (stage.sends.includes('/slow') && thinking.length === 0) await turn()
    while (dataPath.connectionCount < (isQueued ? 2 : 1)) await turn()
    for (let i = 0; i < 5; i++) await turn()
    client.socket.resetAndDestroy()
    if (stage.ends !== undefined) t.match(await endedAt(0), stage.ends)
    while (dataPath.connectionCount > (isQueued ? 1 : 0)) await turn()
    t.equal(ended.length, stage.ends === undefined ? 0 : 1)
    for (const decide of thinking) decide()
    if (first !== undefined) {
      first.socket.destroy()
      first.socket.resetAndDestroy()
    } else {
      await turn()
      t.equal(generation.pins, 0)
      t.equal(dataPath.exchangeCount, 0)
    }
    t.match(await new RawClient(t, port).send('GET /other HTTP/1.1\r\nHost: a\r\n\r\n').includes('ok'), /^HTTP\/1.1 200/)
  })
}

t.test('a hundred requests sent ahead by one client, which reads nothing, keep nobody else waiting', async (t) => {
  const { port, dataPath, endedAt } = await start(t, { sends: '', backend: (socket) => socket.write(OK), ends: undefined })
  const greedy = new RawClient(t, port, { paused: true }).send(GET.repeat(100))
  await endedAt(0)
  t.match(await new RawClient(t, port).send('GET /other HTTP/1.1\r\nHost: a\r\n\r\n').includes('ok'), /^HTTP\/1.1 200/)
  greedy.socket.resume()
  const text = await greedy.until((text) => text.split('200 OK').length === 101)
  t.equal(text.split('HTTP/1.1 200 OK').length - 1, 100)
  t.equal(dataPath.exchangeCount, 0)
})
