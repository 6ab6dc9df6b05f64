import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parseTimeout, parseTimeoutOrOff } from './timeout.ts'

t.test('a timeout is a duration that a timer can wait', (t) => {
  accepts(t, parseTimeout, { '1ms': 1, '30s': 30_000, '24d': 24 * 86_400_000 })
  t.ok((parseTimeout('24d') as number) < 2 ** 31, 'more makes a timer fire at once')
  t.end()
})

t.test('what no timer can wait is refused', (t) => {
  refuses(t, parseTimeout, [
    ['25d', '^^^ `25d` is longer than a timer can wait', 'at most `24d`'],
    ['600h', '^^^^ `600h` is longer than a timer can wait'],
    ['off', '^^^ this time cannot be `off`'],
    ['5x', ' ^ `x` is not a unit of time'],
  ])
  t.end()
})

t.test('some can be off, and only by this word', (t) => {
  accepts(t, parseTimeoutOrOff, { off: 0, '5s': 5000 })
  refuses(t, parseTimeoutOrOff, [
    ['0', '^ `0` is not a duration', 'did you mean `off`?'],
    ['0s', '^^ `0s` is not a duration', 'did you mean `off`?'],
    ['never', '^^^^^ `never` is not a duration', 'did you mean `off`?'],
    ['Unlimited', '^^^^^^^^^ `Unlimited` is not a duration', 'did you mean `off`?'],
    ['25d', '^^^ `25d` is longer than a timer can wait'],
  ])
  t.end()
})
