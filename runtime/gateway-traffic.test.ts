import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { type BundlePlan, signBundle, writeBundle } from '../bundle/bundle.ts'
import { keys, plan, replaceFile, startGateway, until } from './fixtures/gateway.ts'
import { ask } from './fixtures/traffic.ts'

t.test('a gateway counts what cache, compression and mirrors do, and a new bundle empties the cache of every worker', async (t) => {
  let asked = 0
  const backend = createServer((_request, response) => {
    asked += 1
    response.writeHead(200, { 'content-type': 'text/plain' }).end('It was a bright cold day in April. '.repeat(100))
  })
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    backend.close()
    backend.closeAllConnections()
  })
  const { port: backendPort } = backend.address() as AddressInfo
  const bundleOf = (ballast: number): Uint8Array => {
    const plain = plan({ backendPort, ballast })
    const [service] = plain.backends
    if (service === undefined) throw new Error('no backend')
    const traffic = {
      split: [],
      cache: { ttlMs: 3_600_000, vary: [], maxObjectBytes: 65_536 },
      compress: { encodings: ['gzip'], minBytes: 10, types: ['text/*'] },
      mirror: { backendIndex: 1, share: 10_000 },
    } as const
    const all: BundlePlan = {
      ...plain,
      backends: [service, { ...service, name: 'shadow' }],
      traffics: [traffic],
      routes: plain.routes.map((route) => (route.template === '/backend' ? { ...route, trafficIndex: 0 } : route)),
    }
    return signBundle(writeBundle(all), keys.privateKey)
  }
  const gateway = await startGateway(t, { bundle: bundleOf(0), workers: 2 })
  const port = Number(new URL(gateway.url).port)
  const get = () => ask(port, '/backend', { headers: { 'accept-encoding': 'gzip' } })
  // Connections go to either worker; each has a cache of its own.
  const hits = async () => {
    let count = 0
    for (let i = 0; i < 20; i++) if ((await get()).cache.startsWith('hit')) count += 1
    return count
  }
  t.ok((await hits()) >= 18)
  const metric = async (text: string) =>
    Number(new RegExp(`^${text.replace(/[{}"]/g, '\\$&')} (\\d+)$`, 'm').exec(await gateway.metrics())?.[1])
  const [hit, miss] = [
    await metric('postern_cache_requests_total{result="hit"}'),
    await metric('postern_cache_requests_total{result="miss"}'),
  ]
  t.same([hit + miss, miss <= 2], [20, true])
  await until(async () => (await metric('postern_mirrored_requests_total{result="answered"}')) === miss)
  t.equal(await metric('postern_compressed_responses_total{encoding="gzip"}'), 20)
  t.equal(await metric('postern_compressed_responses_total{encoding="busy"}'), 0)
  t.equal(asked, 2 * miss, 'and a copy each')

  replaceFile(gateway.bundlePath, bundleOf(3))
  await until(async () => (await gateway.status()).bundle.generation === 2)
  await until(async () => (await gateway.status()).generationsHeld === 1)
  const before = await metric('postern_cache_requests_total{result="miss"}')
  t.ok((await hits()) >= 18)
  t.ok((await metric('postern_cache_requests_total{result="miss"}')) > before, 'asked for anew')
})
