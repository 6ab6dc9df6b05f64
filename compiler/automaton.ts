/**
 * Constraints as deterministic automata, and what the compiler has to know about them: whether two accept a common segment, whether one
 * accepts all of another's, which segments one accepts at all. Grammar: automaton-syntax.ts; characters and bytes: automaton-nfa.ts.
 *
 * The same language gives the same automaton, byte for byte: `[0-9]+` and `\d+` are one constraint.
 */
import type { AutomatonPlan } from '../bundle/plan.ts'
import { determinise, minimise, type Table } from './automaton-dfa.ts'
import { toNfa } from './automaton-nfa.ts'
import { isProblem, parseConstraint, type SyntaxProblem } from './automaton-syntax.ts'

export interface Automaton extends AutomatonPlan {
  /** Equal for equal languages. */
  readonly key: string
}

/** Pairs of states that are looked at when two constraints are compared; the two largest ones have 16 million. */
const MAX_PAIRS = 500_000
const DEAD = 0
const START = 1

/** The automaton of a constraint, or what is wrong with it and where. */
export function compileConstraint(pattern: string): Automaton | SyntaxProblem {
  const expression = parseConstraint(pattern)
  if (isProblem(expression)) return expression
  const nfa = toNfa(expression)
  const table = nfa === undefined ? undefined : determinise(nfa)
  const minimal = table === undefined ? undefined : minimise(table)
  if (minimal === undefined) {
    return {
      start: 0,
      end: pattern.length,
      message: 'the constraint needs too large an automaton',
      hint: 'use smaller counts in `{n,m}`, or `*` and `+`',
    }
  }
  return { pattern, ...minimal, key: keyOf(minimal) }
}

export function isAutomaton(result: Automaton | SyntaxProblem): result is Automaton {
  return 'transitions' in result
}

/** Whether a segment, in canonical form, is accepted. */
export function accepts(automaton: AutomatonPlan, segment: string): boolean {
  let state = START
  for (let i = 0; i < segment.length; i++) {
    state = step(automaton, state, segment.charCodeAt(i))
    if (state === DEAD) return false
  }
  return automaton.accepting[state] === 1
}

/** Whether it accepts nothing. */
export function isEmpty(automaton: AutomatonPlan): boolean {
  return automaton.stateCount <= 2 && automaton.accepting[START] !== 1
}

/** A segment that both accept, `undefined` when there is none, `null` when looking for one takes too long. */
export function intersection(a: AutomatonPlan, b: AutomatonPlan): string | undefined | null {
  return search(a, b, (inA, inB) => inA && inB)
}

/** A segment that `a` accepts and `b` does not, `undefined` when `b` accepts all that `a` does, `null` when looking for one takes too long. */
export function difference(a: AutomatonPlan, b: AutomatonPlan): string | undefined | null {
  return search(a, b, (inA, inB) => inA && !inB)
}

/** How many segments it accepts; `Infinity` where there is no end. */
export function countWords(automaton: AutomatonPlan): number {
  const counts = new Map<number, number>()
  const open = new Set<number>()
  const count = (state: number): number => {
    const known = counts.get(state)
    if (known !== undefined) return known
    // Every state but the dead one leads to acceptance, so that each round of a cycle gives another word.
    if (open.has(state)) return Number.POSITIVE_INFINITY
    open.add(state)
    let total = automaton.accepting[state] as number
    for (const byte of NICE_BYTES) {
      const to = step(automaton, state, byte)
      if (to !== DEAD) total += count(to)
    }
    open.delete(state)
    counts.set(state, total)
    return total
  }
  return count(START)
}

/**
 * Up to `count` segments that it accepts, short ones and letters first; fewer only where it accepts no more.
 *
 * Breadth first, with at most `count` prefixes for each state: every state leads to acceptance, so that many prefixes give that many words.
 */
export function someWords(automaton: AutomatonPlan, count: number): string[] {
  const found: string[] = []
  const prefixes = new Uint32Array(automaton.stateCount)
  let level: { state: number; word: string }[] = [{ state: START, word: '' }]
  while (level.length > 0) {
    const next: typeof level = []
    for (const { state, word } of level) {
      for (const byte of NICE_BYTES) {
        const to = step(automaton, state, byte)
        if (to === DEAD) continue
        const longer = word + String.fromCharCode(byte)
        if (automaton.accepting[to] === 1 && found.push(longer) === count) return found
        prefixes[to] = (prefixes[to] as number) + 1
        if ((prefixes[to] as number) <= count) next.push({ state: to, word: longer })
      }
    }
    level = next
  }
  return found
}

/** All visible ASCII, in the order in which examples look best. */
const NICE_BYTES: readonly number[] = (() => {
  const all = Array.from({ length: 0x7e - 0x20 }, (_, index) => 0x21 + index)
  const rank = (byte: number) =>
    '1234567890'.includes(String.fromCharCode(byte))
      ? 1
      : byte >= 0x61 && byte <= 0x7a
        ? 0
        : byte >= 0x41 && byte <= 0x5a
          ? 2
          : byte === 0x2d
            ? 3
            : 4
  return all.sort((a, b) => rank(a) - rank(b) || a - b)
})()

function step(automaton: AutomatonPlan, state: number, byte: number): number {
  return automaton.transitions[state * automaton.classCount + (automaton.classes[byte] as number)] as number
}

/** The shortest segment for which `wanted` holds of both answers. */
function search(a: AutomatonPlan, b: AutomatonPlan, wanted: (inA: boolean, inB: boolean) => boolean): string | undefined | null {
  const start = START * b.stateCount + START
  const cameFrom = new Map<number, { readonly pair: number; readonly byte: number }>([[start, { pair: -1, byte: 0 }]])
  const queue = [start]
  for (let at = 0; at < queue.length; at++) {
    const pair = queue[at] as number
    const inA = Math.floor(pair / b.stateCount)
    const inB = pair % b.stateCount
    for (const byte of NICE_BYTES) {
      const nextA = step(a, inA, byte)
      if (nextA === DEAD) continue
      const nextB = step(b, inB, byte)
      const next = nextA * b.stateCount + nextB
      if (cameFrom.has(next)) continue
      cameFrom.set(next, { pair, byte })
      if (wanted(a.accepting[nextA] === 1, b.accepting[nextB] === 1)) return spell(cameFrom, next)
      queue.push(next)
      if (queue.length > MAX_PAIRS) return null
    }
  }
  return undefined
}

function spell(cameFrom: ReadonlyMap<number, { readonly pair: number; readonly byte: number }>, last: number): string {
  let word = ''
  for (let at = cameFrom.get(last); at !== undefined && at.pair !== -1; at = cameFrom.get(at.pair))
    word = String.fromCharCode(at.byte) + word
  return word
}

function keyOf(table: Table): string {
  const text = (part: Uint8Array | Uint16Array) => Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('latin1')
  return `${table.stateCount}/${table.classCount}/${text(table.classes)}${text(table.accepting)}${text(table.transitions)}`
}
