/** What does a byte cost? CPU per MiB of 1 MiB responses through Postern and through nginx, each with one worker; 16 kept connections. */
import { randomBytes } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compare } from './fixtures/compare.ts'
import { compiled, plainProject } from './fixtures/compiled.ts'
import { load, need, startGateway, startNginx, startNginxProxy, temporaryFolder } from './fixtures/peers.ts'

const SECONDS = Number(process.argv[2] ?? 6)
const CONNECTIONS = 16
const path = '/forecast/large'

need('nginx', 'wrk')
const files = temporaryFolder()
// nginx reads as nobody.
chmodSync(files, 0o755)
writeFileSync(join(files, 'large'), randomBytes(2 ** 20))
const backend = await startNginx((port) => `sendfile on; server { listen 127.0.0.1:${port}; location /forecast/ { alias ${files}/; } }`)
const { bundle, publicKey } = compiled(plainProject(backend.port))
const peers = {
  nginx: await startNginxProxy(backend),
  postern: await startGateway(bundle, publicKey, '--workers', '1', '--access-log', 'off'),
}
for (const { port } of Object.values(peers)) await load(port, { connections: CONNECTIONS, seconds: 3, path })
await compare({
  title: `1 MiB responses, ${CONNECTIONS} kept connections`,
  peers,
  load: ({ port }) => load(port, { connections: CONNECTIONS, seconds: SECONDS, path }),
  rounds: 5,
  work: { name: 'MiB', of: ({ requests }) => requests },
  due: 1.5,
})
for (const peer of [...Object.values(peers), backend]) await peer.stop()
