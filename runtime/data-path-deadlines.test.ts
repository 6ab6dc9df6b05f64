import t from 'tap'
import { Deadlines, type Timed } from './data-path-deadlines.ts'

t.test('whoever has passed its deadline is told, whatever others do meanwhile', async (t) => {
  let now = 0
  const deadlines = new Deadlines(() => now)
  const told: string[] = []
  const timed = (name: string, deadlineMs: number, then: () => void): Timed => ({
    deadlineMs,
    timedIndex: -1,
    onDeadline() {
      told.push(name)
      then()
    },
  })
  const [a, b, c, d]: [Timed, Timed, Timed, Timed] = [
    timed('a', 10, () => deadlines.remove(a)),
    timed('b', 20, () => {
      deadlines.remove(b)
      deadlines.remove(d)
    }),
    timed('c', 10, () => (c.deadlineMs = Number.POSITIVE_INFINITY)),
    timed('d', 30, () => {}),
  ]
  for (const each of [a, b, c, d]) deadlines.add(each)
  deadlines.tick()
  t.same(told, [])
  now = 10
  deadlines.tick()
  t.same(told.splice(0).sort(), ['a', 'c'])
  now = 25
  deadlines.tick()
  t.same(told.splice(0), ['b'])
  now = 100
  deadlines.tick()
  t.same(told, [], 'd was removed by b')
  t.equal(deadlines.count, 1)
  deadlines.remove(c)
  deadlines.remove(c)
  t.equal(deadlines.count, 0)
})

t.test('a deadline is met late rather than early, and nobody suffers when the worker was held up', async (t) => {
  let now = 1000
  const deadlines = new Deadlines(() => now)
  let told = 0
  const timed: Timed = { deadlineMs: Number.POSITIVE_INFINITY, timedIndex: -1, onDeadline: () => (told += 1) }
  deadlines.add(timed)
  now += 49
  timed.deadlineMs = deadlines.after(100)
  t.ok(timed.deadlineMs >= now + 100)
  now += 5000
  deadlines.tick()
  t.equal(told, 0, 'what has arrived meanwhile is read first')
  now += 50
  deadlines.tick()
  t.equal(told, 1)
  deadlines.remove(timed)
})

t.test('a worker that is held up in every turn still meets its deadlines', async (t) => {
  let now = 0
  const deadlines = new Deadlines(() => now)
  let told = 0
  const timed: Timed = { deadlineMs: 10, timedIndex: -1, onDeadline: () => (told += 1) }
  deadlines.add(timed)
  for (let turn = 0; turn < 4; turn++) {
    now += 2000
    deadlines.tick()
  }
  t.equal(told, 2)
  deadlines.remove(timed)
})
