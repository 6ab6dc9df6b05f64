/**
 * Documents: what a source says, every value with its place. Plain objects only, so that they can cross threads.
 * Made by `parse`; the phases behind it read values through `Resource` and ask for ranges only when there is something to report.
 */
import type { Range } from '../spec/diagnostic.ts'
import type { AnyResource, Kind } from '../spec/kinds/index.ts'

/** A file's text and its names. */
export interface Source {
  /** Relative to the working folder: how diagnostics call it. */
  readonly file: string
  /** Relative to the compiled folder, with `/`: how the bundle calls it, so that the same folder gives the same bytes anywhere. */
  readonly path: string
  readonly text: string
}

/** One YAML or JSON document of a source. */
export interface Document {
  readonly source: Source
  readonly root: Node
}

export type Node = MapNode | ListNode | ScalarNode

/** Offsets are UTF-16, half-open, in the source's text. */
export interface MapNode {
  readonly type: 'map'
  readonly start: number
  readonly end: number
  readonly entries: readonly Entry[]
}

export interface Entry {
  readonly key: string
  readonly keyStart: number
  readonly keyEnd: number
  readonly node: Node
}

export interface ListNode {
  readonly type: 'list'
  readonly start: number
  readonly end: number
  readonly items: readonly Node[]
}

export interface ScalarNode {
  readonly type: 'scalar'
  readonly start: number
  readonly end: number
  readonly value: string | number | boolean | null
}

/** A resource whose envelope and spec are valid. `value` is plain data, made once from `node`. */
export interface LocatedResource<R extends AnyResource = AnyResource> {
  readonly kind: R['kind']
  readonly name: string
  readonly value: R
  readonly document: Document
  /** Only for an Api with `openapi`. */
  readonly openapi?: { readonly document: Document; readonly operations: readonly Operation[] }
}

/**
 * Resources that have mistakes of their own and are left out of the phases that follow, as `kind/name` (`Backend/orders`). They do exist:
 * a reference to one is no second mistake.
 */
export type Broken = ReadonlySet<string>

export type ResourceOf<K extends Kind> = LocatedResource<Extract<AnyResource, { kind: K }>>

/** One operation of an OpenAPI document, already in our terms. */
export interface Operation {
  /** As in a route key: `GET /repos/{owner}/{repo}`. */
  readonly key: string
  /** The operationId, or the key where there is none. */
  readonly name: string
  /** The method's key in the OpenAPI document. */
  readonly range: Range
}

export type Path = readonly (string | number)[]

/** The node at a path; the deepest one that exists when the path goes on further. */
export function nodeAt(root: Node, path: Path): Node {
  let node = root
  for (const step of path) {
    const next = node.type === 'map' ? entryOf(node, String(step))?.node : node.type === 'list' ? node.items[Number(step)] : undefined
    if (next === undefined) return node
    node = next
  }
  return node
}

/** Range of the value at a path within a document. */
export function rangeAt(document: Document, path: Path): Range {
  const { start, end } = nodeAt(document.root, path)
  return { file: document.source.file, start, end }
}

/** Range of the key that the path ends with; of the value where it ends with an index. */
export function keyRangeAt(document: Document, path: Path): Range {
  const parent = nodeAt(document.root, path.slice(0, -1))
  const entry = parent.type === 'map' ? entryOf(parent, String(path.at(-1))) : undefined
  if (entry === undefined) return rangeAt(document, path)
  return { file: document.source.file, start: entry.keyStart, end: entry.keyEnd }
}

/** Large maps are indexed once: 100 000 routes in one file would make a scan quadratic. */
const indices = new WeakMap<MapNode, Map<string, Entry>>()

/** The entry of a map with this key. */
export function entryOf(map: MapNode, key: string): Entry | undefined {
  if (map.entries.length < 16) return map.entries.find((entry) => entry.key === key)
  let index = indices.get(map)
  if (index === undefined) {
    index = new Map(map.entries.map((entry) => [entry.key, entry]))
    indices.set(map, index)
  }
  return index.get(key)
}

const lineStarts = new WeakMap<Source, readonly number[]>()

/** 1-based line and column (in UTF-16 units) of an offset. */
export function positionAt(source: Source, offset: number): { readonly line: number; readonly column: number } {
  let starts = lineStarts.get(source)
  if (starts === undefined) {
    starts = lineStartsOf(source.text)
    lineStarts.set(source, starts)
  }
  return positionIn(starts, offset)
}

/** Offsets at which the lines of a text begin. */
export function lineStartsOf(text: string): readonly number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** 1-based line and column of an offset in a text whose lines begin at `starts`. */
export function positionIn(starts: readonly number[], offset: number): { readonly line: number; readonly column: number } {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] as number) <= offset) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: offset - (starts[low] as number) + 1 }
}
