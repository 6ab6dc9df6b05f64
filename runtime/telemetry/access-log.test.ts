import t from 'tap'
import type { ExchangeSummary } from '../data-path.ts'
import type { Generation } from '../generation.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { AccessLog } from './access-log.ts'
import { createRingMemory, LineRing } from './line-ring.ts'

const generation = {
  number: 1,
  bundle: {
    routes: { count: 2, source: () => ({ file: 'apis/"odd".yaml', line: 9, column: 3 }) },
    consumers: { count: 1, name: () => 'acme' },
  },
  routeIdentity: (index: number) => ({ api: 'weather', name: `GET /forecast/{city} ${index}` }),
} as unknown as Generation

const SUMMARY: ExchangeSummary = {
  startedAtMs: Date.UTC(2026, 10, 23, 5, 6, 7, 8) + 0.6,
  durationMs: 1.23456,
  generation,
  routeIndex: 1,
  consumerIndex: 0,
  method: 'GET',
  methodId: 1,
  host: 'api.example.com',
  path: '/weather/forecast/paris',
  status: 200,
  requestBodyBytes: 0,
  responseBodyBytes: 42,
  clientAddress: '192.0.2.7',
  requestId: 'r-1',
  errorCode: '',
  refusedByAttachment: -1,
}

function linesOf(...summaries: Partial<ExchangeSummary>[]): string[] {
  const ring = new LineRing(createRingMemory())
  const log = new AccessLog(ring, () => {})
  for (const summary of summaries) log.add({ ...SUMMARY, ...summary })
  const target = Buffer.alloc(1024 * 1024)
  return target.toString('latin1', 0, ring.read(target)).split('\n').slice(0, -1)
}

t.test('a line has all that is known, in JSON', (t) => {
  const [line] = linesOf({})
  t.strictSame(JSON.parse(line as string), {
    time: '2026-11-23T05:06:07.008Z',
    requestId: 'r-1',
    client: '192.0.2.7',
    method: 'GET',
    host: 'api.example.com',
    path: '/weather/forecast/paris',
    status: 200,
    bytes: 42,
    durationMs: 1.235,
    api: 'weather',
    route: 'GET /forecast/{city} 1',
    consumer: 'acme',
    source: 'apis/"odd".yaml:9',
  })
  t.end()
})

t.test('what is not known is left out', (t) => {
  const nothing = {
    routeIndex: -1,
    consumerIndex: -1,
    method: '',
    host: '',
    path: '',
    status: 400,
    errorCode: 'head-malformed',
    startedAtMs: 999,
  }
  const [line] = linesOf(nothing)
  t.strictSame(Object.keys(JSON.parse(line as string)), ['time', 'requestId', 'client', 'status', 'bytes', 'durationMs', 'error'])
  t.match(JSON.parse(line as string), { time: '1970-01-01T00:00:00.999Z', error: 'head-malformed' })
  t.end()
})

t.test('whatever a client sends, a line is one line and the JSON of what it sent', (t) => {
  const odd = ['"', '\\', '\n\r\t\0', '\x7f', '\x80ÿ', '\u2028', '\ud800', '","status":200,"x":"', '\x1b[31m', 'ü€𝄞']
  for (const text of odd) {
    const lines = linesOf({ path: text, host: text, requestId: text, method: text, errorCode: text })
    t.equal(lines.length, 1)
    t.match(JSON.parse(lines[0] as string), { path: text, host: text, requestId: text, status: 200 })
    t.match(lines[0], /^[\x20-\x7e]+$/)
  }
  const [long] = linesOf({ path: '\n'.repeat(9000), host: '"'.repeat(9000), requestId: '\x01'.repeat(9000) })
  t.match(JSON.parse(long as string).path, /^\n{2048}\.\.\.$/)
  t.end()
})

t.test('host and path from their bytes make the same line', (t) => {
  for (const path of ['/weather/forecast/paris', '/"quoted"', `/${'a'.repeat(3000)}`, '/']) {
    const bytes = Buffer.from(`GET ${path} HTTP/1.1`)
    const host = Buffer.from('api.example.com')
    const head = { host: { bytes: host, size: host.length }, path: bytes, pathStart: 4, pathEnd: 4 + path.length } as unknown as RequestHead
    t.strictSame(linesOf({ path, head }), linesOf({ path }))
  }
  t.end()
})

t.test('a line has the consumer and the error of its own exchange', (t) => {
  const lines = linesOf({}, { consumerIndex: -1 }, { errorCode: 'odd' }, {}).map((line) => JSON.parse(line))
  t.strictSame(
    lines.map(({ consumer, error }) => [consumer, error]),
    [
      ['acme', undefined],
      [undefined, undefined],
      ['acme', 'odd'],
      ['acme', undefined],
    ],
  )
  t.strictSame(new Set(lines.map(({ source }) => source)), new Set(['apis/"odd".yaml:9']))
  t.end()
})

t.test('lines are whole in a ring that has no room for the longest one', (t) => {
  const ring = new LineRing(createRingMemory(4096))
  const log = new AccessLog(ring, () => {})
  const target = Buffer.alloc(4096)
  for (let i = 0; i < 200; i++) {
    log.add({ ...SUMMARY, status: 200 + i })
    t.equal(JSON.parse(target.toString('latin1', 0, ring.read(target))).status, 200 + i)
  }
  t.end()
})

t.test('the next generation has other names for the same indices', (t) => {
  const next = { ...generation, number: 2, routeIdentity: () => ({ api: 'other', name: 'GET /other' }) } as unknown as Generation
  const lines = linesOf({}, { generation: next }, {}).map((line) => JSON.parse(line).api)
  t.strictSame(lines, ['weather', 'other', 'weather'])
  t.end()
})
