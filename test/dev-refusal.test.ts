/** What `postern dev` says of a bundle that compiles and that the runtime refuses: one sentence for a person. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { send, startDev, temporaryFolder } from './postern-process.ts'
import { helloProject } from './projects.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

t.test('a secret that is not there is said once, in words, and the last good version goes on', async (t) => {
  const project = helloProject()
  const folder = temporaryFolder(t, project)
  const dev = startDev(t, [folder, '--listen', '127.0.0.1:0'])
  const url = await dev.url()
  await dev.match('stderr', /serving 1 route/)
  const policy = '{ headers: { request: { set: { x-token: "$' + '{env:POSTERN_TEST_NOT_SET}" } } } }'
  writeFileSync(join(folder, 'hello.yaml'), (project['hello.yaml'] ?? '').replace('policies: [', `policies: [${policy}, `))
  await dev.match('stderr', /goes on serving/)
  const said = dev.stderr.split('\n').filter((line) => line.includes('POSTERN_TEST_NOT_SET'))
  t.equal(said.length, 1, dev.stderr)
  t.match(said[0], /is not set/)
  t.notMatch(dev.stderr, /^\{/m, 'no JSON')
  t.match(await send(`${url}/hello`), { status: 200 })
})
