import t from 'tap'
import { createUpstreamMemory, UpstreamCells } from '../shared-cells.ts'
import { MemberHealth } from './member-health.ts'
import { Outlier } from './outlier.ts'

const PLAN = {
  consecutiveFailures: 5,
  failurePercent: 0,
  minRequests: 10,
  intervalMs: 10_000,
  ejectMs: 30_000,
  maxEjectMs: 100_000,
  panicBelowPercent: 50,
}
const START = 5_000_000

interface Watched {
  readonly health: MemberHealth
  readonly outlier: Outlier
}

/** The members of a backend as so many workers see them. */
function workers(members: number, count = 1, plan = PLAN): Watched[][] {
  const memory = createUpstreamMemory(count)
  return Array.from({ length: count }, () => {
    const cells = new UpstreamCells(memory)
    return Array.from({ length: members }, (_, index) => {
      const health = new MemberHealth(cells.member(index + 40))
      return { health, outlier: new Outlier(plan, health) }
    })
  })
}

function failInARow(all: readonly Watched[], index: number, nowMs: number, times = PLAN.consecutiveFailures): boolean {
  let isEjected = false
  for (let i = 0; i < times; i++) isEjected = all[index]?.outlier.failed(nowMs, all) === true || isEjected
  return isEjected
}

t.test('a member that fails so many times in a row is ejected, and comes back by itself', (t) => {
  const [all] = workers(3) as [Watched[]]
  const [first] = all as [Watched]
  t.notOk(failInARow(all, 0, START, 4))
  t.ok(first.health.isHealthy(START))
  t.ok(first.outlier.failed(START, all))
  t.notOk(first.health.isHealthy(START))
  t.ok(first.health.ejectedForMs(START) > 29_900)
  t.ok(first.health.isHealthy(START + 30_000))
  t.equal(first.health.ejections, 1)
  t.end()
})

t.test('a success in between begins the row anew', (t) => {
  const [all] = workers(3) as [Watched[]]
  failInARow(all, 0, START, 4)
  all[0]?.outlier.succeeded(START)
  t.notOk(failInARow(all, 0, START, 4))
  t.end()
})

t.test('workers count together and all see the ejection', (t) => {
  const crew = workers(4, 3)
  for (let i = 0; i < PLAN.consecutiveFailures; i++) {
    const all = crew[i % 3] as Watched[]
    all[2]?.outlier.failed(START, all)
  }
  for (const all of crew) t.notOk(all[2]?.health.isHealthy(START))
  t.end()
})

t.test('the last half is never ejected', (t) => {
  for (const [members, most] of [
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 2],
    [10, 5],
  ] as const) {
    const [all] = workers(members) as [Watched[]]
    for (let index = 0; index < members; index++) failInARow(all, index, START, 50)
    t.equal(all.filter(({ health }) => !health.isHealthy(START)).length, most, `${members} members`)
  }
  t.end()
})

t.test('no more are ejected than panicBelow leaves', (t) => {
  const [all] = workers(10, 1, { ...PLAN, panicBelowPercent: 80 }) as [Watched[]]
  for (let index = 0; index < 10; index++) failInARow(all, index, START)
  t.equal(all.filter(({ health }) => !health.isHealthy(START)).length, 2)
  t.end()
})

t.test('each ejection is longer than the one before, up to the longest', (t) => {
  const [all] = workers(3) as [Watched[]]
  const [first] = all as [Watched]
  let now = START
  const lengths: number[] = []
  for (let i = 0; i < 5; i++) {
    failInARow(all, 0, now)
    const ms = first.health.ejectedForMs(now)
    lengths.push(Math.round(ms / 1000))
    now += ms
  }
  t.strictSame(lengths, [30, 60, 90, 100, 100])
  t.end()
})

t.test('and shorter again for every interval without one', (t) => {
  const [all] = workers(3) as [Watched[]]
  const [first] = all as [Watched]
  let now = START
  for (let i = 0; i < 3; i++) {
    failInARow(all, 0, now)
    now += first.health.ejectedForMs(now)
  }
  now += 2 * PLAN.intervalMs + 100
  failInARow(all, 0, now)
  t.equal(Math.round(first.health.ejectedForMs(now) / 1000), 60)
  t.end()
})

t.test('a share of failures ejects as well, from minRequests on, within the interval', (t) => {
  const plan = { ...PLAN, consecutiveFailures: 0, failurePercent: 50 }
  const [all] = workers(3, 1, plan) as [Watched[]]
  const [first] = all as [Watched]
  for (let i = 0; i < 4; i++) {
    first.outlier.succeeded(START)
    t.notOk(first.outlier.failed(START, all))
  }
  first.outlier.succeeded(START)
  t.ok(first.outlier.failed(START, all))
  const later = START + first.health.ejectedForMs(START)
  t.notOk(first.outlier.failed(later + 100, all), 'what was counted before has been paid for')
  t.end()
})

t.test('failures spread over more than the interval do not eject', (t) => {
  const plan = { ...PLAN, consecutiveFailures: 0, failurePercent: 50 }
  const [all] = workers(3, 1, plan) as [Watched[]]
  let isEjected = false
  for (let i = 0; i < 40; i++) isEjected = all[0]?.outlier.failed(START + i * 1500, all) === true || isEjected
  t.notOk(isEjected)
  t.end()
})

t.test('a slot that is given to another member knows nothing of the one before', (t) => {
  const memory = createUpstreamMemory(1)
  const cells = new UpstreamCells(memory)
  const health = new MemberHealth(cells.member(40))
  health.setUnhealthy(true, START)
  cells.clearMember(40)
  t.ok(health.isHealthy(START))
  t.end()
})
