import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parseName } from './name.ts'

t.test('a name is an RFC 1123 label', (t) => {
  accepts(t, parseName, { a: 'a', 'weather-service': 'weather-service', '0': '0', ['x'.repeat(63)]: 'x'.repeat(63) })
  t.end()
})

t.test('what is no name is refused at the first character that is wrong, with a name that would do', (t) => {
  refuses(t, parseName, [
    ['', ' a name is empty'],
    ['WeatherService', '^ `W` cannot stand in a name', 'such as `weather-service`: lower-case letters, digits and hyphens'],
    ['a_b', ' ^ `_` cannot stand in a name', 'such as `a-b`: lower-case letters, digits and hyphens'],
    ['-a', '^ a name begins with a letter or digit'],
    ['a-', ' ^ a name ends with a letter or digit'],
    ['ä', '^ `ä` cannot stand in a name'],
    ['a😀', ' ^^ `😀` cannot stand in a name'],
    ['a\n', ' ^ `U+000A` cannot stand in a name'],
    ['x'.repeat(64), `${' '.repeat(63)}^ a name has at most 63 characters`],
  ])
  t.end()
})
