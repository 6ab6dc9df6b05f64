/** Which part of a schema a complaint of a validator is about: the schema at a path, and of an `anyOf` the branch that was meant. */
import type { Schema, SchemaError } from '../spec/schema.ts'
import { type Document, type Node, nodeAt, type Path } from './document.ts'

export interface Validation {
  readonly schema: Schema
  /** What the validator was given. */
  readonly root: Node
  readonly document: Document
  /** What the root is called where a message has no key to name: a kind or a policy. */
  readonly outermost: string
}

/** Takes wrappers away, and of each `anyOf` the branches that were not meant. */
export function withoutOtherBranches(errors: readonly SchemaError[], { schema, root }: Validation): readonly SchemaError[] {
  const chosen = new Map<string, number | undefined>()
  for (const { keyword, instancePath, schemaPath } of errors) {
    if (keyword !== 'anyOf') continue
    const path = pathOf(instancePath)
    chosen.set(`${instancePath}\n${schemaPath}`, meantBranch(schemaAt(schema, path)?.anyOf ?? [], nodeAt(root, path)))
  }
  return errors.filter((error) => {
    if (error.keyword === 'propertyNames' || error.keyword === 'if') return false
    // A wrapper speaks only where none of its branches was meant.
    if (error.keyword === 'anyOf' && chosen.get(`${error.instancePath}\n${error.schemaPath}`) !== undefined) return false
    return chosen.size === 0 || isMeant(error, chosen)
  })
}

/** Whether every `anyOf` on the way to a complaint took the branch that it comes from. */
function isMeant({ instancePath, schemaPath }: SchemaError, chosen: ReadonlyMap<string, number | undefined>): boolean {
  const branches = /\/anyOf\/([0-9]+)/g
  for (let found = branches.exec(schemaPath); found !== null; found = branches.exec(schemaPath)) {
    const wrapper = schemaPath.slice(0, found.index + '/anyOf'.length)
    for (const pointer of prefixesOf(instancePath)) {
      const key = `${pointer}\n${wrapper}`
      if (chosen.has(key) && chosen.get(key) !== Number(found[1])) return false
    }
  }
  return true
}

/** A JSON pointer and those of all that its value stands in, the outermost first. */
export function* prefixesOf(pointer: string): Generator<string> {
  for (let slash = pointer.indexOf('/'); slash !== -1; slash = pointer.indexOf('/', slash + 1)) yield pointer.slice(0, slash)
  yield pointer
}

/** Index of the branch with the value's type; of several maps the one that knows most of the keys. */
function meantBranch(branches: readonly Schema[], node: Node): number | undefined {
  let best: number | undefined
  let most = -1
  for (const [index, branch] of branches.entries()) {
    if (!hasType(node, branch)) continue
    const known =
      node.type === 'map' ? node.entries.filter((entry) => branch.properties && Object.hasOwn(branch.properties, entry.key)).length : 0
    if (known > most) {
      best = index
      most = known
    }
  }
  return best
}

function hasType(node: Node, schema: Schema): boolean {
  const types = typesOf(schema)
  if (node.type === 'map') return types.includes('object')
  if (node.type === 'list') return types.includes('array')
  if (typeof node.value === 'number') return types.includes('number') || (types.includes('integer') && Number.isInteger(node.value))
  return types.includes(typeof node.value)
}

export function typesOf(schema: Schema): readonly string[] {
  if (schema.anyOf) return schema.anyOf.flatMap(typesOf)
  if (schema.type !== undefined) return [schema.type]
  return [...(schema.const === undefined ? [] : [typeof schema.const]), ...(schema.enum ?? []).map((value) => typeof value)]
}

/** The schema that a value at `path` is checked against, `anyOf` looked through where a key tells the branch. */
export function schemaAt(schema: Schema, path: Path): Schema | undefined {
  let at: Schema | undefined = schema
  for (const step of path) {
    if (at === undefined) return undefined
    at = childOf(at, step)
  }
  return at
}

function childOf(schema: Schema, step: string | number): Schema | undefined {
  if (schema.properties && Object.hasOwn(schema.properties, String(step))) return schema.properties[String(step)]
  if (typeof schema.additionalProperties === 'object') return schema.additionalProperties
  if (schema.items && /^[0-9]+$/.test(String(step))) return schema.items
  for (const branch of schema.anyOf ?? []) {
    const found = childOf(branch, step)
    if (found !== undefined) return found
  }
  return undefined
}

/** A JSON pointer as a path (RFC 6901 §4). */
export function pathOf(pointer: string): Path {
  if (pointer === '') return []
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

export function escapeStep(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1')
}
