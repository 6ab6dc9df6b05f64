/**
 * Mutation fuzzer of the PROXY protocol: `node runtime/downstream/proxy-protocol.fuzz.ts --seconds 600 --seed 1`. For every input: nothing
 * throws, an answer never changes when more bytes come, what is beyond the header does not matter, and a header of version 1 that is taken is
 * exactly what a plain regular expression of the grammar takes.
 */
import { strict as assert } from 'node:assert'
import { isIPv4, isIPv6 } from 'node:net'
import { performance } from 'node:perf_hooks'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { INCOMPLETE, INVALID, ProxyHeader, parseProxyHeader, V1_BYTES, V2_BYTES } from './proxy-protocol.ts'

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const SEEDS: readonly Buffer[] = [
  Buffer.from('PROXY TCP4 192.0.2.7 10.0.0.1 8080 443\r\nGET / HTTP/1.1\r\n'),
  Buffer.from('PROXY TCP6 2001:db8::1 ::1 1 65535\r\n\r\n'),
  Buffer.from('PROXY UNKNOWN something else\r\n'),
  Buffer.concat([SIGNATURE, Buffer.from([0x21, 0x11, 0, 12, 192, 0, 2, 7, 10, 0, 0, 1, 1, 2, 3, 4])]),
  Buffer.concat([SIGNATURE, Buffer.from([0x21, 0x21, 0, 40]), Buffer.alloc(36, 1), Buffer.from([4, 0, 1, 0])]),
  Buffer.concat([SIGNATURE, Buffer.from([0x20, 0x00, 0, 0]), Buffer.from('PROXY')]),
]
const PIECES = [
  'PROXY ',
  'TCP4',
  'TCP6',
  'UNKNOWN',
  ' ',
  '\r\n',
  '\r',
  '\n',
  '0',
  '65535',
  '65536',
  '::1',
  '1.2.3.4',
  '\0',
  '\x21\x11\0\x0c',
  '\xff\xff',
]
const V1 = /^PROXY (?:UNKNOWN(?: [^\r]*)?|TCP4 ([^ \r]+) ([^ \r]+) (\d{1,5}) (\d{1,5})|TCP6 ([^ \r]+) ([^ \r]+) (\d{1,5}) (\d{1,5}))\r\n/

/** Asserts; the message of what is thrown says seed and round. */
export function fuzzProxyProtocol(options: {
  readonly seed: number
  readonly rounds?: number
  readonly seconds?: number
  readonly log: (line: string) => void
}): void {
  const random = generator(options.seed)
  const until = performance.now() + (options.seconds ?? Number.POSITIVE_INFINITY) * 1000
  options.log(`seed ${options.seed}`)
  let taken = 0
  let round = 0
  for (; round < (options.rounds ?? Number.POSITIVE_INFINITY) && performance.now() < until; round++) {
    const bytes = mutated(random)
    try {
      if (checkOne(bytes, random)) taken += 1
    } catch (error) {
      throw new Error(`seed ${options.seed}, round ${round}, ${bytes.toString('hex')}`, { cause: error })
    }
  }
  options.log(`${round} inputs, ${taken} taken`)
  assert(round < 1000 || taken > 0)
}

function checkOne(bytes: Buffer, random: (below: number) => number): boolean {
  const header = new ProxyHeader()
  const whole = parseProxyHeader(bytes, 0, bytes.length, header)
  const client = header.source?.text
  assert(whole === INCOMPLETE || whole === INVALID || (whole > 0 && whole <= bytes.length))
  assert(whole <= (bytes[0] === 0x0d ? V2_BYTES : V1_BYTES))
  const cut = random(bytes.length + 1)
  const part = parseProxyHeader(bytes, 0, cut, header)
  if (part !== INCOMPLETE) assert.equal(part, whole)
  if (whole > 0) {
    if (cut < whole) assert.equal(part, INCOMPLETE)
    // What the connection itself says is none of the header's business.
    const other = Buffer.concat([bytes.subarray(0, whole), Buffer.alloc(random(8), random(256))])
    assert.equal(parseProxyHeader(other, 0, other.length, header), whole)
    assert.equal(header.source?.text, client)
  }
  const shifted = Buffer.concat([Buffer.alloc(3, 0x50), bytes])
  assert.equal(parseProxyHeader(shifted, 3, shifted.length, header), whole > 0 ? whole + 3 : whole)
  if (bytes[0] === 0x50 && whole >= 0) assert.equal(whole > 0, isV1(bytes))
  return whole > 0
}

function isV1(bytes: Buffer): boolean {
  const match = V1.exec(bytes.toString('latin1', 0, V1_BYTES))
  if (match === null) return false
  const [, source4, destination4, port1, port2, source6, destination6, port3, port4] = match
  if (source4 === undefined && source6 === undefined) return true
  const isAddress = source4 === undefined ? isIPv6 : isIPv4
  const addresses = [source4 ?? source6 ?? '', destination4 ?? destination6 ?? '']
  if (!addresses.every((text) => isAddress(text) && !text.includes('%'))) return false
  return [port1 ?? port3 ?? '', port2 ?? port4 ?? ''].every((port) => String(Number(port)) === port && Number(port) <= 0xffff)
}

function mutated(random: (below: number) => number): Buffer {
  let bytes = Buffer.from(SEEDS[random(SEEDS.length)] as Buffer)
  for (let edits = random(4); edits > 0; edits--) {
    const at = random(bytes.length + 1)
    const kind = random(4)
    if (kind === 0 && at < bytes.length) bytes[at] = random(256)
    else if (kind === 1) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(4))])
    else if (kind === 2) {
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(PIECES[random(PIECES.length)] as string, 'latin1'), bytes.subarray(at)])
    } else bytes = Buffer.concat([bytes, Buffer.alloc(random(300), random(256))])
  }
  return bytes
}

/** Mulberry32: small, and the same everywhere. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b_79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } } })
  fuzzProxyProtocol({
    seed: Number(values.seed ?? Date.now() % 1_000_000),
    seconds: Number(values.seconds),
    log: (line) => process.stdout.write(`${line}\n`),
  })
}
