/** Where a complaint of a validator is shown, and how a message calls a value. */
import type { Range } from '../spec/diagnostic.ts'
import { type Document, entryOf, type Node, nodeAt, type Path } from './document.ts'
import type { Validation } from './schema-shape.ts'

/** How a message calls a value: by its key, with the index behind it in a list. */
export function labelOf(path: Path, outermost: string): string {
  let indices = ''
  for (let at = path.length - 1; at >= 0; at--) {
    const step = String(path[at])
    if (!/^[0-9]+$/.test(step)) return `\`${step}${indices}\``
    indices = `[${step}]${indices}`
  }
  return `\`${outermost}${indices}\``
}

/** Where a missing key is reported: at the key of the map that lacks it; at the kind for the outermost one; at the first key in a list. */
export function mapRange(path: Path, { root, document }: Validation): Range {
  const { file } = document.source
  const node = nodeAt(root, path)
  if (path.length > 0) {
    const parent = nodeAt(root, path.slice(0, -1))
    if (parent.type === 'map') return keyRange(parent, String(path.at(-1)), document) ?? { file, start: node.start, end: node.end }
  }
  if (path.length === 0 && node.type === 'map') {
    const kind = entryOf(node, 'kind')
    if (kind) return { file, start: kind.node.start, end: kind.node.end }
  }
  const first = node.type === 'map' ? node.entries[0] : undefined
  return first ? { file, start: first.keyStart, end: first.keyEnd } : { file, start: node.start, end: node.end }
}

export function keyRange(map: Node, key: string, document: Document): Range | undefined {
  const entry = map.type === 'map' ? entryOf(map, key) : undefined
  return entry && { file: document.source.file, start: entry.keyStart, end: entry.keyEnd }
}

/** Turns offsets within a scalar's value into a range of the source. */
export function textRange(document: Document, at: Range, node: Node): (start: number, end: number) => Range {
  return literalRange(document, at, node.type === 'scalar' ? String(node.value) : '')
}

/** Exact where the text stands in the source as it is, plain or in quotes; otherwise (escapes, folded lines) the whole of it. */
export function literalRange(document: Document, at: Range, value: string): (start: number, end: number) => Range {
  const written = document.source.text.slice(at.start, at.end)
  const shift = written === value ? 0 : written.slice(1, -1) === value && /^["']/.test(written) ? 1 : undefined
  return (start, end) =>
    shift === undefined || value === '' ? at : { file: at.file, start: at.start + shift + start, end: at.start + shift + end }
}

/** A value in a message. */
export function describe(node: Node): string {
  if (node.type === 'map') return 'a map'
  if (node.type === 'list') return 'a list'
  if (node.value === null) return 'nothing'
  const text = String(node.value)
  const shown = text.length > 60 ? `${text.slice(0, 59)}…` : text
  if (typeof node.value === 'string') return shown === '' || /[\n`]/.test(shown) ? 'this text' : `\`${shown}\``
  return `\`${shown}\``
}
