import t from 'tap'
import { MIN_RETRIES, RetryBudget } from './retry-budget.ts'
import { type Cell, createUpstreamMemory, SEAT, UpstreamCells } from './shared-cells.ts'

function budgets(seats: number): { cells: UpstreamCells; budgets: RetryBudget[]; seats: readonly Cell[] } {
  const memory = createUpstreamMemory(seats)
  const all = new UpstreamCells(memory).seatsOf(7)
  return {
    cells: new UpstreamCells(memory),
    seats: all,
    budgets: all.map((own) => new RetryBudget(new UpstreamCells(memory).seatsOf(7), own)),
  }
}

function setActive({ words, at }: Cell, count: number): void {
  words[at + SEAT.activeRequests] = count
}

t.test('a few retries are allowed however few requests there are', (t) => {
  const [budget] = budgets(1).budgets as [RetryBudget]
  for (let i = 0; i < MIN_RETRIES; i++) t.ok(budget.tryBegin(20))
  t.notOk(budget.tryBegin(20))
  budget.end()
  t.ok(budget.tryBegin(20))
  t.end()
})

t.test('the share counts requests and retries of all workers', (t) => {
  const { budgets: all, seats } = budgets(3)
  for (const seat of seats) setActive(seat, 50)
  let allowed = 0
  for (let i = 0; i < 100; i++) if (all[i % 3]?.tryBegin(20)) allowed += 1
  t.equal(allowed, 30)
  t.end()
})

t.test('what a dead worker had taken is given back', (t) => {
  const { budgets: all, cells, seats } = budgets(2)
  const [dead, alive] = all as [RetryBudget, RetryBudget]
  setActive(seats[0] as Cell, 1000)
  for (let i = 0; i < 200; i++) dead.tryBegin(20)
  t.notOk(alive.tryBegin(20))
  cells.vacate(0)
  t.ok(alive.tryBegin(20))
  const { words, at } = seats[0] as Cell
  t.equal(words[at + SEAT.activeRequests], 0)
  t.equal(words[at + SEAT.activeRetries], 0)
  t.equal(words[at + SEAT.retries], 200, 'what counts for ever stays')
  t.end()
})

t.test('refusals are counted', (t) => {
  const { budgets: all, seats } = budgets(1)
  for (let i = 0; i < 10; i++) all[0]?.tryBegin(20)
  const { words, at } = seats[0] as Cell
  t.equal(words[at + SEAT.retries], MIN_RETRIES)
  t.equal(words[at + SEAT.retriesRefused], 10 - MIN_RETRIES)
  t.end()
})

t.test('a backend without a slot has a budget per worker', (t) => {
  const cells = new UpstreamCells(createUpstreamMemory(4))
  const seats = cells.seatsOf(-1)
  t.equal(seats.length, 1)
  const budget = new RetryBudget(seats, seats[0] as Cell)
  for (let i = 0; i < MIN_RETRIES; i++) t.ok(budget.tryBegin(20))
  t.notOk(budget.tryBegin(20))
  t.end()
})
