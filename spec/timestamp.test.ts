import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parseTimestamp } from './timestamp.ts'

t.test('a point in time is RFC 3339 in UTC, in seconds since 1970', (t) => {
  accepts(t, parseTimestamp, {
    '1970-01-01T00:00:01Z': 1,
    '2027-01-01T00:00:00Z': 1_798_761_600,
    '2024-02-29T23:59:59.999Z': 1_709_251_199,
  })
  t.end()
})

t.test('what is no point in time is refused where it is wrong', (t) => {
  refuses(t, parseTimestamp, [
    ['', ' a point in time is empty'],
    ['2027-01-01', '^^^^^^^^^^ a point in time has a time of day', '`2027-01-01T00:00:00Z`'],
    ['tomorrow', '^^^^^^^^ `tomorrow` is not a point in time'],
    ['2027-01-01T00:00:00', '                    a point in time is written in UTC'],
    ['2027-01-01T00:00:00+01:00', '                   ^^^^^^ a point in time is written in UTC'],
    ['2027-02-30T00:00:00Z', '^^^^^^^^^^^^^^^^^^^^ `2027-02-30T00:00:00Z` does not exist'],
    ['2027-01-01T24:00:00Z', '^^^^^^^^^^^^^^^^^^^^ `2027-01-01T24:00:00Z` does not exist'],
    ['2027-01-01T00:00:60Z', '^^^^^^^^^^^^^^^^^^^^ `2027-01-01T00:00:60Z` does not exist'],
    ['1969-12-31T23:59:59Z', '^^^^ a point in time lies between 1970 and 2106'],
    ['2107-01-01T00:00:00Z', '^^^^ a point in time lies between 1970 and 2106'],
    ['0050-01-01T00:00:00Z', '^^^^^^^^^^^^^^^^^^^^ `0050-01-01T00:00:00Z` does not exist'],
  ])
  t.end()
})
