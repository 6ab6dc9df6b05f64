/** Signals at inconvenient moments: while it starts, swaps, waits for a client; and a serving process that hangs. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { bundleOf, get, replaceFile, temporaryFolder, until } from './fixtures/gateway.ts'
import { launch, refused, servingPid, startProcess } from './fixtures/gateway-process.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

t.test('SIGTERM while it is still starting ends it in order, and leaves nothing behind', async (t) => {
  const gateway = launch(t, {})
  const pid = await until(() => servingPid(gateway))
  gateway.process.kill('SIGTERM')
  t.equal(await gateway.exited, 0)
  t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
})

t.test('SIGTERM in the middle of a swap ends it in order, and its store is whole', async (t) => {
  const gateway = await startProcess(t, { accessLog: 'off' })
  replaceFile(gateway.bundlePath, bundleOf({ body: 'second', ballast: 3000 }))
  // Begun, or already over.
  await until(async () => mappings(servingPid(gateway)) > 1 || (await get(`${gateway.url}/hello`)).body === 'second')
  gateway.process.kill('SIGTERM')
  t.equal(await gateway.exited, 0)
  const next = await startProcess(t, { store: join(gateway.folder, 'store'), bundle: join(gateway.folder, 'none'), gateway: 'edge' })
  t.match((await get(`${next.url}/hello`)).body, /^(hello|second)$/)
})

t.test('SIGTERM waits for a client that is stuck until the drain is over; a second one does not wait', async (t) => {
  const backend = createServer((_, response) => response.write('begin ')).listen(0, '127.0.0.1')
  await new Promise((resolve) => backend.once('listening', resolve))
  t.teardown(() => {
    backend.closeAllConnections()
    backend.close()
  })
  const content = bundleOf({ backendPort: (backend.address() as { port: number }).port })
  for (const [drainMs, signals] of [
    [300, 1],
    [3_600_000, 2],
  ] as const) {
    const gateway = await startProcess(t, { content, tuning: { drainMs } })
    const client = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    client.on('error', () => {})
    client.write('GET /backend HTTP/1.1\r\nHost: any.example\r\n\r\n')
    await new Promise((resolve) => client.once('data', resolve))
    const pid = servingPid(gateway) as number
    gateway.process.kill('SIGTERM')
    // The first one has arrived when nobody listens any more: two at once might become one.
    await until(() => refused(gateway.url))
    if (signals === 2) gateway.process.kill('SIGTERM')
    t.equal(await gateway.exited, 0)
    t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  }
})

t.test('SIGHUP reads secrets from their files again', async (t) => {
  const secret = join(temporaryFolder(t), 'secret')
  writeFileSync(secret, 'one')
  const gateway = await startProcess(t, { accessLog: 'off', content: bundleOf({ secrets: [{ kind: 'file', name: secret }] }) })
  const generation = async () => JSON.parse((await get(`${gateway.admin}/status`)).body).bundle.generation
  t.equal(await generation(), 1)
  writeFileSync(secret, 'two')
  gateway.process.kill('SIGHUP')
  await until(async () => (await generation()) === 2)
})

t.test('a serving process that hangs is killed by the parent and replaced; connections wait', async (t) => {
  const tuning = { watchdogIntervalMs: 50, supervisorHungAfterChecks: 80, supervisorBeatIntervalMs: 50 }
  const gateway = await startProcess(t, { accessLog: 'off', tuning })
  const hung = servingPid(gateway) as number
  process.kill(hung, 'SIGSTOP')
  // Each thread stops in its own time, and one that still runs would accept what comes.
  await until(() =>
    readdirSync(`/proc/${hung}/task`).every((thread) => / T /.test(readFileSync(`/proc/${hung}/task/${thread}/stat`, 'utf8'))),
  )
  const waiting = get(`${gateway.url}/hello`)
  t.match(await waiting, { status: 200, body: 'hello' })
  t.not(servingPid(gateway), hung)
  t.throws(() => process.kill(hung, 0), { code: 'ESRCH' })
  t.match(JSON.parse((await get(`${gateway.admin}/status`)).body), { processRestarts: 1 })
})

function mappings(pid: number | undefined): number {
  return readFileSync(`/proc/${pid}/maps`, 'utf8').split('memfd:postern-bundle').length - 1
}
