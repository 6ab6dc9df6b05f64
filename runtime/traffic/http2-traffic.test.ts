import { type ClientHttp2Session, connect, constants } from 'node:http2'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { httpBackend, startTraffic } from '../fixtures/traffic.ts'
import type { WorkerTraffic } from './worker-traffic.ts'

const TEXT = 'It was a bright cold day in April, and the clocks were striking thirteen. '.repeat(4000)

interface Answer {
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly body: Buffer
}

function session(t: Test, port: number): ClientHttp2Session {
  const made = connect(`http://127.0.0.1:${port}`)
  made.on('error', () => {})
  t.teardown(() => made.destroy())
  return made
}

function ask(session: ClientHttp2Session, path: string, headers: { [name: string]: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': path, ...headers })
    const chunks: Buffer[] = []
    let received: Answer['headers'] = {}
    stream.on('response', (head) => {
      received = { ...(head as Answer['headers']), ':status': String(head[':status']) }
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', reject)
    stream.on('close', () => resolve({ headers: received, body: Buffer.concat(chunks) }))
    stream.end()
  })
}

t.test('HTTP/2 clients share with HTTP/1.1 clients what is stored', async (t) => {
  const backend = await httpBackend(t, (_request, response) =>
    response.writeHead(200, { 'cache-control': 'max-age=60', etag: '"a"' }).end(TEXT),
  )
  const running = await startTraffic(t, [backend.port], { traffic: { cache: { vary: [], maxObjectBytes: 1024 * 1024 } } })
  const h2 = session(t, running.port)
  const first = await ask(h2, '/a')
  t.match(first.headers, { ':status': '200', 'cache-status': 'postern; fwd=uri-miss; stored' })
  t.match(await ask(h2, '/a'), {
    headers: { ':status': '200', 'cache-status': /hit/, age: '0', 'content-length': String(TEXT.length) },
    body: Buffer.from(TEXT),
  })
  t.match(await running.ask('/a'), { cache: /^hit/, text: TEXT })
  t.match(await ask(h2, '/a', { 'if-none-match': '"a"' }), { headers: { ':status': '304' }, body: Buffer.alloc(0) })
  t.match(await ask(h2, '/a', { ':method': 'HEAD' }), {
    headers: { ':status': '200', 'content-length': String(TEXT.length) },
    body: Buffer.alloc(0),
  })
  t.equal(backend.requests.length, 1)
})

t.test('many streams of one connection that miss the same are one request', async (t) => {
  const backend = await httpBackend(t, (_request, response) => {
    setImmediate(() => response.writeHead(200, { 'cache-control': 'max-age=60' }).end(TEXT))
  })
  const running = await startTraffic(t, [backend.port], { traffic: { cache: { vary: [], maxObjectBytes: 1024 * 1024 } } })
  const h2 = session(t, running.port)
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask(h2, '/a')))
  t.ok(answers.every(({ body }) => body.toString() === TEXT))
  t.equal(backend.requests.length, 1)
})

t.test('streams are compressed side by side, each as it asks', async (t) => {
  const backend = await httpBackend(t, (_request, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end(TEXT))
  const compress = { encodings: ['br', 'gzip'], minBytes: 100, types: ['text/*'] } as const
  const running = await startTraffic(t, [backend.port], { traffic: { compress } })
  const h2 = session(t, running.port)
  const decode = { br: brotliDecompressSync, gzip: gunzipSync }
  await Promise.all(
    (['br', 'gzip'] as const).flatMap((encoding) =>
      Array.from({ length: 8 }, async () => {
        const { headers, body } = await ask(h2, '/', { 'accept-encoding': encoding })
        t.match(headers, { 'content-encoding': encoding, vary: 'Accept-Encoding' })
        t.notOk('content-length' in headers)
        t.equal(decode[encoding](body).toString() === TEXT, true)
      }),
    ),
  )
})

t.test('what was cut short is reset, not ended', async (t) => {
  const backend = await httpBackend(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'max-age=60', 'content-length': TEXT.length })
    response.write(TEXT.slice(0, 1000), () => response.destroy())
  })
  const compress = { encodings: ['gzip'], minBytes: 100, types: ['text/*'] } as const
  const running = await startTraffic(t, [backend.port], { traffic: { compress, cache: { vary: [], maxObjectBytes: 1024 * 1024 } } })
  const h2 = session(t, running.port)
  await t.rejects(ask(h2, '/', { 'accept-encoding': 'gzip' }))
  await t.rejects(ask(h2, '/'))
  t.equal(backend.requests.length, 2)
})

t.test('copies of HTTP/2 requests are whole', async (t) => {
  const bodies: string[] = []
  const backend = await httpBackend(t, (request, response) => {
    request.on('data', () => {})
    request.on('end', () => response.end())
  })
  const mirror = await httpBackend(t, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(
        `${request.method} ${request.url} ${request.headers['x-postern-mirror']} ${request.headers['x-a']} ${Buffer.concat(chunks).length}`,
      )
      response.end()
    })
  })
  const { port, results } = await startTraffic(t, [backend.port, mirror.port], { traffic: { mirror: { backendIndex: 1, share: 10_000 } } })
  const h2 = session(t, port)
  const stream = h2.request({ ':method': 'POST', ':path': '/p?q', 'x-a': 'b' })
  stream.write('x'.repeat(10_000))
  stream.end('y'.repeat(20_000))
  stream.resume()
  await new Promise((resolve) => stream.on('close', resolve))
  await ask(h2, '/g', { 'x-a': 'c' })
  await results.until('mirror answered', 2)
  t.same(bodies, ['POST /p?q 1 b 30000', 'GET /g 1 c 0'])
})

t.test('a stream that its client resets leaves no encoder, no flight and no mirrored request behind', async (t) => {
  const backend = await httpBackend(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'max-age=60' }).write(TEXT)
  })
  const compress = { encodings: ['gzip'], minBytes: 100, types: ['text/*'] } as const
  const { port, dataPath } = await startTraffic(t, [backend.port], {
    traffic: { compress, cache: { vary: [], maxObjectBytes: 1024 * 1024 } },
  })
  const { cache, encoders } = (dataPath as unknown as { readonly traffic: WorkerTraffic }).traffic
  const h2 = session(t, port)
  for (let i = 0; i < 5; i++) {
    const stream = h2.request({ ':path': `/${i}`, 'accept-encoding': 'gzip' })
    stream.on('error', () => {})
    await new Promise((resolve) => stream.once('data', resolve))
    stream.close(constants.NGHTTP2_CANCEL)
  }
  while (dataPath.exchangeCount > 0 || encoders.streams > 0 || cache.flights.count > 0)
    await new Promise((resolve) => setImmediate(resolve))
  t.equal(cache.budget.bytes, 0)
  t.equal(cache.store.count, 0)
})
