import t from 'tap'
import { isNotModified, sameTag } from './conditions.ts'

const LAST = 'Fri, 01 Jan 2027 00:00:00 GMT'
const EARLIER = 'Thu, 31 Dec 2026 00:00:00 GMT'

t.test('If-None-Match: any of the tags, compared weakly', (t) => {
  const rows: [list: string, etag: string, isNotModified: boolean][] = [
    ['"a"', '"a"', true],
    ['"b"', '"a"', false],
    ['W/"a"', '"a"', true],
    ['"a"', 'W/"a"', true],
    ['"b", "a"', '"a"', true],
    ['"b" ,W/"a"', '"a"', true],
    ['"b,a"', '"a"', false],
    ['"x, \\"a"', '"a"', false],
    ['*', '"a"', true],
    ['*', '', true],
    ['"a"', '', false],
    ['a', '"a"', false],
    ['a, "a"', '"a"', true],
    ['"a', '"a"', false],
    [',', '"a"', false],
    ['"A"', '"a"', false],
  ]
  for (const [list, etag, expected] of rows) t.equal(isNotModified(list, '', { etag, lastModified: '' }), expected, `${list} for ${etag}`)
  t.end()
})

t.test('If-Modified-Since counts where there is no If-None-Match', (t) => {
  const validators = { etag: '"a"', lastModified: LAST }
  t.equal(isNotModified('', LAST, validators), true)
  t.equal(isNotModified('', EARLIER, validators), false)
  t.equal(isNotModified('', 'rubbish', validators), false)
  t.equal(isNotModified('"b"', LAST, validators), false)
  t.equal(isNotModified('', LAST, { etag: '"a"', lastModified: '' }), false)
  t.equal(isNotModified('', '', validators), false)
  t.end()
})

t.test('tags are the same whether weak or not, and an empty one is like no other', (t) => {
  t.equal(sameTag('W/"a"', '"a"'), true)
  t.equal(sameTag('"a"', '"b"'), false)
  t.equal(sameTag('', ''), false)
  t.end()
})
