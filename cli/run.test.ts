import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { freePort, type PosternProcess, processesWith, send, startPostern } from '../test/postern-process.ts'
import { servedProject } from '../test/projects.ts'

async function adminOf(gateway: PosternProcess): Promise<string> {
  const [, admin = ''] = await gateway.match('stdout', /admin on (http:\S+)/)
  return admin
}

t.test('it serves the bundle, says where, logs requests on standard output, and swaps when the file changes', async (t) => {
  const project = await servedProject(t)
  const gateway = project.start()
  const url = await gateway.url()
  const admin = await adminOf(gateway)
  t.match(await send(`${url}/hello`), { status: 200, body: 'one' })
  t.equal((await send(`${admin}/readyz`)).status, 200)
  const [line] = await gateway.match('stdout', /^\{.*"path":"\/hello".*\}$/m)
  t.match(JSON.parse(line), { method: 'GET', status: 200, route: 'GET /hello', source: /hello\.yaml:\d+/ })

  let seen = gateway.stderr.length
  await project.compile('two')
  await gateway.match('stderr', /serving a new bundle/, seen)
  t.match(await send(`${url}/hello`), { status: 200, body: 'two' })

  seen = gateway.stderr.length
  await project.compile('three', false)
  await gateway.match('stderr', /no signature/, seen)
  t.match(await send(`${url}/hello`), { status: 200, body: 'two' })

  t.equal(gateway.output.match(/listening on/g)?.length, 1, 'one line per listener, and no other with these words')
  t.match(await gateway.stop('SIGTERM'), { code: 0, signal: null })
})

t.test(
  '--listen replaces the listeners; a second gateway on the same port is told EADDRINUSE, one on the same store whose it is',
  async (t) => {
    const project = await servedProject(t)
    const port = await freePort()
    const first = project.start('--listen', `127.0.0.1:${port}`, '--id', 'the-first-one')
    t.equal(await first.url(), `http://127.0.0.1:${port}`)
    const samePort = await project.finish('--listen', `127.0.0.1:${port}`, '--store', join(project.folder, 'another'))
    t.match(samePort, { code: 3, stderr: /EADDRINUSE/ })
    const sameStore = await project.finish('--listen', '127.0.0.1:0')
    t.match(sameStore, { code: 3, stderr: /the-first-one/ })
    t.match(await send(`http://127.0.0.1:${port}/hello`), { status: 200 })
  },
)

t.test('--admin: a free port when nobody asked and 9901 is taken, an error when somebody did', async (t) => {
  const project = await servedProject(t)
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  t.match(await project.finish('--admin', `127.0.0.1:${port}`), { code: 3, stderr: /EADDRINUSE/ })
  // Whoever comes second gets another one; 9901 itself may be anybody's here.
  const admins = ['a', 'b'].map((store) => adminOf(project.start('--store', join(project.folder, store))))
  t.equal(new Set(await Promise.all(admins)).size, 2)
})

t.test('--access-log names a file, or none; Ctrl-C is exit code 130 and leaves no process', async (t) => {
  const project = await servedProject(t)
  const file = join(project.folder, 'access.log')
  const first = project.start('--access-log', file)
  await send(`${await first.url()}/hello`)
  await first.stop('SIGTERM')
  t.match(readFileSync(file, 'utf8'), /"path":"\/hello"/)
  t.notMatch(first.stdout, '"path"')
  const mark = randomUUID()
  const second = startPostern(t, ['run', '--bundle', 'edge.ptb', '--trust', 'postern.pub', '--access-log', 'off'], {
    cwd: project.folder,
    env: { ...project.env, POSTERN_TEST_MARK: mark },
  })
  await send(`${await second.url()}/hello`)
  t.match(await second.stop('SIGINT'), { code: 130, signal: null })
  t.notMatch(second.output, '"path"')
  t.strictSame(processesWith(mark), [])
})
