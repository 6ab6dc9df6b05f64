import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parseHashKey, parseSticky } from './hash-key.ts'

t.test('requests are hashed by a header, a cookie, the consumer or the address', (t) => {
  accepts(t, parseHashKey, {
    'header:X-Tenant': { by: 'header', name: 'x-tenant' },
    'cookie:Session': { by: 'cookie', name: 'Session' },
    consumer: { by: 'consumer', name: '' },
    ip: { by: 'ip', name: '' },
  })
  t.end()
})

t.test('callers stick by the consumer or a cookie, or not', (t) => {
  accepts(t, parseSticky, { consumer: { by: 'consumer', name: '' }, 'cookie:part': { by: 'cookie', name: 'part' }, off: undefined })
  refuses(t, parseSticky, [
    ['ip', '^^ `ip` is nothing to go by', 'one of `cookie:NAME`, `consumer`'],
    ['header:x', '^^^^^^ `header` is nothing to go by'],
  ])
  t.end()
})

t.test('what is no key is refused where it is wrong', (t) => {
  refuses(t, parseHashKey, [
    ['', ' it is not said by what'],
    ['x-tenant', '^^^^^^^^ `x-tenant` is nothing to go by', 'one of `header:NAME`, `cookie:NAME`, `consumer`, `ip`'],
    ['headers:x', '^^^^^^^ `headers` is nothing to go by', 'did you mean `header`?'],
    ['cooky', '^^^^^ `cooky` is nothing to go by', 'did you mean `cookie:NAME`?'],
    ['header', '^^^^^^ it is not said which header', '`header:x-tenant`'],
    ['header:', '        the name of a header is empty'],
    ['header:x tenant', '        ^ ` ` cannot stand in the name of a header'],
    ['cookie:a=b', '        ^ `=` cannot stand in the name of a cookie'],
    ['consumer:acme', '        ^^^^^ `consumer` takes no name', '`consumer`'],
    ['Header:x', '^^^^^^ `Header` is nothing to go by', 'did you mean `header`?'],
  ])
  t.end()
})
