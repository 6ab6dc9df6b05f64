/**
 * Writes `spec/schema.json`: the whole language as one JSON Schema for editors (yaml-language-server by the modeline in every example, others
 * by file association). Draft-07, one branch per kind chosen by `if`, so that an editor complains about the kind that is meant only; each
 * policy's config stands in the entry that names it. Formats become patterns where a pattern can say it; the compiler knows the rest.
 */
import type { Policy } from '../../policies/policy.ts'
import { KINDS, resourceSchema } from '../../spec/kinds/index.ts'
import { API_VERSION, access, policyList } from '../../spec/kinds/metadata.ts'
import type { Format, Schema } from '../../spec/schema.ts'
import { allPolicies, write } from './validators.ts'

type Json = { readonly [key: string]: unknown }

export async function generate(): Promise<readonly string[]> {
  return write('spec/schema.json', `${JSON.stringify(languageSchema(await allPolicies()), null, 2)}\n`)
}

export function languageSchema(policies: readonly Policy[]): Json {
  const kinds = KINDS.map((kind) => ({
    if: { properties: { kind: { const: kind } }, required: ['kind'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
    then: { $ref: `#/definitions/${kind}` },
  }))
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Postern',
    description: 'A document of the language that `postern compile` reads.',
    type: 'object',
    properties: {
      apiVersion: { const: API_VERSION, description: 'Version of the language.' },
      kind: { enum: [...KINDS], description: 'What the document describes.' },
    },
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    allOf: kinds,
    definitions: {
      ...Object.fromEntries(KINDS.map((kind) => [kind, editorSchema(resourceSchema(kind))])),
      access: accessSchema(policies),
      policies: policiesSchema(policies),
    },
  }
}

function accessSchema(policies: readonly Policy[]): Json {
  return {
    ...described(access.description ?? ''),
    anyOf: [{ const: 'public', ...described('Anybody may call.') }, ...uses(policies, 'access')],
  }
}

function policiesSchema(policies: readonly Policy[]): Json {
  const use = oneKey('use', { type: 'string', ...described('Name of a PolicySet, whose policies are put in here.') })
  const { description = '', maxItems } = policyList
  return { type: 'array', ...described(description), maxItems, items: { anyOf: [use, ...uses(policies, 'policy')] } }
}

function uses(policies: readonly Policy[], kind: Policy['kind']): Json[] {
  return policies
    .filter((policy) => policy.kind === kind)
    .map((policy) => oneKey(policy.name, { ...editorSchema(policy.config), ...described(policy.summary) }))
}

function oneKey(key: string, value: Json): Json {
  return { type: 'object', properties: { [key]: value }, required: [key], additionalProperties: false }
}

/** A schema of ours as editors take it. */
function editorSchema(schema: Schema): Json {
  // The two places where kinds refer to policies, told by identity: their own schemas know no policy.
  if (schema === policyList || schema.description === policyList.description) return { $ref: '#/definitions/policies' }
  if (schema.description === access.description) return { $ref: '#/definitions/access' }
  const { description, format, properties, items, additionalProperties, propertyNames, anyOf, ...rest } = schema
  return {
    ...rest,
    ...(description === undefined ? {} : described(description)),
    ...(format === undefined ? {} : { ...(PATTERNS[format] === undefined ? {} : { pattern: PATTERNS[format] }) }),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, editorSchema(value)])) }),
    ...(items === undefined ? {} : { items: editorSchema(items) }),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: additionalProperties === false ? false : editorSchema(additionalProperties) }),
    ...(propertyNames === undefined ? {} : { propertyNames: editorSchema(propertyNames) }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(editorSchema) }),
  }
}

/** Editors show the second one as Markdown; the first is the standard's. */
function described(text: string): Json {
  return text === '' ? {} : { description: text, markdownDescription: text }
}

/** What is shaped wrongly beyond doubt. A pattern here never refuses what the grammar accepts. */
const PATTERNS: { readonly [F in Format]?: string } = {
  duration: '^[0-9]+(ms|s|m|h|d)$',
  timeout: '^[0-9]+(ms|s|m|h|d)$',
  'timeout-or-off': '^([0-9]+(ms|s|m|h|d)|off)$',
  'byte-size': '^[0-9]+(B|KiB|MiB|GiB)$',
  'byte-rate': '^([0-9]+(B|KiB|MiB|GiB)/s|off)$',
  percent: '^[0-9]+%$',
  share: '^[0-9]+([.][0-9]{1,2})?%$',
  'hash-key': '^((header|cookie):.+|consumer|ip)$',
  sticky: '^(cookie:.+|consumer|off)$',
  'status-range': '^[1-5][0-9]{2}(-[1-5][0-9]{2})?$',
  'media-range': '^[^/;]+/[^/;]+$',
  'request-path': '^/',
  name: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$',
  'base-path': '^(/[^/]+)*$',
  'route-key': '^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|QUERY) /',
  'path-template': '^/',
  'http-endpoint': '^[hH][tT][tT][pP][sS]?://',
  'field-name': "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
  timestamp: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$',
  'key-hash': '^sha256:[0-9a-f]{64}$',
  method: '^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|QUERY)$',
  secret: '^\\$\\{(env:[A-Za-z_][A-Za-z0-9_]*|file:/[^{}]*)\\}$',
}
