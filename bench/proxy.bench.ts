/**
 * What does one plain proxied request cost? CPU (user and system, from /proc) of one Postern worker process, of nginx with one worker and of
 * HAProxy with one thread, each in front of the same backend: 64 keep-alive connections, a small JSON reply, logs off, rounds interleaved.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  cpuSeconds,
  load,
  median,
  need,
  type Peer,
  postern,
  spread,
  startBackend,
  startGateway,
  startHaproxy,
  startNginxProxy,
  temporaryFolder,
} from './fixtures/peers.ts'

const ROUNDS = 5
const SECONDS = Number(process.argv[2] ?? 6)
const CONNECTIONS = 64

need('nginx', 'haproxy', 'wrk')
const backend = await startBackend()
const folder = temporaryFolder()
writeFileSync(
  join(folder, 'gateway.yaml'),
  `apiVersion: postern/v1
kind: Gateway
metadata: { name: bench }
spec: { listeners: [ { name: http, address: 127.0.0.1, port: 8080 } ] }
---
apiVersion: postern/v1
kind: Api
metadata: { name: weather }
spec:
  access: public
  backend: weather
  routes: { "GET /forecast/{city}": {} }
---
apiVersion: postern/v1
kind: Backend
metadata: { name: weather }
spec: { endpoints: [ "http://127.0.0.1:${backend.port}" ] }
`,
)
postern('keygen', '--out', folder)
postern('compile', folder, '--key', join(folder, 'postern.key'), '-o', join(folder, 'bench.ptb'))

const peers: { readonly [name: string]: Peer } = {
  nginx: await startNginxProxy(backend),
  haproxy: await startHaproxy(backend),
  postern: await startGateway(join(folder, 'bench.ptb'), join(folder, 'postern.pub'), '--workers', '1', '--access-log', 'off'),
}
const microseconds: { [name: string]: number[] } = {}
let errors = 0

for (const peer of Object.values(peers)) await load(peer.port, { connections: CONNECTIONS, seconds: 3, path: '/forecast/bern' })
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, peer] of Object.entries(peers)) {
    const before = cpuSeconds(peer.pid)
    const result = await load(peer.port, { connections: CONNECTIONS, seconds: SECONDS, path: '/forecast/bern' })
    errors += result.errors
    microseconds[name] ??= []
    microseconds[name].push(((cpuSeconds(peer.pid) - before) / result.requests) * 1e6)
  }
}

console.log(`CPU per proxied request in us, ${ROUNDS} interleaved rounds of ${SECONDS} s, ${CONNECTIONS} connections; median (min - max)`)
for (const [name, values] of Object.entries(microseconds)) {
  const ratios = values.map((value, round) => value / (microseconds['nginx']?.[round] as number))
  console.log(`  ${name.padEnd(8)} ${spread(values)}   ratio to nginx ${spread(ratios)}`)
}
console.log(`  errors   ${errors}`)
const due = 1.4
const ratio = median((microseconds['postern'] ?? []).map((value, round) => value / (microseconds['nginx']?.[round] as number)))
console.log(`  due: at most ${due} x nginx; ${ratio <= due ? 'met' : 'missed'} with ${ratio.toFixed(2)}`)
for (const peer of [...Object.values(peers), backend]) await peer.stop()
