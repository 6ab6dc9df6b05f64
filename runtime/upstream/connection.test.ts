import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { sampleEndpoint } from '../../bundle/sample-parts.fuzz.ts'
import { generationOf, RawClient, rawBackend, startDataPath, type TestPlan } from '../../test/fixtures/data-path.ts'

const OK = 'HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 2\r\n\r\nok'
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
const count = (text: string, part: string) => text.split(part).length - 1
type Backend = Partial<NonNullable<TestPlan['backends']>[number]>

/** A backend whose connections are served by `serve(socket, request, number of the request on this connection, of the connection)`. */
async function start(
  t: Test,
  serve: (socket: Socket, request: string, onConnection: number, connection: number) => void,
  settings: Backend = {},
) {
  let connections = 0
  const requests: string[] = []
  const backend = await rawBackend(t, (socket) => {
    const connection = ++connections
    let served = 0
    socket.on('data', (data) => {
      requests.push(data.toString('latin1'))
      serve(socket, data.toString('latin1'), ++served, connection)
    })
    socket.on('end', () => socket.end())
  })
  const plan = { routes: ['GET /**', 'POST /**', 'PUT /**'], backends: [{ port: backend.port, ...settings }] }
  const running = await startDataPath(t, generationOf(plan))
  return { ...running, backend, requests, client: () => new RawClient(t, running.port) }
}

t.test('a kept connection that was closed just when it was used is tried once more, where that is safe', async (t) => {
  const { client, endedAt, backend } = await start(t, (socket, _request, onConnection) => {
    if (onConnection === 1) socket.write(OK)
    else socket.destroy()
  })
  const raw = client().send(get('/1'))
  await raw.includes('ok')
  raw.send(get('/2'))
  t.equal(count(await raw.until((text) => count(text, 'ok') === 2), '200 OK'), 2, 'GET is sent again, on a new connection')
  t.equal(backend.connections.length, 2)
  raw.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
  t.match(await raw.includes('upstream-closed'), /HTTP\/1.1 502 /, 'POST might have been carried out: it is not')
  t.match(await endedAt(2), { status: 502, errorCode: 'upstream-closed' })
})

t.test('a request that was not answered in time is not sent again', async (t) => {
  const settings = { responseTimeoutMs: 60 }
  const { client, requests, endedAt } = await start(t, (socket, _request, on) => void (on === 1 && socket.write(OK)), settings)
  const raw = client().send(get('/1'))
  await raw.includes('ok')
  raw.send(get('/2'))
  t.match(await raw.includes('}\n'), /HTTP\/1.1 504 [\s\S]*"upstream-response-timeout"/)
  t.match(await endedAt(1), { status: 504, errorCode: 'upstream-response-timeout' })
  t.equal(requests.length, 2, 'a backend that is too slow does not get twice the work')
})

t.test('a response whose first bytes came before the request was sent leaves a connection that is not used again', async (t) => {
  const { client, backend } = await start(t, (socket, request) => {
    if (request.includes('GET')) socket.write(OK)
    else if (request.includes('POST')) socket.write('HTTP/1.1 200')
    else socket.write(' OK\r\nDate: d\r\nContent-Length: 2\r\n\r\nok')
  })
  const raw = client().send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab')
  while (backend.connections[0] === undefined || backend.connections[0].bytesWritten === 0) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  // The response's bytes are on their way already when these are.
  await new Promise((resolve) => setTimeout(resolve, 50))
  await raw.send('cd').includes('ok')
  await raw.send(get('/')).until((text) => count(text, 'ok') === 2)
  t.equal(backend.connections.length, 2)
})

t.test('a request with a body is never sent twice', async (t) => {
  const { client, requests } = await start(t, (socket, _request, onConnection) => {
    if (onConnection === 1) socket.write(OK)
    else socket.destroy()
  })
  const raw = client().send(get('/1'))
  await raw.includes('ok')
  raw.send('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx')
  t.match(await raw.includes('upstream-closed'), /HTTP\/1.1 502 /)
  t.equal(requests.length, 2)
})

t.test('a fresh connection that is closed without an answer is not tried again', async (t) => {
  const { client, backend } = await start(t, (socket) => socket.destroy())
  t.match(await client().send(get('/')).includes('}\n'), /HTTP\/1.1 502 [\s\S]*"upstream-closed"/)
  t.equal(backend.connections.length, 1)
})

t.test('a response that was begun is never begun again', async (t) => {
  const { client, requests, endedAt } = await start(t, (socket, _request, onConnection) => {
    if (onConnection === 1) socket.write(OK)
    else socket.end('HTTP/1.1 200 O')
  })
  const raw = client().send(get('/1'))
  await raw.includes('ok')
  raw.send(get('/2'))
  t.match(await raw.includes('upstream-closed'), /HTTP\/1.1 502 /)
  t.equal(requests.length, 2)
  t.match(await endedAt(1), { errorCode: 'upstream-closed' })
})

t.test('bytes that follow a response are never taken for the next one', async (t) => {
  const { client, backend } = await start(t, (socket) => socket.write(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`))
  const raw = client().send(get('/1'))
  await raw.includes('ok')
  raw.send(get('/2'))
  const text = await raw.until((text) => count(text, 'ok') === 2)
  t.notMatch(text, /evil/)
  t.equal(backend.connections.length, 2)
})

t.test('bytes on an idle connection destroy it', async (t) => {
  const { client, backend } = await start(t, (socket) => socket.write(OK))
  const raw = client().send(get('/1'))
  await raw.includes('ok')
  const [first] = backend.connections
  const closed = new Promise((resolve) => first?.once('close', resolve))
  first?.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil')
  await closed
  t.notMatch(await raw.send(get('/2')).until((text) => count(text, 'ok') === 2), /evil/)
  t.equal(backend.connections.length, 2)
})

t.test('an early refusal is sent on, the rest of the body goes nowhere, and the connection is not used again', async (t) => {
  const { client, backend, requests } = await start(t, (socket, request) => {
    if (request.includes('POST')) socket.write('HTTP/1.1 401 Unauthorized\r\nDate: d\r\nContent-Length: 2\r\n\r\nno')
    else socket.write(OK)
  })
  const raw = client().send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n0123')
  t.match(await raw.includes('no'), /^HTTP\/1.1 401 /)
  raw.send(`4567${get('/next')}`)
  t.match(await raw.includes('ok'), /200 OK/)
  t.equal(backend.connections.length, 2)
  t.notOk(requests.some((request) => request.includes('4567')))
})

t.test('an early success may be a stream in both directions', async (t) => {
  const { client, backend } = await start(t, (socket, request, onConnection) => {
    if (onConnection === 1) socket.write('HTTP/1.1 200 OK\r\nDate: d\r\nTransfer-Encoding: chunked\r\n\r\n')
    const data = request.slice(request.indexOf('\r\n\r\n') < 0 ? 0 : request.indexOf('\r\n\r\n') + 4)
    if (data !== '') socket.write(`${data.length.toString(16)}\r\n${data}\r\n${data.includes('END') ? '0\r\n\r\n' : ''}`)
  })
  const raw = client().send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhello')
  await raw.includes('hello')
  raw.send('END')
  t.match(await raw.includes('0\r\n\r\n'), /hello\r\n[\s\S]*END\r\n0\r\n\r\n$/)
  await raw.send(get('/')).until((text) => count(text, 'HTTP/1.1 200') === 2)
  t.equal(backend.connections.length, 2, 'and still the connection is not used again')
})

t.test('a response that is cut short never looks whole', async (t) => {
  const heads = {
    'with a length': 'Content-Length: 100\r\n\r\npart',
    chunked: 'Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n',
    'within a chunk': 'Transfer-Encoding: chunked\r\n\r\n64\r\npart',
  }
  for (const [name, rest] of Object.entries(heads)) {
    const { client, endedAt } = await start(t, (socket) => socket.end(`HTTP/1.1 200 OK\r\nDate: d\r\n${rest}`))
    const raw = client().send(get('/'))
    const text = await raw.ended()
    t.notMatch(text, /0\r\n\r\n$/, name)
    t.match(await endedAt(0), { status: 200, errorCode: 'upstream-closed' }, name)
    const old = client().send('GET / HTTP/1.0\r\nHost: a\r\n\r\n')
    await old.until(() => old.isClosed)
    if (name !== 'with a length') t.ok(old.wasReset || !old.text.includes('part'), `${name}: HTTP/1.0 sees a reset`)
  }
})

t.test('a reset instead of the end of a close-delimited body is not its end', async (t) => {
  const { client, endedAt } = await start(t, (socket) => {
    socket.write('HTTP/1.0 200 OK\r\nDate: d\r\n\r\npart', () => setTimeout(() => socket.resetAndDestroy(), 20))
  })
  t.notMatch(await client().send(get('/')).ended(), /0\r\n\r\n$/)
  t.match(await endedAt(0), { errorCode: 'upstream-closed' })
})

t.test('what is not valid HTTP is answered with 502, and the connection is not kept', async (t) => {
  const answers = [
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\nContent-Length: 2\n\nok',
    'HTTP/1.1 99 Low\r\nContent-Length: 2\r\n\r\nok',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n',
    'ICY 200 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length: 0\r\n\r\n',
  ]
  const { client, endedAt, backend } = await start(t, (socket, _request, _on, connection) => socket.write(answers[connection - 1] ?? OK))
  const raw = client()
  for (const [index, answer] of answers.entries()) {
    raw.send(get('/'))
    t.match(await endedAt(index), { status: 502, errorCode: 'upstream-response-invalid' }, answer)
  }
  t.match(await raw.send(get('/')).includes('ok'), /HTTP\/1.1 502 /)
  t.equal(backend.connections.length, answers.length + 1)
})

t.test('a flood of interim responses is no answer', async (t) => {
  const { client, endedAt } = await start(t, (socket) => socket.write(`${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(50)}${OK}`))
  const text = await client().send(get('/')).includes('}\n')
  t.equal(count(text, '102 Processing'), 10)
  t.match(await endedAt(0), { status: 502, errorCode: 'upstream-too-many-interim' })
})

t.test('a head that arrives in pieces is read as one', async (t) => {
  const { client } = await start(t, (socket) => {
    const bytes = `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nX-Long: ${'y'.repeat(5000)}\r\nDate: d\r\nContent-Length: 2\r\n\r\nok`
    let at = 0
    const next = () => {
      if (at >= bytes.length) return
      const size = at < 120 ? 1 : 700
      socket.write(bytes.slice(at, at + size))
      at += size
      setImmediate(next)
    }
    next()
  })
  const text = await client().send(get('/')).includes('\r\n\r\nok')
  t.match(
    text,
    /^HTTP\/1.1 103 Early Hints\r\nLink: <\/x>\r\n\r\nHTTP\/1.1 200 OK\r\nX-Long: y{5000}\r\nDate: d\r\nContent-Length: 2\r\n\r\nok$/,
  )
})

t.test('deadlines: a backend is waited for only so long', async (t) => {
  const silent = await start(t, () => {}, { responseTimeoutMs: 60 })
  t.match(await silent.client().send(get('/')).includes('}\n'), /^HTTP\/1.1 504 [\s\S]*"upstream-response-timeout"/)
  const stuck = await start(t, (socket) => socket.write('HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 9\r\n\r\nab'), { idleTimeoutMs: 60 })
  t.match(await stuck.client().send(get('/')).ended(), /ab$/)
  t.match(await stuck.endedAt(0), { status: 200, errorCode: 'upstream-idle-timeout' })
})

t.test('a backend that nobody serves is a 502, at the next endpoint if there is one', async (t) => {
  const gone = await rawBackend(t, () => {})
  const live = await rawBackend(t, (socket) => socket.on('data', () => socket.write(OK)))
  // 127.0.0.2 has nobody on that port.
  const refused = sampleEndpoint(gone.port, { host: '127.0.0.2', authority: `127.0.0.1:${gone.port}` })
  const alone = await startDataPath(t, generationOf({ routes: ['GET /**'], backends: [{ port: 1, endpoints: [refused] }] }))
  t.match(await new RawClient(t, alone.port).send(get('/')).includes('}\n'), /^HTTP\/1.1 502 [\s\S]*"upstream-connect-failed"/)
  const both = generationOf({ routes: ['GET /**'], backends: [{ port: 1, endpoints: [refused, sampleEndpoint(live.port)] }] })
  const running = await startDataPath(t, both)
  for (let i = 0; i < 3; i++) t.match(await new RawClient(t, running.port).send(get('/')).includes('ok'), /^HTTP\/1.1 200 OK/)
})

t.test('connections to backends come from the source address that was asked for', async (t) => {
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', () =>
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${socket.remoteAddress?.length}\r\n\r\n${socket.remoteAddress}`),
    )
  })
  const running = await startDataPath(
    t,
    generationOf({ routes: ['GET /**'], backends: [{ port: backend.port, sourceAddress: '127.0.0.2' }] }),
  )
  t.match(await new RawClient(t, running.port).send(get('/')).includes('127.0.0.2'), /200 OK[\s\S]*127.0.0.2$/)
})

t.test('more requests than connections wait in turn, for a while, and not without end', async (t) => {
  const waiting: (() => void)[] = []
  let wake = () => {}
  const settings = { maxConnections: 1, maxPending: 1, pendingTimeoutMs: 60 }
  const { client, endedAt } = await start(
    t,
    (socket) => {
      waiting.push(() => socket.write(OK))
      wake()
    },
    settings,
  )
  const first = client().send(get('/1'))
  while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve))
  const second = client().send(get('/2'))
  const third = client().send(get('/3'))
  const [one, two] = [await endedAt(0), await endedAt(1)]
  t.same([one.errorCode, two.errorCode].sort(), ['pool-exhausted', 'pool-timeout'])
  for (const raw of [second, third]) t.match(await raw.includes('}\n'), /^HTTP\/1.1 503 [\s\S]*Retry-After: 1\r\n/i)
  const fourth = client().send(get('/4'))
  waiting.shift()?.()
  await first.includes('ok')
  while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve))
  waiting.shift()?.()
  t.match(await fourth.includes('ok'), /200 OK/)
})

t.test('what a backend says about keep-alive is believed', async (t) => {
  const { client, backend } = await start(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nDate: d\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok')
  })
  const raw = client().send(get('/1'))
  await raw.includes('ok')
  await raw.send(get('/2')).until((text) => count(text, 'ok') === 2)
  t.equal(backend.connections.length, 2, 'within a second of its end a connection is not used')
})
