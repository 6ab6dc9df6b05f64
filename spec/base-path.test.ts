import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parseBasePath } from './base-path.ts'

t.test('a base path is made of literal segments, in canonical form', (t) => {
  accepts(t, parseBasePath, {
    '': '',
    '/weather': '/weather',
    '/api/v1': '/api/v1',
    '/%61%7e/%c3%a9': '/a~/%C3%A9',
    '/é': '/%C3%A9',
    '/a:b@c': '/a:b@c',
  })
  t.end()
})

t.test('what is no base path is refused where it is wrong', (t) => {
  refuses(t, parseBasePath, [
    ['weather', '^^^^^^^ a base path begins with `/`', '`/weather`'],
    ['/', '^ a base path does not end with `/`', 'leave `basePath` out'],
    ['/a/', '  ^ a base path does not end with `/`', '`/a`'],
    ['/a//b', '  ^^ a path has no empty segment'],
    ['/a/{id}', '   ^ a base path has no parameters'],
    ['/a/**', '   ^ a base path has no parameters'],
    ['/a/../b', '   ^^ `..` is not a segment that a request can have'],
    ['/a b', '  ^ ` ` cannot stand in a path', '`%20` for the character itself'],
    ['/a?b', '  ^ `?` cannot stand in a path'],
    ['/a%2Fb', '  ^^^ `%2F` in a path is refused by the gateway'],
    ['/a\\b', '  ^ `\\` cannot stand in a path', 'segments are separated by `/`'],
  ])
  t.end()
})
