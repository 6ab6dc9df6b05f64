/** The example of docs/writing-a-policy.md, taken out of the page and put into a copy of the repository: its types hold and its tests pass. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { policyIndices, policyNames } from '../tools/generate/policy-indices.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = readFileSync(join(root, 'docs/writing-a-policy.md'), 'utf8')

t.test('a policy made after the page works', { timeout: 60_000 }, (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'postern-policy-'))
  t.teardown(() => rmSync(copy, { recursive: true, force: true }))
  // What refers to the indices is copied; what does not is the repository's own.
  for (const name of ['policies', 'test/fixtures']) cpSync(join(root, name), join(copy, name), { recursive: true })
  for (const name of ['spec', 'bundle', 'node_modules', 'tools', 'package.json']) symlinkSync(join(root, name), join(copy, name))

  const files = new Map<string, string>()
  for (const [, path = '', code = ''] of page.matchAll(/```ts\n\/\/ (\S+)\n(.*?)```/gs)) files.set(path, code)
  for (const [, path = '', code = ''] of page.matchAll(/````md\n<!-- (\S+) -->\n(.*?)````/gs)) files.set(path, code)
  t.strictSame([...files.keys()].map((path) => path.slice('policies/require-field/'.length)).sort(), [
    'README.md',
    'compile.test.ts',
    'compile.ts',
    'policy.ts',
    'run.test.ts',
    'run.ts',
  ])
  for (const [path, code] of files) {
    mkdirSync(dirname(join(copy, path)), { recursive: true })
    writeFileSync(join(copy, path), code)
  }
  const names = policyNames(join(copy, 'policies'))
  t.ok(names.includes('require-field'))
  for (const [file, code] of Object.entries(policyIndices(names))) writeFileSync(join(copy, 'policies', file), code)

  for (const test of ['compile.test.ts', 'run.test.ts']) {
    const { status, stdout } = spawnSync(process.execPath, [join(copy, 'policies/require-field', test)], { encoding: 'utf8' })
    t.equal(status, 0, stdout)
  }
  const config = { extends: join(root, 'tsconfig.json'), include: ['policies/require-field/*.ts', 'policies/*-index.ts'], exclude: [] }
  writeFileSync(join(copy, 'tsconfig.json'), JSON.stringify(config))
  // What the test runner preloads into every child by NODE_OPTIONS is more than the compiler's launcher can bear.
  const types = spawnSync('env', ['-u', 'NODE_OPTIONS', join(root, 'node_modules/.bin/tsc'), '-p', copy], { encoding: 'utf8' })
  t.equal(types.status, 0, types.stdout + types.stderr)
  const style = spawnSync(
    join(root, 'node_modules/.bin/biome'),
    ['check', '--config-path', root, '--vcs-enabled=false', 'policies/require-field', 'policies/compile-index.ts', 'policies/run-index.ts'],
    { cwd: copy, encoding: 'utf8' },
  )
  t.equal(style.status, 0, style.stderr + style.stdout)
  t.end()
})
