/**
 * The path trie of all hosts: nodes in one array, literal edges in one open-addressing table keyed by parent and segment hash. This is the
 * router's hot path: a literal step touches one node (16 bytes) and, as a rule, one edge (32 bytes) with the label inside.
 * Rows, not columns: one cache line instead of four (bench/bundle.bench.ts).
 * docs/bundle-format.md, "Nodes", "Literal edges".
 *
 *     node: routeMethods u16 | restMethods u16 | firstRoute u31, hasLiterals 1 bit | parameter u32 | firstConstrained plus one u32
 *     edge: child u32, 0: empty slot | parent u32 | hash u32 | labelBytes u32 | label 16, or offset u32, string u32, zero 8 when longer
 *
 * Nodes are a forest: every node is a root or has exactly one parent, and a child's index is greater than its parent's.
 */
import { strict as assert } from 'node:assert'
import { edgeHome, segmentHash } from './hash.ts'
import { EMPTY_I32, EMPTY_U8, type Sections, type Table } from './image.ts'
import { columnsOf, MAX_PROBES } from './layout.ts'
import type { BundlePlan, MethodRoute } from './plan.ts'
import { placeKeys } from './slots.ts'
import { littleEndian, type Sink, type StringPool, TableBuilder } from './strings.ts'

const CONSTRAINED = columnsOf('CNST')
const NODE_ROUTE = columnsOf('NRTE')

export const NODE_WORDS = 4
export const EDGE_WORDS = 8
export const EDGE_BYTES = 32
/** Where a label stands in its edge. */
export const LABEL_OFFSET = 16
/** Longer labels stand in the string bytes: that costs one cache miss more. */
export const INLINE_LABEL_BYTES = 16
export const FIRST_ROUTE_MASK = 0x7fff_ffff
const HAS_LITERALS: number = 0x8000_0000 | 0

interface Edge {
  readonly parent: number
  readonly child: number
  readonly label: string
  readonly bytes: Uint8Array
  readonly hash: number
}

/** Literal edges of a plan, labels as bytes. */
export function collectEdges(plan: BundlePlan, strings: StringPool): Edge[] {
  const edges: Edge[] = []
  for (const [parent, node] of plan.nodes.entries()) {
    for (const { label, nodeIndex } of node.literals) {
      const bytes = Buffer.from(label)
      if (bytes.length > INLINE_LABEL_BYTES) strings.add(label)
      edges.push({ parent, child: nodeIndex, label, bytes, hash: segmentHash(bytes, 0, bytes.length) })
    }
  }
  return edges
}

/** Children by automaton and routes of nodes. */
export function buildNodeTables(plan: BundlePlan): [TableBuilder<'CNST'>, TableBuilder<'NRTE'>] {
  const sum = (countOf: (node: BundlePlan['nodes'][number]) => number) => plan.nodes.reduce((total, node) => total + countOf(node), 0)
  const constrained = new TableBuilder(
    'CNST',
    sum((node) => node.constrained.length),
  )
  const routes = new TableBuilder(
    'NRTE',
    sum((node) => node.routes.length + node.rest.length),
  )
  let nextConstrained = 0
  let nextRoute = 0
  for (const node of plan.nodes) {
    for (const [position, { automatonIndex, nodeIndex }] of node.constrained.entries()) {
      constrained.set(nextConstrained++, { automaton: automatonIndex + 1, child: nodeIndex, remaining: node.constrained.length - position })
    }
    for (const { routeIndex } of node.routes) routes.set(nextRoute++, { route: routeIndex + 1 })
    for (const { routeIndex } of node.rest) routes.set(nextRoute++, { route: routeIndex + 1 })
  }
  return [constrained, routes]
}

export function putTrie(plan: BundlePlan, edges: readonly Edge[], strings: StringPool, sink: Sink): void {
  const nodes = new Int32Array(plan.nodes.length * NODE_WORDS)
  let nextConstrained = 0
  let nextRoute = 0
  for (const [index, node] of plan.nodes.entries()) {
    const at = index * NODE_WORDS
    nodes[at] = methodMask(node.routes) | (methodMask(node.rest) << 16)
    nodes[at + 1] = nextRoute | (node.literals.length > 0 ? HAS_LITERALS : 0)
    nodes[at + 2] = node.parameterNodeIndex ?? 0
    nodes[at + 3] = node.constrained.length > 0 ? nextConstrained + 1 : 0
    nextRoute += node.routes.length + node.rest.length
    nextConstrained += node.constrained.length
  }
  sink.put('NODE', plan.nodes.length, littleEndian(nodes))

  const placed = placeKeys(edges.length, (index, mask) => {
    const edge = edges[index] as Edge
    return edgeHome(edge.parent, edge.hash, mask)
  })
  const words = new Int32Array(placed.length * EDGE_WORDS)
  const bytes = littleEndian(words)
  for (let slot = 0; slot < placed.length; slot++) {
    const edge = edges[(placed[slot] as number) - 1]
    if (edge === undefined) continue
    const at = slot * EDGE_WORDS
    words[at] = edge.child
    words[at + 1] = edge.parent
    words[at + 2] = edge.hash
    words[at + 3] = edge.bytes.length
    if (edge.bytes.length <= INLINE_LABEL_BYTES) bytes.set(edge.bytes, slot * EDGE_BYTES + LABEL_OFFSET)
    else {
      const string = strings.finalIndex(edge.label)
      words[at + 4] = strings.offset(string)
      words[at + 5] = string
    }
  }
  sink.put('EDGE', placed.length, bytes)
}

function methodMask(routes: readonly MethodRoute[]): number {
  let mask = 0
  for (const { methodId } of routes) {
    assert(methodId > 0 && methodId < 16 && mask >>> methodId === 0, 'routes of a node are sorted by method id')
    mask |= 1 << methodId
  }
  return mask
}

/**
 * Node indices are those of the nodes section; 0 is never a child and means "none". A node that does not exist has no children and no
 * routes, and so have all after `detach`.
 */
export class Trie {
  #nodes: Int32Array
  #edges: Int32Array
  /** The same memory as bytes, for labels. */
  #edgeBytes: Uint8Array
  readonly #edgeMask: number
  #stringBytes: Uint8Array
  readonly #constrained: Table
  readonly #routes: Table

  constructor(sections: Sections) {
    this.#nodes = sections.i32('NODE')
    this.#edges = sections.i32('EDGE')
    this.#edgeBytes = sections.u8('EDGE')
    this.#edgeMask = sections.count('EDGE') - 1
    this.#stringBytes = sections.u8('STRB')
    this.#constrained = sections.table('CNST')
    this.#routes = sections.table('NRTE')
  }

  get nodeCount(): number {
    return this.#nodes.length / NODE_WORDS
  }

  /** Child of `node` for the segment `bytes[start..end)` whose `segmentHash` is `hash`, an i32; 0 if there is none. */
  literal(node: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    // Many nodes have parameters only: their own word says so, without a look at the table.
    if ((this.#nodes[node * NODE_WORDS + 1] ?? 0) >= 0) return 0
    const edges = this.#edges
    const mask = this.#edgeMask
    const size = end - start
    let slot = edgeHome(node, hash, mask)
    for (let probes = 0; probes < MAX_PROBES; probes++) {
      const at = slot * EDGE_WORDS
      const child = edges[at] ?? 0
      if (child === 0) return 0
      if (edges[at + 2] === hash && edges[at + 1] === node && edges[at + 3] === size && this.#isLabel(slot, bytes, start, size))
        return child
      slot = (slot + 1) & mask
    }
    return 0
  }

  /** First of the constrained children of a node, to be tried in order; the first that accepts is the only one that can. */
  constrainedFirst(node: number): number {
    return (this.#nodes[node * NODE_WORDS + 3] ?? 0) - 1
  }

  constrainedCount(node: number): number {
    return this.#constrained.at(CONSTRAINED.remaining, this.constrainedFirst(node))
  }

  /** -1 where there is none. */
  constrainedAutomaton(position: number): number {
    return this.#constrained.at(CONSTRAINED.automaton, position) - 1
  }

  constrainedChild(position: number): number {
    return this.#constrained.at(CONSTRAINED.child, position)
  }

  /** Child for any one non-empty segment; 0 if there is none. */
  parameter(node: number): number {
    return this.#nodes[node * NODE_WORDS + 2] ?? 0
  }

  /** Methods of the routes that end at the node: bit 1 is method id 1, and so on. */
  methods(node: number): number {
    return (this.#nodes[node * NODE_WORDS] ?? 0) & 0xffff
  }

  /** Methods of the routes that go on from the node with `/**`. */
  restMethods(node: number): number {
    return (this.#nodes[node * NODE_WORDS] ?? 0) >>> 16
  }

  /** Route that ends at the node, or -1. `0 <= methodId < 16`; id 0 has no routes. */
  route(node: number, methodId: number): number {
    const methods = this.methods(node)
    if (((methods >>> methodId) & 1) === 0) return -1
    return this.#routeAt(node, bitCount(methods & ((1 << methodId) - 1)))
  }

  /** Route that goes on from the node with `/**`, or -1. */
  rest(node: number, methodId: number): number {
    const methods = this.restMethods(node)
    if (((methods >>> methodId) & 1) === 0) return -1
    return this.#routeAt(node, bitCount(this.methods(node)) + bitCount(methods & ((1 << methodId) - 1)))
  }

  /** All literal edges in the order of the table: for people and self-checks, not for requests. */
  *literals(): Generator<{ readonly parent: number; readonly child: number; readonly label: string }> {
    for (let at = 0; at < this.#edges.length; at += EDGE_WORDS) {
      const child = this.#edges[at] as number
      if (child === 0) continue
      const size = this.#edges[at + 3] as number
      const inline = size <= INLINE_LABEL_BYTES
      const source = inline ? this.#edgeBytes : this.#stringBytes
      const start = inline ? at * 4 + LABEL_OFFSET : (this.#edges[at + 4] as number)
      const label = Buffer.from(source.buffer, source.byteOffset + start, size).toString('utf8')
      yield { parent: this.#edges[at + 1] as number, child, label }
    }
  }

  detach(): void {
    this.#nodes = EMPTY_I32
    this.#edges = EMPTY_I32
    this.#edgeBytes = EMPTY_U8
    this.#stringBytes = EMPTY_U8
    this.#constrained.drop()
    this.#routes.drop()
  }

  #isLabel(slot: number, bytes: Uint8Array, start: number, size: number): boolean {
    const inline = size <= INLINE_LABEL_BYTES
    const source = inline ? this.#edgeBytes : this.#stringBytes
    const from = inline ? slot * EDGE_BYTES + LABEL_OFFSET : (this.#edges[slot * EDGE_WORDS + 4] ?? 0)
    for (let index = 0; index < size; index++) if (source[from + index] !== bytes[start + index]) return false
    return true
  }

  #routeAt(node: number, position: number): number {
    const first = (this.#nodes[node * NODE_WORDS + 1] ?? 0) & FIRST_ROUTE_MASK
    return this.#routes.at(NODE_ROUTE.route, first + position) - 1
  }
}

/** Number of set bits in 16. */
export function bitCount(bits: number): number {
  let count = bits - ((bits >>> 1) & 0x5555)
  count = (count & 0x3333) + ((count >>> 2) & 0x3333)
  count = (count + (count >>> 4)) & 0x0f0f
  return (count + (count >>> 8)) & 0x1f
}
