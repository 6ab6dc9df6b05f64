/**
 * The path trie of all hosts: rows of 32 bytes, each a node or a slot of the hash table of literal edges that stands right behind its node.
 * Nodes are in preorder, so that everything below a place stands together: with 100 000 routes a request stays within a few neighbouring
 * cache lines and mostly one page, where one table for the edges of all nodes was a miss in cache and TLB per segment
 * (docs/decisions/016-tries-in-one-piece.md). docs/bundle-format.md, "Nodes". Written by trie-writer.ts.
 *
 *     node: 0 routeMethods u16, restMethods u16 | 1 the only route plus one, or first of its routes | 2 parameter child
 *           | 3 the only automaton plus one, or first of the constrained children | 4 the only constrained child, or their number
 *           | 5 number of slots | 6 zero 8
 *     slot: 0 child, 0: empty | 1 hash | 2 labelBytes u16, size class of the child's table u16 | 3 label 20 bytes, or offset, string, zero 12
 *
 * Words 1 and 3 have `IN_TABLE` set where there is more than one, and then a position in NRTE or CNST. A node is called by its row. Nodes
 * are a forest: every node is a root or has exactly one parent, and a child's row is behind its parent's.
 */
import { homeSlot } from './hash.ts'
import { EMPTY_I32, EMPTY_U8, type Sections, type Table } from './image.ts'
import { columnsOf, MAX_PROBES } from './layout.ts'

const CONSTRAINED = columnsOf('CNST')
const NODE_ROUTE = columnsOf('NRTE')

export const ROW_WORDS = 8
export const ROW_BYTES = 32
/** Words of a node. */
export const NODE = { methods: 0, route: 1, parameter: 2, constrained: 3, constrainedChild: 4, slots: 5, zero: 6 } as const
/** Words of a slot. */
export const SLOT = { child: 0, hash: 1, sizes: 2, label: 3 } as const
/** As i32 it makes a word negative: one comparison tells what is in it. */
export const IN_TABLE: number = 0x8000_0000 | 0
export const POSITION_MASK = 0x7fff_ffff

/** Where a label stands in its slot. */
export const LABEL_OFFSET = 12
/** Longer labels stand in the string bytes: that costs one cache miss more. */
export const INLINE_LABEL_BYTES = 20

/** What a slot says of its child's table, so that a walk from literal to literal need not look at the node between: 0 none, else log2 plus one. */
export function sizeClassOf(slots: number): number {
  return slots === 0 ? 0 : 32 - Math.clz32(slots)
}

/** 0 is never a child and means "none". A node that does not exist has no children and no routes, and so have all after `detach`. */
export class Trie {
  #rows: Int32Array
  /** The same memory as bytes, for labels. */
  #rowBytes: Uint8Array
  #stringBytes: Uint8Array
  readonly #constrained: Table
  readonly #routes: Table

  constructor(sections: Sections) {
    this.#rows = sections.i32('NODE')
    this.#rowBytes = sections.u8('NODE')
    this.#stringBytes = sections.u8('STRB')
    this.#constrained = sections.table('CNST')
    this.#routes = sections.table('NRTE')
  }

  /** Number of slots behind the node: a power of two, or 0. */
  slots(node: number): number {
    return this.#rows[node * ROW_WORDS + NODE.slots] ?? 0
  }

  /**
   * Row of the slot of `node` for the segment `bytes[start..end)` whose `segmentHash` is `hash`, an i32; 0 if there is none.
   * `slots` is `slots(node)`, or `slotsBehind` the slot that led to the node: then the node itself is not read.
   */
  slot(node: number, slots: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    if (slots === 0) return 0
    const rows = this.#rows
    const mask = slots - 1
    const size = end - start
    let position = homeSlot(hash, mask)
    // A table of one slot has no empty one to end at.
    for (let probes = 0; probes < slots && probes < MAX_PROBES; probes++) {
      const row = node + 1 + position
      const at = row * ROW_WORDS
      if ((rows[at] ?? 0) === 0) return 0
      if (rows[at + SLOT.hash] === hash && ((rows[at + SLOT.sizes] ?? 0) & 0xffff) === size && this.#isLabel(at, bytes, start, size))
        return row
      position = (position + 1) & mask
    }
    return 0
  }

  /** Node that a slot leads to. */
  child(slot: number): number {
    return this.#rows[slot * ROW_WORDS] ?? 0
  }

  /** `slots` of the node that a slot leads to. */
  slotsBehind(slot: number): number {
    return (1 << ((this.#rows[slot * ROW_WORDS + SLOT.sizes] ?? 0) >>> 16)) >> 1
  }

  /** Child of `node` for a segment; 0 if there is none. */
  literal(node: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const slot = this.slot(node, this.slots(node), hash, bytes, start, end)
    return slot === 0 ? 0 : this.child(slot)
  }

  /** Number of constrained children of a node, to be tried in order; the first that accepts is the only one that can. */
  constrainedCount(node: number): number {
    const word = this.#rows[node * ROW_WORDS + NODE.constrained] ?? 0
    if (word >= 0) return word === 0 ? 0 : 1
    return this.#rows[node * ROW_WORDS + NODE.constrainedChild] ?? 0
  }

  /** -1 where there is none. `0 <= position < constrainedCount` */
  constrainedAutomaton(node: number, position: number): number {
    const word = this.#rows[node * ROW_WORDS + NODE.constrained] ?? 0
    return (word >= 0 ? word : this.#constrained.at(CONSTRAINED.automaton, (word & POSITION_MASK) + position)) - 1
  }

  constrainedChild(node: number, position: number): number {
    const word = this.#rows[node * ROW_WORDS + NODE.constrained] ?? 0
    if (word >= 0) return word === 0 ? 0 : (this.#rows[node * ROW_WORDS + NODE.constrainedChild] ?? 0)
    return this.#constrained.at(CONSTRAINED.child, (word & POSITION_MASK) + position)
  }

  /** Child for any one non-empty segment; 0 if there is none. */
  parameter(node: number): number {
    return this.#rows[node * ROW_WORDS + NODE.parameter] ?? 0
  }

  /** Methods of the routes that end at the node: bit 1 is method id 1, and so on. */
  methods(node: number): number {
    return (this.#rows[node * ROW_WORDS] ?? 0) & 0xffff
  }

  /** Methods of the routes that go on from the node with `/**`. */
  restMethods(node: number): number {
    return (this.#rows[node * ROW_WORDS] ?? 0) >>> 16
  }

  /** Route that ends at the node, or -1. `0 <= methodId < 16`; id 0 has no routes. */
  route(node: number, methodId: number): number {
    const methods = this.methods(node)
    if (((methods >>> methodId) & 1) === 0) return -1
    const word = this.#rows[node * ROW_WORDS + NODE.route] ?? 0
    return word >= 0 ? word - 1 : this.#routeAt(word, bitCount(methods & ((1 << methodId) - 1)))
  }

  /** Route that goes on from the node with `/**`, or -1. */
  rest(node: number, methodId: number): number {
    const methods = this.restMethods(node)
    if (((methods >>> methodId) & 1) === 0) return -1
    const word = this.#rows[node * ROW_WORDS + NODE.route] ?? 0
    return word >= 0 ? word - 1 : this.#routeAt(word, bitCount(this.methods(node)) + bitCount(methods & ((1 << methodId) - 1)))
  }

  /** All nodes, in order: for people and self-checks, as the next one is, not for requests. */
  *nodes(): Generator<number> {
    for (let node = 0; node * ROW_WORDS < this.#rows.length; node += 1 + this.slots(node)) yield node
  }

  /** All literal edges, in the order of their slots. */
  *literals(): Generator<{ readonly parent: number; readonly child: number; readonly label: string }> {
    for (const parent of this.nodes()) {
      const end = parent + 1 + this.slots(parent)
      for (let slot = parent + 1; slot < end; slot++) {
        const at = slot * ROW_WORDS
        const child = this.#rows[at] as number
        if (child === 0) continue
        const size = (this.#rows[at + SLOT.sizes] as number) & 0xffff
        const inline = size <= INLINE_LABEL_BYTES
        const source = inline ? this.#rowBytes : this.#stringBytes
        const start = inline ? at * 4 + LABEL_OFFSET : (this.#rows[at + SLOT.label] as number)
        yield { parent, child, label: Buffer.from(source.buffer, source.byteOffset + start, size).toString('utf8') }
      }
    }
  }

  detach(): void {
    this.#rows = EMPTY_I32
    this.#rowBytes = EMPTY_U8
    this.#stringBytes = EMPTY_U8
    this.#constrained.drop()
    this.#routes.drop()
  }

  /** Whether the label of the slot whose words begin at `at` has these bytes. */
  #isLabel(at: number, bytes: Uint8Array, start: number, size: number): boolean {
    const inline = size <= INLINE_LABEL_BYTES
    const source = inline ? this.#rowBytes : this.#stringBytes
    const from = inline ? at * 4 + LABEL_OFFSET : (this.#rows[at + SLOT.label] ?? 0)
    for (let index = 0; index < size; index++) if (source[from + index] !== bytes[start + index]) return false
    return true
  }

  #routeAt(word: number, position: number): number {
    return this.#routes.at(NODE_ROUTE.route, (word & POSITION_MASK) + position) - 1
  }
}

/** Number of set bits in 16. */
export function bitCount(bits: number): number {
  let count = bits - ((bits >>> 1) & 0x5555)
  count = (count & 0x3333) + ((count >>> 2) & 0x3333)
  count = (count + (count >>> 4)) & 0x0f0f
  return (count + (count >>> 8)) & 0x1f
}
