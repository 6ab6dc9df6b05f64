import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import t, { type Test } from 'tap'
import { fieldName } from '../../policies/contract.ts'
import { generationOf, RawClient, rawBackend, startDataPath, type TestPolicy } from '../../test/fixtures/data-path.ts'

const OK = 'HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 2\r\n\r\nok'
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
const count = (text: string, part: string) => text.split(part).length - 1

async function echoing(t: Test) {
  const requests: string[] = []
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', (data) => {
      requests.push(data.toString('latin1'))
      socket.write(OK)
    })
  })
  return { ...backend, requests }
}

t.test('who has reset its connection before it was accepted has no address, and its request is not served', async (t) => {
  const backend = await echoing(t)
  const { port, ended } = await startDataPath(t, generationOf({ routes: ['GET /**'], backends: [{ port: backend.port }] }))
  // This process accepts nothing while it waits for the other one.
  const attack = `
    const socket = require('node:net').connect(${port}, '127.0.0.1', () => {
      socket.write(${JSON.stringify(get('/evil'))}, () => setTimeout(() => socket.resetAndDestroy(), 20))
    })`
  t.equal(spawnSync(process.execPath, ['-e', attack]).status, 0)
  t.match(await new RawClient(t, port).send(get('/next')).includes('ok'), /200 OK/)
  t.same(
    ended.map(({ path, clientAddress }) => [path, clientAddress]),
    [['/next', '127.0.0.1']],
  )
  t.equal(backend.requests.length, 1)
})

t.test('where the inside of net.Server is not what we know, all is served all the same', async (t) => {
  const backend = await rawBackend(t, (socket) => {
    let received = 0
    socket.on('data', (data) => {
      received += data.length
      if (data.includes('GET /big')) socket.write(`HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(1_000_000)}`)
      else if (data.includes('GET') || data.includes('END'))
        socket.write(`HTTP/1.1 200 OK\r\nX-Got: ${received}\r\nContent-Length: 2\r\n\r\nok`)
    })
  })
  const { createServer } = net
  net.createServer = ((...options: Parameters<typeof createServer>) => {
    const server = createServer(...options) as net.Server & { _handle: unknown; allowHalfOpen: boolean }
    // Not the one by which the fixture gets a descriptor.
    if (!server.allowHalfOpen) return server
    server.prependListener('listening', () => {
      const handle = server._handle
      server._handle = undefined
      setImmediate(() => (server._handle = handle))
    })
    return server
  }) as typeof createServer
  const generation = generationOf({ routes: ['GET /**', 'POST /**'], backends: [{ port: backend.port }] })
  const { port, endedAt, dataPath } = await startDataPath(t, generation, { connections: 1 }).finally(
    () => (net.createServer = createServer),
  )
  const raw = new RawClient(t, port).send(get('/1') + get('/2'))
  t.equal(count(await raw.until((text) => count(text, 'ok') === 2), '200 OK'), 2)
  raw.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300003\r\n\r\n${'x'.repeat(300_000)}END`)
  await raw.until((text) => count(text, 'ok') === 3)
  t.match(await endedAt(2), { status: 200, requestBodyBytes: 300_003, clientAddress: '127.0.0.1' })
  raw.send(get('/big'))
  t.match(await endedAt(3), { status: 200, responseBodyBytes: 1_000_000 })
  t.equal(await new RawClient(t, port).send(get('/')).ended(), '', 'and the limit of connections holds')
  raw.socket.destroy()
  while (dataPath.connectionCount > 0) await new Promise((resolve) => setImmediate(resolve))
})

t.test('a reply cannot be made to frame itself', async (t) => {
  for (const name of ['Content-Length', 'Transfer-Encoding', 'Connection', 'Trailer']) {
    const splits: TestPolicy = { request: () => ({ status: 200, code: '', detail: '', body: 'x', fields: [[name, '0']] }) }
    const generation = generationOf({ routes: [{ route: 'GET /**', access: 'splits' }] }, { splits })
    const { port, thrown } = await startDataPath(t, generation)
    t.match(await new RawClient(t, port).send(get('/')).includes('}\n'), /^HTTP\/1.1 500 [\s\S]*"code":"policy-failed"/, name)
    t.equal(thrown.length, 1)
  }
})

t.test('a policy cannot split a message, in a request or in a response', async (t) => {
  const backend = await echoing(t)
  const field = fieldName('X-A')
  const evil = 'a\r\nX-Evil: 1\r\n\r\nGET /evil HTTP/1.1'
  const policies: { [name: string]: TestPolicy } = {
    request: { request: (_, { request }) => void request.setField(field, evil) },
    target: { request: (_, { request }) => void request.setTarget(`/a HTTP/1.1\r\n\r\n${evil}`, undefined) },
    query: { request: (_, { request }) => void request.setTarget('/a', evil) },
    response: { request: () => undefined, response: (_, { response }) => response.setField(field, evil) },
    reply: { request: () => ({ status: 200, code: '', detail: '', fields: [['X-A', evil]] }) },
    replyName: { request: () => ({ status: 200, code: '', detail: '', fields: [['X-A: b\r\nX', 'c']] }) },
  }
  for (const name of Object.keys(policies)) {
    const plan = { routes: [{ route: 'GET /**', access: name }], backends: [{ port: backend.port }] }
    const { port, thrown } = await startDataPath(t, generationOf(plan, policies))
    const text = await new RawClient(t, port).send(get('/')).includes('}\n')
    t.match(text, /^HTTP\/1.1 500 [\s\S]*"code":"policy-failed"/, name)
    t.notMatch(text, /evil/i)
    t.ok(thrown.length > 0)
  }
  t.notOk(backend.requests.some((request) => /evil/i.test(request)))
})

t.test('a method that no route can have is a 405 or a 404, and the connection goes on', async (t) => {
  const backend = await echoing(t)
  const generation = generationOf({ routes: ['GET /a', 'POST /a'], backends: [{ port: backend.port }] })
  const { port } = await startDataPath(t, generation)
  const raw = new RawClient(t, port)
  for (const method of ['FOO', 'get', 'M-SEARCH', '!#$%&']) raw.send(`${method} /a HTTP/1.1\r\nHost: a\r\n\r\n`)
  raw.send('FOO /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc').send(get('/a'))
  const text = await raw.includes('ok')
  t.same(text.match(/HTTP\/1.1 \d+/g), [...new Array(4).fill('HTTP/1.1 405'), 'HTTP/1.1 404', 'HTTP/1.1 200'])
  t.equal(backend.requests.length, 1)
})

t.test('Node as client and as backend: lengths, chunks, early hints, expectations and kept connections', async (t) => {
  const server = http.createServer((request, response) => {
    let body = ''
    request.setEncoding('latin1').on('data', (data) => (body += data))
    request.on('end', () => {
      const { method, url } = request
      if (url === '/none') response.writeHead(204).end()
      else if (url === '/same') response.writeHead(304, { etag: '"1"' }).end()
      else if (url === '/hints') response.writeEarlyHints({ link: '</a>; rel=preload' }, () => response.end('hinted'))
      else if (url === '/length') response.writeHead(200, { 'content-length': 4 }).end('four')
      else {
        if (method !== 'HEAD') response.writeHead(200, { trailer: 'x-after' }).write(`${method} `)
        if (method !== 'HEAD') response.addTrailers({ 'x-after': '1' })
        response.end(body)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => {
    agent.destroy()
    server.close()
    server.closeAllConnections()
  })
  const methods = ['GET', 'POST', 'PUT', 'DELETE']
  const backends = [{ port: (server.address() as net.AddressInfo).port }]
  const generation = generationOf({ routes: methods.map((method) => `${method} /**`), backends })
  const { port, ended } = await startDataPath(t, generation)
  let hints = 0
  let continues = 0
  let sockets = 0
  const send = (method: string, path: string, body = '', headers: http.OutgoingHttpHeaders = {}) =>
    new Promise<string>((resolve, reject) => {
      const request = http.request({ port, host: '127.0.0.1', agent, method, path, headers }, (response) => {
        let text = ''
        response.setEncoding('latin1').on('data', (data) => (text += data))
        response.on('end', () => resolve(`${response.statusCode} ${text}`))
      })
      request.on('socket', () => (sockets += request.reusedSocket ? 0 : 1))
      request.on('information', ({ statusCode }) => (hints += statusCode === 103 ? 1 : 0))
      request.on('error', reject)
      if (headers['expect'] === undefined) request.end(body)
      else {
        request.on('continue', () => {
          continues += 1
          request.end(body)
        })
        request.flushHeaders()
      }
    })
  t.equal(await send('GET', '/length'), '200 four')
  t.equal(await send('HEAD', '/length'), '200 ')
  t.equal(await send('HEAD', '/chunked'), '200 ')
  t.equal(await send('GET', '/none'), '204 ')
  t.equal(await send('GET', '/same'), '304 ')
  t.equal(await send('GET', '/hints'), '200 hinted')
  t.equal(await send('POST', '/', 'a'.repeat(100_000)), `200 POST ${'a'.repeat(100_000)}`)
  t.equal(await send('PUT', '/', 'body', { 'transfer-encoding': 'chunked' }), '200 PUT body')
  t.equal(await send('POST', '/', 'late', { expect: '100-continue', 'content-length': 4 }), '200 POST late')
  t.equal(await send('GET', '/', 'body of a GET', { 'content-length': 13 }), '200 GET body of a GET')
  t.equal(await send('DELETE', '/'), '200 DELETE ')
  // Node's client gives up a connection by itself after a response to HEAD that has no length.
  t.same([hints, continues, sockets], [1, 1, 2], 'the rest on one connection')
  t.ok(ended.every(({ errorCode }) => errorCode === ''))
})

t.test('clients that go away while they wait for the pool leave nothing behind', async (t) => {
  const answers: (() => void)[] = []
  let wake = () => {}
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', () => {
      answers.push(() => socket.write(OK))
      wake()
    })
  })
  const plan = { routes: ['GET /**'], backends: [{ port: backend.port, maxConnections: 1, maxPending: 8, pendingTimeoutMs: 10_000 }] }
  const { port, endedAt, dataPath, generation } = await startDataPath(t, generationOf(plan))
  const first = new RawClient(t, port).send(get('/first'))
  while (answers.length === 0) await new Promise<void>((resolve) => (wake = resolve))
  // More than the queue holds, were anybody left in it.
  for (let i = 0; i < 20; i++) {
    const gone = new RawClient(t, port).send(get(`/gone/${i}`))
    while (dataPath.exchangeCount < 2) await new Promise((resolve) => setImmediate(resolve))
    gone.socket.resetAndDestroy()
    t.match(await endedAt(i), { status: 0, errorCode: 'client-closed' })
  }
  const last = new RawClient(t, port).send(get('/last'))
  while (dataPath.exchangeCount < 2) await new Promise((resolve) => setImmediate(resolve))
  answers.shift()?.()
  await first.includes('ok')
  while (answers.length === 0) await new Promise<void>((resolve) => (wake = resolve))
  answers.shift()?.()
  t.match(await last.includes('ok'), /200 OK/)
  t.equal(backend.connections.length, 1)
  t.equal(generation.pins, 0)
})

t.test('an upload that is under way when the generation changes is finished by the old one', async (t) => {
  const bodies: string[] = []
  const backend = await rawBackend(t, (socket) => {
    let text = ''
    socket.on('data', (data) => {
      text += data.toString('latin1')
      if (text.endsWith('END')) {
        bodies.push(text.slice(text.indexOf('\r\n\r\n') + 4))
        socket.write(OK)
      }
    })
    socket.on('end', () => socket.end())
  })
  const old = generationOf({ routes: ['POST /**'], backends: [{ port: backend.port }] })
  const { port, endedAt, dataPath } = await startDataPath(t, old)
  const raw = new RawClient(t, port).send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100003\r\n\r\nhello')
  while (old.pins === 0 || backend.connections.length === 0) await new Promise((resolve) => setImmediate(resolve))
  dataPath.activate(generationOf({ routes: ['GET /**'] }, {}, 2))
  raw.send(`${'x'.repeat(99_995)}END`)
  t.match(await raw.includes('ok'), /^HTTP\/1.1 200 OK/)
  t.equal(bodies[0]?.length, 100_003)
  t.match(await endedAt(0), { status: 200, generation: 1 })
  t.equal(old.pins, 0)
  raw.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
  t.match(await raw.includes('method-not-allowed'), /HTTP\/1.1 405 /)
  t.match(await endedAt(1), { generation: 2 })
  const [connection] = backend.connections
  while (connection?.destroyed === false) await new Promise((resolve) => setImmediate(resolve))
})

t.test('a body that is broken after it was refused is not read any further', async (t) => {
  let finish = () => {}
  const backend = await rawBackend(t, (socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 403 Forbidden\r\nDate: d\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n'))
    finish = () => socket.write('0\r\n\r\n')
  })
  const { port } = await startDataPath(t, generationOf({ routes: ['POST /**'], backends: [{ port: backend.port }] }))
  const raw = new RawClient(t, port).send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n')
  await raw.includes('no\r\n')
  raw.send('rubbish').socket.write(Buffer.alloc(32 * 1024 * 1024, 'x'))
  // Nothing else tells that reading has stopped: the same figure in several turns.
  for (let same = 0, last = -1; same < 20; last = raw.socket.writableLength) {
    same = raw.socket.writableLength === last ? same + 1 : 0
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  t.ok(raw.socket.writableLength > 0, 'the client was stopped')
  finish()
  const text = await raw.ended()
  t.match(text, /^HTTP\/1.1 403 /)
  t.equal(count(text, 'HTTP/1.1'), 1)
})
