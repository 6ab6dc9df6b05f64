/** What operators see of real traffic: every series of /metrics with its labels, and every field of the access log. */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startGateway } from './fixtures/gateway.ts'
import { send } from './postern-process.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

const KEY = 'a-key-of-43-characters-as-postern-makes-them'

const yaml = (backendPort: number, closedPort: number, more = '') => `apiVersion: postern/v1
kind: Gateway
metadata: { name: seen }
spec: { listeners: [ { name: http, address: 127.0.0.1, port: 0 } ], policies: [ { request-id: {} } ] }
---
apiVersion: postern/v1
kind: Api
metadata: { name: shop }
spec:
  basePath: /shop
  access: { api-key: { consumers: [acme] } }
  backend: echo
  routes:
    GET /items/{id}: { name: oneItem }
    POST /items: {}
    GET /limited: { policies: [ { rate-limit: { limit: 1, per: 1d, by: consumer } } ] }
    GET /gone: { backend: gone }
${more}---
apiVersion: postern/v1
kind: Consumer
metadata: { name: acme }
spec: { keys: [ { hash: "sha256:${createHash('sha256').update(KEY).digest('hex')}" } ] }
---
apiVersion: postern/v1
kind: Backend
metadata: { name: echo }
spec: { endpoints: [ "http://127.0.0.1:${backendPort}" ] }
---
apiVersion: postern/v1
kind: Backend
metadata: { name: gone }
spec: { endpoints: [ "http://127.0.0.1:${closedPort}" ] }
`

t.test('the series and the log lines of real traffic, a 401, a 429 and a dead backend among it', async (t) => {
  const held: ServerResponse[] = []
  const backend = createServer((request, response) => {
    if (request.url === '/items/slow') held.push(response)
    else response.end('twelve bytes')
  })
  const port = await listening(backend)
  const closed = createServer()
  const closedPort = await listening(closed)
  await new Promise((resolve) => closed.close(resolve))
  t.teardown(() => {
    backend.closeAllConnections()
    backend.close()
  })
  const folder = mkdtempSync(join(tmpdir(), 'postern-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const log = join(folder, 'access.log')
  const gateway = await startGateway(t, yaml(port, closedPort), '--access-log', log, '--workers', '2')
  const key = { 'x-api-key': KEY }

  const asked = [
    await send(`${gateway.url}/shop/items/7?token=secret`, { headers: { ...key, host: 'shop.example' } }),
    await send(`${gateway.url}/shop/items`, { method: 'POST', headers: key, body: 'something' }),
    await send(`${gateway.url}/shop/items/7`),
    await send(`${gateway.url}/shop/limited`, { headers: key }),
    await send(`${gateway.url}/shop/limited`, { headers: key }),
    await send(`${gateway.url}/shop/gone`, { headers: key }),
    await send(`${gateway.url}/nowhere`),
  ]
  t.strictSame(
    asked.map(({ status }) => status),
    [200, 200, 401, 200, 429, 502, 404],
  )
  const slow = send(`${gateway.url}/shop/items/slow`, { headers: key })
  await until(() => held.length === 1)

  const metrics = async () => (await send(`${gateway.admin}/metrics`)).body
  const sample = async (series: string) => {
    const line = (await metrics()).split('\n').find((text) => text.startsWith(`${series} `))
    return line === undefined ? undefined : Number(line.slice(series.length + 1))
  }
  const duration = (part: string, api: string, method: string, statusClass: string) =>
    sample(
      `http_server_request_duration_seconds_${part}{api="${api}",http_request_method="${method}",http_response_status_class="${statusClass}"}`,
    )
  await until(async () => (await duration('count', 'shop', 'GET', '5xx')) === 1)
  t.equal(await duration('count', 'shop', 'GET', '2xx'), 2)
  t.equal(await duration('count', 'shop', 'POST', '2xx'), 1)
  t.equal(await duration('count', 'shop', 'GET', '4xx'), 2)
  t.equal(await duration('count', '', 'GET', '4xx'), 1, 'no route, no API')
  t.ok(((await duration('sum', 'shop', 'GET', '2xx')) as number) > 0)
  t.match(await metrics(), /_bucket\{api="shop",http_request_method="POST",http_response_status_class="2xx",le="\+Inf"\} 1\n/)
  t.equal(await sample('http_server_active_requests'), 1)
  t.match(await metrics(), /postern_bundle_info\{digest="sha256:[0-9a-f]{64}",gateway="seen",compiler="postern [^"]+"\} 1\n/)
  t.equal(await sample('postern_generation'), 1)
  t.equal(await sample('postern_policy_refusals_total{policy="api-key",api="shop"}'), 1)
  t.equal(await sample('postern_policy_refusals_total{policy="rate-limit",api="shop"}'), 1)
  t.equal(await sample('postern_log_dropped_total{log="access"}'), 0)
  t.equal(await sample('postern_log_dropped_total{log="process"}'), 0)
  for (const name of ['postern_bundle_rejections_total', 'postern_worker_restarts_total']) {
    t.match(await metrics(), new RegExp(`# TYPE ${name} counter`), `${name} has nothing to count`)
  }

  gateway.compile(yaml(port, closedPort, '    GET /more: {}\n'))
  await until(async () => (await sample('postern_generation')) === 2)
  t.equal(await duration('count', 'shop', 'POST', '2xx'), 1, 'counters go on in the next generation')
  writeFileSync(join(gateway.folder, 'gateway.ptb'), 'no bundle')
  await until(async () => /postern_bundle_rejections_total\{code="[a-z-]+"\} [1-9]/.test(await metrics()))
  held[0]?.end('late')
  t.match(await slow, { status: 200, body: 'late' })
  await until(async () => (await sample('http_server_active_requests')) === 0)

  const lines = await until(() => {
    const all = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : []
    return all.length === asked.length + 1 && all.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
  })
  t.notMatch(readFileSync(log, 'utf8'), new RegExp(`secret|${KEY}`), 'no query, no key')
  const line = (status: number, path: string) => lines.find((fields) => fields['status'] === status && fields['path'] === path) ?? {}
  const first = line(200, '/shop/items/7')
  t.strictSame(Object.keys(first).join(), 'time,requestId,client,method,host,path,status,bytes,durationMs,api,route,consumer,source')
  t.match(first, {
    time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
    requestId: /./,
    client: '127.0.0.1',
    method: 'GET',
    host: 'shop.example',
    bytes: 12,
    durationMs: Number,
    api: 'shop',
    route: 'oneItem',
    consumer: 'acme',
    source: 'gateway.yaml:14',
  })
  t.equal(first['requestId'], asked[0]?.headers['x-request-id'])
  t.match(line(401, '/shop/items/7'), { error: /./, route: 'oneItem', source: 'gateway.yaml:14' })
  t.notOk('consumer' in line(401, '/shop/items/7'))
  t.match(line(429, '/shop/limited'), { error: 'rate-limited', consumer: 'acme' })
  t.match(line(502, '/shop/gone'), { error: /./, consumer: 'acme', source: 'gateway.yaml:17' })
  t.match(line(404, '/nowhere'), { error: /./ })
  t.notOk('source' in line(404, '/nowhere'))
})

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Polls, because what is waited for happens in another process. Fails the test by its timeout. */
async function until<T>(probe: () => Promise<T | false> | T | false): Promise<T> {
  for (;;) {
    const value = await probe()
    if (value !== false) return value
    await new Promise((proceed) => setTimeout(proceed, 10))
  }
}
