import t from 'tap'
import type { Schema } from '../schema.ts'
import { KINDS, resourceSchema } from './index.ts'

/** All fields of a schema with their paths, those of lists, maps and alternatives included. */
function* fieldsOf(schema: Schema, path: string): Generator<{ path: string; field: Schema; isOptional: boolean }> {
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    yield { path: `${path}.${key}`, field, isOptional: !(schema.required ?? []).includes(key) }
    yield* fieldsOf(field, `${path}.${key}`)
  }
  for (const inner of [schema.items, schema.additionalProperties, ...(schema.anyOf ?? [])]) {
    if (typeof inner === 'object') yield* fieldsOf(inner, `${path}[]`)
  }
}

t.test('every field says what it is', (t) => {
  for (const kind of KINDS) {
    for (const { path, field } of fieldsOf(resourceSchema(kind).properties?.['spec'] ?? {}, kind)) {
      t.ok((field.description ?? '').length > 0 || field.const !== undefined, path)
    }
  }
  t.end()
})

/** What stands for nothing where it is left out, or is taken from the outside; what an Api says of retries is the backend's where it says nothing. */
const PLAIN = /\.(access|backend|policies|openapi|stripBasePath|preserveHost|split)$|^Api.*\.retry\./

t.test('every value that may be left out has a default, or says what then holds', (t) => {
  for (const kind of KINDS) {
    for (const { path, field, isOptional } of fieldsOf(resourceSchema(kind).properties?.['spec'] ?? {}, kind)) {
      // What a group says is said field by field.
      if (!isOptional || field.default !== undefined || field.type === 'object' || PLAIN.test(path)) continue
      t.match(field.description, /default/i, path)
    }
  }
  t.end()
})
