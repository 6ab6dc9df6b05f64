/** Cache, compression, split and mirror between real peers: nginx as backend, curl as client. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { startGateway } from '../fixtures/gateway.ts'
import { startNginx } from '../fixtures/nginx.ts'

const run = promisify(execFile)
const curl = async (...args: string[]) =>
  (await run('/usr/bin/curl', ['-sS', '--max-time', '30', ...args], { maxBuffer: 64 * 1024 * 1024 })).stdout

/** `api` are lines of the Api's spec. */
const yaml = (ports: readonly number[], api: string, routes = '"GET /**": {}, "POST /**": {}') => `apiVersion: postern/v1
kind: Gateway
metadata: { name: peers }
spec: { listeners: [ { name: http, address: 127.0.0.1, port: 0 } ] }
---
apiVersion: postern/v1
kind: Api
metadata: { name: all }
spec:
  access: public
${api.includes('split:') ? '' : '  backend: b0\n'}${api}
  routes: { ${routes} }
${ports.map((port, i) => `---\napiVersion: postern/v1\nkind: Backend\nmetadata: { name: b${i} }\nspec: { endpoints: [ "http://127.0.0.1:${port}" ] }\n`).join('')}`

function filesOf(t: Test, files: { readonly [name: string]: string }): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-files-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

t.test('curl --compressed reads what was compressed, byte for byte, over HTTP/1.1 and HTTP/2', async (t) => {
  const text = Array.from({ length: 60_000 }, (_, i) => `line ${i * 7919} of a long file`).join('\n')
  const folder = filesOf(t, { 'a.json': text, 'small.json': '{}', 'a.bin': text })
  const { port } = await startNginx(
    t,
    `default_type application/octet-stream; types { application/json json; } location / { alias ${folder}/; }`,
  )
  const { url } = await startGateway(t, yaml([port], '  compress: true'))
  for (const version of ['--http1.1', '--http2-prior-knowledge']) {
    t.equal((await curl(version, '--compressed', `${url}/a.json`)) === text, true)
    for (const encoding of ['gzip', 'br', 'zstd']) {
      const head = await curl(version, '-o', '/dev/null', '-D', '-', '-H', `Accept-Encoding: ${encoding}`, `${url}/a.json`)
      t.match(head, new RegExp(`\\r\\ncontent-encoding: ${encoding}\\r\\n`, 'i'))
      t.match(head, /\r\nvary: accept-encoding\r\n/i)
      t.match(head, /\r\netag: W\/"/i)
      t.notMatch(head, /content-length|accept-ranges/i)
    }
    const size = Number(await curl(version, '--compressed', '-o', '/dev/null', '-w', '%{size_download}', `${url}/a.json`))
    t.ok(size < text.length / 3, `${size} of ${text.length} bytes`)
    for (const path of ['/small.json', '/a.bin']) {
      t.notMatch(await curl(version, '--compressed', '-o', '/dev/null', '-D', '-', `${url}${path}`), /content-encoding/i, path)
    }
    t.match(await curl(version, '--compressed', '-r', '5-9', '-D', '-', `${url}/a.json`), /^HTTP\S+ 206 [\s\S]*\r\n\r\n0 of $/)
  }
})

t.test('files of nginx are kept as nginx says, and asked for again with its validators', async (t) => {
  const folder = filesOf(t, { 'fresh.txt': 'fresh', 'stale.txt': 'stale', 'private.txt': 'private' })
  const { port } = await startNginx(
    t,
    `location /fresh.txt { alias ${folder}/fresh.txt; expires 1h; } location /stale.txt { alias ${folder}/stale.txt; expires 0; }
     location /private.txt { alias ${folder}/private.txt; add_header Cache-Control private; }`,
  )
  const { url } = await startGateway(t, yaml([port], '  cache: {}'), '--workers', '1')
  const status = async (path: string, ...args: string[]) =>
    /cache-status: postern; (.*)\r/i.exec(await curl(...args, '-o', '/dev/null', '-D', '-', `${url}${path}`))?.[1]
  t.equal(await status('/fresh.txt'), 'fwd=uri-miss; stored')
  t.match(await status('/fresh.txt'), /^hit; ttl=3[56]\d\d$/)
  t.match(await status('/fresh.txt', '-I'), /^hit/)
  t.match(await status('/fresh.txt', '--http2-prior-knowledge'), /^hit/)
  t.equal(await curl(`${url}/fresh.txt`), 'fresh')
  t.equal(await curl('-r', '1-2', `${url}/fresh.txt`), 're')
  const etag = /etag: (\S+)/i.exec(await curl('-I', `${url}/fresh.txt`))?.[1] ?? ''
  t.equal(await curl('-o', '/dev/null', '-w', '%{http_code} %{size_download}', '-H', `If-None-Match: ${etag}`, `${url}/fresh.txt`), '304 0')
  t.equal(await status('/stale.txt'), 'fwd=uri-miss; stored')
  t.equal(await status('/stale.txt'), 'fwd=stale; fwd-status=304; stored')
  t.equal(await curl(`${url}/stale.txt`), 'stale')
  for (let i = 0; i < 2; i++) t.equal(await status('/private.txt'), 'fwd=uri-miss; detail=private')
})

t.test('a split by weight, with a cookie of curl’s jar, and what nobody sees of a mirror', async (t) => {
  const servers = await Promise.all(
    ['one', 'two'].map((name) => startNginx(t, `location / { return 200 "${name} $http_x_postern_mirror"; }`)),
  )
  const [one, two] = servers.map(({ port }) => port) as [number, number]
  const api = `  split: [ { backend: b0, weight: 50 }, { backend: b1, weight: 50 } ]\n  sticky: cookie:part\n  mirror: { backend: b1, share: 50% }`
  const { url } = await startGateway(t, yaml([one, two], api))
  const jar = join(filesOf(t, {}), 'jar')
  const first = await curl('-c', jar, `${url}/`)
  for (let i = 0; i < 10; i++) t.equal(await curl('-b', jar, `${url}/`), first)
  const seen = new Set<string>()
  for (let i = 0; i < 40; i++) seen.add(await curl(`${url}/`))
  t.same([...seen].sort(), ['one ', 'two '])
})

t.test('while nginx is away, what it said before is served', async (t) => {
  const nginx = await startNginx(t, `location / { add_header Cache-Control "max-age=0"; return 200 "before"; }`)
  const { url } = await startGateway(t, yaml([nginx.port], '  cache: { staleIfError: 1h }'), '--workers', '1')
  t.equal(await curl(`${url}/a`), 'before')
  await nginx.stop()
  t.match(
    await curl('-D', '-', `${url}/a`),
    /^HTTP\/1.1 200 OK\r\n[\s\S]*cache-status: postern; fwd=stale; detail=stale-if-error\r\n[\s\S]*before$/i,
  )
  t.match(await curl('-D', '-', `${url}/b`), /^HTTP\/1.1 502 /)
})
