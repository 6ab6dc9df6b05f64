import t from 'tap'
import { compileConfig, type Place } from '../../test/fixtures/policy.ts'

const errors = (path: string, place: Place = { template: '/shop/items/{item}/{size:[0-9]+}' }) =>
  compileConfig('rewrite', { path }, place).errors

t.test("parameters are those of the route's template", (t) => {
  t.strictSame(errors('/v2/{size}/{item}/{item}'), [])
  t.strictSame(errors('/v2/{itm}'), [
    'rewrite/unknown-parameter path: the route `/shop/items/{item}/{size:[0-9]+}` has no parameter `itm` (did you mean `{item}`?)',
  ])
  t.strictSame(errors('/v2/{Item}'), [
    'rewrite/unknown-parameter path: the route `/shop/items/{item}/{size:[0-9]+}` has no parameter `Item` (did you mean `{item}`?)',
  ])
  t.match(errors('/v2/{colour}'), [/\(it has `\{item\}`, `\{size\}`\)$/])
  t.match(errors('/v2/{x}', { template: '/a' }), [/\(the route has none\)$/])
  t.end()
})

t.test('`**` needs a route that ends with it, and stands last', (t) => {
  t.strictSame(errors('/v2/**', { template: '/files/**' }), [])
  t.match(errors('/v2/**'), [/^rewrite\/no-rest path: the route `.*` does not end with `\*\*`/])
  t.match(errors('/v2/**/x', { template: '/files/**' }), [/^rewrite\/bad-path path: `\*\*` stands only at the end/])
  t.match(errors('/v2/{**}', { template: '/files/**' }), [/^rewrite\/bad-path path: `\{\*\*\}` is not a parameter \(`\*\*`/])
  t.end()
})

t.test('a path that could not be sent is refused', (t) => {
  for (const path of [
    '',
    'v2',
    '/a?b=c',
    '/a#b',
    '//',
    '/a//b',
    '/../a',
    '/a/..',
    '/./a',
    '/a b',
    '/a%2fb',
    '/a%zz',
    '/a\\b',
    '/{item',
    '/item}',
    '/*',
    '/%00',
    '/a\r\nb',
    '/{item}%2',
  ]) {
    t.match(errors(path), [/^rewrite\/bad-path path: /], path)
  }
  for (const path of ['/', '/a/', '/a/.{item}', '/{item}..{size}', '/a.json', '/{item}.json', '/%7Ea', '/caf\u00e9'])
    t.strictSame(errors(path), [], path)
  t.end()
})

t.test('a query parameter is not both removed and set', (t) => {
  t.strictSame(compileConfig('rewrite', { query: { set: { a: '1' }, remove: ['b', 'a'] } }).errors, [
    'rewrite/conflict query.remove.1: query parameter `a` is both removed and set (leave it out of `remove`)',
  ])
  t.end()
})

t.test('a rewrite of nothing is refused', (t) => {
  for (const config of [{}, { query: {} }]) t.match(compileConfig('rewrite', config).errors, [/^schema/])
  t.end()
})
