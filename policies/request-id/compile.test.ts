import t from 'tap'
import { compileConfig } from '../../test/fixtures/policy.ts'

t.test('it runs before access, so that refusals carry the id', (t) => {
  t.match(compileConfig('request-id', {}).compiled, { phase: 'early' })
  t.end()
})

t.test('a field of the connection cannot carry it', (t) => {
  t.match(compileConfig('request-id', { header: 'Connection' }).errors, [/^request-id\/managed-field header: /])
  t.match(compileConfig('request-id', { header: 'x id' }).errors, [/^schema \/header/])
  t.end()
})
