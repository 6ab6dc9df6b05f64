import net from 'node:net'
import t, { type Test } from 'tap'
import { rawBackend } from '../../test/fixtures/data-path.ts'
import { Deadlines } from '../data-path-deadlines.ts'
import { backendSettings, endpoint } from '../fixtures/backend-settings.ts'
import { Backend } from './backend.ts'
import type { BackendSettings } from './backend-settings.ts'
import { hashText } from './balance/hash.ts'
import type { UpstreamConnection } from './connection.ts'
import type { UpstreamFailure } from './failure.ts'
import { MemberHealth } from './health/member-health.ts'
import type { Member } from './member.ts'
import { type MemberEntry, membersOf } from './members.ts'
import { BACKEND, createUpstreamMemory, sharedNowMs, UpstreamCells } from './shared-cells.ts'
import type { Attempt, StreamClient, UpstreamStream } from './stream.ts'

const ANY: Attempt = { hash: undefined, tried: [], isFresh: false, needsHttp1: false }
const PASSIVE = {
  ...{ consecutiveFailures: 3, failurePercent: 0, minRequests: 20, intervalMs: 10_000 },
  ...{ ejectMs: 30_000, maxEjectMs: 300_000, panicBelowPercent: 50 },
}

interface Asked {
  readonly connection: UpstreamConnection | undefined
  readonly failure: UpstreamFailure | undefined
  readonly member: Member | undefined
}

function ask(backend: Backend, attempt: Partial<Attempt> = {}): Promise<Asked> {
  return new Promise((resolve) => {
    const client: StreamClient = {
      ticket: -1,
      // A connection is its own stream.
      onUpstreamReady: (stream: UpstreamStream) =>
        resolve({ connection: stream as UpstreamConnection, failure: undefined, member: stream.member }),
      onUpstreamUnavailable: (failure, member) => resolve({ connection: undefined, failure, member }),
    }
    backend.acquire(client, { ...ANY, ...attempt })
  })
}

/** Which member gets the next request, which is over at once. */
async function next(backend: Backend, attempt: Partial<Attempt> = {}): Promise<number | string> {
  const { connection, failure, member } = await ask(backend, attempt)
  if (connection !== undefined) backend.onCarrierFree(connection)
  return failure ?? member?.port ?? -1
}

async function ports(t: Test, count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => rawBackend(t, () => {})))
  return servers.map(({ port }) => port)
}

function made(
  t: Test,
  ports: readonly number[],
  more: Partial<BackendSettings> = {},
  cells?: UpstreamCells,
  entries?: MemberEntry[],
): Backend {
  const settings = backendSettings({ endpoints: ports.map((port) => endpoint({ port })), ...more })
  const place = cells === undefined ? undefined : { cells, slot: 5, seat: 0 }
  const backend = new Backend(settings, new Deadlines(), entries ?? membersOf(settings.endpoints), place)
  t.teardown(() => backend.retire())
  return backend
}

async function refusingPort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

t.test('a member that does not accept connections is passed over for one that does', async (t) => {
  const dead = await refusingPort()
  const [alive = 0] = await ports(t, 1)
  const backend = made(t, [dead, alive])
  for (let i = 0; i < 6; i++) t.equal(await next(backend), alive)
})

t.test('when no member accepts connections the request hears of the last failure', async (t) => {
  const dead = await Promise.all([refusingPort(), refusingPort()])
  const { failure, member } = await ask(made(t, dead))
  t.equal(failure, 'upstream-connect-failed')
  t.ok(dead.includes(member?.port ?? 0))
})

t.test('who fails so many times in a row gets no more requests, in any worker', async (t) => {
  const all = await ports(t, 3)
  const cells = new UpstreamCells(createUpstreamMemory(2))
  const entries = membersOf(all.map((port) => endpoint({ port }))).map((entry, index) => ({ ...entry, slot: 100 + index }))
  const [one, other] = [0, 1].map(() => made(t, all, { passiveHealth: PASSIVE }, cells, entries)) as [Backend, Backend]
  const bad = one.members[1] as Member
  for (let i = 0; i < PASSIVE.consecutiveFailures; i++) one.onMemberFailed(bad, 'upstream-closed')
  for (const backend of [one, other]) {
    const seen = new Set<number | string>()
    for (let i = 0; i < 9; i++) seen.add(await next(backend))
    t.strictSame([...seen].sort(), [all[0], all[2]].sort())
  }
})

t.test('5xx are failures, and a 4xx ends a row of them', async (t) => {
  const all = await ports(t, 2)
  const backend = made(t, all, { passiveHealth: PASSIVE })
  const [first] = backend.members
  for (const status of [500, 503, 404, 502, 504]) backend.onMemberAnswered(first as Member, status, 1)
  t.ok(first?.health.isHealthy(sharedNowMs()))
  backend.onMemberAnswered(first as Member, 501, 1)
  t.notOk(first?.health.isHealthy(sharedNowMs()))
  for (let i = 0; i < 4; i++) t.equal(await next(backend), all[1])
})

t.test('the only member is used whatever it does', async (t) => {
  const all = await ports(t, 1)
  const backend = made(t, all, { passiveHealth: PASSIVE })
  for (let i = 0; i < 20; i++) backend.onMemberFailed(backend.members[0] as Member, 'upstream-closed')
  t.equal(await next(backend), all[0])
})

t.test('what the prober says counts from the next request on', async (t) => {
  const all = await ports(t, 2)
  const cells = new UpstreamCells(createUpstreamMemory(1))
  const entries = membersOf(all.map((port) => endpoint({ port }))).map((entry, index) => ({ ...entry, slot: index }))
  const activeHealth = {
    ...{ kind: 'http' as const, path: '/', host: '', minStatus: 200, maxStatus: 399 },
    ...{ intervalMs: 5000, timeoutMs: 1000, healthyAfter: 2, unhealthyAfter: 3 },
  }
  const backend = made(t, all, { activeHealth }, cells, entries)
  const { words, at } = cells.backend(5)
  const say = (slot: number, isUnhealthy: boolean) => {
    new MemberHealth(cells.member(slot)).setUnhealthy(isUnhealthy, sharedNowMs())
    Atomics.add(words, at + BACKEND.version, 1)
  }
  say(0, true)
  for (let i = 0; i < 4; i++) t.equal(await next(backend), all[1])
  say(1, true)
  t.equal(new Set([await next(backend), await next(backend)]).size, 2, 'panic: when nobody is left, all are used')
  say(0, false)
  for (let i = 0; i < 4; i++) t.equal(await next(backend), all[0])
})

t.test('where there is no panic, nobody healthy means nobody', async (t) => {
  const all = await ports(t, 1)
  const backend = made(t, all, { passiveHealth: { ...PASSIVE, panicBelowPercent: 0 } })
  backend.members[0]?.health.setUnhealthy(true, sharedNowMs())
  backend.setMembers(membersOf([endpoint({ port: all[0] as number })]))
  t.equal((await ask(backend)).failure, 'no-healthy-endpoint')
})

t.test('a key keeps its member, even when all connections are taken by others', async (t) => {
  const all = await ports(t, 3)
  const backend = made(t, all, { balance: { kind: 'consistent-hash', by: 'ip', name: '' }, maxConnections: 3 })
  const homes = new Map<number, number | string>()
  for (let key = 0; key < 30; key++) homes.set(hashText(`tenant-${key}`), await next(backend, { hash: hashText(`tenant-${key}`) }))
  t.equal(new Set(homes.values()).size, 3)
  for (const [hash, home] of homes) t.equal(await next(backend, { hash }), home)
  t.ok(backend.connectionCount <= 3)
})

t.test('a key that waits in the queue goes to its own member', async (t) => {
  const all = await ports(t, 2)
  const backend = made(t, all, { balance: { kind: 'consistent-hash', by: 'ip', name: '' }, maxConnections: 1 })
  const hashOf = async (port: number | undefined) => {
    for (let key = 0; ; key++) if ((await next(backend, { hash: hashText(`k${key}`) })) === port) return hashText(`k${key}`)
  }
  const [one, two] = [await hashOf(all[0]), await hashOf(all[1])]
  const busy = await ask(backend, { hash: one })
  const waiting = [ask(backend, { hash: two }), ask(backend, { hash: one })]
  t.equal(backend.pendingCount, 2)
  backend.onCarrierFree(busy.connection as UpstreamConnection)
  const sameKey = await (waiting[1] as Promise<Asked>)
  t.equal(sameKey.member?.port, all[0], 'first who may use the connection that has become free')
  backend.onCarrierFree(sameKey.connection as UpstreamConnection)
  t.equal((await waiting[0])?.member?.port, all[1])
})

t.test('members that are tried already come last', async (t) => {
  const all = await ports(t, 3)
  const backend = made(t, all)
  const tried: Member[] = []
  for (let i = 0; i < 3; i++) {
    const { connection, member } = await ask(backend, { tried })
    t.notOk(tried.includes(member as Member))
    tried.push(member as Member)
    backend.onCarrierFree(connection as UpstreamConnection)
  }
})

t.test('an address that goes is used to the end of its requests and no longer; the others keep their connections', async (t) => {
  const all = await ports(t, 3)
  const [first = 0, second = 0, third = 0] = all
  const entry = (port: number): MemberEntry => ({ endpointIndex: 0, address: '127.0.0.1', port, weight: 1, priority: 0, slot: -1 })
  const backend = made(t, [first], {}, undefined, [entry(first), entry(second)])
  const asked = [await ask(backend), await ask(backend)]
  const kept = asked.find(({ member }) => member?.port === first) as Asked
  const gone = asked.find(({ member }) => member?.port === second) as Asked
  backend.setMembers([entry(third), entry(first)])
  t.equal(kept.member?.index, 1)
  t.equal(gone.member?.index, -1)
  t.equal(backend.connectionCount, 2)
  backend.onCarrierFree(gone.connection as UpstreamConnection)
  t.equal(backend.connectionCount, 1)
  backend.onCarrierFree(kept.connection as UpstreamConnection)
  const seen = new Set<number | string>()
  for (let i = 0; i < 4; i++) seen.add(await next(backend))
  t.strictSame([...seen].sort(), [first, third].sort())
  t.equal(backend.connectionCount, 2, 'the connection of the one that stayed was used again')
})

t.test('who waits for a connection to an address that goes gets one to another', async (t) => {
  const [alive = 0] = await ports(t, 1)
  const entry = (address: string, port: number): MemberEntry => ({ endpointIndex: 0, address, port, weight: 1, priority: 0, slot: -1 })
  // RFC 5737: nobody is there, and nobody says so.
  const backend = made(t, [alive], { connectTimeoutMs: 60_000 }, undefined, [entry('192.0.2.1', 9)])
  const waiting = ask(backend)
  backend.setMembers([entry('127.0.0.1', alive)])
  const { connection, member } = await waiting
  t.equal(member?.port, alive)
  backend.onCarrierFree(connection as UpstreamConnection)
})

t.test('an open breaker refuses at once, with the time to wait, and lets a few through later', async (t) => {
  const all = await ports(t, 1)
  const backend = made(t, all, { breaker: { failurePercent: 50, minRequests: 4, windowMs: 10_000, openMs: 7000 } })
  for (let i = 0; i < 4; i++) backend.onMemberAnswered(backend.members[0] as Member, 503, 1)
  t.equal((await ask(backend)).failure, 'circuit-open')
  t.match(backend.replyFor('circuit-open'), { status: 503, code: 'circuit-open', fields: [['retry-after', /^[67]$/]] })
})

t.test('a connection that rests elsewhere is used before anybody waits', async (t) => {
  const all = await ports(t, 2)
  const backend = made(t, all, { maxConnections: 2 })
  const [a, b] = [await ask(backend), await ask(backend)]
  backend.onCarrierFree(a.connection as UpstreamConnection)
  const again = await ask(backend)
  t.equal(again.connection, a.connection, 'whosever turn it is')
  backend.onCarrierFree(b.connection as UpstreamConnection)
  backend.onCarrierFree(again.connection as UpstreamConnection)
})

t.test('an ejected member does not keep its connections from those who wait', async (t) => {
  const all = await ports(t, 2)
  const backend = made(t, all, { maxConnections: 1, passiveHealth: PASSIVE })
  const busy = await ask(backend)
  const bad = busy.member as Member
  const waiting = ask(backend)
  for (let i = 0; i < PASSIVE.consecutiveFailures; i++) backend.onMemberFailed(bad, 'upstream-closed')
  backend.onCarrierFree(busy.connection as UpstreamConnection)
  const { member, connection } = await waiting
  t.not(member, bad)
  backend.onCarrierFree(connection as UpstreamConnection)
})

t.test('a secret without a value makes the backend unavailable', async (t) => {
  const all = await ports(t, 1)
  const tls = { ca: undefined, serverName: '', verify: true, cert: undefined, key: undefined, isIncomplete: true }
  t.equal((await ask(made(t, all, { tls }))).failure, 'secret-unresolved')
})

t.test('what a worker has under way is counted in its seat, and nothing is left when all is over', async (t) => {
  const all = await ports(t, 1)
  const cells = new UpstreamCells(createUpstreamMemory(2))
  const backend = made(t, all, { maxConnections: 1 }, cells)
  const { words, at } = cells.seatsOf(5)[0] as { words: Int32Array; at: number }
  backend.requestStarted()
  backend.requestStarted()
  const busy = await ask(backend)
  const waiting = ask(backend)
  t.strictSame([...words.slice(at, at + 4)], [2, 0, 1, 1])
  backend.onCarrierFree(busy.connection as UpstreamConnection)
  const second = await waiting
  t.strictSame([...words.slice(at, at + 4)], [2, 0, 1, 0])
  second.connection?.destroy()
  backend.requestEnded()
  backend.requestEnded()
  t.strictSame([...words.slice(at, at + 4)], [0, 0, 0, 0])
})
