/** How `postern dev` ends, and what it keeps and leaves. */
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { freePort, postern, processesWith, send, startDev, temporaryFolder } from '../test/postern-process.ts'
import { helloProject } from '../test/projects.ts'

t.test('Ctrl-C ends it with 130, a folder that is missing with 3, a postern.dev.yaml that makes no sense with 3', async (t) => {
  const folder = temporaryFolder(t, helloProject())
  const mark = randomUUID()
  const dev = startDev(t, [folder], { POSTERN_TEST_MARK: mark })
  await dev.url()
  t.match(await dev.stop('SIGINT'), { code: 130, signal: null })
  t.strictSame(processesWith(mark), [])
  t.match(await postern(['dev', join(folder, 'nowhere')]), { code: 3, stderr: /there is no folder/ })
  writeFileSync(join(folder, 'postern.dev.yaml'), 'runn: []\n')
  t.match(await postern(['dev', folder]), { code: 3, stderr: /postern\.dev\.yaml: unknown key `runn`/ })
})

t.test('several gateways: --gateway says which', async (t) => {
  const port = await freePort()
  const { 'gateway.yaml': gateway = '', 'hello.yaml': api = '' } = helloProject()
  const folder = temporaryFolder(t, { 'a.yaml': gateway, 'b.yaml': gateway.replace('hello', 'second'), 'hello.yaml': api })
  const dev = startDev(t, [folder, '--gateway', 'second', '--listen', `127.0.0.1:${port}`])
  t.equal(await dev.url(), `http://127.0.0.1:${port}`)
})

t.test('whoever reads its output may go away: it goes on serving', async (t) => {
  const folder = temporaryFolder(t, helloProject('one'))
  const dev = startDev(t, [folder])
  const url = await dev.url()
  dev.child.stdout?.destroy()
  dev.child.stderr?.destroy()
  writeFileSync(join(folder, 'hello.yaml'), helloProject('two')['hello.yaml'] ?? '')
  let body = ''
  while (body !== 'two') ({ body } = await send(`${url}/hello`)) // each request writes a line, too
  t.pass('the swap was made, and said to nobody')
})

t.test('killed without warning, it leaves no process behind', async (t) => {
  const folder = temporaryFolder(t, { ...helloProject(), 'postern.dev.yaml': "run: ['while :; do sleep 1; done']\n" })
  const mark = randomUUID()
  const dev = startDev(t, [folder], { POSTERN_TEST_MARK: mark })
  await dev.url()
  t.match(await dev.stop('SIGKILL'), { signal: 'SIGKILL' })
  // Each process learns it from the kernel, and ends on its own.
  while (processesWith(mark).length > 0) await new Promise((resolve) => setTimeout(resolve, 10))
  t.pass('all are gone')
})
