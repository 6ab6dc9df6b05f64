import type net from 'node:net'
import t, { type Test } from 'tap'
import {
  exchangeOf,
  exchangeOn,
  failsToOpen,
  GET,
  memberAt,
  openTo,
  POST,
  type RecordingOwner,
  RecordingSink,
  send,
} from '../../../test/fixtures/carriers.ts'
import { rawBackend } from '../../../test/fixtures/data-path.ts'
import {
  block,
  data,
  END_STREAM,
  type FrameConnection,
  frame,
  frameServer,
  goaway,
  headers,
  OK,
  reset,
  settings,
  uint32,
  windowUpdate,
} from '../../../test/fixtures/frame-server.ts'
import type { BackendSettings } from '../backend-settings.ts'
import type { Carrier } from '../carrier.ts'
import { MAX_STREAMS, PING_AFTER_MS, PING_TIMEOUT_MS, SESSION_CREDIT, STREAM_CREDIT, STREAM_WINDOW } from './limits.ts'

const MAX_CONCURRENT_STREAMS = 3
const INITIAL_WINDOW_SIZE = 4
const MAX_FRAME_SIZE = 5

async function connect(t: Test, first: Buffer = settings(), changes: Partial<BackendSettings> = {}) {
  const server = await frameServer(t, first)
  let now = 0
  const { carrier, owner } = await openTo(t, memberAt(server.port), { protocol: 'http2', ...changes }, () => now)
  const pass = (ms: number) => {
    now += ms
    // A clock that jumps is forgiven once.
    owner.deadlines.tick()
    owner.deadlines.tick()
  }
  return { carrier, owner, peer: await server.connection(), pass }
}

async function works(carrier: Carrier, peer: FrameConnection): Promise<boolean> {
  const done = exchangeOn(carrier)
  const id = await peer.request(peer.requests.size + 1)
  peer.write(headers(id, OK, END_STREAM))
  return (await done).isComplete
}

/** Frames of 16 000 bytes, none of which is the last of its block. */
const cut = (type: number, id: number, bytes: Buffer) =>
  Array.from({ length: Math.ceil(bytes.length / 16_000) }, (_, i) => frame(type, 0, id, bytes.subarray(i * 16_000, (i + 1) * 16_000)))
const manyFields = (size: number) => {
  const field = block([['x-field', 'v'.repeat(90)]])
  return Buffer.concat(Array.from({ length: Math.ceil(size / field.length) }, () => field))
}

const goawayCode = (peer: FrameConnection) => peer.of(7)[0]?.payload.readUInt32BE(4)
const sentBytes = (peer: FrameConnection, id: number) => peer.of(0, id).reduce((sum, { payload }) => sum + payload.length, 0)
const closed = (owner: RecordingOwner) => owner.until(() => owner.closed.length === 1)
const tick = () => new Promise((resolve) => setImmediate(resolve))

t.test('a session is open when the other end has shown that it speaks HTTP/2', async (t) => {
  const speaks = async (serve: (socket: net.Socket) => void, changes: Partial<BackendSettings> = {}) => {
    const { port } = await rawBackend(t, serve)
    return (await failsToOpen(memberAt(port), { protocol: 'http2', connectTimeoutMs: 10_000, ...changes })).failure
  }
  t.equal(await speaks((socket) => socket.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')), 'upstream-protocol-mismatch')
  t.equal(await speaks((socket) => socket.write(data(1, 'x'))), 'upstream-protocol-mismatch')
  t.equal(await speaks((socket) => socket.write(goaway(0, 0))), 'upstream-protocol-mismatch')
  t.equal(await speaks(() => {}, { connectTimeoutMs: 50 }), 'upstream-protocol-mismatch', 'one that says nothing')
  t.equal(await speaks((socket) => socket.resetAndDestroy()), 'upstream-connect-failed')
  const { carrier, owner } = await connect(t)
  t.equal(carrier.protocol, 'http2')
  t.equal(owner.failed.length, 0)
})

t.test('there is room for as many requests as both ends allow, and the owner hears when it grows', async (t) => {
  const { carrier, owner, peer } = await connect(t, settings([MAX_CONCURRENT_STREAMS, 3]))
  t.equal(carrier.capacity, 3)
  const sent = [send(carrier, GET), send(carrier, GET), send(carrier, GET)]
  t.equal(carrier.capacity, 0)
  t.equal(carrier.active, 3)
  const free = owner.freeCount
  peer.write(settings([MAX_CONCURRENT_STREAMS, 5]))
  await owner.until(() => owner.freeCount > free)
  t.equal(carrier.capacity, 2)
  peer.write(settings([MAX_CONCURRENT_STREAMS, 1]))
  await peer.until((peer) => peer.of(4).filter(({ flags }) => flags === 1).length === 3)
  t.equal(carrier.capacity, 0)
  const id = await peer.request(3)
  peer.write(headers(id, OK, END_STREAM))
  await sent[2]?.sink.until(() => sent[2]?.sink.isOver === true)
  t.equal(carrier.capacity, 0, 'two are still more than one')
  peer.write(settings([MAX_CONCURRENT_STREAMS, 0xffff_ffff]))
  await owner.until(() => carrier.capacity > 0)
  t.equal(carrier.capacity, MAX_STREAMS - 2)
})

t.test('a thousand requests, a hundred at a time, answered in any order and cut anywhere, each get their own answer', async (t) => {
  const { carrier, peer } = await connect(t)
  for (let round = 0; round < 10; round++) {
    const sent = Array.from({ length: MAX_STREAMS }, (_, i) => send(carrier, `GET /${round}-${i} HTTP/1.1\r\nHost: a\r\n\r\n`))
    await peer.request((round + 1) * MAX_STREAMS)
    const ids = [...peer.requests.keys()].slice(round * MAX_STREAMS)
    const path = (id: number) => peer.requests.get(id)?.find(([name]) => name === ':path')?.[1] ?? ''
    const shuffled = ids.toSorted((a, b) => ((a * 7919) % 101) - ((b * 7919) % 101))
    const parts = [
      ...shuffled.map((id) => headers(id, [...OK, ['x-path', path(id)]])),
      ...ids.map((id) => data(id, `${path(id)} `)),
      ...shuffled.map((id) => data(id, path(id), END_STREAM)),
    ]
    const bytes = Buffer.concat(parts)
    for (let at = 0; at < bytes.length; at += 997) peer.socket.write(bytes.subarray(at, at + 997))
    for (const [i, { sink }] of sent.entries()) {
      await sink.until(() => sink.isOver)
      if (sink.body !== `/${round}-${i} /${round}-${i}` || sink.fields['x-path'] !== `/${round}-${i}`) t.fail(`${i} got ${sink.body}`)
    }
  }
  t.equal(carrier.active, 0)
  t.equal(carrier.capacity, MAX_STREAMS)
})

t.test('what one stream has put together for its client is sent before another one is told anything', async (t) => {
  const { carrier, peer } = await connect(t)
  const order: string[] = []
  class Ordered extends RecordingSink {
    readonly #name: string
    constructor(name: string) {
      super()
      this.#name = name
    }
    override onResponseData(bytes: Buffer, start: number, end: number): void {
      order.push(`${this.#name} data`)
      super.onResponseData(bytes, start, end)
    }
    override onReadEnd(): void {
      order.push(`${this.#name} sends`)
      super.onReadEnd()
    }
  }
  const sinks = ['a', 'b'].map((name) => new Ordered(name))
  for (const sink of sinks) {
    const { stream } = send(carrier, GET)
    stream.abandon(false)
    const real = carrier.take()
    const { exchange, origin } = exchangeOf(GET)
    real.begin(sink, exchange, false, origin, 'edge')
    real.endRequest()
  }
  await peer.request(4)
  const [, a = 0, , b = 0] = [...peer.requests.keys()]
  peer.write(headers(a, OK), headers(b, OK), data(a, '1'), data(b, '1'), data(a, '2'), data(a, '3'), data(b, '2'))
  await sinks[1]?.until(() => sinks[1]?.body === '12')
  await tick()
  const told = order.join(', ')
  t.match(told, /a data, a sends, b data, b sends, a data, a data, a sends, b data, b sends$/)
})

t.test('GOAWAY: requests above its last stream were not seen, the others go on, and then it is over', async (t) => {
  const { carrier, owner, peer } = await connect(t)
  const [first, second, third] = [send(carrier, GET), send(carrier, POST, null), send(carrier, GET)]
  await peer.request(3)
  peer.write(goaway(0x7fff_ffff, 0))
  while (carrier.capacity > 0) await tick()
  t.notOk(first.sink.isOver || second.sink.isOver || third.sink.isOver, 'a warning costs nobody anything')
  peer.write(goaway(1, 0))
  await third.sink.until(() => third.sink.isOver)
  t.match(second.sink, { failure: 'upstream-closed', fate: 'unseen' })
  t.match(third.sink, { failure: 'upstream-closed', fate: 'unseen' })
  t.notOk(first.sink.isOver)
  t.equal(owner.closed.length, 0)
  peer.write(goaway(0x7fff_ffff, 0), headers(1, OK), data(1, 'done', END_STREAM))
  await first.sink.until(() => first.sink.isOver)
  t.match(first.sink, { isComplete: true, body: 'done' })
  await closed(owner)
  await peer.ended()
  t.same(owner.memberFailures, [], 'nothing of this is a failure')
})

t.test('GOAWAY on a session that rests ends it', async (t) => {
  const { carrier, owner, peer } = await connect(t)
  t.ok(await works(carrier, peer))
  peer.write(goaway(1, 0))
  await closed(owner)
  t.equal(carrier.capacity, 0)
})

t.test('a body is sent as far as windows allow, and the sender waits for the rest', async (t) => {
  const { carrier, peer } = await connect(t, settings([INITIAL_WINDOW_SIZE, 10]))
  const { stream, sink } = send(carrier, POST, null)
  const id = await peer.request()
  const body = Buffer.from('0123456789abcdefghij-the-rest')
  stream.writeData(body, 0, body.length)
  t.notOk(stream.flush())
  await peer.until((peer) => sentBytes(peer, id) === 10)
  peer.write(windowUpdate(id, 5))
  await peer.until((peer) => sentBytes(peer, id) === 15)
  t.equal(sink.drainCount, 0)
  // Smaller by 12: nothing until that is made up for.
  peer.write(settings([INITIAL_WINDOW_SIZE, 0]), windowUpdate(id, 10))
  peer.write(windowUpdate(id, 3))
  await peer.until((peer) => sentBytes(peer, id) === 18)
  peer.write(windowUpdate(id, 1000))
  await sink.until(() => sink.drainCount === 1)
  stream.writeData(body, 0, 3)
  stream.endRequest()
  await peer.until((peer) => sentBytes(peer, id) === body.length + 3)
  t.equal(
    peer
      .of(0, id)
      .map(({ payload }) => payload.toString())
      .join(''),
    `${body}012`,
  )
  t.equal(peer.of(0, id).at(-1)?.flags, END_STREAM)
  peer.write(headers(id, OK, END_STREAM))
  await sink.until(() => sink.isOver)
  t.ok(sink.isComplete)
  t.equal(sink.drainCount, 1)
})

t.test('a request that waits for a window ends when it gets one', async (t) => {
  const { carrier, peer } = await connect(t, settings([INITIAL_WINDOW_SIZE, 2]))
  const { sink } = send(carrier, POST, 'hello')
  const id = await peer.request()
  await peer.until((peer) => sentBytes(peer, id) === 2)
  peer.write(settings([INITIAL_WINDOW_SIZE, 100]))
  await peer.until((peer) => peer.of(0, id).at(-1)?.flags === END_STREAM)
  t.equal(sentBytes(peer, id), 5)
  peer.write(headers(id, OK, END_STREAM))
  await sink.until(() => sink.isOver)
  t.ok(sink.isComplete)
})

t.test('the window of the session is shared: what waits for it goes out in turns when it opens', async (t) => {
  const { carrier, peer } = await connect(t, settings([INITIAL_WINDOW_SIZE, 1_000_000]))
  const size = 60_000
  const [a, b] = [send(carrier, POST, 'a'.repeat(size)), send(carrier, POST, 'b'.repeat(size))]
  const second = await peer.request(2)
  await peer.until((peer) => sentBytes(peer, 1) + sentBytes(peer, second) === 65_535)
  t.equal(sentBytes(peer, 1), size)
  peer.write(windowUpdate(0, 1_000_000))
  await peer.until((peer) => sentBytes(peer, second) === size)
  t.ok(
    peer.of(0).every(({ payload }) => payload.length <= 16_384),
    'no frame is longer than the smallest limit',
  )
  peer.write(headers(1, OK, END_STREAM), headers(second, OK, END_STREAM))
  await a.sink.until(() => a.sink.isOver && b.sink.isOver)
  t.ok(a.sink.isComplete && b.sink.isComplete)
})

t.test('a stream whose client does not read gets no more than its window, and does not hold up any other', async (t) => {
  const { carrier, peer } = await connect(t)
  const { stream, sink } = send(carrier, GET)
  const id = await peer.request()
  peer.write(headers(id, OK))
  await sink.until(() => sink.status === 200)
  stream.pause()
  const chunk = Buffer.alloc(16_000, 'x')
  for (let sent = 0; sent < STREAM_WINDOW - 16_000; sent += 16_000) peer.write(data(id, chunk))
  await sink.until(() => sink.body.length === 64_000)
  for (let i = 0; i < 3; i++) t.ok(await works(carrier, peer))
  t.equal(peer.of(8, id).length, 0, 'no credit while it is paused')
  stream.resume()
  await peer.until((peer) => peer.of(8, id).length === 1)
  t.equal(peer.of(8, id)[0]?.payload.readUInt32BE(0), 64_000)
  stream.pause()
  peer.write(data(id, chunk), data(id, chunk), data(id, chunk), data(id, chunk), data(id, chunk))
  await sink.until(() => sink.isOver)
  t.match(sink, { isComplete: false, failure: 'upstream-response-invalid' }, 'more than its window is its own fault')
  await peer.until((peer) => peer.of(3, id)[0]?.payload.readUInt32BE(0) === 3)
  t.ok(await works(carrier, peer))
})

t.test('windows are topped up as bodies are taken, padding included, and not where the body fits anyway', async (t) => {
  const { carrier, peer } = await connect(t)
  const { sink } = send(carrier, GET)
  const id = await peer.request()
  peer.write(headers(id, OK))
  let sent = 0
  const credit = (streamId: number) => peer.of(8, streamId).reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0)
  while (sent < 2 * SESSION_CREDIT) {
    peer.write(frame(0, 0x8, id, Buffer.concat([Buffer.from([100]), Buffer.alloc(9000, 'x'), Buffer.alloc(100)])))
    sent += 9101
    await peer.until(() => credit(id) >= sent - STREAM_CREDIT - 9101)
  }
  await peer.until(() => credit(0) >= 2 * SESSION_CREDIT)
  t.ok(credit(id) <= sent)
  t.ok(peer.of(8, id).length < sent / STREAM_CREDIT + 1, 'not for every frame')
  peer.write(data(id, '', END_STREAM))
  await sink.until(() => sink.isOver)
  const short = send(carrier, GET)
  const next = await peer.request(2)
  peer.write(
    headers(next, [...OK, ['content-length', '60000']]),
    ...Array.from({ length: 6 }, () => data(next, Buffer.alloc(10_000))),
    data(next, '', END_STREAM),
  )
  await short.sink.until(() => short.sink.isOver)
  t.ok(await works(carrier, peer))
  t.equal(peer.of(8, next).length, 0)
})

t.test('what breaks the rules of the connection ends it, and everybody on it is told', async (t) => {
  const broken: { readonly [name: string]: [bytes: (id: number) => Buffer[], code: number] } = {
    'a frame that is too long': [() => [frame(0, 0, 1, Buffer.alloc(16_385))], 6],
    'data on stream 0': [() => [data(0, 'x')], 1],
    'a head on stream 0': [() => [headers(0, OK)], 1],
    'a stream that nobody has opened': [() => [headers(99, OK)], 1],
    'data on a stream that nobody has opened': [() => [data(99, 'x')], 1],
    'a stream of the server’s own': [() => [headers(2, OK)], 1],
    'a reset of a stream that nobody has opened': [() => [reset(99, 8)], 1],
    'a reset of the wrong size': [(id) => [frame(3, 0, id, 'abc')], 6],
    'a push': [(id) => [frame(5, 4, id, Buffer.concat([uint32(2), block(OK)]))], 1],
    'a setting that allows pushes': [() => [settings([2, 1])], 1],
    'a window that is too large': [() => [settings([INITIAL_WINDOW_SIZE, 0x8000_0000])], 3],
    'a frame size that is too small': [() => [settings([MAX_FRAME_SIZE, 100])], 1],
    'settings of a wrong size': [() => [frame(4, 0, 0, 'abc')], 6],
    'settings on a stream': [(id) => [frame(4, 0, id)], 1],
    'an acknowledgement with settings in it': [() => [frame(4, 1, 0, Buffer.alloc(6))], 6],
    'a ping of a wrong size': [() => [frame(6, 0, 0, 'abc')], 6],
    'a ping on a stream': [(id) => [frame(6, 0, id, Buffer.alloc(8))], 1],
    'a session window of more than 2^31-1': [() => [windowUpdate(0, 0x7fff_ffff)], 3],
    'a session window that grows by nothing': [() => [windowUpdate(0, 0)], 1],
    'a head within another one': [(id) => [frame(1, 0, id, block(OK)), data(id, 'x')], 1],
    'a continuation of nothing': [(id) => [frame(9, 4, id)], 1],
    'padding that is longer than the frame': [(id) => [headers(id, OK), frame(0, 8, id, '\x05abc')], 1],
    'a head that cannot be decoded': [(id) => [frame(1, 4, id, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))], 9],
    'a field of more than 32 KiB': [
      (id) => [frame(1, 0, id, block([...OK, ['x', 'y'.repeat(40_000)]]).subarray(0, 16_000)), ...cut(9, id, Buffer.alloc(40_000, 'y'))],
      11,
    ],
    'a block of more than 2 MiB': [(id) => [frame(1, 0, id, block(OK)), ...cut(9, id, manyFields(2_200_000))], 11],
    'a flood of empty continuations': [(id) => [frame(1, 0, id, block(OK)), ...Array.from({ length: 600 }, () => frame(9, 0, id))], 11],
  }
  for (const [name, [bytes, code]] of Object.entries(broken)) {
    const { carrier, owner, peer } = await connect(t)
    const { sink } = send(carrier, GET)
    const id = await peer.request()
    peer.write(...bytes(id))
    await sink.until(() => sink.isOver)
    t.match(sink, { isComplete: false, failure: 'upstream-response-invalid', fate: 'maybe-processed' }, name)
    t.equal(owner.closed.length, 1)
    await peer.until((peer) => goawayCode(peer) !== undefined).catch(() => {})
    t.equal(goawayCode(peer), code, `${name}: says why`)
  }
})

t.test('a head of 1 MiB costs its own request only, and what it has left in the table holds for the next', async (t) => {
  const { carrier, owner, peer } = await connect(t)
  const other = send(carrier, GET)
  await peer.request()
  const { sink } = send(carrier, GET)
  const id = await peer.request(2)
  // The last field goes into the table, for the next head to refer to.
  const kept = Buffer.concat([Buffer.from([0x40, 6]), Buffer.from('x-kept'), Buffer.from([5]), Buffer.from('value')])
  const frames = cut(9, id, Buffer.concat([manyFields(1_048_576), kept]))
  peer.write(frame(1, END_STREAM, id, block(OK)), ...frames, frame(9, 4, id))
  await sink.until(() => sink.isOver)
  t.match(sink, { status: 0, failure: 'upstream-response-invalid' })
  peer.write(frame(1, 4 | END_STREAM, 1, Buffer.concat([block(OK), Buffer.from([0x80 | 62])])))
  await other.sink.until(() => other.sink.isOver)
  t.match(other.sink, { isComplete: true, fields: { 'x-kept': 'value' } })
  t.equal(owner.closed.length, 0)
})

t.test('floods of frames that bring nothing end the session', async (t) => {
  const floods: { readonly [name: string]: (id: number) => Buffer } = {
    pings: () => frame(6, 0, 0, Buffer.alloc(8)),
    settings: () => settings(),
    'empty data': (id) => data(id, ''),
    'frames nobody knows': () => frame(77, 0, 0, 'x'),
    priorities: (id) => frame(2, 0, id, Buffer.alloc(5)),
    'resets of a stream that is over': () => reset(1, 8),
  }
  for (const [name, one] of Object.entries(floods)) {
    const { carrier, owner, peer } = await connect(t)
    t.ok(await works(carrier, peer))
    const { sink } = send(carrier, GET)
    const id = await peer.request(2)
    peer.write(headers(id, OK), ...Array.from({ length: 400 }, () => one(id)))
    await sink.until(() => sink.status === 200)
    await tick()
    t.notOk(sink.isOver, `${name}: some are borne`)
    peer.write(...Array.from({ length: 400 }, () => one(id)))
    await sink.until(() => sink.isOver)
    t.match(sink, { failure: 'upstream-response-invalid' }, name)
    t.equal(owner.closed.length, 1)
  }
})

t.test('pings are answered, and what nobody knows is passed over', async (t) => {
  const { carrier, peer } = await connect(t)
  peer.write(frame(6, 0, 0, 'abcdefgh'), frame(200, 0xff, 0, 'what is this'), frame(2, 0, 1, Buffer.alloc(5)))
  await peer.until((peer) => peer.of(6).length === 1)
  t.match(peer.of(6)[0], { flags: 1, payload: Buffer.from('abcdefgh') })
  t.ok(await works(carrier, peer))
})

t.test('pings that measure how fast data comes are free', async (t) => {
  const { carrier, owner, peer } = await connect(t, settings([INITIAL_WINDOW_SIZE, 1_000_000]))
  const { stream } = send(carrier, POST, null)
  const id = await peer.request()
  for (let i = 1; i <= 1000; i++) {
    stream.writeData(Buffer.from('x'), 0, 1)
    stream.flush()
    await peer.until((peer) => sentBytes(peer, id) === i)
    peer.write(frame(6, 0, 0, Buffer.alloc(8)))
    await peer.until((peer) => peer.of(6).length === i)
  }
  t.equal(owner.closed.length, 0)
})

t.test('a session that is silent is asked for a sign of life, and given up without one', async (t) => {
  const { carrier, owner, peer, pass } = await connect(t, settings(), { responseTimeoutMs: 1e9 })
  const { sink } = send(carrier, GET)
  await peer.request()
  pass(PING_AFTER_MS + 100)
  await peer.until((peer) => peer.of(6).length === 1)
  peer.write(frame(6, 1, 0, peer.of(6)[0]?.payload), settings())
  await peer.until((peer) => peer.of(4).filter(({ flags }) => flags === 1).length === 2)
  pass(PING_TIMEOUT_MS + 100)
  t.notOk(sink.isOver, 'it is there')
  pass(PING_AFTER_MS + 100)
  await peer.until((peer) => peer.of(6).length === 2)
  pass(PING_TIMEOUT_MS + 100)
  t.match(sink, { failure: 'upstream-closed', fate: 'maybe-processed' })
  await closed(owner)
})

t.test('a request that gets no answer ends alone; others wait until the session has shown that it lives', async (t) => {
  const { carrier, owner, peer, pass } = await connect(t, settings(), { responseTimeoutMs: 5000 })
  const { sink } = send(carrier, GET)
  const id = await peer.request()
  pass(5200)
  t.match(sink, { failure: 'upstream-response-timeout', fate: 'maybe-processed' })
  t.same(owner.memberFailures, ['upstream-response-timeout'])
  t.equal(carrier.capacity, 0)
  await peer.until((peer) => peer.of(3, id).length === 1 && peer.of(6).length === 1)
  peer.write(frame(6, 1, 0, peer.of(6)[0]?.payload))
  await owner.until(() => carrier.capacity > 0)
  t.ok(await works(carrier, peer))
})

t.test('silence within a body is the end of it', async (t) => {
  const { carrier, peer, pass } = await connect(t, settings(), { idleTimeoutMs: 3000 })
  const { sink, stream } = send(carrier, GET)
  const id = await peer.request()
  peer.write(headers(id, OK), data(id, 'a'))
  await sink.until(() => sink.body === 'a')
  stream.pause()
  pass(4000)
  t.notOk(sink.isOver, 'it is the client who does not read')
  stream.resume()
  pass(2000)
  peer.write(data(id, 'b'))
  await sink.until(() => sink.body === 'ab')
  pass(2000)
  t.notOk(sink.isOver)
  pass(2000)
  t.match(sink, { isComplete: false, failure: 'upstream-idle-timeout' })
})

t.test('a session that nobody uses is closed after its time, politely', async (t) => {
  const { carrier, owner, peer, pass } = await connect(t, settings(), { poolIdleMs: 2000 })
  t.ok(await works(carrier, peer))
  pass(1000)
  t.equal(owner.closed.length, 0)
  pass(2000)
  t.equal(owner.closed.length, 1)
  await peer.ended()
  t.equal(goawayCode(peer), 0)
})

t.test('draining lets requests end', async (t) => {
  const { carrier, owner, peer } = await connect(t)
  const { sink } = send(carrier, GET)
  const id = await peer.request()
  carrier.drain()
  t.equal(carrier.capacity, 0)
  t.equal(owner.closed.length, 0)
  peer.write(headers(id, OK), data(id, 'x', END_STREAM))
  await sink.until(() => sink.isOver)
  t.ok(sink.isComplete)
  await closed(owner)
  await peer.ended()
})

t.test('a connection that turns out to be stale says so, once it has served somebody', async (t) => {
  const fresh = await connect(t)
  const first = send(fresh.carrier, GET)
  await fresh.peer.request()
  fresh.peer.socket.destroy()
  await first.sink.until(() => first.sink.isOver)
  t.match(first.sink, { failure: 'upstream-closed', fate: 'maybe-processed' })

  const { carrier, owner, peer } = await connect(t)
  t.ok(await works(carrier, peer))
  const second = send(carrier, GET)
  await peer.request(2)
  peer.socket.destroy()
  await second.sink.until(() => second.sink.isOver)
  t.match(second.sink, { failure: 'upstream-closed', fate: 'maybe-stale' })
  t.same(owner.memberFailures, [], 'and nobody is blamed')
})

t.test('all requests on a connection that is destroyed are told before its owner', async (t) => {
  const { carrier, owner } = await connect(t)
  const sent = [send(carrier, GET), send(carrier, POST, null)]
  carrier.destroy()
  for (const { sink } of sent) t.equal(sink.failure, 'upstream-closed')
  t.equal(owner.closed.length, 1)
  t.equal(carrier.active, 0)
})

t.test('a backend that does not read makes the sender wait', async (t) => {
  let sockets: net.Socket[] = []
  const { port } = await rawBackend(t, (socket) => {
    sockets = [...sockets, socket]
    socket.pause()
    socket.write(settings([INITIAL_WINDOW_SIZE, 0x7fff_ffff]))
    socket.write(windowUpdate(0, 0x7ff0_0000))
  })
  const { carrier, owner } = await openTo(t, memberAt(port), { protocol: 'http2' })
  const { stream, sink } = send(carrier, POST, null)
  const body = Buffer.alloc(64 * 1024)
  let written = 0
  do {
    stream.writeData(body, 0, body.length)
    written += body.length
  } while (stream.flush())
  t.ok(written < 16 * 1024 * 1024, 'the sender is told to wait')
  t.equal(sink.drainCount, 0)
  sockets[0]?.resume()
  await sink.until(() => sink.drainCount === 1)
  t.equal(owner.closed.length, 0)
})
