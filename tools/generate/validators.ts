/**
 * Writes `spec/validators.ts` and `policies/validators.ts`: the JSON Schemas of kinds and policies as plain code, so that neither ajv nor
 * 30-80 ms of compiling are needed when the compiler starts. Formats are imported from `spec/formats.ts`.
 */
import { globSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { _, Ajv } from 'ajv'
import standaloneModule from 'ajv/dist/standalone/index.js'
import type { Policy } from '../../policies/policy.ts'
import { formats } from '../../spec/formats.ts'
import { KINDS, resourceSchema } from '../../spec/kinds/index.ts'
import type { Schema } from '../../spec/schema.ts'

const standalone = standaloneModule.default
const ROOT = new URL('../../', import.meta.url)

export async function generate(): Promise<readonly string[]> {
  const kinds = Object.fromEntries(KINDS.map((kind) => [kind, resourceSchema(kind)]))
  const policies = Object.fromEntries((await allPolicies()).map((policy) => [policy.name, policy.config]))
  return [
    ...(await write('spec/validators.ts', code(kinds, 'kindValidators', './schema.ts', './formats.ts'))),
    ...(await write('policies/validators.ts', code(policies, 'policyValidators', '../spec/schema.ts', '../spec/formats.ts'))),
  ]
}

/** Every policy that has a folder, by name. */
export async function allPolicies(): Promise<readonly Policy[]> {
  const found: Policy[] = []
  for (const file of globSync('policies/*/policy.ts', { cwd: ROOT })) {
    found.push(((await import(new URL(file, ROOT).href)) as { policy: Policy }).policy)
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Writes a file if its text has changed. */
export async function write(file: string, text: string): Promise<string[]> {
  const url = new URL(file, ROOT)
  const before = await readFile(url, 'utf8').catch(() => undefined)
  if (before === text) return []
  await writeFile(url, text)
  return [file]
}

/** One module that exports a validator per name. */
export function code(schemas: { readonly [name: string]: Schema }, exported: string, schemaModule: string, formatsModule: string): string {
  const ajv = new Ajv({
    allErrors: true,
    strict: true,
    // anyOf of a constant and an object has no type of its own.
    strictTypes: false,
    strictRequired: false,
    verbose: false,
    formats: { ...formats },
    code: { source: true, esm: true, lines: true, formats: _`formats` },
  })
  const names = Object.keys(schemas)
  const exports: { [name: string]: string } = {}
  for (const [index, name] of names.entries()) {
    ajv.addSchema(plain(schemas[name] as Schema), name)
    exports[`export${index}`] = name
  }
  const source = names.length === 0 ? '' : standalone(ajv, exports)
  const imports = new Set<string>()
  const body = source
    .replace('"use strict";\n', '')
    // ajv writes `require` into ES modules too.
    .replaceAll(/const (\w+) = require\("([^"]+)"\)\.default;/g, (_whole, name: string, module: string) => {
      imports.add(`import ${name}Module from "${module}.js";\nconst ${name} = ${name}Module.default;`)
      return ''
    })
    .replaceAll(/^export const (export\d+) = (\w+);$/gm, 'const $1 = $2;')
    // Whole schemas are needed only where a keyword reads from them.
    .replaceAll(/^const (schema\d+) = .*;$/gm, (line, name: string) => (source.split(new RegExp(`\\b${name}\\b`)).length > 2 ? line : ''))
    .replaceAll(/\n{2,}/g, '\n')
  if (/\brequire\(/.test(body)) throw new Error('ajv wrote a `require` that tools/generate/validators.ts does not know')
  const table = names.map((name, index) => `  ${JSON.stringify(name)}: export${index},`).join('\n')
  return `// @ts-nocheck
// Written by tools/generate/validators.ts: do not edit.
import { formats } from ${JSON.stringify(formatsModule)}
import type { Validator } from ${JSON.stringify(schemaModule)}
${[...imports].sort().join('\n')}
${body.trim()}

export const ${exported}: { readonly [name: string]: Validator } = {
${table}
}
`
}

/** The schema as data, without what only types and documentation need. */
function plain(schema: Schema): Schema {
  const { description, examples, default: _default, properties, items, additionalProperties, propertyNames, anyOf, ...rest } = schema
  return {
    ...rest,
    ...(properties === undefined ? {} : { properties: mapValues(properties) }),
    ...(items === undefined ? {} : { items: plain(items) }),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: additionalProperties === false ? false : plain(additionalProperties) }),
    ...(propertyNames === undefined ? {} : { propertyNames: plain(propertyNames) }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(plain) }),
  }
}

function mapValues(properties: { readonly [key: string]: Schema }): { [key: string]: Schema } {
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, plain(value)]))
}
