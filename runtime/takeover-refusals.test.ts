/** From whom a gateway takes over, and from whom it does not. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { get, startGateway, until } from './fixtures/gateway.ts'
import { placeOf, type Started, startProcess } from './fixtures/gateway-process.ts'
import { startLoad } from './fixtures/load.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

const BROKEN = new URL('./fixtures/broken-worker.ts', import.meta.url).href

t.test('one that cannot serve takes nothing over', async (t) => {
  const first = await startProcess(t, { accessLog: 'off' })
  const load = startLoad(first.url, 200)
  const place = placeOf(first)
  const internals = { worker: BROKEN, tuning: { spareTimeoutMs: 3000 } }
  await t.rejects(startGateway(t, place, internals), { code: 'no-spare-worker' })
  await until(() => load.tally.answered > 100)
  t.match(await load.stop(), { refused: 0, lost: 0 })
  t.match(await status(first), { durable: true, state: 'serving' })
})

t.test('a port that somebody else has, too, and a store whose owner is nobody here, are not taken over', async (t) => {
  const first = await startProcess(t, { accessLog: 'off' })
  const other = await startProcess(t, { accessLog: 'off' })
  const place = placeOf(first)
  const plain = createServer().listen(0, '127.0.0.1')
  t.teardown(() => plain.close())
  await once(plain, 'listening')
  for (const listen of [new URL(other.url).host, `127.0.0.1:${(plain.address() as AddressInfo).port}`]) {
    await t.rejects(startGateway(t, { ...place, listen }), { code: 'listener-unavailable', message: /EADDRINUSE/ })
  }
  for (const [owner, says] of [
    [{ pid: 1, id: 'x', host: 'elsewhere.example' }, /runs on elsewhere\.example/],
    [{ pid: 1, id: 'x', host: hostname() }, /process 1 is none of this user's that has its lock/],
    ['', /does not say who it is/],
  ] as const) {
    writeFileSync(join(place.store, 'lock'), JSON.stringify(owner))
    await t.rejects(startGateway(t, place), { code: 'takeover-impossible', message: says })
  }
  for (const { url } of [first, other]) t.match(await get(`${url}/hello`), { status: 200 })
})

t.test('of two that want to take over, one gets the store and the other ends', async (t) => {
  const first = await startProcess(t, { accessLog: 'off' })
  const { listen, admin, ...place } = placeOf(first)
  // On ports of its own: on the same ones, who comes last has the other in its way. It waits until somebody else has told the first to go.
  const other = await startProcess(t, { accessLog: 'off', ...place, tuning: { takeoverSettleMs: 3_600_000 } })
  const same = await startProcess(t, { accessLog: 'off', ...place, listen, admin })
  t.equal(await first.exited, 0)
  const [loser, winner] = await Promise.race([
    other.exited.then(() => [other, same] as const),
    same.exited.then(() => [same, other] as const),
  ])
  t.equal(await loser.exited, 3)
  await until(async () => (await status(winner)).durable)
  t.match(await get(`${winner.url}/hello`), { status: 200 })
})

async function status(gateway: Started): Promise<{ durable: boolean }> {
  return JSON.parse((await get(`${gateway.admin}/status`)).body)
}
