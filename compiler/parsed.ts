/**
 * What parsing one text gives, and the same as one array of numbers and the texts that are not slices of the source: class instances do not
 * cross threads, and trees of small objects cross them slowly.
 */
import type { Code } from '../spec/diagnostic.ts'
import type { Entry, Node } from './document.ts'

export interface Parsed {
  /** Root of each document that is not empty. */
  readonly documents: readonly Node[]
  readonly problems: readonly Problem[]
}

/** A diagnostic within one text: its ranges lack only the file. */
export interface Problem {
  readonly code: Code
  readonly message: string
  readonly start: number
  readonly end: number
  readonly hint?: string
  readonly related?: readonly { readonly message: string; readonly start: number; readonly end: number }[]
}

export interface FlatParsed {
  /** Number of documents; then per node in preorder: type, start, end and what the type asks for. */
  readonly numbers: Uint32Array
  /** Values that are not text of the source as it stands, in the order in which they are asked for. */
  readonly others: readonly (string | number | boolean | null)[]
  readonly problems: readonly Problem[]
}

const MAP = 1
const LIST = 2
/** A scalar whose value is `text.slice(start, end)`. */
const SLICE = 3
const OTHER = 4
/** Set in a key's start when the key is not the text that stands there. Texts are shorter than 2 GiB. */
const OTHER_KEY = 0x8000_0000

/** Nodes that aliases share are written out; their number is limited when parsing. */
export function flatten({ documents, problems }: Parsed, text: string): FlatParsed {
  const numbers = [documents.length]
  const others: (string | number | boolean | null)[] = []
  const add = (node: Node): void => {
    if (node.type === 'map') {
      numbers.push(MAP, node.start, node.end, node.entries.length)
      for (const entry of node.entries) {
        const isSlice = text.slice(entry.keyStart, entry.keyEnd) === entry.key
        numbers.push(isSlice ? entry.keyStart : entry.keyStart + OTHER_KEY, entry.keyEnd)
        if (!isSlice) others.push(entry.key)
        add(entry.node)
      }
    } else if (node.type === 'list') {
      numbers.push(LIST, node.start, node.end, node.items.length)
      for (const item of node.items) add(item)
    } else {
      const isSlice = typeof node.value === 'string' && text.slice(node.start, node.end) === node.value
      numbers.push(isSlice ? SLICE : OTHER, node.start, node.end)
      if (!isSlice) others.push(node.value)
    }
  }
  for (const root of documents) add(root)
  return { numbers: Uint32Array.from(numbers), others, problems }
}

export function unflatten({ numbers, others, problems }: FlatParsed, text: string): Parsed {
  let at = 0
  let other = 0
  const next = () => numbers[at++] as number
  const build = (): Node => {
    const type = next()
    const start = next()
    const end = next()
    if (type === SLICE) return { type: 'scalar', start, end, value: text.slice(start, end) }
    if (type === OTHER) return { type: 'scalar', start, end, value: others[other++] as string | number | boolean | null }
    const count = next()
    if (type === LIST) {
      const items: Node[] = []
      for (let index = 0; index < count; index++) items.push(build())
      return { type: 'list', start, end, items }
    }
    const entries: Entry[] = []
    for (let index = 0; index < count; index++) {
      const written = next()
      const keyEnd = next()
      const isSlice = written < OTHER_KEY
      const keyStart = isSlice ? written : written - OTHER_KEY
      const key = isSlice ? text.slice(keyStart, keyEnd) : (others[other++] as string)
      entries.push({ key, keyStart, keyEnd, node: build() })
    }
    return { type: 'map', start, end, entries }
  }
  const documents: Node[] = []
  for (let count = next(); count > 0; count--) documents.push(build())
  return { documents, problems }
}
