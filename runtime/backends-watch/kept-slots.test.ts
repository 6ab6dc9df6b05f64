import t from 'tap'
import { KeptSlots } from './kept-slots.ts'

function slots(limit: number): { kept: KeptSlots; reused: number[]; pass: (ms: number) => void } {
  let now = 0
  const reused: number[] = []
  const kept = new KeptSlots(
    limit,
    1000,
    () => now,
    (slot) => reused.push(slot),
  )
  return {
    kept,
    reused,
    pass: (ms) => {
      now += ms
    },
  }
}

t.test('a name has the same number for as long as anybody holds it', (t) => {
  const { kept } = slots(10)
  const a = kept.hold('a')
  t.not(kept.hold('b'), a)
  t.equal(kept.hold('a'), a)
  kept.release('a')
  t.equal(kept.slotOf('a'), a)
  kept.release('a')
  t.equal(kept.hold('a'), a, 'and gets it back when it returns')
  t.end()
})

t.test('a number nobody holds goes to another name after a while, the oldest first', (t) => {
  const { kept, reused, pass } = slots(2)
  const a = kept.hold('a')
  const b = kept.hold('b')
  kept.release('a')
  pass(500)
  kept.release('b')
  t.equal(kept.hold('c'), -1)
  t.equal(kept.refused, 1)
  pass(600)
  t.equal(kept.hold('c'), a)
  t.strictSame(reused, [a])
  t.equal(kept.hold('d'), -1)
  pass(500)
  t.equal(kept.hold('d'), b)
  t.equal(kept.slotOf('a'), -1)
  t.equal(kept.hold('a'), -1)
  t.end()
})

t.test('releasing what is not held does nothing', (t) => {
  const { kept } = slots(1)
  kept.release('a')
  t.equal(kept.hold('a'), 0)
  t.end()
})
