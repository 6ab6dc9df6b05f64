/** A new version of the program takes over from the old one under the same parent, and nobody notices. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { bundleOf, get, startGateway, type Teardown, until } from './fixtures/gateway.ts'
import { startKeptLoad } from './fixtures/kept-load.ts'
import { startLoad } from './fixtures/load.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

const CONNECTIONS_PER_SECOND = 1500
const KEPT_CONNECTIONS = 32

t.test('under load of new and of kept connections, two successors take over without one lost or refused', async (t) => {
  const backendPort = await startEcho(t)
  const gateway = await startGateway(t, { bundle: bundleOf({ backendPort }), accessLog: 'off' }, { tuning: { drainMs: 20_000 } })
  const loads = [startLoad(gateway.url, CONNECTIONS_PER_SECOND), startKeptLoad(gateway.url, KEPT_CONNECTIONS)]
  const isUnderWay = async () => {
    const before = loads.map(({ tally }) => tally.answered)
    await until(() => loads.every(({ tally }, index) => tally.answered > (before[index] as number) + 100))
  }
  const pids = new Set([gateway.childPid])
  for (let turn = 0; turn < 2; turn++) {
    await isUnderWay()
    const old = gateway.childPid as number
    t.match(await gateway.handOver(), { outcome: 'handed-over' })
    pids.add(gateway.childPid)
    await isUnderWay()
    await until(() => isGone(old))
  }
  for (const load of loads) {
    const tally = await load.stop()
    t.match(tally, { refused: 0, lost: 0 }, tally.errors.join('\n'))
    t.comment(`${tally.answered} answered`)
  }
  t.equal(pids.size, 3)
  t.match(await gateway.status(), { processRestarts: 0, state: 'serving', durable: true })
})

t.test('streams go on with the process that they began with, until its drain is over', async (t) => {
  const backend = createServer((_, response) => {
    response.write('begin ')
    backend.once('finish', () => response.end('end'))
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    backend.closeAllConnections()
    backend.close()
  })
  await new Promise((resolve) => backend.once('listening', resolve))
  const { port } = backend.address() as AddressInfo
  const gateway = await startGateway(t, { bundle: bundleOf({ backendPort: port }) }, { tuning: { drainMs: 20_000 } })
  const isThere = new Promise((resolve) => backend.once('request', resolve))
  const stream = get(`${gateway.url}/backend`)
  await isThere
  const old = gateway.childPid as number
  t.match(await gateway.handOver(), { outcome: 'handed-over' })
  t.match(await gateway.handOver(), { outcome: 'handed-over' }, 'a second successor does not wait for the first drain')
  t.notOk(isGone(old))
  backend.emit('finish')
  t.match(await stream, { status: 200, body: 'begin end' })
  await until(() => isGone(old))
})

t.test('a process that dies while its successor starts is followed by it', async (t) => {
  const gateway = await startGateway(t, { accessLog: 'off' })
  const old = gateway.childPid as number
  const handedOver = gateway.handOver()
  t.match(await gateway.handOver(), { outcome: 'failed', code: 'hand-over-running' })
  process.kill(old, 'SIGKILL')
  t.match(await handedOver, { outcome: 'handed-over' })
  t.not(gateway.childPid, old)
  t.match(await get(`${gateway.url}/hello`), { status: 200 })
  await gateway.stop()
  t.match(await gateway.handOver(), { outcome: 'failed', code: 'not-serving' })
})

async function startEcho(t: Teardown): Promise<number> {
  const backend = createServer((request, response) => {
    // In flight for a while, so that a hand-over finds some at every stage.
    setTimeout(() => response.end(request.url?.split('?')[1]), 5)
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    backend.closeAllConnections()
    backend.close()
  })
  await new Promise((resolve) => backend.once('listening', resolve))
  return (backend.address() as AddressInfo).port
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}
