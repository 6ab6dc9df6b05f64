import { closeSync } from 'node:fs'
import net from 'node:net'
import t, { type Test } from 'tap'
import { listeningSocket, rawBackend } from '../../test/fixtures/data-path.ts'
import { Deadlines } from '../data-path-deadlines.ts'
import { backendSettings, endpoint } from '../fixtures/backend-settings.ts'
import { Backend } from './backend.ts'
import type { BackendSettings } from './backend-settings.ts'
import { Backends } from './backends.ts'
import type { UpstreamConnection } from './connection.ts'
import { membersOf } from './members.ts'
import { MIN_RETRIES } from './retry-budget.ts'
import type { StreamClient, UpstreamStream } from './stream.ts'

const ANY = { hash: undefined, tried: [], isFresh: false, needsHttp1: false }

function settings(ports: number[], more: Partial<BackendSettings> = {}): BackendSettings {
  const endpoints = ports.map((port) => endpoint({ port }))
  return backendSettings({ endpoints, maxConnections: 2, maxPending: 2, poolIdleMs: 1000, ...more })
}

function client(): StreamClient & { ready: Promise<UpstreamConnection>; failed: Promise<string> } {
  const ready = Promise.withResolvers<UpstreamConnection>()
  const failed = Promise.withResolvers<string>()
  return {
    ticket: -1,
    // A connection is its own stream.
    onUpstreamReady: (stream: UpstreamStream) => ready.resolve(stream as UpstreamConnection),
    onUpstreamUnavailable: failed.resolve,
    ready: ready.promise,
    failed: failed.promise,
  }
}

function backendOf(settings: BackendSettings): Backend {
  return new Backend(settings, new Deadlines(), membersOf(settings.endpoints))
}

async function poolOf(t: Test, endpoints: number, more: Partial<BackendSettings> = {}) {
  const backends = await Promise.all(Array.from({ length: endpoints }, () => rawBackend(t, () => {})))
  const backend = backendOf(
    settings(
      backends.map(({ port }) => port),
      more,
    ),
  )
  t.teardown(() => backend.retire())
  return { backend, backends }
}

t.test('the connection that rested last is used first, and a new one only when none rests', async (t) => {
  const { backend } = await poolOf(t, 1)
  const [a, b] = [client(), client()]
  backend.acquire(a, ANY)
  backend.acquire(b, ANY)
  const [first, second] = [await a.ready, await b.ready]
  t.not(first, second)
  t.equal(backend.connectionCount, 2)
  backend.onCarrierFree(first)
  backend.onCarrierFree(second)
  t.equal(backend.idleCount, 2)
  const c = client()
  backend.acquire(c, ANY)
  t.equal(await c.ready, second)
  backend.onCarrierFree(second)
})

t.test('who waits is served in order, and who has cancelled is not', async (t) => {
  const { backend } = await poolOf(t, 1, { maxConnections: 1 })
  const [a, b, c, d] = [client(), client(), client(), client()]
  backend.acquire(a, ANY)
  const connection = await a.ready
  backend.acquire(b, ANY)
  backend.acquire(c, ANY)
  t.equal(backend.pendingCount, 2)
  backend.acquire(d, ANY)
  t.equal(await d.failed, 'pool-exhausted')
  backend.cancel(b)
  backend.onCarrierFree(connection)
  t.equal(await c.ready, connection)
  t.equal(backend.pendingCount, 0)
  backend.onCarrierFree(connection)
})

t.test('a connection that ends makes room for a new one', async (t) => {
  const { backend, backends } = await poolOf(t, 1, { maxConnections: 1 })
  const [a, b] = [client(), client()]
  backend.acquire(a, ANY)
  const connection = await a.ready
  backend.acquire(b, ANY)
  connection.destroy()
  t.not(await b.ready, connection)
  t.equal(backend.connectionCount, 1)
  t.equal(backends[0]?.connections.length, 2)
  backend.onCarrierFree(await b.ready)
})

t.test('endpoints are taken in turn', async (t) => {
  const { backend, backends } = await poolOf(t, 3, { maxConnections: 9 })
  for (let round = 0; round < 2; round++) {
    const clients = [client(), client(), client()]
    for (const each of clients) backend.acquire(each, ANY)
    const connections = await Promise.all(clients.map(({ ready }) => ready))
    t.same(connections.map(({ member }) => member.endpointIndex).sort(), [0, 1, 2])
    for (const connection of connections) backend.onCarrierFree(connection)
  }
  t.equal(backend.connectionCount, 3)
  for (const { connections } of backends) t.equal(connections.length, 1)
})

t.test('a second try gets a connection that nobody has used', async (t) => {
  const { backend } = await poolOf(t, 1, { maxConnections: 1 })
  const [a, b] = [client(), client()]
  backend.acquire(a, ANY)
  const used = await a.ready
  backend.onCarrierFree(used)
  backend.acquire(b, { ...ANY, isFresh: true })
  t.not(await b.ready, used)
  t.equal(backend.connectionCount, 1)
  backend.onCarrierFree(await b.ready)
})

t.test('resting connections end after their time, and when the other end closes them', async (t) => {
  const { backend, backends } = await poolOf(t, 1, { poolIdleMs: 50 })
  const a = client()
  backend.acquire(a, ANY)
  backend.onCarrierFree(await a.ready)
  const socket = (backends[0] as (typeof backends)[number]).connections[0] as net.Socket
  await new Promise<void>((resolve) => socket.once('end', resolve).resume())
  t.equal(backend.connectionCount, 0)

  const other = await poolOf(t, 1)
  const b = client()
  other.backend.acquire(b, ANY)
  const connection = await b.ready
  other.backend.onCarrierFree(connection)
  const server = other.backends[0]?.connections[0] as net.Socket
  server.end()
  await new Promise<void>((resolve) => server.once('end', resolve).resume())
  t.equal(other.backend.idleCount, 0)
})

t.test('a connect that is refused leaves no connection behind', async (t) => {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, resolve))
  const { port } = server.address() as net.AddressInfo
  server.close()
  const refusing = backendOf(settings([port]))
  const a = client()
  refusing.acquire(a, ANY)
  t.equal(await a.failed, 'upstream-connect-failed')
  t.equal(refusing.connectionCount, 0)
})

t.test('a connect that does not come to an end is given up', async (t) => {
  const { fd, port } = await listeningSocket(1)
  // Nobody accepts: the kernel's queue takes two, and whoever comes then gets no answer at all.
  const queued = Array.from({ length: 4 }, () => net.connect(port, '127.0.0.1').on('error', () => {}))
  t.teardown(() => {
    for (const socket of queued) socket.destroy()
    closeSync(fd)
  })
  await Promise.all(queued.slice(0, 2).map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
  const backend = backendOf(settings([port], { connectTimeoutMs: 50 }))
  const a = client()
  backend.acquire(a, ANY)
  t.equal(await a.failed, 'upstream-connect-timeout')
  t.equal(backend.connectionCount, 0)
})

t.test('backends are the same for equal settings, and those that nobody wants let go', async (t) => {
  const pools = new Backends(new Deadlines())
  const get = (settings: BackendSettings) => pools.get(settings, membersOf(settings.endpoints))
  const backend = await rawBackend(t, () => {})
  const kept = get(settings([backend.port]))
  t.equal(get(settings([backend.port])), kept)
  t.not(get(settings([backend.port], { maxPending: 9 })), kept)
  const a = client()
  kept.acquire(a, ANY)
  const connection = await a.ready
  pools.keep((_key, { maxPending }) => maxPending === 9)
  t.equal(kept.connectionCount, 1, 'what is in use is left alone')
  kept.onCarrierFree(connection)
  t.equal(kept.connectionCount, 0)
  t.not(get(settings([backend.port])), kept)
  pools.closeIdle()
})

t.test('who has cancelled while a connection was opened for it gets none, and the next one does', async (t) => {
  const { backend } = await poolOf(t, 1, { maxConnections: 1 })
  const [a, b] = [client(), client()]
  backend.acquire(a, ANY)
  backend.acquire(b, ANY)
  backend.cancel(a)
  const connection = await b.ready
  t.equal(backend.connectionCount, 1)
  backend.onCarrierFree(connection)
  t.equal(await Promise.race([a.ready, 'nothing']), 'nothing')
})

t.test('retries are a share of the requests under way, and a few are always allowed', async (t) => {
  const { backend } = await poolOf(t, 1)
  for (let i = 0; i < MIN_RETRIES; i++) t.equal(backend.mayRetry(20), true)
  t.equal(backend.mayRetry(20), false)
  for (let i = 0; i < 50; i++) backend.requestStarted()
  for (let i = MIN_RETRIES; i < 10; i++) t.equal(backend.mayRetry(20), true)
  t.equal(backend.mayRetry(20), false, '20 % of 50')
  backend.retryEnded()
  t.equal(backend.mayRetry(20), true)
})
