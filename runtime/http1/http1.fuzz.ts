/**
 * Mutation fuzzer of the wire codec: `node runtime/http1/http1.fuzz.ts --seconds 600 --seed 1`, or `--runs 5000000`. Seeds are `corpus/` and the
 * golden cases. For every stream: nothing throws, the answer is the same however the bytes are cut, strict llhttp does not disagree with what was
 * taken, and what would be sent upstream for a request is one message to llhttp as well.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { allCases, bytesOf } from '../../test/fixtures/http1/cases.ts'
import { disagreement } from '../../test/fixtures/http1/dominance.ts'
import { forwardingFault } from '../../test/fixtures/http1/forwarding.ts'
import { type Kind, readingLog, readMessages } from '../../test/fixtures/http1/read-messages.ts'

const CORPUS = new URL('./corpus/', import.meta.url)
const MAX_SEED_BYTES = 2000
const KINDS: readonly Kind[] = ['request', 'response', 'response-to-head', 'response-to-upgrade']
const WORDS = [
  '\r\n',
  '\r\n\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ': ',
  ';',
  '"',
  '0\r\n\r\n',
  '1\r\nx\r\n',
  ' HTTP/1.1\r\n',
  'HTTP/1.0',
  'Host: a\r\n',
  'Content-Length: 3\r\n',
  'Content-Length: 0\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close\r\n',
  'Connection: x-a, ',
  'Expect: 100-continue\r\n',
  '%2e',
  '%2F',
  '%00',
  '/../',
  '//',
  'http://a',
  'OPTIONS * ',
  '\x80',
  '\xff',
  '\x7f',
]

export interface FuzzResult {
  readonly runs: number
  /** Messages that were taken whole. */
  readonly messages: number
  /** Empty when nothing was found. */
  readonly finding: string
}

export function fuzz(seed: number, limits: { readonly runs?: number; readonly seconds?: number }): FuzzResult {
  const seeds = [...corpus(), ...allCases().filter(({ stream }) => stream.length <= MAX_SEED_BYTES)]
  const random = generator(seed)
  const until = limits.seconds === undefined ? Number.POSITIVE_INFINITY : performance.now() + limits.seconds * 1000
  const maxRuns = limits.runs ?? Number.POSITIVE_INFINITY
  let runs = 0
  let messages = 0
  for (; runs < maxRuns && performance.now() < until; runs++) {
    const { kind: own, stream: original } = seeds[random(seeds.length)] as (typeof seeds)[number]
    const kind = random(10) > 0 ? own : (KINDS[random(KINDS.length)] as Kind)
    const other = (seeds[random(seeds.length)] as (typeof seeds)[number]).stream
    const stream = mutate(original, other, random)
    const cuts = Array.from({ length: 1 + random(5) }, () => random(stream.length + 1)).sort((a, b) => a - b)
    const described = () => `run ${runs} of seed ${seed}: ${kind} ${JSON.stringify(stream.toString('latin1'))}`
    try {
      const reading = readMessages(kind, stream)
      messages += reading.messages.filter(({ isComplete }) => isComplete).length
      const whole = readingLog(reading).join('\n')
      const cut = readingLog(readMessages(kind, stream, cuts)).join('\n')
      if (whole !== cut) return { runs, messages, finding: `${described()}\ncut at ${cuts}:\n${cut}\ninstead of\n${whole}` }
      const wrong = kind === 'response-to-upgrade' ? '' : disagreement(kind, stream, reading)
      if (wrong !== '') return { runs, messages, finding: `${described()}\n${wrong}` }
      const missent = kind === 'request' && reading.messages.length > 0 ? forwardingFault(stream) : ''
      if (missent !== '') return { runs, messages, finding: `${described()}\n${missent}` }
    } catch (error) {
      return { runs, messages, finding: `${described()}\n${(error as Error).stack}` }
    }
  }
  return { runs, messages, finding: '' }
}

function corpus(): { readonly kind: Kind; readonly stream: Buffer }[] {
  return readdirSync(CORPUS)
    .sort()
    .map((file) => ({
      kind: file.startsWith('request') ? 'request' : 'response',
      stream: bytesOf(readFileSync(new URL(file, CORPUS), 'utf8').replace(/\n$/, '')),
    }))
}

function mutate(original: Buffer, other: Buffer, random: (below: number) => number): Buffer {
  let bytes = original
  for (let count = random(5); count >= 0; count--) {
    const at = random(bytes.length + 1)
    const size = random(1 + Math.min(40, bytes.length - at))
    const before = bytes.subarray(0, at)
    const part = bytes.subarray(at, at + size)
    const after = bytes.subarray(at + size)
    const word = Buffer.from(WORDS[random(WORDS.length)] as string, 'latin1')
    const otherAt = random(other.length + 1)
    const choices: readonly (readonly Buffer[])[] = [
      [before, Buffer.from([random(256)]), bytes.subarray(at)],
      [before, Buffer.from([random(256)]), bytes.subarray(at + 1)],
      [before, bytes.subarray(at + 1)],
      [before, word, bytes.subarray(at)],
      [before, word, after],
      [before, after],
      [before, part, part, after],
      [before, other.subarray(otherAt)],
      [before, other.subarray(otherAt, otherAt + size), after],
      [bytes, other],
    ]
    bytes = Buffer.concat(choices[random(choices.length)] as readonly Buffer[])
  }
  return bytes.length > 2 * MAX_SEED_BYTES ? bytes.subarray(0, 2 * MAX_SEED_BYTES) : bytes
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
  const { values } = parseArgs({ options: { seconds: { type: 'string' }, runs: { type: 'string' }, seed: { type: 'string' } } })
  const seed = Number(values.seed ?? Date.now() % 1_000_000_000)
  process.stdout.write(`seed ${seed}\n`)
  const { runs, messages, finding } = fuzz(
    seed,
    values.runs === undefined ? { seconds: Number(values.seconds ?? 600) } : { runs: Number(values.runs) },
  )
  process.stdout.write(`${runs} runs, ${messages} messages taken\n${finding}\n`)
  process.exitCode = finding === '' ? 0 : 1
}
