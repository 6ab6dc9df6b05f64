import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import t from 'tap'
import type { Hammering } from '../fixtures/count-hammer.ts'
import { Breaker, HALF_OPEN_PROBES } from './breaker.ts'
import {
  BACKEND,
  BREAKER_BUCKETS,
  createUpstreamMemory,
  MAX_BACKEND_SLOTS,
  MAX_MEMBER_SLOTS,
  markedTick,
  msSince,
  sharedNowMs,
  TICK_MS,
  UpstreamCells,
} from './shared-cells.ts'
import { SlidingCounts } from './sliding-counts.ts'

/** So many threads at once on the same memory; what each has said at its start and at its end. */
async function hammer(count: number, what: Hammering['what'], rounds: number, memory: SharedArrayBuffer) {
  const workerData: Hammering = { memory, rounds, what }
  const threads = Array.from({ length: count }, () => new Worker(new URL('../fixtures/count-hammer.ts', import.meta.url), { workerData }))
  const starts = await Promise.all(threads.map(async (thread) => (await once(thread, 'message'))[0] as { nowMs: number }))
  const ends = threads.map(async (thread) => (await once(thread, 'message'))[0] as { allowed: number })
  for (const thread of threads) thread.postMessage('go')
  const results = await Promise.all(ends)
  await Promise.all(threads.map((thread) => thread.terminate()))
  return { starts, results }
}

t.test('threads that count at once lose nothing, and read one clock', async (t) => {
  const memory = createUpstreamMemory(1)
  const before = sharedNowMs()
  const { starts } = await hammer(4, 'count', 10_000, memory)
  const after = sharedNowMs()
  const { words, at } = new UpstreamCells(memory).backend(0)
  const counts = new SlidingCounts({ words, at: at + BACKEND.breakerWindow }, BREAKER_BUCKETS, 10_000)
  counts.read(1_000_000, 0)
  t.strictSame([counts.requests, counts.failures], [40_000, 20_000])
  for (const { nowMs } of starts) t.ok(nowMs >= before - 1 && nowMs <= after + 1)
})

t.test('threads that all ask a half-open breaker at once get so many probes together as there are', async (t) => {
  const memory = createUpstreamMemory(1)
  const breaker = new Breaker({ failurePercent: 50, minRequests: 1, windowMs: 10_000, openMs: 1000 }, new UpstreamCells(memory).backend(0))
  breaker.failed(1_990_000, 1)
  t.equal(breaker.state, 'open')
  const { results } = await hammer(4, 'probe', 2000, memory)
  t.equal(
    results.reduce((sum, { allowed }) => sum + allowed, 0),
    HALF_OPEN_PROBES,
  )
  t.equal(breaker.state, 'half-open')
})

t.test('moments are right over the end of their range', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 46 }), fc.integer({ min: -(2 ** 32), max: 2 ** 32 }), (startMs, afterMs) => {
      const marked = markedTick(startMs)
      if (startMs + afterMs < 0) return true
      return marked !== 0 && Math.abs(msSince(marked, startMs + afterMs) - afterMs) <= TICK_MS
    }),
  )
  t.end()
})

t.test('no two cells overlap, and whoever has no slot has cells of his own', (t) => {
  const cells = new UpstreamCells(createUpstreamMemory(3))
  const taken = new Map<number, string>()
  const take = (name: string, at: number, words: number) => {
    for (let word = at; word < at + words; word++) {
      if (taken.has(word)) t.fail(`${name} overlaps ${taken.get(word)}`)
      taken.set(word, name)
    }
  }
  for (const slot of [0, 1, MAX_BACKEND_SLOTS - 1]) {
    take(`backend ${slot}`, cells.backend(slot).at, 32)
    for (const [seat, { at }] of cells.seatsOf(slot).entries()) take(`seat ${seat} of backend ${slot}`, at, 8)
  }
  for (const slot of [0, 1, MAX_MEMBER_SLOTS - 1]) take(`member ${slot}`, cells.member(slot).at, 16)
  t.ok(Math.max(...taken.keys()) < cells.words.length)
  t.not(cells.backend(-1).words, cells.words)
  t.not(cells.member(MAX_MEMBER_SLOTS).words, cells.words)
  t.equal(cells.seatsOf(MAX_BACKEND_SLOTS).length, 1)
  t.end()
})

t.test('buckets of another time are empty, even the one that has the same place', (t) => {
  const words = new Int32Array(20)
  const counts = new SlidingCounts({ words, at: 0 }, 10, 10_000)
  for (let i = 0; i < 5; i++) counts.add(1_000_000, true)
  counts.read(1_000_000, 0)
  t.equal(counts.failures, 5)
  counts.read(1_000_000 + 9_999, 0)
  t.equal(counts.failures, 5)
  counts.read(1_000_000 + 10_000, 0)
  t.equal(counts.failures, 0)
  counts.add(1_000_000 + 10_000, false)
  counts.read(1_000_000 + 10_000, 0)
  t.strictSame([counts.requests, counts.failures], [1, 0])
  t.end()
})
