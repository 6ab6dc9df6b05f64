/**
 * What does one plain proxied request cost? CPU of one Postern worker process, of nginx with one worker and of HAProxy with one thread, each in
 * front of the same backend: 64 keep-alive connections, a small JSON reply, logs off.
 */
import { compare } from './fixtures/compare.ts'
import { compiled, plainProject } from './fixtures/compiled.ts'
import { load, need, startBackend, startGateway, startHaproxy, startNginxProxy } from './fixtures/peers.ts'

const SECONDS = Number(process.argv[2] ?? 6)
const CONNECTIONS = 64
const path = '/forecast/bern'

need('nginx', 'haproxy', 'wrk')
const backend = await startBackend()
const { bundle, publicKey } = compiled(plainProject(backend.port))
const peers = {
  nginx: await startNginxProxy(backend),
  haproxy: await startHaproxy(backend),
  postern: await startGateway(bundle, publicKey, '--workers', '1', '--access-log', 'off'),
}
for (const { port } of Object.values(peers)) await load(port, { connections: CONNECTIONS, seconds: 3, path })
await compare({
  title: `proxied request, ${CONNECTIONS} kept connections`,
  peers,
  load: ({ port }) => load(port, { connections: CONNECTIONS, seconds: SECONDS, path }),
  rounds: 5,
  due: 1.25,
})
for (const peer of [...Object.values(peers), backend]) await peer.stop()
