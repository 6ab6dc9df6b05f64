import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parsePercent, parseShare } from './percent.ts'

t.test('a threshold is a whole percentage from 1 to 100', (t) => {
  accepts(t, parsePercent, { '1%': 1, '50%': 50, '100%': 100, '007%': 7 })
  refuses(t, parsePercent, [
    ['', ' a percentage is empty', '`50%`'],
    ['0%', '^^ a threshold is at least `1%`'],
    ['101%', '^^^^ `101%` is more than `100%`'],
    ['50', '^^ `50` has no `%`', 'did you mean `50%`?'],
    ['50 %', '  ^^ ` %` is not `%`', 'did you mean `50%`?'],
    ['50percent', '  ^^^^^^^ `percent` is not `%`', 'did you mean `50%`?'],
    ['2.5%', ' ^^ this percentage is a whole number', '`50%`'],
    ['half', '^^^^ `half` is not a percentage', '`50%`'],
    ['-5%', '^^^ `-5%` is not a percentage'],
    ['0.5', '^^^ `0.5` has no `%`', '`50%` or `0.5%`, whichever is meant'],
    ['50%%', '  ^^ `%%` is not `%`'],
  ])
  t.end()
})

t.test('a share is in parts of 10 000, with up to two decimals', (t) => {
  accepts(t, parseShare, { '0%': 0, '0.01%': 1, '0.5%': 50, '12.25%': 1225, '10%': 1000, '100%': 10_000, '100.00%': 10_000 })
  refuses(t, parseShare, [
    ['0.125%', ' ^^^^ a percentage has at most 2 decimals', '`50%` or `0.5%`'],
    ['5.%', ' ^ a percentage has at most 2 decimals'],
    ['100.01%', '^^^^^^^ `100.01%` is more than `100%`'],
    ['.5%', '^^^ `.5%` is not a percentage'],
    ['0.1', '^^^ `0.1` has no `%`', '`10%` or `0.1%`, whichever is meant'],
  ])
  t.end()
})
