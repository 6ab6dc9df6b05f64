/** The gateway as somebody starts it: signals, standard output, and a reader of it that is stuck. */
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { bundleOf, get, replaceFile, temporaryFolder, until } from './fixtures/gateway.ts'
import { refused, servingPid, startProcess } from './fixtures/gateway-process.ts'
import { startLoad } from './fixtures/load.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal} drains, and the exit code is 0`, async (t) => {
    const gateway = await startProcess(t)
    t.match(await get(`${gateway.url}/hello`), { status: 200 })
    gateway.process.kill(signal)
    t.equal(await gateway.exited, 0)
    t.match(gateway.output(), /"path":"\/hello"/, 'the log is complete')
    await t.rejects(get(`${gateway.url}/hello`), { code: 'ECONNREFUSED' })
  })
}

t.test('SIGHUP looks at the bundle now, and opens the access log again after it was rotated away', async (t) => {
  const accessLog = join(temporaryFolder(t), 'access.log')
  const gateway = await startProcess(t, { accessLog })
  t.match(await get(`${gateway.url}/hello`), { status: 200 })
  await until(() => readFileSync(accessLog, 'utf8').includes('/hello'))
  renameSync(accessLog, `${accessLog}.1`)
  gateway.process.kill('SIGHUP')
  await until(() => existsSync(accessLog))
  await get(`${gateway.url}/after`)
  await until(() => readFileSync(accessLog, 'utf8').includes('/after'))
  t.notMatch(readFileSync(`${accessLog}.1`, 'utf8'), /after/)
  t.notMatch(gateway.output(), /\{/, 'nothing of it on standard output')
})

t.test('when the parent is killed the child ends too, and leaves port and store to the next one', async (t) => {
  const gateway = await startProcess(t)
  const { host } = new URL(gateway.url)
  gateway.process.kill('SIGKILL')
  await gateway.exited
  await until(() => refused(gateway.url))
  const next = await startProcess(t, { listen: host, store: join(gateway.folder, 'store') })
  t.match(await get(`${next.url}/hello`), { status: 200 })
})

t.test('a reader of standard output that is stuck costs log lines, which are counted, and nothing else', async (t) => {
  const gateway = await startProcess(t)
  gateway.pause()
  const dropped = async () => {
    const { body } = await get(`${gateway.admin}/metrics`)
    return Number(/postern_log_dropped_total\{log="access"\} (\d+)/.exec(body)?.[1])
  }
  const load = startLoad(gateway.url, 100)
  // A long path fills pipe and rings sooner.
  const path = `/${'x'.repeat(7000)}`
  await until(async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => get(gateway.url + path)))
    t.ok(answers.every(({ status }) => status === 404))
    return (await dropped()) > 0
  })
  replaceFile(gateway.bundlePath, bundleOf({ body: 'hello', ballast: 2 }))
  await until(async () => JSON.parse((await get(`${gateway.admin}/status`)).body).bundle.routes === 4)
  t.match(await load.stop(), { refused: 0, lost: 0 }, 'traffic and swaps go on')
  gateway.process.stdout?.resume()
  const before = await dropped()
  await until(async () => {
    await get(`${gateway.url}/awake`)
    return gateway.output().includes('/awake')
  })
  t.ok(before > 0)
  const lines = gateway.output().split('\n').slice(2, -1)
  t.ok(
    lines.every((line) => line.startsWith('{') && JSON.parse(line) !== null),
    'every line that was written is whole',
  )
})

t.test('without koffi one worker serves, swaps and survives crashes; only the port is closed for a moment', async (t) => {
  const withoutKoffi = fileURLToPath(new URL('./fixtures/without-koffi.cjs', import.meta.url))
  const gateway = await startProcess(
    t,
    { accessLog: 'off' },
    { NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --require "${withoutKoffi}"` },
  )
  const status = async () => JSON.parse((await get(`${gateway.admin}/status`)).body)
  t.match(await status(), { workers: { wanted: 1, serving: 1 }, durable: true })
  for (let swap = 1; swap <= 5; swap++) {
    replaceFile(gateway.bundlePath, bundleOf({ body: `swap ${swap}` }))
    await until(async () => (await get(`${gateway.url}/hello`)).body === `swap ${swap}`)
  }
  process.kill(servingPid(gateway) as number, 'SIGKILL')
  await until(async () => (await status().catch(() => undefined))?.processRestarts === 1)
  t.match(await get(`${gateway.url}/hello`), { status: 200, body: 'swap 5' })
  gateway.process.kill('SIGTERM')
  t.equal(await gateway.exited, 0)
})
