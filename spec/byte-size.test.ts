import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parseByteSize } from './byte-size.ts'

t.test('a size is a whole number and a unit that is a power of two, in bytes', (t) => {
  accepts(t, parseByteSize, { '0B': 0, '512B': 512, '64KiB': 65_536, '1MiB': 1_048_576, '2GiB': 2_147_483_648, '1024GiB': 1024 ** 4 })
  t.end()
})

t.test('what is no size is refused where it is wrong, decimal units with what was probably meant', (t) => {
  refuses(t, parseByteSize, [
    ['', ' a size is empty'],
    ['big', '^^^ `big` is not a size'],
    ['64', '^^ size `64` has no unit', '`64B` if bytes are meant'],
    ['64KB', '  ^^ `KB` is not a unit of size', 'did you mean `64KiB`?'],
    ['1mib', ' ^^^ `mib` is not a unit of size', 'did you mean `1MiB`?'],
    ['8b', ' ^ `b` is not a unit of size', 'did you mean `8B`?'],
    ['1TiB', ' ^^^ `TiB` is not a unit of size'],
    ['1025GiB', '^^^^^^^ size `1025GiB` is larger than 1024GiB'],
  ])
  t.end()
})
