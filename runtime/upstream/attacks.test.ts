/**
 * What a hostile or broken backend may do, on HTTP/1.1 and HTTP/2, with real sockets. Each time another client's response is under way
 * on the same backend (on the same connection where that is HTTP/2), and it must not notice; and the next request gets its own answer.
 */
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { generationOf, RawClient, rawBackend, startDataPath } from '../../test/fixtures/data-path.ts'
import {
  block,
  data,
  END_STREAM,
  type Fields,
  type FrameConnection,
  frame,
  frameServer,
  headers,
  OK,
  reset,
} from '../../test/fixtures/frame-server.ts'

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
const ROUTES = ['GET /**', 'POST /**']

interface Outcome {
  /** What the client gets, as far as it is the same on both. */
  readonly sees: RegExp
  readonly errorCode: string
  /** The response was begun, and must not look whole. */
  readonly isCutShort?: boolean
}

interface Attack {
  readonly request?: string
  readonly http1: (socket: Socket) => void
  readonly http2: (peer: FrameConnection, id: number) => void
  readonly outcome: Outcome
  /** Where the two differ. */
  readonly http2Outcome?: Partial<Outcome>
}

const INVALID: Outcome = { sees: /^HTTP\/1.1 502 [\s\S]*"upstream-response-invalid"/, errorCode: 'upstream-response-invalid' }
const cut = (sees: RegExp, errorCode: string): Outcome => ({ sees, errorCode, isCutShort: true })
const long: Fields = [...OK, ['content-length', '10']]

const ATTACKS: { readonly [name: string]: Attack } = {
  'gives up before the head': {
    http1: (socket) => socket.resetAndDestroy(),
    http2: (peer, id) => peer.write(reset(id, 2)),
    outcome: { sees: /^HTTP\/1.1 502 /, errorCode: 'upstream-closed' },
    http2Outcome: { errorCode: 'upstream-stream-reset' },
  },
  'gives up in the head': {
    http1: (socket) => socket.write('HTTP/1.1 200 OK\r\nDate: x', () => socket.resetAndDestroy()),
    http2: (peer, id) => peer.write(headers(id, [[':status', '103']]), reset(id, 2)),
    outcome: { sees: /^HTTP\/1.1 (502|103) /, errorCode: 'upstream-closed' },
    http2Outcome: { errorCode: 'upstream-stream-reset' },
  },
  'gives up behind the head': {
    http1: (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n', () => setImmediate(() => socket.resetAndDestroy())),
    http2: (peer, id) => peer.write(headers(id, long), reset(id, 8)),
    outcome: cut(/^HTTP\/1.1 200 /, 'upstream-closed'),
    http2Outcome: { errorCode: 'upstream-stream-reset' },
  },
  'gives up in the body': {
    http1: (socket) =>
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n', () =>
        setImmediate(() => socket.resetAndDestroy()),
      ),
    http2: (peer, id) => peer.write(headers(id, OK), data(id, 'part'), reset(id, 0)),
    outcome: cut(/^HTTP\/1.1 200 [\s\S]*part/, 'upstream-closed'),
    http2Outcome: { errorCode: 'upstream-stream-reset' },
  },
  'closes in the body, politely': {
    http1: (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n'),
    http2: (peer, id) => peer.write(headers(id, long), data(id, 'part', END_STREAM)),
    outcome: cut(/^HTTP\/1.1 200 [\s\S]*part/, 'upstream-closed'),
    http2Outcome: { errorCode: 'upstream-response-invalid' },
  },
  'sends less than it announced, then the next response': {
    http1: (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart'),
    http2: (peer, id) => peer.write(headers(id, long), data(id, 'part'), headers(id, [['x', 'y']], END_STREAM)),
    outcome: cut(/^HTTP\/1.1 200 [\s\S]*part/, 'upstream-closed'),
    http2Outcome: { errorCode: 'upstream-response-invalid' },
  },
  'sends more than it announced': {
    http1: (socket) =>
      socket.write('HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'),
    http2: (peer, id) => peer.write(headers(id, [...OK, ['content-length', '2']]), data(id, 'ab'), data(id, 'evil', END_STREAM)),
    outcome: { sees: /^HTTP\/1.1 200 [\s\S]*\r\n\r\nab$/, errorCode: '' },
    http2Outcome: cut(/^HTTP\/1.1 200 /, 'upstream-response-invalid'),
  },
  'answers twice': {
    http1: (socket) =>
      socket.write('HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 4\r\n\r\nevil'),
    http2: (peer, id) =>
      peer.write(headers(id, [...OK, ['content-length', '2']]), data(id, 'ab', END_STREAM), headers(id, OK), data(id, 'evil', END_STREAM)),
    outcome: { sees: /^HTTP\/1.1 200 [\s\S]*\r\n\r\nab$/, errorCode: '' },
  },
  'answers early': {
    request: 'POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n0123',
    http1: (socket) => socket.write('HTTP/1.1 413 Too Large\r\nDate: x\r\nContent-Length: 2\r\n\r\nno'),
    http2: (peer, id) =>
      peer.write(
        headers(id, [
          [':status', '413'],
          ['content-length', '2'],
        ]),
        data(id, 'no', END_STREAM),
      ),
    outcome: { sees: /^HTTP\/1.1 413 [\s\S]*\r\n\r\nno$/, errorCode: '' },
  },
  'changes the protocol without being asked': {
    http1: (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n'),
    http2: (peer, id) => peer.write(headers(id, [[':status', '101']])),
    outcome: INVALID,
  },
  'floods with interim responses': {
    http1: (socket) => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1000)),
    http2: (peer, id) => peer.write(...Array.from({ length: 200 }, () => headers(id, [[':status', '103']]))),
    outcome: {
      sees: /^(HTTP\/1.1 103 [\s\S]*?\r\n\r\n){10}HTTP\/1.1 502 [\s\S]*"upstream-too-many-interim"/,
      errorCode: 'upstream-too-many-interim',
    },
  },
  'sends a head of 1 MiB': {
    http1: (socket) => socket.write(`HTTP/1.1 200 OK\r\n${`x-field: ${'v'.repeat(90)}\r\n`.repeat(10_500)}\r\n`),
    http2: (peer, id) => {
      const fields = block([['x-field', 'v'.repeat(90)]])
      const one = Buffer.concat(Array.from({ length: 160 }, () => fields))
      peer.write(frame(1, END_STREAM, id, block(OK)), ...Array.from({ length: 65 }, (_, i) => frame(9, i === 64 ? 4 : 0, id, one)))
    },
    outcome: INVALID,
  },
  'sends what is no HTTP': {
    http1: (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'),
    http2: (peer, id) => peer.write(headers(id, [[':status', 'ok']])),
    outcome: INVALID,
  },
  'never answers': {
    http1: () => {},
    http2: () => {},
    outcome: { sees: /^HTTP\/1.1 504 [\s\S]*"upstream-response-timeout"/, errorCode: 'upstream-response-timeout' },
  },
}

/** Short for those that nothing but time ends. */
const timeoutOf = (name: string) => (name === 'never answers' ? 300 : 10_000)

/** What both tests do: a bystander's response goes on around the attack, and the next request gets its own answer. */
async function surround(
  t: Test,
  port: number,
  name: string,
  attack: Attack,
  outcome: Outcome,
  bystander: { end(): void },
  ended: Promise<unknown>[],
) {
  const other = new RawClient(t, port).send(get('/slow'))
  await other.includes('first')
  const client = new RawClient(t, port).send(attack.request ?? get('/bad'))
  const text = outcome.isCutShort === true ? await client.ended() : await client.until((text) => outcome.sees.test(text))
  t.match(text, outcome.sees, `${name}: what the client sees`)
  if (outcome.isCutShort === true) t.notMatch(text, /\r\n0\r\n\r\n$/, `${name}: does not look whole`)
  t.notMatch(text, 'evil')
  const [summary] = await Promise.all(ended)
  t.match(summary, { errorCode: outcome.errorCode }, `${name}: what the log says`)
  const next = new RawClient(t, port).send(get('/good'))
  t.match(await next.includes('good answer'), /^HTTP\/1.1 200 /, `${name}: the next request`)
  t.notMatch(next.text, 'evil')
  bystander.end()
  await other.includes('0\r\n\r\n')
  t.match(other.text, /^HTTP\/1.1 200 [\s\S]*first[\s\S]*last\r\n0\r\n\r\n$/, `${name}: the bystander`)
}

for (const [name, attack] of Object.entries(ATTACKS)) {
  t.test(`HTTP/1.1: a backend that ${name}`, async (t) => {
    let slow: Socket | undefined
    const backend = await rawBackend(t, (socket) => {
      socket.on('data', (bytes) => {
        const text = bytes.toString('latin1')
        if (text.includes(' /slow ')) {
          slow = socket
          socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n')
        } else if (text.includes(' /bad ')) attack.http1(socket)
        else if (text.includes(' /good ')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\ngood answer')
      })
    })
    const { port, endedAt } = await startDataPath(
      t,
      generationOf({ routes: ROUTES, backends: [{ port: backend.port, responseTimeoutMs: timeoutOf(name) }] }),
    )
    const end = () => slow?.write('4\r\nlast\r\n0\r\n\r\n')
    await surround(t, port, name, attack, attack.outcome, { end }, [endedAt(0)])
  })

  t.test(`HTTP/2: a backend that ${name}`, async (t) => {
    const server = await frameServer(t)
    const settings = { port: server.port, protocol: 'http2', responseTimeoutMs: timeoutOf(name) } as const
    const { port, endedAt } = await startDataPath(t, generationOf({ routes: ROUTES, backends: [settings] }))
    let slowId = 0
    const serve = async () => {
      const peer = await server.connection()
      peer.answersPings = true
      for (let seen = 0; ; seen++) {
        const id = await peer.request(seen + 1)
        const path = peer.requests.get(id)?.find(([name]) => name === ':path')?.[1]
        if (path === '/slow') {
          slowId = id
          peer.write(headers(id, OK), data(id, 'first'))
        } else if (path === '/bad') attack.http2(peer, id)
        else peer.write(headers(id, OK), data(id, 'good answer', END_STREAM))
      }
    }
    // Until the connection ends, with the test.
    serve().catch(() => {})
    const end = () => server.connections[0]?.write(data(slowId, 'last', END_STREAM))
    await surround(t, port, name, attack, { ...attack.outcome, ...attack.http2Outcome }, { end }, [endedAt(0)])
    t.equal(server.connections.length, 1, 'all of it on one connection')
  })
}

t.test('a backend that sends a byte a second is given up, whichever byte that is', async (t) => {
  const text = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nslow body'
  const http1 = await rawBackend(t, (socket) => {
    socket.on('data', () => {
      let at = 0
      const timer = setInterval(() => socket.write(text.charAt(at++)), 30)
      socket.on('close', () => clearInterval(timer))
    })
  })
  const one = await startDataPath(t, generationOf({ routes: ROUTES, backends: [{ port: http1.port, responseTimeoutMs: 250 }] }))
  t.match(await new RawClient(t, one.port).send(get('/')).includes('}\n'), /^HTTP\/1.1 504 [\s\S]*"upstream-response-timeout"/)

  const server = await frameServer(t)
  const two = await startDataPath(
    t,
    generationOf({ routes: ROUTES, backends: [{ port: server.port, protocol: 'http2', responseTimeoutMs: 250 }] }),
  )
  const client = new RawClient(t, two.port).send(get('/'))
  const peer = await server.connection()
  const id = await peer.request()
  let at = 0
  const bytes = headers(id, OK)
  const timer = setInterval(() => peer.socket.write(bytes.subarray(at, ++at)), 30)
  t.teardown(() => clearInterval(timer))
  t.match(await client.includes('}\n'), /^HTTP\/1.1 504 [\s\S]*"upstream-response-timeout"/)
})

t.test('what stands on a connection that nobody uses is nobody’s answer', async (t) => {
  const http1 = await rawBackend(t, (socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
    socket.on('end', () => socket.end())
  })
  const one = await startDataPath(t, generationOf({ routes: ROUTES, backends: [{ port: http1.port }] }))
  await new RawClient(t, one.port).send(get('/')).includes('ok')
  const [first] = http1.connections
  const closed = new Promise((resolve) => first?.once('close', resolve))
  first?.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil')
  await closed
  t.match(await new RawClient(t, one.port).send(get('/')).includes('ok'), /\r\n\r\nok$/)

  const server = await frameServer(t)
  const two = await startDataPath(t, generationOf({ routes: ROUTES, backends: [{ port: server.port, protocol: 'http2' }] }))
  const client = new RawClient(t, two.port).send(get('/'))
  const peer = await server.connection()
  const id = await peer.request()
  peer.write(headers(id, OK), data(id, 'ok', END_STREAM), headers(id, OK), data(id, 'evil', END_STREAM))
  await client.includes('ok')
  // For a stream that nobody has opened: that is the end of the connection.
  peer.write(headers(id + 2, OK), data(id + 2, 'evil', END_STREAM))
  await peer.ended()
  const next = new RawClient(t, two.port).send(get('/'))
  const other = await server.connection(1)
  const second = await other.request()
  other.write(headers(second, OK), data(second, 'mine', END_STREAM))
  t.notMatch(await next.includes('mine'), 'evil')
})

t.test('a kept connection that is closed under us costs nothing that may be sent again', async (t) => {
  let closing = false
  const http1 = await rawBackend(t, (socket) => {
    socket.on('data', () => (closing ? socket.resetAndDestroy() : socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')))
    socket.on('close', () => {
      closing = false
    })
  })
  const one = await startDataPath(t, generationOf({ routes: ROUTES, backends: [{ port: http1.port }] }))
  await new RawClient(t, one.port).send(get('/')).includes('ok')
  closing = true
  t.match(await new RawClient(t, one.port).send(get('/')).includes('ok'), /^HTTP\/1.1 200 /)
  t.equal(http1.connections.length, 2)

  const server = await frameServer(t)
  const two = await startDataPath(t, generationOf({ routes: ROUTES, backends: [{ port: server.port, protocol: 'http2' }] }))
  const client = new RawClient(t, two.port).send(get('/'))
  const peer = await server.connection()
  peer.write(headers(await peer.request(), OK, END_STREAM))
  await client.includes('\r\n\r\n')
  const next = new RawClient(t, two.port).send(get('/'))
  await peer.request(2)
  peer.socket.destroy()
  const other = await server.connection(1)
  other.write(headers(await other.request(), OK, END_STREAM))
  t.match(await next.includes('\r\n\r\n'), /^HTTP\/1.1 200 /)
})
