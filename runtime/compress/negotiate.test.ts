import t from 'tap'
import { MediaTypes } from './media-types.ts'
import { type Encoding, negotiate } from './negotiate.ts'

const OURS: readonly Encoding[] = ['br', 'zstd', 'gzip']

t.test('the client weighs, and among equals the order of the configuration counts', (t) => {
  const rows: [field: string, encoding: Encoding | undefined][] = [
    ['', undefined],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, zstd', 'zstd'],
    ['gzip;q=1.0, br;q=0.5', 'gzip'],
    ['br;q=0.999,gzip;q=1', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['*', 'br'],
    ['*;q=0.5, br;q=0', 'zstd'],
    ['*;q=0', undefined],
    ['identity', undefined],
    ['identity, gzip;q=0.5', undefined],
    ['identity;q=0.5, gzip', 'gzip'],
    ['identity;q=0', undefined],
    ['gzip, identity', 'gzip'],
    ['deflate, compress', undefined],
    ['gzip;q=2', undefined],
    ['gzip;q=', undefined],
    ['gzip;q=0.0001', undefined],
    ['gzip ; q = 0.3 , br;Q=0.2', 'gzip'],
    ['gzip;q=0, gzip', undefined],
    [', ,gzip,', 'gzip'],
    [';q=1', undefined],
  ]
  for (const [field, encoding] of rows) t.equal(negotiate(field, OURS), encoding, field)
  t.equal(negotiate('br, gzip', ['gzip']), 'gzip')
  t.equal(negotiate('br', []), undefined)
  t.end()
})

t.test('types are compared without case and parameters; a family has all of its members but event streams', (t) => {
  const types = new MediaTypes(['application/json', 'text/*'])
  for (const yes of ['application/json', 'Application/JSON; charset=utf-8', 'text/html', 'text/plain;x']) t.equal(types.has(yes), true, yes)
  for (const no of ['', 'image/png', 'application/jsonp', 'text', 'text/event-stream', 'texts/html', '/']) t.equal(types.has(no), false, no)
  t.equal(new MediaTypes(['text/event-stream']).has('text/event-stream'), true)
  t.end()
})
