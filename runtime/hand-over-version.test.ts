/** Which version of the program takes over at SIGUSR2, and which does not get to. */
import { rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { get, temporaryFolder, until } from './fixtures/gateway.ts'
import { type Started, servingPid, startProcess } from './fixtures/gateway-process.ts'
import { copyProgram, edit, setVersion } from './fixtures/program-copy.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

const PROGRAM = join('runtime', 'fixtures', 'run-gateway.ts')

t.test(
  'SIGUSR2 starts what is on the disk by then, in place or behind the link that was called, and `/status` shows its version',
  async (t) => {
    const folder = temporaryFolder(t)
    for (const version of ['1.0.0', '2.0.0']) copyProgram(join(folder, version), version)
    const point = (version: string) => {
      rmSync(join(folder, 'current'), { force: true })
      symlinkSync(join(folder, version), join(folder, 'current'))
    }
    point('1.0.0')
    const gateway = await startProcess(t, { accessLog: 'off', program: join(folder, 'current', PROGRAM) })
    t.match(await status(gateway), { version: '1.0.0', parentVersion: '1.0.0' })
    setVersion(join(folder, '1.0.0'), '1.0.1')
    gateway.process.kill('SIGUSR2')
    await until(async () => (await status(gateway)).version === '1.0.1')
    point('2.0.0')
    gateway.process.kill('SIGUSR2')
    await until(async () => (await status(gateway)).version === '2.0.0')
    t.match(await status(gateway), { version: '2.0.0', parentVersion: '1.0.0', processRestarts: 0 })
    t.match(await get(`${gateway.url}/hello`), { status: 200, body: 'hello' })
    gateway.process.kill('SIGTERM')
    t.equal(await gateway.exited, 0)
  },
)

t.test('a version that cannot start, does not get ready, or has outgrown the parent: the old one goes on and says why', async (t) => {
  const folder = temporaryFolder(t)
  const program = join(folder, 'postern')
  const restore = () => {
    rmSync(program, { recursive: true, force: true })
    copyProgram(program, '1.0.0')
  }
  restore()
  const gateway = await startProcess(t, {
    accessLog: 'off',
    logLevel: 'error',
    program: join(program, PROGRAM),
    tuning: { successorTimeoutMs: 5000 },
  })
  const before = servingPid(gateway)
  for (const [file, from, to, says] of [
    ['runtime/child.ts', 'let isEnding', 'let let isEnding', /"code":"child-failed".*exit code 1/],
    ['runtime/child.ts', 'void start(message)', 'void 0', /"code":"successor-late".*not ready within 5 s/],
    [
      'runtime/messages.ts',
      'PARENT_PROTOCOL = 1',
      'PARENT_PROTOCOL = 2',
      /"code":"parent-incompatible".*version 1\.0\.0: restart the gateway/,
    ],
  ] as const) {
    edit(program, file, from, to)
    gateway.process.kill('SIGUSR2')
    await until(() => says.test(gateway.log()))
    t.match(await get(`${gateway.url}/hello`), { status: 200 })
    t.equal(servingPid(gateway), before)
    restore()
  }
  gateway.process.kill('SIGUSR2')
  await until(async () => servingPid(gateway) !== before && (await status(gateway)).pid !== before)
  t.match(await get(`${gateway.url}/hello`), { status: 200 }, 'and when it is mended it takes over')
})

async function status(gateway: Started): Promise<{ version: string; pid: number }> {
  return JSON.parse((await get(`${gateway.admin}/status`)).body)
}
