/**
 * From a nondeterministic automaton to the smallest deterministic one: subset construction over classes of bytes, then Hopcroft's
 * partition refinement, then one numbering (breadth first, classes by their first byte), so that equal languages give equal tables.
 */
import { LIMITS } from '../bundle/limits.ts'
import type { Nfa } from './automaton-nfa.ts'

/** As in `AutomatonPlan`: state 0 is dead, 1 is the start. */
export interface Table {
  readonly stateCount: number
  readonly classes: Uint8Array
  readonly classCount: number
  readonly transitions: Uint16Array
  readonly accepting: Uint8Array
}

/** States before minimising: `[^a]{1,255}` has six times as many as it needs. */
const MAX_SUBSETS = 8 * LIMITS.automatonStates
/** Steps of the subset construction, so that a pattern that explodes is refused within a second or so. */
const MAX_STEPS = 5_000_000

/** `undefined` where the automaton grows too large. State 0 is dead, state 1 the start; the start never accepts: no segment is empty. */
export function determinise(nfa: Nfa): Table | undefined {
  const { classes, classCount } = byteClasses(nfa)
  const edges = sortEdges(nfa)
  const mark = new Uint32Array(nfa.stateCount)
  let round = 0
  let steps = 0

  /** Adds all states that are reached from `states` without a byte. */
  const close = (states: number[]): number[] => {
    for (let at = 0; at < states.length; at++) {
      for (const to of edges.empty[states[at] as number] ?? []) {
        steps++
        if (mark[to] === round) continue
        mark[to] = round
        states.push(to)
      }
    }
    return states.sort((a, b) => a - b)
  }

  const subsets: number[][] = [[]]
  const numbers = new Map<string, number>([['', 0]])
  round++
  mark[0] = round
  subsets.push(close([0]))
  // No number for the start: a subset that equals it but is reached later may accept, the start itself must not.
  const rows: Uint16Array[] = [new Uint16Array(classCount)]
  for (let from = 1; from < subsets.length; from++) {
    const row = new Uint16Array(classCount)
    const targets: (number[] | undefined)[] = new Array(classCount)
    for (const state of subsets[from] as number[]) {
      for (const edge of edges.byte[state] ?? []) {
        const to = nfa.to[edge] as number
        const last = classes[nfa.last[edge] as number] as number
        for (let cls = classes[nfa.first[edge] as number] as number; cls <= last; cls++) {
          steps++
          const list = targets[cls]
          if (list === undefined) targets[cls] = [to]
          else list.push(to)
        }
      }
    }
    for (let cls = 0; cls < classCount; cls++) {
      const list = targets[cls]
      if (list === undefined) continue
      round++
      const unique = list.filter((state) => {
        if (mark[state] === round) return false
        mark[state] = round
        return true
      })
      const subset = close(unique)
      const name = subset.join()
      steps += subset.length
      let number = numbers.get(name)
      if (number === undefined) {
        number = subsets.push(subset) - 1
        numbers.set(name, number)
      }
      row[cls] = number
    }
    rows.push(row)
    if (subsets.length > MAX_SUBSETS || steps > MAX_STEPS) return undefined
  }

  const transitions = new Uint16Array(rows.length * classCount)
  rows.forEach((row, state) => {
    transitions.set(row, state * classCount)
  })
  const accepting = Uint8Array.from(subsets, (subset, state) => (state !== 1 && subset.includes(nfa.accepting) ? 1 : 0))
  return { stateCount: rows.length, classes, classCount, transitions, accepting }
}

/** The smallest table for the same language, or `undefined` where it still has more states than a bundle may hold. */
export function minimise(table: Table): Table | undefined {
  const block = refine(table)
  const { classCount, transitions, accepting } = table

  // Breadth first from the start; the block of the dead state is 0 whatever its members.
  const deadBlock = block[0] as number
  const numbers = new Map<number, number>([[deadBlock, 0]])
  const members = [0]
  const visit = (state: number): number => {
    const known = numbers.get(block[state] as number)
    if (known !== undefined) return known
    members.push(state)
    numbers.set(block[state] as number, members.length - 1)
    return members.length - 1
  }
  if (block[1] === deadBlock) members.push(0)
  else visit(1)
  // Classes are in the order of their first byte already, so that the order of visits depends on the language alone.
  for (let at = 1; at < members.length; at++) {
    for (let cls = 0; cls < classCount; cls++) visit(transitions[(members[at] as number) * classCount + cls] as number)
    if (members.length > LIMITS.automatonStates) return undefined
  }

  const columns = new Map<string, number>()
  const firstOfColumn: number[] = []
  const columnOf: number[] = []
  for (let cls = 0; cls < classCount; cls++) {
    const name = members.map((state) => visit(transitions[state * classCount + cls] as number)).join()
    let column = columns.get(name)
    if (column === undefined) {
      column = columns.size
      columns.set(name, column)
      firstOfColumn.push(cls)
    }
    columnOf.push(column)
  }
  const count = firstOfColumn.length
  const smaller = new Uint16Array(members.length * count)
  members.forEach((state, number) => {
    firstOfColumn.forEach((cls, column) => {
      smaller[number * count + column] = visit(transitions[state * classCount + cls] as number)
    })
  })
  return {
    stateCount: members.length,
    classes: table.classes.map((cls) => columnOf[cls] as number),
    classCount: count,
    transitions: smaller,
    accepting: Uint8Array.from(members, (state) => accepting[state] as number),
  }
}

/** Hopcroft: the block of equivalent states that each state is in. */
function refine({ stateCount, classCount, transitions, accepting }: Table): Uint32Array {
  // Predecessors by class: those of state `s` on class `c` are `sources[offsets[c * n + s] .. offsets[c * n + s + 1]]`.
  const offsets = new Uint32Array(stateCount * classCount + 1)
  for (let s = 0; s < stateCount; s++) {
    for (let c = 0; c < classCount; c++) increment(offsets, c * stateCount + (transitions[s * classCount + c] as number) + 1)
  }
  for (let i = 1; i < offsets.length; i++) offsets[i] = (offsets[i] as number) + (offsets[i - 1] as number)
  const sources = new Uint32Array(stateCount * classCount)
  const fill = offsets.slice()
  for (let s = 0; s < stateCount; s++) {
    for (let c = 0; c < classCount; c++) {
      const slot = c * stateCount + (transitions[s * classCount + c] as number)
      sources[fill[slot] as number] = s
      increment(fill, slot)
    }
  }

  // Blocks are runs of `order`; the marked members of a block stand at its front.
  const order = new Uint32Array(stateCount)
  const place = new Uint32Array(stateCount)
  const block = new Uint32Array(stateCount)
  const begin: number[] = []
  const end: number[] = []
  const marked: number[] = []
  let at = 0
  for (const wanted of [1, 0]) {
    const start = at
    for (let s = 0; s < stateCount; s++) {
      if (accepting[s] !== wanted) continue
      order[at] = s
      place[s] = at++
      block[s] = begin.length
    }
    if (at > start) {
      begin.push(start)
      end.push(at)
      marked.push(0)
    }
  }

  const waiting: number[] = begin.map((_, index) => index)
  const touched: number[] = []
  while (waiting.length > 0) {
    const splitter = waiting.pop() as number
    const splitting = order.slice(begin[splitter], end[splitter])
    for (let c = 0; c < classCount; c++) {
      for (const target of splitting) {
        const slot = c * stateCount + target
        for (let i = offsets[slot] as number; i < (offsets[slot + 1] as number); i++) {
          const state = sources[i] as number
          const of = block[state] as number
          const front = (begin[of] as number) + (marked[of] as number)
          if ((place[state] as number) < front) continue
          if (marked[of] === 0) touched.push(of)
          const other = order[front] as number
          order[place[state] as number] = other
          place[other] = place[state] as number
          order[front] = state
          place[state] = front
          marked[of] = (marked[of] as number) + 1
        }
      }
      for (const of of touched) {
        const middle = (begin[of] as number) + (marked[of] as number)
        marked[of] = 0
        if (middle === end[of]) continue
        // The smaller half becomes the new block: each state changes its block at most log n times.
        const isFrontSmaller = middle - (begin[of] as number) <= (end[of] as number) - middle
        const fresh = begin.length
        begin.push(isFrontSmaller ? (begin[of] as number) : middle)
        end.push(isFrontSmaller ? middle : (end[of] as number))
        marked.push(0)
        if (isFrontSmaller) begin[of] = middle
        else end[of] = middle
        for (let i = begin[fresh] as number; i < (end[fresh] as number); i++) block[order[i] as number] = fresh
        // If `of` waits, both halves must; otherwise the smaller one is enough. Either way it is the new one that is added.
        waiting.push(fresh)
      }
      touched.length = 0
    }
  }
  return block
}

function increment(counts: Uint32Array, index: number): void {
  counts[index] = (counts[index] as number) + 1
}

/** Bytes that no edge tells apart are one class; classes are numbered by their first byte, and a range of bytes is a range of classes. */
function byteClasses(nfa: Nfa): { classes: Uint8Array; classCount: number } {
  const starts = new Uint8Array(257)
  starts[0] = 1
  for (let edge = 0; edge < nfa.first.length; edge++) {
    if (nfa.first[edge] === -1) continue
    starts[nfa.first[edge] as number] = 1
    starts[(nfa.last[edge] as number) + 1] = 1
  }
  const classes = new Uint8Array(256)
  let classCount = 0
  for (let byte = 0; byte < 256; byte++) {
    if (starts[byte] === 1) classCount++
    classes[byte] = classCount - 1
  }
  return { classes, classCount }
}

function sortEdges(nfa: Nfa): { empty: number[][]; byte: number[][] } {
  const empty: number[][] = []
  const byte: number[][] = []
  for (let edge = 0; edge < nfa.from.length; edge++) {
    const from = nfa.from[edge] as number
    if (nfa.first[edge] === -1) push(empty, from, nfa.to[edge] as number)
    else push(byte, from, edge)
  }
  return { empty, byte }
}

function push(lists: number[][], index: number, value: number): void {
  const list = lists[index]
  if (list === undefined) lists[index] = [value]
  else list.push(value)
}
