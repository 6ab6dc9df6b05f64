/**
 * Whole connections against a running data path. Sound ones come from nghttp2 (Node's client): what its requests say arrives at the backend, and its
 * responses are right. Others are frames at random, cut anywhere: nothing is thrown, the backend never gets anything that is not a request, and
 * when all have gone nothing is left. `node runtime/http2/session.fuzz.ts --seconds 600 --seed 1`.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import http2, { type ClientHttp2Session } from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { generationOf, listeningSocket } from '../../test/fixtures/data-path.ts'
import { createDataPath } from '../data-path.ts'
import * as raw from './fixtures/frames.ts'
import { type Random, RandomEncoder, randomFrom } from './fixtures/hpack-encoder.ts'
import { PREFACE } from './frames.ts'

export interface SessionFuzzResult {
  /** Exchanges of sound clients that were right. */
  readonly verified: number
  /** Connections of frames at random. */
  readonly connections: number
  /** Exchanges in all. */
  readonly exchanges: number
  /** Empty when nothing was found. */
  readonly findings: readonly string[]
}

export async function fuzzSessions(seed: number, seconds: number): Promise<SessionFuzzResult> {
  const random = randomFrom(seed)
  const findings: string[] = []
  const backend = await startBackend(findings)
  let [started, ended] = [0, 0]
  const dataPath = createDataPath({
    gateway: 'edge',
    limits: { headTimeoutMs: 1000, bodyIdleTimeoutMs: 5000, keepAliveTimeoutMs: 1000, writeTimeoutMs: 5000 },
    telemetry: {
      requestStarted: () => (started += 1),
      exchangeEnded: () => (ended += 1),
      policyThrew: (_id, error) => findings.push(`a policy threw: ${error}`),
    },
  })
  const methods = ['GET', 'POST', 'PUT', 'HEAD']
  dataPath.activate(
    generationOf({ routes: methods.map((method) => `${method} /**`), backends: [{ port: backend.port, responseTimeoutMs: 10_000 }] }),
  )
  const { fd, port } = await listeningSocket()
  await dataPath.listen(fd, 511)
  const until = performance.now() + seconds * 1000
  let [verified, connections] = [0, 0]
  const sound = async () => {
    while (performance.now() < until && findings.length === 0) {
      const session = http2.connect(`http://127.0.0.1:${port}`, { paddingStrategy: random(3) })
      session.on('error', () => {})
      for (let round = 1 + random(4); round > 0; round--) {
        const exchanges = await Promise.all(Array.from({ length: 1 + random(10) }, () => exchange(session, random)))
        for (const finding of exchanges) {
          if (finding === '') verified += 1
          else if (finding !== 'aborted') findings.push(finding)
        }
      }
      session.close()
    }
  }
  const hostile = async () => {
    while (performance.now() < until && findings.length === 0) {
      await visit(port, random)
      connections += 1
    }
  }
  await Promise.all([sound(), sound(), hostile(), hostile(), hostile()])
  await dataPath.drain(3000)
  backend.end()
  if (started !== ended || dataPath.exchangeCount !== 0) findings.push(`${started} exchanges were begun, ${ended} ended`)
  if (dataPath.connectionCount !== 0) findings.push(`${dataPath.connectionCount} connections are left`)
  return { verified, connections, exchanges: ended, findings }
}

/** Answers with what it has received. Node's parser is strict: what is no request is a finding. */
async function startBackend(findings: string[]) {
  const server = http.createServer((request, response) => {
    const hash = createHash('sha1')
    request.on('data', (bytes) => hash.update(bytes))
    request.on('error', () => {})
    request.on('end', () => {
      const size = Number.parseInt(String(request.headers['x-wants'] ?? '0'), 10) || 0
      const seen = JSON.stringify({ method: request.method, url: request.url, fields: request.rawHeaders, hash: hash.digest('hex') })
      response.writeHead(200, { 'x-seen': Buffer.from(seen, 'latin1').toString('base64') })
      response.end(Buffer.alloc(size, 'r'))
    })
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // A request that its client gave up is cut off, as it must be.
    const isSyntax = error.code?.startsWith('HPE_') === true && error.code !== 'HPE_INVALID_EOF_STATE'
    if (isSyntax) findings.push(`the backend got what is no request: ${error.code}`)
    socket.destroy()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    end: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

const VALUES = ['', 'a', 'caf\xe9', 'a, b', 'x'.repeat(300), '"quoted; text"', 'trailing.dot.']

/** Empty: it was right. `aborted`: it was not to be answered. */
function exchange(session: ClientHttp2Session, random: Random): Promise<string> {
  const method = ['GET', 'POST', 'PUT', 'HEAD'][random(4)] as string
  const path = `/${random(100)}?${random(100)}`
  const wants = random(3) === 0 ? random(200_000) : random(100)
  const body = method === 'POST' || method === 'PUT' ? Buffer.alloc(random(4) === 0 ? random(150_000) : random(50), random(256)) : undefined
  const fields = Array.from(
    { length: random(random(10) === 0 ? 60 : 6) },
    (_, i) => [`x-${i}`, VALUES[random(VALUES.length)] as string] as const,
  )
  const head: http2.OutgoingHttpHeaders = { ':method': method, ':path': path, 'x-wants': String(wants), ...Object.fromEntries(fields) }
  if (body !== undefined && random(2) === 0) head['content-length'] = String(body.length)
  return new Promise((resolve) => {
    if (session.destroyed || session.closed) {
      resolve('aborted')
      return
    }
    const willReset = random(20) === 0
    const stream = session.request(head, { endStream: body === undefined })
    let [seen, size] = ['', 0]
    let status = 0
    stream.on('response', (response) => {
      status = response[':status'] ?? 0
      seen = Buffer.from(String(response['x-seen'] ?? ''), 'base64').toString('latin1')
    })
    stream.on('data', (bytes: Buffer) => (size += bytes.length))
    stream.on('error', () => {})
    stream.on('close', () => {
      if (willReset || stream.rstCode !== 0) resolve('aborted')
      else resolve(verdict())
    })
    // In pieces, so that DATA comes in frames of all sizes.
    if (body !== undefined) {
      let at = 0
      while (at < body.length) {
        const next = Math.min(body.length, at + 1 + random(20_000))
        stream.write(body.subarray(at, next))
        at = next
      }
      stream.end()
    }
    if (willReset) setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), random(5))
    function verdict(): string {
      if (status !== 200) return `${method} ${path}: ${status}`
      const got = JSON.parse(seen) as { method: string; url: string; fields: string[]; hash: string }
      if (got.method !== method || got.url !== path) return `${method} ${path} arrived as ${got.method} ${got.url}`
      if (
        got.hash !==
        createHash('sha1')
          .update(body ?? '')
          .digest('hex')
      )
        return `${method} ${path}: another body arrived`
      for (const [name, value] of fields) {
        const at = got.fields.indexOf(name)
        if (at < 0 || got.fields[at + 1] !== Buffer.from(value, 'latin1').toString('latin1'))
          return `${method} ${path}: ${name} is not ${JSON.stringify(value)}`
      }
      const expected = method === 'HEAD' ? 0 : wants
      return size === expected ? '' : `${method} ${path}: ${size} bytes instead of ${expected}`
    }
  })
}

/** One connection of frames that mostly make sense, cut at random. */
async function visit(port: number, random: Random): Promise<void> {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: random(2) === 0 })
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  if (random(4) === 0) socket.pause()
  else socket.resume()
  const encoder = new RandomEncoder(random)
  const pieces: Buffer[] = random(20) === 0 ? [Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r')] : [PREFACE, raw.settings()]
  const streams = { next: 1 }
  for (let count = random(40); count > 0; count--) pieces.push(someFrame(encoder, random, streams))
  let bytes: Buffer = Buffer.concat(pieces)
  if (random(3) === 0 && bytes.length > 0) {
    bytes = Buffer.from(bytes)
    for (let i = random(4); i >= 0; i--) bytes[random(bytes.length)] = random(256)
  }
  for (let at = 0; at < bytes.length && !socket.destroyed; ) {
    const next = Math.min(bytes.length, at + 1 + random(random(2) === 0 ? 40 : 20_000))
    socket.write(bytes.subarray(at, next))
    at = next
    if (random(3) === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  if (random(2) === 0) socket.end()
  if (random(2) === 0) await new Promise((resolve) => setTimeout(resolve, random(30)))
  socket.destroy()
  await closed
}

function someFrame(encoder: RandomEncoder, random: Random, streams: { next: number }): Buffer {
  const kind = random(14)
  const last = streams.next - 2
  // Mostly a stream that is new or was begun: any other soon ends the connection.
  const id = random(30) === 0 ? random(50) : kind < 4 || last < 1 ? streams.next : Math.max(1, last - 2 * random(5))
  if (id === streams.next) streams.next += 2
  switch (kind) {
    case 0:
    case 1:
    case 2:
    case 3: {
      const block = encoder.block(someRequest(random))
      const options = {
        endStream: random(2) === 0,
        ...(random(5) === 0 ? { padding: random(50) } : {}),
        ...(random(5) === 0 ? { dependency: random(20) } : {}),
      }
      if (random(5) > 0) return raw.headers(id, block, options)
      const cut = random(block.length)
      return Buffer.concat([
        raw.headers(id, block.subarray(0, cut), { ...options, endHeaders: false }),
        raw.continuation(id, block.subarray(cut), random(5) > 0),
      ])
    }
    case 4:
    case 5:
    case 6: {
      const options = { endStream: random(3) === 0, ...(random(4) === 0 ? { padding: random(200) } : {}) }
      return raw.data(id, Buffer.alloc(random(3) === 0 ? random(16_000) : random(20), 'd'), options)
    }
    case 7:
      return raw.rstStream(id, random(14))
    case 8:
      return raw.windowUpdate(random(3) === 0 ? 0 : id, random(5) === 0 ? random(3) : random(100_000))
    case 9:
      return raw.settings([[[1, 3, 4, 5, 6, 99][random(6)] as number, random(4) === 0 ? random(2 ** 31) : random(70_000)]])
    case 10:
      return raw.ping('12345678', random(2))
    case 11:
      return raw.priority(id, random(20))
    case 12:
      return random(10) === 0 ? raw.goaway(0, random(3)) : raw.headers(id, [['x-trailer', 'y']])
    default:
      return raw.frame(random(10) === 0 ? random(16) : 0x20, random(256), random(3) === 0 ? 0 : id, Buffer.alloc(random(30), random(256)))
  }
}

function someRequest(random: Random): raw.Field[] {
  const fields: raw.Field[] = [
    [':method', ['GET', 'POST', 'PUT', 'HEAD', 'CONNECT', 'G\0T'][random(random(4) === 0 ? 6 : 4)] as string],
    [':scheme', random(10) === 0 ? 'https' : 'http'],
    [':authority', random(10) === 0 ? 'a b' : 'a.example'],
    [':path', random(10) === 0 ? '/a b' : `/${random(50)}`],
  ]
  const odd: raw.Field[] = [
    ['x-wants', String(random(100_000))],
    ['content-length', String(random(30))],
    ['expect', '100-continue'],
    ['te', 'trailers'],
    ['cookie', 'a=b'],
    ['connection', 'close'],
    ['x', 'a\r\nb: c'],
    ['host', 'a.example'],
    ['X', 'y'],
    [':path', '/again'],
    ['transfer-encoding', 'chunked'],
  ]
  for (let i = random(4); i > 0; i--) fields.push(odd[random(random(3) === 0 ? odd.length : 5)] as raw.Field)
  if (random(20) === 0) fields.splice(random(fields.length), 1)
  return fields
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '600' }, seed: { type: 'string' } } })
  const seed = Number(values.seed ?? Date.now() % 1_000_000_000)
  process.stdout.write(`seed ${seed}\n`)
  const { findings, ...counts } = await fuzzSessions(seed, Number(values.seconds))
  process.stdout.write(`${JSON.stringify(counts)}\n${findings.join('\n')}\n`)
  process.exitCode = findings.length === 0 ? 0 : 1
}
