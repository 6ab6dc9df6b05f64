/**
 * Finds the route of a request: host -> root of a trie -> depth-first walk over the segments of the canonical path, in the bundle's bytes.
 * One scan finds segments and their hashes; nothing is allocated. Preference at each place: literal, constrained, parameter, `/**`,
 * among the routes that have the request's method; a dead end goes back to the next best. DESIGN 3 is the contract.
 */
import type { Bundle } from '../bundle/bundle.ts'
import { HASH_SEED, hashByte } from '../bundle/hash.ts'
import { LIMITS } from '../bundle/limits.ts'
import { METHODS } from '../bundle/plan.ts'

const SLASH = 0x2f
const NO_ROUTE = -1

/** One per worker: `find` leaves its answer in the fields, to be read before the next call. */
export class Router {
  /** 0-based; -1 when nothing matches. */
  route = NO_ROUTE
  /** When nothing matches: bit mask, by method id, of the methods for which a route does. 0: no such path. */
  otherMethods = 0
  /** Trie nodes that the last walk visited. */
  visited = 0

  readonly #starts = new Uint32Array(LIMITS.pathSegments)
  readonly #ends = new Uint32Array(LIMITS.pathSegments)
  readonly #hashes = new Int32Array(LIMITS.pathSegments)
  #count = 0
  #bundle: Bundle | undefined
  #bytes: Uint8Array = new Uint8Array(0)
  #method = 0

  /**
   * `host` is lower case and has no port; it may be empty. `path` is canonical and begins with a slash. Returns the route or -1.
   * Method id 0 (a token that no route can have) matches nothing, and tells in `otherMethods` what would have.
   */
  find(
    bundle: Bundle,
    methodId: number,
    host: Uint8Array,
    hostStart: number,
    hostEnd: number,
    path: Uint8Array,
    pathStart: number,
    pathEnd: number,
  ): number {
    this.route = NO_ROUTE
    this.otherMethods = 0
    this.visited = 0
    const root = bundle.hosts.root(host, hostStart, hostEnd)
    if (root < 0 || !this.#split(path, pathStart, pathEnd)) return NO_ROUTE
    this.#bundle = bundle
    this.#bytes = path
    this.#method = methodId
    this.route = this.#walk(bundle.trie, root, bundle.trie.slots(root), 0)
    // A retired bundle must not be kept alive by the last request that it answered.
    this.#bundle = undefined
    return this.route
  }

  /** `/a/` has the segments `a` and ``; `/` has the one segment ``. False: more segments than any route has. */
  #split(bytes: Uint8Array, start: number, end: number): boolean {
    if (start >= end || bytes[start] !== SLASH) return false
    let count = 0
    let from = start + 1
    let hash = HASH_SEED
    for (let at = from; at <= end; at++) {
      if (at !== end && bytes[at] !== SLASH) {
        hash = hashByte(hash, bytes[at] as number)
        continue
      }
      if (count === LIMITS.pathSegments) return false
      this.#starts[count] = from
      this.#ends[count] = at
      this.#hashes[count] = hash
      count += 1
      from = at + 1
      hash = HASH_SEED
    }
    this.#count = count
    return true
  }

  /** Recursion is at most `pathSegments` deep: every call is one segment further. `slots` are those of `node`. */
  #walk(trie: Bundle['trie'], node: number, slots: number, index: number): number {
    // The compiler has refused tries that need more; a bundle that lies gets a 404, not a worker's time.
    this.visited += 1
    if (this.visited > LIMITS.visitedNodes) return NO_ROUTE
    if (index === this.#count) {
      const route = trie.route(node, this.#method)
      if (route >= 0) return route
      this.otherMethods |= trie.methods(node)
      return this.#rest(trie, node)
    }
    const start = this.#starts[index] as number
    const end = this.#ends[index] as number
    const slot = trie.slot(node, slots, this.#hashes[index] as number, this.#bytes, start, end)
    if (slot > 0) {
      const route = this.#walk(trie, trie.child(slot), trie.slotsBehind(slot), index + 1)
      if (route >= 0) return route
    }
    const constrained = trie.constrainedCount(node)
    if (constrained > 0) {
      const route = this.#constrained(trie, node, constrained, index)
      if (route >= 0) return route
    }
    if (start < end) {
      const parameter = trie.parameter(node)
      if (parameter > 0) {
        const route = this.#walk(trie, parameter, trie.slots(parameter), index + 1)
        if (route >= 0) return route
      }
    }
    return this.#rest(trie, node)
  }

  #constrained(trie: Bundle['trie'], node: number, count: number, index: number): number {
    const automata = (this.#bundle as Bundle).automata
    const start = this.#starts[index] as number
    const end = this.#ends[index] as number
    for (let position = 0; position < count; position++) {
      if (!automata.accepts(trie.constrainedAutomaton(node, position), this.#bytes, start, end)) continue
      // The compiler has proven that no other automaton of this node accepts this segment.
      const child = trie.constrainedChild(node, position)
      return this.#walk(trie, child, trie.slots(child), index + 1)
    }
    return NO_ROUTE
  }

  #rest(trie: Bundle['trie'], node: number): number {
    const route = trie.rest(node, this.#method)
    if (route < 0) this.otherMethods |= trie.restMethods(node)
    return route
  }
}

/** What `Allow` says (RFC 9110 §10.2.1): the methods of a mask in the order of their ids. */
export function allowedMethods(mask: number): string {
  let text = ''
  for (let id = 1; id < METHODS.length; id++) {
    if ((mask & (1 << id)) !== 0) text += text === '' ? METHODS[id] : `, ${METHODS[id]}`
  }
  return text
}
