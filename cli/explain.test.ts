import t from 'tap'
import { postern } from '../test/postern-process.ts'

t.test('a code is explained, however it is written; an unknown one is exit code 1', async (t) => {
  t.match(await postern(['explain', 'PST0102']), { code: 0, stdout: /^PST0102: duplicate key\n\n.+/ })
  t.match(await postern(['explain', 'pst0102']), { code: 0, stdout: /^PST0102: / })
  t.match(await postern(['explain', 'respond/managed-field']), { code: 0, stdout: /^respond\/managed-field: .+/ })
  t.match(await postern(['explain', 'PST9999']), { code: 1, stdout: '', stderr: /there is no code `PST9999`/ })
})

t.test('without a code all are listed', async (t) => {
  const { code, stdout } = await postern(['explain'])
  t.equal(code, 0)
  t.match(stdout, /^PST0001 +the folder cannot be read$/m)
  t.match(stdout, /^respond\/managed-field +\S/m)
})
