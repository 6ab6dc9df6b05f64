/** Connections per address, over all workers of a real gateway. */
import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { sampleListener } from '../bundle/sample-parts.fuzz.ts'
import { cause } from './fixtures/faulty-worker.ts'
import { bundleOf, startGateway, temporaryFolder, until } from './fixtures/gateway.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

t.test('an address has its connections in all workers together, and gets back what dead workers had', async (t) => {
  const faults = temporaryFolder(t)
  process.env['POSTERN_TEST_FAULTS'] = faults
  const limit = 6
  const bundle = bundleOf({ listeners: [sampleListener({ limits: { connectionsPerAddress: limit } })] })
  const worker = new URL('./fixtures/faulty-worker.ts', import.meta.url).href
  const gateway = await startGateway(t, { bundle, accessLog: 'off' }, { worker })
  const { hostname, port } = new URL(gateway.url)
  /** The first line of the answer on a connection that stays open; empty when it was closed instead. */
  const open = async (): Promise<string> => {
    const socket = connect(Number(port), hostname)
    t.teardown(() => socket.destroy())
    socket.write('GET /hello HTTP/1.1\r\nHost: a\r\n\r\n')
    const line = await new Promise<string>((resolve) => {
      socket.once('data', (data) => resolve(String(data).split('\r\n')[0] ?? ''))
      socket.on('error', () => resolve(''))
      socket.once('close', () => resolve(''))
    })
    return line
  }
  for (let count = 0; count < limit; count++) t.equal(await open(), 'HTTP/1.1 200 OK')
  t.equal(await open(), '')
  t.match(await gateway.metrics(), /postern_connections_rejected_total\{reason="address-limit"\} 1/)
  const workers = readdirSync(faults).filter((name) => name.startsWith(`${gateway.childPid}-`))
  for (const name of workers) cause(join(faults, name), 'exit')
  await until(async () => Object.values((await gateway.status()).workerRestarts).reduce((sum, count) => sum + count, 0) === workers.length)
  let served = 0
  await until(async () => {
    if ((await open()) !== '') served += 1
    return served === limit
  })
  t.equal(await open(), '')
})
