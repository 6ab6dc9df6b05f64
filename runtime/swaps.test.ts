/** Two hundred swaps with streams in flight: nobody notices, and the memory comes back. */
import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import t from 'tap'
import { bundleOf, replaceFile, startGateway, until } from './fixtures/gateway.ts'
import { startLoad } from './fixtures/load.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

const SWAPS = 200
const STREAMS = 8
const PAGES_PER_MIB = 256

t.test('200 swaps with streams in flight fail nothing, and give all memory back', async (t) => {
  const open: ServerResponse[] = []
  const backend = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.write('begin ')
    open.push(response)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => backend.once('listening', resolve))
  t.teardown(() => {
    backend.closeAllConnections()
    backend.close()
  })
  const backendPort = (backend.address() as { port: number }).port
  const bundles = [0, 1].map((index) => bundleOf({ backendPort, ballast: 8_000 + index }))
  const bytes = (bundles[0] as Uint8Array).length
  // Streams keep their generation for so long, and then go on without it.
  const gateway = await startGateway(t, { bundle: bundles[0] as Uint8Array }, { tuning: { generationDrainMs: 300 } })
  const pid = gateway.childPid as number
  const swap = async (index: number) => {
    replaceFile(gateway.bundlePath, bundles[index % 2] as Uint8Array)
    const outcome = await gateway.reload()
    if (outcome.outcome === 'rejected') t.fail(outcome.message)
  }
  for (let index = 1; index <= 20; index++) await swap(index)
  const pagesBefore = residentPages(pid)
  const load = startLoad(gateway.url, 100)
  const streams: Promise<string>[] = []
  for (let index = 1; index <= SWAPS; index++) {
    if (index % (SWAPS / STREAMS) === 1) {
      const count = open.length
      streams.push(stream(gateway.url))
      await until(() => open.length > count)
    }
    await swap(index)
  }
  t.equal(gateway.childPid, pid, 'no crash')
  const tally = await load.stop()
  t.match(tally, { refused: 0, lost: 0 }, tally.errors.join('\n'))
  await until(async () => (await gateway.status()).generationsHeld === 1)
  t.equal(mappings(pid), 1, 'one mapping is left, with all streams still open')
  for (const response of open) response.end('stop')
  t.strictSame(await Promise.all(streams), new Array(STREAMS).fill('begin stop'))
  // A view that was kept would now read memory that is gone, or that a later bundle has got.
  const ended = await until(() => {
    const lines = readFileSync(gateway.logPath, 'utf8').split('\n').slice(0, -1)
    const found = lines.filter((line) => line.includes('"path":"/backend"'))
    return found.length === STREAMS && found
  })
  t.notMatch(ended.join('\n'), /"route":/, 'what outlived its bundle finds nothing in it any more')
  const status = await gateway.status()
  t.match(status, { workerRestarts: {}, processRestarts: 0 })
  t.ok(status.bundle.generation > SWAPS)
  const grownMib = (residentPages(pid) - pagesBefore) / PAGES_PER_MIB
  const bundleMib = bytes / 1024 ** 2
  t.comment(`${SWAPS} swaps of ${bundleMib.toFixed(1)} MiB: resident memory grew by ${grownMib.toFixed(1)} MiB`)
  t.ok(grownMib < (SWAPS * bundleMib) / 4, `grew by ${grownMib} MiB`)
})

t.test('where there are more generations than may be, the oldest gives up its memory first', async (t) => {
  const backend = createServer((_, response) => response.write('begin ')).listen(0, '127.0.0.1')
  await new Promise((resolve) => backend.once('listening', resolve))
  t.teardown(() => {
    backend.closeAllConnections()
    backend.close()
  })
  const backendPort = (backend.address() as { port: number }).port
  const gateway = await startGateway(t, { bundle: bundleOf({ backendPort }), accessLog: 'off' }, { tuning: { maxGenerations: 3 } })
  for (let index = 1; index <= 6; index++) {
    const isThere = new Promise((resolve) => backend.once('request', resolve))
    void stream(gateway.url).catch(() => {})
    await isThere
    replaceFile(gateway.bundlePath, bundleOf({ backendPort, ballast: index }))
    await until(async () => (await gateway.status()).bundle.generation === index + 1)
  }
  await until(async () => (await gateway.status()).generationsHeld === 3)
  t.equal(mappings(gateway.childPid as number), 3)
})

/** The body of a response that takes its time; without the chunks' sizes. */
function stream(url: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(Number(port), hostname, () =>
      socket.write('GET /backend HTTP/1.1\r\nHost: any.example\r\nConnection: close\r\n\r\n'),
    )
    socket.on('data', (data) => {
      text += data
    })
    socket.on('error', reject)
    socket.on('close', () => {
      const chunks = text.slice(text.indexOf('\r\n\r\n') + 4)
      resolve(chunks.replaceAll(/[0-9a-f]+\r\n|\r\n/g, ''))
    })
  })
}

function mappings(pid: number): number {
  return readFileSync(`/proc/${pid}/maps`, 'utf8').split('memfd:postern-bundle').length - 1
}

function residentPages(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
}
