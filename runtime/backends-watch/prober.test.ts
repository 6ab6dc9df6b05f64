import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import net, { type AddressInfo, type Server } from 'node:net'
import t from 'tap'
import type { ActiveHealthPlan } from '../../bundle/plan.ts'
import { createAuthority, createCertificate } from '../../test/fixtures/certificates.ts'
import type { Teardown } from '../fixtures/gateway.ts'
import { MemberHealth } from '../upstream/health/member-health.ts'
import { MEMBER_WORDS, ownCell, sharedNowMs } from '../upstream/shared-cells.ts'
import { type Check, type CheckTarget, checkMember } from './health-check.ts'
import { MAX_CHECKS, type ProbedMember, Prober } from './prober.ts'

const PLAN: ActiveHealthPlan = {
  kind: 'http',
  path: '/healthz',
  host: '',
  minStatus: 200,
  maxStatus: 399,
  intervalMs: 20,
  timeoutMs: 2000,
  healthyAfter: 2,
  unhealthyAfter: 3,
}
const NO_TLS = { ca: undefined, serverName: '', verify: true, cert: undefined, key: undefined }
const SILENT = { warn: () => {}, info: () => {} }

function target(
  port: number,
  plan: Partial<ActiveHealthPlan> = {},
  more: Partial<CheckTarget> & { isTls?: boolean; host?: string } = {},
): CheckTarget {
  const { isTls = false, host = '127.0.0.1', ...rest } = more
  const member = { index: 0, endpointIndex: 0, address: '127.0.0.1', port, host, isTls, authority: `${host}:${port}`, pathPrefix: '/api' }
  return { plan: { ...PLAN, ...plan }, member, protocol: 'auto', tls: NO_TLS, sourceAddress: '', ...rest }
}

async function listen(t: Teardown, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    if ('closeAllConnections' in server) (server as { closeAllConnections(): void }).closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

function answering(t: Teardown, answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
  return listen(t, createHttpServer(answer))
}

const check = (target: CheckTarget) => new Promise<string | undefined>((resolve) => checkMember(target, resolve))

t.test('a status in the range is healthy, another one is not', async (t) => {
  const seen: string[] = []
  const port = await answering(t, (request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.host}`)
    response.writeHead(request.url === '/api/bad' ? 500 : 204)
    response.end()
  })
  t.equal(await check(target(port)), undefined)
  t.equal(await check(target(port, { host: 'orders.internal' })), undefined)
  t.strictSame(seen, [`GET /api/healthz 127.0.0.1:${port}`, 'GET /api/healthz orders.internal'])
  t.equal(await check(target(port, { path: '/bad' })), 'status 500')
  t.equal(await check(target(port, { minStatus: 500, maxStatus: 599, path: '/bad' })), undefined)
})

t.test('who does not listen, does not answer in time, closes or talks nonsense is not healthy', async (t) => {
  const silent = await listen(
    t,
    net.createServer((socket) => socket.on('error', () => {})),
  )
  t.equal(await check(target(silent, { timeoutMs: 30 })), 'no answer in time')
  const closing = await listen(
    t,
    net.createServer((socket) => socket.once('data', () => socket.end())),
  )
  t.match(await check(target(closing)), /closed|ECONNRESET/)
  const talking = await listen(
    t,
    net.createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end('hello\r\n\r\n'))),
  )
  t.equal(await check(target(talking)), 'not a valid response')
  const closed = net.createServer()
  const port = await listen({ teardown: () => {} }, closed)
  await new Promise((resolve) => closed.close(resolve))
  t.match(await check(target(port)), /ECONNREFUSED/)
})

t.test('interim responses and slow heads are waited for', async (t) => {
  const port = await listen(
    t,
    net.createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 20')
        setImmediate(() => socket.write('0 OK\r\ncontent-length: 0\r\n\r\n'))
      })
    }),
  )
  t.equal(await check(target(port)), undefined)
})

t.test('for tcp a connection is enough', async (t) => {
  const port = await listen(
    t,
    net.createServer((socket) => socket.on('error', () => {})),
  )
  t.equal(await check(target(port, { kind: 'tcp' })), undefined)
})

t.test('https members are checked over TLS as their requests go', async (t) => {
  const authority = createAuthority()
  const { cert, key } = createCertificate(authority, 'orders', { names: ['orders.test'] })
  const server = createHttpsServer({ cert, key }, (_, response) => response.end('ok'))
  const port = await listen(t, server)
  const tls = { ...NO_TLS, ca: authority.cert, serverName: 'orders.test' }
  t.equal(await check(target(port, {}, { isTls: true, tls })), undefined)
  t.match(await check(target(port, {}, { isTls: true, tls: { ...tls, serverName: 'other.test' } })), /altnames|Hostname/)
  t.ok(await check(target(port, {}, { isTls: true, tls: { ...tls, ca: undefined } })))
  t.equal(await check(target(port, {}, { isTls: true, tls: { ...tls, ca: undefined, verify: false } })), undefined)
  t.ok(await check(target(port, {}, { isTls: true, tls: { ...tls, ca: 'rubbish' } })))
  t.ok(await check(target(port)), 'plain HTTP to a TLS port')
})

t.test('members that speak HTTP/2 only are asked in HTTP/2', async (t) => {
  const server = createHttp2Server((request, response) => {
    response.writeHead(request.url === '/api/healthz' ? 200 : 503)
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  t.equal(await check(target(port, {}, { protocol: 'http2' })), undefined)
  t.equal(await check(target(port, { path: '/other' }, { protocol: 'http2' })), 'status 503')
})

t.test('a name that leads where no name may lead is not asked', async (t) => {
  const port = await answering(t, (_, response) => response.end())
  t.match(await check(target(port, {}, { host: 'metadata.test' })), /loopback/)
  t.equal(await check(target(port, {}, { host: 'localhost' })), undefined)
})

/** A prober whose checks end when the test says so. */
function proberByHand(t: Teardown) {
  const running: { readonly target: CheckTarget; readonly done: (why: string | undefined) => void }[] = []
  const wanted: (() => void)[] = []
  const hand: Check = (target, done) => {
    running.push({ target, done })
    wanted.shift()?.()
  }
  const prober = new Prober({ log: SILENT, nowMs: sharedNowMs, check: hand, random: () => 0 })
  // The prober's own timers keep no process alive.
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => {
    clearInterval(alive)
    prober.close()
  })
  const answer = async (why: string | undefined) => {
    while (running.length === 0) await new Promise<void>((resolve) => wanted.push(resolve))
    running.shift()?.done(why)
  }
  return { prober, running, answer }
}

function probed(
  key = 'a',
  health = new MemberHealth(ownCell(MEMBER_WORDS)),
  plan: Partial<ActiveHealthPlan> = {},
): ProbedMember & { changes: number } {
  const member = {
    key,
    backend: 'orders',
    target: target(1, plan),
    health,
    changes: 0,
    changed: () => {
      member.changes += 1
    },
  }
  return member
}

t.test('so many bad checks in a row make a member unhealthy, so many good ones healthy again', async (t) => {
  const { prober, answer } = proberByHand(t)
  const member = probed()
  prober.watch([member])
  for (const why of ['no', 'no', undefined, 'no', 'no']) await answer(why)
  t.equal(member.health.isUnhealthy, false)
  await answer('no')
  t.equal(member.health.isUnhealthy, true)
  t.equal(prober.lastWhy('a'), 'no')
  await answer(undefined)
  await answer('no')
  await answer(undefined)
  t.equal(member.health.isUnhealthy, true)
  await answer(undefined)
  t.equal(member.health.isUnhealthy, false)
  t.equal(member.changes, 2, 'workers are told of changes only')
  t.strictSame(prober.checks, { passed: 4, failed: 6 })
})

t.test('state is kept over another watch, and a member that is not checked any more is healthy', async (t) => {
  const { prober, answer } = proberByHand(t)
  const member = probed('a', undefined, { unhealthyAfter: 1 })
  prober.watch([member])
  await answer('no')
  const again = probed('a', member.health)
  prober.watch([again])
  t.equal(again.health.isUnhealthy, true)
  prober.watch([])
  t.equal(again.health.isUnhealthy, false)
  t.equal(again.changes, 1)
})

t.test('a result that comes when nobody wants it any more is dropped', async (t) => {
  const { prober, running, answer } = proberByHand(t)
  const member = probed('a', undefined, { unhealthyAfter: 1 })
  prober.watch([member])
  while (running.length === 0) await new Promise((proceed) => setTimeout(proceed, 5))
  prober.watch([])
  await answer('no')
  t.equal(member.health.isUnhealthy, false)
})

t.test('no more checks run at a time than there may be', async (t) => {
  const { prober, running, answer } = proberByHand(t)
  prober.watch(Array.from({ length: MAX_CHECKS * 2 }, (_, index) => probed(`m${index}`, undefined, { intervalMs: 100_000 })))
  while (running.length < MAX_CHECKS) await new Promise((proceed) => setTimeout(proceed, 5))
  t.equal(running.length, MAX_CHECKS)
  for (let i = 0; i < MAX_CHECKS * 2; i++) await answer(undefined)
  t.equal(prober.checks.passed, MAX_CHECKS * 2)
})
