/**
 * Does anybody notice a swap? 64 keep-alive connections under load while the bundle file is replaced 100 times between two bundles of
 * 10 000 routes each. Due: no failed request, no closed connection. Prints also how long a swap takes from the rename to serving.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { need, postern, spread, startBackend, startGateway, temporaryFolder } from './fixtures/peers.ts'
import { writeFolder } from './fixtures/routes.ts'

const SWAPS = Number(process.argv[2] ?? 100)
const CONNECTIONS = 64

need('nginx')
const backend = await startBackend()
const [left, right, live] = [temporaryFolder(), temporaryFolder(), temporaryFolder()]
const size = { files: 100, routesPerFile: 100, backend: `http://127.0.0.1:${backend.port}` }
const { paths } = await writeFolder(left, size)
await writeFolder(right, { ...size, routesPerFile: 101 })
postern('keygen', '--out', live)
for (const folder of [left, right]) postern('compile', folder, '--key', join(live, 'postern.key'), '-o', join(folder, 'bench.ptb'))

const bundle = join(live, 'live.ptb')
copyFileSync(join(left, 'bench.ptb'), bundle)
const gateway = await startGateway(bundle, join(live, 'postern.pub'), '--access-log', 'off')
const current = async () =>
  ((await (await fetch(`${gateway.admin}/status`)).json()) as { bundle: { generation: number } }).bundle.generation

const client = spawn(
  process.execPath,
  [new URL('./fixtures/keep-alive-load.ts', import.meta.url).pathname, String(gateway.port), String(CONNECTIONS), ...paths.slice(0, 500)],
  {
    stdio: ['pipe', 'pipe', 'inherit'],
  },
)
let report = ''
client.stdout.on('data', (chunk) => {
  report += chunk
})

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
client.stdin.end()
await once(client, 'close')
const counts = JSON.parse(report) as { requests: number; failed: number; closed: number }

console.log(`${SWAPS} swaps between two bundles of 10 000 routes under ${CONNECTIONS} keep-alive connections`)
console.log(`  requests ${counts.requests}   failed ${counts.failed}   closed connections ${counts.closed}`)
console.log(`  from rename to serving, under this load: ${spread(milliseconds, 0)} ms`)
console.log(`  due: 0 and 0; ${counts.failed + counts.closed === 0 ? 'met' : 'missed'}`)
await gateway.stop()
await backend.stop()
