/**
 * What does one proxied request cost over TLS? CPU of one Postern worker process, of nginx with one worker and of HAProxy with one thread, each in
 * front of the same plain backend: 64 kept connections of TLS 1.3 with the same cipher and certificate, a small JSON reply, logs off.
 * And what does a handshake cost: the same with a connection per request, full handshakes (no ratio is promised there; 2 is to notice changes).
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAuthority, createCertificate } from '../test/fixtures/certificates.ts'
import { compare } from './fixtures/compare.ts'
import { compiled, plainProject } from './fixtures/compiled.ts'
import { load, need, startBackend, startGateway, startHaproxyTls, startNginxTls, temporaryFolder } from './fixtures/peers.ts'

const SECONDS = Number(process.argv[2] ?? 6)
const CONNECTIONS = 64
const path = '/forecast/bern'

need('nginx', 'haproxy', 'wrk')
const backend = await startBackend()
const folder = temporaryFolder()
const authority = createAuthority()
const { cert, key } = createCertificate(authority, 'bench', { names: ['bench.test', '127.0.0.1'] })
const files = { chain: join(folder, 'tls.crt'), key: join(folder, 'tls.key'), both: join(folder, 'both.pem') }
writeFileSync(files.chain, cert + authority.cert)
writeFileSync(files.key, key)
writeFileSync(files.both, cert + authority.cert + key)
const project = plainProject(backend.port)
const listener = `{ name: https, address: 127.0.0.1, port: 8443, protocol: https, tls: { certificates: [ { cert: "\${file:${files.chain}}", key: "\${file:${files.key}}" } ] } }`
const gateway = project['gateway.yaml']?.replace(/listeners: \[.*\]/, `listeners: [ ${listener} ]`) ?? ''
const { bundle, publicKey } = compiled({ ...project, 'gateway.yaml': gateway })
const peers = {
  nginx: await startNginxTls(backend, files),
  haproxy: await startHaproxyTls(backend, files.both),
  postern: await startGateway(bundle, publicKey, '--workers', '1', '--access-log', 'off'),
}
const run = (port: number, seconds: number, headers: readonly string[] = []) =>
  load(port, { connections: CONNECTIONS, seconds, path, scheme: 'https', headers })
for (const { port } of Object.values(peers)) await run(port, 3)
await compare({
  title: `proxied request over TLS 1.3, ${CONNECTIONS} kept connections`,
  peers,
  load: ({ port }) => run(port, SECONDS),
  rounds: 5,
  due: 1.2,
})
await compare({
  title: 'proxied request over TLS 1.3, a full handshake for each',
  peers,
  load: ({ port }) => run(port, Math.ceil(SECONDS / 2), ['Connection: close']),
  rounds: 3,
  due: 2,
})
for (const peer of [...Object.values(peers), backend]) await peer.stop()
