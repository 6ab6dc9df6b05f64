import t from 'tap'
import { compileConfig } from '../../test/fixtures/policy.ts'

t.test('it runs before access is decided', (t) => {
  t.match(compileConfig('ip-filter', { deny: ['10.0.0.0/8'] }).compiled, { phase: 'early' })
  t.end()
})

t.test('a filter that admits everybody is refused', (t) => {
  for (const config of [{}, { allow: [] }, { allow: [], deny: [] }]) {
    t.strictSame(compileConfig('ip-filter', config).errors, [
      'ip-filter/no-range : ip-filter without a range admits everybody (leave the policy out, or list ranges)',
    ])
  }
  t.end()
})

t.test('a filter that admits nobody is refused', (t) => {
  for (const config of [{ allow: ['10.1.0.0/16'], deny: ['10.0.0.0/8'] }, { deny: ['0.0.0.0/0', '::/0'] }]) {
    t.match(compileConfig('ip-filter', config).errors, [/^ip-filter\/nobody deny: /])
  }
  t.end()
})

t.test('an address that is none is refused by the schema', (t) => {
  t.match(compileConfig('ip-filter', { allow: ['10.0.0.300'] }).errors, [/^schema \/allow\/0/])
  t.match(compileConfig('ip-filter', { allow: ['10.1.2.3/8'] }).errors, [/^schema \/allow\/0/])
  t.end()
})

t.test('the same addresses give the same record, however they are written', (t) => {
  const record = (allow: string[], deny: string[] = []) => compileConfig('ip-filter', { allow, deny }).compiled?.record
  t.strictSame(record(['10.0.0.0/9', '10.128.0.0/9']), record(['10.0.0.0/8']))
  t.strictSame(record(['10.0.0.0/8', '10.1.0.0/16', '10.0.0.0/8']), record(['10.0.0.0/8']))
  t.strictSame(record(['10.0.0.0/8'], ['10.128.0.0/9', '192.0.2.0/24']), record(['10.0.0.0/9']))
  t.strictSame(record(['2001:db8::/33', '2001:db8:8000::/33']), record(['2001:DB8:0::/32']))
  t.end()
})
