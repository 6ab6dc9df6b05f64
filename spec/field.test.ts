import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parseFieldName } from './field-name.ts'
import { parseFieldValue } from './field-value.ts'

t.test('a field name is a token', (t) => {
  accepts(t, parseFieldName, { 'X-Request-Id': 'X-Request-Id', "!#$%&'*+-.^_`|~09aZ": "!#$%&'*+-.^_`|~09aZ" })
  refuses(t, parseFieldName, [
    ['', ' a field name is empty'],
    ['a b', ' ^ ` ` cannot stand in a field name'],
    ['x: y', ' ^ `:` cannot stand in a field name', 'the name only, without `:` and value'],
    ['ä', '^ `ä` cannot stand in a field name'],
    ['a\r\nb', ' ^ `U+000D` cannot stand in a field name'],
    ['x'.repeat(257), `${' '.repeat(256)}^ a field name has at most 256 characters`],
  ])
  t.end()
})

t.test('a field value is visible ASCII on one line, without white space at either end', (t) => {
  accepts(t, parseFieldValue, { '': '', 'max-age=60, public': 'max-age=60, public', 'a\tb': 'a\tb' })
  refuses(t, parseFieldValue, [
    ['a\nb', ' ^ a field value has no line breaks'],
    ['a\rb', ' ^ a field value has no line breaks'],
    ['a\0b', ' ^ `U+0000` cannot stand in a field value'],
    [' a', '^ a field value does not begin with white space'],
    ['a \t', ' ^^ a field value does not end with white space'],
    ['é', '^ `é` cannot stand in a field value', 'visible ASCII only'],
    ['x ${env:A}', '  ^^^^^^^^ `${env:A}` is not resolved here'],
    ['x'.repeat(8193), `${' '.repeat(8192)}^ a field value has at most 8192 characters`],
  ])
  t.end()
})
