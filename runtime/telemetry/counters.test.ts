import t from 'tap'
import {
  BUCKETS_SECONDS,
  Counters,
  createCounterMemory,
  histogramOf,
  MAX_API_SLOTS,
  MAX_POLICY_SLOTS,
  NO_API,
  seriesOf,
} from './counters.ts'
import { Slots } from './slots.ts'

const totals = (...seats: Counters[]) => {
  const sums = new Map<number, Float64Array>()
  for (const seat of seats) seat.addHistograms(sums)
  return [...sums].map(([key, cells]) => ({ ...seriesOf(key), ...histogramOf(cells) }))
}

t.test('requests are counted by API, method and status class, into buckets that include their upper end', (t) => {
  const counters = new Counters(createCounterMemory())
  counters.requestStarted()
  t.equal(counters.activeRequests, 1)
  counters.requestEnded(7, 1, 204, 5)
  counters.requestEnded(7, 1, 200, 5.1)
  counters.requestEnded(7, 3, 503, 99_999)
  counters.requestEnded(NO_API, 0, 0, 1)
  const [read, write, gone] = totals(counters)
  t.match(read, { apiSlot: 7, methodId: 1, statusClass: '2xx' })
  t.match(read?.cumulative.slice(0, 3), [1, 2, 2])
  t.equal(read?.cumulative.at(-1), 2)
  t.ok(Math.abs((read?.sumSeconds ?? 0) - 0.0101) < 1e-9)
  t.match(write, { apiSlot: 7, methodId: 3, statusClass: '5xx' })
  t.equal(write?.cumulative.at(-2), 0, 'above all buckets')
  t.equal(write?.cumulative.length, BUCKETS_SECONDS.length + 1)
  t.match(gone, { apiSlot: NO_API, methodId: 0, statusClass: 'none' })
  t.end()
})

t.test('a successor in the seat counts on, and what its predecessor had begun is closed', (t) => {
  const memory = createCounterMemory()
  const first = new Counters(memory)
  first.requestStarted()
  first.requestStarted()
  first.requestEnded(3, 1, 200, 1)
  t.equal(new Counters(memory).closeActive(), 1)
  const second = new Counters(memory)
  second.requestStarted()
  second.requestEnded(3, 1, 200, 1)
  t.equal(second.activeRequests, 0)
  t.match(totals(second), [{ apiSlot: 3, cumulative: [2] }])
  t.end()
})

t.test('seats are summed', (t) => {
  const seats = [1, 2, 3].map(() => new Counters(createCounterMemory()))
  for (const seat of seats) {
    seat.requestEnded(2, 1, 200, 1)
    seat.refused(3, 4)
  }
  t.match(totals(...seats), [{ apiSlot: 2, cumulative: [3] }])
  const refusals = new Float64Array(MAX_POLICY_SLOTS * MAX_API_SLOTS)
  for (const seat of seats) seat.addRefusals(refusals, 5)
  t.equal(refusals[3 * MAX_API_SLOTS + 4], 3)
  t.end()
})

t.test('series are bounded: what comes later is counted together, and no request is lost', (t) => {
  const counters = new Counters(createCounterMemory())
  let requests = 0
  for (let api = 0; api < MAX_API_SLOTS; api++) {
    for (const method of [1, 3, 5]) {
      counters.requestEnded(api, method, 200, 1)
      counters.requestEnded(api, method, 200, 1)
      requests += 2
    }
  }
  const series = totals(counters)
  t.ok(series.length <= 2048)
  t.equal(
    series.reduce((sum, { cumulative }) => sum + (cumulative.at(-1) as number), 0),
    requests,
  )
  t.end()
})

t.test('a name keeps its slot, and names without end share one', (t) => {
  const slots = new Slots(4, ['', '_other'], 1)
  t.strictSame([slots.slot('a'), slots.slot('b'), slots.slot('a'), slots.slot('c'), slots.slot('d')], [2, 3, 2, 1, 1])
  t.strictSame([slots.name(2), slots.name(1), slots.name(9), slots.count], ['a', '_other', '', 4])
  t.end()
})
