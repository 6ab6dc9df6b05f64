/**
 * A validator's complaints as diagnostics: exact ranges, our words, one per mistake. ajv answers with JSON pointers and reports wrappers
 * (`anyOf`, `propertyNames`) beside what is really wrong, all branches of an `anyOf` included.
 */
import type { Code, Range, Report } from '../spec/diagnostic.ts'
import { grammars } from '../spec/formats.ts'
import { isMistake } from '../spec/grammar.ts'
import type { Format, Schema, SchemaError } from '../spec/schema.ts'
import { findReference, isVariable } from '../spec/secret-reference.ts'
import { didYouMean, nearest } from '../spec/suggest.ts'
import { type Document, type Node, nodeAt, type Path } from './document.ts'
import { describe, keyRange, labelOf, literalRange, mapRange, textRange } from './schema-ranges.ts'
import { escapeStep, pathOf, prefixesOf, schemaAt, typesOf, type Validation, withoutOtherBranches } from './schema-shape.ts'
import { unquotedKeyTrap } from './yaml-traps.ts'

/** Reports every mistake once, in the order of `errors`. */
export function reportSchemaErrors(errors: readonly SchemaError[], validation: Validation, report: Report): void {
  const meant = withoutOtherBranches(errors, validation)
  const wrongKeys = new Set<string>()
  for (const { instancePath, propertyName } of meant) {
    if (propertyName !== undefined) wrongKeys.add(`${instancePath}/${escapeStep(propertyName)}`)
  }
  const misspelt = new Set<string>()
  for (const error of meant) {
    const hint = error.keyword === 'additionalProperties' ? unknownKey(error, validation).near : undefined
    if (hint !== undefined) misspelt.add(`${error.instancePath}\n${hint}`)
  }
  const missing = new MissingKeys()
  for (const error of meant) {
    // What stands behind a key that is wrong was not meant to stand there.
    if (wrongKeys.size > 0 && prefixesOf(error.instancePath).some((pointer) => wrongKeys.has(pointer))) continue
    // The misspelt key says it already.
    if (error.keyword === 'required') {
      if (!misspelt.has(`${error.instancePath}\n${error.params['missingProperty']}`)) missing.add(error)
    } else reportOne(error, validation, report)
  }
  missing.report(validation, report)
}

/** Keys that are missing, by the map that lacks them: one diagnostic for all of one map. */
class MissingKeys {
  readonly #keys = new Map<string, string[]>()

  add({ instancePath, params }: SchemaError): void {
    const keys = this.#keys.get(instancePath)
    const key = String(params['missingProperty'])
    if (keys === undefined) this.#keys.set(instancePath, [key])
    else keys.push(key)
  }

  report(validation: Validation, report: Report): void {
    for (const [pointer, keys] of this.#keys) {
      const path = pathOf(pointer)
      const names = keys.map((key) => `\`${key}\``).join(', ')
      const where = path.length === 0 ? '' : ` in ${labelOf(path, validation.outermost)}`
      const hint = keys.length === 1 ? exampleHint(validation, path, keys[0] as string) : {}
      report.error(
        'PST0113',
        mapRange(path, validation),
        `${keys.length === 1 ? `key ${names} is` : `keys ${names} are`} missing${where}`,
        hint,
      )
    }
  }
}

function reportOne(error: SchemaError, validation: Validation, report: Report): void {
  const { root, document } = validation
  const path = pathOf(error.instancePath)
  const node = nodeAt(root, path)
  const { params } = error
  if (error.propertyName !== undefined) {
    reportKey(error, error.propertyName, node, validation, report)
    return
  }
  const at: Range = { file: document.source.file, start: node.start, end: node.end }
  const label = labelOf(path, validation.outermost)
  switch (error.keyword) {
    case 'additionalProperties': {
      const { key, near, hint } = unknownKey(error, validation)
      const range = keyRange(node, key, document) ?? at
      report.error(
        'PST0112',
        range,
        `unknown key \`${key}\`${path.length === 0 ? '' : ` in ${label}`}`,
        near === undefined && hint === undefined ? {} : { hint: hint ?? '' },
      )
      return
    }
    case 'type':
    case 'anyOf':
      reportType(label, node, at, schemaAt(validation.schema, path), report)
      return
    case 'format':
      reportFormat(params['format'] as Format, String((node as { value?: unknown }).value), textRange(document, at, node), report)
      return
    case 'enum':
    case 'const': {
      const allowed = error.keyword === 'const' ? [params['allowedValue']] : ((params['allowedValues'] as unknown[]) ?? [])
      reportAllowed(label, node, at, allowed, validation, path, report)
      return
    }
    default:
      report.error('PST0115', excessRange(error, node, at), boundsMessage(error, label, node))
  }
}

/** The first item or key that is one too many. */
function excessRange({ keyword, params }: SchemaError, node: Node, at: Range): Range {
  const limit = Number(params['limit'])
  if (keyword === 'maxItems' && node.type === 'list') {
    const item = node.items[limit]
    if (item) return { file: at.file, start: item.start, end: item.end }
  }
  if (keyword === 'maxProperties' && node.type === 'map') {
    const entry = node.entries[limit]
    if (entry) return { file: at.file, start: entry.keyStart, end: entry.keyEnd }
  }
  return at
}

/** A key whose text is wrong: route keys, names of fields. */
function reportKey(error: SchemaError, key: string, map: Node, { document }: Validation, report: Report): void {
  const range = keyRange(map, key, document) ?? { file: document.source.file, start: map.start, end: map.end }
  if (error.keyword === 'format') {
    const trap = error.params['format'] === 'route-key' ? trapInKey(document, range) : undefined
    if (trap) report.error('PST0116', range, `\`${key}\` is not a route: ${trap.message}`, { hint: trap.hint })
    else reportFormat(error.params['format'] as Format, key, literalRange(document, range, key), report)
    return
  }
  report.error('PST0115', range, boundsMessage(error, `key \`${key}\``, { type: 'scalar', start: 0, end: 0, value: key }))
}

function trapInKey(document: Document, range: Range): { message: string; hint: string } | undefined {
  const { text } = document.source
  const lineStart = text.lastIndexOf('\n', range.start - 1) + 1
  const lineEnd = text.indexOf('\n', range.start)
  return unquotedKeyTrap(text.slice(lineStart, lineEnd === -1 ? text.length : lineEnd))
}

function reportType(label: string, node: Node, at: Range, schema: Schema | undefined, report: Report): void {
  const expected = schema ? typesOf(schema) : []
  if (node.type === 'scalar' && typeof node.value === 'string') {
    const reference = findReference(node.value)
    if (reference) {
      reportReference(node.value.slice(reference.start, reference.end), at, report)
      return
    }
  }
  const isEmpty = node.type === 'scalar' && node.value === null
  const message = isEmpty
    ? `${label} is empty, but takes ${words(schema, expected)}`
    : `${label} takes ${words(schema, expected)}, not ${describe(node)}`
  report.error('PST0114', at, message, typeHint(node, expected, schema))
}

function typeHint(node: Node, expected: readonly string[], schema: Schema | undefined): { hint?: string } {
  if (node.type === 'scalar' && node.value === null) {
    if (expected.length === 1 && expected[0] === 'object' && !(schema?.required?.length ?? 0))
      return { hint: '`{}` for one that says nothing' }
    if (expected.length === 1 && schema?.required) return { hint: `it needs ${schema.required.map((key) => `\`${key}\``).join(', ')}` }
    if (expected.length === 1 && expected[0] === 'array') return { hint: '`[]` for an empty list' }
    return {}
  }
  const map = mapBranch(schema)
  if (node.type === 'scalar' && node.value === true && map !== undefined && !map.required?.length) return { hint: '`{}` for the defaults' }
  if (node.type === 'scalar' && expected.length === 1) {
    if (expected[0] === 'string' && typeof node.value !== 'string') return { hint: quotedHint(String(node.value), schema?.format) }
    if (expected[0] === 'boolean' && /^(yes|on)$/i.test(String(node.value))) return { hint: '`true`' }
    if (expected[0] === 'boolean' && /^(no|off)$/i.test(String(node.value))) return { hint: '`false`' }
    if (/^(integer|number)$/.test(expected[0] as string) && /^-?[0-9]+$/.test(String(node.value)))
      return { hint: `without quotes: \`${node.value}\`` }
    if (expected[0] === 'array') return { hint: `\`[${JSON.stringify(node.value).replaceAll('"', '')}]\` for a list of one` }
  }
  if (node.type === 'map' && expected.length === 1 && expected[0] === 'array') return { hint: 'a list: `- ` in front of each, or `[ … ]`' }
  return {}
}

/** `timeout: 10` is not mended by quotes: its grammar says what is missing. */
function quotedHint(text: string, format: Format | undefined): string {
  const answer = format === undefined ? undefined : grammars[format](text)
  return (isMistake(answer) ? answer.hint : undefined) ?? `in quotes: \`"${text}"\``
}

function reportFormat(format: Format, text: string, range: (start: number, end: number) => Range, report: Report): void {
  const reference = findReference(text)
  if (reference && format !== 'secret' && format !== 'text-or-secret') {
    reportReference(text.slice(reference.start, reference.end), range(reference.start, reference.end), report)
    return
  }
  const answer = grammars[format](text)
  if (!isMistake(answer)) throw new Error(`the validator refuses \`${text}\` as ${format}, its grammar does not`)
  const code: Code =
    reference && isVariable(text.slice(reference.start)) ? 'PST0121' : format === 'secret' && !reference ? 'PST0120' : 'PST0116'
  report.error(code, range(answer.start, answer.end), answer.message, answer.hint === undefined ? {} : { hint: answer.hint })
}

function reportReference(reference: string, range: Range, report: Report): void {
  if (isVariable(reference)) {
    report.error('PST0121', range, `\`${reference}\`: compile-time variables do not exist in this version`, {
      hint: 'write the value itself',
    })
  } else {
    const isReference = /^\$\{(env|file):/.test(reference)
    const message = isReference ? 'a reference to a secret cannot stand here' : `\`${reference}\` is not resolved here`
    report.error('PST0119', range, message, { hint: 'write the value itself' })
  }
}

function reportAllowed(
  label: string,
  node: Node,
  at: Range,
  allowed: readonly unknown[],
  validation: Validation,
  path: Path,
  report: Report,
): void {
  const names = allowed.map(String)
  const schema = schemaAt(validation.schema, path)
  const orMap = schema?.anyOf && typesOf(schema).includes('object') ? ', or a map' : ''
  const number = schema?.anyOf?.find(({ type }) => type === 'integer')
  const bounds = (number?.maximum ?? 0) < 1_000_000 ? ` from ${number?.minimum} to ${number?.maximum}` : ''
  const orNumber = number === undefined ? '' : `, or a number${bounds}`
  const message = `${label} cannot be ${describe(node)}`
  const written = node.type === 'scalar' ? String(node.value) : ''
  const near = nearest(written, names)
  report.error('PST0115', at, message, {
    hint: near === undefined ? `${names.map((name) => `\`${name}\``).join(' or ')}${orMap}${orNumber}` : `did you mean \`${near}\`?`,
  })
}

function boundsMessage({ keyword, params }: SchemaError, label: string, node: Node): string {
  const limit = params['limit']
  switch (keyword) {
    case 'minimum':
      return `${label} is at least ${limit}, not ${describe(node)}`
    case 'maximum':
      return `${label} is at most ${limit}, not ${describe(node)}`
    case 'minLength':
      return limit === 1 ? `${label} is empty` : `${label} has at least ${limit} characters`
    case 'maxLength':
      return `${label} has at most ${limit} characters`
    case 'minItems':
      return limit === 1 ? `${label} is an empty list` : `${label} has at least ${limit} items`
    case 'maxItems':
      return `${label} has at most ${limit} items, not ${node.type === 'list' ? node.items.length : 'more'}`
    case 'minProperties':
      return limit === 1 ? `${label} is an empty map` : `${label} has at least ${limit} keys`
    case 'maxProperties':
      return limit === 1 ? `${label} has exactly one key` : `${label} has at most ${limit} keys`
    default:
      return `${label} is not allowed here`
  }
}

/** The unknown key with what was meant: a key of this map, or one that stands elsewhere. */
function unknownKey(error: SchemaError, { schema, root }: Validation): { key: string; near?: string; hint?: string } {
  const key = String(error.params['additionalProperty'])
  const path = pathOf(error.instancePath)
  const node = nodeAt(root, path)
  const known = Object.keys(mapBranch(schemaAt(schema, path))?.properties ?? {})
  const free = known.filter((name) => node.type !== 'map' || !node.entries.some((entry) => entry.key === name))
  const near = nearest(key, free)
  if (near !== undefined) return { key, near, hint: `did you mean \`${near}\`?` }
  const { spec } = schema.properties ?? {}
  if (path.length === 0 && spec?.properties && Object.hasOwn(spec.properties, key)) return { key, hint: `\`${key}\` stands in \`spec\`` }
  const { hint } = didYouMean(key, known)
  if (hint !== undefined) return { key, hint }
  return known.length > 0 ? { key, hint: `known here: ${known.map((name) => `\`${name}\``).join(', ')}` } : { key }
}

/** What a map has to look like where it may be a map. */
function mapBranch(schema: Schema | undefined): Schema | undefined {
  return schema?.properties ? schema : schema?.anyOf?.find(({ properties }) => properties !== undefined)
}

function exampleHint(validation: Validation, path: Path, key: string): { hint?: string } {
  const wanted = schemaAt(validation.schema, path)?.properties?.[key]
  if (wanted?.enum) return { hint: `one of ${wanted.enum.map((value) => `\`${value}\``).join(', ')}` }
  return {}
}

const TYPE_WORDS: { readonly [type: string]: string } = {
  object: 'a map',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: '`true` or `false`',
}

function words(schema: Schema | undefined, expected: readonly string[]): string {
  const constants = schema?.anyOf?.flatMap((branch) => (branch.const === undefined ? [] : [`\`${branch.const}\``])) ?? []
  const kinds = (schema?.anyOf ?? []).filter((branch) => branch.const === undefined).flatMap(typesOf)
  const named = schema?.anyOf
    ? [...constants, ...kinds.map((type) => TYPE_WORDS[type] ?? type)]
    : expected.map((type) => TYPE_WORDS[type] ?? type)
  return named.length > 0 ? [...new Set(named)].join(' or ') : 'another type'
}
