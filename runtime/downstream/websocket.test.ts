import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import WebSocket, { WebSocketServer } from 'ws'
import { createAuthority, createCertificate } from '../../test/fixtures/certificates.ts'
import { generationOf, reply, startDataPath, type TestPolicy } from '../../test/fixtures/data-path.ts'
import { endpoint } from '../fixtures/backend-settings.ts'
import { startListener } from '../fixtures/listener.ts'

/** A WebSocket server of the library that most programs for Node use, behind one gateway or several. */
async function start(t: Test, serve: (socket: WebSocket) => void, { gateways = 1, policy = {} as TestPolicy } = {}) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: true, handleProtocols: () => 'chat.v2' })
  await once(server, 'listening')
  server.on('connection', serve)
  t.teardown(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  let { port } = server.address() as AddressInfo
  let last = await startDataPath(
    t,
    generationOf({ routes: [{ route: 'GET /**', request: ['test'] }], backends: [{ port }] }, { test: policy }),
  )
  for (let i = 1; i < gateways; i++) {
    ;({ port } = last)
    last = await startDataPath(t, generationOf({ routes: ['GET /**'], backends: [{ port }] }), {}, {}, `edge-${i}`)
  }
  const connect = (path = '/chat') => {
    const socket = new WebSocket(`ws://127.0.0.1:${last.port}${path}`, ['chat.v1', 'chat.v2'])
    socket.on('error', () => {})
    t.teardown(() => socket.terminate())
    return socket
  }
  return { ...last, server, connect }
}

const echo = (socket: WebSocket) => void socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))

t.test('messages of every size go through and back, compressed or not, and so do pings and the closing handshake', async (t) => {
  const { connect, endedAt } = await start(t, (socket) => {
    echo(socket)
    socket.on('close', (code, reason) => wasClosed(`${code} ${reason}`))
  })
  const { promise: closed, resolve: wasClosed } = Promise.withResolvers<string>()
  const socket = connect()
  await once(socket, 'open')
  t.equal(socket.protocol, 'chat.v2')
  t.match(socket.extensions, /permessage-deflate/)
  for (const size of [0, 1, 125, 126, 65_535, 65_536, 1024 * 1024]) {
    const message = randomBytes(size)
    socket.send(message)
    const [data] = (await once(socket, 'message')) as [Buffer]
    t.equal(createHash('md5').update(data).digest('hex'), createHash('md5').update(message).digest('hex'), `${size} bytes`)
  }
  socket.send('text')
  t.equal(String((await once(socket, 'message'))[0]), 'text')
  socket.ping('are you there')
  t.equal(String((await once(socket, 'pong'))[0]), 'are you there')
  socket.close(4000, 'enough')
  t.same((await once(socket, 'close')).map(String), ['4000', 'enough'])
  t.match(await endedAt(0), { status: 101, errorCode: '' })
  t.equal(await closed, '4000 enough')
})

t.test('many at once, through two gateways, each with its own words', async (t) => {
  const { connect } = await start(t, echo, { gateways: 2 })
  await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const socket = connect(`/${i}`)
      await once(socket, 'open')
      for (let round = 0; round < 10; round++) {
        const words = `${i}/${round} `.repeat(1 + ((i * round) % 3000))
        socket.send(words)
        const [data] = await once(socket, 'message')
        if (String(data) !== words) t.fail(`${i}/${round}`)
      }
      socket.close()
      await once(socket, 'close')
    }),
  )
  t.pass()
})

t.test('a server that talks first and never stops is heard from the first word on', async (t) => {
  const { connect, endedAt } = await start(t, (socket) => {
    let count = 0
    const timer = setInterval(() => socket.send(`tick ${count++}`), 1)
    socket.on('close', () => clearInterval(timer))
  })
  const socket = connect()
  const ticks: string[] = []
  await new Promise<void>((resolve) => {
    socket.on('message', (data) => {
      if (ticks.push(String(data)) === 50) resolve()
    })
  })
  t.same(
    ticks,
    Array.from({ length: 50 }, (_, i) => `tick ${i}`),
  )
  socket.terminate()
  t.match(await endedAt(0), { status: 101 })
})

t.test('TLS on both sides changes nothing: large messages both ways, and the closing handshake', async (t) => {
  const authority = createAuthority()
  const certificate = createCertificate(authority, 'server', { names: ['localhost'] })
  const https = createServer({ cert: certificate.cert, key: certificate.key, ALPNProtocols: ['h2', 'http/1.1'] })
  const server = new WebSocketServer({ server: https })
  server.on('connection', echo)
  https.listen(0, '127.0.0.1')
  await once(https, 'listening')
  t.teardown(() => {
    for (const client of server.clients) client.terminate()
    https.close()
  })
  const secure = endpoint({ port: (https.address() as AddressInfo).port, isTls: true })
  const tls = { serverName: 'localhost', verify: false }
  const inner = await startDataPath(
    t,
    generationOf({ routes: ['GET /**'], backends: [{ port: 1, endpoints: [secure], tls }] }),
    {},
    {},
    'inner',
  )
  const outer = await startListener(t, { certificates: [certificate], backendPort: inner.port })
  const socket = new WebSocket(`wss://localhost:${outer.port}/backend`, { ca: authority.cert })
  socket.on('error', (error) => t.fail(error.message))
  t.teardown(() => socket.terminate())
  await once(socket, 'open')
  for (let i = 0; i < 5; i++) {
    const message = randomBytes(1024 * 1024)
    socket.send(message)
    const [data] = (await once(socket, 'message')) as [Buffer]
    t.ok(data.equals(message))
  }
  socket.close(4001, 'done')
  t.same((await once(socket, 'close')).map(String), ['4001', 'done'])
  t.match(await inner.endedAt(0), { status: 101, errorCode: '' })
})

t.test('a refusal reaches the client as what it is', async (t) => {
  const denied = await start(t, echo, { policy: { request: () => reply(401, 'key-missing') } })
  const socket = denied.connect()
  const [, response] = await once(socket, 'unexpected-response')
  t.equal(response.statusCode, 401)
  t.equal(denied.server.clients.size, 0)
  response.destroy()
})
