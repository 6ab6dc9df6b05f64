import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { generationOf, RawClient, rawBackend, startDataPath } from '../../test/fixtures/data-path.ts'

const HEAD = 'HTTP/1.1 200 OK\r\nDate: d\r\nTransfer-Encoding: chunked\r\n'

async function start(t: Test, answer: string) {
  const backend = await rawBackend(t, (socket: Socket) => socket.on('data', () => socket.write(answer)))
  const plan = { routes: ['GET /**', 'POST /**'], backends: [{ port: backend.port }] }
  const running = await startDataPath(t, generationOf(plan))
  return { ...running, backend, client: () => new RawClient(t, running.port) }
}

/** What follows the head of the response to a request with these fields. */
async function bodyOf(t: Test, answer: string, fields = 'TE: trailers\r\n'): Promise<string> {
  const { client } = await start(t, answer)
  const raw = client().send(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`)
  const text = await raw.until((text) => /\r\n\r\n([\s\S]*\r\n)?0\r\n([^\r]+\r\n)*\r\n$/.test(text))
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}

t.test("gRPC's trailers go on to those who take trailers, and no others do", async (t) => {
  const trailers = 'grpc-status: 0\r\nGrpc-Message: fine\r\ngrpc-status-details-bin: AA\r\nX-Checksum: 1\r\n'
  const answer = `${HEAD}\r\n2\r\nok\r\n0\r\n${trailers}\r\n`
  t.equal(await bodyOf(t, answer), '2\r\nok\r\n0\r\ngrpc-status: 0\r\nGrpc-Message: fine\r\ngrpc-status-details-bin: AA\r\n\r\n')
  t.equal(await bodyOf(t, answer, 'TE: deflate;q=0.5, Trailers\r\n'), await bodyOf(t, answer))
  t.equal(await bodyOf(t, answer, ''), '2\r\nok\r\n0\r\n\r\n')
  t.equal(await bodyOf(t, answer, 'TE: gzip\r\n'), '2\r\nok\r\n0\r\n\r\n')
})

t.test('in a gRPC response all trailers are metadata, and go on', async (t) => {
  const answer = `${HEAD}Content-Type: application/grpc\r\n\r\n0\r\ngrpc-status: 0\r\nx-metadata: 1\r\n\r\n`
  t.equal(await bodyOf(t, answer), '0\r\ngrpc-status: 0\r\nx-metadata: 1\r\n\r\n')
})

t.test('trailers that came one byte at a time are whole', async (t) => {
  const answer = `${HEAD}\r\n2\r\nok\r\n0\r\ngrpc-status: 7\r\n\r\n`
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', async () => {
      for (const byte of answer) {
        socket.write(byte)
        await new Promise((resolve) => setImmediate(resolve))
      }
    })
  })
  const { port } = await startDataPath(t, generationOf({ routes: ['GET /**'], backends: [{ port: backend.port }] }))
  const raw = new RawClient(t, port).send('GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n')
  t.match(await raw.includes('grpc-status: 7\r\n\r\n'), /\r\n0\r\ngrpc-status: 7\r\n\r\n$/)
})

t.test('trailers that frame, route or authenticate make a response that was cut short', async (t) => {
  for (const name of ['Content-Length', 'Transfer-Encoding', 'Host', 'Authorization', 'Content-Type', 'Content-MD5', 'Set-Cookie']) {
    const { client, endedAt } = await start(t, `${HEAD}\r\n2\r\nok\r\n0\r\n${name}: 1\r\n\r\n`)
    const text = await client().send('GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n').ended()
    t.notMatch(text, /\r\n0\r\n/, name)
    t.match(await endedAt(0), { errorCode: 'upstream-response-invalid' })
  }
})

t.test('trailers of requests are checked, and end here', async (t) => {
  const seen: string[] = []
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', (data) => {
      seen.push(data.toString('latin1'))
      if (data.includes('0\r\n')) socket.write('HTTP/1.1 204 No Content\r\n\r\n')
    })
  })
  const { port } = await startDataPath(t, generationOf({ routes: ['POST /**'], backends: [{ port: backend.port }] }))
  const post = (trailers: string) => `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n${trailers}\r\n`
  t.match(await new RawClient(t, port).send(post('grpc-status: 0\r\nX-Sum: 1\r\n')).includes('\r\n\r\n'), /^HTTP\/1.1 204/)
  t.match(seen.join(''), /\r\n2\r\nhi\r\n0\r\n\r\n$/)
  t.match(await new RawClient(t, port).send(post('Content-Length: 2\r\n')).includes('}\n'), /^HTTP\/1.1 400 [\s\S]*"trailer-forbidden"/)
  t.match(
    await new RawClient(t, port).send(post('X: 1\r\n'.repeat(65))).includes('}\n'),
    /^HTTP\/1.1 431 [\s\S]*"fields-too-many"/,
    'at most 64',
  )
  t.match(
    await new RawClient(t, port).send(post(`X: ${'x'.repeat(8192)}\r\n`)).includes('}\n'),
    /^HTTP\/1.1 431 [\s\S]*"trailers-too-long"/,
    'at most 8 KiB',
  )
})
