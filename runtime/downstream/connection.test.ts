import t, { type Test } from 'tap'
import { generationOf, RawClient, rawBackend, startDataPath, type TestPolicy, type TestRoute } from '../../test/fixtures/data-path.ts'
import type { DownstreamLimits } from '../data-path.ts'

const OK = 'HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 2\r\n\r\nok'

/** Answers each complete request that it finds in what has arrived: heads with Content-Length or chunked bodies. */
async function answering(t: Test, answer: (request: string, count: number) => string | undefined) {
  const requests: string[] = []
  const backend = await rawBackend(t, (socket) => {
    let text = ''
    socket.on('data', (data) => {
      text += data.toString('latin1')
      for (;;) {
        const end = endOfRequest(text)
        if (end < 0) return
        const request = text.slice(0, end)
        text = text.slice(end)
        requests.push(request)
        const response = answer(request, requests.length)
        if (response !== undefined) socket.write(response, 'latin1')
      }
    })
    socket.on('end', () => socket.end())
  })
  return { ...backend, requests }
}

function endOfRequest(text: string): number {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return -1
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head + 2))?.[1]
  if (length !== undefined) return text.length >= head + 4 + Number(length) ? head + 4 + Number(length) : -1
  if (!/\r\ntransfer-encoding: chunked/i.test(text.slice(0, head + 2))) return head + 4
  const last = text.indexOf('\r\n0\r\n\r\n', head + 2)
  return last < 0 ? -1 : last + 7
}

async function start(
  t: Test,
  answer: (request: string, count: number) => string | undefined,
  options: { routes?: (string | TestRoute)[]; policies?: { [name: string]: TestPolicy }; limits?: Partial<DownstreamLimits> } = {},
) {
  const backend = await answering(t, answer)
  const routes = options.routes ?? ['GET /**', 'POST /**', 'PUT /**', 'OPTIONS /**']
  const running = await startDataPath(t, generationOf({ routes, backends: [{ port: backend.port }] }, options.policies), options.limits)
  return { ...running, backend, client: () => new RawClient(t, running.port) }
}

const get = (path: string, fields = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`
const count = (text: string, part: string) => text.split(part).length - 1

t.test('requests sent ahead are answered in order, one after the other', async (t) => {
  const { client } = await start(t, (request) => `HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 2\r\n\r\n${request.slice(5, 7)}`)
  const raw = client().send(Array.from({ length: 40 }, (_, i) => get(`/${10 + i}`)).join(''))
  const text = await raw.until((text) => count(text, 'HTTP/1.1 200') === 40 && text.endsWith('49'))
  t.same(
    text
      .split('HTTP/1.1 200')
      .slice(1)
      .map((part) => part.slice(-2)),
    Array.from({ length: 40 }, (_, i) => String(10 + i)),
  )
})

t.test('a head may arrive byte by byte', async (t) => {
  const { client, backend } = await start(t, () => OK)
  const raw = client()
  for (const byte of get('/slow', 'X-A: 1\r\n')) {
    raw.send(byte)
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.match(await raw.includes('ok'), /^HTTP\/1.1 200 OK/)
  t.match(backend.requests[0], /^GET \/slow HTTP\/1.1\r\n[\s\S]*X-A: 1\r\n/)
})

t.test('a request that is not understood gets its reply, and then the connection is closed', async (t) => {
  const { client, ended } = await start(t, () => OK)
  const text = await client()
    .send(`GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n${get('/next')}`)
    .ended()
  t.match(
    text,
    /^HTTP\/1.1 400 Bad Request\r\n[\s\S]*Content-Type: application\/problem\+json[\s\S]*Connection: close\r\n[\s\S]*"code":"host-repeated"/,
  )
  t.equal(count(text, 'HTTP/1.1'), 1, 'what follows is not looked at')
  t.match(ended[0], { status: 400, errorCode: 'host-repeated', routeIndex: -1, path: '' })
})

t.test('Connection: close is obeyed, and HTTP/1.0 is kept alive only when it asks', async (t) => {
  const { client } = await start(t, () => OK)
  t.match(await client().send(get('/', 'Connection: close\r\n')).ended(), /\r\nConnection: close\r\n[\s\S]*ok$/)
  t.match(await client().send('GET / HTTP/1.0\r\nHost: a\r\n\r\n').ended(), /^HTTP\/1.1 200 OK\r\n[\s\S]*Connection: close\r\n/)
  const kept = client().send('GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n')
  t.match(await kept.includes('ok'), /\r\nConnection: keep-alive\r\n/)
  t.match(await kept.send(get('/')).until((text) => count(text, 'ok') === 2), /ok$/)
})

t.test('HEAD, 204 and 304 have no body, whatever their fields say', async (t) => {
  const answers = [
    'HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 100\r\n\r\n',
    'HTTP/1.1 204 No Content\r\nDate: d\r\n\r\n',
    'HTTP/1.1 304 Not Modified\r\nDate: d\r\nContent-Length: 7\r\n\r\n',
    OK,
  ]
  const { client, backend } = await start(t, (_, number) => answers[number - 1])
  const raw = client().send(`HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\n${get('/2')}${get('/3')}${get('/4')}`)
  t.equal(
    await raw.includes('ok'),
    'HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 100\r\n\r\nHTTP/1.1 204 No Content\r\nDate: d\r\n\r\n' +
      `HTTP/1.1 304 Not Modified\r\nDate: d\r\nContent-Length: 7\r\n\r\n${OK}`,
  )
  t.equal(backend.connections.length, 1, 'and the connection to the backend is used again')
})

t.test('chunked bodies are framed anew in both directions', async (t) => {
  const answer = 'HTTP/1.1 200 OK\r\nDate: d\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n'
  const { client, backend } = await start(t, () => answer)
  const raw = client().send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4;ext="v"\r\nwxyz\r\n0\r\nX-T: 1\r\n\r\n')
  const text = await raw.includes('0\r\n\r\n')
  t.equal(text, 'HTTP/1.1 200 OK\r\nDate: d\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n')
  t.match(backend.requests[0], /Transfer-Encoding: chunked\r\n\r\n4\r\nwxyz\r\n0\r\n\r\n$/)
  const old = await client().send('GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n').ended()
  t.match(old, /^HTTP\/1.1 200 OK\r\nDate: d\r\nConnection: close\r\n\r\nabcde$/, 'HTTP/1.0 gets the bare bytes, ended by the connection')
})

t.test('a response that ends with the connection is chunked for HTTP/1.1 and keeps the client', async (t) => {
  const backend = await rawBackend(t, (socket) => {
    socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\nDate: d\r\n\r\nuntil the end'))
  })
  const { port } = await startDataPath(t, generationOf({ routes: ['GET /**'], backends: [{ port: backend.port }] }))
  const raw = new RawClient(t, port).send(get('/'))
  t.match(await raw.includes('0\r\n\r\n'), /Transfer-Encoding: chunked\r\n\r\nd\r\nuntil the end\r\n0\r\n\r\n$/)
  raw.send(get('/2'))
  t.equal(count(await raw.until((text) => count(text, '0\r\n\r\n') === 2), 'HTTP/1.1 200'), 2)
})

t.test('Expect: 100-continue goes upstream, and its 100 comes back before the body is sent', async (t) => {
  const seen: string[] = []
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', (data) => {
      seen.push(data.toString('latin1'))
      if (seen.length === 1) socket.write('HTTP/1.1 100 Continue\r\n\r\n')
      else socket.write(OK)
    })
  })
  const { port } = await startDataPath(t, generationOf({ routes: ['POST /**'], backends: [{ port: backend.port }] }))
  const raw = new RawClient(t, port).send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n')
  t.equal(await raw.includes('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n')
  t.match(seen[0], /\r\nExpect: 100-continue\r\n/)
  raw.send('body')
  t.match(await raw.includes('ok'), /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/)
  t.equal(seen[1], 'body')
})

t.test('a backend that knows nothing of 100-continue gets the body after a while all the same', async (t) => {
  const { client } = await start(t, () => OK)
  const raw = client().send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n')
  t.equal(await raw.includes('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n')
  t.match(await raw.send('body').includes('ok'), /100 Continue\r\n\r\nHTTP\/1.1 200 OK/)
})

t.test('a final answer instead of the 100 is sent on, and both connections are closed', async (t) => {
  const backend = await rawBackend(t, (socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 417 Expectation Failed\r\nDate: d\r\nContent-Length: 0\r\n\r\n'))
  })
  const { port } = await startDataPath(t, generationOf({ routes: ['POST /**'], backends: [{ port: backend.port }] }))
  const text = await new RawClient(t, port).send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n').ended()
  t.match(text, /^HTTP\/1.1 417 [\s\S]*Connection: close\r\n/)
  const [connection] = backend.connections
  if (connection !== undefined && !connection.destroyed) await new Promise((resolve) => connection.once('close', resolve).resume().end())
})

t.test('a policy that refuses before the 100 gets its reply through, and the connection is closed', async (t) => {
  const refuse: TestPolicy = { request: () => ({ status: 401, code: 'no', detail: '', fields: [] }) }
  const { client } = await start(t, () => OK, { routes: [{ route: 'POST /**', access: 'refuse' }], policies: { refuse } })
  const text = await client().send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n').ended()
  t.match(text, /^HTTP\/1.1 401 Unauthorized\r\n[\s\S]*Connection: close\r\n/)
})

t.test('early hints are sent on to HTTP/1.1 and kept from HTTP/1.0', async (t) => {
  const { client } = await start(t, () => `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`)
  t.match(await client().send(get('/')).includes('ok'), /^HTTP\/1.1 103 Early Hints\r\nLink: <\/a>\r\n\r\nHTTP\/1.1 200 OK/)
  t.match(await client().send('GET / HTTP/1.0\r\nHost: a\r\n\r\n').ended(), /^HTTP\/1.1 200 OK/)
})

t.test('a small body that nobody wants is read, and the connection goes on', async (t) => {
  const { client } = await start(t, () => OK, { routes: ['GET /**'] })
  const raw = client()
    .send('POST /nope HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234')
    .send(`56789${get('/next')}`)
  t.match(await raw.includes('ok'), /^HTTP\/1.1 405 [\s\S]*HTTP\/1.1 200 OK[\s\S]*ok$/)
})

t.test('a large body that nobody wants closes the connection, after the reply', async (t) => {
  const { client } = await start(t, () => OK, { routes: ['GET /**'] })
  const raw = client().send('POST /nope HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n0123')
  const text = await raw.ended()
  t.match(text, /^HTTP\/1.1 405 [\s\S]*Connection: close\r\n/)
  t.equal(count(text, 'HTTP/1.1'), 1)
})

t.test('a chunked body that nobody wants and that does not end closes the connection', async (t) => {
  const { client } = await start(t, () => OK, { routes: ['GET /**'] })
  const raw = client().send('POST /nope HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  await raw.includes('}\n')
  for (let i = 0; i < 9; i++) raw.send(`2000\r\n${'x'.repeat(8192)}\r\n`)
  t.equal(count(await raw.ended(), 'HTTP/1.1'), 1)
})

t.test('a client may close its end and still gets its responses', async (t) => {
  const answers: (() => void)[] = []
  let wake = () => {}
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', () => {
      answers.push(() => socket.write(OK))
      wake()
    })
  })
  const { port } = await startDataPath(t, generationOf({ routes: ['GET /**'], backends: [{ port: backend.port }] }))
  const raw = new RawClient(t, port).send(get('/1') + get('/2'))
  raw.socket.end()
  for (let served = 0; served < 2; served++) {
    while (answers.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    answers.shift()?.()
  }
  t.equal(count(await raw.ended(), 'HTTP/1.1 200 OK'), 2)
})

t.test('an answer that is ready is sent before what was cut short behind its request ends the connection', async (t) => {
  const refuse: TestPolicy = { request: () => ({ status: 401, code: 'no', detail: '', fields: [] }) }
  let answer = () => {}
  const asked = new Promise<void>((resolve) => {
    answer = resolve
  })
  let respond = () => {}
  const backend = await rawBackend(t, (socket) => {
    respond = () => socket.write(OK)
    socket.on('data', () => answer())
  })
  const routes = ['GET /slow', { route: 'GET /local', request: ['refuse'] }]
  const { port } = await startDataPath(t, generationOf({ routes, backends: [{ port: backend.port }] }, { refuse }))
  const raw = new RawClient(t, port).send(`${get('/slow')}${get('/local')}GET /cut HTTP/1.1\r\nHo`)
  raw.socket.end()
  await asked
  // The end of the first client has arrived before what the second one sends.
  const other = new RawClient(t, port).send(get('/local').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
  t.match(await other.ended(), /^HTTP\/1.1 401/)
  respond()
  const text = await raw.ended()
  t.equal(count(text, 'HTTP/1.1 200 OK'), 1)
  t.equal(count(text, 'HTTP/1.1 401'), 1)
})

t.test('a body that had arrived before the client closed its end is complete, even if nobody has looked at it yet', async (t) => {
  const later: TestPolicy = { request: () => new Promise((resolve) => setTimeout(resolve, 20, undefined)) }
  const routes = [{ route: 'POST /**', request: ['later'] }]
  const { client, backend, endedAt } = await start(t, () => OK, { routes, policies: { later } })
  const raw = client().send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody')
  raw.socket.end()
  t.match(await raw.ended(), /^HTTP\/1.1 200 OK/)
  t.match(backend.requests[0], /\r\n\r\nbody$/)
  const short = client().send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nbody')
  short.socket.end()
  t.equal(await short.ended(), '')
  t.match(await endedAt(1), { status: 0, errorCode: 'request-cut-short' })
})

t.test('a client that goes on sending what was refused is not listened to without end', async (t) => {
  let finish = () => {}
  const backend = await rawBackend(t, (socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 413 Content Too Large\r\nDate: d\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n'))
    finish = () => socket.write('0\r\n\r\n')
  })
  const { port, endedAt } = await startDataPath(t, generationOf({ routes: ['POST /**'], backends: [{ port: backend.port }] }))
  const raw = new RawClient(t, port).send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n`)
  await new Promise<void>((resolve) => setImmediate(resolve))
  raw.send('x')
  await raw.includes('no\r\n')
  raw.send('x'.repeat(50_000))
  finish()
  t.match(await endedAt(0), { status: 413 })
  t.match(await raw.includes('0\r\n\r\n'), /0\r\n\r\n$/)
  raw.send(`${'x'.repeat(9999)}${get('/nowhere')}`)
  t.match(await raw.includes('405'), /405 Method Not Allowed/, 'what was left was little enough to be read')
})

t.test('a request that is cut short is never forwarded as complete', async (t) => {
  let upstreamEnd = ''
  const closed = new Promise<void>((resolve) => {
    void rawBackend(t, (socket) => {
      socket.on('data', (data) => (upstreamEnd += data.toString('latin1')))
      socket.on('close', () => resolve())
      socket.on('end', () => socket.end())
    }).then(async (backend) => {
      const { port, endedAt } = await startDataPath(t, generationOf({ routes: ['POST /**'], backends: [{ port: backend.port }] }))
      const raw = new RawClient(t, port).send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n')
      while (!upstreamEnd.includes('abcde')) await new Promise((resolve) => setImmediate(resolve))
      raw.socket.end()
      t.match(await endedAt(0), { status: 0, errorCode: 'request-cut-short', requestBodyBytes: 5 })
    })
  })
  await closed
  t.notMatch(upstreamEnd, /0\r\n\r\n$/)
})

t.test('a client that goes away takes its upstream connection with it', async (t) => {
  let isClosed = () => {}
  const closed = new Promise<void>((resolve) => (isClosed = resolve))
  let hasRequest = () => {}
  const requested = new Promise<void>((resolve) => (hasRequest = resolve))
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', hasRequest)
    socket.on('close', isClosed)
    socket.on('end', () => socket.end())
  })
  const { port, endedAt } = await startDataPath(t, generationOf({ routes: ['GET /**'], backends: [{ port: backend.port }] }))
  const raw = new RawClient(t, port).send(get('/'))
  await requested
  raw.socket.resetAndDestroy()
  t.match(await endedAt(0), { status: 0, errorCode: 'client-closed' })
  await closed
})

t.test('deadlines: a head, a body and a silent client are waited for only so long', async (t) => {
  const limits = { headTimeoutMs: 60, bodyIdleTimeoutMs: 60, keepAliveTimeoutMs: 60 }
  const { client, ended } = await start(t, () => OK, { limits })
  t.match(await client().send('GET / HT').ended(), /^HTTP\/1.1 408 Request Timeout[\s\S]*"code":"head-timeout"/)
  t.equal(await client().ended(), '', 'who says nothing at all gets no reply')
  const body = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab'
  t.match(await client().send(body).ended(), /^HTTP\/1.1 408 Request Timeout[\s\S]*"code":"request-body-timeout"/)
  t.match(await client().send(get('/')).ended(), /ok$/, 'an idle connection is closed')
  t.same(
    ended.map(({ errorCode }) => errorCode),
    ['head-timeout', 'request-body-timeout', ''],
  )
})

t.test('one connection too many is closed at once', async (t) => {
  const { client } = await start(t, () => OK, { limits: { connections: 1 } })
  const first = client().send(get('/'))
  await first.includes('ok')
  t.equal(await client().send(get('/')).ended(), '')
  t.match(await first.send(get('/')).until((text) => count(text, 'ok') === 2), /ok$/)
})

t.test('a client that does not read stops the backend, and both go on when it does', async (t) => {
  const total = 32 * 1024 * 1024
  let written = 0
  const backend = await rawBackend(t, (socket) => {
    const piece = Buffer.alloc(256 * 1024, 'x')
    const pump = () => {
      while (written < total) {
        written += piece.length
        if (!socket.write(piece)) {
          socket.once('drain', pump)
          return
        }
      }
    }
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: ${total}\r\n\r\n`)
      pump()
    })
  })
  const { port, endedAt } = await startDataPath(t, generationOf({ routes: ['GET /**'], backends: [{ port: backend.port }] }))
  const raw = new RawClient(t, port, { paused: true }).send(get('/'))
  // Nothing else tells that writing has stopped: the same figure in several turns.
  for (let same = 0, last = -1; same < 20; last = written) {
    same = written === last && written > 0 ? same + 1 : 0
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  t.ok(written < total, `the backend was stopped at ${written} bytes`)
  let received = 0
  raw.socket.removeAllListeners('data')
  raw.socket.on('data', (data) => (received += data.length))
  raw.socket.resume()
  t.match(await endedAt(0), { status: 200, responseBodyBytes: total, errorCode: '' })
  while (received < total) await new Promise((resolve) => setTimeout(resolve, 5))
})

t.test('a backend that does not read stops the client, and a large body arrives whole', async (t) => {
  const total = 16 * 1024 * 1024
  let received = 0
  let go = () => {}
  const backend = await rawBackend(t, (socket) => {
    socket.pause()
    go = () => socket.resume()
    socket.on('data', (data) => {
      received += data.length
      if (data.includes('END')) socket.write(OK)
    })
  })
  const { port } = await startDataPath(t, generationOf({ routes: ['POST /**'], backends: [{ port: backend.port }] }))
  const raw = new RawClient(t, port).send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${total + 3}\r\n\r\n`)
  raw.socket.write(Buffer.alloc(total, 'x'))
  raw.socket.write('END')
  for (let same = 0, last = -1; same < 20; last = raw.socket.writableLength) {
    same = raw.socket.writableLength === last && raw.socket.writableLength > 0 ? same + 1 : 0
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  t.ok(raw.socket.writableLength > 0, 'the client was stopped')
  go()
  t.match(await raw.includes('ok'), /ok$/)
  t.ok(received > total)
})

t.test('a body that turns out too large ends the exchange with the reply of who set the limit', async (t) => {
  const limit: TestPolicy = {
    request: (_, { request }) => void request.limitBody(8, { status: 413, code: 'body-too-large', detail: '', fields: [] }),
  }
  const { client, ended } = await start(t, () => OK, { routes: [{ route: 'POST /**', request: ['limit'] }], policies: { limit } })
  const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n'
  const raw = client().send(chunked)
  raw.send('1\r\n8\r\n0\r\n\r\n')
  t.match(await raw.ended(), /^HTTP\/1.1 413 Content Too Large[\s\S]*Connection: close/)
  t.match(await client().send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n').ended(), /^HTTP\/1.1 413 /)
  t.match(await client().send(`${chunked}0\r\n\r\n`).includes('ok'), /ok$/)
  t.same(
    ended.map(({ status, refusedByAttachment }) => [status, refusedByAttachment]),
    [
      [413, 0],
      [413, 0],
      [200, -1],
    ],
  )
})

t.test('a broken chunk ends the exchange and closes', async (t) => {
  const { client, endedAt } = await start(t, () => OK)
  const text = await client().send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcdeX').ended()
  t.match(text, /^HTTP\/1.1 400 Bad Request[\s\S]*"code":"chunk-end-invalid"/)
  t.match(await endedAt(0), { status: 400, errorCode: 'chunk-end-invalid' })
})

t.test('OPTIONS * and Max-Forwards: 0 are answered here, TRACE and CONNECT are not served', async (t) => {
  const { client, backend } = await start(t, () => OK)
  t.match(
    await client().send('OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n').ended(),
    /^HTTP\/1.1 204 [\s\S]*Allow: GET, HEAD/,
  )
  t.match(
    await client().send('OPTIONS /x HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\nConnection: close\r\n\r\n').ended(),
    /^HTTP\/1.1 204 [\s\S]*Allow: GET/,
  )
  t.match(await client().send('TRACE / HTTP/1.1\r\nHost: a\r\n\r\n').ended(), /^HTTP\/1.1 405 /)
  t.match(await client().send('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n').ended(), /^HTTP\/1.1 405 /)
  t.same(backend.requests, [])
  await client().send('OPTIONS /x HTTP/1.1\r\nHost: a\r\nMax-Forwards: 5\r\nConnection: close\r\n\r\n').ended()
  t.match(backend.requests[0], /\r\nMax-Forwards: 4\r\n/)
})

t.test('draining lets exchanges finish, closes what is idle and takes nothing new', async (t) => {
  let answer = () => {}
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', () => {
      answer = () => socket.write(OK)
      wake()
    })
  })
  let wake = () => {}
  const arrived = new Promise<void>((resolve) => (wake = resolve))
  const { port, dataPath } = await startDataPath(t, generationOf({ routes: ['GET /**'], backends: [{ port: backend.port }] }))
  const idle = new RawClient(t, port)
  const busy = new RawClient(t, port).send(get('/'))
  await arrived
  const drained = dataPath.drain(5000)
  t.equal(await idle.ended(), '')
  idle.socket.end()
  answer()
  t.match(await busy.ended(), /^HTTP\/1.1 200 OK[\s\S]*Connection: close\r\n[\s\S]*ok$/)
  busy.socket.end()
  await drained
  t.equal(dataPath.connectionCount, 0)
  t.equal(dataPath.exchangeCount, 0)
})
