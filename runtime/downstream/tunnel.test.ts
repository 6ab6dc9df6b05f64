import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { fieldName } from '../../policies/contract.ts'
import { generationOf, RawClient, rawBackend, reply, startDataPath, type TestPolicy } from '../../test/fixtures/data-path.ts'
import type { DownstreamLimits } from './limits.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const ASK = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': KEY, 'Sec-WebSocket-Version': '13' }
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n'
const PLAIN = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

function request(fields: { readonly [name: string]: string } = ASK, line = 'GET /chat HTTP/1.1'): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${line}\r\nHost: a\r\n${lines.join('')}\r\n`
}

interface Options {
  /** What a new connection's first request is answered with. */
  readonly answer?: string
  /** Bytes behind the request, once it was answered. */
  readonly serve?: (socket: Socket, data: string) => void
  readonly limits?: Partial<DownstreamLimits>
  readonly policy?: TestPolicy
  readonly onAnswered?: (socket: Socket) => void
}

async function start(t: Test, { answer = SWITCHED, serve = () => {}, limits = {}, policy = {}, onAnswered }: Options = {}) {
  const heads: string[] = []
  const backend = await rawBackend(t, (socket) => {
    let isAnswered = false
    socket.on('data', (data) => {
      if (isAnswered) {
        serve(socket, data.toString('latin1'))
        return
      }
      isAnswered = true
      heads.push(data.toString('latin1'))
      socket.write(answer)
      onAnswered?.(socket)
    })
  })
  const plan = { routes: [{ route: 'GET /**', request: ['test'] }, 'POST /**'], backends: [{ port: backend.port }] }
  const running = await startDataPath(t, generationOf(plan, { test: policy }), limits)
  return { ...running, backend, heads, client: () => new RawClient(t, running.port) }
}

t.test('after a 101 bytes go both ways as they are, and are counted', async (t) => {
  const { client, heads, ended } = await start(t, { serve: (socket, data) => socket.write(data.toUpperCase()) })
  const raw = client().send(request())
  const head = await raw.includes('\r\n\r\n')
  t.match(head, /^HTTP\/1.1 101 Switching Protocols\r\n/)
  for (const line of ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=']) {
    t.equal(head.split(`\r\n${line}\r\n`).length, 2, line)
  }
  t.notMatch(head, /Content-Length|Transfer-Encoding/)
  t.match(heads[0], /\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n$/)
  t.match(heads[0], new RegExp(`\r\nSec-WebSocket-Key: ${KEY.replace('+', '\\+')}\r\nSec-WebSocket-Version: 13\r\n`))
  t.match(await raw.send('hello GET / HTTP/1.1\r\n\r\n').includes('HELLO'), /HELLO GET \/ HTTP\/1.1\r\n\r\n$/)
  t.equal(raw.isEnded, false)
  t.equal(ended.length, 0, 'the exchange lasts as long as the tunnel')
})

t.test('each side may close its half, and the exchange ends with the second', async (t) => {
  const sockets: Socket[] = []
  const { client, endedAt } = await start(t, {
    serve: (_socket, data) => void received.push(data),
    onAnswered: (socket) => sockets.push(socket),
  })
  const received: string[] = []
  const raw = client().send(request())
  await raw.includes('\r\n\r\n')
  const server = sockets[0] as Socket
  const serverSawEnd = new Promise((resolve) => server.once('end', resolve))
  raw.send('last words')
  raw.socket.end()
  await serverSawEnd
  t.same(received, ['last words'])
  server.end('and mine')
  t.match(await raw.ended(), /and mine$/)
  t.match(await endedAt(0), { status: 101, errorCode: '', requestBodyBytes: 10, responseBodyBytes: 8 })
})

t.test('the backend may be the first to close its half', async (t) => {
  const { client, endedAt, backend } = await start(t, { onAnswered: (socket) => socket.end('bye') })
  const raw = client().send(request())
  t.match(await raw.ended(), /\r\n\r\nbye$/)
  const server = backend.connections[0] as Socket
  const heard = new Promise<string>((resolve) => server.once('data', (data) => resolve(data.toString())))
  raw.send('still here')
  t.equal(await heard, 'still here')
  raw.socket.end()
  t.match(await endedAt(0), { status: 101, errorCode: '', requestBodyBytes: 10, responseBodyBytes: 3 })
})

t.test('what one side breaks off is broken off for the other', async (t) => {
  const toClient = await start(t)
  const raw = toClient.client().send(request())
  await raw.includes('\r\n\r\n')
  ;(toClient.backend.connections[0] as Socket).resetAndDestroy()
  await raw.ended()
  t.equal(raw.wasReset, true)
  t.match(await toClient.endedAt(0), { status: 101, errorCode: 'upstream-closed' })

  const toBackend = await start(t)
  const other = toBackend.client().send(request())
  await other.includes('\r\n\r\n')
  const server = toBackend.backend.connections[0] as Socket
  const closed = new Promise((resolve) => server.once('close', resolve))
  other.socket.resetAndDestroy()
  await closed
  t.match(await toBackend.endedAt(0), { status: 101, errorCode: 'client-closed' })
})

t.test('a tunnel in which nothing moves is closed', async (t) => {
  const { client, endedAt, backend } = await start(t, { limits: { tunnelIdleTimeoutMs: 60 } })
  const raw = client().send(request())
  await raw.ended()
  t.match(await endedAt(0), { status: 101, errorCode: 'tunnel-idle-timeout' })
  t.equal(backend.connections.length, 1)
})

t.test('what follows the head at once reaches the other side, in both directions', async (t) => {
  const { client } = await start(t, { answer: `${SWITCHED}first frame`, serve: (socket, data) => socket.write(`<${data}>`) })
  t.match(await client().send(`${request()}early`).includes('<early>'), /\r\n\r\nfirst frame<early>$/)
})

t.test('much that was sent ahead does not stop the tunnel for ever', async (t) => {
  const size = 300_000
  let received = 0
  const { client } = await start(t, {
    answer: '',
    onAnswered: (socket) => setTimeout(() => socket.write(SWITCHED), 50),
    serve: (socket, data) => {
      received += data.length
      if (received === size + 4) socket.end('all')
    },
  })
  const raw = client().send(request() + 'x'.repeat(size))
  await raw.includes('\r\n\r\n')
  t.match(await raw.send('more').includes('all'), /\r\n\r\nall$/)
  t.equal(received, size + 4)
})

t.test('who does not take stops the other side from being read, and nothing is lost', async (t) => {
  const size = 8 * 1024 * 1024
  let sent = 0
  let isBlocked = false
  const pump = (socket: Socket) => {
    while (sent < size) {
      const chunk = Buffer.alloc(64 * 1024, sent / (64 * 1024))
      sent += chunk.length
      if (!socket.write(chunk)) {
        isBlocked = true
        socket.once('drain', () => pump(socket))
        return
      }
    }
    socket.end()
  }
  const { port, endedAt } = await start(t, { onAnswered: pump })
  const raw = new RawClient(t, port, { paused: true }).send(request())
  while (!isBlocked) await new Promise((resolve) => setImmediate(resolve))
  raw.socket.resume()
  const text = await raw.ended()
  const body = text.slice(text.indexOf('\r\n\r\n') + 4)
  t.equal(body.length, size)
  let isRight = true
  for (let at = 0; at < size; at += 64 * 1024) isRight &&= body.charCodeAt(at) === (at / (64 * 1024)) % 256
  t.ok(isRight)
  raw.socket.end()
  t.match(await endedAt(0), { errorCode: '', responseBodyBytes: size })
})

t.test('the same towards the backend', async (t) => {
  const size = 8 * 1024 * 1024
  let received = 0
  const { client, endedAt } = await start(t, {
    onAnswered: (socket) => {
      socket.pause()
      setTimeout(() => socket.resume(), 50)
    },
    serve: (socket, data) => {
      received += data.length
      if (received === size) socket.end()
    },
  })
  const raw = client().send(request())
  await raw.includes('\r\n\r\n')
  raw.send(Buffer.alloc(size, 'x'))
  await raw.ended()
  t.equal(received, size)
  raw.socket.end()
  t.match(await endedAt(0), { errorCode: '', requestBodyBytes: size })
})

t.test('whatever is not exactly a WebSocket handshake is an ordinary request without an upgrade', async (t) => {
  const { client, heads } = await start(t, { answer: PLAIN.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n') })
  const { Upgrade: _upgrade, ...withoutUpgrade } = ASK
  const asks: string[] = [
    request({ ...ASK, Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAAP__' }),
    request({ ...ASK, Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAAP__' }),
    request({ ...ASK, Upgrade: 'websocket, h2c' }),
    request({ ...ASK, Connection: 'keep-alive' }),
    request({ ...ASK, Connection: 'close, Upgrade' }),
    request({ ...ASK, 'Sec-WebSocket-Key': 'c2hvcnQ=' }),
    request({ ...ASK, 'Sec-WebSocket-Key': `${KEY}${KEY}` }),
    request({ ...ASK, 'Sec-WebSocket-Version': '8' }),
    request({ ...withoutUpgrade, upgrade: 'websocket', Upgrade: 'websocket' }),
    request({ ...ASK, 'Content-Length': '2' }).concat('hi'),
    request(ASK, 'POST /chat HTTP/1.1').replace('\r\n\r\n', '\r\nContent-Length: 0\r\n\r\n'),
    request({ ...ASK, Connection: 'keep-alive, Upgrade' }, 'GET /chat HTTP/1.0'),
  ]
  for (const ask of asks) {
    t.match(await client().send(ask).includes('ok'), /^HTTP\/1.1 200 OK/)
    t.notMatch(heads.at(-1), /\r\n(Upgrade|Connection|HTTP2-Settings):/i, JSON.stringify(ask))
  }
})

t.test('a final response instead of the 101 is an ordinary one, and no tunnel', async (t) => {
  const { client, backend } = await start(t, { answer: PLAIN })
  const raw = client().send(request())
  await raw.includes('ok')
  raw.send('GET /next HTTP/1.1\r\nHost: a\r\n\r\n')
  t.match(await raw.until((text) => text.split('200 OK').length === 3), /ok$/)
  t.equal(backend.connections.length, 2, 'a connection that was asked to switch serves nobody else')
})

t.test('a 101 that nobody asked for, or to another protocol, is no answer', async (t) => {
  const answers = [
    SWITCHED.replace('Upgrade: websocket', 'Upgrade: h2c'),
    SWITCHED.replace('Upgrade: websocket', 'Upgrade: websocket, h2c'),
    SWITCHED.replace('Upgrade: websocket\r\n', ''),
    SWITCHED.replace('Connection: Upgrade', 'Connection: keep-alive'),
    SWITCHED.replace(/Sec-WebSocket-Accept.*\r\n/, ''),
  ]
  for (const answer of answers) {
    const { client, endedAt, backend } = await start(t, { answer })
    t.match(await client().send(request()).includes('}\n'), /^HTTP\/1.1 502 [\s\S]*"upstream-response-invalid"/)
    await endedAt(0)
    const server = backend.connections[0] as Socket
    if (!server.readableEnded) await new Promise((resolve) => server.once('end', resolve))
  }
  const { client } = await start(t)
  t.match(await client().send('GET / HTTP/1.1\r\nHost: a\r\n\r\n').includes('}\n'), /^HTTP\/1.1 502 [\s\S]*"upstream-response-invalid"/)
})

t.test('policies decide about an upgrade as about any request, and see its 101', async (t) => {
  const denied = await start(t, { policy: { request: () => reply(403, 'not-you') } })
  t.match(await denied.client().send(request()).includes('}\n'), /^HTTP\/1.1 403/)
  t.equal(denied.backend.connections.length, 0)
  const seen = await start(t, {
    policy: { response: (_, { response }) => response.setField(fieldName('X-Status'), String(response.status)) },
  })
  t.match(await seen.client().send(request()).includes('\r\n\r\n'), /\r\nX-Status: 101\r\n/)
})

t.test('a tunnel is cut off when the gateway has waited for it long enough', async (t) => {
  const { client, dataPath, endedAt } = await start(t)
  const raw = client().send(request())
  await raw.includes('\r\n\r\n')
  await dataPath.drain(50)
  t.match(await endedAt(0), { status: 101, errorCode: 'gateway-draining' })
  await raw.ended()
})
