import t from 'tap'
import { generationOf, RawClient, rawBackend, startDataPath } from '../../test/fixtures/data-path.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const count = (text: string, part: string) => text.split(part).length - 1

t.test('after the last request that a connection may have it is closed, and told so', async (t) => {
  const backend = await rawBackend(t, (socket) => socket.on('data', () => socket.write(OK)))
  const generation = generationOf({ routes: ['GET /**'], backends: [{ port: backend.port }] })
  const { port } = await startDataPath(t, generation, { keepAliveRequests: 3 })
  const raw = new RawClient(t, port)
  for (let i = 1; i < 3; i++) {
    raw.send(GET)
    await raw.until((text) => count(text, 'ok') === i)
  }
  t.notMatch(raw.text, /Connection: close/)
  const text = await raw.send(GET + GET).ended()
  t.equal(count(text, '200 OK'), 3, 'what was sent ahead is not looked at')
  t.equal(count(text, 'Connection: close\r\n'), 1)
})

t.test('a connection that is too old gets no further request', async (t) => {
  const backend = await rawBackend(t, (socket) => socket.on('data', () => socket.write(OK)))
  const generation = generationOf({ routes: ['GET /**'], backends: [{ port: backend.port }] })
  const { port } = await startDataPath(t, generation, { maxAgeMs: 150 })
  const raw = new RawClient(t, port)
  await raw.send(GET).includes('ok')
  t.notMatch(raw.text, /Connection: close/)
  // It rests, and is closed when its time has come, long before the keep-alive timeout.
  t.equal(count(await raw.ended(), '200 OK'), 1)
})

t.test('a body that drips is given up, though it never falls silent', async (t) => {
  let received = 0
  const backend = await rawBackend(t, (socket) => socket.on('data', (data) => (received += data.length)))
  const generation = generationOf({ routes: ['POST /**'], backends: [{ port: backend.port }] })
  const { port, endedAt } = await startDataPath(t, generation, { bodyIdleTimeoutMs: 200, minBodyRate: 10_000 })
  const raw = new RawClient(t, port).send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n')
  const drip = setInterval(() => raw.send('x'), 10)
  t.teardown(() => clearInterval(drip))
  t.match(await raw.includes('}\n'), /^HTTP\/1.1 408 [\s\S]*"request-body-timeout"/)
  t.match(await endedAt(0), { status: 408, errorCode: 'request-body-timeout' })
  t.ok(received > 0)
})

t.test('a body that comes fast enough may take its time', async (t) => {
  const size = 400
  const backend = await rawBackend(t, (socket) => {
    let received = ''
    socket.on('data', (data) => {
      received += data.toString('latin1')
      if (received.endsWith('x'.repeat(size))) socket.write(OK)
    })
  })
  const generation = generationOf({ routes: ['POST /**'], backends: [{ port: backend.port }] })
  const { port } = await startDataPath(t, generation, { bodyIdleTimeoutMs: 200, minBodyRate: 10 })
  const raw = new RawClient(t, port).send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`)
  let sent = 0
  const drip = setInterval(() => {
    if (sent < size) raw.send('x'.repeat(10))
    sent += 10
  }, 20)
  t.teardown(() => clearInterval(drip))
  t.match(await raw.includes('ok'), /^HTTP\/1.1 200 OK/)
})

t.test('a client that closes its half while it waits gets its response', async (t) => {
  const backend = await rawBackend(t, (socket) => socket.on('data', () => setTimeout(() => socket.write(OK), 50)))
  const generation = generationOf({ routes: ['GET /**'], backends: [{ port: backend.port }] })
  const { port, endedAt } = await startDataPath(t, generation)
  const raw = new RawClient(t, port).send(GET)
  raw.socket.end()
  t.match(await raw.ended(), /^HTTP\/1.1 200 OK[\s\S]*ok$/)
  t.match(await endedAt(0), { status: 200, errorCode: '' })
})

t.test('a client that is gone altogether ends its exchange, and the request to the backend', async (t) => {
  let isAsked = () => {}
  const asked = new Promise<void>((resolve) => (isAsked = resolve))
  const backend = await rawBackend(t, (socket) => socket.once('data', isAsked))
  const generation = generationOf({ routes: ['GET /**'], backends: [{ port: backend.port }] })
  const { port, endedAt } = await startDataPath(t, generation)
  const raw = new RawClient(t, port).send(GET)
  await asked
  const server = backend.connections[0]
  const cancelled = new Promise((resolve) => server?.once('end', resolve))
  raw.socket.resetAndDestroy()
  await cancelled
  t.match(await endedAt(0), { status: 0, errorCode: 'client-closed' })
})

t.test('one that has closed its half first is found to be gone with the first bytes that it does not take', async (t) => {
  let isAsked = () => {}
  const asked = new Promise<void>((resolve) => (isAsked = resolve))
  const backend = await rawBackend(t, (socket) => socket.once('data', isAsked))
  const generation = generationOf({ routes: ['GET /**'], backends: [{ port: backend.port }] })
  const { port, endedAt } = await startDataPath(t, generation)
  const raw = new RawClient(t, port).send(GET)
  await asked
  raw.socket.destroy()
  const server = backend.connections[0]
  const cancelled = new Promise((resolve) => server?.once('end', resolve))
  server?.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
  const stream = setInterval(() => server?.write('1\r\nx\r\n'), 10)
  t.teardown(() => clearInterval(stream))
  await cancelled
  t.match(await endedAt(0), { status: 200, errorCode: 'client-closed' })
})
