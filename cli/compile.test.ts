import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { postern, temporaryFolder } from '../test/postern-process.ts'
import { helloProject } from '../test/projects.ts'

t.test('without --key: NAME.ptb in the working folder, and it says that nobody signed it', async (t) => {
  const folder = temporaryFolder(t, helloProject())
  const { code, stdout, stderr } = await postern(['compile', '.'], { cwd: folder })
  t.equal(code, 0)
  t.match(
    stdout,
    /^hello\.ptb\n {2}digest {4}sha256:[0-9a-f]{64}\n {2}gateway {3}hello\n {2}routes {4}1\n {2}policies {2}public, respond\n {2}bytes {5}\d+\n {2}signed {4}no\n$/,
  )
  t.match(stderr, /^unsigned: `postern run` refuses it/)
  t.equal(readFileSync(join(folder, 'hello.ptb')).length, Number(/bytes +(\d+)/.exec(stdout)?.[1]))
})

t.test('with --key: signed, and `inspect --trust` agrees', async (t) => {
  const folder = temporaryFolder(t, helloProject())
  await postern(['keygen'], { cwd: folder })
  await postern(['keygen', '--out', 'other'], { cwd: folder })
  const compiled = await postern(['compile', '.', '--key', 'postern.key', '-o', 'out.ptb'], { cwd: folder })
  t.match(compiled, { code: 0, stdout: /signed {4}yes/, stderr: '' })
  const human = await postern(['inspect', 'out.ptb', '--trust', 'postern.pub'], { cwd: folder })
  t.match(human, { code: 0, stdout: /signature +holds, by the trusted key [0-9a-f]{32}/ })
  const json = await postern(['inspect', 'out.ptb', '--json'], { cwd: folder })
  t.equal(json.code, 0)
  const said = JSON.parse(json.stdout) as { digest: string; counts: { routes: number } }
  t.match(said, {
    digest: /^sha256:/,
    contentDigest: /^sha256:/,
    signed: true,
    keyIds: [/^[0-9a-f]{32}$/],
    hosts: ['*'],
    counts: { routes: 1, backends: 0, policies: 2, consumers: 0 },
    bytes: readFileSync(join(folder, 'out.ptb')).length,
  })
  t.ok(compiled.stdout.includes(said.digest))
  t.match(await postern(['inspect', 'out.ptb', '--trust', 'other/postern.pub', '--trust', 'postern.pub'], { cwd: folder }), { code: 0 })
  t.match(await postern(['inspect', 'out.ptb', '--trust', 'other/postern.pub'], { cwd: folder }), {
    code: 1,
    stdout: '',
    stderr: /no trusted key has signed/,
  })
})

t.test('a bundle that was changed, cut short or never signed does not pass --trust; a file that is none is refused', async (t) => {
  const folder = temporaryFolder(t, helloProject())
  await postern(['keygen'], { cwd: folder })
  await postern(['compile', '.', '--key', 'postern.key', '-o', 'good.ptb'], { cwd: folder })
  await postern(['compile', '.', '-o', 'unsigned.ptb'], { cwd: folder })
  const good = readFileSync(join(folder, 'good.ptb'))
  const changed = Buffer.from(good)
  changed.writeUInt8(changed.readUInt8(200) ^ 1, 200)
  writeFileSync(join(folder, 'changed.ptb'), changed)
  writeFileSync(join(folder, 'short.ptb'), good.subarray(0, -1))
  for (const file of ['unsigned.ptb', 'changed.ptb', 'short.ptb']) {
    t.match(
      await postern(['inspect', file, '--trust', 'postern.pub'], { cwd: folder }),
      { code: 1, stdout: '', stderr: /^refused: / },
      file,
    )
  }
  for (const file of ['changed.ptb', 'short.ptb', 'postern.pub']) {
    t.match(await postern(['inspect', file], { cwd: folder }), { code: 1, stdout: '', stderr: /^refused: / }, file)
  }
  t.match(await postern(['inspect', 'unsigned.ptb'], { cwd: folder }), { code: 0, stdout: /signature +none: `postern run` refuses/ })
})

t.test('mistakes: exit code 1, and the bundle that was there stays', async (t) => {
  const folder = temporaryFolder(t, { ...helloProject(), 'hello.ptb': 'the old one' })
  writeFileSync(join(folder, 'hello.yaml'), 'apiVersion: postern/v1\nkind: Apu\n')
  const { code, stdout, stderr } = await postern(['compile', '.'], { cwd: folder })
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, /error\[PST\d{4}\].*nothing was written\n$/s)
  t.equal(readFileSync(join(folder, 'hello.ptb'), 'utf8'), 'the old one')
})

t.test('a reference to a secret stays a reference: compiling needs no environment', async (t) => {
  const folder = temporaryFolder(t, helloProject())
  writeFileSync(
    join(folder, 'hello.yaml'),
    readFileSync(join(folder, 'hello.yaml'), 'utf8').replace(
      'policies: [',
      'policies: [{ headers: { request: { set: { authorization: "${env:POSTERN_TEST_TOKEN}" } } } }, ',
    ),
  )
  const { code } = await postern(['compile', '.'], { cwd: folder, env: { POSTERN_TEST_TOKEN: 'a-secret-value' } })
  t.equal(code, 0)
  const bytes = readFileSync(join(folder, 'hello.ptb'), 'latin1')
  t.ok(bytes.includes('POSTERN_TEST_TOKEN'))
  t.notOk(bytes.includes('a-secret-value'))
  t.match((await postern(['inspect', 'hello.ptb'], { cwd: folder })).stdout, '${env:POSTERN_TEST_TOKEN}')
})

t.test('a key that is missing or none, and a place that cannot be written, are exit code 3', async (t) => {
  const folder = temporaryFolder(t, helloProject())
  await postern(['keygen'], { cwd: folder })
  t.match(await postern(['compile', '.', '--key', 'no.key'], { cwd: folder }), {
    code: 3,
    stderr: /there is no file no\.key \(the private key\)/,
  })
  t.match(await postern(['compile', '.', '--key', 'postern.pub'], { cwd: folder }), { code: 3, stderr: /is not a private key/ })
  t.match(await postern(['compile', '.', '-o', 'nowhere/x.ptb'], { cwd: folder }), {
    code: 3,
    stderr: /cannot write .*nowhere\/x\.ptb: ENOENT/,
  })
  t.notOk(readdirSync(folder).some((file) => file.endsWith('.ptb') || file.endsWith('.tmp')))
  t.notOk(existsSync(join(folder, 'nowhere')))
})
