import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parseMethod } from './method.ts'

t.test('a method is one that routes can have, in capitals', (t) => {
  accepts(t, parseMethod, { GET: 'GET', QUERY: 'QUERY' })
  refuses(t, parseMethod, [
    ['', ' a method is missing'],
    ['post', '^^^^ methods are written in capitals', 'did you mean `POST`?'],
    ['*', '^ a route has one method', 'write the route once for each method'],
    ['CONNECT', '^^^^^^^ `CONNECT` is not a method that routes can have'],
  ])
  t.end()
})
