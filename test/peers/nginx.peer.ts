/** Postern between real peers: nginx behind it and in front of it, HAProxy in front of it, curl and wrk as clients. */
import { execFile, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { startGateway } from '../fixtures/gateway.ts'
import { reachable, startNginx } from '../fixtures/nginx.ts'
import { freePort } from '../postern-process.ts'

const run = promisify(execFile)
const curl = async (...args: string[]) =>
  (await run('/usr/bin/curl', ['-sS', '--max-time', '30', ...args], { maxBuffer: 64 * 1024 * 1024 })).stdout

const yaml = (port: number) => `apiVersion: postern/v1
kind: Gateway
metadata: { name: peers }
spec: { listeners: [ { name: http, address: 127.0.0.1, port: 0 } ] }
---
apiVersion: postern/v1
kind: Api
metadata: { name: all }
spec:
  access: public
  backend: nginx
  routes: { "GET /**": {}, "POST /**": {}, "PUT /**": {}, "DELETE /**": {} }
---
apiVersion: postern/v1
kind: Backend
metadata: { name: nginx }
spec: { endpoints: [ "http://127.0.0.1:${port}" ] }
`

t.test('nginx as upstream: files, ranges, conditional requests, errors and redirects arrive as nginx sent them', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-files-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const large = randomBytes(8 * 1024 * 1024)
  writeFileSync(join(folder, 'large.bin'), large)
  const server = `location /files/ { alias ${folder}/; } location /echo { return 200 "$request_method $request_uri"; } location /empty { return 204; } location /moved { return 301 /echo; }`
  const { port } = await startNginx(t, server)
  const { url } = await startGateway(t, yaml(port))

  const { stdout } = await run('/usr/bin/curl', ['-sS', `${url}/files/large.bin`], { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 })
  t.equal(createHash('sha256').update(stdout).digest('hex'), createHash('sha256').update(large).digest('hex'), '8 MiB, byte for byte')
  const range = await run('/usr/bin/curl', ['-sS', '-r', '1000-1999', `${url}/files/large.bin`], { encoding: 'buffer' })
  t.ok(range.stdout.equals(large.subarray(1000, 2000)), 'a range')
  const etag = /etag: (\S+)/i.exec(await curl('-I', `${url}/files/large.bin`))?.[1] ?? ''
  t.match(
    await curl('-o', '/dev/null', '-w', '%{http_code} %{size_download}', '-H', `If-None-Match: ${etag}`, `${url}/files/large.bin`),
    '304 0',
  )
  t.equal(await curl('-w', ' %{http_code}', `${url}/echo?a=b%20c`), 'GET /echo?a=b%20c 200')
  t.equal(await curl('-o', '/dev/null', '-w', '%{http_code}', `${url}/empty`), '204')
  t.match(await curl('-o', '/dev/null', '-w', '%{http_code} %{redirect_url}', `${url}/moved`), /^301 .*\/echo$/)
  t.equal(await curl('-o', '/dev/null', '-w', '%{http_code}', `${url}/files/none`), '404')
  t.match(await curl('--http1.0', '-D', '-', `${url}/echo`), /^HTTP\/1\.1 200 [\s\S]*GET \/echo$/)
  t.match(await curl('-I', `${url}/echo`), /^HTTP\/1\.1 200 /, 'HEAD')
})

t.test('bodies go through both ways: with a length, chunked, with Expect: 100-continue', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-dav-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const body = randomBytes(3 * 1024 * 1024)
  writeFileSync(join(folder, 'body'), body)
  // The light nginx has no dav module; a second server that proxies to the first proves the body by its length and nginx's own buffering.
  const { port } = await startNginx(
    t,
    `client_max_body_size 16m; location / { proxy_pass http://127.0.0.1:$server_port/sink; proxy_request_buffering on; } location /sink { return 200 "$request_method $content_length"; }`,
  )
  const { url } = await startGateway(t, yaml(port))
  const data = `@${join(folder, 'body')}`
  t.equal(await curl('--data-binary', data, `${url}/put`), `POST ${body.length}`)
  t.equal(await curl('-H', 'Expect: 100-continue', '--data-binary', data, `${url}/put`), `POST ${body.length}`)
  t.equal(await curl('-H', 'Transfer-Encoding: chunked', '--data-binary', data, `${url}/put`), `POST ${body.length}`)
  t.equal(await curl('-X', 'PUT', '--data-binary', data, `${url}/put`), `PUT ${body.length}`)
})

t.test('an upstream that closes idle connections early costs no request', async (t) => {
  const { port } = await startNginx(t, 'keepalive_requests 3; location / { return 200 "ok"; }')
  const { url } = await startGateway(t, yaml(port), '--workers', '1')
  for (let request = 0; request < 50; request++) {
    const response = await fetch(`${url}/`)
    t.equal(response.status, 200)
    await response.text()
  }
})

t.test('nginx and HAProxy in front: their keep-alive connections are served, their forwarding fields are not believed', async (t) => {
  const { port } = await startNginx(t, 'location / { return 200 "$http_x_forwarded_for|$http_forwarded"; }')
  const gateway = await startGateway(t, yaml(port))
  const front = await startNginx(
    t,
    'location / { proxy_pass http://gateway; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Forwarded-For 203.0.113.9; }',
    `upstream gateway { server 127.0.0.1:${gateway.port}; keepalive 8; }`,
  )
  const haproxyPort = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'postern-haproxy-'))
  writeFileSync(
    join(folder, 'haproxy.cfg'),
    `defaults\n  mode http\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n  option forwardfor\nlisten l\n  bind 127.0.0.1:${haproxyPort}\n  server g 127.0.0.1:${gateway.port}\n`,
  )
  const haproxy = spawn('/usr/sbin/haproxy', ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: 'ignore' })
  t.teardown(async () => {
    haproxy.kill('SIGKILL')
    await once(haproxy, 'exit')
    rmSync(folder, { recursive: true })
  })
  await reachable(haproxyPort)
  for (const peer of [front.port, haproxyPort]) {
    for (let request = 0; request < 20; request++) {
      const seen = await (await fetch(`http://127.0.0.1:${peer}/`)).text()
      t.match(seen, /^127\.0\.0\.1\|/)
      t.notMatch(seen, '203.0.113.9')
    }
  }
})

t.test('wrk finds no error over 32 connections', async (t) => {
  const { port } = await startNginx(t, 'keepalive_requests 1000000; location / { return 200 "ok"; }')
  const { url } = await startGateway(t, yaml(port))
  const { stdout } = await run('/usr/bin/wrk', ['-t1', '-c32', '-d2s', `${url}/`])
  t.match(stdout, /\d+ requests in/)
  t.notMatch(stdout, /Socket errors|Non-2xx/)
})
