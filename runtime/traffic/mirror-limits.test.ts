import t from 'tap'
import { generationOf } from '../../test/fixtures/data-path.ts'
import { parseClientAddress } from '../client-address.ts'
import { Deadlines, TICK_MS } from '../data-path-deadlines.ts'
import { LiveExchange } from '../exchange.ts'
import type { Generation } from '../generation.ts'
import { parseRequestHead, REQUEST_HEAD_LIMITS, RequestHead } from '../http1/request-head.ts'
import { Origin } from '../upstream/request-writer.ts'
import type { StreamClient, UpstreamBackend } from '../upstream/stream.ts'
import { MIRROR_LIMITS, Mirrors, RouteMirror } from './mirror.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A backend that never gives a stream. */
class Silent {
  readonly asked: StreamClient[] = []
  cancelled = 0
  active = 0
  hashOf() {
    return undefined
  }
  acquire(client: StreamClient) {
    this.asked.push(client)
  }
  cancel() {
    this.cancelled += 1
  }
  requestStarted() {
    this.active += 1
  }
  requestEnded() {
    this.active -= 1
  }
}

function make(fields = '', limits = {}) {
  const clock = { ms: 0 }
  const deadlines = new Deadlines(() => clock.ms)
  const results: string[] = []
  const mirrors = new Mirrors(deadlines, (result) => results.push(result), limits)
  const backend = new Silent()
  const peer = parseClientAddress('127.0.0.1')
  if (peer === undefined) throw new Error('no address')
  const target = { backend: backend as unknown as UpstreamBackend, preserveHost: false, origin: new Origin(peer, 'http'), gateway: 'edge' }
  const generation = generationOf({ routes: ['GET /**', 'POST /**'] })
  const begin = () => new RouteMirror(mirrors, 10_000).begin(exchangeOf(generation, fields), target)
  return { clock, deadlines, mirrors, results, backend, generation, begin }
}

t.test('who does not get a stream in time gives up, and lets go of everything', async (t) => {
  const { clock, deadlines, mirrors, results, backend, generation, begin } = make()
  begin()?.end()
  t.same([generation.pins, mirrors.inFlight, backend.asked.length], [1, 1, 0], 'nothing is sent in the same turn')
  await turn()
  t.same([backend.asked.length, backend.active], [1, 1])
  clock.ms += MIRROR_LIMITS.timeoutMs + 3 * TICK_MS
  deadlines.tick()
  deadlines.tick()
  t.same(results, ['timeout'])
  t.same([generation.pins, mirrors.inFlight, backend.cancelled, backend.active, deadlines.count], [0, 0, 1, 0, 0])
})

t.test('bodies together are bounded, and what ends makes room', async (t) => {
  const { mirrors, results, begin } = make('Content-Length: 60000\r\n', { bytes: 150_000 })
  const data = Buffer.alloc(60_000)
  const first = begin()
  const second = begin()
  const third = begin()
  for (const each of [first, second, third]) each?.data(data, 0, data.length)
  t.same(results, ['dropped'])
  t.ok(mirrors.bytes <= 150_000 && mirrors.bytes >= 120_000, `${mirrors.bytes} bytes`)
  first?.cancel()
  first?.cancel()
  t.same(results, ['dropped', 'incomplete'])
  const fourth = begin()
  fourth?.data(data, 0, data.length)
  t.equal(results.length, 2)
  second?.cancel()
  fourth?.cancel()
  t.same([mirrors.bytes, mirrors.inFlight], [0, 0])
})

t.test('what the dice do not choose, and what is to become a tunnel, is not copied', async (t) => {
  const { mirrors, begin } = make('Connection: upgrade\r\nUpgrade: websocket\r\n')
  t.equal(begin(), undefined)
  const { generation } = make()
  const unlucky = new RouteMirror(mirrors, 5000, () => 0.5)
  t.equal(unlucky.begin(exchangeOf(generation, ''), {} as never), undefined)
  t.equal(mirrors.inFlight, 0)
})

function exchangeOf(generation: Generation, fields: string): LiveExchange {
  const head = new RequestHead()
  const bytes = Buffer.from(`POST /a HTTP/1.1\r\nHost: a\r\n${fields}\r\n`)
  if (parseRequestHead(bytes, 0, bytes.length, head, REQUEST_HEAD_LIMITS) !== bytes.length) throw new Error(head.errorCode)
  const exchange = new LiveExchange(head, () => 0)
  exchange.begin(generation, parseClientAddress('127.0.0.1') as never, 0)
  exchange.matched(0)
  return exchange
}
