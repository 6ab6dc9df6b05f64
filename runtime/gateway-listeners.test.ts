import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { sampleListener } from '../bundle/sample-parts.fuzz.ts'
import { bundleOf, get, keys, replaceFile, startGateway, temporaryFolder, until } from './fixtures/gateway.ts'
import { startLoad } from './fixtures/load.ts'
import { runGateway } from './main.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

t.test('a bundle with other listeners is served on them by a new process, without a refused connection on the old', async (t) => {
  const free = await freePort()
  const listener = (name: string, port: number) => sampleListener({ name, port })
  const kept = listener('http', await freePort())
  let changed = 0
  const gateway = await startGateway(t, { bundle: bundleOf({ listeners: [kept] }), onListenersChanged: () => changed++ })
  const before = gateway.childPid
  const load = startLoad(gateway.url, 200)
  replaceFile(gateway.bundlePath, bundleOf({ listeners: [kept, listener('second', free)] }))
  await until(() => gateway.listeners.length === 2)
  t.match(await get(`http://127.0.0.1:${free}/hello`), { status: 200, body: 'hello' })
  t.match(await load.stop(), { refused: 0, lost: 0 })
  t.not(gateway.childPid, before)
  t.equal(changed, 1)
  t.match((await gateway.status()).listeners, [{ name: 'http' }, { name: 'second' }])

  // One that cannot be had: refused as a whole, nothing changes.
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  t.teardown(() => taken.close())
  replaceFile(gateway.bundlePath, bundleOf({ listeners: [kept, listener('third', (taken.address() as { port: number }).port)] }))
  t.match(await gateway.reload(), { outcome: 'rejected', code: 'listener-unavailable', message: /third.*EADDRINUSE/ })
  t.match(await get(`http://127.0.0.1:${free}/hello`), { status: 200 })
})

t.test('stopping lets exchanges end, and then nothing is left', async (t) => {
  const gateway = await startGateway(t)
  const pid = gateway.childPid as number
  const open = get(`${gateway.url}/hello`)
  t.match(await open, { status: 200 })
  t.equal(await gateway.stop(), 0)
  t.equal(await gateway.exited, 0)
  t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  await t.rejects(get(`${gateway.url}/hello`), { code: 'ECONNREFUSED' })
  const again = await startGateway(t, { listen: new URL(gateway.url).host, store: gateway.storePath })
  t.match(await get(`${again.url}/hello`), { status: 200 })
})

t.test('in dev there is no store unless one is named', async (t) => {
  const folder = temporaryFolder(t)
  const bundle = join(folder, 'edge.ptb')
  writeFileSync(bundle, bundleOf())
  const gateway = await runGateway({
    bundle,
    trust: [keys.publicKey],
    admin: 'off',
    accessLog: 'off',
    dev: true,
    logLevel: 'silent',
    handleSignals: false,
    workers: 1,
  })
  t.teardown(() => gateway.stop())
  t.match(gateway, { store: undefined, admin: undefined })
  t.match(await get(`${gateway.listeners[0]?.url}/hello`), { status: 200 })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
