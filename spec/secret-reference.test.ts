import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parseSecretReference, parseText, parseTextOrSecret } from './secret-reference.ts'

t.test('a secret is a reference to the environment or to a file', (t) => {
  accepts(t, parseSecretReference, {
    '${env:API_TOKEN}': { kind: 'env', name: 'API_TOKEN' },
    '${file:/run/secrets/token}': { kind: 'file', name: '/run/secrets/token' },
  })
  refuses(t, parseSecretReference, [
    ['hunter2', '^^^^^^^ a secret must be a reference', '`${env:NAME}` or `${file:/absolute/path}`'],
    ['', ' a secret must be a reference'],
    ['${env:1A}', '      ^^ `1A` is not the name of an environment variable'],
    ['${env:}', '       `` is not the name of an environment variable'],
    ['${file:token}', '       ^^^^^ the path of a secret is absolute'],
    ['${file:/a/../b}', '       ^^^^^^^ the path of a secret has no `.` or `..`, braces or control characters'],
    ['${TOKEN}', '^^^^^^^^ `${TOKEN}` is not a reference to a secret'],
    ['${var.x}', '^^^^^^^^ compile-time variables do not exist in this version'],
  ])
  t.end()
})

t.test('free text has no references, and may have dollars and braces', (t) => {
  accepts(t, parseText, { '': '', 'it costs $5': 'it costs $5', 'a ${b} c': 'a ${b} c', '{}': '{}' })
  refuses(t, parseText, [
    ['a ${env:B} c', '  ^^^^^^^^ `${env:B}` is not resolved here'],
    ['${B}', '^^^^ `${B}` is not resolved here'],
    ['${var.b}', '^^^^^^^^ `${var.b}` is not resolved here'],
    ['x ${file:/a', '  ^^^^^^^^^ `${file:/a` is not resolved here'],
    ['\ud800', '^ a text with half a surrogate pair is not Unicode'],
  ])
  t.end()
})

t.test('text or secret is one of both, not a mixture', (t) => {
  accepts(t, parseTextOrSecret, { plain: 'plain', '${env:A}': { kind: 'env', name: 'A' } })
  refuses(t, parseTextOrSecret, [['Bearer ${env:A}', '       ^^^^^^^^ a reference to a secret must be the whole value']])
  t.end()
})
