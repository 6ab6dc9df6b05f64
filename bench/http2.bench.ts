/**
 * What does one proxied request cost over HTTP/2? CPU of one Postern worker process and of nginx with one worker, each in front of the same plain
 * HTTP/1.1 backend: 8 connections of TLS 1.3 with 10 streams each, the same cipher and certificate, a small JSON reply, logs off. Then the same
 * with one stream at a time, where nothing can go out together, and responses of 1 MiB.
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAuthority, createCertificate } from '../test/fixtures/certificates.ts'
import { compare } from './fixtures/compare.ts'
import { compiled, plainProject } from './fixtures/compiled.ts'
import { h2load, needH2load, startNginxHttp2 } from './fixtures/h2load.ts'
import { need, startGateway, startNginx, temporaryFolder } from './fixtures/peers.ts'

const SECONDS = Number(process.argv[2] ?? 6)
const CONNECTIONS = 8
const small = '/forecast/bern'
const large = '/forecast/large'

need('nginx')
needH2load()
const folder = temporaryFolder()
const files = temporaryFolder()
// nginx reads it as nobody.
chmodSync(files, 0o755)
writeFileSync(join(files, 'large'), randomBytes(1024 * 1024))
const backend = await startNginx(
  (port) =>
    `server { listen 127.0.0.1:${port}; default_type application/json; location = ${large} { alias ${files}/large; }
      location / { return 200 '{"city":"Bern","celsius":21.5,"sky":"clear"}'; } }`,
)
const authority = createAuthority()
const { cert, key } = createCertificate(authority, 'bench', { names: ['bench.test', '127.0.0.1'] })
const pem = { chain: join(folder, 'tls.crt'), key: join(folder, 'tls.key') }
writeFileSync(pem.chain, cert + authority.cert)
writeFileSync(pem.key, key)
const project = plainProject(backend.port)
const tls = `tls: { certificates: [ { cert: "\${file:${pem.chain}}", key: "\${file:${pem.key}}" } ] }`
const listener = `{ name: https, address: 127.0.0.1, port: 8443, protocol: https, ${tls} }`
const gateway = project['gateway.yaml']?.replace(/listeners: \[.*\]/, `listeners: [ ${listener} ]`) ?? ''
const { bundle, publicKey } = compiled({ ...project, 'gateway.yaml': gateway })
const peers = {
  nginx: await startNginxHttp2(backend, pem),
  postern: await startGateway(bundle, publicKey, '--workers', '1', '--access-log', 'off'),
}
for (const { port } of Object.values(peers)) await h2load(port, { connections: CONNECTIONS, streams: 10, seconds: 3, path: small })
await compare({
  title: `proxied request over HTTP/2 and TLS 1.3, ${CONNECTIONS} connections, 10 streams each`,
  peers,
  load: ({ port }) => h2load(port, { connections: CONNECTIONS, streams: 10, seconds: SECONDS, path: small }),
  rounds: 5,
  due: 2,
})
await compare({
  title: 'the same with one stream each',
  peers,
  load: ({ port }) => h2load(port, { connections: CONNECTIONS, streams: 1, seconds: Math.ceil(SECONDS / 2), path: small }),
  rounds: 3,
  due: 2,
})
await compare({
  title: '1 MiB over HTTP/2 and TLS 1.3, 4 connections, 4 streams each',
  peers,
  load: ({ port }) => h2load(port, { connections: 4, streams: 4, seconds: Math.ceil(SECONDS / 2), path: large }),
  rounds: 3,
  due: 1.5,
})
for (const peer of [...Object.values(peers), backend]) await peer.stop()
