import t from 'tap'
import { Breaker, HALF_OPEN_PROBES } from './breaker.ts'
import { BACKEND, createUpstreamMemory, TICK_MS, UpstreamCells } from './shared-cells.ts'

const PLAN = { failurePercent: 50, minRequests: 20, windowMs: 10_000, openMs: 5000 }

/** One breaker as so many workers see it: each has views of its own of the same memory. */
function breakers(count = 1, plan = PLAN): { all: Breaker[]; words: Int32Array } {
  const memory = createUpstreamMemory(count)
  const all = Array.from({ length: count }, () => new Breaker(plan, new UpstreamCells(memory).backend(3)))
  return { all, words: new Int32Array(memory, new UpstreamCells(memory).backend(3).at * 4) }
}

function tripped(count = 1): { all: Breaker[]; words: Int32Array } {
  const made = breakers(count)
  for (let i = 0; i < PLAN.minRequests; i++) made.all[i % count]?.failed(1_000_000, 1)
  return made
}

t.test('it opens at the share of failures, and not before there were enough requests', (t) => {
  const { all } = breakers()
  const [breaker] = all as [Breaker]
  for (let i = 0; i < PLAN.minRequests - 1; i++) breaker.failed(1_000_000, 1)
  t.equal(breaker.state, 'closed')
  t.ok(breaker.isClosed)
  breaker.failed(1_000_000, 1)
  t.equal(breaker.state, 'open')
  t.notOk(breaker.allows(1_000_001))
  t.end()
})

t.test('it stays closed below the share', (t) => {
  const [breaker] = breakers().all as [Breaker]
  for (let i = 0; i < 1000; i++) {
    breaker.succeeded(1_000_000 + i * 10, 1)
    breaker.succeeded(1_000_000 + i * 10, 1)
    breaker.failed(1_000_000 + i * 10, 1)
  }
  t.equal(breaker.state, 'closed')
  t.end()
})

t.test('failures that are older than the window do not count', (t) => {
  const [breaker] = breakers().all as [Breaker]
  for (let i = 0; i < 19; i++) breaker.failed(1_000_000, 1)
  breaker.failed(1_000_000 + PLAN.windowMs, 1)
  t.equal(breaker.state, 'closed')
  t.end()
})

t.test('all workers count together, and the first that sees a reason opens it for all', (t) => {
  const { all } = breakers(4)
  for (let i = 0; i < PLAN.minRequests; i++) all[i % 4]?.failed(1_000_000, 1)
  for (const breaker of all) {
    t.equal(breaker.state, 'open')
    t.notOk(breaker.allows(1_000_010))
  }
  t.end()
})

t.test('after openFor a few probes go, from whatever workers, and it closes when all of them succeed', (t) => {
  const { all } = tripped(4)
  const now = 1_000_000 + PLAN.openMs + TICK_MS
  t.notOk(all[0]?.allows(now - 100))
  const probes = Array.from({ length: 12 }, (_, i) => all[i % 4]?.allows(now + i))
  t.equal(probes.filter(Boolean).length, HALF_OPEN_PROBES)
  t.equal(all[2]?.state, 'half-open')
  for (let i = 0; i < HALF_OPEN_PROBES; i++) {
    t.equal(all[1]?.state, 'half-open')
    all[i]?.succeeded(now + 100, 50)
  }
  t.equal(all[3]?.state, 'closed')
  t.ok(all[3]?.allows(now + 101))
  t.end()
})

t.test('a probe that fails opens it for another openFor', (t) => {
  const { all } = tripped(2)
  const now = 1_000_000 + PLAN.openMs + TICK_MS
  t.ok(all[0]?.allows(now))
  all[1]?.failed(now + 20, 10)
  t.equal(all[0]?.state, 'open')
  t.notOk(all[0]?.allows(now + PLAN.openMs))
  t.ok(all[0]?.allows(now + 20 + PLAN.openMs + 16))
  t.end()
})

t.test('what was sent before it was half-open says nothing, however it ends', (t) => {
  const { all } = tripped()
  const [breaker] = all as [Breaker]
  const now = 1_000_000 + PLAN.openMs + TICK_MS
  t.ok(breaker.allows(now))
  breaker.failed(now + 50, 4000)
  t.equal(breaker.state, 'half-open')
  for (let i = 0; i < HALF_OPEN_PROBES; i++) breaker.succeeded(now + 50, 4000)
  t.equal(breaker.state, 'half-open')
  t.end()
})

t.test('probes that are lost with their worker are replaced after another openFor', (t) => {
  const { all } = tripped()
  const [breaker] = all as [Breaker]
  const now = 1_000_000 + PLAN.openMs + TICK_MS
  for (let i = 0; i < HALF_OPEN_PROBES; i++) t.ok(breaker.allows(now))
  t.notOk(breaker.allows(now + PLAN.openMs - 100))
  t.ok(breaker.allows(now + PLAN.openMs + 16))
  t.end()
})

t.test('failures from before it opened do not open it again', (t) => {
  const plan = { ...PLAN, windowMs: 60_000 }
  const [breaker] = breakers(1, plan).all as [Breaker]
  for (let i = 0; i < PLAN.minRequests; i++) breaker.failed(1_000_000, 1)
  const now = 1_000_000 + PLAN.openMs + TICK_MS
  for (let i = 0; i < HALF_OPEN_PROBES; i++) breaker.allows(now)
  for (let i = 0; i < HALF_OPEN_PROBES; i++) breaker.succeeded(now + 16, 1)
  t.equal(breaker.state, 'closed')
  breaker.failed(now + 1000, 1)
  t.equal(breaker.state, 'closed')
  for (let i = 0; i < PLAN.minRequests; i++) breaker.failed(now + 10_000, 1)
  t.equal(breaker.state, 'open')
  t.end()
})

t.test('it says how long to wait, in whole seconds and at least one', (t) => {
  const [breaker] = tripped().all as [Breaker]
  t.equal(breaker.retryAfterSeconds(1_000_000), 5)
  t.equal(breaker.retryAfterSeconds(1_003_500), 2)
  t.equal(breaker.retryAfterSeconds(1_009_000), 1)
  t.end()
})

t.test('openings are counted', (t) => {
  const { words } = tripped()
  t.equal(words[BACKEND.breakerOpenings], 1)
  t.end()
})

t.test('a bucket that is full counts neither requests nor failures, so that the share stays', (t) => {
  const [breaker] = breakers(1, { ...PLAN, failurePercent: 30 }).all as [Breaker]
  for (let i = 0; i < 70_000; i++) breaker.succeeded(1_000_000, 1)
  for (let i = 0; i < 30_000; i++) breaker.failed(1_000_000, 1)
  t.equal(breaker.state, 'closed')
  t.end()
})

t.test('a probe whose client has gone gives its place back; an older request, or one that was answered, has none to give', (t) => {
  const [breaker] = tripped().all as [Breaker]
  const now = 1_000_000 + PLAN.openMs + TICK_MS
  for (let i = 0; i < HALF_OPEN_PROBES; i++) t.ok(breaker.allows(now))
  t.notOk(breaker.allows(now + 1))
  breaker.withdrawn(now + 100, 5000)
  t.notOk(breaker.allows(now + 100), 'it was under way before')
  breaker.withdrawn(now + 100, 50)
  t.ok(breaker.allows(now + 100))
  t.notOk(breaker.allows(now + 100))
  breaker.succeeded(now + 200, 50)
  for (let i = 0; i < 10; i++) breaker.withdrawn(now + 200, 50)
  for (let i = 0; i < HALF_OPEN_PROBES - 1; i++) t.ok(breaker.allows(now + 200))
  t.notOk(breaker.allows(now + 200), 'the one that has succeeded keeps its place')
  for (let i = 0; i < HALF_OPEN_PROBES - 1; i++) breaker.succeeded(now + 300, 50)
  t.equal(breaker.state, 'closed')
  breaker.withdrawn(now + 300, 50)
  t.equal(breaker.state, 'closed')
  t.end()
})
