/** TLS and the PROXY protocol with the programs that people use: curl, openssl and wrk as clients, HAProxy in front. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { createAuthority, createCertificate, type TestCertificate } from '../fixtures/certificates.ts'
import { type RunningGateway, startGateway } from '../fixtures/gateway.ts'
import { reachable, startNginx } from '../fixtures/nginx.ts'
import { freePort } from '../postern-process.ts'

const PROGRAMS = { '/usr/bin/curl': 'curl', '/usr/bin/openssl': 'openssl', '/usr/sbin/haproxy': 'haproxy', '/usr/bin/wrk': 'wrk' }
for (const [program, debian] of Object.entries(PROGRAMS))
  if (!existsSync(program)) t.fail(`${program} is missing: apt-get install ${debian}`)

t.setTimeout(170_000)
const run = promisify(execFile)
const authority = createAuthority()
const clients = createAuthority('Client CA')

interface Files {
  readonly folder: string
  path(name: string): string
}

/** A folder with the CA, certificates for a few names and one for a client. */
function createFiles(t: Test): Files {
  const folder = mkdtempSync(join(tmpdir(), 'postern-tls-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const path = (name: string) => join(folder, name)
  const write = (name: string, { cert, key }: TestCertificate, issuer?: TestCertificate) => {
    writeFileSync(path(`${name}.crt`), cert + (issuer?.cert ?? ''))
    writeFileSync(path(`${name}.key`), key)
  }
  write('ca', authority)
  write('clients', clients)
  write('default', createCertificate(authority, 'default', { names: ['localhost', '127.0.0.1'] }), authority)
  write('wildcard', createCertificate(authority, 'wildcard', { names: ['*.example.com'] }), authority)
  write('api', createCertificate(authority, 'api', { names: ['api.example.com'] }), authority)
  write('client', createCertificate(clients, 'orders', { names: ['orders.example.com'] }))
  write('stranger', createCertificate(createAuthority('Stranger CA'), 'stranger'))
  return { folder, path }
}

interface ListenerText {
  /** Names of certificate files; none: plain HTTP. */
  readonly certificates?: readonly string[]
  readonly clients?: 'required' | 'optional'
  readonly proxyProtocol?: boolean
  readonly trusted?: string
}

/** A gateway in front of an nginx that says what it was sent. */
async function startBehind(t: Test, files: Files, options: ListenerText): Promise<RunningGateway> {
  const { port } = await startNginx(t, 'location / { return 200 "$http_x_forwarded_for|$http_x_forwarded_proto|$http_forwarded"; }')
  const secret = (name: string) => `"\${file:${files.path(name)}}"`
  const pairs = (options.certificates ?? []).map((name) => `{ cert: ${secret(`${name}.crt`)}, key: ${secret(`${name}.key`)} }`)
  const asked = options.clients === undefined ? '' : `, clients: { ca: ${secret('clients.crt')}, mode: ${options.clients} }`
  const tls = pairs.length === 0 ? '' : `, protocol: https, tls: { certificates: [ ${pairs.join(', ')} ]${asked} }`
  return startGateway(
    t,
    `apiVersion: postern/v1
kind: Gateway
metadata: { name: peers }
spec:
  trustedProxies: [ ${options.trusted ?? ''} ]
  listeners: [ { name: main, address: 127.0.0.1, port: 0, proxyProtocol: ${options.proxyProtocol ?? false}${tls} } ]
---
apiVersion: postern/v1
kind: Api
metadata: { name: all }
spec: { access: public, backend: nginx, routes: { "GET /**": {} } }
---
apiVersion: postern/v1
kind: Backend
metadata: { name: nginx }
spec: { endpoints: [ "http://127.0.0.1:${port}" ] }
`,
  )
}

/** What curl says, or its exit code. */
async function curl(...args: string[]): Promise<string> {
  try {
    return (await run('/usr/bin/curl', ['-sS', '--max-time', '20', ...args])).stdout
  } catch (error) {
    return `exit ${(error as { code?: number }).code}`
  }
}

/** `openssl s_client`, with `input` written and its end sent after it; both outputs together. */
async function client(port: number, input: string, ...args: string[]): Promise<string> {
  const child = spawn('/usr/bin/openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      text += data
    })
  }
  child.stdin.on('error', () => {})
  child.stdin.write(input)
  const timer = setTimeout(() => child.stdin.end(), 500)
  await once(child, 'close')
  clearTimeout(timer)
  return text
}

t.test('curl verifies the certificate for each name, and says over which protocol', async (t) => {
  const files = createFiles(t)
  const { port } = await startBehind(t, files, { certificates: ['default', 'wildcard', 'api'] })
  const ask = (name: string, ...args: string[]) =>
    curl('--cacert', files.path('ca.crt'), '--resolve', `${name}:${port}:127.0.0.1`, ...args, `https://${name}:${port}/`)
  const expected = (name: string) => `127.0.0.1|https|for=127.0.0.1;host="${name}:${port}";proto=https`
  for (const name of ['localhost', 'api.example.com', 'www.example.com']) t.equal(await ask(name, '--http1.1'), expected(name))
  t.equal(await ask('a.b.example.com'), 'exit 60', 'a wildcard stands for one label')
  t.equal(await ask('unknown.test'), 'exit 60')
  t.match(await ask('localhost', '--http1.1', '-o', '/dev/null', '-w', '%{http_version} %{ssl_verify_result}'), '1.1 0')
  t.match(await ask('localhost', '--http2', '-o', '/dev/null', '-w', '%{http_version} %{http_code}'), '2 200')
  t.match(await ask('localhost', '--http1.0', '-w', ' %{http_code}'), / 200$/)
  t.match(await ask('localhost', '--tls-max', '1.2', '-o', '/dev/null', '-w', '%{http_code}'), '200')
  t.equal(await ask('localhost', '--tls-max', '1.1', '--ciphers', 'DEFAULT@SECLEVEL=0'), 'exit 35')
})

t.test('openssl: versions, ciphers, ALPN, no renegotiation, and sessions resumed over all workers', async (t) => {
  const files = createFiles(t)
  const { port, admin } = await startBehind(t, files, { certificates: ['default'] })
  t.match(
    await client(port, '', '-tls1_3', '-alpn', 'http/1.1'),
    /TLSv1\.3, Cipher is TLS_AES_128_GCM_SHA256[\s\S]*ALPN protocol: http\/1\.1/,
  )
  t.match(
    await client(port, '', '-tls1_2', '-cipher', 'ECDHE-ECDSA-AES256-GCM-SHA384'),
    /TLSv1\.2, Cipher is ECDHE-ECDSA-AES256-GCM-SHA384/,
  )
  t.match(await client(port, '', '-tls1_2', '-cipher', 'AES128-GCM-SHA256'), /handshake failure/)
  t.match(await client(port, '', '-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0'), /protocol version/)
  t.match(await client(port, '', '-alpn', 'imap'), /no application protocol/)
  t.match(await client(port, 'R\n', '-tls1_2'), /RENEGOTIATING[\s\S]*(no renegotiation|closed|errno|handshake failure)/)
  // One handshake and five connections that resume it; with SO_REUSEPORT they go to any worker.
  const reconnected = await client(port, '', '-tls1_2', '-reconnect')
  t.equal(reconnected.match(/^Reused, TLSv1\.2/gm)?.length, 5)
  const session = files.path('session')
  await client(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', '-tls1_3', '-sess_out', session)
  for (let count = 0; count < 5; count++) t.match(await client(port, '', '-tls1_3', '-sess_in', session), /^Reused, TLSv1\.3/m)
  t.match(await curl(`${admin}/metrics`), /postern_tls_handshakes_total\{kind="resumed"\} 10/)
})

t.test('curl shows a certificate where one is required, may where it is optional, and nobody else comes in', async (t) => {
  const files = createFiles(t)
  const own = ['--cert', files.path('client.crt'), '--key', files.path('client.key')]
  const strange = ['--cert', files.path('stranger.crt'), '--key', files.path('stranger.key')]
  for (const mode of ['required', 'optional'] as const) {
    const { port } = await startBehind(t, files, { certificates: ['default'], clients: mode })
    for (const version of ['1.2', '1.3']) {
      const ask = (...args: string[]) => curl('--cacert', files.path('ca.crt'), '--tls-max', version, ...args, `https://localhost:${port}/`)
      t.match(await ask(...own), /^127\.0\.0\.1\|https/)
      t.match(await ask(), mode === 'optional' ? /^127\.0\.0\.1\|https/ : /^exit \d/)
      t.match(await ask(...strange), /^exit \d/)
    }
  }
})

t.test('curl sends a PROXY header, and is not served where it is not trusted', async (t) => {
  const files = createFiles(t)
  for (const certificates of [[], ['default']]) {
    const scheme = certificates.length > 0 ? 'https' : 'http'
    const trusting = await startBehind(t, files, { certificates, proxyProtocol: true, trusted: '127.0.0.2' })
    const ask = (source: string, ...args: string[]) =>
      curl('--cacert', files.path('ca.crt'), '--interface', source, ...args, `${scheme}://localhost:${trusting.port}/`)
    t.match(await ask('127.0.0.2', '--haproxy-protocol'), new RegExp(`^127\\.0\\.0\\.2\\|${scheme}`))
    t.match(await ask('127.0.0.2'), /^exit \d/, 'without the header')
    t.match(await ask('127.0.0.3', '--haproxy-protocol'), /^exit \d/, 'from a stranger')
    t.match(await curl(`${trusting.admin}/metrics`), /connections_rejected_total\{reason="proxy-untrusted"\} 1/)
  }
})

t.test('HAProxy in front says who the client is, in every version of the PROXY protocol', async (t) => {
  const files = createFiles(t)
  const plain = await startBehind(t, files, { proxyProtocol: true, trusted: '127.0.0.1' })
  const secure = await startBehind(t, files, { certificates: ['default'], proxyProtocol: true, trusted: '127.0.0.1' })
  const ways = [
    'send-proxy',
    'send-proxy-v2',
    'send-proxy-v2-ssl',
    'send-proxy-v2-ssl-cn',
    'send-proxy-v2 proxy-v2-options crc32c,unique-id',
  ]
  const fronts: { port: number; scheme: string; way: string }[] = []
  let conf = 'defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n'
  for (const [scheme, { port }] of [
    ['http', plain],
    ['https', secure],
  ] as const) {
    for (const way of ways) {
      const front = { port: await freePort(), scheme, way }
      fronts.push(front)
      const id = way.includes('unique-id') ? '  unique-id-format %{+X}o\\ %ci:%cp\n' : ''
      conf += `listen l${front.port}\n  bind 127.0.0.1:${front.port}\n${id}  server g 127.0.0.1:${port} ${way}\n`
    }
  }
  // Its health check is a LOCAL connection.
  conf += `listen checked\n  bind 127.0.0.1:${await freePort()}\n  server g 127.0.0.1:${plain.port} send-proxy-v2 check inter 50ms\n`
  writeFileSync(files.path('haproxy.cfg'), conf)
  const haproxy = spawn('/usr/sbin/haproxy', ['-db', '-f', files.path('haproxy.cfg')], { stdio: ['ignore', 'ignore', 'inherit'] })
  t.teardown(async () => {
    haproxy.kill('SIGKILL')
    await once(haproxy, 'exit')
  })
  await reachable(fronts[0]?.port as number)
  for (const { port, scheme, way } of fronts) {
    const seen = await curl('--cacert', files.path('ca.crt'), '--interface', '127.0.0.7', `${scheme}://localhost:${port}/`)
    t.match(seen, new RegExp(`^127\\.0\\.0\\.7\\|${scheme}\\|for=127\\.0\\.0\\.7;`), `${way} ${scheme}`)
  }
  for (const { admin } of [plain, secure]) {
    t.match(await curl(`${admin}/metrics`), /connections_rejected_total\{reason="proxy-header"\} 0/)
  }
})

t.test('wrk finds no error over 32 connections of TLS, kept and new ones', async (t) => {
  const files = createFiles(t)
  const { url } = await startBehind(t, files, { certificates: ['default'] })
  for (const args of [[], ['-H', 'Connection: close']]) {
    const { stdout } = await run('/usr/bin/wrk', ['-t1', '-c32', '-d2s', ...args, `${url}/`])
    t.match(stdout, /\d+ requests in/)
    t.notMatch(stdout, /Socket errors|Non-2xx/)
  }
})
