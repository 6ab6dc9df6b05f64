/**
 * Proves the path trie: every link inside, every child behind its parent and with no other one, every literal where a lookup finds it, no walk
 * longer than the limit, and no route taking anything off a path but what all its paths begin with. Linear in the size of the sections.
 */
import { LiteralsCheck } from './check-literals.ts'
import type { Sections } from './image.ts'
import { columnsOf } from './layout.ts'
import { LIMITS } from './limits.ts'
import { METHODS } from './plan.ts'
import { bitCount, NODE, POSITION_MASK, ROW_WORDS, sizeClassOf } from './trie.ts'

const ROUTE = columnsOf('ROUT')
const HOST = columnsOf('HOST')
const CONSTRAINED = columnsOf('CNST')
const NODE_ROUTE = columnsOf('NRTE')
const GET = METHODS.indexOf('GET')
const HEAD = METHODS.indexOf('HEAD')
const KNOWN_METHODS = ((1 << METHODS.length) - 1) & ~1

/** How a node hangs on its parent. */
const KIND_LITERAL = 1
const KIND_CONSTRAINED = 2
const KIND_PARAMETER = 3

/** What is learnt on the way, by row. */
class Forest {
  readonly count: number
  /** 1: a node begins here; 0: a slot. */
  readonly isNode: Uint8Array
  /** -1: none seen. */
  readonly parent: Int32Array
  readonly kind: Uint8Array
  /** Of literal children: what the slot says of label and table. */
  readonly sizes: Int32Array

  constructor(count: number) {
    this.count = count
    this.isNode = new Uint8Array(count)
    this.parent = new Int32Array(count).fill(-1)
    this.kind = new Uint8Array(count)
    this.sizes = new Int32Array(count)
  }

  /** What is wrong with this link, if anything. That a node begins at `child` is proved when all rows were seen. */
  link(parent: number, child: number, kind: number, sizes: number): string | undefined {
    if (child <= parent || child >= this.count) return 'does not lead forward to a node'
    if (this.parent[child] !== -1) return 'leads to a node that has a parent already'
    this.parent[child] = parent
    this.kind[child] = kind
    this.sizes[child] = sizes
    return undefined
  }
}

/** `nodeCount` is what the manifest says. */
export function checkTrie(sections: Sections, nodeCount: number): string | undefined {
  const count = sections.count('NODE')
  if (count > LIMITS.nodes) return `nodes: more than ${LIMITS.nodes} rows`
  const forest = new Forest(count)
  return (
    checkRows(sections, forest, nodeCount) ??
    checkConstrained(sections, forest) ??
    checkNodeRoutes(sections, forest) ??
    checkRoots(sections, forest) ??
    checkVisits(forest) ??
    checkPaths(sections, forest)
  )
}

/** Node by node with its table: a lookup finds each of its labels, and finds nothing where there is none. */
function checkRows(sections: Sections, forest: Forest, nodeCount: number): string | undefined {
  const rows = sections.i32('NODE')
  const literals = new LiteralsCheck(sections, (node, child, sizes) => forest.link(node, child, KIND_LITERAL, sizes))
  let nodes = 0
  let behind = 0
  for (let node = 0; node < forest.count; node = behind) {
    const at = node * ROW_WORDS
    const slots = rows[at + NODE.slots] as number
    if (slots < 0 || slots > forest.count - node - 1) return `nodes: they end within node ${node}`
    if (rows[at + NODE.zero] !== 0 || rows[at + NODE.zero + 1] !== 0) return `nodes: node ${node} does not end with zeros`
    behind = node + 1 + slots
    nodes++
    forest.isNode[node] = 1
    const parameter = rows[at + NODE.parameter] as number
    const wrong =
      (parameter === 0 ? undefined : forest.link(node, parameter, KIND_PARAMETER, 0)) ??
      (slots === 0 ? undefined : literals.check(node, slots))
    if (wrong !== undefined) return `nodes: node ${node} ${wrong}`
  }
  return nodes === nodeCount ? undefined : `manifest: it counts ${nodeCount} nodes, and there are ${nodes}`
}

function checkConstrained(sections: Sections, forest: Forest): string | undefined {
  const rows = sections.i32('NODE')
  const constrained = sections.table('CNST')
  const automata = sections.count('AUTO')
  let next = 0
  for (let node = 0; node < forest.count; node++) {
    if (forest.isNode[node] === 0) continue
    const word = rows[node * ROW_WORDS + NODE.constrained] as number
    const child = rows[node * ROW_WORDS + NODE.constrainedChild] as number
    if (word >= 0) {
      if (word === 0 && child === 0) continue
      if (word === 0 || word > automata) return `nodes: the automaton of node ${node} does not exist`
      const wrong = forest.link(node, child, KIND_CONSTRAINED, 0)
      if (wrong !== undefined) return `nodes: the constrained child of node ${node} ${wrong}`
      continue
    }
    if ((word & POSITION_MASK) !== next) return `nodes: the constrained children of node ${node} do not begin where those before end`
    // A single one stands in its node.
    if (child < 2 || child > constrained.count - next) return `constrained children: they end within node ${node}`
    for (const end = next + child; next < end; next++) {
      const wrong = forest.link(node, constrained.at(CONSTRAINED.child, next), KIND_CONSTRAINED, 0)
      if (wrong !== undefined) return `constrained children: entry ${next} ${wrong}`
    }
  }
  return next === constrained.count ? undefined : `constrained children: ${constrained.count}, but the nodes have ${next}`
}

/** Each route of a node stands under a method of its own, and in NRTE only where it is not the only one. */
function checkNodeRoutes(sections: Sections, forest: Forest): string | undefined {
  const rows = sections.i32('NODE')
  const nodeRoutes = sections.table('NRTE')
  const routes = sections.table('ROUT')
  let next = 0
  for (let index = 0; index < forest.count; index++) {
    if (forest.isNode[index] === 0) continue
    const masks = rows[index * ROW_WORDS] as number
    const word = rows[index * ROW_WORDS + NODE.route] as number
    if (((masks & 0xffff) | (masks >>> 16)) & ~KNOWN_METHODS) return `nodes: node ${index} has an unknown method`
    const count = bitCount(masks & 0xffff) + bitCount(masks >>> 16)
    if (word >= 0) {
      if ((count === 0) !== (word === 0)) return `nodes: node ${index} has methods and no route, or a route and no methods`
      if (word > routes.count) return `nodes: the route of node ${index} does not exist`
    } else {
      if ((word & POSITION_MASK) !== next) return `nodes: the routes of node ${index} do not begin where those before end`
      if (count > nodeRoutes.count - next) return `node routes: they end within node ${index}`
    }
    let isOne = true
    for (let left = masks; left !== 0; left &= left - 1) {
      const method = (31 - Math.clz32(left & -left)) & 15
      const route = (word >= 0 ? word : nodeRoutes.at(NODE_ROUTE.route, next)) - 1
      const routeMethod = routes.at(ROUTE.method, route)
      // A GET route answers HEAD as well.
      if (routeMethod !== method && !(method === HEAD && routeMethod === GET))
        return `nodes: node ${index} has route ${route} under another method than its own`
      if (word >= 0) continue
      isOne &&= next === (word & POSITION_MASK) || route === nodeRoutes.at(NODE_ROUTE.route, next - 1) - 1
      next++
    }
    if (word < 0 && isOne) return `node routes: node ${index} does not have several`
  }
  if (next !== nodeRoutes.count) return `node routes: ${nodeRoutes.count}, but the nodes have ${next}`
  return undefined
}

/** With every child behind its one parent, "a root or a child" for each node means that each can be reached, and that no walk is endless. */
function checkRoots(sections: Sections, forest: Forest): string | undefined {
  const rows = sections.i32('NODE')
  const hosts = sections.table('HOST')
  const isRoot = new Uint8Array(forest.count)
  for (let row = 0; row < hosts.count; row++) {
    const root = hosts.at(HOST.root, row) - 1
    if (forest.parent[root] !== -1) return `hosts: the root of host ${row} has a parent`
    isRoot[root] = 1
  }
  for (let index = 0; index < forest.count; index++) {
    const isLinked = isRoot[index] !== 0 || forest.parent[index] !== -1
    if (forest.isNode[index] === 0) {
      if (isLinked) return `nodes: row ${index} is a slot, and what leads to it takes it for a node`
      continue
    }
    if (!isLinked) return `nodes: node ${index} cannot be reached`
    if (
      forest.kind[index] === KIND_LITERAL &&
      (forest.sizes[index] as number) >>> 16 !== sizeClassOf(rows[index * ROW_WORDS + NODE.slots] as number)
    )
      return `nodes: the slot that leads to node ${index} says something else of its table`
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
  const rows = sections.i32('NODE')
  const nodeRoutes = sections.table('NRTE')
  const routes = sections.table('ROUT')
  const depth = new Uint16Array(forest.count)
  /** Size of the path from the root where it is all literals, or -1. */
  const literalBytes = new Int32Array(forest.count)
  /** Whether a route with this many bytes off its paths may end at or below a node. */
  const mayStrip = (stripped: number, index: number): boolean => {
    let node = index
    while (node !== -1 && literalBytes[node] !== stripped) node = forest.parent[node] as number
    return stripped === 0 || node !== -1
  }
  for (let index = 0; index < forest.count; index++) {
    if (forest.isNode[index] === 0) continue
    const parent = forest.parent[index] as number
    if (parent !== -1) {
      const above = literalBytes[parent] as number
      depth[index] = (depth[parent] as number) + 1
      if ((depth[index] as number) > LIMITS.pathSegments) return `nodes: node ${index} is deeper than ${LIMITS.pathSegments} segments`
      literalBytes[index] =
        above === -1 || forest.kind[index] !== KIND_LITERAL ? -1 : above + 1 + ((forest.sizes[index] as number) & 0xffff)
    }
    const word = rows[index * ROW_WORDS + NODE.route] as number
    if (word === 0) continue
    const masks = rows[index * ROW_WORDS] as number
    const first = word & POSITION_MASK
    // The only route once, or all entries of the table.
    const end = word > 0 ? first + 1 : first + bitCount(masks & 0xffff) + bitCount(masks >>> 16)
    for (let position = first; position < end; position++) {
      const route = (word > 0 ? word : nodeRoutes.at(NODE_ROUTE.route, position)) - 1
      if (!mayStrip(routes.at(ROUTE.strippedBytes, route), index))
        return `routes: route ${route} takes something else off its paths than literal segments`
    }
  }
  return undefined
}
