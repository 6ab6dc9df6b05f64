/**
 * What does a connection cost that says nothing? 10 000 kept connections, each with one answer behind it, to one Postern worker and to nginx with one:
 * the growth of Private_Dirty of the process, per connection (the kernel's part is the same for both and not in it). Due: 8 KiB each on plain HTTP/1.1;
 * TLS and HTTP/2 are reported. Connections come from as many client processes as are needed for the limit of open files.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAuthority, createCertificate } from '../test/fixtures/certificates.ts'
import { compiled, plainProject } from './fixtures/compiled.ts'
import {
  need,
  type Peer,
  privateDirtyKiB,
  startBackend,
  startGateway,
  startNginxProxy,
  startNginxTls,
  temporaryFolder,
} from './fixtures/peers.ts'

const CONNECTIONS = Number(process.argv[2] ?? 10_000)
const CLIENT_CONNECTIONS = 2500
const WARM_UP = 64
/** For garbage that connections left behind when they began to be collected. */
const SETTLE_MS = 5000
const DUE_KIB = 8
const LIMITS = 'limits: { connections: 65536, connectionsPerAddress: off, keepAliveTimeout: 10m }'
const path = '/forecast/bern'

type Protocol = 'http' | 'https' | 'h2c' | 'h2'

need('nginx')
const backend = await startBackend()
const folder = temporaryFolder()
const authority = createAuthority()
const { cert, key } = createCertificate(authority, 'bench', { names: ['bench.test', '127.0.0.1'] })
const files = { chain: join(folder, 'tls.crt'), key: join(folder, 'tls.key') }
writeFileSync(files.chain, cert + authority.cert)
writeFileSync(files.key, key)

console.log(`Private_Dirty per idle connection in KiB, ${CONNECTIONS} connections with one answer each behind them`)
const perConnection = await measure('postern', 'http', await postern('http'))
await measure('nginx', 'http', await startNginxProxy(backend))
await measure('postern', 'h2c', await postern('http'))
await measure('postern', 'https', await postern('https'))
await measure('nginx', 'https', await startNginxTls(backend, files))
await measure('postern', 'h2', await postern('https'))
console.log(`  due: ${DUE_KIB} KiB on plain HTTP/1.1; ${perConnection <= DUE_KIB ? 'met' : 'missed'} with ${perConnection.toFixed(1)}`)
await backend.stop()

async function measure(name: string, protocol: Protocol, peer: Peer): Promise<number> {
  const warm = await connections(peer, protocol, WARM_UP)
  await warm.end()
  await settle()
  const before = privateDirtyKiB(peer.pid)
  const clients = await connections(peer, protocol, CONNECTIONS)
  await settle()
  const each = (privateDirtyKiB(peer.pid) - before) / CONNECTIONS
  await clients.end()
  await peer.stop()
  console.log(`  ${name.padEnd(8)} ${protocol.padEnd(6)} ${each.toFixed(1)}`)
  return each
}

async function connections({ port }: Peer, protocol: Protocol, count: number): Promise<{ end(): Promise<void> }> {
  const module = new URL('./fixtures/idle-clients.ts', import.meta.url).pathname
  const processes: ChildProcess[] = []
  for (let left = count; left > 0; left -= CLIENT_CONNECTIONS) {
    const share = String(Math.min(left, CLIENT_CONNECTIONS))
    const client = spawn(process.execPath, [module, protocol, String(port), share, path], { stdio: ['pipe', 'pipe', 'inherit'] })
    processes.push(client)
    const [said] = (await once(client.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
    if (!String(said).startsWith('ready')) throw new Error(`a client says: ${said}`)
  }
  return {
    async end() {
      const ended = processes.map((client) => once(client, 'close'))
      for (const client of processes) client.stdin?.end()
      await Promise.all(ended)
    },
  }
}

async function postern(protocol: 'http' | 'https'): Promise<Peer> {
  const tls = `, tls: { certificates: [ { cert: "\${file:${files.chain}}", key: "\${file:${files.key}}" } ] }`
  const listener = `{ name: ${protocol}, address: 127.0.0.1, port: 8080, protocol: ${protocol}, ${LIMITS}${protocol === 'https' ? tls : ''} }`
  const project = plainProject(backend.port)
  const gateway = project['gateway.yaml']?.replace(/listeners: \[.*\]/, `listeners: [ ${listener} ]`) ?? ''
  const { bundle, publicKey } = compiled({ ...project, 'gateway.yaml': gateway })
  return startGateway(bundle, publicKey, '--workers', '1', '--access-log', 'off')
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
}
