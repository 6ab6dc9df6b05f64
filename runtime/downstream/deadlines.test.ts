import t from 'tap'
import { generationOf, RawClient, rawBackend, startDataPath, type TestPolicy } from '../../test/fixtures/data-path.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const CHUNKED = 'HTTP/1.1 200 OK\r\nDate: d\r\nTransfer-Encoding: chunked\r\n\r\n'
/** More than the kernel keeps for both sides of a connection on this machine. */
const MUCH_BYTES = 32 * 1024 * 1024

t.test('a client that takes nothing of its response is given up, and so is the connection to the backend', async (t) => {
  let isClosed = () => {}
  const closed = new Promise<void>((resolve) => (isClosed = resolve))
  const backend = await rawBackend(t, (socket) => {
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: ${MUCH_BYTES}\r\n\r\n`)
      socket.write(Buffer.alloc(MUCH_BYTES, 'x'))
    })
    socket.on('close', isClosed)
  })
  const generation = generationOf({ routes: ['GET /**'], backends: [{ port: backend.port }] })
  const { port, endedAt, dataPath } = await startDataPath(t, generation, { writeTimeoutMs: 60 })
  new RawClient(t, port, { paused: true }).send(GET)
  t.match(await endedAt(0), { status: 200, errorCode: 'client-write-timeout' })
  await closed
  t.equal(dataPath.connectionCount, 0)
})

t.test('sending a body does not excuse a client from taking its response', async (t) => {
  const backend = await rawBackend(t, (socket) => {
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: ${MUCH_BYTES}\r\n\r\n`)
      socket.write(Buffer.alloc(MUCH_BYTES, 'x'))
    })
  })
  const generation = generationOf({ routes: ['POST /**'], backends: [{ port: backend.port }] })
  const { port, endedAt } = await startDataPath(t, generation, { writeTimeoutMs: 200 })
  const raw = new RawClient(t, port, { paused: true }).send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n')
  const drip = setInterval(() => raw.send('x'), 20)
  t.teardown(() => clearInterval(drip))
  t.match(await endedAt(0), { status: 200, errorCode: 'client-write-timeout' })
})

t.test('a policy may think only so long, and what it says later changes nothing', async (t) => {
  let decide = () => {}
  const thinks: TestPolicy = { request: () => new Promise((resolve) => (decide = () => resolve(undefined))) }
  const seen: string[] = []
  const backend = await rawBackend(t, (socket) => socket.on('data', (data) => seen.push(data.toString('latin1'))))
  const plan = { routes: [{ route: 'GET /**', access: 'thinks' }], backends: [{ port: backend.port }] }
  const { port, endedAt, generation } = await startDataPath(t, generationOf(plan, { thinks }), { policyTimeoutMs: 60 })
  const raw = new RawClient(t, port).send(GET + GET)
  const text = await raw.ended()
  t.match(text, /^HTTP\/1.1 500 Internal Server Error\r\n[\s\S]*Connection: close\r\n[\s\S]*"code":"policy-timeout"/)
  t.equal(text.split('HTTP/1.1').length - 1, 1, 'the request behind it is not looked at')
  t.match(await endedAt(0), { status: 500, errorCode: 'policy-timeout' })
  t.equal(generation.pins, 1, 'the policy may still look at its generation')
  decide()
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(generation.pins, 0)
  t.same(seen, [], 'nobody was let in')
})

t.test('a backend that stalls while a body is sent to it is a 504, and the client is not blamed', async (t) => {
  const backend = await rawBackend(t, (socket) => socket.pause())
  const plan = { routes: ['POST /**'], backends: [{ port: backend.port, idleTimeoutMs: 200 }] }
  const { port, endedAt } = await startDataPath(t, generationOf(plan), { bodyIdleTimeoutMs: 60 })
  const raw = new RawClient(t, port).send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${MUCH_BYTES}\r\n\r\n`)
  raw.socket.write(Buffer.alloc(MUCH_BYTES, 'x'))
  t.match(await raw.includes('}\n'), /^HTTP\/1.1 504 Gateway Timeout\r\n[\s\S]*"code":"upstream-idle-timeout"/)
  t.match(await endedAt(0), { status: 504, errorCode: 'upstream-idle-timeout' })
})

t.test('a backend that begins its response early and falls silent when the body is there is given up', async (t) => {
  const backend = await rawBackend(t, (socket) => {
    let received = 0
    socket.on('data', (data) => {
      if (received === 0) {
        socket.write(CHUNKED)
        // So long that we have to wait for it, and then it takes everything.
        socket.pause()
        setTimeout(() => socket.resume(), 60)
      }
      received += data.length
    })
  })
  const plan = { routes: ['POST /**'], backends: [{ port: backend.port, idleTimeoutMs: 400 }] }
  const { port, endedAt } = await startDataPath(t, generationOf(plan))
  const raw = new RawClient(t, port).send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${MUCH_BYTES}\r\n\r\n`)
  raw.socket.write(Buffer.alloc(MUCH_BYTES, 'x'))
  t.match(await endedAt(0), { status: 200, errorCode: 'upstream-idle-timeout', requestBodyBytes: MUCH_BYTES })
})

t.test('a client that sends no more after an early refusal gets all of it, however long it takes', async (t) => {
  const backend = await rawBackend(t, (socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 403 Forbidden\r\nDate: d\r\nContent-Length: 4\r\n\r\nno')
      setTimeout(() => socket.write('pe'), 400)
    })
  })
  const generation = generationOf({ routes: ['POST /**'], backends: [{ port: backend.port }] })
  const { port, endedAt } = await startDataPath(t, generation, { bodyIdleTimeoutMs: 60 })
  const raw = new RawClient(t, port).send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc')
  t.match(await raw.ended(), /^HTTP\/1.1 403 [\s\S]*nope$/)
  t.match(await endedAt(0), { status: 403, errorCode: '' })
})

t.test('a client that waits for its 100 gets none within a response', async (t) => {
  const backend = await rawBackend(t, (socket) => {
    socket.once('data', () => {
      socket.write(`${CHUNKED}4\r\npart\r\n`)
      setTimeout(() => socket.write('0\r\n\r\n'), 1500)
    })
  })
  const { port } = await startDataPath(t, generationOf({ routes: ['POST /**'], backends: [{ port: backend.port }] }))
  const raw = new RawClient(t, port).send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n')
  t.match(await raw.ended(), /^HTTP\/1.1 200 OK\r\n[\s\S]*Connection: close\r\n\r\n4\r\npart\r\n0\r\n\r\n$/)
})
