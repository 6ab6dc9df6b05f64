import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { temporaryFolder } from '../test/postern-process.ts'
import { developmentKey } from './development-key.ts'

t.test('it is made once, for its owner alone, and found again', async (t) => {
  const state = join(temporaryFolder(t), 'postern')
  const first = developmentKey(state)
  t.ok(developmentKey(state).equals(first))
  t.strictSame(readdirSync(join(state, '.dev')).sort(), ['development.key', 'development.pub'])
  t.equal(statSync(join(state, '.dev', 'development.key')).mode & 0o777, 0o600)
})

t.test('where it cannot be kept, there is one for this run', async (t) => {
  const state = join(temporaryFolder(t, { file: '' }), 'file')
  t.not(developmentKey(state).equals(developmentKey(state)), true)
})

t.test('a file that is no key is not replaced: somebody should look', async (t) => {
  const state = temporaryFolder(t, { '.dev/development.key': 'rubbish' })
  t.throws(() => developmentKey(state), { code: 'key-invalid', message: /development\.key is not a private key/ })
  writeFileSync(join(state, '.dev', 'development.key'), '')
  t.throws(() => developmentKey(state), { code: 'key-invalid' })
})
