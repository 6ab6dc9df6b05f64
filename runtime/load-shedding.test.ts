import t from 'tap'
import { LoadSampler, LoadShedding, SAMPLE_MS } from './load-shedding.ts'

/** The level after each sample. */
function levels(delaysMs: readonly number[], shedding = new LoadShedding()): string {
  return delaysMs.map((delay) => shedding.sample(delay)).join('')
}

const times = (count: number, delayMs: number) => new Array<number>(count).fill(delayMs)

t.test('an event loop that is late three samples in a row sheds, in three steps', (t) => {
  t.equal(levels(times(6, 49)), '000000')
  t.equal(levels(times(6, 50)), '001111')
  t.equal(levels(times(9, 200)), '001112222')
  t.equal(levels(times(9, 1500)), '001112223')
  t.equal(levels(times(12, 1500)), '001112223333')
  t.end()
})

t.test('one long pause sheds nothing', (t) => {
  t.equal(levels([0, 5000, 0, 5000, 5000, 0, 0]), '0000000')
  t.end()
})

t.test('a machine that slept, or a process that was stopped, sheds nothing', (t) => {
  t.equal(levels(times(6, 3_600_000)), '000000')
  t.end()
})

t.test('a level is left only when it has been calm for a second, one level at a time', (t) => {
  const shedding = new LoadShedding()
  t.equal(levels(times(9, 2000), shedding).at(-1), '3')
  t.equal(levels([...times(9, 499), 500, ...times(9, 499)], shedding), '3'.repeat(19), 'half of the delay, and not long enough')
  t.equal(levels(times(1, 499), shedding), '2')
  t.equal(levels(times(20, 0), shedding), '22222222211111111110')
  t.end()
})

t.test('delays between the half and the whole keep a level where it is', (t) => {
  const shedding = new LoadShedding()
  levels(times(3, 60), shedding)
  t.equal(levels(times(40, 40), shedding), '1'.repeat(40))
  t.end()
})

t.test('the sampler measures how late its timer is, and tells of changes', (t) => {
  let now = 0
  const told: number[] = []
  const sampler = new LoadSampler(
    (level) => told.push(level),
    () => now,
  )
  t.teardown(() => sampler.close())
  const sampleAfter = (ms: number) => {
    now += ms
    sampler.sample()
  }
  for (let count = 0; count < 10; count++) sampleAfter(SAMPLE_MS)
  for (let count = 0; count < 6; count++) sampleAfter(SAMPLE_MS + 300)
  t.strictSame(told, [1, 2])
  for (let count = 0; count < 30; count++) sampleAfter(SAMPLE_MS - 10)
  t.strictSame(told, [1, 2, 1, 0])
  t.end()
})
