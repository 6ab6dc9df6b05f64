import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parseByteRate } from './byte-rate.ts'

t.test('a rate is a size per second, or off', (t) => {
  accepts(t, parseByteRate, { '240B/s': 240, '1KiB/s': 1024, '1GiB/s': 1024 ** 3, off: 0 })
  t.end()
})

t.test('what is no rate is refused where it is wrong', (t) => {
  refuses(t, parseByteRate, [
    ['', ' a rate is empty'],
    ['fast', '^^^^ `fast` is not a rate'],
    ['240', '^^^ rate `240` has no unit', '`240B/s` if bytes are meant'],
    ['240/s', '^^^ rate `240` has no unit', '`240B/s` if bytes are meant'],
    ['240B', '^^^^ `240B` does not say in which time', 'did you mean `240B/s`?'],
    ['240KB/s', '   ^^ `KB` is not a unit of size', 'did you mean `240KiB/s`?'],
    ['240B/m', '    ^^ rates are per second', '`/s`'],
    ['0B/s', '^^^^ a rate is at least `1B/s`', '`off` for no limit'],
    ['2GiB/s', '^^^^^^ `2GiB/s` is more than `1GiB/s`'],
  ])
  t.end()
})
