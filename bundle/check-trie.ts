/**
 * Proves the path trie: every link inside, every child behind its parent and with no other one, every edge where a lookup finds it, no walk
 * longer than the limit, and no route taking anything off a path but what all its paths begin with. Linear in the size of the sections.
 */
import { edgeHome, segmentHash } from './hash.ts'
import type { Sections } from './image.ts'
import { columnsOf } from './layout.ts'
import { LIMITS } from './limits.ts'
import { METHODS } from './plan.ts'
import { checkSlots } from './slots.ts'
import { bitCount, EDGE_BYTES, EDGE_WORDS, FIRST_ROUTE_MASK, INLINE_LABEL_BYTES, LABEL_OFFSET, NODE_WORDS } from './trie.ts'

const ROUTE = columnsOf('ROUT')
const HOST = columnsOf('HOST')
const CONSTRAINED = columnsOf('CNST')
const NODE_ROUTE = columnsOf('NRTE')
const GET = METHODS.indexOf('GET')
const HEAD = METHODS.indexOf('HEAD')
const SLASH = 0x2f
const KNOWN_METHODS = ((1 << METHODS.length) - 1) & ~1

/** How a node hangs on its parent. */
const KIND_LITERAL = 1
const KIND_CONSTRAINED = 2
const KIND_PARAMETER = 3

/** What is learnt about the nodes on the way. */
class Forest {
  readonly count: number
  /** -1: none seen. */
  readonly parent: Int32Array
  readonly kind: Uint8Array
  /** Of literal children. */
  readonly labelBytes: Uint16Array

  constructor(count: number) {
    this.count = count
    this.parent = new Int32Array(count).fill(-1)
    this.kind = new Uint8Array(count)
    this.labelBytes = new Uint16Array(count)
  }

  /** What is wrong with this link, if anything. */
  link(parent: number, child: number, kind: number, labelBytes: number): string | undefined {
    if (parent < 0 || child <= parent || child >= this.count) return 'does not lead forward to a node'
    if (this.parent[child] !== -1) return 'leads to a node that has a parent already'
    this.parent[child] = parent
    this.kind[child] = kind
    this.labelBytes[child] = labelBytes
    return undefined
  }
}

export function checkTrie(sections: Sections): string | undefined {
  const count = sections.count('NODE')
  if (count > LIMITS.nodes) return `nodes: more than ${LIMITS.nodes}`
  const forest = new Forest(count)
  return (
    checkNodes(sections, forest) ??
    checkEdges(sections, forest) ??
    checkRoots(sections, forest) ??
    checkVisits(forest) ??
    checkPaths(sections, forest)
  )
}

function checkNodes(sections: Sections, forest: Forest): string | undefined {
  const nodes = sections.i32('NODE')
  const constrained = sections.table('CNST')
  const nodeRoutes = sections.table('NRTE')
  const routes = sections.table('ROUT')
  let nextRoute = 0
  let nextConstrained = 0
  for (let index = 0; index < forest.count; index++) {
    const at = index * NODE_WORDS
    const masks = nodes[at] as number
    const first = (nodes[at + 1] as number) & FIRST_ROUTE_MASK
    if (((masks & 0xffff) | (masks >>> 16)) & ~KNOWN_METHODS) return `nodes: node ${index} has an unknown method`
    if (first !== nextRoute) return `nodes: the routes of node ${index} do not begin where those of the one before end`
    for (const mask of [masks & 0xffff, masks >>> 16]) {
      if (mask === 0) continue
      if (nextRoute + bitCount(mask) > nodeRoutes.count) return `node routes: they end within node ${index}`
      for (let method = 1; method < METHODS.length; method++) {
        if (((mask >>> method) & 1) === 0) continue
        const routeMethod = routes.at(ROUTE.method, nodeRoutes.at(NODE_ROUTE.route, nextRoute) - 1)
        // A GET route answers HEAD as well.
        if (routeMethod !== method && !(method === HEAD && routeMethod === GET))
          return `node routes: entry ${nextRoute} has another method than its route`
        nextRoute++
      }
    }
    const parameter = nodes[at + 2] as number
    if (parameter !== 0) {
      const wrong = forest.link(index, parameter, KIND_PARAMETER, 0)
      if (wrong !== undefined) return `nodes: the parameter of node ${index} ${wrong}`
    }
    if (nodes[at + 3] === 0) continue
    if ((nodes[at + 3] as number) - 1 !== nextConstrained)
      return `nodes: the constrained children of node ${index} do not begin where those before end`
    const size = constrained.at(CONSTRAINED.remaining, nextConstrained)
    if (size === 0 || size > constrained.count - nextConstrained) return `constrained children: they end within node ${index}`
    for (let remaining = size; remaining > 0; remaining--) {
      if (constrained.at(CONSTRAINED.remaining, nextConstrained) !== remaining)
        return `constrained children: entry ${nextConstrained} counts wrong`
      const wrong = forest.link(index, constrained.at(CONSTRAINED.child, nextConstrained), KIND_CONSTRAINED, 0)
      if (wrong !== undefined) return `constrained children: entry ${nextConstrained} ${wrong}`
      nextConstrained++
    }
  }
  if (nextRoute !== nodeRoutes.count) return `node routes: ${nodeRoutes.count}, but the nodes have ${nextRoute}`
  if (nextConstrained !== constrained.count) return `constrained children: ${constrained.count}, but the nodes have ${nextConstrained}`
  return undefined
}

function checkEdges(sections: Sections, forest: Forest): string | undefined {
  const nodes = sections.i32('NODE')
  const words = sections.i32('EDGE')
  const bytes = sections.u8('EDGE')
  const strings = sections.u8('STRB')
  const offsets = sections.u32('STRO')
  const slots = sections.count('EDGE')
  const mask = slots - 1
  const homes = new Int32Array(slots).fill(-1)
  const hasLiterals = new Uint8Array(forest.count)
  for (let slot = 0; slot < slots; slot++) {
    const at = slot * EDGE_WORDS
    const child = words[at] as number
    if (child === 0) {
      for (let word = at + 1; word < at + EDGE_WORDS; word++)
        if (words[word] !== 0) return `literal edges: slot ${slot} is empty but not zero`
      continue
    }
    const parent = words[at + 1] as number
    const hash = words[at + 2] as number
    const size = words[at + 3] as number
    if (size < 0 || size > LIMITS.pathBytes) return `literal edges: the label of slot ${slot} is longer than a path`
    const wrong = forest.link(parent, child, KIND_LITERAL, size)
    if (wrong !== undefined) return `literal edges: slot ${slot} ${wrong}`
    hasLiterals[parent] = 1
    let source = bytes
    let start = slot * EDGE_BYTES + LABEL_OFFSET
    if (size <= INLINE_LABEL_BYTES) {
      for (let index = size; index < INLINE_LABEL_BYTES; index++) {
        if (bytes[start + index] !== 0) return `literal edges: the label of slot ${slot} is not followed by zeros`
      }
    } else {
      const string = words[at + 5] as number
      source = strings
      start = words[at + 4] as number
      if (string < 0 || string >= offsets.length - 1) return `literal edges: the label of slot ${slot} is no string`
      if (offsets[string] !== start || (offsets[string + 1] as number) - start !== size)
        return `literal edges: the label of slot ${slot} is not its string`
      if (words[at + 6] !== 0 || words[at + 7] !== 0) return `literal edges: slot ${slot} does not end with zeros`
    }
    for (let index = start; index < start + size; index++)
      if (source[index] === SLASH) return `literal edges: the label of slot ${slot} has a slash`
    if (segmentHash(source, start, start + size) !== hash) return `literal edges: slot ${slot} has a wrong hash`
    homes[slot] = edgeHome(parent, hash, mask)
  }
  const wrong = checkSlots(homes)
  if (wrong !== undefined) return `literal edges: ${wrong}`
  const repeated = findRepeatedLabel(words, bytes, homes)
  if (repeated !== -1) return `literal edges: slot ${repeated} repeats a label of its node`
  for (let index = 0; index < forest.count; index++) {
    if ((hasLiterals[index] === 1) !== (nodes[index * NODE_WORDS + 1] as number) < 0)
      return `nodes: node ${index} says wrongly whether it has literals`
  }
  return undefined
}

/** Slot whose parent and label another slot between its home and it has: a lookup would find only that one. -1 if there is none. */
function findRepeatedLabel(words: Int32Array, bytes: Uint8Array, homes: Int32Array): number {
  const mask = homes.length - 1
  for (let slot = 0; slot < homes.length; slot++) {
    const home = homes[slot] as number
    if (home === -1) continue
    for (let other = home; other !== slot; other = (other + 1) & mask) {
      const a = slot * EDGE_WORDS
      const b = other * EDGE_WORDS
      if (words[a + 1] !== words[b + 1] || words[a + 2] !== words[b + 2] || words[a + 3] !== words[b + 3]) continue
      // Equal labels have equal bytes here: inline ones are padded with zeros, longer ones name their string, and strings are distinct.
      let same = true
      for (let byte = LABEL_OFFSET; byte < EDGE_BYTES && same; byte++)
        same = bytes[slot * EDGE_BYTES + byte] === bytes[other * EDGE_BYTES + byte]
      if (same) return slot
    }
  }
  return -1
}

/** With every child behind its one parent, "a root or a child" for each node means that each can be reached, and that no walk is endless. */
function checkRoots(sections: Sections, forest: Forest): string | undefined {
  const hosts = sections.table('HOST')
  const isRoot = new Uint8Array(forest.count)
  for (let row = 0; row < hosts.count; row++) {
    const root = hosts.at(HOST.root, row) - 1
    if (forest.parent[root] !== -1) return `hosts: the root of host ${row} has a parent`
    isRoot[root] = 1
  }
  for (let index = 0; index < forest.count; index++) {
    if (isRoot[index] === 0 && forest.parent[index] === -1) return `nodes: node ${index} cannot be reached`
  }
  return undefined
}

/** The formula of visits.ts, folded from the last node to the first. */
function checkVisits(forest: Forest): string | undefined {
  // No value above the limit gets this far.
  const literal = new Uint16Array(forest.count)
  const constrained = new Uint16Array(forest.count)
  const parameter = new Uint16Array(forest.count)
  for (let index = forest.count - 1; index >= 0; index--) {
    const visits = 1 + (literal[index] as number) + (constrained[index] as number) + (parameter[index] as number)
    if (visits > LIMITS.visitedNodes) return `nodes: a request could visit more than ${LIMITS.visitedNodes} nodes from node ${index} on`
    const parent = forest.parent[index] as number
    if (parent === -1) continue
    const kind = forest.kind[index]
    const into = kind === KIND_LITERAL ? literal : kind === KIND_CONSTRAINED ? constrained : parameter
    if (visits > (into[parent] as number)) into[parent] = visits
  }
  return undefined
}

/**
 * A route may take off literal segments that all its paths begin with, whole ones: what is left begins with a slash or is empty.
 * And no node is deeper than a path has segments, so that looking back from a route to the root is a bounded walk too.
 */
function checkPaths(sections: Sections, forest: Forest): string | undefined {
  const nodes = sections.i32('NODE')
  const nodeRoutes = sections.table('NRTE')
  const routes = sections.table('ROUT')
  const depth = new Uint16Array(forest.count)
  /** Size of the path from the root where it is all literals, or -1. */
  const literalBytes = new Int32Array(forest.count)
  let position = 0
  for (let index = 0; index < forest.count; index++) {
    const parent = forest.parent[index] as number
    if (parent !== -1) {
      const above = literalBytes[parent] as number
      depth[index] = (depth[parent] as number) + 1
      if ((depth[index] as number) > LIMITS.pathSegments) return `nodes: node ${index} is deeper than ${LIMITS.pathSegments} segments`
      literalBytes[index] = above === -1 || forest.kind[index] !== KIND_LITERAL ? -1 : above + 1 + (forest.labelBytes[index] as number)
    }
    const masks = nodes[index * NODE_WORDS] as number
    const end = position + bitCount(masks & 0xffff) + bitCount(masks >>> 16)
    for (; position < end; position++) {
      const route = nodeRoutes.at(NODE_ROUTE.route, position) - 1
      const stripped = routes.at(ROUTE.strippedBytes, route)
      let node = stripped === 0 ? -1 : index
      while (node !== -1 && literalBytes[node] !== stripped) node = forest.parent[node] as number
      if (node === -1 && stripped !== 0) return `routes: route ${route} takes something else off its paths than literal segments`
    }
  }
  return undefined
}
