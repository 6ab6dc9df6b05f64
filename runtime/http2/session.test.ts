/** A session's own life: deadlines, limits, and how it ends. Time is the test's: one tick of the clock is what it says. */
import net from 'node:net'
import t, { type Test } from 'tap'
import { generationOf, reply } from '../../test/fixtures/data-path.ts'
import { parseClientAddress } from '../client-address.ts'
import { receiveBuffer } from '../data-path-buffers.ts'
import { Deadlines, TICK_MS } from '../data-path-deadlines.ts'
import type { DownstreamContext } from '../downstream/context.ts'
import { DOWNSTREAM_LIMITS, type DownstreamLimits, DRAIN_IDLE_MS } from '../downstream/limits.ts'
import { Router } from '../router.ts'
import { WorkerTraffic } from '../traffic/worker-traffic.ts'
import { block, data, get, headers, RawHttp2Client, request } from './fixtures/frames.ts'
import { MAX_WINDOW, NO_ERROR, PREFACE, PROTOCOL_ERROR, SETTINGS_TIMEOUT } from './frames.ts'
import { GOING_MS, Http2Session, SETTINGS_ACK_MS } from './session.ts'

interface World {
  readonly client: RawHttp2Client
  readonly session: Http2Session
  readonly context: { -readonly [K in keyof DownstreamContext]: DownstreamContext[K] }
  /** Answers that policies wait for, in order of the requests. */
  readonly verdicts: (() => void)[]
  readonly ended: { status: number; errorCode: string }[]
  /** The gateway's end. */
  readonly socket: net.Socket
  pass(ms: number): void
}

/** One session whose requests are answered by a policy when the test says so. */
async function world(t: Test, limits: Partial<DownstreamLimits> = {}, options: { readonly bare?: boolean } = {}): Promise<World> {
  let now = 1_000_000
  const deadlines = new Deadlines(() => now)
  const verdicts: (() => void)[] = []
  const ended: { status: number; errorCode: string }[] = []
  const context: World['context'] = {
    gateway: 'edge',
    limits: { ...DOWNSTREAM_LIMITS, policyTimeoutMs: 1_000_000 },
    deadlines,
    telemetry: { requestStarted() {}, exchangeEnded() {}, policyThrew() {} },
    router: new Router(),
    nowMs: () => now,
    isDraining: false,
    shedding: 0,
    generation: generationOf(
      {
        routes: [
          { route: 'GET /**', request: ['think'] },
          { route: 'POST /**', request: ['think'] },
        ],
      },
      { think: { request: () => new Promise((resolve) => verdicts.push(() => resolve(reply(299, 'done')))) } },
    ),
    traffic: new WorkerTraffic(
      deadlines,
      () => now,
      () => {},
    ),
    backend: () => {
      throw new Error('no request gets so far')
    },
    exchangeEnded: ({ status, errorCode }) => void ended.push({ status, errorCode }),
    connectionClosed: () => {},
  }
  const server = net.createServer({ allowHalfOpen: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as net.AddressInfo
  const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve))
  const client = new RawHttp2Client(t, port, options)
  const socket = await accepted
  t.teardown(() => socket.destroy())
  const peer = parseClientAddress('192.0.2.1')
  if (peer === undefined) throw new Error('no address')
  const session = new Http2Session({ socket, peer, isTls: false, limits: { ...DOWNSTREAM_LIMITS, ...limits } }, context)
  socket.on('data', (bytes: Buffer) => session.onRead(bytes.copy(receiveBuffer)))
  const pass = (ms: number) => {
    for (let left = ms; left > 0; left -= TICK_MS) {
      now += TICK_MS
      deadlines.tick()
    }
  }
  if (options.bare !== true) await client.settled()
  return { client, session, context, verdicts, ended, socket, pass }
}

t.test('a client that does not speak, or not to the end, is waited for only so long', async (t) => {
  const cases: { readonly [what: string]: (world: World) => Promise<void> } = {
    nothing: async () => {},
    'half a preface': async ({ client }) => void client.send(PREFACE.subarray(0, 10)),
    'a preface without settings': async ({ client }) => void client.send(PREFACE),
  }
  for (const [what, begin] of Object.entries(cases)) {
    const its = await world(t, {}, { bare: true })
    await begin(its)
    await new Promise((resolve) => setTimeout(resolve, 20))
    its.pass(DOWNSTREAM_LIMITS.headTimeoutMs)
    t.same(its.client.goaways, [], what)
    its.pass(3 * TICK_MS)
    t.equal(await its.client.ended(), PROTOCOL_ERROR, what)
  }
})

t.test('a frame or a header block that does not end is waited for only so long, however it drips', async (t) => {
  const one = await world(t)
  const whole = headers(1, get('/'))
  for (let i = 0; i < 20; i++) {
    one.client.send(whole.subarray(i, i + 1))
    await new Promise((resolve) => setTimeout(resolve, 2))
    one.pass(DOWNSTREAM_LIMITS.headTimeoutMs / 10)
  }
  t.equal(await one.client.ended(), PROTOCOL_ERROR)
  const two = await world(t)
  two.client.send(headers(1, block(get('/')), { endHeaders: false }))
  await new Promise((resolve) => setTimeout(resolve, 20))
  two.pass(DOWNSTREAM_LIMITS.headTimeoutMs + 3 * TICK_MS)
  t.equal(await two.client.ended(), PROTOCOL_ERROR)
  t.same(two.ended, [])
})

t.test('a body may drip, as long as its own deadline is met', async (t) => {
  const { client, pass, verdicts } = await world(t, { bodyIdleTimeoutMs: 60_000, keepAliveTimeoutMs: 500_000 })
  client.send(headers(1, request('POST', '/'), { endStream: false }))
  const whole = data(1, 'x'.repeat(100))
  for (let i = 0; i < whole.length; i += 10) {
    client.send(whole.subarray(i, i + 10))
    await new Promise((resolve) => setTimeout(resolve, 2))
    pass(DOWNSTREAM_LIMITS.headTimeoutMs / 2)
  }
  await client.settled()
  verdicts[0]?.()
  t.not((await client.answer(1)).status, 0)
  t.same(client.goaways, [])
})

t.test('our settings have to be acknowledged', async (t) => {
  const { client, pass } = await world(t, {}, { bare: true })
  client.send(PREFACE, Buffer.from('000000040000000000', 'hex'))
  await client.settled()
  pass(SETTINGS_ACK_MS + 3 * TICK_MS)
  t.equal(await client.ended(), SETTINGS_TIMEOUT)
})

t.test('an idle session ends after a while, one in use does not', async (t) => {
  const { client, pass, verdicts } = await world(t)
  client.send(headers(1, get('/')))
  await client.settled()
  pass(DOWNSTREAM_LIMITS.keepAliveTimeoutMs + 1000)
  verdicts[0]?.()
  t.equal((await client.answer(1)).status, 299)
  pass(DOWNSTREAM_LIMITS.keepAliveTimeoutMs)
  await client.settled()
  t.same(client.goaways, [])
  // A PING is no request.
  pass(3 * TICK_MS)
  t.equal(await client.ended(), NO_ERROR)
  t.same(client.goaways, [{ lastStreamId: 1, errorCode: NO_ERROR }])
})

t.test('draining: announced, then final, then over when the last stream is', async (t) => {
  const { client, session, verdicts, pass } = await world(t)
  client.send(headers(1, get('/')))
  await client.settled()
  session.drain()
  session.drain()
  await client.until(() => client.goaways.length > 0)
  client.send(headers(3, get('/on-its-way')))
  await client.settled()
  t.same(client.goaways, [{ lastStreamId: MAX_WINDOW, errorCode: NO_ERROR }])
  pass(GOING_MS + 3 * TICK_MS)
  await client.until(() => client.goaways.length > 1)
  t.same(client.goaways[1], { lastStreamId: 3, errorCode: NO_ERROR })
  client.send(headers(5, get('/too-late')), data(5, 'x'))
  await client.settled()
  t.equal(verdicts.length, 2, 'what comes after that is not served')
  for (const decide of verdicts) decide()
  t.equal((await client.answer(1)).status, 299)
  t.equal((await client.answer(3)).status, 299)
  t.equal(await client.ended(), NO_ERROR)
  t.equal(client.answers.get(5), undefined)
})

t.test('draining an idle session leaves time for a request on its way', async (t) => {
  const { client, session, verdicts, pass } = await world(t)
  session.drain()
  await client.until(() => client.goaways.length > 0)
  client.send(headers(1, get('/')))
  await client.settled()
  pass(DRAIN_IDLE_MS + 3 * TICK_MS)
  verdicts[0]?.()
  t.equal((await client.answer(1)).status, 299)
  t.equal(await client.ended(), NO_ERROR)
  t.same(client.goaways.at(-1), { lastStreamId: 1, errorCode: NO_ERROR })
})

t.test('a session gets so many requests, or until it is so old, or until the worker is too busy', async (t) => {
  const count = await world(t, { keepAliveRequests: 2 })
  count.client.send(headers(1, get('/')))
  await count.client.settled()
  t.same(count.client.goaways, [])
  count.client.send(headers(3, get('/')))
  await count.client.until(() => count.client.goaways.length > 0)
  t.equal(count.verdicts.length, 2)

  const age = await world(t, { maxAgeMs: 30_000 })
  age.pass(30_000)
  await age.client.settled()
  t.same(age.client.goaways, [])
  age.pass(3 * TICK_MS)
  await age.client.until(() => age.client.goaways.length > 0)
  t.same(age.client.goaways, [{ lastStreamId: MAX_WINDOW, errorCode: NO_ERROR }])

  const busy = await world(t)
  busy.context.shedding = 1
  busy.client.send(headers(1, get('/')))
  await busy.client.until(() => busy.client.goaways.length > 0)
  busy.verdicts[0]?.()
  t.equal((await busy.client.answer(1)).status, 299)
})

t.test('before there is a generation nothing is served', async (t) => {
  const { client, context } = await world(t)
  context.generation = undefined
  client.send(headers(1, get('/')))
  t.equal((await client.answer(1)).errorCode, 7)
})

t.test('destroyed: exchanges end with the code, and nothing more is read', async (t) => {
  const { client, session, ended, context } = await world(t)
  client.send(headers(1, get('/')), headers(3, get('/')))
  await client.settled()
  session.destroy('gateway-draining')
  t.same(ended, [
    { status: 0, errorCode: 'gateway-draining' },
    { status: 0, errorCode: 'gateway-draining' },
  ])
  session.onRead(10)
  session.destroy('again')
  session.drain()
  await client.ended()
  t.equal(context.deadlines.count, 0)
})

t.test('after our end is closed the client may read in peace, but not send without end', async (t) => {
  const { client, socket, pass } = await world(t)
  client.send(Buffer.from('00000009000000000000', 'hex'))
  t.equal(await client.ended(), PROTOCOL_ERROR)
  client.send(Buffer.alloc(10_000))
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(socket.destroyed, false)
  pass(1000 + 3 * TICK_MS)
  t.equal(socket.destroyed, true)
  const other = await world(t)
  other.client.send(Buffer.from('00000009000000000000', 'hex'))
  await other.client.ended()
  other.client.send(Buffer.alloc(200_000))
  while (!other.socket.destroyed) await new Promise((resolve) => setTimeout(resolve, 5))
})
