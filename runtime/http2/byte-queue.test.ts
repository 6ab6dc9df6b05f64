import fc from 'fast-check'
import t from 'tap'
import { ByteQueue } from './byte-queue.ts'
import { CHUNK_BYTES, returnChunk } from './chunks.ts'

t.test('what goes in comes out, in order, and the memory is never more than four times what is held', (t) => {
  const step = fc.oneof(
    fc.record({ add: fc.integer({ min: 1, max: 70_000 }) }),
    fc.record({ drop: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ take: fc.constant(true) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const queue = new ByteQueue()
      let [next, first, peak] = [0, 0, 0]
      for (const one of steps) {
        if ('add' in one) {
          const bytes = Buffer.from(Array.from({ length: one.add }, () => next++ & 0xff))
          queue.add(Buffer.concat([Buffer.alloc(3), bytes]), 3, one.add + 3)
        } else if ('drop' in one) {
          const size = Math.floor(queue.size * one.drop)
          queue.drop(size)
          first += size
        } else {
          const [start, end] = [queue.start, queue.end]
          const bytes = queue.take()
          for (let i = start; i < end; i++) if (bytes[i] !== (first++ & 0xff)) throw new Error('taken')
          returnChunk(bytes)
        }
        if (queue.size !== next - first) throw new Error('size')
        peak = queue.size === 0 ? 0 : Math.max(peak, queue.size)
        if (queue.bytes.length > Math.max(1024, 4 * peak, peak > CHUNK_BYTES / 4 ? CHUNK_BYTES : 0))
          throw new Error(`${queue.bytes.length} for ${peak}`)
      }
      for (let i = queue.start; i < queue.end; i++) if (queue.bytes[i] !== (first++ & 0xff)) throw new Error('held')
      queue.clear()
    }),
  )
  t.end()
})
