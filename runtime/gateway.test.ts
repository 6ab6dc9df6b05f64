/** Bundles swapped in a running gateway of real processes, good ones and others. */
import { generateKeyPairSync } from 'node:crypto'
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bundleOf, get, replaceFile, startGateway, temporaryFolder, until } from './fixtures/gateway.ts'
import { startLoad } from './fixtures/load.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

t.test('a bundle is served, and replaced by a new one without a refused or failed request', async (t) => {
  const gateway = await startGateway(t)
  t.match(gateway.url, /^http:\/\/127\.0\.0\.1:\d+$/)
  t.match(await get(`${gateway.url}/hello`), { status: 200, body: 'hello' })
  const load = startLoad(gateway.url, 300)
  for (let round = 1; round <= 5; round++) {
    replaceFile(gateway.bundlePath, bundleOf({ ballast: round }))
    await until(async () => (await gateway.status()).bundle.routes === 2 + round)
  }
  t.match(await load.stop(), { refused: 0, lost: 0 })
  const status = await gateway.status()
  t.match(status, { gateway: 'edge', state: 'serving', durable: true, lastRejection: null, workerRestarts: {}, generationsHeld: 1 })
  t.match(status.bundle, { origin: 'file', digest: /^sha256:[0-9a-f]{64}$/ })
  const metrics = await gateway.metrics()
  t.match(
    metrics,
    /http_server_request_duration_seconds_count\{api="greeting",http_request_method="GET",http_response_status_class="2xx"\} \d+/,
  )
  t.match(metrics, /postern_generation [6-9]/)
})

t.test('whatever is wrong with a new bundle, the old one goes on, and the code says what it was', async (t) => {
  const gateway = await startGateway(t)
  const other = generateKeyPairSync('ed25519')
  const whole = bundleOf({ body: 'new' })
  const changed = Uint8Array.from(whole)
  changed[whole.length >> 1] = (changed[whole.length >> 1] as number) ^ 1
  const wrong: { readonly [code: string]: Uint8Array } = {
    'signature-untrusted': bundleOf({ body: 'new' }, other.privateKey),
    'gateway-mismatch': bundleOf({ gateway: 'another' }),
    'policy-unknown': bundleOf({ unknownPolicy: true }),
    'self-test-failed': bundleOf({ wrongSelfTest: true }),
    'secret-unresolved': bundleOf({ secrets: [{ kind: 'env', name: 'POSTERN_TEST_NOT_SET' }] }),
  }
  for (const [code, bytes] of Object.entries(wrong)) {
    replaceFile(gateway.bundlePath, bytes)
    t.match(await gateway.reload(), { outcome: 'rejected', code })
    t.match(await get(`${gateway.url}/hello`), { status: 200, body: 'hello' })
    t.match((await gateway.status()).lastRejection, { code })
  }
  for (const bytes of [changed, whole.subarray(0, whole.length - 1), whole.subarray(0, 20), new Uint8Array(0)]) {
    replaceFile(gateway.bundlePath, bytes)
    t.match(await gateway.reload(), { outcome: 'rejected' })
  }
  rmSync(gateway.bundlePath)
  t.match(await gateway.reload(), { outcome: 'rejected', code: 'bundle-missing' })
  t.match(await get(`${gateway.url}/hello`), { status: 200, body: 'hello' })
  t.match(await gateway.metrics(), /postern_bundle_rejections_total\{code="gateway-mismatch"\} [1-9]/)
  t.match((await gateway.status()).bundle, { generation: 1 })
  replaceFile(gateway.bundlePath, whole)
  t.match(await gateway.reload(), { outcome: /swapped|unchanged/ })
  t.match(await get(`${gateway.url}/hello`), { status: 200, body: 'new' })
})

t.test('a file written in place, slowly, is taken when it is whole and never refused before', async (t) => {
  // Longer than this process may be kept from writing on by others.
  const gateway = await startGateway(t, {}, { tuning: { fileSettleMs: 1000 } })
  const bytes = bundleOf({ body: 'slow' })
  for (let size = 0; size < bytes.length; size += bytes.length / 5) {
    writeFileSync(gateway.bundlePath, bytes.subarray(0, size))
    await new Promise((proceed) => setTimeout(proceed, 20))
  }
  writeFileSync(gateway.bundlePath, bytes)
  await until(async () => (await get(`${gateway.url}/hello`)).body === 'slow')
  t.equal((await gateway.status()).lastRejection, null)
})

t.test('a symbolic link that is swapped, as Kubernetes does it, is followed', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'one'), bundleOf({ body: 'one' }))
  writeFileSync(join(folder, 'two'), bundleOf({ body: 'two' }))
  symlinkSync('one', join(folder, '..data'))
  symlinkSync('..data', join(folder, 'edge.ptb'))
  const gateway = await startGateway(t, { folder, bundle: undefined })
  t.match(await get(`${gateway.url}/hello`), { body: 'one' })
  symlinkSync('two', join(folder, '..data_tmp'))
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  await until(async () => (await get(`${gateway.url}/hello`)).body === 'two')
})
