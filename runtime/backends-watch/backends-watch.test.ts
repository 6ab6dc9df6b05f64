import t, { type Test } from 'tap'
import { backendSettings, endpoint } from '../fixtures/backend-settings.ts'
import type { BackendSettings } from '../upstream/backend-settings.ts'
import { MemberHealth } from '../upstream/health/member-health.ts'
import { Outlier } from '../upstream/health/outlier.ts'
import type { MemberEntry } from '../upstream/members.ts'
import { BACKEND, createUpstreamMemory, MAX_BACKEND_SLOTS, sharedNowMs } from '../upstream/shared-cells.ts'
import { BackendsWatch } from './backends-watch.ts'
import type { Check } from './health-check.ts'
import type { NameLookup } from './name-lookup.ts'
import { BackendEvents, backendStatus } from './report.ts'

const PASSIVE = {
  ...{ consecutiveFailures: 3, failurePercent: 0, minRequests: 20, intervalMs: 10_000 },
  ...{ ejectMs: 30_000, maxEjectMs: 300_000, panicBelowPercent: 50 },
}
const ACTIVE = {
  ...{ kind: 'http' as const, path: '/', host: '', minStatus: 200, maxStatus: 399 },
  ...{ intervalMs: 10, timeoutMs: 1000, healthyAfter: 1, unhealthyAfter: 1 },
}

/** A watch whose names and checks are answered from maps. */
function watching(t: Test, options: { check?: Check } = {}) {
  const names = new Map<string, readonly string[]>()
  const told: { number: number; backend: number; members: readonly MemberEntry[] }[] = []
  const waiting: (() => void)[] = []
  const lines: string[] = []
  const log = { warn: (_: object, line: string) => lines.push(line), info: (_: object, line: string) => lines.push(line) }
  const lookup: NameLookup = {
    addresses: async (name) => {
      const found = names.get(name)
      if (found === undefined) throw new Error('ENOTFOUND')
      return [...found]
    },
    srv: async () => [],
  }
  const watch = new BackendsWatch({
    memory: createUpstreamMemory(2),
    lookup,
    log,
    random: () => 0.5,
    onMembers: (number, backend, members) => {
      told.push({ number, backend, members })
      waiting.shift()?.()
    },
    ...options,
  })
  // Its own timers keep no process alive.
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => {
    clearInterval(alive)
    watch.close()
  })
  return { watch, names, told, lines, log, next: () => new Promise<void>((resolve) => waiting.push(resolve)) }
}

const named = (name: string, host: string, more: Partial<BackendSettings> = {}) =>
  backendSettings({ name, endpoints: [endpoint({ host, port: 80 })], resolveIntervalMs: 100, ...more })
const addressesOf = (members: readonly MemberEntry[] | undefined) => members?.map(({ address }) => address)

t.test('a generation begins with the addresses that its names have', async (t) => {
  const { watch, names } = watching(t)
  names.set('orders.test', ['10.0.0.1', '10.0.0.2'])
  const plain = backendSettings({ name: 'plain', endpoints: [endpoint({ host: '10.9.9.9' })] })
  const order = await watch.load(1, [plain, named('orders', 'orders.test'), named('lost', 'lost.test')], 10_000)
  t.strictSame([...order.slots], [0, 1, 2])
  t.strictSame([...order.members.keys()], [1, 2], 'who is an address needs nothing beside the bundle')
  t.strictSame(addressesOf(order.members.get(1)), ['10.0.0.1', '10.0.0.2'])
  t.strictSame(addressesOf(order.members.get(2)), ['lost.test'], 'a name that nobody knows stands for itself')
})

t.test('names that take too long do not hold a generation up', async (t) => {
  const { watch } = watching(t)
  const slow = new BackendsWatch({
    memory: createUpstreamMemory(1),
    lookup: { addresses: () => new Promise(() => {}), srv: async () => [] },
    log: { warn: () => {}, info: () => {} },
    onMembers: () => {},
  })
  t.teardown(() => slow.close())
  const order = await slow.load(1, [named('orders', 'orders.test')], 20)
  t.strictSame(addressesOf(order.members.get(0)), ['orders.test'])
  t.ok(watch)
})

t.test('workers are told when a name has other addresses, and the order has them too', async (t) => {
  const { watch, names, told, next } = watching(t)
  names.set('orders.test', ['10.0.0.1'])
  const order = await watch.load(1, [named('orders', 'orders.test')], 10_000)
  watch.commit(1)
  const [before] = order.members.get(0) ?? []
  const change = next()
  names.set('orders.test', ['10.0.0.1', '10.0.0.7'])
  await change
  t.match(told, [{ number: 1, backend: 0 }])
  t.strictSame(addressesOf(told[0]?.members), ['10.0.0.1', '10.0.0.7'])
  t.strictSame(order.members.get(0), told[0]?.members)
  t.equal(told[0]?.members[0]?.slot, before?.slot, 'who stays keeps its state')
})

t.test('slots are the same from generation to generation, by name', async (t) => {
  const { watch } = watching(t)
  const backend = (name: string, port: number) =>
    backendSettings({
      name,
      endpoints: [endpoint({ host: '10.0.0.1', port }), endpoint({ host: '10.0.0.2', port })],
      passiveHealth: PASSIVE,
    })
  const first = await watch.load(1, [backend('a', 1), backend('b', 2)], 1000)
  watch.commit(1)
  const second = await watch.load(2, [backend('c', 3), backend('b', 2), backend('a', 9)], 1000)
  watch.commit(2)
  t.equal(second.slots[1], first.slots[1])
  t.strictSame(second.members.get(1), first.members.get(1))
  t.equal(second.slots[2], first.slots[0])
  const slots = new Set([...(first.members.get(0) ?? []), ...(second.members.get(2) ?? [])].map(({ slot }) => slot))
  t.equal(slots.size, 4, 'another port is another member')
})

t.test('a generation that was never used leaves nothing behind', async (t) => {
  const { watch, names } = watching(t)
  names.set('orders.test', ['10.0.0.1'])
  names.set('new.test', ['10.0.0.2'])
  await watch.load(1, [named('orders', 'orders.test')], 10_000)
  watch.commit(1)
  await watch.load(2, [named('new', 'new.test')], 10_000)
  watch.forget(2)
  t.strictSame(
    watch.resolver.names.map(({ name }) => name),
    ['orders.test'],
  )
  watch.forget(1)
  t.equal(watch.watched.length, 1, 'the one in use cannot be forgotten')
})

t.test('only members of the generation in use are checked, and workers see the result in shared memory', async (t) => {
  const checked: string[] = []
  const waiting: (() => void)[] = []
  const check: Check = ({ member }, done) => {
    checked.push(member.address)
    setImmediate(() => {
      done(member.address === '10.0.0.2' ? 'status 500' : undefined)
      waiting.shift()?.()
    })
  }
  const { watch, lines } = watching(t, { check })
  const backend = backendSettings({
    endpoints: [endpoint({ host: '10.0.0.1' }), endpoint({ host: '10.0.0.2' })],
    activeHealth: ACTIVE,
  })
  const order = await watch.load(1, [backend], 1000)
  t.strictSame(checked, [])
  watch.commit(1)
  const bad = new MemberHealth(watch.cells.member(order.members.get(0)?.[1]?.slot ?? -1))
  while (!bad.isUnhealthy) await new Promise<void>((resolve) => waiting.push(resolve))
  const { words, at } = watch.cells.backend(order.slots[0] ?? -1)
  t.equal(words[at + BACKEND.version], 1)
  t.ok(lines.includes('a member of a backend is unhealthy'))
  t.match(backendStatus(watch), {
    count: 1,
    backends: [
      {
        name: 'service',
        members: [
          { endpoint: '10.0.0.1:9', healthy: true },
          { endpoint: '10.0.0.2:9', healthy: false, lastCheck: 'status 500' },
        ],
      },
    ],
  })
})

t.test('backends beyond the limit have no shared state, and that is counted', async (t) => {
  const { watch } = watching(t)
  const many = Array.from({ length: MAX_BACKEND_SLOTS + 3 }, (_, index) => backendSettings({ name: `b${index}` }))
  const order = await watch.load(1, many, 1000)
  t.equal(order.slots.at(-4), MAX_BACKEND_SLOTS - 1)
  t.equal(order.slots.at(-1), -1)
  t.equal(watch.backendSlots.refused, 3)
})

t.test('an ejection is logged once, whichever worker has seen the reason', async (t) => {
  const { watch, lines, log } = watching(t)
  const events = new BackendEvents(watch, log)
  t.teardown(() => events.close())
  const backend = backendSettings({ endpoints: [endpoint({ host: '10.0.0.1' }), endpoint({ host: '10.0.0.2' })], passiveHealth: PASSIVE })
  const order = await watch.load(1, [backend], 1000)
  watch.commit(1)
  events.check()

  const all = (order.members.get(0) ?? []).map(({ slot }) => ({ health: new MemberHealth(watch.cells.member(slot)) }))
  const [first] = all as [(typeof all)[number]]
  const outlier = new Outlier(PASSIVE, first.health)

  for (let i = 0; i < 3; i++) outlier.failed(sharedNowMs(), all)
  events.check()
  events.check()
  t.strictSame(lines, ['a member of a backend is ejected: its requests fail'])
})
