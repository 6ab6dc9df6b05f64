/**
 * Bodies of requests that are sent again: a backend that breaks off at random places, a client that sends at random speeds, and at last one
 * attempt that reads everything. Whatever got a 200 must have arrived whole, with nothing missing, doubled or out of order.
 * `node runtime/downstream/replay.fuzz.ts --seconds 60 --seed N`.
 */
import { createHash } from 'node:crypto'
import net, { type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import type { RetryPlan } from '../../bundle/plan.ts'
import { generationOf, listeningSocket } from '../../test/fixtures/data-path.ts'
import { createDataPath } from '../data-path.ts'

export interface ReplayResult {
  readonly seed: number
  readonly requests: number
  /** Answered with 200, and right. */
  readonly verified: number
  /** Attempts beyond the first of each request. */
  readonly repeated: number
  /** Empty when all held. */
  readonly faults: readonly string[]
}

type Random = (below: number) => number

const RETRY: RetryPlan = {
  attempts: 4,
  on: ['reset', 'connect'],
  statuses: [503],
  perTryMs: 0,
  budgetPercent: 100,
  backoffBaseMs: 1,
  backoffMaxMs: 2,
}

export async function fuzzReplay(seed: number, seconds: number): Promise<ReplayResult> {
  const random = randomFrom(seed)
  const faults: string[] = []
  const attempts = new Map<string, number>()
  const server = net.createServer((socket) => answer(socket, random, attempts, faults))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const dataPath = createDataPath({
    gateway: 'edge',
    telemetry: { requestStarted() {}, exchangeEnded() {}, policyThrew: (_id, error) => faults.push(`a policy threw: ${error}`) },
  })
  const backend = { port: (server.address() as net.AddressInfo).port, retry: RETRY }
  dataPath.activate(generationOf({ routes: ['PUT /{id}'], backends: [backend] }))
  const { fd, port } = await listeningSocket()
  await dataPath.listen(fd, 511)
  const until = performance.now() + seconds * 1000
  let [requests, verified] = [0, 0]
  const client = async () => {
    while (performance.now() < until) {
      const status = await put(port, `${requests++}`, random)
      if (status === 200) verified += 1
      else if (status !== 502 && status !== 503) faults.push(`status ${status}`)
    }
  }
  await Promise.all(Array.from({ length: 4 }, client))
  await dataPath.drain(1000)
  server.close()
  let repeated = 0
  for (const count of attempts.values()) repeated += count - 1
  return { seed, requests, verified, repeated, faults }
}

function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) % below
  }
}

/** One request per connection; breaks off after some of it, answers 503 after some of it, or reads all and says what it has read. */
function answer(socket: Socket, random: Random, attempts: Map<string, number>, faults: string[]): void {
  const breaksAfter = random(3) === 0 ? Number.POSITIVE_INFINITY : random(120_000)
  const isReset = random(2) === 0
  let text = ''
  let isDone = false
  socket.on('error', () => {})
  socket.on('data', (data) => {
    if (isDone) return
    if (text === '') {
      const id = /^PUT \/(\d+) /.exec(data.toString('latin1'))?.[1] ?? ''
      attempts.set(id, (attempts.get(id) ?? 0) + 1)
    }
    text += data.toString('latin1')
    const id = /^PUT \/(\d+) /.exec(text)?.[1] ?? ''
    const size = Number(/\r\nX-Size: (\d+)\r\n/.exec(text)?.[1])
    const sum = /\r\nX-Sum: (\w+)\r\n/.exec(text)?.[1]
    if (text.length > breaksAfter) {
      isDone = true
      if (isReset) socket.resetAndDestroy()
      else socket.end('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      return
    }
    const body = wholeBody(text)
    if (body === undefined) return
    isDone = true
    const digest = createHash('md5').update(body, 'latin1').digest('hex')
    if (body.length !== size || digest !== sum) faults.push(`request ${id} arrived with ${body.length} of ${size} bytes, or others`)
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
  })
}

/** `undefined` while it is not all there. */
function wholeBody(text: string): string | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const length = /\r\nContent-Length: (\d+)\r\n/.exec(text.slice(0, headEnd + 2))?.[1]
  if (length !== undefined) return text.length >= headEnd + 4 + Number(length) ? text.slice(headEnd + 4) : undefined
  let body = ''
  for (let at = headEnd + 4; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    at = lineEnd + 2 + size + 2
    if (at > text.length) return undefined
    if (size === 0) return body
    body += text.slice(lineEnd + 2, lineEnd + 2 + size)
  }
}

/** Status of the response; 0: the connection ended without one. */
function put(port: number, id: string, random: Random): Promise<number> {
  return new Promise((resolve) => {
    const size = random(2) === 0 ? random(2000) : random(100_000)
    let body = ''
    while (body.length < size) body += `${id}:${body.length};`
    const isChunked = random(2) === 0
    const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`
    const sum = createHash('md5').update(body, 'latin1').digest('hex')
    const head = `PUT /${id} HTTP/1.1\r\nHost: h\r\nX-Size: ${body.length}\r\nX-Sum: ${sum}\r\n${framing}\r\nConnection: close\r\n\r\n`
    let message = head
    if (!isChunked) message += body
    else {
      for (let at = 0; at < body.length; ) {
        const piece = body.slice(at, at + 1 + random(20_000))
        message += `${piece.length.toString(16)}\r\n${piece}\r\n`
        at += piece.length
      }
      message += '0\r\n\r\n'
    }
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    let text = ''
    socket.on('error', () => {})
    socket.on('data', (data) => (text += data.toString('latin1')))
    socket.on('end', () => socket.destroy())
    socket.on('close', () => resolve(Number(/^HTTP\/1.1 (\d+)/.exec(text)?.[1] ?? 0)))
    const send = async () => {
      for (let at = 0; at < message.length && !socket.destroyed && text === ''; ) {
        const size = random(3) === 0 ? message.length : 1 + random(30_000)
        socket.write(message.slice(at, at + size), 'latin1')
        at += size
        if (random(3) === 0) await new Promise((resolve) => setTimeout(resolve, random(4)))
      }
    }
    void send()
  })
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } } })
  const seed = Number(values.seed ?? Date.now() % 1_000_000)
  console.log(`seed ${seed}`)
  const result = await fuzzReplay(seed, Number(values.seconds))
  console.log(result)
  process.exit(result.faults.length > 0 ? 1 : 0)
}
