import t from 'tap'
import { fieldName } from '../policies/contract.ts'
import { FieldEdits } from './exchange-edits.ts'
import { hashName } from './http1/field-names.ts'
import { HeadWriter } from './http1/serialize.ts'

function written(...values: [name: string, value: string][]): string {
  const edits = new FieldEdits()
  for (const [name, value] of values) edits.set(fieldName(name), value)
  const writer = new HeadWriter()
  edits.write(writer)
  return writer.finish().toString('latin1')
}

t.test('a field is written as it was set, however often it came before with this value or another', (t) => {
  for (const value of ['1', '1', '1', '2', '1', 'x'.repeat(300), 'x'.repeat(300), '\xfc\t ', '\xfc\t ', '\xfc\t ']) {
    t.equal(written(['X-One', value]), `X-One: ${value}\r\n`)
    t.equal(written(['x-one', value]), `x-one: ${value}\r\n`, 'the name as this policy writes it')
  }
  t.end()
})

t.test('a value that splits a message is refused, whatever was accepted before', (t) => {
  for (let i = 0; i < 3; i++) written(['X-One', 'fine'])
  for (const value of ['fine\r\n', 'a\nb', '\0', '\x7f', '\u0100']) t.throws(() => written(['X-One', value]), /not a field value/)
  t.equal(written(['X-One', 'fine']), 'X-One: fine\r\n')
  t.throws(() => written(['Content-Length', '1']), /may not change/)
  t.end()
})

t.test('the contract hashes names as the engine does', (t) => {
  for (const text of ['X-Api_Key', 'a', "!#$%&'*+-.^_`|~09aZ"]) t.equal(fieldName(text).hash, hashName(text.toLowerCase()))
  for (const text of ['', 'a b', 'a:', 'a\r\n', '\xe4']) t.throws(() => fieldName(text), { code: 'record-invalid' })
  t.end()
})
