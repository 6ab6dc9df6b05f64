/** Postern in front of real backends over TLS and HTTP/2: nginx, HAProxy and node:http2, with certificates that openssl has made. */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { startGateway } from '../fixtures/gateway.ts'
import { reachable, startNginx } from '../fixtures/nginx.ts'
import { freePort } from '../postern-process.ts'

const run = promisify(execFile)
const curl = async (...args: string[]) =>
  (await run('/usr/bin/curl', ['-sS', '--max-time', '30', ...args], { maxBuffer: 64 * 1024 * 1024, encoding: 'buffer' })).stdout
const text = async (...args: string[]) => (await curl(...args)).toString()
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

interface Files {
  readonly folder: string
  readonly ca: string
  readonly cert: string
  readonly key: string
  readonly clientCert: string
  readonly clientKey: string
}

/** A CA, a server for `orders.internal` and 127.0.0.1, and a client, by openssl (Debian: openssl). */
function certificates(t: Test): Files {
  const folder = mkdtempSync(join(tmpdir(), 'postern-ca-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const openssl = (...args: string[]) => execFileSync('/usr/bin/openssl', args, { cwd: folder, stdio: 'pipe' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Test CA')
  const issue = (name: string, extensions: string) => {
    writeFileSync(join(folder, `${name}.ext`), extensions)
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`]
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...by)
  }
  issue('server', 'subjectAltName=DNS:orders.internal,IP:127.0.0.1\n')
  issue('client', 'extendedKeyUsage=clientAuth\n')
  const at = (name: string) => join(folder, name)
  return {
    folder,
    ca: at('ca.pem'),
    cert: at('server.pem'),
    key: at('server.key'),
    clientCert: at('client.pem'),
    clientKey: at('client.key'),
  }
}

interface Backend {
  readonly url: string
  /** More of its `spec`, in YAML's flow style. */
  readonly more?: string
}

/** One Api per backend, at `/<name>`. */
const yaml = (backends: { readonly [name: string]: Backend }) =>
  [
    'apiVersion: postern/v1\nkind: Gateway\nmetadata: { name: peers }\nspec: { listeners: [ { name: http, address: 127.0.0.1, port: 0 } ] }',
    ...Object.entries(backends).map(
      ([name, { url, more = '' }]) =>
        `apiVersion: postern/v1\nkind: Api\nmetadata: { name: ${name} }\nspec:\n  basePath: /${name}\n  access: public\n  backend: ${name}\n` +
        `  routes: { "GET /**": {}, "POST /**": {} }\n---\n` +
        `apiVersion: postern/v1\nkind: Backend\nmetadata: { name: ${name} }\nspec: { endpoints: [ "${url}" ]${more === '' ? '' : `, ${more}`} }`,
    ),
  ].join('\n---\n')

async function startHaproxy(t: Test, config: string, port: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-haproxy-'))
  const timeouts = 'timeout connect 5s\n  timeout client 30s\n  timeout server 30s'
  writeFileSync(join(folder, 'haproxy.cfg'), `defaults\n  mode http\n  ${timeouts}\n${config}\n`)
  const haproxy = spawn('/usr/sbin/haproxy', ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: 'ignore' })
  t.teardown(async () => {
    haproxy.kill('SIGKILL')
    await once(haproxy, 'exit')
    rmSync(folder, { recursive: true })
  })
  await reachable(port)
}

t.test('nginx over TLS and HTTP/2: what it serves arrives byte for byte, and it sees who asks', async (t) => {
  const files = certificates(t)
  const large = randomBytes(8 * 1024 * 1024)
  writeFileSync(join(files.folder, 'large.bin'), large)
  const [http1, mutual, both, clear] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const inside = `location / { return 200 "$server_protocol $ssl_protocol $ssl_server_name $ssl_client_verify $request_uri"; }
    location /file/ { alias ${files.folder}/; }`
  const servers = `ssl_certificate ${files.cert}; ssl_certificate_key ${files.key}; ssl_protocols TLSv1.2 TLSv1.3; keepalive_requests 1000000; client_max_body_size 16m;
    server { listen 127.0.0.1:${http1} ssl; ${inside} }
    server { listen 127.0.0.1:${mutual} ssl; ssl_client_certificate ${files.ca}; ssl_verify_client on; ${inside} }
    server { listen 127.0.0.1:${both} ssl http2; ${inside} }
    server { listen 127.0.0.1:${clear} http2; ${inside} }`
  await startNginx(t, 'location / { return 200; }', servers)
  const ca = `ca: "\${file:${files.ca}}"`
  const client = `cert: "\${file:${files.clientCert}}", key: "\${file:${files.clientKey}}"`
  const { url } = await startGateway(
    t,
    yaml({
      http1: { url: `https://127.0.0.1:${http1}`, more: `tls: { ${ca} }` },
      named: { url: `https://127.0.0.1:${http1}`, more: `tls: { ${ca}, serverName: orders.internal }` },
      mutual: { url: `https://127.0.0.1:${mutual}`, more: `tls: { ${ca}, ${client} }` },
      anonymous: { url: `https://127.0.0.1:${mutual}`, more: `tls: { ${ca} }` },
      http2: { url: `https://127.0.0.1:${both}`, more: `tls: { ${ca} }` },
      forced: { url: `https://127.0.0.1:${both}`, more: `protocol: http1, tls: { ${ca} }` },
      clear: { url: `http://127.0.0.1:${clear}`, more: 'protocol: http2' },
      other: { url: `https://127.0.0.1:${http1}`, more: `tls: { ${ca}, serverName: billing.internal }` },
      public: { url: `https://127.0.0.1:${http1}` },
      unverified: { url: `https://127.0.0.1:${http1}`, more: 'tls: { verify: false }' },
      mismatch: { url: `https://127.0.0.1:${http1}`, more: `protocol: http2, tls: { ${ca} }` },
    }),
    '--workers',
    '1',
  )
  t.equal(await text(`${url}/http1/a`), 'HTTP/1.1 TLSv1.3  NONE /a')
  t.equal(await text(`${url}/named/a`), 'HTTP/1.1 TLSv1.3 orders.internal NONE /a')
  t.equal(await text(`${url}/mutual/a`), 'HTTP/1.1 TLSv1.3  SUCCESS /a')
  t.match(await text(`${url}/anonymous/a`), 'No required SSL certificate was sent', 'nginx says it in HTTP')
  t.equal(await text(`${url}/http2/a`), 'HTTP/2.0 TLSv1.3  NONE /a')
  t.equal(await text(`${url}/forced/a`), 'HTTP/1.1 TLSv1.3  NONE /a')
  t.equal(await text(`${url}/clear/a`), 'HTTP/2.0    /a')
  t.equal(await text(`${url}/unverified/a`), 'HTTP/1.1 TLSv1.3  NONE /a')
  for (const name of ['other', 'public']) {
    t.match(await text('-w', ' %{http_code}', `${url}/${name}/`), /upstream-certificate-invalid[\s\S]* 502$/, name)
  }
  t.match(await text('-w', ' %{http_code}', `${url}/mismatch/`), /upstream-protocol-mismatch[\s\S]* 502$/)
  for (const name of ['http1', 'http2', 'clear']) {
    t.equal(sha256(await curl(`${url}/${name}/file/large.bin`)), sha256(large), `${name}: 8 MiB`)
    t.ok((await curl('-r', '1000-1999', `${url}/${name}/file/large.bin`)).equals(large.subarray(1000, 2000)), `${name}: a range`)
    t.equal(await text('-o', '/dev/null', '-w', '%{http_code}', `${url}/${name}/file/none`), '404', name)
    t.match(await text('-I', `${url}/${name}/file/large.bin`), /content-length: 8388608/i, `${name}: HEAD`)
  }
  for (const name of ['http1', 'http2', 'clear']) {
    const { stdout } = await run('/usr/bin/wrk', ['-t1', '-c32', '-d1s', `${url}/${name}/`])
    t.match(stdout, /\d+ requests in/)
    t.notMatch(stdout, /Socket errors|Non-2xx/, `${name}: wrk finds no error over 32 connections`)
  }
})

t.test('an HTTP/2 backend that says GOAWAY after every hundredth request costs no request', async (t) => {
  const port = await freePort()
  await startNginx(
    t,
    'location / { return 200; }',
    `server { listen 127.0.0.1:${port} http2; keepalive_requests 100; location / { return 200 "ok"; } }`,
  )
  const { url } = await startGateway(t, yaml({ clear: { url: `http://127.0.0.1:${port}`, more: 'protocol: http2' } }), '--workers', '1')
  for (let request = 0; request < 10; request++) t.equal(await text(`${url}/clear/`), 'ok')
  const { stdout } = await run('/usr/bin/wrk', ['-t1', '-c16', '-d1s', `${url}/clear/`])
  t.notMatch(stdout, /Socket errors|Non-2xx/)
})

t.test('HAProxy over TLS: HTTP/2 where it offers it, and its checks of what we send', async (t) => {
  const files = certificates(t)
  const port = await freePort()
  const pem = join(files.folder, 'both.pem')
  writeFileSync(pem, readFileSync(files.cert, 'latin1') + readFileSync(files.key, 'latin1'))
  const answer = 'http-request return status 200 content-type text/plain lf-string "%[req.ver] %[method] %[path] %[req.body_len]"'
  await startHaproxy(
    t,
    `listen l\n  bind 127.0.0.1:${port} ssl crt ${pem} alpn h2,http/1.1\n  option http-buffer-request\n  ${answer}`,
    port,
  )
  const ca = `ca: "\${file:${files.ca}}"`
  const { url } = await startGateway(
    t,
    yaml({
      auto: { url: `https://127.0.0.1:${port}`, more: `tls: { ${ca} }` },
      http1: { url: `https://127.0.0.1:${port}`, more: `protocol: http1, tls: { ${ca} }` },
    }),
    '--workers',
    '1',
  )
  t.equal(await text(`${url}/auto/a%20b?c`), '2.0 GET /a%20b 0')
  t.equal(await text(`${url}/http1/a`), '1.1 GET /a 0')
  t.equal(await text('-d', 'hello', `${url}/auto/`), '2.0 POST / 5')
  t.equal(await text('-H', 'Transfer-Encoding: chunked', '-d', 'hello', `${url}/auto/`), '2.0 POST / 5')
})

t.test('node:http2 as a backend: bodies both ways at once, trailers, early hints and resets', async (t) => {
  const files = certificates(t)
  const listening = http2.createSecureServer({ cert: readFileSync(files.cert), key: readFileSync(files.key), allowHTTP1: false })
  const sessions: http2.ServerHttp2Session[] = []
  listening.on('session', (session) => sessions.push(session))
  listening.on('stream', (stream: http2.ServerHttp2Stream, fields) => {
    stream.on('error', () => {})
    const path = fields[':path']
    if (path === '/echo') {
      stream.respond({ ':status': 200 })
      stream.pipe(stream)
    } else if (path === '/hints') {
      stream.additionalHeaders({ ':status': 103, link: '</a.css>; rel=preload' })
      stream.respond({ ':status': 200 })
      stream.end('done')
    } else if (path === '/cut') {
      stream.respond({ ':status': 200 })
      stream.write('part')
      setTimeout(() => stream.close(http2.constants.NGHTTP2_NO_ERROR), 50)
    } else stream.close(http2.constants.NGHTTP2_REFUSED_STREAM)
  })
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const session of sessions) session.destroy()
    listening.close()
  })
  const { port } = listening.address() as AddressInfo
  const { url } = await startGateway(
    t,
    yaml({ node: { url: `https://127.0.0.1:${port}`, more: `tls: { ca: "\${file:${files.ca}}" }` } }),
    '--workers',
    '1',
  )
  const body = randomBytes(3 * 1024 * 1024)
  writeFileSync(join(files.folder, 'body'), body)
  // Without `Expect`: it answers before it has the body, and is not one to ask for more of it.
  const echoed = await curl('-H', 'Expect:', '--data-binary', `@${join(files.folder, 'body')}`, `${url}/node/echo`)
  t.equal(sha256(echoed), sha256(body))
  t.match(await text('-D', '-', `${url}/node/hints`), /^HTTP\/1.1 103 [\s\S]*link: <\/a.css>[\s\S]*HTTP\/1.1 200 [\s\S]*done$/i)
  const { code, stdout } = await run('/usr/bin/curl', ['-sS', `${url}/node/cut`]).catch((error) => error)
  t.equal(stdout, 'part')
  t.not(code, 0, 'curl can tell that it is cut')
  t.match(await text('-w', ' %{http_code}', `${url}/node/refused`), /upstream-stream-refused[\s\S]* 502$/)
})

t.test('a WebSocket goes over HTTP/1.1 to a backend that chooses HTTP/2 for everything else', async (t) => {
  const files = certificates(t)
  const versions: string[] = []
  const options = { cert: readFileSync(files.cert), key: readFileSync(files.key), allowHTTP1: true }
  const listening = http2.createSecureServer(options, (request, response) => {
    versions.push(request.httpVersion)
    response.end('ok')
  })
  const sockets = new WebSocketServer({ noServer: true })
  listening.on('upgrade', (request, socket, head) => {
    versions.push(`${request.httpVersion} ${request.headers.upgrade}`)
    sockets.handleUpgrade(request, socket, head, (peer) => peer.on('message', (message) => peer.send(`echo ${message}`)))
  })
  const sessions: http2.ServerHttp2Session[] = []
  listening.on('session', (session) => sessions.push(session))
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address() as AddressInfo
  const gateway = await startGateway(
    t,
    yaml({ node: { url: `https://127.0.0.1:${port}`, more: `tls: { ca: "\${file:${files.ca}}" }` } }),
    '--workers',
    '1',
  )
  t.teardown(() => {
    for (const session of sessions) session.destroy()
    sockets.close()
    listening.close()
  })
  t.equal(await text(`${gateway.url}/node/`), 'ok')
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/node/socket`)
  await once(socket, 'open')
  socket.send('hello')
  const [message] = await once(socket, 'message')
  t.equal(String(message), 'echo hello')
  t.equal(await text(`${gateway.url}/node/`), 'ok')
  t.same(versions, ['2.0', '1.1 websocket', '2.0'])
  socket.terminate()
})
