/**
 * Clients that leave, backends that fail, and swaps, around a data path with cache, single flight, compression, split and mirror all at once. What
 * must hold: a response is whole or visibly cut, and of the key and the variant that was asked for; what is private is nobody else's; nobody waits
 * for ever; and when all have gone nothing is left: no flight, no encoder, no mirrored request, no byte of a budget, no pin.
 * `node runtime/traffic/traffic.fuzz.ts --seconds 600 --seed N`.
 */
import { createServer, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { generationOf, listeningSocket } from '../../test/fixtures/data-path.ts'
import { createDataPath } from '../data-path.ts'
import type { Generation } from '../generation.ts'
import type { WorkerTraffic } from './worker-traffic.ts'

export interface TrafficFuzzResult {
  readonly seed: number
  readonly answers: number
  readonly hits: number
  /** Empty when all held. */
  readonly faults: readonly string[]
}

const KEYS = 12
const DECODE: { readonly [encoding: string]: (bytes: Buffer) => Buffer } = {
  br: brotliDecompressSync,
  gzip: gunzipSync,
  zstd: zstdDecompressSync,
}
const RETRY = { attempts: 1, on: ['reset'], statuses: [503], perTryMs: 0, budgetPercent: 100, backoffBaseMs: 1, backoffMaxMs: 5 } as const

export async function fuzzTraffic(seed: number, seconds: number): Promise<TrafficFuzzResult> {
  const random = randomFrom(seed)
  const faults: string[] = []
  const backend = createServer((request, response) => {
    request.resume()
    answer(String(request.url), request.headers, response, random)
  })
  backend.on('clientError', (_error, socket) => socket.destroy())
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
  const { port: backendPort } = backend.address() as AddressInfo
  let [started, ended, retired, idle] = [0, 0, 0, 0]
  const dataPath = createDataPath({
    gateway: 'edge',
    limits: { writeTimeoutMs: 500 },
    telemetry: {
      requestStarted: () => (started += 1),
      exchangeEnded: () => (ended += 1),
      policyThrew: (_id, error) => faults.push(`a policy threw: ${error}`),
    },
  })
  const traffic = (dataPath as unknown as { readonly traffic: WorkerTraffic }).traffic
  let generation = generationFor(1, backendPort)
  dataPath.activate(generation)
  const { fd, port } = await listeningSocket()
  await dataPath.listen(fd, 511)

  const until = performance.now() + seconds * 1000
  let [answers, hits] = [0, 0]
  const client = async () => {
    while (performance.now() < until) {
      const result = await ask(port, random, faults)
      if (result !== undefined) answers += 1
      if (result === 'hit') hits += 1
      if (random(400) > 0) continue
      const old = generation
      generation = generationFor(old.number + 1, backendPort)
      dataPath.activate(generation)
      retired += 1
      old.onIdle(() => {
        idle += 1
        old.bundle.detach()
      })
      old.retire()
    }
  }
  await Promise.all(Array.from({ length: 32 }, client))
  // What the backend never answers, and mirrored requests, have a time to end in.
  for (let i = 0; i < 400 && (dataPath.exchangeCount > 0 || traffic.mirrors.inFlight > 0 || traffic.encoders.streams > 0); i++) {
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  await dataPath.drain(1000)
  backend.closeAllConnections()
  backend.close()
  const { cache, encoders, mirrors } = traffic
  const left = {
    flights: cache.flights.count,
    waiting: cache.flights.waiting,
    filling: cache.budget.bytes,
    encoders: encoders.streams,
    mirrors: mirrors.inFlight,
    mirrored: mirrors.bytes,
    exchanges: started - ended,
    generations: retired - idle,
    pins: generation.pins,
  }
  for (const [name, count] of Object.entries(left)) if (count !== 0) faults.push(`${count} ${name} are left`)
  return { seed, answers, hits, faults }
}

function generationFor(number: number, port: number): Generation {
  const backend = { port, responseTimeoutMs: 200, idleTimeoutMs: 200, maxConnections: 40, maxPending: 20, pendingTimeoutMs: 200 }
  return generationOf(
    {
      routes: [
        { route: 'GET /p/{key}', trafficIndex: 0 },
        { route: 'PUT /p/{key}', trafficIndex: 1 },
      ],
      backends: [backend, { ...backend, maxConnections: 41 }],
      traffics: [
        {
          split: [
            { backendIndex: 0, weight: 3 },
            { backendIndex: 1, weight: 1 },
          ],
          sticky: { by: 'cookie', name: 'part' },
          mirror: { backendIndex: 1, share: 3000 },
          retry: RETRY,
          cache: { ttlMs: 50, staleIfErrorMs: 100, vary: ['cookie'], maxObjectBytes: 64 * 1024 },
          compress: { encodings: ['zstd', 'br', 'gzip'], minBytes: 100, types: ['text/*'] },
        },
        { split: [], mirror: { backendIndex: 1, share: 5000 } },
      ],
    },
    {},
    number,
  )
}

type Random = (below: number) => number

function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) % below
  }
}

const CONTROLS = [
  'max-age=60',
  'max-age=0',
  'max-age=0, stale-if-error=1',
  'no-store',
  'no-cache',
  'max-age=60, must-revalidate',
  '',
  'private',
]

/** The body says for what, for which variant and, where it is private, for whom it is; its pattern shows a cut. */
function answer(url: string, headers: { readonly [name: string]: unknown }, response: ServerResponse, random: Random): void {
  const key = url.slice(3)
  const kind = random(40)
  if (kind === 0) return void response.destroy()
  if (kind === 1) return
  if (kind === 2) return void response.writeHead(503).end('busy')
  if (kind === 3) return void response.writeHead(500).end('broken')
  // Each key has its own rules, which change now and then.
  const control = CONTROLS[random(5) === 0 ? random(CONTROLS.length) : Number(key) % CONTROLS.length] as string
  const variant = String(headers['x-v'] ?? '')
  const who = control === 'private' ? String(headers['x-who']) : 'all'
  const etag = `"${key}-${variant}"`
  const fields: Record<string, string> = { 'content-type': 'text/plain', vary: 'X-V', etag }
  if (control !== '') fields['cache-control'] = control
  if (control !== 'private' && headers['if-none-match'] === etag && random(3) > 0) return void response.writeHead(304, fields).end()
  const body = `<${key} ${variant} ${who}>`.repeat(random(random(10) === 0 ? 9000 : 300))
  fields['x-size'] = String(body.length)
  if (random(2) === 0) fields['content-length'] = String(body.length)
  response.writeHead(200, fields)
  const cut = random(body.length + 1)
  if (kind === 4) return void response.write(body.slice(0, cut), () => response.destroy())
  if (kind < 12) {
    response.write(body.slice(0, cut))
    return void setTimeout(() => response.end(body.slice(cut)), random(20))
  }
  response.end(body)
}

/** One request. `undefined`: no whole answer, which is right if the backend gave none. */
function ask(port: number, random: Random, faults: string[]): Promise<string | undefined> {
  const [key, variant, who] = [String(random(KEYS)), String(random(2)), String(random(5))]
  const headers: Record<string, string> = { 'x-v': variant, 'x-who': who }
  const encodings = ['', 'gzip', 'br', 'zstd', 'gzip, br'][random(5)] as string
  if (encodings !== '') headers['accept-encoding'] = encodings
  if (random(6) === 0) headers['if-none-match'] = `W/"${key}-${variant}"`
  const method = random(20) === 0 ? 'PUT' : random(20) === 0 ? 'HEAD' : 'GET'
  const name = `${method} ${key} ${variant}`
  return new Promise((resolve) => {
    const sent = request({ host: '127.0.0.1', port, path: `/p/${key}`, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', () => resolve(undefined))
      response.on('end', () => {
        const { statusCode = 0, headers } = response
        const isHit = String(headers['cache-status']).includes('; hit')
        if (statusCode === 304 && method === 'GET') {
          if (!('if-none-match' in sent.getHeaders())) faults.push(`${name}: a 304 that nobody asked for`)
        } else if (statusCode === 200 && method === 'GET') check(name, key, variant, who, headers, Buffer.concat(chunks), faults)
        else if (statusCode === 200 && chunks.length > 0 && method === 'HEAD') faults.push(`${name}: a body`)
        resolve(isHit ? 'hit' : 'answer')
      })
    })
    sent.on('error', () => resolve(undefined))
    // Longer than everything together may take: responses, waiting for another one, retries.
    sent.setTimeout(15_000, () => {
      faults.push(`${name}: no answer`)
      sent.destroy()
    })
    if (random(15) === 0) setTimeout(() => sent.socket?.resetAndDestroy(), random(15))
    sent.end(method === 'PUT' ? 'x'.repeat(random(2) === 0 ? random(1000) : random(100_000)) : undefined)
  })
}

function check(
  name: string,
  key: string,
  variant: string,
  who: string,
  headers: { readonly [name: string]: unknown },
  bytes: Buffer,
  faults: string[],
): void {
  const encoding = headers['content-encoding']
  let text: string
  try {
    text = (encoding === undefined ? bytes : (DECODE[String(encoding)] as (bytes: Buffer) => Buffer)(bytes)).toString()
  } catch (error) {
    faults.push(`${name}: cannot be read as ${encoding}: ${error}`)
    return
  }
  if (String(text.length) !== headers['x-size']) faults.push(`${name}: ${text.length} bytes of ${headers['x-size']}`)
  const first = text.slice(0, text.indexOf('>') + 1)
  const mine = [`<${key} ${variant} all>`, `<${key} ${variant} ${who}>`]
  if (text !== '' && !mine.includes(first)) faults.push(`${name}: got ${first}, ${headers['cache-status']}`)
  if (text !== first.repeat(text.length / Math.max(1, first.length))) faults.push(`${name}: not what the backend sent`)
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: 'string' }, seed: { type: 'string' } } })
  const result = await fuzzTraffic(Number(values.seed ?? Date.now() % 1_000_000), Number(values.seconds ?? 10))
  console.log(result)
  process.exitCode = result.faults.length === 0 ? 0 : 1
}
