/**
 * What does one more worker cost in memory? Private_Dirty of the gateway's process with one and with three workers, after every worker has
 * served requests, halved difference; with 10 and with 100 000 routes, so that the difference of the two is what the bundle causes.
 */
import { join } from 'node:path'
import { load, median, need, postern, privateDirtyKiB, startBackend, startGateway, temporaryFolder } from './fixtures/peers.ts'
import { writeFolder } from './fixtures/routes.ts'

const ROUNDS = Number(process.argv[2] ?? 5)
const SIZES = [
  { files: 1, routesPerFile: 10 },
  { files: 1000, routesPerFile: 100 },
]

need('nginx', 'wrk')
const backend = await startBackend()

console.log(`Private_Dirty per further worker in MiB, median of ${ROUNDS}`)
for (const size of SIZES) {
  const folder = temporaryFolder()
  await writeFolder(folder, { ...size, backend: `http://127.0.0.1:${backend.port}` })
  postern('keygen', '--out', folder)
  postern('compile', folder, '--key', join(folder, 'postern.key'), '-o', join(folder, 'bench.ptb'))
  const perWorker: number[] = []
  for (let round = 0; round < ROUNDS; round++) perWorker.push(((await dirtyWith(folder, 3)) - (await dirtyWith(folder, 1))) / 2 / 1024)
  console.log(
    `  ${String(size.files * size.routesPerFile).padStart(7)} routes  ${median(perWorker).toFixed(1)} (${perWorker.map((value) => value.toFixed(1)).join(', ')})`,
  )
}
await backend.stop()

async function dirtyWith(folder: string, workers: number): Promise<number> {
  const gateway = await startGateway(
    join(folder, 'bench.ptb'),
    join(folder, 'postern.pub'),
    '--workers',
    String(workers),
    '--access-log',
    'off',
  )
  await load(gateway.port, { connections: 48, seconds: 4, path: '/' })
  const dirty = privateDirtyKiB(gateway.pid)
  await gateway.stop()
  return dirty
}
