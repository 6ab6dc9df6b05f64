/**
 * Clients and backends that misbehave at random, around a real data path whose generations are swapped meanwhile. What must hold:
 * no client ever gets a response meant for somebody else, or one that looks whole and is not; nothing is thrown; and when all have gone,
 * no exchange, no connection and no pin is left. `node runtime/data-path.fuzz.ts --seconds 600 --seed N`, or `--requests 100000`.
 */
import net, { type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { generationOf, listeningSocket } from '../test/fixtures/data-path.ts'
import { createDataPath } from './data-path.ts'

const RETRY_COST = { budgetPercent: 50, backoffBaseMs: 1, backoffMaxMs: 10 }

export interface FuzzResult {
  readonly seed: number
  /** Tagged ones, that clients set out to send; some are cut off on the way. */
  readonly requests: number
  readonly exchanges: number
  /** Responses of backends that clients read to the end and found right. */
  readonly verified: number
  /** Empty when all held. */
  readonly faults: readonly string[]
}

export async function fuzzDataPath(seed: number, limits: { readonly seconds?: number; readonly requests?: number }): Promise<FuzzResult> {
  const random = randomFrom(seed)
  const faults: string[] = []
  const backend = net.createServer({ allowHalfOpen: true }, (socket) => misbehave(socket, random))
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
  const { port: backendPort } = backend.address() as net.AddressInfo
  let [started, ended, retired, idle] = [0, 0, 0, 0]
  const dataPath = createDataPath({
    gateway: 'edge',
    limits: { headTimeoutMs: 200, bodyIdleTimeoutMs: 200, keepAliveTimeoutMs: 300, writeTimeoutMs: 300 },
    telemetry: {
      requestStarted: () => (started += 1),
      exchangeEnded: () => (ended += 1),
      policyThrew: (_id, error) => faults.push(`a policy threw: ${error}`),
    },
  })
  const newGeneration = (number: number) =>
    generationOf(
      {
        routes: [
          ...['GET /a/{id}', 'POST /a/{id}', { route: 'PUT /a/{id}', request: ['slow'] }, 'GET /t/{id}'],
          ...['GET /r/{id}', 'POST /r/{id}', 'PUT /r/{id}'].map((route) => ({ route, backend: 1 })),
        ],
        backends: [
          {
            port: backendPort,
            responseTimeoutMs: 150,
            idleTimeoutMs: 200,
            maxConnections: 24,
            maxPending: 16,
            pendingTimeoutMs: 100 + (number & 1),
          },
          {
            port: backendPort,
            responseTimeoutMs: 150,
            idleTimeoutMs: 200,
            totalTimeoutMs: 400,
            maxConnections: 12,
            retry: { attempts: 2, on: ['connect', 'reset', 'timeout'], statuses: [413, 503], perTryMs: 60, ...RETRY_COST },
          },
        ],
      },
      { slow: { request: () => new Promise((resolve) => setTimeout(resolve, random(20), undefined)) } },
      number,
    )
  let generation = newGeneration(1)
  dataPath.activate(generation)
  const { fd, port } = await listeningSocket()
  await dataPath.listen(fd, 511)

  const { seconds = Number.POSITIVE_INFINITY, requests = Number.POSITIVE_INFINITY } = limits
  const until = performance.now() + seconds * 1000
  let [nextId, verified] = [0, 0]
  const client = async () => {
    while (performance.now() < until && nextId < requests) {
      const ids = Array.from({ length: 1 + random(6) }, () => `${nextId++}`)
      // Not `+=` around an await: it would take the sum from before.
      const right = random(6) === 0 ? await tunnel(port, ids, random, faults) : await visit(port, ids, random, faults)
      verified += right
      if (random(8) > 0) continue
      const old = generation
      generation = newGeneration(old.number + 1)
      dataPath.activate(generation)
      retired += 1
      old.onIdle(() => {
        idle += 1
        old.bundle.detach()
      })
      old.retire()
    }
  }
  await Promise.all(Array.from({ length: 16 }, client))
  await dataPath.drain(3000)
  backend.close()
  if (started !== ended) faults.push(`${started} exchanges began and ${ended} ended`)
  if (retired !== idle) faults.push(`${retired} generations were retired and ${idle} are idle`)
  if (generation.pins !== 0) faults.push(`${generation.pins} pins are left`)
  if (dataPath.exchangeCount !== 0 || dataPath.connectionCount !== 0) faults.push('exchanges or connections are left')
  return { seed, requests: nextId, exchanges: ended, verified, faults }
}

type Random = (below: number) => number

function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) % below
  }
}

const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n'

/** Answers the first request in each piece that arrives, whatever else is in it, in one of many wrong or right ways. */
function misbehave(socket: Socket, random: Random): void {
  socket.on('error', () => {})
  socket.on('data', (data) => {
    const text = data.toString('latin1')
    const id = /^[A-Z]+ \/[art]\/(\d+) /.exec(text)?.[1]
    // The rest of a body that came in pieces.
    // Or more after it has ended: a reset with a FIN under way would leave a handle behind, and this process could not end.
    if (id === undefined || socket.destroyed || socket.writableEnded) return
    if (/\r\nUpgrade: websocket\r\n/.test(text)) {
      answerUpgrade(socket, id, random)
      return
    }
    const body = `${id} `.repeat(random(600))
    const head = `HTTP/1.1 200 OK\r\nX-Id: ${id}\r\nX-Size: ${body.length}\r\n`
    const whole = `${head}Content-Length: ${body.length}\r\n\r\n${body}`
    const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`
    const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}`
    switch (random(30)) {
      case 0:
        return void socket.resetAndDestroy()
      case 1:
        return void socket.end()
      case 2:
        return void socket.end(whole.slice(0, random(whole.length)))
      case 3:
        return void socket.end(chunked)
      case 4:
        return void socket.write(`HTTP/1.1 413 No\r\nX-Id: ${id}\r\nX-Size: 0\r\nContent-Length: 0\r\n\r\n`)
      case 5:
        return void socket.write(`${whole}HTTP/1.1 200 OK\r\nX-Id: evil\r\nX-Size: 0\r\nContent-Length: 0\r\n\r\n`)
      case 6:
        return void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx')
      case 7:
        return
      case 8: {
        const cut = random(whole.length)
        socket.write(whole.slice(0, cut))
        return void setTimeout(() => socket.destroyed || socket.write(whole.slice(cut)), random(30))
      }
      case 9:
        return void socket.end(`HTTP/1.0 200 OK\r\nX-Id: ${id}\r\nX-Size: ${body.length}\r\n\r\n${body}`)
      case 10:
        return void socket.write(`HTTP/1.1 103 Early Hints\r\n\r\n${whole}`)
      case 12:
        return void socket.write(`HTTP/1.1 503 No\r\nX-Id: ${id}\r\nX-Size: 0\r\nContent-Length: 0\r\n\r\n`)
      case 13:
        return void socket.write(`${SWITCHED}evil`)
      case 11:
        return void socket.write(`${chunked}0\r\n\r\n`)
      default:
        return void socket.write(whole)
    }
  })
}

/** Agrees and says everything back in upper case, or does not. */
function answerUpgrade(socket: Socket, id: string, random: Random): void {
  switch (random(8)) {
    case 0:
      return void socket.write(SWITCHED.replace('websocket', 'h2c'))
    case 1:
      return void socket.write(`HTTP/1.1 200 OK\r\nX-Id: ${id}\r\nX-Size: 0\r\nContent-Length: 0\r\n\r\n`)
    case 2:
      return void socket.resetAndDestroy()
    default: {
      socket.removeAllListeners('data')
      socket.write(`${SWITCHED}hello ${id};`)
      let left = 1 + random(40)
      socket.on('data', (data) => {
        if (!socket.writableEnded) socket.write(data.toString('latin1').toUpperCase())
        left -= 1
        // Once it has ended a reset would find a FIN under way: libuv refuses, Node forgets to close, and this process could not end.
        if (left > 0 || socket.writableEnded) return
        if (random(2) === 0) socket.end()
        else socket.resetAndDestroy()
      })
      socket.on('end', () => socket.end())
    }
  }
}

/** One connection that asks for a tunnel: what comes through it is the backend's greeting to this id and what was sent, in order. */
function tunnel(port: number, [id = '']: readonly string[], random: Random, faults: string[]): Promise<number> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: random(2) === 0 })
    let text = ''
    let sent = ''
    socket.on('error', () => {})
    socket.on('data', (data) => (text += data.toString('latin1')))
    socket.on('close', () => {
      const behind = text.startsWith('HTTP/1.1 101 ') ? text.slice(text.indexOf('\r\n\r\n') + 4) : ''
      if (text.startsWith('HTTP/1.1 101 ') && !/\r\nUpgrade: websocket\r\n/.test(text)) faults.push(`a tunnel to nothing: ${text}`)
      const expected = `hello ${id};${sent.toUpperCase()}`
      if (!expected.startsWith(behind)) faults.push(`the tunnel of ${id} says ${JSON.stringify(behind.slice(0, 80))}`)
      resolve(behind.length > 0 ? 1 : 0)
    })
    const say = (words: string) => {
      sent += words
      socket.write(words, 'latin1')
    }
    const talk = async () => {
      const ask =
        'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n'
      socket.write(`GET /t/${id} HTTP/1.1\r\nHost: h\r\n${ask}\r\n`, 'latin1')
      while (!text.includes('hello') && !socket.destroyed && !socket.readableEnded) await new Promise((resolve) => setTimeout(resolve, 2))
      for (let i = random(30); i > 0 && !socket.destroyed; i--) {
        say(`${id}-${i},`.repeat(1 + random(random(10) === 0 ? 20_000 : 20)))
        if (random(3) === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      if (random(4) === 0) socket.resetAndDestroy()
      else socket.end()
      setTimeout(() => socket.destroy(), random(250))
    }
    void talk()
  })
}

/** One connection: sends a request for each id, in whatever pieces, and checks what comes back. Returns how many were right. */
function visit(port: number, ids: readonly string[], random: Random, faults: string[]): Promise<number> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: random(2) === 0 })
    let text = ''
    let verified = 0
    const isHead: boolean[] = []
    socket.on('error', () => {})
    socket.on('data', (data) => (text += data.toString('latin1')))
    socket.on('close', () => {
      verified = check(text, ids, isHead, faults)
      resolve(verified)
    })
    const send = async () => {
      for (const id of ids) {
        if (socket.destroyed) return
        const method = ['GET', 'POST', 'PUT', 'HEAD', 'DELETE'][random(5)] as string
        isHead.push(method === 'HEAD')
        const message = requestOf(method, id, random)
        const stop = random(12) === 0 ? random(message.length) : message.length
        for (let at = 0; at < stop; ) {
          const size = Math.min(stop - at, random(3) === 0 ? 1 + random(3000) : stop)
          socket.write(message.slice(at, at + size), 'latin1')
          at += size
          if (random(3) === 0) await new Promise((resolve) => setImmediate(resolve))
        }
        if (stop < message.length) break
        await new Promise((resolve) => setTimeout(resolve, random(8)))
      }
      if (random(8) === 0 && !socket.writableEnded) socket.resetAndDestroy()
      else if (random(2) === 0) socket.end()
      setTimeout(() => socket.destroy(), random(250))
    }
    void send()
  })
}

function requestOf(method: string, id: string, random: Random): string {
  const head = `${method} /${random(3) === 0 ? 'r' : 'a'}/${id} HTTP/1.1\r\nHost: h\r\n`
  if (method !== 'POST' && method !== 'PUT') return `${head}\r\n`
  const body = 'z'.repeat(random(4) === 0 ? random(150_000) : random(50))
  const expect = body !== '' && random(8) === 0 ? 'Expect: 100-continue\r\n' : ''
  if (random(2) === 0) return `${head}${expect}Content-Length: ${body.length}\r\n\r\n${body}`
  return `${head}${expect}Transfer-Encoding: chunked\r\n\r\n${body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`
}

/** Reads responses one after the other: each belongs to the request in its place, and what looks whole is whole. */
function check(text: string, ids: readonly string[], isHead: readonly boolean[], faults: string[]): number {
  let at = 0
  let verified = 0
  for (let index = 0; at < text.length; ) {
    const headEnd = text.indexOf('\r\n\r\n', at)
    if (headEnd < 0) return verified
    const head = text.slice(at, headEnd + 2)
    at = headEnd + 4
    const status = Number(head.slice(9, 12))
    if (!head.startsWith('HTTP/1.1 ') || !(status >= 100)) {
      faults.push(`not a response: ${JSON.stringify(head.slice(0, 80))}`)
      return verified
    }
    if (status < 200) continue
    if (index >= ids.length) {
      // Only a request that was cut off in its middle can be followed by one more reply: that it was cut off.
      if (!/\r\nConnection: close\r\n/.test(head)) faults.push(`a response that nobody asked for: ${head}`)
      return verified
    }
    const length = /\r\nContent-Length: (\d+)/.exec(head)?.[1]
    let body = ''
    if (!isHead[index] && /\r\nTransfer-Encoding: chunked/.test(head)) {
      for (;;) {
        const lineEnd = text.indexOf('\r\n', at)
        if (lineEnd < 0) return verified
        const size = Number.parseInt(text.slice(at, lineEnd), 16)
        at = lineEnd + 2 + size + 2
        if (at > text.length) return verified
        if (size === 0) break
        body += text.slice(lineEnd + 2, lineEnd + 2 + size)
      }
    } else if (!isHead[index] && length !== undefined) {
      if (at + Number(length) > text.length) return verified
      body = text.slice(at, at + Number(length))
      at += Number(length)
    }
    const id = /\r\nX-Id: (\w+)/.exec(head)?.[1]
    if (id !== undefined) {
      if (id !== ids[index]) faults.push(`request ${ids[index]} got the response to ${id}`)
      const size = Number(/\r\nX-Size: (\d+)/.exec(head)?.[1])
      if (!isHead[index] && (body.length !== size || body !== `${id} `.repeat(size / (id.length + 1)))) {
        faults.push(`the body of ${id} has ${body.length} of ${size} bytes, or not its own`)
      }
      verified += 1
    }
    index += 1
  }
  return verified
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { seconds: { type: 'string' }, requests: { type: 'string' }, seed: { type: 'string' } } })
  const seed = Number(values.seed ?? Date.now() % 1_000_000)
  console.log(`seed ${seed}`)
  const { requests, seconds = '60' } = values
  const result = await fuzzDataPath(seed, requests === undefined ? { seconds: Number(seconds) } : { requests: Number(requests) })
  console.log(result)
  process.exit(result.faults.length > 0 ? 1 : 0)
}
