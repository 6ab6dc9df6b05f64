import fc from 'fast-check'
import t from 'tap'
import { FakeExchange, loadRecord, through } from '../../test/fixtures/exchange.ts'
import { compileConfig, type Place, use } from '../../test/fixtures/policy.ts'
import { runner } from './run.ts'

/** The target that goes upstream. */
async function target(config: object, url: string, place: Place = {}, targetPath?: string): Promise<string> {
  const [path = '', query] = url.split(/\?(.*)/s)
  const exchange = new FakeExchange({
    path,
    ...(query === undefined ? {} : { query }),
    ...(targetPath === undefined ? {} : { targetPath }),
  })
  await through([use('rewrite', config, place)], exchange)
  const { targetPath: sentPath, targetQuery } = exchange.request
  return targetQuery === undefined ? sentPath : `${sentPath}?${targetQuery}`
}

t.test('a path is put together from text and segments, which stay encoded', async (t) => {
  const place = { template: '/shop/items/{item}/{size}' }
  t.equal(await target({ path: '/v2/{size}/{item}.json' }, '/shop/items/a%20b/7?x=1', place), '/v2/7/a%20b.json?x=1')
  t.equal(await target({ path: '/fixed' }, '/shop/items/a/7', place), '/fixed')
  t.equal(await target({ path: '/caf\u00e9/%7e/{item}/' }, '/shop/items/a/7', place), '/caf%C3%A9/~/a/')
})

t.test("`**` is what the route's `**` matched", async (t) => {
  const place = { template: '/files/**' }
  const config = { path: '/v2/**' }
  t.equal(await target(config, '/files/a/b%20c/', place), '/v2/a/b%20c/')
  t.equal(await target(config, '/files/', place), '/v2/')
  t.equal(await target(config, '/files', place), '/v2')
  t.equal(await target({ path: '/**' }, '/files', place), '/')
  t.equal(await target({ path: '/**' }, '/files/', place), '/')
  t.equal(await target({ path: '/**' }, '/files/a', place), '/a')
  t.equal(await target({ path: '/**' }, '/files//a', place), '//a')
})

t.test('without a path, what would be sent anyway is kept', async (t) => {
  t.equal(await target({ query: { set: { a: '1' } } }, '/shop/x', {}, '/x'), '/x?a=1')
})

t.test('a query parameter is set at the end, and its old values go', async (t) => {
  t.equal(await target({ query: { set: { v: '2' } } }, '/?v=1&a=b&v=3&v'), '/?a=b&v=2')
  t.equal(await target({ query: { set: { v: '2' } } }, '/?'), '/?v=2')
  t.equal(await target({ query: { set: { 'a b': '1&2=3+4#\u00e9' } } }, '/'), '/?a%20b=1%262%3D3%2B4%23%C3%A9')
})

t.test('a parameter is removed however it is encoded', async (t) => {
  const config = { query: { remove: ['api_key', 'a b', 'caf\u00e9'] } }
  t.equal(await target(config, '/?api_key=1&x=2'), '/?x=2')
  t.equal(await target(config, '/?%61pi%5Fkey=1&x=2'), '/?x=2')
  t.equal(await target(config, '/?a+b=1&a%20b=2&caf%C3%A9=3&caf%c3%a9'), '/')
  t.equal(await target(config, '/?API_KEY=1&api_key2=2&xapi_key=3'), '/?API_KEY=1&api_key2=2&xapi_key=3')
  t.equal(await target(config, '/?api_key'), '/')
})

t.test('other parameters stay as they came, even broken ones', async (t) => {
  const query = 'a=%zz&&=b&c=d=e&%=1&%4&f%&%6'
  t.equal(await target({ query: { remove: ['nothing'] } }, `/?${query}`), `/?${query}`)
})

t.test('no parameter is left behind that a form decoder would read under a removed name', (t) => {
  const piece = fc.constantFrom('a', 'b', '%61', '%62', '+', '%20', '%', '=', '&', '%2B', '%3D', '%4', '6')
  fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
      async (query) => {
        const sent = await target({ query: { remove: ['ab', 'a b', 'a'] } }, `/?${query}`)
        const names = [...new URLSearchParams(sent.split('?')[1] ?? '').keys()]
        const expected = [...new URLSearchParams(query).keys()].filter((name) => !['ab', 'a b', 'a'].includes(name))
        if (names.join('|') !== expected.join('|')) throw new Error(`${query} -> ${sent}`)
      },
    ),
    { numRuns: 2000 },
  ).then(t.end, t.threw)
})

t.test('whatever path compiles, what is sent is a path', async (t) => {
  const place = { template: '/{a}/{b}/**' }
  const piece = fc.constantFrom(
    '/',
    '.',
    '..',
    '{a}',
    '{b}',
    '**',
    '{**}',
    'x',
    '%2e',
    '%2E',
    '%2f',
    '%',
    '?',
    '#',
    '\\\\',
    ' ',
    '\u00e9',
    '\u0000',
    '{',
    '}',
    '*',
    '\ud800',
  )
  // Canonical segments, as the router has them: never empty, never dots.
  const segment = fc.constantFrom('a', '...', '.a', '%20', '%2E', '%C3%A9', '~', '%25', '*', 'a.')
  let compiled = 0
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 8 }), fc.array(segment, { minLength: 2, maxLength: 4 }), async (pieces, segments) => {
      const config = { path: `/${pieces.join('')}` }
      if (compileConfig('rewrite', config, place).compiled === undefined) return
      compiled++
      // The exchange asserts that nothing but an encoded path without dot segments is sent.
      await target(config, `/${segments.join('/')}`, place)
    }),
    { numRuns: 5000 },
  )
  t.ok(compiled > 100, `${compiled} paths`)
})

t.test('a record that is cut short, or whose path is none, is refused', (t) => {
  const { compiled } = compileConfig('rewrite', { path: '/a/{x}', query: { set: { a: '1' }, remove: ['b'] } }, { template: '/{x}' })
  const record = compiled?.record as Uint8Array
  for (let size = 0; size < record.length; size++) t.throws(() => loadRecord(runner, record.slice(0, size)), { code: 'record-invalid' })
  t.throws(() => loadRecord(runner, Uint8Array.from([1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])), { code: 'record-invalid' })
  t.end()
})
