/**
 * Mutation fuzzer of HTTP/2 sessions to backends: `node runtime/upstream/http2/session.fuzz.ts --seconds 600 --seed 1`. Streams of frames, right and
 * wrong, mutated and cut anywhere: nothing throws, what comes of the requests does not depend on the cuts, and a response is whole only if a
 * second reader of the same frames finds its end, and the same body.
 */
import assert from 'node:assert'
import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { exchangeOf, GET, memberAt, POST, RecordingOwner, RecordingSink } from '../../../test/fixtures/carriers.ts'
import { block, type Fields, frame, goaway, settings, uint32, windowUpdate } from '../../../test/fixtures/frame-server.ts'
import { receiveBuffer } from '../../data-path-buffers.ts'
import { Deadlines } from '../../data-path-deadlines.ts'
import { Http2Session } from './session.ts'

const HEAD = 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n'
const REQUESTS = [GET, HEAD, POST, GET]
const END_STREAM = 0x1
const PADDED = 0x8

const FIELDS: readonly Fields[] = [
  [[':status', '200']],
  [
    [':status', '200'],
    ['content-length', '5'],
  ],
  [
    [':status', '200'],
    ['content-type', 'application/grpc'],
  ],
  [
    [':status', '103'],
    ['link', '<a>'],
  ],
  [[':status', '100']],
  [[':status', '204']],
  [
    [':status', '304'],
    ['content-length', '5'],
  ],
  [[':status', '101']],
  [['grpc-status', '0']],
  [['x', 'y']],
  [
    [':status', '200'],
    ['connection', 'close'],
  ],
  [
    [':status', '200'],
    ['X', 'y'],
  ],
  [
    [':status', '200'],
    ['x', 'a\r\nb: c'],
  ],
  [],
]

export interface FuzzResult {
  readonly runs: number
  /** Responses that were taken whole. */
  readonly responses: number
  /** Empty when nothing was found. */
  readonly finding: string
}

export function fuzz(seed: number, limits: { readonly runs?: number; readonly seconds?: number }): FuzzResult {
  const random = generator(seed)
  const until = performance.now() + (limits.seconds ?? Number.POSITIVE_INFINITY) * 1000
  let responses = 0
  let runs = 0
  for (; runs < (limits.runs ?? Number.POSITIVE_INFINITY) && performance.now() < until; runs++) {
    const bytes = mutated(framesOf(random), random)
    try {
      const whole = play(bytes, [])
      const cuts = Array.from({ length: random(8) }, () => random(bytes.length + 1)).sort((a, b) => a - b)
      assert.deepStrictEqual(play(bytes, cuts), whole, `cut at ${cuts}`)
      for (const [index, outcome] of whole.entries()) {
        if (!outcome.isComplete) continue
        responses += 1
        assert.deepStrictEqual(outcome.body, bodyOf(bytes, 2 * index + 1), `stream ${2 * index + 1}`)
      }
    } catch (error) {
      return { runs, responses, finding: `${(error as Error).stack}\n${bytes.toString('hex')}` }
    }
  }
  return { runs, responses, finding: '' }
}

interface Outcome {
  readonly isComplete: boolean
  readonly status: number
  readonly body: string
  readonly trailers: readonly string[]
  readonly interim: readonly number[]
  readonly failure: string
}

/** What comes of all requests when a backend sends this. */
function play(bytes: Buffer, cuts: readonly number[]): Outcome[] {
  const owner = new RecordingOwner({ protocol: 'http2' }, new Deadlines(() => 0))
  const socket = {
    destroyed: false,
    on() {},
    destroy() {},
    end() {},
    _write: (_bytes: Buffer, _encoding: string, done: () => void) => done(),
  }
  let isReady = false
  const opener = {
    onSessionReady() {
      isReady = true
    },
    onSessionFailed() {},
  }
  const session = new Http2Session(owner, memberAt(1), socket as unknown as Socket, opener)
  const read = (part: Buffer) => {
    part.copy(receiveBuffer)
    session.onRead(part.length)
  }
  read(settings())
  assert(isReady)
  const sinks = REQUESTS.map((text) => {
    const sink = new RecordingSink()
    const stream = session.take()
    const { exchange, origin } = exchangeOf(text)
    stream.begin(sink, exchange, false, origin, 'edge')
    if (text === POST) stream.flush()
    else stream.endRequest()
    return sink
  })
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    if (cut > from) read(bytes.subarray(from, cut))
    from = cut
  }
  session.destroy()
  owner.deadlines.remove(session)
  return sinks.map((sink) => {
    assert(sink.isOver)
    const { isComplete, status, body, trailers, interim, failure } = sink
    // What is cut short is passed on as it comes: how much that is depends on how it came.
    return { isComplete, status, body: isComplete ? body : '', trailers, interim, failure }
  })
}

/** The body of a stream as another reader finds it; `undefined` where it has no end. */
function bodyOf(bytes: Buffer, streamId: number): string | undefined {
  let body = ''
  let isWithinBlock = false
  let endsWithBlock = false
  for (let at = 0; at + 9 <= bytes.length; ) {
    const size = bytes.readUIntBE(at, 3)
    const [type = 0, flags = 0] = bytes.subarray(at + 3, at + 5)
    const id = bytes.readUInt32BE(at + 5) & 0x7fff_ffff
    const payload = bytes.subarray(at + 9, at + 9 + size)
    at += 9 + size
    if (id !== streamId || payload.length < size) continue
    if (type === 0) {
      const padding = (flags & PADDED) !== 0 ? (payload[0] as number) : 0
      body += payload.toString('latin1', (flags & PADDED) !== 0 ? 1 : 0, size - padding)
      if ((flags & END_STREAM) !== 0) return body
    }
    if (type === 1) endsWithBlock = (flags & END_STREAM) !== 0
    if (type === 1 || type === 9) isWithinBlock = (flags & 0x4) === 0
    if ((type === 1 || type === 9) && !isWithinBlock && endsWithBlock) return body
  }
  return undefined
}

function framesOf(random: (below: number) => number): Buffer {
  const frames: Buffer[] = []
  for (let count = 1 + random(14); count > 0; count--) {
    const id = random(20) === 0 ? random(12) : 1 + 2 * random(REQUESTS.length)
    const fields = block(FIELDS[random(random(2) === 0 ? 3 : FIELDS.length)] as Fields)
    const flags = random(3) === 0 ? END_STREAM : 0
    const at = random(fields.length + 1)
    const text = 'hello'.slice(0, random(3) === 0 ? random(6) : 5)
    const choices: (() => Buffer[])[] = [
      () => [frame(1, 0x4 | flags, id, fields)],
      () => [frame(1, 0x4 | flags, id, fields)],
      () => [frame(1, flags, id, fields.subarray(0, at)), frame(9, 0x4, id, fields.subarray(at))],
      () => [frame(0, flags, id, text)],
      () => [frame(0, flags, id, text)],
      () => [frame(0, END_STREAM, id, text)],
      () => [frame(0, flags | PADDED, id, Buffer.concat([Buffer.from([3]), Buffer.from(`${text}PPP`)]))],
      () => [frame(3, 0, id, uint32(random(14)))],
      () => [windowUpdate(random(2) === 0 ? 0 : id, random(1 << 20))],
      () => [settings([1 + random(6), random(1 << 20)])],
      () => [frame(6, random(2), 0, 'postern!')],
      () => [goaway(random(10), random(3))],
      () => [frame(random(20), random(256), id, text)],
    ]
    frames.push(...(choices[random(choices.length)] as () => Buffer[])())
  }
  return Buffer.concat(frames)
}

function mutated(bytes: Buffer, random: (below: number) => number): Buffer {
  for (let count = random(4) - 1; count > 0 && bytes.length > 0; count--) {
    const at = random(bytes.length)
    const choice = random(4)
    if (choice === 0) bytes[at] = random(256)
    else if (choice === 1) bytes[at] = (bytes[at] as number) ^ (1 << random(8))
    else if (choice === 2) return mutated(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(9))]), random)
    else return bytes.subarray(0, at)
  }
  return bytes
}

/** xorshift32: the same seed gives the same run everywhere. */
function generator(seed: number): (below: number) => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '600' }, seed: { type: 'string' } } })
  const seed = Number(values.seed ?? Date.now() % 1_000_000_000)
  process.stdout.write(`seed ${seed}\n`)
  const { runs, responses, finding } = fuzz(seed, { seconds: Number(values.seconds) })
  process.stdout.write(`${runs} runs, ${responses} responses taken\n${finding}\n`)
  process.exitCode = finding === '' ? 0 : 1
}
