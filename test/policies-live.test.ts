/** Every policy from YAML to the wire: compiled, linked, and run by the real data path in front of a real backend. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { isRejection, openBytes } from '../bundle/bundle.ts'
import { compileFolder } from '../compiler/compile.ts'
import { render } from '../compiler/render.ts'
import { runners } from '../policies/run-index.ts'
import { createGeneration, sharedBytesByPolicy } from '../runtime/generation.ts'
import { startDataPath } from './fixtures/data-path.ts'

const KEY = 'a-key-of-43-characters-as-postern-makes-them'
const digest = createHash('sha256').update(KEY).digest('hex')

const PROJECT = (backendPort: number) => `
apiVersion: postern/v1
kind: Gateway
metadata: { name: edge }
spec:
  listeners: [{ name: http, port: 8080 }]
  trustedProxies: [127.0.0.0/8]
  access: { api-key: { consumers: [acme] } }
  policies:
    - request-id: {}
    - cors: { origins: ["https://*.example.com"], credentials: true, expose: [ratelimit] }
    - ip-filter: { deny: [10.6.6.0/24] }
    - headers: { request: { set: { authorization: "\${env:TOKEN}" }, remove: [cookie] }, response: { set: { x-frame-options: DENY }, remove: [x-powered-by] } }
---
apiVersion: postern/v1
kind: Api
metadata: { name: shop }
spec:
  basePath: /shop
  backend: echo
  policies: [{ body-limit: { max: 10B } }]
  routes:
    GET /plain: {}
    POST /plain: {}
    GET /items/{id}: { policies: [{ rewrite: { path: "/v2/item-{id}", query: { set: { v: "2" }, remove: [debug] } } }] }
    GET /files/**: { policies: [{ rewrite: { path: "/static/**" } }] }
    GET /limited: { policies: [{ rate-limit: { limit: 2, per: 1d, by: consumer } }] }
    GET /health: { access: public, policies: [{ respond: { body: "{}" } }] }
    PUT /others: { access: { api-key: { consumers: [bolt], header: x-other-key } } }
---
apiVersion: postern/v1
kind: Backend
metadata: { name: echo }
spec: { endpoints: ["http://127.0.0.1:${backendPort}/prefix"] }
---
apiVersion: postern/v1
kind: Consumer
metadata: { name: acme }
spec: { keys: [{ hash: "sha256:${digest}" }] }
---
apiVersion: postern/v1
kind: Consumer
metadata: { name: bolt }
spec: { keys: [{ hash: "sha256:${createHash('sha256').update('another').digest('hex')}" }] }
`

interface Answer {
  readonly status: number
  readonly fields: http.IncomingHttpHeaders
  readonly body: string
  /** What upstream got, if it was asked. */
  readonly upstream?: { readonly url: string; readonly fields: http.IncomingHttpHeaders }
}

type Call = (method: string, path: string, headers?: http.OutgoingHttpHeaders, body?: string) => Promise<Answer>

async function start(t: Test): Promise<{ readonly call: Call; readonly thrown: readonly unknown[] }> {
  const backend = http.createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      response.setHeader('x-powered-by', 'echo')
      response.setHeader('access-control-allow-origin', '*')
      response.end(JSON.stringify({ url: request.url, fields: request.headers }))
    })
  })
  backend.listen(0, '127.0.0.1')
  await once(backend, 'listening')
  t.teardown(() => {
    backend.closeAllConnections()
    backend.close()
  })
  const folder = mkdtempSync(join(tmpdir(), 'postern-policies-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'all.yaml'), PROJECT((backend.address() as AddressInfo).port))
  const { bundles, diagnostics, sources } = await compileFolder(folder, { workingDirectory: folder })
  const bundle = bundles[0] && openBytes(bundles[0].bytes)
  if (bundle === undefined || isRejection(bundle)) throw new Error(render(diagnostics, sources, { format: 'text', color: false }))
  const shared = new Map([...sharedBytesByPolicy(runners)].map(([name, bytes]) => [name, new SharedArrayBuffer(bytes)]))
  const generation = createGeneration(bundle, 1, { shared, secret: () => 'Bearer upstream', lenient: false, runners })
  const { port, thrown } = await startDataPath(t, generation)

  const call: Call = async (method, path, headers = {}, body = '') => {
    const request = http.request({ port, host: '127.0.0.1', method, path, headers, agent: false })
    request.end(body)
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) text += chunk
    const isEcho = response.statusCode === 200 && text.includes('"fields"')
    return { status: response.statusCode ?? 0, fields: response.headers, body: text, ...(isEcho ? { upstream: JSON.parse(text) } : {}) }
  }
  return { call, thrown }
}

t.test('all policies at once, on the wire', async (t) => {
  const { call, thrown } = await start(t)
  const key = { 'x-api-key': KEY }

  const plain = await call('GET', '/shop/plain?a=b', { ...key, cookie: 'a=b', authorization: 'Basic client', 'x-request-id': 'from-proxy' })
  t.equal(plain.status, 200)
  t.equal(plain.upstream?.url, '/prefix/plain?a=b')
  t.match(plain.upstream?.fields, {
    authorization: 'Bearer upstream',
    'x-request-id': 'from-proxy',
    'x-api-key': undefined,
    cookie: undefined,
  })
  t.match(plain.fields, { 'x-request-id': 'from-proxy', 'x-frame-options': 'DENY', 'x-powered-by': undefined, vary: 'origin' })
  t.equal(plain.fields['access-control-allow-origin'], undefined, "upstream's word on CORS does not count")

  const denied = await call('GET', '/shop/plain', { ...key, 'x-forwarded-for': '10.6.6.6' })
  t.equal(denied.status, 403)
  t.match(denied.body, /"code":"address-not-allowed"/)

  const missing = await call('GET', '/shop/plain', { origin: 'https://app.example.com' })
  t.equal(missing.status, 401)
  t.match(missing.body, /"code":"api-key-missing"/)
  t.match(missing.fields, {
    'www-authenticate': 'ApiKey header="x-api-key"',
    'access-control-allow-origin': 'https://app.example.com',
    'access-control-allow-credentials': 'true',
  })
  t.match(missing.fields['x-request-id'], /^[0-9a-f]+$/)
  t.equal(missing.fields['x-frame-options'], undefined, '`headers` stands behind access: its turn never came')
  t.match((await call('GET', '/shop/plain', { 'x-api-key': [KEY, KEY] })).body, /"code":"api-key-invalid"/)
  t.match((await call('GET', '/shop/plain', { 'x-api-key': 'wrong' })).body, /"code":"api-key-invalid"/)
  t.match((await call('PUT', '/shop/others', { 'x-other-key': KEY })).body, /"code":"consumer-not-allowed"/)

  const preflight = await call('OPTIONS', '/shop/others', { origin: 'https://app.example.com', 'access-control-request-method': 'PUT' })
  t.equal(preflight.status, 204)
  t.match(preflight.fields, {
    'access-control-allow-origin': 'https://app.example.com',
    'access-control-allow-methods': 'PUT',
    'access-control-max-age': '600',
  })
  t.equal((await call('OPTIONS', '/shop/others', { origin: 'https://evil.test', 'access-control-request-method': 'PUT' })).status, 403)

  t.equal((await call('GET', '/shop/items/a%20b?debug=1&x=y&%64ebug=2', key)).upstream?.url, '/prefix/v2/item-a%20b?x=y&v=2')
  t.equal(
    (await call('GET', '/shop/items/a%3Fb%23c', key)).upstream?.url,
    '/prefix/v2/item-a%3Fb%23c?v=2',
    'a parameter cannot end the path',
  )
  t.match((await call('GET', '/shop/items/a%2Fb', key)).body, /"code":"path-encoded-slash"/)
  t.match((await call('GET', '/shop/files/%2e%2e/%2e%2e/%2e%2e/x', key)).body, /"code":"path-above-root"/)
  t.equal((await call('GET', '/shop/files/a/b/', key)).upstream?.url, '/prefix/static/a/b/')
  t.equal((await call('GET', '/shop/files', key)).upstream?.url, '/prefix/static')

  t.equal((await call('POST', '/shop/plain', { ...key, 'content-length': '10' }, '0123456789')).status, 200)
  t.equal((await call('POST', '/shop/plain', { ...key, 'content-length': '11' }, '0123456789a')).status, 413)
  const chunked = await call('POST', '/shop/plain', { ...key, 'transfer-encoding': 'chunked' }, '0123456789a')
  t.equal(chunked.status, 413)
  t.match(chunked.body, /"code":"body-too-large"/)

  t.equal((await call('GET', '/shop/limited', key)).fields['ratelimit'], '"consumer-1d";r=1;t=43200')
  await call('GET', '/shop/limited', key)
  const limited = await call('GET', '/shop/limited', key)
  t.equal(limited.status, 429)
  t.match(limited.fields, {
    'retry-after': /^4\d{4}$/,
    ratelimit: /^"consumer-1d";r=0;t=4\d{4}$/,
    'ratelimit-policy': '"consumer-1d";q=2;w=86400',
  })
  t.match(limited.body, /"code":"rate-limited"/)

  const health = await call('GET', '/shop/health')
  t.equal(health.body, '{}')
  t.match(health.fields, { 'content-type': 'application/json', 'x-frame-options': 'DENY' })
  t.strictSame(thrown, [], 'no policy threw')
})
