import t from 'tap'
import { METHODS } from '../bundle/plan.ts'
import { formats, grammars } from './formats.ts'
import { isMistake, known, mistake, shifted } from './grammar.ts'
import { ROUTE_METHODS } from './method.ts'
import type { Format } from './schema.ts'

t.test('every format answers as its grammar does, and takes any text', (t) => {
  for (const format of Object.keys(grammars) as Format[]) {
    for (const text of ['', 'a', '5s', '/', '${env:A}', 'GET /', '\ud800', '\0', 'x'.repeat(10_000)]) {
      t.equal(formats[format]?.(text), !isMistake(grammars[format](text)), `${format} ${JSON.stringify(text.slice(0, 20))}`)
    }
  }
  t.end()
})

t.test('routes have the methods that a bundle has', (t) => {
  t.same(['', ...ROUTE_METHODS], METHODS)
  t.end()
})

t.test('a mistake moves with its text, and a value that must be known is never one', (t) => {
  t.same(shifted(mistake('wrong', 1, 2, 'right'), 10), { mistake: true, message: 'wrong', start: 11, end: 12, hint: 'right' })
  t.equal(known(5), 5)
  t.throws(() => known(mistake('wrong', 0, 0)), { message: 'not validated: wrong' })
  t.end()
})
