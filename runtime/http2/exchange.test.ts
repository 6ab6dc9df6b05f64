/** Exchanges over HTTP/2 with a real client (nghttp2's, in Node): nothing that a policy or a backend could notice differs from HTTP/1.1. */
import http from 'node:http'
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { fieldName } from '../../policies/contract.ts'
import { generationOf, rawBackend, reply, startDataPath, type TestPolicy, type TestRoute } from '../../test/fixtures/data-path.ts'
import { data, headers, RawHttp2Client, request as requestFields } from './fixtures/frames.ts'
import { INTERNAL_ERROR, NO_ERROR } from './frames.ts'

interface Got {
  readonly status: number
  readonly fields: IncomingHttpHeaders
  readonly body: string
  readonly trailers: IncomingHttpHeaders
  readonly interim: number[]
  /** Of the stream, if it did not end well. */
  readonly error: string | undefined
}

function connect(t: Test, port: number): ClientHttp2Session {
  const session = http2.connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  t.teardown(() => session.destroy())
  return session
}

/** One whole exchange. A `body` of `undefined` ends the request with its head. */
function exchange(session: ClientHttp2Session, fields: OutgoingHttpHeaders, body?: string | Buffer): Promise<Got> {
  const stream = session.request(fields, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  return response(stream)
}

function response(stream: ClientHttp2Stream): Promise<Got> {
  return new Promise((resolve) => {
    const interim: number[] = []
    const chunks: Buffer[] = []
    let fields: IncomingHttpHeaders & { ':status'?: number | undefined } = {}
    let trailers: IncomingHttpHeaders = {}
    let error: string | undefined
    stream.on('headers', (head) => interim.push(head[':status'] ?? 0))
    stream.on('response', (head) => (fields = head))
    stream.on('trailers', (head) => (trailers = head))
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', (thrown: NodeJS.ErrnoException) => (error = thrown.code))
    stream.on('close', () =>
      resolve({ status: fields[':status'] ?? 0, fields, body: Buffer.concat(chunks).toString(), trailers, interim, error }),
    )
  })
}

async function gateway(
  t: Test,
  serve: (socket: Socket) => void,
  routes: readonly (string | TestRoute)[] = ['GET /**', 'POST /**', 'HEAD /**'],
  policies: { readonly [name: string]: TestPolicy } = {},
) {
  const backend = await rawBackend(t, serve)
  const running = await startDataPath(t, generationOf({ routes, backends: [{ port: backend.port }] }, policies))
  return { ...running, session: connect(t, running.port) }
}

const answering = (text: string) => (socket: Socket) => {
  socket.on('data', (bytes) => {
    if (bytes.includes('\r\n\r\n')) socket.write(text)
  })
}

t.test('a response has its fields in lower case, a Date, and nothing about a connection', async (t) => {
  const { session, endedAt } = await gateway(
    t,
    answering(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Thing: A b\r\nConnection: X-Mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nok',
    ),
  )
  const got = await exchange(session, { ':path': '/a?b' })
  t.match(got, { status: 200, body: 'ok', error: undefined })
  t.same(Object.keys(got.fields), [':status', 'x-thing', 'set-cookie', 'date', 'content-length'])
  t.same(got.fields['set-cookie'], ['a=1', 'b=2'])
  t.equal(got.fields['x-thing'], 'A b')
  t.match(await endedAt(0), { status: 200, errorCode: '', method: 'GET', path: '/a', responseBodyBytes: 2, clientAddress: '127.0.0.1' })
})

t.test('a head that is too long for one frame goes out in several', async (t) => {
  const fields = Array.from({ length: 5 }, (_, i) => `X-${i}: ${String(i).repeat(10_000)}\r\n`).join('')
  const { session } = await gateway(t, (socket) => {
    socket.on('data', (bytes) => {
      const isHead = bytes.toString('latin1').startsWith('HEAD')
      socket.write(`HTTP/1.1 200 OK\r\n${fields}Content-Length: 2\r\n\r\n${isHead ? '' : 'ok'}`)
    })
  })
  for (const method of ['GET', 'HEAD']) {
    const got = await exchange(session, { ':path': '/', ':method': method })
    t.match(got, { status: 200, body: method === 'GET' ? 'ok' : '', error: undefined })
    for (let i = 0; i < 5; i++) t.equal(got.fields[`x-${i}`], String(i).repeat(10_000))
  }
})

t.test('HEAD, 204 and 304 have no content, and 205 has what it says', async (t) => {
  const { session } = await gateway(t, (socket) => {
    socket.on('data', (bytes) => {
      const path = /^\S+ \/(\S+)/.exec(bytes.toString('latin1'))?.[1]
      if (path === 'head') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')
      else socket.write(`HTTP/1.1 ${path} X\r\nETag: "e"\r\n\r\n`)
    })
  })
  t.match(await exchange(session, { ':path': '/head', ':method': 'HEAD' }), {
    status: 200,
    fields: { 'content-length': '5' },
    body: '',
    error: undefined,
  })
  for (const status of [204, 304])
    t.match(await exchange(session, { ':path': `/${status}` }), { status, fields: { etag: '"e"' }, body: '', error: undefined })
})

t.test('chunks become DATA, and the trailers that may go on follow them', async (t) => {
  const { session } = await gateway(
    t,
    answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\ngrpc-status: 0\r\nx-dropped: y\r\n\r\n'),
  )
  const got = await exchange(session, { ':path': '/' })
  t.match(got, { status: 200, body: 'abcde', error: undefined })
  t.same(Object.entries(got.trailers), [['grpc-status', '0']])
  t.notOk('content-length' in got.fields)
})

t.test('trailers of which none may go on leave nothing behind', async (t) => {
  const { port } = await gateway(t, answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx-dropped: y\r\n\r\n'))
  const client = new RawHttp2Client(t, port).send(headers(1, requestFields('GET', '/')))
  t.match(await client.answer(1), { body: 'a', isComplete: true, trailers: [] })
  t.equal(client.frames.filter(({ type, streamId }) => type === 1 && streamId === 1).length, 1)
})

t.test('interim responses go on, and 100 comes before the body is sent', async (t) => {
  const bodies: string[] = []
  const { session } = await gateway(t, (socket) => {
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      if (text.endsWith('\r\n\r\n') && text.includes('xpect')) socket.write('HTTP/1.1 100 Continue\r\n\r\n')
      if (text.endsWith('hello')) {
        bodies.push(text)
        socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      }
    })
  })
  const stream = session.request({ ':path': '/', ':method': 'POST', expect: '100-continue', 'content-length': '5' }, { endStream: false })
  const got = response(stream)
  await new Promise((resolve) => stream.once('continue', resolve))
  t.same(bodies, [])
  stream.end('hello')
  t.match(await got, { status: 200, body: 'ok', interim: [100, 103] })
})

t.test('large bodies go through in both directions, whole, and nobody buffers them', async (t) => {
  const server = http.createServer((request, response) => request.pipe(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = await startDataPath(
    t,
    generationOf({ routes: ['POST /**'], backends: [{ port: (server.address() as AddressInfo).port }] }),
  )
  const session = connect(t, port)
  const body = Buffer.alloc(1_500_000)
  for (let i = 0; i < body.length; i += 4) body.writeUInt32LE(i, i)
  const streams = Array.from({ length: 5 }, (_, i) =>
    exchange(session, { ':path': '/', ':method': 'POST', 'content-type': 'x' }, body.subarray(i * 4)),
  )
  for (const [i, got] of (await Promise.all(streams)).entries()) {
    t.equal(got.status, 200)
    t.ok(got.body === body.subarray(i * 4).toString(), `stream ${i}`)
  }
})

t.test('a response that upstream cuts short is reset, whatever its framing', async (t) => {
  for (const framing of ['Content-Length: 10\r\n\r\nabc', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n']) {
    const { session, endedAt } = await gateway(t, (socket) => {
      socket.on('data', () => socket.end(`HTTP/1.1 200 OK\r\n${framing}`))
    })
    const got = await exchange(session, { ':path': '/' })
    t.match(got, { status: 200, body: 'abc', error: 'ERR_HTTP2_STREAM_ERROR' })
    t.match(await endedAt(0), { status: 200, errorCode: 'upstream-closed' })
    t.notOk(session.closed, 'the session goes on')
  }
})

t.test('a backend that cannot be reached is a 502 with a problem document', async (t) => {
  const { port } = await startDataPath(t, generationOf({ routes: ['GET /**'], backends: [{ port: 9 }] }))
  const got = await exchange(connect(t, port), { ':path': '/' })
  t.match(got, { status: 502, fields: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' } })
  t.match(JSON.parse(got.body), { status: 502, code: 'upstream-connect-failed' })
})

/** Takes requests, answers none, and counts those that came and those whose connection was closed. */
function silent() {
  const seen = { requests: 0, closed: 0 }
  const serve = (socket: Socket) => {
    socket.on('data', () => (seen.requests += 1))
    socket.on('end', () => (seen.closed += 1))
  }
  const until = async (isEnough: () => boolean) => {
    while (!isEnough()) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return { seen, serve, until }
}

t.test('a client that resets its stream takes the request to the backend with it', async (t) => {
  const { seen, serve, until } = silent()
  const { session, endedAt } = await gateway(t, serve)
  const stream = session.request({ ':path': '/' })
  stream.on('error', () => {})
  await until(() => seen.requests === 1)
  stream.close(http2.constants.NGHTTP2_CANCEL)
  await until(() => seen.closed === 1)
  t.match(await endedAt(0), { errorCode: 'client-closed' })
})

t.test('a client that goes away takes all its requests with it', async (t) => {
  const { seen, serve, until } = silent()
  const { session, endedAt, dataPath } = await gateway(t, serve)
  for (let i = 0; i < 3; i++) session.request({ ':path': '/' }).on('error', () => {})
  await until(() => seen.requests === 3)
  session.destroy()
  await endedAt(2)
  await until(() => seen.closed === 3)
  t.same([dataPath.exchangeCount, dataPath.connectionCount], [0, 0])
})

t.test('policies see the same request and may do the same with it', async (t) => {
  const seen: unknown[] = []
  const { session } = await gateway(
    t,
    answering('HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\n\r\nok'),
    [{ route: 'GET /a/{id}', request: ['note', 'edit'] }],
    {
      note: {
        request: (_config, { request, client, route }) => {
          seen.push(
            request.method,
            request.host,
            request.path,
            request.query,
            request.segment(1),
            request.field(fieldName('X-Cookie')),
            client.text,
            route.name,
          )
          return undefined
        },
      },
      edit: {
        response: (_config, { response }) => {
          response.removeField(fieldName('Server'))
          response.setField(fieldName('X-Added'), 'by a policy')
        },
      },
    },
  )
  const got = await exchange(session, { ':path': '/a/7?q=1', ':authority': 'API.example:81', 'x-cookie': 'c' })
  t.match(got, { status: 200, fields: { 'x-added': 'by a policy' } })
  t.notOk('server' in got.fields)
  t.same(seen, ['GET', 'api.example', '/a/7', 'q=1', '7', 'c', '127.0.0.1', 'GET /a/{id}'])
})

t.test('a policy that answers later, refuses, throws or adds what cannot be written', async (t) => {
  const { session, endedAt, thrown } = await gateway(
    t,
    answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    [
      { route: 'GET /later', request: ['later'] },
      { route: 'GET /refused', request: ['refuse'] },
      { route: 'GET /thrown', request: ['throws'] },
    ],
    {
      later: { request: () => new Promise((resolve) => setImmediate(resolve, undefined)) },
      refuse: { request: () => reply(403, 'not-you') },
      throws: {
        request: () => {
          throw new Error('broken')
        },
      },
    },
  )
  t.match(await exchange(session, { ':path': '/later' }), { status: 200, body: 'ok' })
  t.match(await exchange(session, { ':path': '/refused' }), { status: 403, error: undefined })
  t.match(await exchange(session, { ':path': '/thrown' }), { status: 500, error: undefined })
  t.match(await endedAt(2), { status: 500, errorCode: 'policy-failed' })
  t.equal(thrown.length, 1)
})

t.test('a policy that still thinks when the client has gone is waited for, and its stream counts as open', async (t) => {
  const verdicts: (() => void)[] = []
  const backend = await rawBackend(t, answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
  const generation = generationOf(
    { routes: [{ route: 'GET /think', request: ['think'] }, 'GET /plain'], backends: [{ port: backend.port }] },
    { think: { request: () => new Promise((resolve) => verdicts.push(() => resolve(undefined))) } },
  )
  const { port, dataPath } = await startDataPath(t, generation, { streams: 2 })
  const client = new RawHttp2Client(t, port)
  client.send(headers(1, requestFields('GET', '/think')), headers(3, requestFields('GET', '/think')))
  await client.settled()
  t.equal(verdicts.length, 2)
  client.send(Buffer.from('000004030000000001' + '00000008', 'hex'), Buffer.from('000004030000000003' + '00000008', 'hex'))
  await client.settled()
  t.equal(dataPath.exchangeCount, 0)
  t.equal(generation.pins, 2)
  client.send(headers(5, requestFields('GET', '/plain')))
  t.equal((await client.answer(5)).errorCode, 7, 'REFUSED_STREAM')
  for (const decide of verdicts) decide()
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(generation.pins, 0)
  client.send(headers(7, requestFields('GET', '/plain')))
  t.equal((await client.answer(7)).status, 200)
})

t.test('a body that is too long is refused when that is known, and the rest is not wanted', async (t) => {
  const { port, endedAt } = await gateway(t, (socket) => socket.on('data', () => {}), [{ route: 'POST /**', request: ['limit'] }], {
    limit: {
      request: (_config, { request }) => {
        request.limitBody(10, reply(413, 'too-long'))
        return undefined
      },
    },
  })
  const client = new RawHttp2Client(t, port)
  client.send(headers(1, requestFields('POST', '/', [['content-length', '11']]), { endStream: false }))
  t.match(await client.answer(1), { status: 413 })
  client.send(headers(3, requestFields('POST', '/'), { endStream: false }), data(3, 'x'.repeat(10), { endStream: false }))
  await client.settled()
  client.send(data(3, 'x', { endStream: false }))
  const answer = await client.answer(3)
  await client.until(() => answer.errorCode !== undefined)
  t.match(answer, { status: 413, isComplete: true, errorCode: NO_ERROR })
  t.match(await endedAt(1), { status: 413, errorCode: 'too-long' })
  // What was on its way is no mistake.
  client.send(data(3, 'x'.repeat(100)))
  await client.settled()
  t.same(client.goaways, [])
})

t.test('a backend that refuses early is heard at once, and the request need not be finished', async (t) => {
  const { port } = await gateway(t, (socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno'))
  })
  const client = new RawHttp2Client(t, port).send(
    headers(1, requestFields('POST', '/'), { endStream: false }),
    data(1, 'x', { endStream: false }),
  )
  const answer = await client.answer(1)
  await client.until(() => answer.errorCode !== undefined)
  t.match(answer, { status: 403, body: 'no', isComplete: true, errorCode: NO_ERROR })
})

t.test('a stream in both directions flows in both directions', async (t) => {
  const { session } = await gateway(t, (socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      socket.on('data', (bytes) => {
        for (const [, letter] of bytes.toString('latin1').matchAll(/1\r\n(.)\r\n/g)) socket.write(`2\r\n${letter}!\r\n`)
        if (bytes.includes('0\r\n\r\n')) socket.end('0\r\n\r\n')
      })
    })
  })
  const stream = session.request({ ':path': '/', ':method': 'POST' }, { endStream: false })
  stream.setEncoding('latin1')
  const heard: string[] = []
  await new Promise((resolve) => stream.once('response', resolve))
  for (const letter of 'abc') {
    stream.write(letter)
    heard.push(await new Promise((resolve) => stream.once('data', resolve)))
  }
  stream.end()
  await new Promise((resolve) => stream.once('close', resolve))
  t.same(heard, ['a!', 'b!', 'c!'])
  t.equal(stream.rstCode, 0)
})

t.test('after the head has gone, a body that goes wrong cuts the response short', async (t) => {
  const { port, endedAt } = await gateway(
    t,
    (socket) => socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n')),
    [{ route: 'POST /**', request: ['limit'] }],
    {
      limit: {
        request: (_config, { request }) => {
          request.limitBody(10, reply(413, 'too-long'))
          return undefined
        },
      },
    },
  )
  const client = new RawHttp2Client(t, port).send(
    headers(1, requestFields('POST', '/'), { endStream: false }),
    data(1, 'x', { endStream: false }),
  )
  await client.until(() => client.answers.get(1)?.body === 'a')
  client.send(data(1, 'x'.repeat(20), { endStream: false }))
  t.match(await client.answer(1), { status: 200, isComplete: false, errorCode: INTERNAL_ERROR })
  t.match(await endedAt(0), { errorCode: 'too-long' })
})

t.test('a body that drips is given up, unless it is gRPC, where messages come when they come', async (t) => {
  const backend = await rawBackend(t, (socket) => socket.on('data', () => {}))
  const generation = generationOf({ routes: ['POST /**'], backends: [{ port: backend.port }] })
  const { port, endedAt } = await startDataPath(t, generation, { minBodyRate: 1_000_000, bodyIdleTimeoutMs: 200 })
  const client = new RawHttp2Client(t, port)
  client.send(headers(1, requestFields('POST', '/plain'), { endStream: false }))
  client.send(headers(3, requestFields('POST', '/grpc', [['content-type', 'application/grpc']]), { endStream: false }))
  while (client.answers.get(1) === undefined) {
    client.send(data(1, 'x', { endStream: false }), data(3, 'x', { endStream: false }))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  t.match(await client.answer(1), { status: 408 })
  t.match(await endedAt(0), { errorCode: 'request-body-timeout', path: '/plain' })
  client.send(data(3, 'x', { endStream: false }))
  await client.settled()
  t.equal(client.answers.get(3), undefined)
})
