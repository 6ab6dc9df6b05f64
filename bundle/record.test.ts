import fc from 'fast-check'
import t from 'tap'
import { RecordReader, RecordWriter } from './record.ts'

t.test('what was written is read, in order', (t) => {
  const bytes = new RecordWriter()
    .u8(255)
    .u32(0xffff_ffff)
    .f64(-0.1)
    .string('gru\u00df \u{1f600}')
    .bytes(Uint8Array.of(1, 2, 3))
    .list(['a', ''], (item, writer) => writer.string(item))
    .finish()
  const reader = new RecordReader(bytes)
  t.equal(reader.u8(), 255)
  t.equal(reader.u32(), 0xffff_ffff)
  t.equal(reader.f64(), -0.1)
  t.equal(reader.string(), 'gru\u00df \u{1f600}')
  t.strictSame([...reader.bytes()], [1, 2, 3])
  t.strictSame(
    reader.list((each) => each.string()),
    ['a', ''],
  )
  reader.end()
  t.end()
})

t.test('the bytes are as the format says', (t) => {
  t.equal(Buffer.from(new RecordWriter().u8(1).u32(2).string('ab').finish()).toString('hex'), '01' + '02000000' + '02000000' + '6162')
  t.equal(Buffer.from(new RecordWriter().f64(1.5).finish()).toString('hex'), '000000000000f83f')
  t.end()
})

t.test('a value that its field cannot hold is a wrong program, and never another value', (t) => {
  for (const value of [-1, 256, 1.5, Number.NaN]) t.throws(() => new RecordWriter().u8(value), { code: 'ERR_ASSERTION' })
  for (const value of [-1, 2 ** 32, 1.5, Number.NaN]) t.throws(() => new RecordWriter().u32(value), { code: 'ERR_ASSERTION' })
  t.throws(() => new RecordWriter().f64(Number.NaN), { code: 'ERR_ASSERTION' })
  t.throws(() => new RecordWriter().string('\ud800'), { code: 'ERR_ASSERTION' })
  t.end()
})

t.test('a byte order mark is text like any other', (t) => {
  t.equal(new RecordReader(new RecordWriter().string('\ufeffx').finish()).string(), '\ufeffx')
  t.end()
})

t.test('a record that ends early, goes on too long or is not UTF-8 is refused', (t) => {
  const invalid = { code: 'record-invalid' }
  const bytes = new RecordWriter().string('abc').finish()
  for (let size = 0; size < bytes.length; size++) t.throws(() => new RecordReader(bytes.subarray(0, size)).string(), invalid)
  t.throws(() => new RecordReader(new Uint8Array(0)).u8(), invalid)
  t.throws(() => new RecordReader(new Uint8Array(3)).u32(), invalid)
  t.throws(() => new RecordReader(new Uint8Array(7)).f64(), invalid)
  t.throws(() => new RecordReader(bytes).end(), invalid)
  t.throws(() => new RecordReader(new RecordWriter().bytes(Uint8Array.of(0xff)).finish()).string(), invalid)
  t.throws(
    () => new RecordReader(new RecordWriter().u32(0xffff_ffff).finish()).list((reader) => reader.u8()),
    invalid,
    'before anything is allocated',
  )
  t.throws(() => new RecordReader(new RecordWriter().u32(0xffff_ffff).finish()).bytes(), invalid)
  t.end()
})

t.test('a record within a larger buffer is read where it stands', (t) => {
  const outer = Uint8Array.of(9, 9, 9, ...new RecordWriter().u32(7).string('x').finish(), 9)
  const reader = new RecordReader(outer.subarray(3, -1))
  t.equal(reader.u32(), 7)
  t.equal(reader.string(), 'x')
  reader.end()
  t.end()
})

t.test('any lists of any texts and numbers', (t) => {
  const items = fc.array(fc.record({ text: fc.string({ unit: 'binary' }), number: fc.nat(0xffff_ffff), float: fc.double({ noNaN: true }) }))
  const property = fc.property(items, (list) => {
    const reader = new RecordReader(
      new RecordWriter().list(list, ({ text, number, float }, writer) => writer.string(text).u32(number).f64(float)).finish(),
    )
    const read = reader.list((each) => ({ text: each.string(), number: each.u32(), float: each.f64() }))
    reader.end()
    return (
      read.length === list.length &&
      read.every(
        (item, index) =>
          item.text === list[index]?.text && Object.is(item.float, list[index]?.float) && item.number === list[index]?.number,
      )
    )
  })
  fc.assert(property)
  t.end()
})

t.test('any bytes are read or refused', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const reader = new RecordReader(bytes)
      try {
        reader.list((each) => [each.string(), each.u8(), each.f64()])
        reader.end()
        return true
      } catch (error) {
        return (error as { code?: string }).code === 'record-invalid'
      }
    }),
    { numRuns: 1000 },
  )
  t.end()
})
