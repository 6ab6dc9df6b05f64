/** A second gateway takes port, store and traffic over from the first, and nobody notices. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { bundleOf, type Teardown, until } from './fixtures/gateway.ts'
import { placeOf, startProcess } from './fixtures/gateway-process.ts'
import { startKeptLoad } from './fixtures/kept-load.ts'
import { startLoad } from './fixtures/load.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

const CONNECTIONS_PER_SECOND = 1500
const KEPT_CONNECTIONS = 32

t.test('under load of new and of kept connections, one gateway takes over from the other without one lost or refused', async (t) => {
  const content = bundleOf({ backendPort: await startEcho(t) })
  const tuning = { drainMs: 20_000 }
  let gateway = await startProcess(t, { content, tuning, accessLog: 'off', id: 'first' })
  const place = placeOf(gateway)
  const loads = [startLoad(gateway.url, CONNECTIONS_PER_SECOND), startKeptLoad(gateway.url, KEPT_CONNECTIONS)]
  const isUnderWay = async () => {
    const before = loads.map(({ tally }) => tally.answered)
    await until(() => loads.every(({ tally }, index) => tally.answered > (before[index] as number) + 100))
  }
  await isUnderWay()
  // The same number of sockets, and more.
  for (const workers of [2, 3]) {
    const next = await startProcess(t, { content, tuning, accessLog: 'off', workers, ...place })
    t.equal(next.url, gateway.url)
    t.equal(await gateway.exited, 0)
    gateway = next
    await isUnderWay()
  }
  for (const load of loads) {
    const tally = await load.stop()
    t.match(tally, { refused: 0, lost: 0 }, tally.errors.join('\n'))
    t.comment(`${tally.answered} answered`)
  }
})

async function startEcho(t: Teardown): Promise<number> {
  const backend = createServer((request, response) => {
    // In flight for a while, so that a takeover finds some at every stage.
    setTimeout(() => response.end(request.url?.split('?')[1]), 5)
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    backend.closeAllConnections()
    backend.close()
  })
  await once(backend, 'listening')
  return (backend.address() as AddressInfo).port
}
