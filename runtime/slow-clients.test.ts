/** A thousand clients that take their time, while others are served. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { sampleListener } from '../bundle/sample-parts.fuzz.ts'
import { bundleOf, startGateway, until } from './fixtures/gateway.ts'
import { startKeptLoad } from './fixtures/kept-load.ts'
import { startLoad } from './fixtures/load.ts'
import { startSlowClients } from './fixtures/slow-clients.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

const SLOW_CLIENTS = 1000
const ENDLESS = Buffer.alloc(4 * 1024 * 1024, 'x')

t.test('clients that are silent, drip a head or a body, or do not read cost nobody else an answer, and get their own', async (t) => {
  const backend = createServer((request, response) => {
    if (request.url === '/backend?endless') response.end(ENDLESS)
    else {
      request.resume()
      request.on('end', () => response.end(request.url?.split('?')[1]))
    }
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    backend.closeAllConnections()
    backend.close()
  })
  await new Promise((resolve) => backend.once('listening', resolve))
  const backendPort = (backend.address() as AddressInfo).port
  // All of them come from one address here.
  const listeners = [sampleListener({ limits: { connectionsPerAddress: 0 } })]
  const bundle = bundleOf({ backendPort, listeners, maxConnections: SLOW_CLIENTS })
  const gateway = await startGateway(t, { bundle, accessLog: 'off' })
  const slow = await startSlowClients(gateway.url, SLOW_CLIENTS, '/backend', '/backend?endless')
  t.teardown(() => slow.destroy())
  const loads = [startLoad(gateway.url, 200), startKeptLoad(gateway.url, 8)]
  // For as long as every dripping client needs for a few bytes.
  await until(() => slow.dripped > SLOW_CLIENTS && loads.every(({ tally }) => tally.answered > 200))
  t.equal(slow.closed, 0)
  for (const load of loads) {
    const tally = await load.stop()
    t.match(tally, { refused: 0, lost: 0 }, tally.errors.join('\n'))
  }
  t.equal(await slow.finish(), SLOW_CLIENTS, 'every slow client has its answer')
})
