/**
 * Does anybody notice a swap? 64 keep-alive connections under load while the bundle file is replaced 100 times between two bundles of
 * 100 000 routes each. Due: no failed request, no closed connection, no pause over 20 ms in a worker. A pause is seen from outside, as the answers
 * that took longest, without swaps and with them: clients, compiler threads and gateway share the machine, so only what swaps add counts.
 * Prints also how long a swap takes from the rename to serving.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { need, postern, spread, startBackend, startGateway, temporaryFolder } from './fixtures/peers.ts'
import { writeFolder } from './fixtures/routes.ts'

const SWAPS = Number(process.argv[2] ?? 100)
const CONNECTIONS = 64
const QUIET_MS = 10_000
const DUE_PAUSE_MS = 20

need('nginx')
const backend = await startBackend()
const [left, right, live] = [temporaryFolder(), temporaryFolder(), temporaryFolder()]
const size = { files: 1000, routesPerFile: 100, backend: `http://127.0.0.1:${backend.port}` }
const { paths } = await writeFolder(left, size)
await writeFolder(right, { ...size, routesPerFile: 101 })
postern('keygen', '--out', live)
for (const folder of [left, right]) postern('compile', folder, '--key', join(live, 'postern.key'), '-o', join(folder, 'bench.ptb'))

const bundle = join(live, 'live.ptb')
copyFileSync(join(left, 'bench.ptb'), bundle)
const gateway = await startGateway(bundle, join(live, 'postern.pub'), '--access-log', 'off')
const current = async () =>
  ((await (await fetch(`${gateway.admin}/status`)).json()) as { bundle: { generation: number } }).bundle.generation

interface Counts {
  readonly requests: number
  readonly failed: number
  readonly closed: number
  readonly slowestMs: readonly number[]
}

/** Clients in a process of their own, until what is returned is called. */
function startClients(): () => Promise<Counts> {
  const module = new URL('./fixtures/keep-alive-load.ts', import.meta.url).pathname
  const client = spawn(process.execPath, [module, String(gateway.port), String(CONNECTIONS), ...paths.slice(0, 500)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let report = ''
  client.stdout.on('data', (chunk) => {
    report += chunk
  })
  return async () => {
    client.stdin.end()
    await once(client, 'close')
    return JSON.parse(report) as Counts
  }
}

const stopQuiet = startClients()
await new Promise((resolve) => setTimeout(resolve, QUIET_MS))
const quiet = await stopQuiet()

const stopSwapping = startClients()
const milliseconds: number[] = []
let generation = await current()
for (let swap = 0; swap < SWAPS; swap++) {
  copyFileSync(join(swap % 2 === 0 ? right : left, 'bench.ptb'), `${bundle}.new`)
  const begin = performance.now()
  renameSync(`${bundle}.new`, bundle)
  const deadline = begin + 30_000
  while ((await current()) === generation) {
    if (performance.now() > deadline) throw new Error(`swap ${swap} did not happen within 30 s`)
  }
  milliseconds.push(performance.now() - begin)
  generation = await current()
}
const counts = await stopSwapping()

const slowest = (ms: readonly number[]) => ms.map((value) => value.toFixed(0)).join(', ')
console.log(`${SWAPS} swaps between two bundles of 100 000 routes under ${CONNECTIONS} keep-alive connections`)
console.log(`  requests ${counts.requests}   failed ${counts.failed}   closed connections ${counts.closed}`)
console.log(`  slowest answers: ${slowest(counts.slowestMs)} ms; without swaps, of ${quiet.requests}: ${slowest(quiet.slowestMs)} ms`)
console.log(`  from rename to serving, under this load: ${spread(milliseconds, 0)} ms`)
console.log(`  due: 0 and 0; ${counts.failed + counts.closed === 0 ? 'met' : 'missed'}`)
const added = (counts.slowestMs[0] ?? 0) - (quiet.slowestMs[0] ?? 0)
console.log(`  due: no pause over ${DUE_PAUSE_MS} ms; the slowest answer was ${added.toFixed(0)} ms slower with swaps than without`)
await gateway.stop()
await backend.stop()
