import t from 'tap'
import { Edit } from './edit.fuzz.ts'
import { open, planOf, samplePlan } from './sample.fuzz.ts'

function accepts(automaton: number, text: string): boolean {
  const bytes = Buffer.from(`0${text}0`)
  return open(samplePlan()).automata.accepts(automaton, bytes, 1, bytes.length - 1)
}

t.test('an automaton reads a whole segment and nothing around it', (t) => {
  t.strictSame(
    ['7', '42', '4x', 'x4', '', 'x'].map((text) => accepts(0, text)),
    [true, true, false, false, false, false],
  )
  t.strictSame(
    ['abc', 'A', 'é'].map((text) => accepts(1, text)),
    [true, false, false],
  )
  t.equal(accepts(2, '7'), false, 'one that does not exist accepts nothing')
  t.equal(accepts(-1, '7'), false)
  t.end()
})

t.test('an empty segment is never accepted, even if the start state accepts', (t) => {
  const any = {
    pattern: '.*',
    stateCount: 2,
    classCount: 1,
    classes: new Uint8Array(256),
    transitions: Uint16Array.of(0, 1),
    accepting: Uint8Array.of(0, 1),
  }
  const { automata } = open(planOf([], { automata: [any] }))
  t.equal(automata.accepts(0, Buffer.from('a'), 0, 1), true)
  t.equal(automata.accepts(0, Buffer.from('a'), 1, 1), false)
  t.equal(automata.accepts(0, Buffer.from('a'), 1, 0), false)
  t.end()
})

t.test('what the checker says of damaged automata', (t) => {
  t.equal(new Edit().set('AUTO', 'stateCount', 0, 1).verdict(), 'automata: automaton 0 has 1 states')
  t.equal(new Edit().set('AUTO', 'stateCount', 0, 4097).verdict(), 'automata: automaton 0 has 4097 states')
  t.equal(new Edit().set('AUTO', 'stateCount', 0, 2).verdict(), 'automaton transitions: automaton 0 goes to a state that does not exist')
  t.equal(new Edit().set('AUTO', 'stateCount', 1, 4).verdict(), 'automaton transitions: they end within automaton 1')
  t.equal(new Edit().set('AUTO', 'classCount', 0, 0).verdict(), 'automata: classCount of entry 0 is 0, outside of 1 to 256')
  t.equal(new Edit().set('AUTO', 'classCount', 0, 1).verdict(), 'automaton classes: automaton 0 has a class that does not exist')
  t.equal(new Edit().set('AUTO', 'firstTransition', 1, 5).verdict(), 'automata: automaton 1 has its transitions at the wrong place')
  t.equal(new Edit().set('AUTO', 'firstState', 1, 2).verdict(), 'automata: automaton 1 has its states at the wrong place')
  t.equal(new Edit().byte('AUTC', 0, 2).verdict(), 'automaton classes: automaton 0 has a class that does not exist')
  t.equal(new Edit().byte('AUTT', 0, 1).verdict(), 'automaton transitions: automaton 0 leaves the dead state')
  t.equal(new Edit().byte('AUTT', 6, 3).verdict(), 'automaton transitions: automaton 0 goes to a state that does not exist')
  t.equal(new Edit().byte('AUTA', 1, 2).verdict(), 'automaton accepting states: automaton 0 has a value that is not 0 or 1')
  t.equal(new Edit().byte('AUTA', 3, 1).verdict(), 'automaton accepting states: automaton 1 accepts in the dead state')
  t.end()
})
