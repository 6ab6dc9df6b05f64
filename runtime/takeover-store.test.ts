/** A gateway that takes over has the store last: what it got before is kept when it may write. */
import { join } from 'node:path'
import t from 'tap'
import { bundleOf, get, replaceFile, until } from './fixtures/gateway.ts'
import { placeOf, type Started, startProcess } from './fixtures/gateway-process.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

t.test('the store is the new one’s when it may be written: what came meanwhile is kept then', async (t) => {
  const first = await startProcess(t, { accessLog: 'off' })
  // Long enough for a bundle to come before the first one is told to go.
  const second = await startProcess(t, { accessLog: 'off', tuning: { takeoverSettleMs: 5000 }, ...placeOf(first) })
  replaceFile(second.bundlePath, bundleOf({ body: 'second' }))
  await until(async () => (await get(`${second.url}/hello`)).body === 'second')
  t.equal(first.process.exitCode, null)
  t.equal(await first.exited, 0)
  await until(async () => (await status(second)).durable)
  second.process.kill('SIGTERM')
  t.equal(await second.exited, 0)
  const third = await startProcess(t, { store: join(first.folder, 'store'), bundle: join(first.folder, 'none'), gateway: 'edge' })
  t.match(await get(`${third.url}/hello`), { body: 'second' })
})

t.test('where nobody has the store there is nothing to take over', async (t) => {
  const gateway = await startProcess(t, { accessLog: 'off', takeover: true })
  t.match(await status(gateway), { durable: true })
})

async function status(gateway: Started): Promise<{ durable: boolean }> {
  return JSON.parse((await get(`${gateway.admin}/status`)).body)
}
