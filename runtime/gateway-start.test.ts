/** How a gateway starts: from its file, from its store, or not at all. */
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { digestOf } from '../bundle/bundle.ts'
import { bundleOf, get, replaceFile, startGateway, temporaryFolder, until } from './fixtures/gateway.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

t.test('without its file, or with one that is refused, a gateway starts from its store', async (t) => {
  const folder = temporaryFolder(t)
  const first = await startGateway(t, { folder, bundle: bundleOf({ body: 'first' }) })
  replaceFile(first.bundlePath, bundleOf({ body: 'second' }))
  await until(async () => (await get(`${first.url}/hello`)).body === 'second')
  await until(async () => (await first.status()).durable)
  t.equal(await first.stop(), 0)

  rmSync(first.bundlePath)
  const second = await startGateway(t, { folder, bundle: undefined, gateway: 'edge' })
  t.match(await get(`${second.url}/hello`), { status: 200, body: 'second' })
  t.match(await second.status(), { durable: true, bundle: { origin: 'store' } })
  await second.stop()

  // The newest is damaged: the one before is served, and the damaged one set aside.
  const stored = join(folder, 'store', 'bundles')
  const newest = readdirSync(stored)
    .map((name) => join(stored, name))
    .find((path) => path.includes(digestOf(bundleOf({ body: 'second' })).slice('sha256:'.length))) as string
  chmodSync(newest, 0o600)
  writeFileSync(newest, 'not what it was')
  writeFileSync(first.bundlePath, 'refused')
  const third = await startGateway(t, { folder, bundle: Buffer.from('refused') })
  t.match(await get(`${third.url}/hello`), { status: 200, body: 'first' })
  t.ok(existsSync(`${newest}.corrupt`))
  t.match((await third.status()).lastRejection, { code: /./ })
  replaceFile(third.bundlePath, bundleOf({ body: 'third' }))
  await until(async () => (await get(`${third.url}/hello`)).body === 'third')
})

t.test('with nothing to serve it does not start, and says why', async (t) => {
  const options = { bundle: undefined, gateway: 'edge' }
  await t.rejects(startGateway(t, options), { code: 'bundle-missing', message: /no bundle .*edge\.ptb; and the store .* has no bundle/ })
  const other = generateKeyPairSync('ed25519')
  await t.rejects(startGateway(t, { bundle: bundleOf({}, other.privateKey) }), { code: 'signature-untrusted' })
  await t.rejects(startGateway(t, { bundle: bundleOf({ unknownPolicy: true }) }), { code: 'policy-unknown', message: /unheard-of/ })
  await t.rejects(startGateway(t, { gateway: 'another' }), { code: 'gateway-mismatch' })
  await t.rejects(startGateway(t, { listen: 'nonsense' }), { code: 'address-invalid' })
  await t.rejects(startGateway(t, { trust: ['/does/not/exist.pub'] }), { code: 'key-unreadable' })
})

t.test('a second gateway on the same port or the same store is told so', async (t) => {
  const gateway = await startGateway(t, { id: 'the-first' })
  const { host } = new URL(gateway.url)
  await t.rejects(startGateway(t, { listen: host }), { code: 'listener-unavailable', message: /EADDRINUSE/ })
  await t.rejects(startGateway(t, { store: gateway.storePath }), {
    code: 'store-locked',
    message: new RegExp(`gateway \`the-first\`, process ${process.pid} on `),
  })
  await t.rejects(startGateway(t, { admin: new URL(gateway.admin as string).host }), { code: 'listener-unavailable' })
  t.match(await get(`${gateway.url}/hello`), { status: 200 })
})

t.test('workers that cannot be started are a reason not to start, with theirs', async (t) => {
  const worker = new URL('./fixtures/broken-worker.ts', import.meta.url).href
  await t.rejects(startGateway(t, {}, { worker, tuning: { spareTimeoutMs: 3000 } }), {
    code: 'no-spare-worker',
    message: /a fault of the test/,
  })
})
