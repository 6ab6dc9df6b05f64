/** Where backends are, through running gateways of two workers: TLS, names that change, SRV records; and what is left when workers die. */
import { readdirSync, writeFileSync } from 'node:fs'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { signBundle, writeBundle } from '../bundle/bundle.ts'
import { sampleBackend, sampleEndpoint } from '../bundle/sample-parts.fuzz.ts'
import { createAuthority, createCertificate } from '../test/fixtures/certificates.ts'
import { startDnsServer } from './fixtures/dns-server.ts'
import { ACTIVE, bundleFor, Endpoint, endpoints, PASSIVE, startWith } from './fixtures/endpoints.ts'
import { cause } from './fixtures/faulty-worker.ts'
import { keys, plan, temporaryFolder, until } from './fixtures/gateway.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

t.test('backends over TLS are asked and checked with their own CA, and one that cannot be read refuses the bundle', async (t) => {
  const folder = temporaryFolder(t)
  const caPath = join(folder, 'ca.pem')
  const authority = createAuthority()
  const { cert, key } = createCertificate(authority, 'orders', { names: ['orders.test'] })
  const server = createSecureServer({ cert, key }, (_, response) => response.end('over TLS'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  writeFileSync(caPath, authority.cert)
  const backend = sampleBackend('service', {
    endpoints: [sampleEndpoint((server.address() as AddressInfo).port, { isTls: true })],
    activeHealth: { ...ACTIVE, path: '/' },
    tls: { serverName: 'orders.test', verify: true, caSecretIndex: 0 },
  })
  const secrets = [{ kind: 'file' as const, name: caPath }]
  const bundle = signBundle(writeBundle({ ...plan({ secrets }), backends: [backend] }), keys.privateKey)
  const gateway = await startWith(t, bundle)
  await until(async () => (await gateway.metric('postern_upstream_health_checks_total{outcome="passed"}')) > 0)
  t.match(await gateway.ask(), { status: 200, body: 'over TLS' })
  writeFileSync(caPath, 'rubbish')
  t.match(await gateway.reload(), { outcome: 'rejected', code: 'upstream-tls-invalid' })
  t.match(await gateway.ask(), { status: 200, body: 'over TLS' })
})

t.test('a name leads to its addresses as they change, and to the last known ones when it is gone', async (t) => {
  const dns = await startDnsServer(t)
  const [one] = (await endpoints(t, 1)) as [Endpoint]
  const two = new Endpoint('e-two', '127.0.0.2')
  await two.start(one.port)
  t.teardown(() => two.stop())
  dns.addresses.set('orders.localhost', ['127.0.0.1'])
  const bundle = bundleFor([], { endpoints: [sampleEndpoint(one.port, { host: 'orders.localhost' })], resolveIntervalMs: 100 })
  const gateway = await startWith(t, bundle, { nameServers: [dns.address] })
  t.strictSame([...(await gateway.askAll(20)).keys()], ['e0'])
  dns.addresses.set('orders.localhost', ['127.0.0.1', '127.0.0.2'])
  await until(async () => (await gateway.askAll(10)).size === 2)
  dns.addresses.set('orders.localhost', ['127.0.0.2'])
  await until(async () => [...(await gateway.askAll(10)).keys()].join() === 'e-two')
  dns.addresses.delete('orders.localhost')
  await until(async () => (await gateway.metric('postern_upstream_lookup_failures_total')) >= 2)
  t.strictSame([...(await gateway.askAll(20)).keys()], ['e-two'])
})

t.test('SRV records say ports and who comes first; the next priority serves when that one is gone', async (t) => {
  const dns = await startDnsServer(t)
  const [first, second] = (await endpoints(t, 2)) as [Endpoint, Endpoint]
  const service = '_http._tcp.orders.localhost'
  dns.addresses.set('one.localhost', ['127.0.0.1'])
  dns.srv.set(service, [
    { name: 'one.localhost', port: first.port, priority: 1, weight: 1 },
    { name: 'one.localhost', port: second.port, priority: 2, weight: 1 },
  ])
  const endpoint = sampleEndpoint(80, { host: service, resolve: 'srv' })
  const gateway = await startWith(t, bundleFor([], { endpoints: [endpoint], passiveHealth: PASSIVE }), { nameServers: [dns.address] })
  t.strictSame([...(await gateway.askAll(20)).keys()], ['e0'])
  first.stop()
  const tally = await gateway.askAll(100)
  t.ok((tally.get('502') ?? 0) <= PASSIVE.consecutiveFailures + 10, JSON.stringify([...tally]))
  t.strictSame([...(await gateway.askAll(20)).keys()], ['e1'])
})

t.test('what a worker had under way when it was killed is given back', async (t) => {
  const faults = temporaryFolder(t)
  process.env['POSTERN_TEST_FAULTS'] = faults
  const all = await endpoints(t, 1)
  const [only] = all as [Endpoint]
  const worker = new URL('./fixtures/faulty-worker.ts', import.meta.url).href
  const gateway = await startWith(t, bundleFor(all, { passiveHealth: PASSIVE }), {}, worker)
  only.mode = 'hang'
  const { hostname, port } = new URL(gateway.url)
  for (let i = 0; i < 40; i++) {
    const socket = connect(Number(port), hostname).on('error', () => {})
    socket.write('GET /backend HTTP/1.1\r\nHost: a\r\n\r\n')
    t.teardown(() => socket.destroy())
  }
  await until(async () => (await gateway.metric('postern_upstream_active_requests{backend="service"}')) === 40)
  for (const socket of readdirSync(faults).filter((name) => name.startsWith(`${gateway.childPid}-`))) cause(join(faults, socket), 'exit')
  await until(async () => (await gateway.metric('postern_upstream_active_requests{backend="service"}')) === 0)
  t.equal(await gateway.metric('postern_upstream_connections{backend="service"}'), 0)
  only.mode = 'ok'
  await until(async () => (await gateway.status()).workers.ready === 3)
  t.strictSame(await gateway.askAll(20), new Map([['e0', 20]]))
})
