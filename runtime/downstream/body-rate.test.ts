import t from 'tap'
import { BodyRate } from './body-rate.ts'

t.test('a rate is judged over a whole window, and anew in the next', async (t) => {
  const rate = new BodyRate()
  // 100 bytes per second over 10 s.
  const isTooSlow = (size: number, nowMs: number) => rate.isTooSlow(size, nowMs, 10_000, 100)
  t.equal(isTooSlow(1, 0), false)
  t.equal(isTooSlow(1, 9_999), false, 'nobody knows yet')
  t.equal(isTooSlow(998, 10_000), false, 'exactly enough')
  t.equal(isTooSlow(500, 15_000), false)
  t.equal(isTooSlow(499, 20_000), true)
  t.equal(isTooSlow(5_000, 21_000), false)
  t.equal(isTooSlow(1, 35_000), false, 'what came early counts for its window')
  t.equal(isTooSlow(1, 45_001), true)
})

t.test('time for which the client was told to wait does not count', async (t) => {
  const rate = new BodyRate()
  t.equal(rate.isTooSlow(10, 0, 1000, 100), false)
  rate.stop()
  t.equal(rate.isTooSlow(10, 60_000, 1000, 100), false)
  t.equal(rate.isTooSlow(10, 61_000, 1000, 100), true)
})
