import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parseRequestPath } from './request-path.ts'

t.test('what a health check asks for is sent as it stands', (t) => {
  accepts(t, parseRequestPath, { '/': '/', '/healthz?deep=1&x=%20': '/healthz?deep=1&x=%20' })
  refuses(t, parseRequestPath, [
    ['', ' a path is empty', '`/`'],
    ['healthz', '^^^^^^^ a path begins with `/`', '`/healthz`'],
    ['/a b', '  ^ ` ` cannot stand in a path', 'percent-encoded'],
    ['/a\r\nx', '  ^ `U+000D` cannot stand in a path'],
    ['/ä', ' ^ `ä` cannot stand in a path'],
    ['/a#b', '  ^^ a fragment is never sent'],
    [`/${'x'.repeat(1024)}`, `${' '.repeat(1024)}^ this path has more than 1024 characters`],
  ])
  t.end()
})
