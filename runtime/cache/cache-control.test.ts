import t from 'tap'
import { parseCacheControl } from './cache-control.ts'

t.test('directives are found in any case, with arguments in quotes or without', (t) => {
  const control = parseCacheControl('Max-Age="60" , S-MAXAGE=5,PUBLIC,  stale-if-error = 7')
  t.match(control, { maxAge: 60, sMaxage: 5, isPublic: true, staleIfError: 7, normalised: 'public, max-age=60, s-maxage=5' })
  t.end()
})

t.test('a comma in quotes ends nothing', (t) => {
  const control = parseCacheControl('private="a, public, b", foo="x\\", no-store", max-age=1')
  t.match(control, { isPrivate: true, isPublic: false, noStore: false, maxAge: 1 })
  t.end()
})

t.test('directives with fields count as the whole: fewer things are stored, none too many', (t) => {
  t.match(parseCacheControl('private="x-user"'), { isPrivate: true, normalised: 'private' })
  t.match(parseCacheControl('no-cache="set-cookie"'), { noCache: true, normalised: 'no-cache' })
  t.end()
})

t.test('what is no number, or is said in two ways, is stale', (t) => {
  for (const value of ['max-age=abc', 'max-age=-1', 'max-age=1.5', 'max-age=1e3', 'max-age=', 'max-age', 'max-age=10, max-age=20']) {
    t.equal(parseCacheControl(value).maxAge, 0, value)
  }
  t.equal(parseCacheControl('max-age=10, max-age=10').maxAge, 10)
  t.equal(parseCacheControl('max-age=99999999999999999999').maxAge, 2 ** 31)
  t.equal(parseCacheControl('public').maxAge, -1)
  t.end()
})

t.test('nonsense is survived', (t) => {
  for (const value of ['', ',', '=', ',,=,"', '"', 'a="', 'a=\\', 'private="', '__proto__=1, constructor', ' , no-store'])
    parseCacheControl(value)
  t.equal(parseCacheControl('private="').isPrivate, true)
  t.equal(parseCacheControl(' , no-store').noStore, true)
  t.equal(parseCacheControl('must-revalidate').normalised, '')
  t.end()
})
