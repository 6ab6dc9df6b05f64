import { request } from 'node:http'
import t from 'tap'
import { get, startGateway, until } from './fixtures/gateway.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

t.test('the admin listener tells how the gateway is, to whoever asks it by address, and changes nothing', async (t) => {
  const gateway = await startGateway(t, { id: 'edge-1', workers: 1 })
  const { admin } = gateway
  t.match(await get(`${admin}/livez`), { status: 200, body: 'ok\n' })
  t.match(await get(`${admin}/readyz`), { status: 200, body: 'ok\n' })
  t.match(await get(`${admin}/healthz`), { status: 200 })
  t.match(JSON.parse((await get(`${admin}/readyz?verbose`)).body), { ready: true, why: null, gateway: 'edge' })
  t.match(await gateway.status(), { id: 'edge-1', workers: { wanted: 1, serving: 1 }, store: gateway.storePath })
  t.match(await get(`${admin}/`), { status: 404 })

  await get(`${gateway.url}/hello`)
  // The answer is here before it is counted.
  const metrics = await until(async () => {
    const text = await gateway.metrics()
    return text.includes('api="greeting"') && text
  })
  for (const name of [
    'http_server_request_duration_seconds_bucket{api="greeting",http_request_method="GET",http_response_status_class="2xx",le="+Inf"} 1',
    'http_server_active_requests 0',
    'postern_bundle_info{digest="sha256:',
    'postern_generation 1',
    '# TYPE postern_bundle_rejections_total counter',
    '# TYPE postern_policy_refusals_total counter',
    '# TYPE postern_worker_restarts_total counter',
    'postern_log_dropped_total{log="access"} 0',
    'process_cpu_user_seconds_total',
  ]) {
    t.ok(metrics.includes(name), name)
  }

  // A page of evil.example, whose name was made to mean 127.0.0.1, reads nothing.
  t.match(await get(`${admin}/status`, { host: 'evil.example' }), { status: 421 })
  t.match(await get(`${admin}/status`, { host: 'localhost:9901' }), { status: 200 })
  t.match(await get(`${admin}/status`, { host: '[::1]:9901' }), { status: 200 })
  t.equal(await statusOf(`${admin}/status`, 'POST'), 405)
  t.equal(await statusOf(`${admin}/livez`, 'HEAD'), 200)
})

function statusOf(url: string, method: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { method, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })
}
