import t from 'tap'
import { startDnsServer } from '../fixtures/dns-server.ts'
import type { Teardown } from '../fixtures/gateway.ts'
import { lookupAt, type NameLookup, SYSTEM_LOOKUP } from './name-lookup.ts'
import { MAX_LOOKUPS, Resolver, type WatchedName } from './resolver.ts'

const SILENT = { warn: () => {}, info: () => {} }
const name = (name: string, kind: 'address' | 'srv' = 'address', intervalMs = 100): WatchedName => ({ kind, name, intervalMs })

interface Watching {
  readonly resolver: Resolver
  readonly changed: string[]
  /** Resolves with the next change. */
  next(): Promise<string>
}

function watching(t: Teardown, lookup: NameLookup, timeoutMs = 5000): Watching {
  const changed: string[] = []
  const waiting: ((name: string) => void)[] = []
  const resolver = new Resolver({
    lookup,
    log: SILENT,
    timeoutMs,
    onChange: (_, name) => {
      changed.push(name)
      waiting.shift()?.(name)
    },
  })
  t.teardown(() => resolver.close())
  return { resolver, changed, next: () => new Promise((resolve) => waiting.push(resolve)) }
}

t.test('localhost is found as the system finds it', async (t) => {
  const { resolver } = watching(t, SYSTEM_LOOKUP)
  resolver.watch([name('localhost')])
  await resolver.settled(10_000)
  const found = resolver.found('address', 'localhost')
  t.ok(found?.kind === 'address' && found.addresses.includes('127.0.0.1'))
})

t.test('all addresses of a name are used, IPv4 first, whatever order they come in', async (t) => {
  const server = await startDnsServer(t)
  server.addresses.set('orders.test', ['10.0.0.9', '2001:db8::1', '10.0.0.1'])
  const { resolver } = watching(t, lookupAt([server.address], 1000))
  resolver.watch([name('orders.test')])
  await resolver.settled(10_000)
  t.strictSame(resolver.found('address', 'orders.test'), { kind: 'address', addresses: ['10.0.0.1', '10.0.0.9', '2001:db8::1'] })
})

t.test('SRV records bring the addresses of their targets; targets without any are left out', async (t) => {
  const server = await startDnsServer(t)
  server.srv.set('_http._tcp.orders.test', [
    { name: 'two.test', port: 8002, priority: 20, weight: 1 },
    { name: 'one.test', port: 8001, priority: 10, weight: 5 },
    { name: 'gone.test', port: 8003, priority: 10, weight: 5 },
  ])
  server.addresses.set('one.test', ['10.0.0.1', '10.0.0.2'])
  server.addresses.set('two.test', ['10.0.0.3'])
  const { resolver } = watching(t, lookupAt([server.address], 1000))
  resolver.watch([name('_http._tcp.orders.test', 'srv')])
  await resolver.settled(10_000)
  t.strictSame(resolver.found('srv', '_http._tcp.orders.test'), {
    kind: 'srv',
    targets: [
      { addresses: ['10.0.0.1', '10.0.0.2'], port: 8001, priority: 10, weight: 5 },
      { addresses: ['10.0.0.3'], port: 8002, priority: 20, weight: 1 },
    ],
  })
})

t.test('names are looked up again and changes are told, and only changes', async (t) => {
  const server = await startDnsServer(t)
  server.addresses.set('orders.test', ['10.0.0.1'])
  const { resolver, changed, next } = watching(t, lookupAt([server.address], 1000))
  resolver.watch([name('orders.test')])
  await resolver.settled(10_000)
  const second = next()
  const asked = server.questions.length
  while (server.questions.length < asked + 4) await new Promise((proceed) => setTimeout(proceed, 10))
  t.strictSame(changed, ['orders.test'])
  server.addresses.set('orders.test', ['10.0.0.2'])
  await second
  t.strictSame(resolver.found('address', 'orders.test'), { kind: 'address', addresses: ['10.0.0.2'] })
})

t.test('a lookup that fails or finds nothing changes nothing and is counted', async (t) => {
  let answer: () => Promise<string[]> = async () => ['10.0.0.1']
  let asked = 0
  const lookup: NameLookup = {
    addresses: () => {
      asked += 1
      return answer()
    },
    srv: async () => [],
  }
  const { resolver, changed } = watching(t, lookup)
  resolver.watch([name('orders.test')])
  await resolver.settled(10_000)
  for (const failing of [() => Promise.reject(new Error('refused')), async () => []]) {
    answer = failing
    const before = asked
    while (asked < before + 2) await new Promise((proceed) => setTimeout(proceed, 10))
  }
  t.ok(resolver.failures >= 2)
  t.strictSame(changed, ['orders.test'])
  t.strictSame(resolver.found('address', 'orders.test'), { kind: 'address', addresses: ['10.0.0.1'] })
  t.strictSame(resolver.names, [{ kind: 'address', name: 'orders.test', isFailing: true }])
})

t.test('a lookup that never ends is given up, but holds its place: no more than a few run', async (t) => {
  let running = 0
  const lookup: NameLookup = {
    addresses: () => {
      running += 1
      return new Promise(() => {})
    },
    srv: async () => [],
  }
  const { resolver } = watching(t, lookup, 20)
  resolver.watch(Array.from({ length: 20 }, (_, index) => name(`h${index}`)))
  while (resolver.failures < MAX_LOOKUPS) await new Promise((proceed) => setTimeout(proceed, 10))
  t.equal(running, MAX_LOOKUPS)
})

t.test('waiting for names ends when the time is over', async (t) => {
  const { resolver } = watching(t, { addresses: () => new Promise(() => {}), srv: async () => [] })
  resolver.watch([name('orders.test')])
  await resolver.settled(10)
  t.equal(resolver.found('address', 'orders.test'), undefined)
})

t.test('a name that is not wanted any more is not asked for', async (t) => {
  const server = await startDnsServer(t)
  server.addresses.set('one.test', ['10.0.0.1'])
  server.addresses.set('two.test', ['10.0.0.1'])
  const { resolver } = watching(t, lookupAt([server.address], 1000))
  resolver.watch([name('one.test'), name('two.test')])
  await resolver.settled(10_000)
  resolver.watch([name('two.test')])
  t.equal(resolver.found('address', 'one.test'), undefined)
  server.questions.length = 0
  while (server.questions.length < 4) await new Promise((proceed) => setTimeout(proceed, 10))
  t.notOk(server.questions.some((question) => question.endsWith('one.test')))
})
