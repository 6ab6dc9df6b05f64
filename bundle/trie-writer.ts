/** Writes what trie.ts reads: nodes with the tables of their literal edges, and the tables of nodes with more than one route or automaton. */
import { strict as assert } from 'node:assert'
import { homeSlot, segmentHash } from './hash.ts'
import { MIN_NODE_SLOTS } from './layout.ts'
import type { BundlePlan, MethodRoute, NodePlan } from './plan.ts'
import { placeKeys } from './slots.ts'
import { littleEndian, type Sink, type StringPool, TableBuilder } from './strings.ts'

import { IN_TABLE, INLINE_LABEL_BYTES, LABEL_OFFSET, NODE, ROW_WORDS, SLOT, sizeClassOf } from './trie.ts'

interface Label {
  readonly bytes: Uint8Array
  readonly hash: number
}

/** Where everything of a trie will stand. */
export interface TriePlaces {
  /** Row of each node of the plan. */
  readonly rows: Int32Array
  /** By node of the plan: position in its table -> literal plus one, 0 for empty. */
  readonly tables: readonly Int32Array[]
  /** Of all literals, in the order of the nodes. */
  readonly labels: readonly Label[]
  readonly rowCount: number
}

const NO_SLOTS = new Int32Array(0)
/** One literal alone needs no empty slot behind it: whoever looks for another one has seen the whole table. */
const ONE_SLOT = Int32Array.of(1)

export function placeTrie(plan: BundlePlan, strings: StringPool): TriePlaces {
  const labels: Label[] = []
  const tables: Int32Array[] = []
  const rows = new Int32Array(plan.nodes.length)
  let rowCount = 0
  for (const [index, { literals }] of plan.nodes.entries()) {
    const from = labels.length
    for (const { label } of literals) {
      const bytes = Buffer.from(label)
      if (bytes.length > INLINE_LABEL_BYTES) strings.add(label)
      labels.push({ bytes, hash: segmentHash(bytes, 0, bytes.length) })
    }
    let table: Int32Array = literals.length === 0 ? NO_SLOTS : ONE_SLOT
    if (literals.length > 1) {
      table = placeKeys(literals.length, (literal, mask) => homeSlot((labels[from + literal] as Label).hash, mask), MIN_NODE_SLOTS)
    }
    tables.push(table)
    rows[index] = rowCount
    rowCount += 1 + table.length
  }
  return { rows, tables, labels, rowCount }
}

/** Children by automaton and routes, of nodes that have more than one. */
export function buildNodeTables(plan: BundlePlan, { rows }: TriePlaces): [TableBuilder<'CNST'>, TableBuilder<'NRTE'>] {
  const constrained = plan.nodes.flatMap((node) => (node.constrained.length > 1 ? node.constrained : []))
  const routes = plan.nodes.flatMap((node) => (onlyRoute(node) === -1 ? [...node.routes, ...node.rest] : []))
  const children = new TableBuilder('CNST', constrained.length)
  for (const [row, { automatonIndex, nodeIndex }] of constrained.entries())
    children.set(row, { automaton: automatonIndex + 1, child: rows[nodeIndex] as number })
  const nodeRoutes = new TableBuilder('NRTE', routes.length)
  for (const [row, { routeIndex }] of routes.entries()) nodeRoutes.set(row, { route: routeIndex + 1 })
  return [children, nodeRoutes]
}

export function putTrie(plan: BundlePlan, { rows, tables, labels, rowCount }: TriePlaces, strings: StringPool, sink: Sink): void {
  const words = new Int32Array(rowCount * ROW_WORDS)
  const bytes = littleEndian(words)
  let nextConstrained = 0
  let nextRoute = 0
  let firstLabel = 0
  for (const [index, node] of plan.nodes.entries()) {
    const at = (rows[index] as number) * ROW_WORDS
    const table = tables[index] as Int32Array
    words[at + NODE.methods] = methodMask(node.routes) | (methodMask(node.rest) << 16)
    const route = onlyRoute(node)
    if (route !== -1) words[at + NODE.route] = route + 1
    else if (node.routes.length + node.rest.length > 0) {
      words[at + NODE.route] = nextRoute | IN_TABLE
      nextRoute += node.routes.length + node.rest.length
    }
    if (node.parameterNodeIndex !== undefined) words[at + NODE.parameter] = rows[node.parameterNodeIndex] as number
    const [first] = node.constrained
    if (node.constrained.length > 1) {
      words[at + NODE.constrained] = nextConstrained | IN_TABLE
      words[at + NODE.constrainedChild] = node.constrained.length
      nextConstrained += node.constrained.length
    } else if (first !== undefined) {
      words[at + NODE.constrained] = first.automatonIndex + 1
      words[at + NODE.constrainedChild] = rows[first.nodeIndex] as number
    }
    words[at + NODE.slots] = table.length
    for (let position = 0; position < table.length; position++) {
      const literal = (table[position] as number) - 1
      if (literal === -1) continue
      const { label, nodeIndex } = node.literals[literal] as NodePlan['literals'][number]
      const { bytes: labelBytes, hash } = labels[firstLabel + literal] as Label
      const slot = at + (1 + position) * ROW_WORDS
      words[slot + SLOT.child] = rows[nodeIndex] as number
      words[slot + SLOT.hash] = hash
      words[slot + SLOT.sizes] = labelBytes.length | (sizeClassOf((tables[nodeIndex] as Int32Array).length) << 16)
      if (labelBytes.length <= INLINE_LABEL_BYTES) bytes.set(labelBytes, slot * 4 + LABEL_OFFSET)
      else {
        const string = strings.finalIndex(label)
        words[slot + SLOT.label] = strings.offset(string)
        words[slot + SLOT.label + 1] = string
      }
    }
    firstLabel += node.literals.length
  }
  sink.put('NODE', rowCount, bytes)
}

/** The route of a node that has one and no other: a GET counts once though it stands for HEAD as well. -1: none, or several. */
function onlyRoute({ routes, rest }: NodePlan): number {
  const route = (routes[0] ?? rest[0])?.routeIndex ?? -1
  for (const { routeIndex } of routes) if (routeIndex !== route) return -1
  for (const { routeIndex } of rest) if (routeIndex !== route) return -1
  return route
}

function methodMask(routes: readonly MethodRoute[]): number {
  let mask = 0
  for (const { methodId } of routes) {
    assert(methodId > 0 && methodId < 16 && mask >>> methodId === 0, 'routes of a node are sorted by method id')
    mask |= 1 << methodId
  }
  return mask
}
