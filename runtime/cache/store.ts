/**
 * Stored responses of one worker, bounded in bytes. Who goes when there is no room is decided by SIEVE (Zhang et al., NSDI 2024): a hit only
 * sets a mark, new ones come in at the head, and a hand moves from the tail towards it, taking the first one without a mark. A scan of things
 * that nobody asks for twice therefore passes through without driving out what is in use.
 */
import type { Sharing } from './freshness.ts'

/** All of one worker's stored responses together, keys and overhead included. */
export const CACHE_MAX_BYTES = 64 * 1024 * 1024
/** Responses of one key that differ by `Vary`; the oldest goes first. */
export const MAX_VARIANTS = 16
/** Objects, map entries and strings of a stored response beside its bytes, roughly. */
const OVERHEAD_BYTES = 1024

export interface StoredResponse {
  readonly key: string
  /** What a successful unsafe request to the same URI removes (RFC 9111 §4.4). */
  readonly uri: string
  readonly status: number
  /** Status line and end-to-end fields as they came, without Age, framing and the empty line. Own memory. */
  readonly head: Buffer
  readonly body: Buffer
  /** Empty: none. */
  readonly etag: string
  readonly lastModified: string
  /** Names and values of the request's fields that select it. */
  readonly vary: readonly string[]
  readonly varyValues: readonly string[]
  readonly sharing: Sharing
  /** On the clock of the worker, in ms. */
  readonly storedAtMs: number
  /** Age when it was stored. */
  readonly initialAgeMs: number
  readonly lifetimeMs: number
  /** 0: never served stale. */
  readonly staleIfErrorMs: number
  /** The backend has failed just now: until then it is not asked again. */
  heldUntilMs: number
}

interface Node {
  readonly response: StoredResponse
  readonly bytes: number
  isVisited: boolean
  /** Towards the head: what came later. */
  newer: Node | undefined
  older: Node | undefined
}

export class ResponseStore {
  readonly maxBytes: number
  bytes = 0
  count = 0
  readonly #byKey = new Map<string, Node[]>()
  readonly #byUri = new Map<string, Set<Node>>()
  #newest: Node | undefined
  #oldest: Node | undefined
  #hand: Node | undefined

  constructor(maxBytes: number = CACHE_MAX_BYTES) {
    this.maxBytes = maxBytes
  }

  /** The newest response of `key` that `matches`; what is found counts as used. */
  find(key: string, matches: (response: StoredResponse) => boolean): StoredResponse | undefined {
    const nodes = this.#byKey.get(key)
    if (nodes === undefined) return undefined
    for (let i = nodes.length - 1; i >= 0; i--) {
      const node = nodes[i] as Node
      if (!matches(node.response)) continue
      node.isVisited = true
      return node.response
    }
    return undefined
  }

  /** The fields that select among what is stored for `key`, as the newest one says; `undefined`: nothing is stored. */
  varyOf(key: string): readonly string[] | undefined {
    return this.#byKey.get(key)?.at(-1)?.response.vary
  }

  /** Takes the place of what the same request would have got. False: it is larger than all there is. */
  put(response: StoredResponse): boolean {
    const bytes = response.head.length + response.body.length + 2 * (response.key.length + response.uri.length) + OVERHEAD_BYTES
    if (bytes > this.maxBytes) return false
    const same = this.#byKey.get(response.key)?.find((node) => sameVariant(node.response, response))
    if (same !== undefined) this.#remove(same)
    const nodes = this.#byKey.get(response.key)
    if (nodes !== undefined && nodes.length >= MAX_VARIANTS) this.#remove(nodes[0] as Node)
    while (this.bytes + bytes > this.maxBytes) this.#evict()
    this.#add({ response, bytes, isVisited: false, newer: undefined, older: this.#newest })
    return true
  }

  remove(response: StoredResponse): void {
    const node = this.#byKey.get(response.key)?.find((node) => node.response === response)
    if (node !== undefined) this.#remove(node)
  }

  /** Everything that is stored for a URI, whatever route and whoever it is for. Returns how many went. */
  removeUri(uri: string): number {
    const nodes = [...(this.#byUri.get(uri) ?? [])]
    for (const node of nodes) this.#remove(node)
    return nodes.length
  }

  clear(): void {
    this.#byKey.clear()
    this.#byUri.clear()
    this.#newest = undefined
    this.#oldest = undefined
    this.#hand = undefined
    this.bytes = 0
    this.count = 0
  }

  #add(node: Node): void {
    const { key, uri } = node.response
    if (this.#newest !== undefined) this.#newest.newer = node
    this.#newest = node
    this.#oldest ??= node
    const nodes = this.#byKey.get(key)
    if (nodes === undefined) this.#byKey.set(key, [node])
    else nodes.push(node)
    const ofUri = this.#byUri.get(uri)
    if (ofUri === undefined) this.#byUri.set(uri, new Set([node]))
    else ofUri.add(node)
    this.bytes += node.bytes
    this.count += 1
  }

  #remove(node: Node): void {
    if (this.#hand === node) this.#hand = node.newer
    if (node.newer === undefined) this.#newest = node.older
    else node.newer.older = node.older
    if (node.older === undefined) this.#oldest = node.newer
    else node.older.newer = node.newer
    const { key, uri } = node.response
    const nodes = this.#byKey.get(key) as Node[]
    if (nodes.length === 1) this.#byKey.delete(key)
    else nodes.splice(nodes.indexOf(node), 1)
    const ofUri = this.#byUri.get(uri) as Set<Node>
    if (ofUri.size === 1) this.#byUri.delete(uri)
    else ofUri.delete(node)
    this.bytes -= node.bytes
    this.count -= 1
  }

  /** Ends: each step takes a mark away or a node. */
  #evict(): void {
    let node = this.#hand ?? this.#oldest
    while (node?.isVisited) {
      node.isVisited = false
      node = node.newer ?? this.#oldest
    }
    if (node === undefined) return
    this.#hand = node.newer
    this.#remove(node)
  }
}

function sameVariant(a: StoredResponse, b: StoredResponse): boolean {
  if (a.vary.length !== b.vary.length) return false
  for (let i = 0; i < a.vary.length; i++) if (a.vary[i] !== b.vary[i] || a.varyValues[i] !== b.varyValues[i]) return false
  return true
}
