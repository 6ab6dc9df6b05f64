/**
 * How long do answers take when the gateway is half busy? The 99th percentile at half of Postern's saturation, Postern and nginx at the same rate, each with
 * one worker before the same backend, over 64 kept connections. Each request has its time to be sent (h2load's `--rps`); a connection whose answer is late
 * sends late, so what is printed is the time of answers and not of a queue in the client.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { compiled, plainProject } from './fixtures/compiled.ts'
import { needH2load } from './fixtures/h2load.ts'
import { load, median, need, spread, startBackend, startGateway, startNginxProxy, temporaryFolder } from './fixtures/peers.ts'

const ROUNDS = 5
const SECONDS = Number(process.argv[2] ?? 6)
const CONNECTIONS = 64
const DUE = 1.5
const path = '/forecast/bern'

need('nginx', 'wrk')
needH2load()
const backend = await startBackend()
const { bundle, publicKey } = compiled(plainProject(backend.port))
const peers = {
  nginx: await startNginxProxy(backend),
  postern: await startGateway(bundle, publicKey, '--workers', '1', '--access-log', 'off'),
}
const logs = temporaryFolder()
await load(peers.nginx.port, { connections: CONNECTIONS, seconds: 3, path })
const { requests } = await load(peers.postern.port, { connections: CONNECTIONS, seconds: SECONDS, path })
const perSecond = Math.floor(requests / SECONDS / 2)

const times = new Map<string, { p50: number[]; p99: number[] }>(Object.keys(peers).map((name) => [name, { p50: [], p99: [] }]))
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, { port }] of Object.entries(peers)) {
    const sorted = await responseTimes(port)
    times.get(name)?.p50.push(sorted[Math.floor(sorted.length * 0.5)] as number)
    times.get(name)?.p99.push(sorted[Math.floor(sorted.length * 0.99)] as number)
  }
}
console.log(
  `time of answers in us at ${perSecond} requests per second, half of what saturates Postern, ${ROUNDS} interleaved rounds of ${SECONDS} s`,
)
const nginx = times.get('nginx')?.p99 ?? []
for (const [name, { p50, p99 }] of times) {
  const ratios = p99.map((value, round) => value / (nginx[round] as number))
  console.log(`  ${name.padEnd(8)} p50 ${spread(p50, 0)}   p99 ${spread(p99, 0)}   ratio of p99 to nginx ${spread(ratios)}`)
}
const ratio = median((times.get('postern')?.p99 ?? []).map((value, round) => value / (nginx[round] as number)))
console.log(`  due: at most ${DUE} x nginx; ${ratio <= DUE ? 'met' : 'missed'} with ${ratio.toFixed(2)}`)
for (const peer of [...Object.values(peers), backend]) await peer.stop()

/** Of every request of one round, in us, sorted. Anything but a 200 ends the bench. */
async function responseTimes(port: number): Promise<number[]> {
  const log = join(logs, 'h2load.log')
  rmSync(log, { force: true })
  const rate = `--rps=${Math.max(1, Math.round(perSecond / CONNECTIONS))}`
  const args = ['--h1', '-t1', `-c${CONNECTIONS}`, `-D${SECONDS}`, rate, `--log-file=${log}`, `http://127.0.0.1:${port}${path}`]
  const child = spawn('h2load', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  await once(child, 'close')
  const rows = readFileSync(log, 'utf8').trimEnd().split('\n')
  const found: number[] = []
  for (const row of rows) {
    const [, status, microseconds] = row.split('\t')
    if (status !== '200') throw new Error(`a request ended with ${status}`)
    found.push(Number(microseconds))
  }
  return found.sort((a, b) => a - b)
}
