/**
 * What does a request cost with what people put on it: an API key, a rate limit, three changes of header fields, and an access log to a file?
 * Against nginx with one worker doing the same by `map`, `limit_req`, `proxy_set_header`/`add_header` and `access_log`.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { compare } from './fixtures/compare.ts'
import { compiled, plainProject } from './fixtures/compiled.ts'
import { load, need, startBackend, startGateway, startNginx, temporaryFolder } from './fixtures/peers.ts'

const SECONDS = Number(process.argv[2] ?? 6)
const CONNECTIONS = 64
const path = '/forecast/bern'
const key = 'k'.repeat(43)
const logs = temporaryFolder()

need('nginx', 'wrk')
const backend = await startBackend()
const api = `  access: { api-key: { header: x-api-key } }
  policies:
    - rate-limit: { limit: 1000000, per: 1s, by: consumer }
    - headers: { request: { set: { x-gateway: bench } }, response: { set: { x-served-by: bench }, remove: [server] } }
`
const consumer = `---
apiVersion: postern/v1
kind: Consumer
metadata: { name: acme }
spec: { keys: [ { hash: "sha256:${createHash('sha256').update(key).digest('hex')}" } ] }
`
const project = plainProject(backend.port, api)
const { bundle, publicKey } = compiled({ 'gateway.yaml': `${project['gateway.yaml']}${consumer}` })
const peers = {
  nginx: await startNginx(
    (port) => `map $http_x_api_key $consumer { default ''; '${key}' acme; }
    limit_req_zone $consumer zone=limit:1m rate=1000000r/s;
    log_format bench escape=json '{"time":"$time_iso8601","id":"$request_id","client":"$remote_addr","method":"$request_method","host":"$host","path":"$uri",'
      '"status":$status,"bytes":$body_bytes_sent,"seconds":$request_time,"consumer":"$consumer"}';
    upstream b { server 127.0.0.1:${backend.port}; keepalive 128; keepalive_requests 1000000000; }
    server { listen 127.0.0.1:${port}; access_log ${join(logs, 'nginx.log')} bench buffer=64k flush=1s;
      location / { if ($consumer = '') { return 401; } limit_req zone=limit burst=1000000 nodelay;
        proxy_pass http://b; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header x-api-key ''; proxy_set_header x-gateway bench; add_header x-served-by bench; proxy_hide_header server; } }`,
  ),
  postern: await startGateway(bundle, publicKey, '--workers', '1', '--access-log', join(logs, 'postern.log')),
}
const options = { connections: CONNECTIONS, path, headers: [`x-api-key: ${key}`] }
for (const { port } of Object.values(peers)) await load(port, { ...options, seconds: 3 })
await compare({
  title: `request with key, limit, header changes and access log, ${CONNECTIONS} kept connections`,
  peers,
  load: ({ port }) => load(port, { ...options, seconds: SECONDS }),
  rounds: 5,
  due: 1.35,
})
for (const peer of [...Object.values(peers), backend]) await peer.stop()
