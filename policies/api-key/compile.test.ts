import t from 'tap'
import { compileConfig } from '../../test/fixtures/policy.ts'

t.test('it decides access', (t) => {
  t.match(compileConfig('api-key', {}).compiled, { phase: 'access' })
  t.end()
})

t.test('an unknown consumer is reported where it stands', (t) => {
  t.strictSame(compileConfig('api-key', { consumers: ['acme', 'acne'] }, { consumers: ['acme'] }).errors, [
    'PST0203 consumers.1: consumer `acne` does not exist',
  ])
  t.end()
})

t.test('a list of nobody is refused: a left out list means everybody', (t) => {
  t.match(compileConfig('api-key', { consumers: [] }).errors, [/^schema \/consumers/])
  t.end()
})

t.test('a key cannot stand in a field of the connection', (t) => {
  t.strictSame(compileConfig('api-key', { header: 'Host' }).errors, [
    'api-key/managed-field header: field `host` is not for policies: `preserveHost` of the Api decides it (use a field of its own, such as `x-api-key`)',
  ])
  t.end()
})

t.test('the order of consumers changes nothing', (t) => {
  const record = (consumers: string[]) => compileConfig('api-key', { consumers }, { consumers: ['a', 'b', 'c'] }).compiled?.record
  t.strictSame(record(['c', 'a', 'c']), record(['a', 'c']))
  t.notSame(record(['a']), record(['a', 'c']))
  t.end()
})
