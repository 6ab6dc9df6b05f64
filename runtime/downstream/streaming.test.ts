import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { generationOf, RawClient, rawBackend, startDataPath } from '../../test/fixtures/data-path.ts'

const get = 'GET /events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n'

async function start(t: Test, serve: (socket: Socket, request: string) => void) {
  const backend = await rawBackend(t, (socket) => socket.on('data', (data) => serve(socket, data.toString('latin1'))))
  const plan = { routes: ['GET /**', 'POST /**'], backends: [{ port: backend.port }] }
  const running = await startDataPath(t, generationOf(plan))
  return { ...running, backend, client: () => new RawClient(t, running.port) }
}

t.test('of an endless response the client has every piece before the backend has sent the next', async (t) => {
  const sockets: Socket[] = []
  const { client, endedAt } = await start(t, (socket) => {
    sockets.push(socket)
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n')
  })
  const raw = client().send(get)
  t.match(await raw.includes('\r\n\r\n'), /^HTTP\/1.1 200 OK\r\nContent-Type: text\/event-stream\r\n/, 'the head does not wait for a body')
  const server = sockets[0] as Socket
  for (let i = 0; i < 20; i++) {
    const event = `data: ${i}\n\n`
    server.write(`${event.length.toString(16)}\r\n${event}\r\n`)
    t.match(await raw.includes(event), new RegExp(`\r\n[0-9a-f]+\r\ndata: ${i}\n\n\r\n$`))
  }
  const cancelled = new Promise((resolve) => server.once('end', resolve))
  raw.socket.resetAndDestroy()
  await cancelled
  t.match(await endedAt(0), { status: 200, errorCode: 'client-closed' })
})

t.test('one byte of a body is sent on as one byte', async (t) => {
  const sockets: Socket[] = []
  const { client } = await start(t, (socket) => {
    sockets.push(socket)
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n')
  })
  const raw = client().send(get)
  await raw.includes('\r\n\r\n')
  for (const byte of ['a', 'b', 'c']) {
    ;(sockets[0] as Socket).write(byte)
    await raw.includes(byte)
  }
  t.match(raw.text, /\r\n\r\nabc$/)
})

t.test('an interim response is sent at once, and the final one when it comes', async (t) => {
  const sockets: Socket[] = []
  const { client } = await start(t, (socket) => {
    sockets.push(socket)
    socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n')
  })
  const raw = client().send(get)
  t.equal(await raw.includes('\r\n\r\n'), 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n')
  ;(sockets[0] as Socket).write('HTTP/1.1 204 No Content\r\n\r\n')
  t.match(await raw.includes('204'), /103[\s\S]*HTTP\/1.1 204 No Content\r\n/)
})

t.test('request and response stream at the same time', async (t) => {
  const { client, endedAt } = await start(t, (socket, data) => {
    if (data.startsWith('POST')) socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    for (const [, word] of data.matchAll(/\r\n(word\d+)\r\n/g)) socket.write(`5\r\n${word?.toUpperCase()}\r\n`)
    if (data.endsWith('0\r\n\r\n')) socket.write('0\r\n\r\n')
  })
  const raw = client().send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  await raw.includes('\r\n\r\n')
  for (let i = 0; i < 5; i++) await raw.send(`5\r\nword${i}\r\n`).includes(`WORD${i}`)
  await raw.send('0\r\n\r\n').includes('\r\n0\r\n\r\n')
  t.match(await endedAt(0), { status: 200, errorCode: '', requestBodyBytes: 25, responseBodyBytes: 25 })
})
