import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parseDuration } from './duration.ts'

t.test('a duration is a whole number and a unit, in milliseconds', (t) => {
  accepts(t, parseDuration, {
    '1ms': 1,
    '500ms': 500,
    '5s': 5000,
    '1m': 60_000,
    '2h': 7_200_000,
    '30d': 2_592_000_000,
    '007s': 7000,
    '36500d': 36_500 * 86_400_000,
  })
  t.end()
})

t.test('what is no duration is refused where it is wrong', (t) => {
  refuses(t, parseDuration, [
    ['', ' a duration is empty'],
    ['soon', '^^^^ `soon` is not a duration'],
    ['5', '^ duration `5` has no unit', '`5s` if seconds are meant'],
    ['5 s', ' ^ no space stands between number and unit', 'did you mean `5s`?'],
    ['5sec', ' ^^^ `sec` is not a unit of time', 'did you mean `5s`?'],
    ['5M', ' ^ `M` is not a unit of time', 'did you mean `5m`?'],
    ['1.5s', '^^^^ a duration is a whole number of units'],
    ['-5s', '^^^ `-5s` is not a duration'],
    ['0s', '^^ a duration is at least `1ms`'],
    ['36501d', '^^^^^^ duration `36501d` is longer than 36500d'],
    ['9999999999999999999999s', '^^^^^^^^^^^^^^^^^^^^^^^ duration `9999999999999999999999s` is longer than 36500d'],
    ['5constructor', ' ^^^^^^^^^^^ `constructor` is not a unit of time'],
    ['٥s', '^^ `٥s` is not a duration'],
  ])
  t.end()
})
