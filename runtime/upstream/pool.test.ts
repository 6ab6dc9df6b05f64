import { closeSync } from 'node:fs'
import net from 'node:net'
import t, { type Test } from 'tap'
import { listeningSocket, rawBackend } from '../../test/fixtures/data-path.ts'
import { Deadlines } from '../data-path-deadlines.ts'
import type { UpstreamConnection } from './connection.ts'
import { Pool, type PoolClient, type PoolSettings, Pools } from './pool.ts'

function settings(ports: number[], more: Partial<PoolSettings> = {}): PoolSettings {
  return {
    name: 'b',
    endpoints: ports.map((port) => ({ host: '127.0.0.1', port, authority: `127.0.0.1:${port}`, pathPrefix: '' })),
    sourceAddress: '',
    connectTimeoutMs: 1000,
    responseTimeoutMs: 1000,
    idleTimeoutMs: 1000,
    maxConnections: 2,
    maxPending: 2,
    pendingTimeoutMs: 1000,
    poolIdleMs: 1000,
    ...more,
  }
}

function client(): PoolClient & { ready: Promise<UpstreamConnection>; failed: Promise<string> } {
  const ready = Promise.withResolvers<UpstreamConnection>()
  const failed = Promise.withResolvers<string>()
  return {
    poolTicket: -1,
    onUpstreamReady: ready.resolve,
    onUpstreamUnavailable: failed.resolve,
    ready: ready.promise,
    failed: failed.promise,
  }
}

async function poolOf(t: Test, endpoints: number, more: Partial<PoolSettings> = {}) {
  const backends = await Promise.all(Array.from({ length: endpoints }, () => rawBackend(t, () => {})))
  const pool = new Pool(
    settings(
      backends.map(({ port }) => port),
      more,
    ),
    new Deadlines(),
  )
  t.teardown(() => pool.retire())
  return { pool, backends }
}

t.test('the connection that rested last is used first, and a new one only when none rests', async (t) => {
  const { pool } = await poolOf(t, 1)
  const [a, b] = [client(), client()]
  pool.acquire(a)
  pool.acquire(b)
  const [first, second] = [await a.ready, await b.ready]
  t.not(first, second)
  t.equal(pool.connectionCount, 2)
  pool.release(first)
  pool.release(second)
  t.equal(pool.idleCount, 2)
  const c = client()
  pool.acquire(c)
  t.equal(await c.ready, second)
  pool.release(second)
})

t.test('who waits is served in order, and who has cancelled is not', async (t) => {
  const { pool } = await poolOf(t, 1, { maxConnections: 1 })
  const [a, b, c, d] = [client(), client(), client(), client()]
  pool.acquire(a)
  const connection = await a.ready
  pool.acquire(b)
  pool.acquire(c)
  t.equal(pool.pendingCount, 2)
  pool.acquire(d)
  t.equal(await d.failed, 'pool-exhausted')
  pool.cancel(b)
  pool.release(connection)
  t.equal(await c.ready, connection)
  t.equal(pool.pendingCount, 0)
  pool.release(connection)
})

t.test('a connection that ends makes room for a new one', async (t) => {
  const { pool, backends } = await poolOf(t, 1, { maxConnections: 1 })
  const [a, b] = [client(), client()]
  pool.acquire(a)
  const connection = await a.ready
  pool.acquire(b)
  connection.destroy()
  t.not(await b.ready, connection)
  t.equal(pool.connectionCount, 1)
  t.equal(backends[0]?.connections.length, 2)
  pool.release(await b.ready)
})

t.test('endpoints are taken in turn', async (t) => {
  const { pool, backends } = await poolOf(t, 3, { maxConnections: 9 })
  for (let round = 0; round < 2; round++) {
    const clients = [client(), client(), client()]
    for (const each of clients) pool.acquire(each)
    const connections = await Promise.all(clients.map(({ ready }) => ready))
    t.same(connections.map(({ endpointIndex }) => endpointIndex).sort(), [0, 1, 2])
    for (const connection of connections) pool.release(connection)
  }
  t.equal(pool.connectionCount, 3)
  for (const { connections } of backends) t.equal(connections.length, 1)
})

t.test('a second try gets a connection that nobody has used', async (t) => {
  const { pool } = await poolOf(t, 1, { maxConnections: 1 })
  const [a, b] = [client(), client()]
  pool.acquire(a)
  const used = await a.ready
  pool.release(used)
  pool.acquire(b, true)
  t.not(await b.ready, used)
  t.equal(pool.connectionCount, 1)
  pool.release(await b.ready)
})

t.test('resting connections end after their time, and when the other end closes them', async (t) => {
  const { pool, backends } = await poolOf(t, 1, { poolIdleMs: 50 })
  const a = client()
  pool.acquire(a)
  pool.release(await a.ready)
  const socket = (backends[0] as (typeof backends)[number]).connections[0] as net.Socket
  await new Promise<void>((resolve) => socket.once('end', resolve).resume())
  t.equal(pool.connectionCount, 0)

  const other = await poolOf(t, 1)
  const b = client()
  other.pool.acquire(b)
  const connection = await b.ready
  other.pool.release(connection)
  const server = other.backends[0]?.connections[0] as net.Socket
  server.end()
  await new Promise<void>((resolve) => server.once('end', resolve).resume())
  t.equal(other.pool.idleCount, 0)
})

t.test('a connect that is refused leaves no connection behind', async (t) => {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, resolve))
  const { port } = server.address() as net.AddressInfo
  server.close()
  const refusing = new Pool(settings([port]), new Deadlines())
  const a = client()
  refusing.acquire(a)
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
  const pool = new Pool(settings([port], { connectTimeoutMs: 50 }), new Deadlines())
  const a = client()
  pool.acquire(a)
  t.equal(await a.failed, 'upstream-connect-timeout')
  t.equal(pool.connectionCount, 0)
})

t.test('pools are the same for equal settings, and those that nobody wants let go', async (t) => {
  const pools = new Pools(new Deadlines())
  const backend = await rawBackend(t, () => {})
  const kept = pools.get(settings([backend.port]))
  t.equal(pools.get(settings([backend.port])), kept)
  t.not(pools.get(settings([backend.port], { maxPending: 9 })), kept)
  const a = client()
  kept.acquire(a)
  const connection = await a.ready
  pools.keep((_key, { maxPending }) => maxPending === 9)
  t.equal(kept.connectionCount, 1, 'what is in use is left alone')
  kept.release(connection)
  t.equal(kept.connectionCount, 0)
  t.not(pools.get(settings([backend.port])), kept)
  pools.closeIdle()
})
