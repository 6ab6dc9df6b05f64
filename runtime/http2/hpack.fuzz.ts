/**
 * HPACK against nghttp2 (Node's HTTP/2 server): blocks of every kind, sound and mutated, on connections that last. What it takes we take, with the
 * same fields, and the other way round. `node runtime/http2/hpack.fuzz.ts --seconds 600 --seed 1`.
 */
import { once } from 'node:events'
import http2 from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { type Field, frame, headers, ping, settings } from './fixtures/frames.ts'
import { type Random, RandomEncoder, randomFrom } from './fixtures/hpack-encoder.ts'
import { ACK, COMPRESSION_ERROR, GOAWAY, PING, PREFACE, SETTINGS } from './frames.ts'
import { HpackDecoder } from './hpack-decoder.ts'

export interface HpackFuzzResult {
  readonly blocks: number
  /** Blocks that both took. */
  readonly taken: number
  /** Of these, the ones that made a request whose fields could be compared. */
  readonly compared: number
  /** Empty when nothing was found. */
  readonly finding: string
}

const NAMES = ['accept', 'x', 'x-long-name-that-is-not-in-any-table', 'user-agent', 'etag', 'cache-control', 'via', 'x-1', 'x-2', 'referer']
const VALUES = [
  '',
  'a',
  'gzip, deflate',
  'no-cache',
  '0',
  'Mozilla/5.0 (X11; Linux x86_64)',
  '~!@#$%^&*()_+|{}',
  'x'.repeat(200),
  '\xe9\xff\x80',
]

export async function fuzzHpack(seed: number, limits: { readonly blocks?: number; readonly seconds?: number }): Promise<HpackFuzzResult> {
  const random = randomFrom(seed)
  const reference = await startReference()
  const until = performance.now() + (limits.seconds ?? 3600) * 1000
  let [blocks, taken, compared, finding] = [0, 0, 0, '']
  while (finding === '' && blocks < (limits.blocks ?? Number.POSITIVE_INFINITY) && performance.now() < until) {
    const connection = await reference.connect()
    const decoder = new HpackDecoder()
    const encoder = new RandomEncoder(random)
    for (let length = 1 + random(30); length > 0; length--) {
      const fields = someFields(random)
      const whole = encoder.block(fields)
      const isMutated = random(6) === 0
      const block = isMutated ? mutate(whole, random) : whole
      const ours = decode(decoder, block)
      const theirs = await connection.take(block)
      blocks += 1
      if ((ours === undefined) !== theirs.isRefused)
        finding = `${block.toString('hex')}: ${ours === undefined ? 'we' : 'nghttp2'} alone refused it`
      else if (ours !== undefined && theirs.fields !== undefined && !isSame(ours, theirs.fields)) {
        finding = `${block.toString('hex')}: ${JSON.stringify(ours)} against ${JSON.stringify(theirs.fields)}`
      } else if (!isMutated && JSON.stringify(ours) !== JSON.stringify(fields))
        finding = `${block.toString('hex')} is not ${JSON.stringify(fields)}`
      if (ours === undefined || finding !== '') break
      taken += 1
      if (theirs.fields !== undefined) compared += 1
      // What comes after a mutated block depends on a table that the encoder knows nothing of.
      if (isMutated) break
    }
    connection.end()
  }
  reference.end()
  return { blocks, taken, compared, finding }
}

function someFields(random: Random): Field[] {
  const pseudo: Field[] = [
    [':method', random(2) === 0 ? 'GET' : 'PATCH'],
    [':scheme', 'http'],
    [':authority', `${'a'.repeat(1 + random(20))}.example`],
    [':path', random(2) === 0 ? '/' : `/${random(1000)}`],
  ]
  const rest = Array.from(
    { length: random(8) },
    (): Field => [NAMES[random(NAMES.length)] as string, VALUES[random(VALUES.length)] as string],
  )
  return [...pseudo, ...rest]
}

function mutate(block: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(block)
  for (let i = 1 + random(3); i > 0; i--) {
    const at = random(bytes.length)
    switch (random(4)) {
      case 0:
        bytes[at] = random(256)
        break
      case 1:
        bytes[at] = (bytes[at] as number) ^ (1 << random(8))
        break
      case 2:
        return bytes.subarray(0, at)
      default:
        return Buffer.concat([bytes.subarray(0, at), Buffer.from([random(256), 0xff, 0x80]).subarray(0, 1 + random(3)), bytes.subarray(at)])
    }
  }
  return bytes
}

function decode(decoder: HpackDecoder, block: Buffer): Field[] | undefined {
  const fields: Field[] = []
  const isValid = decoder.decode(block, 0, block.length, {
    field(_kind, bytes, start, nameSize, valueSize) {
      const valueStart = start + nameSize + 2
      fields.push([bytes.toString('latin1', start, start + nameSize), bytes.toString('latin1', valueStart, valueStart + valueSize)])
    },
  })
  return isValid ? fields : undefined
}

/** Node leaves out fields that it does not like, which is its affair. */
function isSame(ours: readonly Field[], theirs: readonly Field[]): boolean {
  let at = 0
  for (const [name, value] of theirs) {
    while (at < ours.length && (ours[at]?.[0] !== name || ours[at]?.[1] !== value)) at += 1
    if (at === ours.length) return false
    at += 1
  }
  return true
}

/** nghttp2 at the other end of raw connections. */
async function startReference() {
  const server = http2.createServer({ maxHeaderListPairs: 1000, maxSessionInvalidFrames: 1e9, strictFieldWhitespaceValidation: false })
  server.on('sessionError', () => {})
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const connect = async () => {
    const opened = once(server, 'session')
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
    socket.on('error', () => {})
    let fields: Field[] | undefined
    let wake = () => {}
    let [isRefused, isAnswered, isClosed] = [false, false, false]
    let rest: Buffer = Buffer.alloc(0)
    socket.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes])
      for (; rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3); rest = rest.subarray(9 + rest.readUIntBE(0, 3))) {
        if (rest[3] === GOAWAY && rest.readUInt32BE(13) === COMPRESSION_ERROR) isRefused = true
        if (rest[3] === PING && rest[4] === ACK) isAnswered = true
        if (rest[3] === SETTINGS && rest[4] === 0) socket.write(frame(SETTINGS, ACK, 0))
      }
      wake()
    })
    socket.on('close', () => {
      isClosed = true
      wake()
    })
    socket.write(Buffer.concat([PREFACE, settings()]))
    const [session] = (await opened) as [http2.ServerHttp2Session]
    session.on('error', () => {})
    session.on('stream', (stream, _head, _flags, raw) => {
      const list = raw as unknown as string[]
      fields = Array.from({ length: list.length / 2 }, (_, i): Field => [list[2 * i] as string, list[2 * i + 1] as string])
      stream.on('error', () => {})
      stream.close()
    })
    let id = 1
    return {
      async take(block: Buffer) {
        fields = undefined
        isAnswered = false
        socket.write(Buffer.concat([headers(id, block), ping()]))
        id += 2
        while (!isAnswered && !isClosed && !isRefused) await new Promise<void>((resolve) => (wake = resolve))
        return { isRefused, fields }
      },
      end: () => socket.destroy(),
    }
  }
  return { connect, end: () => server.close() }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '600' }, seed: { type: 'string' } } })
  const seed = Number(values.seed ?? Date.now() % 1_000_000_000)
  process.stdout.write(`seed ${seed}\n`)
  const { blocks, taken, compared, finding } = await fuzzHpack(seed, { seconds: Number(values.seconds) })
  process.stdout.write(`${blocks} blocks, ${taken} of them taken, ${compared} compared\n${finding}\n`)
  process.exitCode = finding === '' ? 0 : 1
}
