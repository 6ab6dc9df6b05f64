/**
 * Does a request cost more when there are many routes? CPU per request of one worker with 10, 1 000 and 100 000 templated routes, requests
 * uniform over all of them with 5 % misses, rounds interleaved. Also: how long the largest folder (1 000 files) compiles, cold, and its bundle's size.
 */
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  cpuSeconds,
  type Gateway,
  load,
  median,
  need,
  postern,
  spread,
  startBackend,
  startGateway,
  temporaryFolder,
} from './fixtures/peers.ts'
import { writeFolder } from './fixtures/routes.ts'

const ROUNDS = 5
const SECONDS = Number(process.argv[2] ?? 6)
const CONNECTIONS = 64
const MISSES_PER_HUNDRED = 5
const DIFFERENT_REQUESTS = 100_000
const SIZES = [
  { files: 1, routesPerFile: 10 },
  { files: 10, routesPerFile: 100 },
  { files: 1000, routesPerFile: 100 },
]

need('nginx', 'wrk')
const backend = await startBackend()
const runs: { count: number; gateway: Gateway; lua: string; microseconds: number[]; compileSeconds: number[]; bytes: number }[] = []

for (const size of SIZES) {
  const folder = temporaryFolder()
  const count = size.files * size.routesPerFile
  const { paths } = await writeFolder(folder, { ...size, backend: `http://127.0.0.1:${backend.port}` })
  postern('keygen', '--out', folder)
  const bundle = join(folder, 'bench.ptb')
  const compileSeconds: number[] = []
  for (let round = 0; round < (count > 1000 ? ROUNDS : 1); round++) {
    const begin = performance.now()
    postern('compile', folder, '--key', join(folder, 'postern.key'), '-o', bundle)
    compileSeconds.push((performance.now() - begin) / 1000)
  }
  const gateway = await startGateway(bundle, join(folder, 'postern.pub'), '--workers', '1', '--access-log', 'off')
  runs.push({ count, gateway, lua: writeScript(folder, paths), microseconds: [], compileSeconds, bytes: statSync(bundle).size })
}

for (const { gateway, lua } of runs) await load(gateway.port, { connections: CONNECTIONS, seconds: 3, lua })
let errors = 0
for (let round = 0; round < ROUNDS; round++) {
  for (const run of runs) {
    const before = cpuSeconds(run.gateway.pid)
    const result = await load(run.gateway.port, { connections: CONNECTIONS, seconds: SECONDS, lua: run.lua })
    run.microseconds.push(((cpuSeconds(run.gateway.pid) - before) / result.requests) * 1e6)
    errors += result.errors
  }
}

console.log(`CPU per request in us, ${ROUNDS} interleaved rounds of ${SECONDS} s, ${MISSES_PER_HUNDRED} % misses; median (min - max)`)
for (const run of runs) {
  const ratios = run.microseconds.map((value, round) => value / (runs[0]?.microseconds[round] as number))
  console.log(`  ${String(run.count).padStart(7)} routes  ${spread(run.microseconds)}   ratio to ${runs[0]?.count} ${spread(ratios)}`)
}
console.log(`  errors ${errors}`)
for (const run of runs.filter(({ count }) => count > 1000)) {
  console.log(
    `  ${run.count} routes in 1 000 files: compiled and signed, cold, in ${spread(run.compileSeconds, 1)} s; bundle ${(run.bytes / 2 ** 20).toFixed(1)} MiB`,
  )
}
const due = 1.15
const ratio = median((runs.at(-1)?.microseconds ?? []).map((value, round) => value / (runs[0]?.microseconds[round] as number)))
console.log(`  due: within ${due} x; ${ratio <= due ? 'met' : 'missed'} with ${ratio.toFixed(2)}`)
for (const { gateway } of runs) await gateway.stop()
await backend.stop()

/**
 * A wrk script that asks for every route equally often, in random order, with misses between. Each size gets as many different requests, told
 * apart by their queries: a client that has more of them to choose from is slower and lets the gateway sleep more often, which costs the gateway
 * a third more context switches per request and has nothing to do with its routes.
 */
function writeScript(folder: string, paths: readonly string[]): string {
  const requests = Array.from(
    { length: DIFFERENT_REQUESTS },
    (_, index) => `${paths[index % paths.length]}?${String(index).padStart(6, '0')}`,
  )
  writeFileSync(join(folder, 'requests.txt'), requests.join('\n'))
  const file = join(folder, 'load.lua')
  writeFileSync(
    file,
    `local requests, misses = {}, {}
    init = function(args)
      for target in io.lines('${folder}/requests.txt') do
        requests[#requests + 1] = wrk.format('GET', target)
        if #misses < 1000 then misses[#misses + 1] = wrk.format('GET', (target:gsub('?', '/no/such/route?'))) end
      end
      math.randomseed(42)
    end
    request = function()
      if math.random(100) <= ${MISSES_PER_HUNDRED} then return misses[math.random(#misses)] end
      return requests[math.random(#requests)]
    end`,
  )
  return file
}
