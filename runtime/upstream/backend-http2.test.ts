import { createSecureServer, createServer, type Http2SecureServer, type Http2Server } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import t, { type Test } from 'tap'
import { createAuthority, createCertificate } from '../../test/fixtures/certificates.ts'
import { Deadlines } from '../data-path-deadlines.ts'
import { backendSettings, endpoint } from '../fixtures/backend-settings.ts'
import { Backend } from './backend.ts'
import type { BackendSettings } from './backend-settings.ts'
import type { UpstreamFailure } from './failure.ts'
import { membersOf } from './members.ts'
import type { Attempt, StreamClient, UpstreamStream } from './stream.ts'

const ANY: Attempt = { hash: undefined, tried: [], isFresh: false, needsHttp1: false }
const authority = createAuthority()
const certificate = createCertificate(authority, 'localhost', { names: ['localhost', '127.0.0.1'] })
const TLS = { ca: authority.cert, serverName: 'localhost', verify: true, cert: undefined, key: undefined }

async function listen(t: Test, server: Server | Http2Server | Http2SecureServer): Promise<{ port: number; connections: () => number }> {
  let connections = 0
  server.on('connection', (socket) => {
    connections += 1
    t.teardown(() => socket.destroy())
  })
  server.on('sessionError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  t.teardown(() => server.close())
  return { port: (server.address() as AddressInfo).port, connections: () => connections }
}

function made(t: Test, port: number, more: Partial<BackendSettings> = {}, isTls = false): Backend {
  const settings = backendSettings({ endpoints: [endpoint({ port, isTls })], protocol: 'http2', tls: TLS, ...more })
  const backend = new Backend(settings, new Deadlines(), membersOf(settings.endpoints))
  t.teardown(() => backend.retire())
  return backend
}

function ask(backend: Backend, attempt: Partial<Attempt> = {}): Promise<UpstreamStream> {
  return new Promise((resolve, reject) => {
    const client: StreamClient = {
      ticket: -1,
      onUpstreamReady: resolve,
      onUpstreamUnavailable: (failure: UpstreamFailure) => reject(new Error(failure)),
    }
    backend.acquire(client, { ...ANY, ...attempt })
  })
}

t.test('many requests share one connection, those that come while it is being opened too', async (t) => {
  const { port, connections } = await listen(t, createServer())
  const backend = made(t, port)
  const streams = await Promise.all(Array.from({ length: 50 }, () => ask(backend)))
  t.equal(backend.connectionCount, 1)
  t.equal(backend.members[0]?.active, 50)
  streams.push(await ask(backend))
  t.equal(connections(), 1)
  for (const stream of streams) stream.abandon(false)
  t.equal(backend.members[0]?.active, 0)
})

t.test('another connection is opened when one has all the streams that its peer allows', async (t) => {
  const { port, connections } = await listen(t, createServer({ settings: { maxConcurrentStreams: 10 } }))
  const backend = made(t, port)
  const streams = await Promise.all(Array.from({ length: 35 }, () => ask(backend)))
  t.equal(connections(), 4)
  for (const stream of streams) stream.abandon(false)
})

t.test('with all connections full, requests wait for a stream', async (t) => {
  const { port, connections } = await listen(t, createServer({ settings: { maxConcurrentStreams: 2 } }))
  const backend = made(t, port, { maxConnections: 1 })
  const [one, two] = [await ask(backend), await ask(backend)] as [UpstreamStream, UpstreamStream]
  const waiting = ask(backend)
  t.equal(backend.pendingCount, 1)
  one.abandon(false)
  const third = await waiting
  t.equal(backend.pendingCount, 0)
  t.equal(connections(), 1)
  two.abandon(false)
  third.abandon(false)
})

t.test('what ALPN chooses is found out with one connection, before others are opened', async (t) => {
  const h2 = await listen(t, createSecureServer({ cert: certificate.cert, key: certificate.key }))
  const shared = made(t, h2.port, { protocol: 'auto' }, true)
  const streams = await Promise.all(Array.from({ length: 20 }, () => ask(shared)))
  t.equal(h2.connections(), 1)
  for (const stream of streams) stream.abandon(false)

  const http1 = await listen(t, createHttpsServer({ cert: certificate.cert, key: certificate.key }))
  const single = made(t, http1.port, { protocol: 'auto', maxConnections: 5, maxPending: 100 }, true)
  const asked = Array.from({ length: 20 }, () => ask(single))
  t.equal(single.pendingCount, 15, 'no more wait for connections than there may be')
  const ready = new Set<UpstreamStream>()
  for (const each of asked) {
    const stream = await each
    ready.add(stream)
    stream.abandon(false)
  }
  t.equal(ready.size, 20)
  t.ok(single.connectionCount <= 5)
})

t.test('an upgrade gets an HTTP/1.1 connection beside the HTTP/2 ones', async (t) => {
  const { port } = await listen(t, createSecureServer({ cert: certificate.cert, key: certificate.key, allowHTTP1: true }))
  const backend = made(t, port, { protocol: 'auto' }, true)
  const shared = await ask(backend)
  t.not(shared.protocol, 'http1')
  const own = await ask(backend, { needsHttp1: true })
  t.equal(own.protocol, 'http1')
  t.equal(backend.connectionCount, 2)
  t.not((await ask(backend)).protocol, 'http1', 'and others go on sharing')
  own.abandon(false)
  await t.rejects(ask(made(t, port, {}, true), { needsHttp1: true }), { message: 'upstream-protocol-mismatch' })
})

t.test('clients that ask for upgrades where there are none do not have the member ejected', async (t) => {
  const { port } = await listen(t, createSecureServer({ cert: certificate.cert, key: certificate.key }))
  const passiveHealth = {
    ...{ consecutiveFailures: 1, failurePercent: 0, minRequests: 20, intervalMs: 10_000 },
    ...{ ejectMs: 60_000, maxEjectMs: 60_000, panicBelowPercent: 0 },
  }
  for (const protocol of ['auto', 'http2'] as const) {
    const settings = backendSettings({
      endpoints: [endpoint({ port, isTls: true }), endpoint({ port, isTls: true, pathPrefix: '/b' })],
      ...{ protocol, passiveHealth, tls: TLS },
    })
    const backend = new Backend(settings, new Deadlines(), membersOf(settings.endpoints))
    t.teardown(() => backend.retire())
    for (let i = 0; i < 5; i++) await t.rejects(ask(backend, { needsHttp1: true }))
    t.ok(backend.members.every(({ health }) => health.ejections === 0))
  }
})

t.test('a session that its peer ends is replaced, and all who wait for a handshake that fails hear of it', async (t) => {
  const server = createServer()
  const sessions: { close(): void }[] = []
  server.on('session', (session) => sessions.push(session))
  const { port, connections } = await listen(t, server)
  const backend = made(t, port)
  const stream = await ask(backend)
  stream.abandon(false)
  const closed = new Promise<void>((resolve) => {
    const { onCarrierClosed } = backend
    backend.onCarrierClosed = (carrier) => {
      onCarrierClosed.call(backend, carrier)
      resolve()
    }
  })
  sessions[0]?.close()
  await closed
  t.equal(backend.connectionCount, 0)
  ;(await ask(backend)).abandon(false)
  t.equal(connections(), 2)

  const plain = await listen(t, createHttpsServer({ cert: certificate.cert, key: certificate.key }))
  const failing = made(t, plain.port, {}, true)
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => ask(failing)))
  t.strictSame(new Set(results.map(({ status }) => status)), new Set(['rejected']))
  t.equal(failing.connectionCount, 0)
  t.equal(plain.connections(), 1)
})
