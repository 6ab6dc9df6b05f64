import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { postern, temporaryFolder } from '../test/postern-process.ts'
import { helloProject } from '../test/projects.ts'

const { 'gateway.yaml': GATEWAY = '', 'hello.yaml': API = '' } = helloProject()

t.test('a folder without mistakes: exit code 0, nothing on standard output, a line for people', async (t) => {
  const folder = temporaryFolder(t, helloProject())
  t.strictSame(await postern(['check', '.'], { cwd: folder }), {
    code: 0,
    signal: null,
    stdout: '',
    stderr: 'ok: 2 files; gateway hello has 1 route\n',
  })
})

t.test('mistakes are the result: on standard output, each with its place, exit code 1', async (t) => {
  const folder = temporaryFolder(t, {
    'gateway.yaml': GATEWAY,
    'hello.yaml': API.replace('access: public', 'acess: public\n  backend: nowhere'),
  })
  const { code, stdout, stderr } = await postern(['check', '.'], { cwd: folder })
  t.equal(code, 1)
  t.match(stdout, /^hello\.yaml:5:3: error\[PST\d{4}\]: .*`acess`/m)
  t.match(stdout, /did you mean `access`\?/)
  t.notMatch(stdout, /^ {4}at /m, 'never a stack trace')
  t.equal(stderr, '')
})

t.test('--format json and --format github are for programs', async (t) => {
  const folder = temporaryFolder(t, { 'gateway.yaml': GATEWAY, 'hello.yaml': API.replace('access: public', 'backend: nowhere') })
  const json = await postern(['check', '.', '--format', 'json'], { cwd: folder })
  t.equal(json.code, 1)
  const { diagnostics } = JSON.parse(json.stdout) as { diagnostics: { code: string }[] }
  t.ok(diagnostics.length > 0)
  t.ok(diagnostics.every(({ code }) => /^PST\d{4}$/.test(code)))
  const github = await postern(['check', '.', '--format', 'github'], { cwd: folder, env: { FORCE_COLOR: '1' } })
  t.equal(github.code, 1)
  t.match(github.stdout, /^::error file=hello\.yaml,line=\d+/m)
  t.notOk(github.stdout.includes('\u001b['), 'no colour in what programs read')
})

t.test('all gateways are checked, or the one that is named', async (t) => {
  const folder = temporaryFolder(t, { 'gateway.yaml': GATEWAY, 'second.yaml': GATEWAY.replace('hello', 'second'), 'hello.yaml': API })
  t.match(await postern(['check', '.'], { cwd: folder }), { code: 0, stderr: /gateway hello has 1 route, gateway second has 1 route/ })
  t.match(await postern(['check', '.', '--gateway', 'second'], { cwd: folder }), { code: 0, stderr: /; gateway second has 1 route\n/ })
  t.match(await postern(['check', '.', '--gateway', 'secnd'], { cwd: folder }), { code: 1, stdout: /`secnd`/ })
})

t.test('a folder that is missing, a file, or an empty folder', async (t) => {
  const folder = temporaryFolder(t, { 'a.txt': '' })
  t.match(await postern(['check', 'nowhere'], { cwd: folder }), {
    code: 3,
    stderr: 'postern: there is no folder nowhere (folder-missing)\n',
  })
  t.match(await postern(['check', 'a.txt'], { cwd: folder }), { code: 3, stderr: /is a file; name the folder it is in/ })
  t.match(await postern(['check', '.'], { cwd: folder }), { code: 1, stdout: /PST0007/ })
})

t.test('a working folder that is gone is no bug of ours', async (t) => {
  const folder = join(temporaryFolder(t), 'gone')
  mkdirSync(folder)
  const other = temporaryFolder(t, helloProject())
  // The shell is in the folder when it goes. What the test runner preloads by NODE_OPTIONS would fail there before we begin.
  const { spawnSync } = await import('node:child_process')
  const launcher = new URL('./postern.js', import.meta.url).pathname
  const { status, stderr } = spawnSync(
    'sh',
    ['-c', 'unset NODE_OPTIONS && rmdir "$1" && exec "$2" "$3" check "$4"', 'sh', folder, process.execPath, launcher, other],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  )
  t.equal(status, 3)
  t.match(stderr, /^postern: ENOENT.*uv_cwd/)
  rmSync(folder, { force: true, recursive: true })
})
