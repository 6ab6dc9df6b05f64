import t from 'tap'
import { compileConfig } from '../../test/fixtures/policy.ts'

t.test('it is an access decision, whose record is not made of zeros', (t) => {
  const { compiled, errors } = compileConfig('public', {})
  t.strictSame(errors, [])
  t.equal(compiled?.phase, 'access')
  t.ok(compiled?.record.some((byte) => byte !== 0))
  t.end()
})

t.test('it has no config', (t) => {
  t.match(compileConfig('public', { for: 'everybody' }).errors, [/^schema/])
  t.end()
})
