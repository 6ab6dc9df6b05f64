import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { postern, send, startDev, temporaryFolder } from '../test/postern-process.ts'

const FILES = [
  '.gitignore',
  '.postern/schema.json',
  'README.md',
  'apis/hello.yaml',
  'backends/app.yaml',
  'gateway.yaml',
  'postern.dev.yaml',
]

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}

t.test('init writes a project that passes check', async (t) => {
  const folder = join(temporaryFolder(t), 'My Gateway_2')
  const { code, stdout, stderr } = await postern(['init', folder])
  t.equal(code, 0)
  t.strictSame(filesIn(folder), FILES)
  t.equal(stdout.trim().split('\n').length, FILES.length)
  t.match(stderr, /postern dev /)
  t.match(await postern(['check', folder]), { code: 0, stderr: /gateway my-gateway-2 has 2 routes/ })
})

t.test('what exists is left as it is, and the rest is added', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'README.md'), 'mine')
  const first = await postern(['init'], { cwd: folder })
  t.equal(first.code, 0)
  t.match(first.stderr, /kept README\.md, which was there before/)
  t.equal(readFileSync(join(folder, 'README.md'), 'utf8'), 'mine')
  t.strictSame(filesIn(folder), FILES)
  const before = FILES.map((file) => readFileSync(join(folder, file), 'utf8'))
  const second = await postern(['init', '.'], { cwd: folder })
  t.match(second, { code: 0, stdout: '' })
  t.strictSame(
    FILES.map((file) => readFileSync(join(folder, file), 'utf8')),
    before,
  )
})

t.test('every YAML file names the schema that lies beside it', async (t) => {
  const folder = temporaryFolder(t)
  await postern(['init'], { cwd: folder })
  for (const file of FILES.filter((file) => /\.yaml$/.test(file) && !file.startsWith('postern.'))) {
    const [, path = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(join(folder, file), 'utf8')) ?? []
    t.ok(JSON.parse(readFileSync(join(folder, file, '..', path), 'utf8')), file)
  }
})

t.test('a file in place of the folder is exit code 3', async (t) => {
  const folder = temporaryFolder(t, { file: '' })
  t.match(await postern(['init', 'file'], { cwd: folder }), { code: 3, stderr: /file is a file; name a folder/ })
})

t.test('the project can be served at once', async (t) => {
  const folder = temporaryFolder(t)
  await postern(['init'], { cwd: folder })
  const dev = startDev(t, [folder, '--listen', '127.0.0.1:0'])
  const url = await dev.url()
  t.match(await send(`${url}/hello`), { status: 200, body: 'hello, world\n' })
  t.equal((await send(`${url}/nothing-here`)).status, 404)
  t.ok([502, 503].includes((await send(`${url}/app/x`)).status), 'no service behind it yet')
})
