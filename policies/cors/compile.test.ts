import t from 'tap'
import { compileConfig } from '../../test/fixtures/policy.ts'

const errors = (config: object) => compileConfig('cors', { origins: ['https://app.example.com'], ...config }).errors

t.test('it answers preflights, before access is decided', (t) => {
  t.match(compileConfig('cors', { origins: ['*'] }).compiled, { phase: 'early', answersPreflight: true })
  t.end()
})

t.test('an origin is what a browser sends', (t) => {
  for (const origin of [
    'app.example.com',
    'https://app.example.com/',
    'https://app.example.com/x',
    'null',
    'ftp://a.example',
    '',
    'https://',
    'https://*',
    'https://*.',
    'https://a.*.example.com',
    'https://*.*.example.com',
    'https://*.10.0.0.1',
    'https://user@a.example',
    'https://a.example:99999',
  ]) {
    t.match(errors({ origins: [origin] }), [/^cors\/bad-origin origins\.0: /], origin)
  }
  for (const origin of [
    'https://app.example.com',
    'http://localhost:3000',
    'https://*.example.com',
    'https://*.example.com:8443',
    'https://[::1]:3000',
  ]) {
    t.strictSame(errors({ origins: [origin] }), [], origin)
  }
  t.end()
})

t.test('`*` with credentials is refused, wherever it stands', (t) => {
  t.match(errors({ origins: ['*'], credentials: true }), [/^cors\/wildcard-with-credentials origins\.0: /])
  t.match(errors({ headers: ['x-a', '*'], expose: ['*'], credentials: true }), [
    /^cors\/wildcard-with-credentials headers\.1: /,
    /^cors\/wildcard-with-credentials expose\.0: /,
  ])
  t.strictSame(errors({ origins: ['*'], headers: ['*'], expose: ['*'] }), [])
  t.strictSame(errors({ origins: ['https://*.example.com'], credentials: true }), [])
  t.end()
})

t.test('an age is whole seconds, up to a day', (t) => {
  for (const maxAge of ['500ms', '1500ms', '2d']) t.match(errors({ maxAge }), [/^cors\/bad-max-age maxAge: /])
  t.strictSame(errors({ maxAge: '1d' }), [])
  t.end()
})

t.test('a page nobody may call from is refused', (t) => {
  t.match(errors({ origins: [] }), [/^schema \/origins/])
  t.end()
})
