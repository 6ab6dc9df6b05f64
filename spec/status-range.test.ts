import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parseStatusRange } from './status-range.ts'

t.test('a status, or a range with both ends', (t) => {
  accepts(t, parseStatusRange, {
    '204': { minStatus: 204, maxStatus: 204 },
    '200-399': { minStatus: 200, maxStatus: 399 },
    '100-599': { minStatus: 100, maxStatus: 599 },
  })
  refuses(t, parseStatusRange, [
    ['', ' a status is empty'],
    ['2xx', '^^^ `2xx` is not a status', '`200-299`'],
    ['200-2xx', '    ^^^ `2xx` is not a status'],
    ['600', '^^^ `600` is not a status', 'three digits, from 100 to 599'],
    ['200-', '     `` is not a status'],
    ['399-200', '^^^^^^^ `399-200` ends before it begins', '`200-399`'],
    ['200-300-400', '^^^^^^^^^^^ `200-300-400` is not a range of statuses'],
  ])
  t.end()
})
