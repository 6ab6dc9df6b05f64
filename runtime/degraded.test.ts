/** A gateway whose surroundings fail: no store to write to, secrets that are gone, a full disk. Traffic goes on, and the status says what is lost. */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bundleOf, get, replaceFile, startGateway, temporaryFolder, until } from './fixtures/gateway.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

t.test('with a store that cannot be written a bundle is served from memory, and kept as soon as that works', async (t) => {
  const folder = temporaryFolder(t)
  // A file where the folder should be: fails for root as well, as a full or read-only disk would.
  mkdirSync(join(folder, 'store'))
  writeFileSync(join(folder, 'store', 'bundles'), '')
  const gateway = await startGateway(t, { folder }, { tuning: { storeRetryMs: 50 } })
  t.match(await get(`${gateway.url}/hello`), { status: 200 })
  t.match(await gateway.status(), { durable: false, state: 'serving' })
  t.match(await gateway.metrics(), /postern_bundle_durable 0/)
  replaceFile(gateway.bundlePath, bundleOf({ body: 'new' }))
  await until(async () => (await get(`${gateway.url}/hello`)).body === 'new')
  rmSync(join(folder, 'store', 'bundles'))
  mkdirSync(join(folder, 'store', 'bundles'))
  await until(async () => (await gateway.status()).durable)
  t.match(await get(`${gateway.admin}/readyz`), { status: 200 })
})

t.test('secrets: read again at each reload; a bundle without its own is refused, except at a start from the store', async (t) => {
  const folder = temporaryFolder(t)
  const secret = join(folder, 'secret')
  writeFileSync(secret, 'hunter-1\n')
  const bundle = bundleOf({ secrets: [{ kind: 'file', name: secret }] })
  const gateway = await startGateway(t, { folder, bundle })
  t.match(await gateway.reload(), { outcome: 'unchanged', generation: 1 })
  writeFileSync(secret, 'hunter-2\n')
  t.match(await gateway.reload(), { outcome: 'swapped', generation: 2 })
  rmSync(secret)
  t.match(await gateway.reload(), { outcome: 'rejected', code: 'secret-unresolved', message: `\${file:${secret}} cannot be read (ENOENT)` })
  t.match(await get(`${gateway.url}/hello`), { status: 200 })
  const { metrics, status } = { metrics: await gateway.metrics(), status: JSON.stringify(await gateway.status()) }
  t.notMatch(metrics + status, /\bhunter-[12]\b/, 'a value is nowhere to be seen')
  await gateway.stop()

  const again = await startGateway(t, { folder, bundle })
  t.match((await again.status()).bundle, { origin: 'store', unresolvedSecrets: [/\$\{file:.*secret\} cannot be read/] })
  t.match(await get(`${again.url}/hello`), { status: 200 }, 'a route that does not need it')
})

t.test('a bundle file that may not be read is no reason to stop', async (t) => {
  const gateway = await startGateway(t)
  chmodSync(gateway.bundlePath, 0)
  rmSync(gateway.bundlePath)
  mkdirSync(gateway.bundlePath)
  t.match(await gateway.reload(), { outcome: 'rejected', code: 'bundle-unreadable' })
  t.match(await get(`${gateway.url}/hello`), { status: 200 })
})

t.test('an access log on a full disk loses lines, which are counted', async (t) => {
  const gateway = await startGateway(t, { accessLog: '/dev/full' })
  for (let count = 0; count < 3; count++) t.match(await get(`${gateway.url}/hello`), { status: 200 })
  await until(async () => /postern_log_dropped_total\{log="access"\} [1-9]/.test(await gateway.metrics()))
})
