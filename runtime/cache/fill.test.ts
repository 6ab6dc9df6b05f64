import t from 'tap'
import { Fill, FillBudget } from './fill.ts'

const KIB = 1024
const bytes = Buffer.from('0123456789')

t.test('what comes in pieces is put together as a copy', (t) => {
  const budget = new FillBudget(64 * KIB)
  for (const declared of [-1, 10]) {
    const fill = new Fill(budget, KIB, declared)
    const received = Buffer.from('xx01234')
    fill.add(received, 2, 7)
    received.fill(0)
    fill.add(bytes, 5, 10)
    const body = fill.finish()
    t.equal(body?.toString(), '0123456789')
    t.equal(body?.buffer.byteLength, 10, 'no memory beside it is kept')
  }
  t.equal(budget.bytes, 0)
  t.end()
})

t.test('an empty body is one', (t) => {
  const budget = new FillBudget(KIB)
  for (const declared of [-1, 0]) t.equal(new Fill(budget, KIB, declared).finish()?.length, 0)
  t.end()
})

t.test('nothing is kept of what is too long, whether it says so or not', (t) => {
  const budget = new FillBudget(64 * KIB)
  t.equal(new Fill(budget, 9, 10).isDropped, true)
  const fill = new Fill(budget, 15, -1)
  fill.add(bytes, 0, 10)
  t.equal(fill.isDropped, false)
  fill.add(bytes, 0, 6)
  t.equal(fill.isDropped, true)
  fill.add(bytes, 0, 1)
  t.equal(fill.finish(), undefined)
  t.equal(budget.bytes, 0)
  t.end()
})

t.test('all on their way together are bounded, and what goes makes room', (t) => {
  const budget = new FillBudget(400 * KIB)
  const first = new Fill(budget, 90 * KIB, 90 * KIB)
  const second = new Fill(budget, 90 * KIB, 20 * KIB)
  t.same([first.isDropped, second.isDropped], [false, true])
  first.drop()
  first.drop()
  t.equal(budget.bytes, 0)
  t.equal(new Fill(budget, 90 * KIB, 20 * KIB).isDropped, false)
  t.end()
})
