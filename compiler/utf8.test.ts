import fc from 'fast-check'
import t from 'tap'
import { mistakeInUtf8 } from './utf8.ts'

t.test('the first byte that cannot stand where it stands is found', (t) => {
  const at = (...bytes: number[]) => mistakeInUtf8(Uint8Array.from(bytes))
  t.equal(at(), undefined)
  t.equal(at(...Buffer.from('aé€😀')), undefined)
  t.equal(at(0x61, 0xe9), 1)
  t.equal(at(0x61, 0x80), 1)
  t.equal(at(0xc0, 0xaf), 0, 'overlong')
  t.equal(at(0xe0, 0x80, 0x80), 0, 'overlong')
  t.equal(at(0xed, 0xa0, 0x80), 0, 'a surrogate')
  t.equal(at(0xf4, 0x90, 0x80, 0x80), 0, 'beyond U+10FFFF')
  t.equal(at(0x61, 0xe2, 0x82), 1, 'cut short')
  t.end()
})

t.test('the decoder of the platform refuses the same bytes', (t) => {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const byte = fc.oneof(fc.constantFrom(0x61, 0x80, 0xbf, 0xc2, 0xe0, 0xe2, 0x82, 0xac, 0xed, 0x9f, 0xf0, 0x90, 0xf4, 0x8f), fc.nat(255))
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 8 }), (bytes) => {
      let isValid = true
      try {
        decoder.decode(Uint8Array.from(bytes))
      } catch {
        isValid = false
      }
      return (mistakeInUtf8(Uint8Array.from(bytes)) === undefined) === isValid
    }),
    { numRuns: 5000 },
  )
  t.end()
})
