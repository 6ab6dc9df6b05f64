import t from 'tap'
import { Deadlines, TICK_MS } from '../data-path-deadlines.ts'
import { type Flight, Flights, type Passenger } from './flights.ts'

t.test('the first one flies, the others wait and are told when it has landed', (t) => {
  const { flights } = make()
  const flight = flights.begin('a') as Flight
  const told = [wait(flights, 'a'), wait(flights, 'a')]
  t.equal(flights.begin('a'), undefined)
  t.equal(flights.waiting, 2)
  flight.landed()
  t.same(told, [['landed'], ['landed']])
  t.same([flights.waiting, flights.count], [0, 0])
  t.end()
})

t.test('what cannot be stored releases all, and for a while nobody waits for it', (t) => {
  const { flights, clock } = make()
  const flight = flights.begin('a') as Flight
  const told = wait(flights, 'a')
  flight.unstorable()
  t.same(told, ['released'])
  t.equal(flights.begin('a'), undefined)
  t.equal(flights.isUnstorable('a'), true)
  t.equal(flights.join('a', passenger([])), undefined)
  clock.ms += 60_000
  t.equal(flights.isUnstorable('a'), false)
  t.ok(flights.begin('a'))
  t.end()
})

t.test('what could be stored after all is waited for again', (t) => {
  const { flights } = make()
  ;(flights.begin('a') as Flight).unstorable()
  flights.forgetUnstorable('a')
  t.ok(flights.begin('a'))
  t.end()
})

t.test('when the first one leaves, the one that waits longest takes over, and those behind go on waiting', (t) => {
  const { flights } = make()
  const flight = flights.begin('a') as Flight
  const [first, second] = [wait(flights, 'a'), wait(flights, 'a')]
  flight.abandoned()
  t.same([first, second], [['promoted'], []])
  t.equal(flights.count, 1)
  flight.landed()
  t.same([first, second], [['promoted'], ['landed']])
  const empty = flights.begin('b') as Flight
  empty.abandoned()
  t.equal(flights.count, 0)
  t.end()
})

t.test('nobody waits for longer than the limit', (t) => {
  const { flights, clock, deadlines } = make({ waitMs: 1000 })
  const flight = flights.begin('a') as Flight
  const told = wait(flights, 'a')
  clock.ms += 1000 + 3 * TICK_MS
  deadlines.tick()
  deadlines.tick()
  t.same(told, ['released'])
  t.equal(flights.waiting, 0)
  flight.landed()
  t.same(told, ['released'])
  t.end()
})

t.test('whoever leaves is not told', (t) => {
  const { flights } = make()
  const flight = flights.begin('a') as Flight
  const told: string[] = []
  const seat = flights.join('a', passenger(told))
  seat?.leave()
  seat?.leave()
  t.equal(flights.waiting, 0)
  flight.landed()
  t.same(told, [])
  t.end()
})

t.test('no more than a number of requests wait, and no more than a number of keys are remembered', (t) => {
  const { flights } = make({ maxWaiting: 2, maxUnstorable: 2 })
  flights.begin('a')
  flights.begin('b')
  t.ok(flights.join('a', passenger([])))
  t.ok(flights.join('b', passenger([])))
  t.equal(flights.join('b', passenger([])), undefined)
  for (const key of ['x', 'y', 'z']) flights.markUnstorable(key)
  t.same(
    ['x', 'y', 'z'].map((key) => flights.isUnstorable(key)),
    [false, true, true],
  )
  t.end()
})

t.test('one who is told may do what it likes, leave for others included', (t) => {
  const { flights } = make()
  const flight = flights.begin('a') as Flight
  const told: string[] = []
  let second: { leave(): void } | undefined
  flights.join('a', { ...passenger(told), onLanded: () => second?.leave() })
  second = flights.join('a', passenger(told))
  flight.landed()
  t.same(told, [])
  t.equal(flights.waiting, 0)
  t.end()
})

t.test('after a swap nobody new joins, and those who wait are still told', (t) => {
  const { flights } = make()
  const old = flights.begin('a') as Flight
  const told = wait(flights, 'a')
  flights.clear()
  const next = flights.begin('a')
  t.ok(next)
  old.released()
  t.same(told, ['released'])
  t.equal(flights.begin('a'), undefined, 'the end of the old one is not the end of the new one')
  t.end()
})

function make(limits = {}): { flights: Flights; clock: { ms: number }; deadlines: Deadlines } {
  const clock = { ms: 0 }
  const deadlines = new Deadlines(() => clock.ms)
  return { flights: new Flights(deadlines, limits), clock, deadlines }
}

function wait(flights: Flights, key: string): string[] {
  const told: string[] = []
  if (flights.join(key, passenger(told)) === undefined) told.push('not taken')
  return told
}

function passenger(told: string[]): Passenger {
  return { onLanded: () => told.push('landed'), onPromoted: () => told.push('promoted'), onReleased: () => told.push('released') }
}
