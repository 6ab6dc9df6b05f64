import fc from 'fast-check'
import t from 'tap'
import { KeyHash } from './key-hash.ts'

t.test('the reference below is HalfSipHash: its first published vector', (t) => {
  const key = Uint8Array.from({ length: 8 }, (_, at) => at)
  t.strictSame([...halfSipHash(new Uint8Array(0), key, 2, 4)], [0x21, 0x8d, 0x1f, 0x59, 0xb9, 0xb8, 0x3c, 0xc8])
  t.end()
})

t.test('words are hashed as HalfSipHash-1-3 hashes their bytes', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { maxLength: 80 }), fc.integer(), fc.integer(), (words, seed0, seed1) => {
      const expected = halfSipHash(new Uint8Array(Int32Array.from(words).buffer), new Uint8Array(Int32Array.of(seed0, seed1).buffer), 1, 3)
      const hash = new KeyHash()
      hash.begin(seed0, seed1)
      for (const word of words) hash.word(word)
      hash.finish()
      return Buffer.compare(new Uint8Array(Int32Array.of(hash.first, hash.second).buffer), expected) === 0
    }),
  )
  t.end()
})

t.test('texts of any length and a resumed hash give what the whole gives', (t) => {
  const of = (prefix: string, key: string) => {
    const saved = new KeyHash()
    saved.begin(1, 2)
    saved.text(prefix)
    const hash = new KeyHash()
    hash.resume(saved)
    hash.text(key)
    hash.finish()
    return `${hash.first}/${hash.second}`
  }
  t.equal(of('a', 'bc'), of('a', 'bc'))
  const different = [of('a', 'bc'), of('ab', 'c'), of('abc', ''), of('', 'abc'), of('a', 'bd'), of('a', 'bc\0'), of('a', '\u00e9\u4e00')]
  t.equal(new Set(different).size, different.length)
  t.end()
})

/** After halfsiphash.c of the authors: over bytes, rounds as parameters, little-endian, 8 bytes of output. */
function halfSipHash(input: Uint8Array, key: Uint8Array, perWord: number, atEnd: number): Uint8Array {
  const rotate = (value: number, by: number) => ((value << by) | (value >>> (32 - by))) >>> 0
  const view = new DataView(key.buffer, key.byteOffset)
  const k0 = view.getUint32(0, true)
  const k1 = view.getUint32(4, true)
  let [v0, v1, v2, v3] = [k0, (k1 ^ 0xee) >>> 0, (0x6c796765 ^ k0) >>> 0, (0x74656462 ^ k1) >>> 0]
  const rounds = (count: number) => {
    for (let round = 0; round < count; round++) {
      v0 = (v0 + v1) >>> 0
      v1 = rotate(v1, 5)
      v1 = (v1 ^ v0) >>> 0
      v0 = rotate(v0, 16)
      v2 = (v2 + v3) >>> 0
      v3 = rotate(v3, 8)
      v3 = (v3 ^ v2) >>> 0
      v0 = (v0 + v3) >>> 0
      v3 = rotate(v3, 7)
      v3 = (v3 ^ v0) >>> 0
      v2 = (v2 + v1) >>> 0
      v1 = rotate(v1, 13)
      v1 = (v1 ^ v2) >>> 0
      v2 = rotate(v2, 16)
    }
  }
  const padded = new Uint8Array(Math.floor(input.length / 4) * 4 + 4)
  padded.set(input)
  padded[padded.length - 1] = input.length & 0xff
  const words = new DataView(padded.buffer)
  for (let at = 0; at < padded.length; at += 4) {
    const word = words.getUint32(at, true)
    v3 = (v3 ^ word) >>> 0
    rounds(perWord)
    v0 = (v0 ^ word) >>> 0
  }
  const output = new DataView(new ArrayBuffer(8))
  v2 = (v2 ^ 0xee) >>> 0
  rounds(atEnd)
  output.setUint32(0, v1 ^ v3, true)
  v1 = (v1 ^ 0xdd) >>> 0
  rounds(atEnd)
  output.setUint32(4, v1 ^ v3, true)
  return new Uint8Array(output.buffer)
}
