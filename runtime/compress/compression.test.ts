import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { brotliDecompressSync, createGunzip, gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { CompressPlan } from '../../bundle/plan.ts'
import { fieldName } from '../../policies/contract.ts'
import { RawClient, type TestPolicy } from '../../test/fixtures/data-path.ts'
import { type Answer, httpBackend, startTraffic, type TrafficSettings } from '../fixtures/traffic.ts'
import { ENCODER_LIMITS } from './encoder-slots.ts'

type Serve = (request: IncomingMessage, response: ServerResponse, nth: number) => void

const PLAN: CompressPlan = { encodings: ['br', 'zstd', 'gzip'], minBytes: 100, types: ['text/*', 'application/json'] }
const DECODE: { readonly [encoding: string]: (bytes: Buffer) => Buffer } = {
  br: brotliDecompressSync,
  gzip: gunzipSync,
  zstd: zstdDecompressSync,
}
const TEXT = 'It was a bright cold day in April, and the clocks were striking thirteen. '.repeat(4000)
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }
const ALL = { 'accept-encoding': 'gzip, deflate, br, zstd' }

async function compressed(t: Test, serve: Serve, plan: Partial<CompressPlan> = {}, settings: Partial<TrafficSettings> = {}) {
  const backend = await httpBackend(t, serve)
  const running = await startTraffic(t, [backend.port], { ...settings, traffic: { compress: { ...PLAN, ...plan }, ...settings.traffic } })
  return { ...running, requests: backend.requests }
}

t.test('each encoding can be read by who asked for it, whether the length was known or not', async (t) => {
  const { ask, endedAt } = await compressed(t, (request, response) => {
    if (request.url === '/known') response.writeHead(200, { ...JSON_TYPE, 'content-length': TEXT.length })
    else response.writeHead(200, JSON_TYPE)
    response.end(TEXT)
  })
  let count = 0
  for (const path of ['/known', '/unknown']) {
    for (const [encoding, decode] of Object.entries(DECODE)) {
      const answer = await ask(path, { headers: { 'accept-encoding': encoding } })
      t.match(answer.headers, { 'content-encoding': encoding, vary: 'Accept-Encoding', 'transfer-encoding': 'chunked' })
      t.notOk('content-length' in answer.headers)
      t.equal(decode(answer.body).toString() === TEXT, true, `${encoding} of ${path}`)
      t.ok(answer.body.length < TEXT.length / 20)
      t.match(await endedAt(count++), { status: 200, responseBodyBytes: answer.body.length }, 'what was sent is counted, not what came')
    }
  }
})

interface Row {
  readonly title: string
  readonly status?: number
  readonly fields?: { readonly [name: string]: string }
  readonly size?: number
  readonly method?: string
  readonly accept?: string
  readonly plan?: Partial<CompressPlan>
  /** `undefined`: as it came. */
  readonly encoding: string | undefined
  readonly vary: string | undefined
}

const TABLE: readonly Row[] = [
  { title: 'the first of ours that the client takes', encoding: 'br', vary: 'Accept-Encoding' },
  { title: 'the order of the configuration', plan: { encodings: ['gzip', 'br'] }, encoding: 'gzip', vary: 'Accept-Encoding' },
  { title: 'a client without the field', accept: '', encoding: undefined, vary: 'Accept-Encoding' },
  { title: 'a client that takes nothing of ours', accept: 'deflate', encoding: undefined, vary: 'Accept-Encoding' },
  { title: 'a media type that is not listed', fields: { 'content-type': 'image/png' }, encoding: undefined, vary: undefined },
  { title: 'no media type', fields: { 'content-type': '' }, encoding: undefined, vary: undefined },
  { title: 'an event stream', fields: { 'content-type': 'text/event-stream' }, encoding: undefined, vary: undefined },
  { title: 'a short body', size: 99, encoding: undefined, vary: undefined },
  { title: 'a body just long enough', size: 100, encoding: 'br', vary: 'Accept-Encoding' },
  { title: 'an encoded body', fields: { 'content-encoding': 'deflate' }, encoding: 'deflate', vary: undefined },
  { title: 'no-transform', fields: { 'cache-control': 'public, No-Transform' }, encoding: undefined, vary: undefined },
  { title: 'a part', status: 206, fields: { 'content-range': 'bytes 0-9999/20000' }, encoding: undefined, vary: undefined },
  { title: 'an error is compressed as well', status: 404, encoding: 'br', vary: 'Accept-Encoding' },
  { title: 'HEAD', method: 'HEAD', encoding: undefined, vary: undefined },
  { title: 'Vary is added to', fields: { vary: 'Origin' }, encoding: 'br', vary: 'Origin, Accept-Encoding' },
  { title: 'Vary that says it already', fields: { vary: 'accept-encoding' }, encoding: 'br', vary: 'accept-encoding' },
]

for (const { title, status = 200, fields = {}, size = 10_000, method = 'GET', accept = 'gzip, br', plan, encoding, vary } of TABLE) {
  t.test(title, async (t) => {
    const { ask } = await compressed(
      t,
      (_request, response) => {
        response.writeHead(status, { ...JSON_TYPE, 'content-length': size, ...fields })
        response.end(TEXT.slice(0, size))
      },
      plan,
    )
    const answer = await ask('/', { method, headers: accept === '' ? {} : { 'accept-encoding': accept } })
    t.equal(answer.status, status)
    t.equal(answer.headers['content-encoding'], encoding)
    t.equal(answer.headers['vary'], vary)
    const isOurs = encoding !== undefined && fields['content-encoding'] === undefined
    t.equal(answer.headers['content-length'], isOurs ? undefined : String(size))
    if (method !== 'HEAD') t.equal((isOurs ? DECODE[encoding]?.(answer.body) : answer.body)?.toString(), TEXT.slice(0, size))
  })
}

t.test('what was said about the bytes as they were is not said about others', async (t) => {
  const { ask } = await compressed(t, (_request, response) => {
    response.writeHead(200, {
      ...JSON_TYPE,
      etag: '"a"',
      'accept-ranges': 'bytes',
      'content-md5': 'x',
      digest: 'x',
      'content-digest': 'x',
      'repr-digest': 'x',
    })
    response.end(TEXT)
  })
  const { headers } = await ask('/', { headers: ALL })
  t.equal(headers['etag'], 'W/"a"')
  for (const name of ['accept-ranges', 'content-md5', 'digest', 'content-digest', 'repr-digest']) t.notOk(name in headers, name)
  t.match((await ask('/')).headers, { etag: '"a"', 'accept-ranges': 'bytes', digest: 'x' })
})

t.test('HTTP/1.0 gets it as it is', async (t) => {
  const { port } = await compressed(t, (_request, response) => response.writeHead(200, JSON_TYPE).end(TEXT))
  const text = await new RawClient(t, port).send('GET / HTTP/1.0\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n').ended()
  t.notMatch(text, /content-encoding/i)
  t.ok(text.endsWith(TEXT))
})

t.test('response policies come first: what they make of it is what is judged', async (t) => {
  const [type, encoding] = [fieldName('Content-Type'), fieldName('Content-Encoding')]
  const png: TestPolicy = { response: (_config, { response }) => response.setField(type, 'image/png') }
  const done: TestPolicy = { response: (_config, { response }) => response.setField(encoding, 'x-own') }
  for (const [policy, expected] of [
    [png, undefined],
    [done, 'x-own'],
  ] as const) {
    const { ask } = await compressed(
      t,
      (_request, response) => response.writeHead(200, JSON_TYPE).end(TEXT),
      {},
      { request: ['change'], policies: { change: policy } },
    )
    t.equal((await ask('/', { headers: ALL })).headers['content-encoding'], expected)
  }
})

t.test('what comes out of the cache is compressed for each client as it asks', async (t) => {
  const { ask, requests } = await compressed(
    t,
    (_request, response) => response.writeHead(200, { ...JSON_TYPE, 'cache-control': 'max-age=60' }).end(TEXT),
    {},
    {
      traffic: { cache: { vary: [], maxObjectBytes: 1024 * 1024 } },
    },
  )
  await ask('/', { headers: { 'accept-encoding': 'gzip' } })
  for (const encoding of ['br', 'gzip']) {
    const answer = await ask('/', { headers: { 'accept-encoding': encoding } })
    t.match(answer, { cache: /^hit/, headers: { 'content-encoding': encoding } })
    t.equal(DECODE[encoding]?.(answer.body).toString() === TEXT, true)
  }
  t.match(await ask('/'), { cache: /^hit/, text: TEXT })
  t.equal(requests.length, 1)
})

t.test('an endless response flows', async (t) => {
  const open: ServerResponse[] = []
  const { port } = await compressed(t, (_request, response) => open.push(response.writeHead(200, JSON_TYPE)))
  const client = connect(port, '127.0.0.1')
  t.teardown(() => client.destroy())
  const gunzip = createGunzip()
  let text = ''
  gunzip.on('data', (bytes: Buffer) => (text += bytes.toString()))
  let head = Buffer.alloc(0)
  client.on('data', (bytes: Buffer) => {
    head = Buffer.concat([head, bytes])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    let rest = head.subarray(end + 4)
    for (;;) {
      const line = rest.indexOf('\r\n')
      const size = Number.parseInt(rest.subarray(0, Math.max(0, line)).toString(), 16)
      if (line < 0 || rest.length < line + 2 + size + 2) break
      gunzip.write(rest.subarray(line + 2, line + 2 + size))
      rest = rest.subarray(line + 2 + size + 2)
    }
    head = Buffer.concat([head.subarray(0, end + 4), rest])
  })
  client.write('GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n')
  while (open.length === 0) await new Promise((resolve) => setImmediate(resolve))
  for (const event of ['one\n', 'two\n', 'three\n']) {
    open[0]?.write(event)
    while (!text.endsWith(event)) await new Promise((resolve) => setImmediate(resolve))
  }
  t.equal(text, 'one\ntwo\nthree\n')
})

t.test('a client that reads nothing stops the backend, and gets everything in the end', async (t) => {
  // Not compressible, and more than the kernel keeps for two sockets.
  const noise = randomBytes(16 * 1024 * 1024)
  let sent = 0
  const { port } = await compressed(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' })
    const push = () => {
      while (sent < noise.length) {
        const goesOn = response.write(noise.subarray(sent, sent + 16_384))
        sent += 16_384
        if (!goesOn) return void response.once('drain', push)
      }
      response.end()
    }
    push()
  })
  const client = new RawClient(t, port, { paused: true }).send(
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\r\n',
  )
  let before = -1
  // As long as something moves somewhere, it is waited for.
  for (let still = 0; still < 20; still = sent === before ? still + 1 : 0) {
    before = sent
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  t.ok(sent < noise.length, `${sent} bytes were taken from the backend`)
  client.socket.resume()
  const text = await client.ended()
  t.equal(gunzipSync(dechunk(Buffer.from(text, 'latin1'))).equals(noise), true)
})

t.test('what was cut short is cut short for the client too', async (t) => {
  const { ask, endedAt } = await compressed(t, (_request, response) => {
    response.writeHead(200, { ...JSON_TYPE, 'content-length': TEXT.length })
    response.write(TEXT.slice(0, 1000), () => response.destroy())
  })
  await t.rejects(ask('/', { headers: ALL }))
  t.match(await endedAt(0), { status: 200, errorCode: 'upstream-closed' })
})

t.test('a client that leaves in the middle leaves nothing behind', async (t) => {
  const { port, endedAt, dataPath } = await compressed(t, (_request, response) => response.writeHead(200, JSON_TYPE).write(TEXT))
  const client = new RawClient(t, port).send('GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n')
  await client.includes('\r\n\r\n')
  client.socket.resetAndDestroy()
  t.match(await endedAt(0), { errorCode: 'client-closed' })
  t.equal(dataPath.exchangeCount, 0)
})

t.test('beyond the number of encoders, responses go as they are', async (t) => {
  const open: ServerResponse[] = []
  const { port, ask } = await compressed(t, (request, response) => {
    if (request.url === '/hold') open.push(response.writeHead(200, JSON_TYPE))
    else response.writeHead(200, JSON_TYPE).end(TEXT)
  })
  for (let i = 0; i < ENCODER_LIMITS.streams; i++) {
    new RawClient(t, port).send('GET /hold HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n')
    while (open.length <= i) await new Promise((resolve) => setImmediate(resolve))
    open[i]?.write('x')
  }
  const plain = async (): Promise<Answer> => {
    for (;;) {
      const answer = await ask('/', { headers: ALL })
      if (answer.headers['content-encoding'] === undefined) return answer
    }
  }
  const answer = await plain()
  t.equal(answer.text === TEXT, true)
  t.equal(answer.headers['vary'], 'Accept-Encoding')
  for (const response of open) response.end()
  while ((await ask('/', { headers: ALL })).headers['content-encoding'] !== 'br');
  t.pass('and when they are done, there is room again')
})

t.test('one connection serves compressed and plain responses in turn', async (t) => {
  const { port } = await compressed(t, (request, response) => {
    const body = `${request.url} ${TEXT}`
    response.writeHead(200, { ...JSON_TYPE, ...(request.url === '/1' ? { 'content-encoding': 'gzip' } : {}) })
    response.end(request.url === '/1' ? gzipSync(body) : body)
  })
  const get = (path: string) =>
    `GET ${path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n${path === '/3' ? 'Connection: close\r\n' : ''}\r\n`
  const text = await new RawClient(t, port).send(['/0', '/1', '/2', '/3'].map(get).join('')).ended()
  let rest = Buffer.from(text, 'latin1')
  for (let i = 0; i < 4; i++) {
    const start = rest.indexOf('\r\n\r\n') + 4
    const end = rest.indexOf('\r\n0\r\n\r\n', start) + 7
    t.equal(gunzipSync(dechunk(rest.subarray(0, end))).toString() === `/${i} ${TEXT}`, true, `/${i}`)
    rest = rest.subarray(end)
  }
  t.equal(rest.length, 0)
})

/** Body of a response in chunks, whose head stands before it. */
function dechunk(response: Buffer): Buffer {
  const pieces: Buffer[] = []
  for (let at = response.indexOf('\r\n\r\n') + 4; ; ) {
    const line = response.indexOf('\r\n', at)
    const size = Number.parseInt(response.subarray(at, line).toString(), 16)
    if (!(size > 0)) return Buffer.concat(pieces)
    pieces.push(response.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}
