import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { temporaryFolder } from './fixtures/gateway.ts'
import { resolveSecrets } from './secrets.ts'

t.test('values come from the environment and from files, without the newline that editors add', async (t) => {
  const path = join(temporaryFolder(t), 'token')
  writeFileSync(path, 'from-file\n')
  const references = [
    { kind: 'env', name: 'TOKEN' },
    { kind: 'file', name: path },
  ] as const
  t.strictSame(await resolveSecrets(references, { TOKEN: 'from-env' }), { values: ['from-env', 'from-file'], unresolved: [] })
  writeFileSync(path, 'two\nlines\r\n')
  t.strictSame((await resolveSecrets(references.slice(1))).values, ['two\nlines'])
})

t.test('what has no value is named by its reference, with the reason and never with a value', async (t) => {
  const folder = temporaryFolder(t)
  const file = (name: string) => ({ kind: 'file', name: join(folder, name) }) as const
  writeFileSync(join(folder, 'empty'), '\n')
  writeFileSync(join(folder, 'large'), Buffer.alloc(1024 * 1024 + 1, 'x'))
  execFileSync('mkfifo', [join(folder, 'pipe')])
  const references = [
    { kind: 'env', name: 'NOT_SET' },
    { kind: 'env', name: 'EMPTY' },
    file('missing'),
    file('empty'),
    file('large'),
    file('pipe'),
  ] as const
  const { values, unresolved } = await resolveSecrets(references, { EMPTY: '' })
  t.strictSame(values, new Array(6).fill(undefined))
  t.strictSame(unresolved, [
    '${env:NOT_SET} is not set',
    '${env:EMPTY} is empty',
    `\${file:${folder}/missing} cannot be read (ENOENT)`,
    `\${file:${folder}/empty} is empty`,
    `\${file:${folder}/large} is larger than 1048576 bytes`,
    `\${file:${folder}/pipe} is not a file`,
  ])
})
