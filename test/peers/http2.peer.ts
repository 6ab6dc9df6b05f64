/** HTTP/2 between real peers: curl, nghttp and h2load as clients, over TLS and in the clear, nginx as backend. */
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { createAuthority, createCertificate } from '../fixtures/certificates.ts'
import { startGateway } from '../fixtures/gateway.ts'
import { startNginx } from '../fixtures/nginx.ts'

const TOOLS = { '/usr/bin/curl': 'curl', '/usr/bin/nghttp': 'nghttp2-client', '/usr/bin/h2load': 'nghttp2-client' }
const execute = promisify(execFile)
const run = async (program: keyof typeof TOOLS, ...args: string[]) =>
  (await execute(program, args, { encoding: 'latin1', maxBuffer: 64 * 1024 * 1024, timeout: 60_000 })).stdout

t.setTimeout(170_000)

t.test('the tools are there', (t) => {
  for (const [path, name] of Object.entries(TOOLS)) t.ok(existsSync(path), `apt-get install ${name}`)
  t.end()
})

const authority = createAuthority()
const certificate = createCertificate(authority, 'localhost', { names: ['localhost', '127.0.0.1'] })
const large = randomBytes(8 * 1024 * 1024)
const digest = (text: string) => createHash('sha256').update(Buffer.from(text, 'latin1')).digest('hex')

interface Running {
  readonly url: string
  readonly ca: string
  /** A file of 3 MiB. */
  readonly body: string
}

/** One for all tests: a start takes seconds on a busy machine. */
const running: { [protocol: string]: Promise<Running> } = {}
const gateway = (isTls: boolean): Promise<Running> => (running[isTls ? 'https' : 'http'] ??= startAll(t, isTls))

/** A gateway in front of nginx, on TLS or not. */
async function startAll(t: Test, isTls: boolean): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-http2-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  file('large.bin', large)
  const ca = file('ca.pem', authority.cert)
  const [cert, key] = [file('tls.crt', certificate.cert), file('tls.key', certificate.key)]
  const backend = await startNginx(
    t,
    `client_max_body_size 16m; location /files/ { alias ${folder}/; } location /echo { return 200 "$request_method $request_uri $http_x_a"; }
     location /empty { return 204; } location /length { proxy_pass http://127.0.0.1:$server_port/sink; } location /sink { return 200 "$request_method $content_length"; }`,
  )
  const tls = isTls ? `, protocol: https, tls: { certificates: [ { cert: "\${file:${cert}}", key: "\${file:${key}}" } ] }` : ''
  const { url } = await startGateway(
    t,
    `apiVersion: postern/v1
kind: Gateway
metadata: { name: peers }
spec: { listeners: [ { name: main, address: 127.0.0.1, port: 0, http2: true${tls} } ] }
---
apiVersion: postern/v1
kind: Api
metadata: { name: all }
spec:
  access: public
  backend: nginx
  routes: { "GET /**": {}, "POST /**": {} }
---
apiVersion: postern/v1
kind: Backend
metadata: { name: nginx }
spec: { endpoints: [ "http://127.0.0.1:${backend.port}" ] }
`,
  )
  const body = file('body', large.subarray(0, 3 * 1024 * 1024))
  return { url, ca, body }
}

for (const isTls of [false, true]) {
  const where = isTls ? 'over TLS' : 'with prior knowledge'

  t.test(`curl ${where}: files, methods, fields, bodies`, async (t) => {
    const { url, ca, body } = await gateway(isTls)
    const curl = (...args: string[]) =>
      run('/usr/bin/curl', '-sS', '--max-time', '30', ...(isTls ? ['--http2', '--cacert', ca] : ['--http2-prior-knowledge']), ...args)
    t.equal(digest(await curl(`${url}/files/large.bin`)), createHash('sha256').update(large).digest('hex'), '8 MiB, byte for byte')
    t.equal(await curl('-w', ' %{http_code} %{http_version}', '-H', 'X-A: one', `${url}/echo?a=b%20c`), 'GET /echo?a=b%20c one 200 2')
    t.match(await curl('-I', `${url}/echo`), /^HTTP\/2 200 /)
    t.equal(await curl('-o', '/dev/null', '-w', '%{http_code}', `${url}/empty`), '204')
    t.equal(await curl('--data-binary', `@${body}`, `${url}/length`), `POST ${3 * 1024 * 1024}`)
    t.equal(await curl('-H', 'Expect: 100-continue', '--data-binary', `@${body}`, `${url}/length`), `POST ${3 * 1024 * 1024}`)
    t.equal(await curl('-w', ' %{http_code}', '-X', 'DELETE', '-o', '/dev/null', `${url}/echo`), ' 405')
    // Many at once on one connection; with prior knowledge curl 7.88 cannot, whoever the server is.
    if (!isTls) return
    const many = Array.from({ length: 50 }, (_, i) => `${url}/echo?n=${i}`)
    const answers = await curl('--parallel', '--parallel-max', '20', '-w', '\\n', ...many)
    for (let i = 0; i < 50; i++) t.match(answers, `GET /echo?n=${i} `)
  })

  t.test(`nghttp ${where}: frames as nghttp2 wants them`, async (t) => {
    const { url } = await gateway(isTls)
    const said = await run('/usr/bin/nghttp', '-nv', '--no-verify-peer', `${url}/files/large.bin`, `${url}/echo`)
    t.match(said, /recv \(stream_id=\d+\) :status: 200[\s\S]*recv \(stream_id=\d+\) :status: 200/)
    t.match(said, /recv SETTINGS frame <length=12/)
    t.notMatch(said, /RST_STREAM|recv GOAWAY|\[ERROR\]|invalid/i)
  })

  t.test(`h2load ${where}: every one of 20 000 requests is answered`, async (t) => {
    const { url } = await gateway(isTls)
    const said = await run('/usr/bin/h2load', '-n', '20000', '-c', '10', '-m', '20', `${url}/echo`)
    t.match(said, /20000 succeeded, 0 failed, 0 errored, 0 timeout/)
    t.match(said, /status codes: 20000 2xx/)
    const bodies = await run(
      '/usr/bin/h2load',
      '-n',
      '2000',
      '-c',
      '4',
      '-m',
      '10',
      '-d',
      new URL(import.meta.url).pathname,
      `${url}/length`,
    )
    t.match(bodies, /status codes: 2000 2xx/)
  })
}

t.test('an upgrade to h2c is not taken: the answer is HTTP/1.1', async (t) => {
  const { url } = await gateway(false)
  t.equal(await run('/usr/bin/curl', '-sS', '--http2', '-w', ' %{http_version}', `${url}/echo`), 'GET /echo  1.1')
})

t.test('ALPN without h2 gets HTTP/1.1 on the same port', async (t) => {
  const { url, ca } = await gateway(true)
  t.equal(await run('/usr/bin/curl', '-sS', '--http1.1', '--cacert', ca, '-w', ' %{http_version}', `${url}/echo`), 'GET /echo  1.1')
})
