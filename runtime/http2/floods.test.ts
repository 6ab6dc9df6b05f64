/** What a client may not do too much of (docs/http2.md), each up to its limit and one beyond it. */
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { generationOf, rawBackend, startDataPath } from '../../test/fixtures/data-path.ts'
import type { DownstreamLimits } from '../downstream/limits.ts'
import {
  continuation,
  data,
  frame,
  get,
  headers,
  ping,
  priority,
  RawHttp2Client,
  request,
  rstStream,
  settings,
  windowUpdate,
} from './fixtures/frames.ts'
import { GLITCHES_BURST, GLITCHES_WARNING, IDLE_FRAMES, PINGS_BURST, RESETS_BURST, SETTINGS_BURST } from './flood-guard.ts'
import { CANCEL, ENHANCE_YOUR_CALM, MAX_WINDOW, NO_ERROR, PING, REFUSED_STREAM, SETTINGS_INITIAL_WINDOW_SIZE } from './frames.ts'

async function gateway(t: Test, serve: (socket: Socket) => void, limits: Partial<DownstreamLimits> = {}) {
  const backend = await rawBackend(t, serve)
  const running = await startDataPath(
    t,
    generationOf({ routes: ['GET /**', 'POST /**'], backends: [{ port: backend.port, maxConnections: 1000 }] }),
    limits,
  )
  return { ...running, backend }
}

const silent = (socket: Socket) => void socket.on('data', () => {})
const answering = (socket: Socket) => void socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
const times = (count: number, make: (index: number) => Buffer) => Buffer.concat(Array.from({ length: count }, (_, index) => make(index)))

t.test('rapid reset (CVE-2023-44487): the session ends, and nothing of it is left at the backend', async (t) => {
  const { port, dataPath, ended } = await gateway(t, silent)
  const client = new RawHttp2Client(t, port)
  const round = (index: number) => Buffer.concat([headers(2 * index + 1, get('/')), rstStream(2 * index + 1, CANCEL)])
  client.send(times(RESETS_BURST, round))
  await client.settled()
  t.same(client.goaways, [], `${RESETS_BURST} at once are fine`)
  client.send(times(RESETS_BURST, (index) => round(index + RESETS_BURST)))
  t.equal(await client.ended(), ENHANCE_YOUR_CALM)
  t.equal(dataPath.exchangeCount, 0)
  t.ok(ended.length < RESETS_BURST * 2, `only ${ended.length} were begun`)
})

t.test('made-you-reset (CVE-2025-8671): mistakes that make us reset streams count, first by a friendly word', async (t) => {
  const causes: { readonly [what: string]: (streamId: number) => Buffer } = {
    'DATA after the end': (id) => data(id, 'x'),
    'an increment of 0': (id) => windowUpdate(id, 0),
    'a window that overflows': (id) => windowUpdate(id, MAX_WINDOW),
    'HEADERS after the end': (id) => headers(id, [['x', 'y']]),
    'a PRIORITY on itself': (id) => priority(id, id),
  }
  for (const [what, cause] of Object.entries(causes)) {
    const { port, dataPath } = await gateway(t, silent)
    const client = new RawHttp2Client(t, port)
    const round = (index: number) => Buffer.concat([headers(2 * index + 3, get('/')), cause(2 * index + 3)])
    // Without a stream in use a session that has been warned would end at once.
    client.send(headers(1, get('/')), times(GLITCHES_WARNING - 1, round))
    await client.settled()
    t.same(client.goaways, [], what)
    // A second gives one back.
    client.send(times(3, (index) => round(GLITCHES_WARNING + index)))
    await client.until(() => client.goaways.length > 0)
    t.same(client.goaways, [{ lastStreamId: MAX_WINDOW, errorCode: NO_ERROR }], `${what}: warned`)
    client.send(times(GLITCHES_BURST, (index) => round(GLITCHES_WARNING + 3 + index)))
    t.equal(await client.ended(), ENHANCE_YOUR_CALM, what)
    t.equal(dataPath.exchangeCount, 0)
  }
})

t.test('what a policy or the parser refuses is no glitch: who sends that may be a proxy for many', async (t) => {
  const { port } = await gateway(t, answering)
  const client = new RawHttp2Client(t, port)
  for (let id = 1; id < 400; id += 2) client.send(headers(id, get('/a%2fb')))
  t.equal((await client.answer(399)).status, 400)
  t.same(client.goaways, [])
})

t.test('frames without content (CVE-2019-9518)', async (t) => {
  const { port } = await gateway(t, silent)
  const client = new RawHttp2Client(t, port).send(headers(1, request('POST', '/'), { endStream: false }))
  client.send(times(GLITCHES_BURST + 1, () => data(1, '', { endStream: false })))
  t.equal(await client.ended(), ENHANCE_YOUR_CALM)
})

t.test('CONTINUATION without end (CVE-2024-27316)', async (t) => {
  const { port, dataPath } = await gateway(t, silent)
  const client = new RawHttp2Client(t, port).send(headers(1, Buffer.alloc(0), { endHeaders: false }))
  client.send(times(100, () => continuation(1, Buffer.alloc(100), false)))
  t.equal(await client.ended(), ENHANCE_YOUR_CALM)
  t.equal(dataPath.exchangeCount, 0)
})

t.test('PING (CVE-2019-9512): so many at once, but those that measure a response are free', async (t) => {
  const { port } = await gateway(t, answering)
  const flooding = new RawHttp2Client(t, port).send(times(PINGS_BURST + 50, () => ping()))
  t.equal(await flooding.ended(), ENHANCE_YOUR_CALM)
  const measuring = new RawHttp2Client(t, port)
  for (let id = 1; id < 2 * (PINGS_BURST + 50); id += 2) {
    measuring.send(headers(id, get('/')))
    await measuring.answer(id)
    measuring.send(ping())
  }
  await measuring.until(() => measuring.frames.filter(({ type }) => type === PING).length === PINGS_BURST + 50)
  t.same(measuring.goaways, [])
})

t.test('SETTINGS (CVE-2019-9515)', async (t) => {
  const { port } = await gateway(t, silent)
  const client = new RawHttp2Client(t, port).send(times(SETTINGS_BURST + 1, () => settings()))
  t.equal(await client.ended(), ENHANCE_YOUR_CALM)
})

t.test('frames that bring nothing on: PRIORITY (CVE-2019-9513), WINDOW_UPDATE, unknown types, RST_STREAM and PING answers', async (t) => {
  const kinds: { readonly [what: string]: Buffer } = {
    PRIORITY: priority(7, 0),
    WINDOW_UPDATE: windowUpdate(0, 1),
    unknown: frame(0x77, 0, 0),
    RST_STREAM: rstStream(1, CANCEL),
    'PING answers': ping('12345678', 1),
    'SETTINGS answers': settings([], 1),
  }
  for (const [what, bytes] of Object.entries(kinds)) {
    const { port } = await gateway(t, answering)
    const client = new RawHttp2Client(t, port).send(headers(1, get('/')))
    await client.answer(1)
    client.send(times(IDLE_FRAMES - 5, () => bytes))
    await client.settled()
    t.same(client.goaways, [], what)
    client.send(headers(3, get('/')))
    t.equal((await client.answer(3)).status, 200, `${what}: a request begins the count anew`)
    client.send(times(IDLE_FRAMES + 5, () => bytes))
    t.equal(await client.ended(), ENHANCE_YOUR_CALM, what)
  }
})

t.test('data dribble (CVE-2019-9511): a window of a byte at a time is no progress', async (t) => {
  const { port } = await gateway(t, (socket) => {
    socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n${'x'.repeat(5000)}`))
  })
  const client = new RawHttp2Client(t, port, { settings: [[SETTINGS_INITIAL_WINDOW_SIZE, 0]], keepWindow: true }).send(headers(1, get('/')))
  await client.until(() => client.answers.get(1)?.status === 200)
  client.send(times(IDLE_FRAMES + 5, () => windowUpdate(1, 1)))
  t.equal(await client.ended(), ENHANCE_YOUR_CALM)
})

t.test('a client that reads nothing is not read either, and is given up', async (t) => {
  const { port, dataPath, ended } = await gateway(
    t,
    (socket) => {
      socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n${'x'.repeat(20_000_000)}`))
    },
    { writeTimeoutMs: 200 },
  )
  const client = new RawHttp2Client(t, port, { settings: [[SETTINGS_INITIAL_WINDOW_SIZE, MAX_WINDOW]] }).send(
    windowUpdate(0, MAX_WINDOW - 65535),
  )
  client.send(headers(1, get('/')))
  await client.until(() => client.answers.get(1)?.status === 200)
  client.socket.pause()
  let asked = 0
  // Each is answered in one frame that no window holds back.
  for (let id = 3; dataPath.connectionCount > 0 && !client.socket.destroyed; id += 2) {
    client.send(headers(id, request('HEAD', '/nobody-has-this-method')))
    asked += 1
    if (client.socket.writableNeedDrain) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  t.same([dataPath.exchangeCount, dataPath.connectionCount], [0, 0])
  t.ok(ended.length < asked, `of ${asked} requests ${ended.length} were read`)
})

t.test('more streams at once than were offered are refused, and count once the client knows', async (t) => {
  const { port } = await gateway(t, silent, { streams: 10 })
  const client = new RawHttp2Client(t, port)
  await client.settled()
  for (let id = 1; id <= 21; id += 2) client.send(headers(id, get('/')))
  t.equal((await client.answer(21)).errorCode, REFUSED_STREAM)
  t.equal(client.answers.get(19)?.errorCode, undefined)
  client.send(rstStream(1, CANCEL), headers(23, get('/')))
  await client.settled()
  t.equal(client.answers.get(23), undefined, 'there is room again')
  client.send(times(GLITCHES_BURST + 1, (index) => headers(25 + 2 * index, get('/'))))
  t.equal(await client.ended(), ENHANCE_YOUR_CALM)
})

t.test('a bomb of indexed fields (HPACK) costs no more than the limit of a head', async (t) => {
  const { port } = await gateway(t, answering)
  const client = new RawHttp2Client(t, port)
  const value = Buffer.alloc(3900, 'v')
  const stored = Buffer.concat([Buffer.from([0x40, 1, 0x78, 0x7f, ((3900 - 127) & 0x7f) | 0x80, (3900 - 127) >> 7]), value])
  client.send(headers(1, Buffer.concat([Buffer.from([0x82, 0x86, 0x84, 0x41, 1, 0x61]), stored])))
  t.equal((await client.answer(1)).status, 200)
  // 16 000 times 3.9 KB by one byte each.
  client.send(headers(3, Buffer.concat([Buffer.from([0x82, 0x86, 0x84, 0xbf]), Buffer.alloc(16_000, 0xbe)])))
  t.equal((await client.answer(3)).status, 431)
  client.send(headers(5, get('/')))
  t.equal((await client.answer(5)).status, 200)
  t.same(client.goaways, [])
})
