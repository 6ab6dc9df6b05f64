import t from 'tap'
import { createRingMemory, LineRing } from './line-ring.ts'

const lines = (...texts: string[]) => Buffer.from(texts.map((text) => `${text}\n`).join(''))

function readAll(ring: LineRing, bytes: number): string {
  const target = Buffer.alloc(bytes)
  let text = ''
  for (let size = ring.read(target); size > 0; size = ring.read(target)) text += target.toString('latin1', 0, size)
  return text
}

t.test('lines come out as they went in, whole, however small the reader and wherever the end of the ring is', (t) => {
  const ring = new LineRing(createRingMemory(64))
  let written = ''
  let read = ''
  for (let index = 0; index < 1000; index++) {
    const batch = lines(`line ${index}`, `and ${index}`)
    ring.write(batch, batch.length, 2)
    written += batch
    const some = readAll(ring, 16 + (index % 20))
    t.ok(some.endsWith('\n') || fail(t, some))
    read += some
  }
  t.equal(read, written)
  t.equal(ring.dropped, 0)
  t.end()
})

t.test('what finds no room is dropped as a whole and counted by lines; what is there stays', (t) => {
  const ring = new LineRing(createRingMemory(16))
  const first = lines('0123456')
  ring.write(first, first.length, 1)
  const large = lines('a', 'b', 'c', 'd', 'e')
  ring.write(large, large.length, 5)
  t.equal(ring.dropped, 5)
  t.equal(readAll(ring, 16), '0123456\n')
  ring.write(large, large.length, 5)
  t.equal(readAll(ring, 16), 'a\nb\nc\nd\ne\n')
  t.end()
})

t.test('a writer wakes a sleeping reader once', (t) => {
  const ring = new LineRing(createRingMemory(64))
  const line = lines('x')
  t.equal(ring.write(line, line.length, 1), true, 'the reader sleeps at first')
  t.equal(ring.write(line, line.length, 1), false)
  t.equal(ring.sleep(), false, 'there is something to read')
  readAll(ring, 64)
  t.equal(ring.sleep(), true)
  t.equal(ring.write(line, line.length, 1), true)
  t.end()
})

t.test('positions may pass 2^32', (t) => {
  const memory = createRingMemory(64)
  new Int32Array(memory, 0, 2).fill(-8)
  const ring = new LineRing(memory)
  for (let index = 0; index < 10; index++) {
    const line = lines(`${index}`)
    ring.write(line, line.length, 1)
    t.equal(readAll(ring, 64), `${index}\n`)
  }
  t.end()
})

function fail(t: { fail(message: string): boolean }, text: string): boolean {
  return t.fail(`a part of a line: ${JSON.stringify(text)}`)
}
