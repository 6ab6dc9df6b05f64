/**
 * What does a response out of the cache cost? CPU of one Postern worker process and of nginx with one worker and `proxy_cache`, both answering
 * everything from what is stored: 64 kept connections, a small JSON reply, logs off.
 */
import { chmodSync } from 'node:fs'
import { compare } from './fixtures/compare.ts'
import { compiled, plainProject } from './fixtures/compiled.ts'
import { load, need, startBackend, startGateway, startNginx, temporaryFolder } from './fixtures/peers.ts'

const SECONDS = Number(process.argv[2] ?? 6)
const CONNECTIONS = 64
const path = '/forecast/bern'

need('nginx', 'wrk')
const backend = await startBackend()
const { bundle, publicKey } = compiled(plainProject(backend.port, '  access: public\n  cache: { ttl: 1h }\n'))
const stored = temporaryFolder()
// nginx writes as nobody.
chmodSync(stored, 0o777)
const peers = {
  nginx: await startNginx(
    (port) => `proxy_cache_path ${stored} use_temp_path=off keys_zone=c:10m; upstream b { server 127.0.0.1:${backend.port}; keepalive 64; }
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://b; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_cache c;
      proxy_cache_valid 1h; proxy_cache_lock on; add_header X-Cache $upstream_cache_status; } }`,
  ),
  postern: await startGateway(bundle, publicKey, '--workers', '1', '--access-log', 'off'),
}
for (const { port } of Object.values(peers)) await load(port, { connections: CONNECTIONS, seconds: 2, path })
await compare({
  title: `response out of the cache, ${CONNECTIONS} kept connections`,
  peers,
  load: ({ port }) => load(port, { connections: CONNECTIONS, seconds: SECONDS, path }),
  rounds: 3,
  due: 1.5,
})
for (const peer of [...Object.values(peers), backend]) await peer.stop()
