/**
 * Automata of constrained parameters: deterministic, over the bytes of one segment. State 0 is dead, 1 is the start.
 * docs/bundle-format.md, "Automata".
 */
import { strict as assert } from 'node:assert'
import { EMPTY_U8, EMPTY_U16, type Sections, type Table } from './image.ts'
import { columnsOf } from './layout.ts'
import { LIMITS } from './limits.ts'
import type { BundlePlan } from './plan.ts'
import { littleEndian, type Sink, type StringPool, type Strings, TableBuilder } from './strings.ts'

const AUTOMATON = columnsOf('AUTO')
const CLASS_BYTES = 256
const START = 1

export function buildAutomata(plan: BundlePlan, strings: StringPool): TableBuilder<'AUTO'> {
  const table = new TableBuilder('AUTO', plan.automata.length)
  let firstTransition = 0
  let firstState = 0
  for (const [row, { pattern, stateCount, classCount }] of plan.automata.entries()) {
    table.set(row, { pattern: strings.add(pattern), stateCount, classCount, firstTransition, firstState })
    firstTransition += stateCount * classCount
    firstState += stateCount
  }
  return table
}

export function putAutomata(plan: BundlePlan, sink: Sink): void {
  for (const { classes, transitions, accepting, stateCount, classCount } of plan.automata) {
    assert(classes.length === CLASS_BYTES && transitions.length === stateCount * classCount && accepting.length === stateCount)
  }
  const classes = Buffer.concat(plan.automata.map((automaton) => automaton.classes))
  const transitions = Buffer.concat(plan.automata.map((automaton) => littleEndian(automaton.transitions)))
  const accepting = Buffer.concat(plan.automata.map((automaton) => automaton.accepting))
  sink.put('AUTC', plan.automata.length, classes)
  sink.put('AUTT', transitions.length / 2, transitions)
  sink.put('AUTA', accepting.length, accepting)
}

export function checkAutomata(sections: Sections): string | undefined {
  const table = sections.table('AUTO')
  const classes = sections.u8('AUTC')
  const transitions = sections.u16('AUTT')
  const accepting = sections.u8('AUTA')
  if (sections.count('AUTC') !== table.count) return `automaton classes: ${sections.count('AUTC')} tables for ${table.count} automata`
  let firstTransition = 0
  let firstState = 0
  for (let row = 0; row < table.count; row++) {
    const stateCount = table.at(AUTOMATON.stateCount, row)
    const classCount = table.at(AUTOMATON.classCount, row)
    if (stateCount <= START || stateCount > LIMITS.automatonStates) return `automata: automaton ${row} has ${stateCount} states`
    if (table.at(AUTOMATON.firstTransition, row) !== firstTransition)
      return `automata: automaton ${row} has its transitions at the wrong place`
    if (table.at(AUTOMATON.firstState, row) !== firstState) return `automata: automaton ${row} has its states at the wrong place`
    const nextTransition = firstTransition + stateCount * classCount
    const nextState = firstState + stateCount
    if (nextTransition > transitions.length) return `automaton transitions: they end within automaton ${row}`
    if (nextState > accepting.length) return `automaton accepting states: they end within automaton ${row}`
    for (let at = row * CLASS_BYTES; at < (row + 1) * CLASS_BYTES; at++) {
      if ((classes[at] as number) >= classCount) return `automaton classes: automaton ${row} has a class that does not exist`
    }
    for (let at = firstTransition; at < nextTransition; at++) {
      if ((transitions[at] as number) >= stateCount) return `automaton transitions: automaton ${row} goes to a state that does not exist`
      if (at < firstTransition + classCount && transitions[at] !== 0) return `automaton transitions: automaton ${row} leaves the dead state`
    }
    for (let at = firstState; at < nextState; at++) {
      if ((accepting[at] as number) > 1) return `automaton accepting states: automaton ${row} has a value that is not 0 or 1`
    }
    if (accepting[firstState] !== 0) return `automaton accepting states: automaton ${row} accepts in the dead state`
    firstTransition = nextTransition
    firstState = nextState
  }
  if (firstTransition !== transitions.length) return 'automaton transitions: more than the automata have'
  if (firstState !== accepting.length) return 'automaton accepting states: more than the automata have'
  return undefined
}

export class Automata {
  readonly #table: Table
  readonly #strings: Strings
  #classes: Uint8Array
  #transitions: Uint16Array
  #accepting: Uint8Array

  constructor(sections: Sections, strings: Strings) {
    this.#table = sections.table('AUTO')
    this.#strings = strings
    this.#classes = sections.u8('AUTC')
    this.#transitions = sections.u16('AUTT')
    this.#accepting = sections.u8('AUTA')
  }

  get count(): number {
    return this.#table.count
  }

  /** The constraint as it was written. */
  pattern(automaton: number): string {
    return this.#strings.get(this.#table.at(AUTOMATON.pattern, automaton))
  }

  stateCount(automaton: number): number {
    return this.#table.at(AUTOMATON.stateCount, automaton)
  }

  /** Whether the automaton accepts `bytes[start..end)`. An empty segment is no value of a parameter: never accepted. */
  accepts(automaton: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (start >= end) return false
    const classCount = this.#table.at(AUTOMATON.classCount, automaton)
    const firstTransition = this.#table.at(AUTOMATON.firstTransition, automaton)
    const firstClass = automaton * CLASS_BYTES
    let state = START
    for (let index = start; index < end; index++) {
      const byteClass = this.#classes[firstClass + (bytes[index] as number)] ?? 0
      state = this.#transitions[firstTransition + state * classCount + byteClass] ?? 0
      if (state === 0) return false
    }
    return this.#accepting[this.#table.at(AUTOMATON.firstState, automaton) + state] === 1
  }

  detach(): void {
    this.#table.drop()
    this.#classes = EMPTY_U8
    this.#transitions = EMPTY_U16
    this.#accepting = EMPTY_U8
  }
}
