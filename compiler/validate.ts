/**
 * Documents to typed resources: the envelope, then one generated validator per kind, then the config of every policy that is used. Each
 * mistake is reported once, at the smallest piece of text that is wrong; a resource with a mistake is left out of the result and named in `broken`.
 */
import { compilePolicies } from '../policies/compile-index.ts'
import { policyValidators } from '../policies/validators.ts'
import type { Diagnostic, Range, Report } from '../spec/diagnostic.ts'
import { isMistake } from '../spec/grammar.ts'
import { type AnyResource, KINDS, type Kind, resourceSchema } from '../spec/kinds/index.ts'
import { API_VERSION } from '../spec/kinds/metadata.ts'
import { parseName } from '../spec/name.ts'
import type { Schema } from '../spec/schema.ts'
import { didYouMean, nearest } from '../spec/suggest.ts'
import { kindValidators } from '../spec/validators.ts'
import { type Broken, type Document, type Entry, entryOf, type LocatedResource, type MapNode, type Node, nodeAt } from './document.ts'
import { reportSchemaErrors } from './schema-errors.ts'
import { describe } from './schema-ranges.ts'

export interface Validated {
  readonly resources: readonly LocatedResource[]
  readonly broken: Broken
}

export function validate(documents: readonly Document[], report: Report): Validated {
  const resources: LocatedResource[] = []
  const broken = new Set<string>()
  for (const document of documents) {
    if (!isOurs(document.root)) continue
    const first = report.diagnostics.length
    const resource = validateDocument(document, report)
    const found = report.diagnostics.slice(first).filter(({ severity }) => severity === 'error')
    const whole = found.length === 0 ? resource : resource && withoutBrokenRoutes(resource, found)
    if (whole !== undefined) resources.push(whole)
    else {
      const kind = scalarAt(document.root, 'kind')
      const metadata = document.root.type === 'map' ? entryOf(document.root, 'metadata')?.node : undefined
      const name = metadata && scalarAt(metadata, 'name')
      if (typeof kind === 'string' && typeof name === 'string') broken.add(`${kind}/${name}`)
    }
  }
  return { resources, broken }
}

/** An Api whose mistakes all stand in routes, without these routes: its other ones can still be looked at. Nothing where that is not so. */
function withoutBrokenRoutes(resource: LocatedResource, errors: readonly Diagnostic[]): LocatedResource | undefined {
  const { document, value } = resource
  if (value.kind !== 'Api') return undefined
  const routes = nodeAt(document.root, ['spec', 'routes'])
  if (routes.type !== 'map' || value.spec.routes === undefined) return undefined
  const broken = new Set<string>()
  let at = 0
  // Errors in the order of their places meet the routes in the order of theirs.
  for (const { range } of [...errors].sort((a, b) => a.range.start - b.range.start)) {
    while (at < routes.entries.length && (routes.entries[at] as Entry).node.end < range.start) at++
    const entry = routes.entries[at]
    if (entry === undefined || range.start < entry.keyStart || range.end > entry.node.end) return undefined
    broken.add(entry.key)
  }
  const left = Object.fromEntries(Object.entries(value.spec.routes).filter(([key]) => !broken.has(key)))
  return { ...resource, value: { ...value, spec: { ...value.spec, routes: left } } }
}

/** Whether a document is meant for us. Everything else in a YAML file is left alone: OpenAPI, workflows, manifests. */
export function isOurs(root: Node): boolean {
  if (root.type !== 'map') return false
  const kind = scalarAt(root, 'kind')
  return isNearApiVersion(scalarAt(root, 'apiVersion')) || (KINDS as readonly unknown[]).includes(kind)
}

/** `postern/v2`, `Postern/v1`, `postren/v1`, `postern.io/v1`: none of them is anybody else's. */
function isNearApiVersion(apiVersion: unknown): boolean {
  return typeof apiVersion === 'string' && (/^postern\b/i.test(apiVersion) || nearest(apiVersion, [API_VERSION]) !== undefined)
}

function validateDocument(document: Document, report: Report): LocatedResource | undefined {
  const root = document.root as MapNode
  if (!validateApiVersion(document, root, report)) return undefined
  const kindEntry = entryOf(root, 'kind')
  if (kindEntry === undefined) {
    const entry = entryOf(root, 'apiVersion')
    report.error('PST0113', rangeOf(document, entry?.node ?? root), 'key `kind` is missing', { hint: `one of ${list(KINDS)}` })
    return undefined
  }
  const kind = KINDS.find((known) => known === scalarAt(root, 'kind'))
  if (kind === undefined) {
    const written = String(scalarAt(root, 'kind') ?? '')
    const { hint = `one of ${list(KINDS)}` } = didYouMean(written, KINDS)
    report.error('PST0111', rangeOf(document, kindEntry.node), `kind ${describe(kindEntry.node)} does not exist`, { hint })
    return undefined
  }
  const value = plainValue(root)
  const validator = kindValidators[kind]
  if (validator === undefined) throw new Error(`no validator for ${kind}: run \`npm run generate\``)
  if (!validator(value)) reportSchemaErrors(validator.errors ?? [], { schema: schemaOf(kind), root, document, outermost: kind }, report)
  validateUses(document, root, kind, report)
  const resource = value as unknown as AnyResource
  const name = resource.metadata?.name
  return typeof name === 'string' ? { kind, name, value: resource, document } : undefined
}

const schemas = new Map<Kind, Schema>()

function schemaOf(kind: Kind): Schema {
  const schema = schemas.get(kind) ?? resourceSchema(kind)
  schemas.set(kind, schema)
  return schema
}

function validateApiVersion(document: Document, root: MapNode, report: Report): boolean {
  const entry = entryOf(root, 'apiVersion')
  if (entry === undefined) {
    const kind = entryOf(root, 'kind')
    const range = kind ? rangeOf(document, kind.node) : rangeOf(document, root)
    report.error('PST0110', range, 'key `apiVersion` is missing', { hint: `\`apiVersion: ${API_VERSION}\`` })
    return false
  }
  if (entry.node.type === 'scalar' && entry.node.value === API_VERSION) return true
  report.error('PST0110', rangeOf(document, entry.node), `apiVersion ${describe(entry.node)} does not exist`, {
    hint: `did you mean \`${API_VERSION}\`?`,
  })
  return false
}

/** Every `access` and `policies` of a resource. What is not shaped like one has been reported by the kind's validator. */
function validateUses(document: Document, root: MapNode, kind: Kind, report: Report): void {
  const spec = entryOf(root, 'spec')?.node
  if (spec?.type !== 'map') return
  validateUsesOf(document, spec, report)
  if (kind !== 'Api') return
  const routes = entryOf(spec, 'routes')?.node
  if (routes?.type !== 'map') return
  for (const route of routes.entries) if (route.node.type === 'map') validateUsesOf(document, route.node, report)
}

function validateUsesOf(document: Document, scope: MapNode, report: Report): void {
  const access = entryOf(scope, 'access')?.node
  if (access?.type === 'map' && access.entries.length === 1) validateUse(document, access, 'access', report)
  const policies = entryOf(scope, 'policies')?.node
  if (policies?.type !== 'list') return
  for (const use of policies.items) if (use.type === 'map' && use.entries.length === 1) validateUse(document, use, 'policy', report)
}

function validateUse(document: Document, use: MapNode, place: 'access' | 'policy', report: Report): void {
  const entry = use.entries[0] as MapNode['entries'][number]
  const keyRange: Range = { file: document.source.file, start: entry.keyStart, end: entry.keyEnd }
  if (place === 'policy' && entry.key === 'use') {
    const { node } = entry
    if (node.type !== 'scalar' || typeof node.value !== 'string') {
      report.error('PST0114', rangeOf(document, node), `\`use\` takes the name of a PolicySet, not ${describe(node)}`)
      return
    }
    const name = parseName(node.value)
    if (isMistake(name)) report.error('PST0116', rangeOf(document, node), name.message, name.hint === undefined ? {} : { hint: name.hint })
    return
  }
  const known = Object.hasOwn(compilePolicies, entry.key) ? compilePolicies[entry.key] : undefined
  if (known === undefined) {
    const names = Object.keys(compilePolicies).filter((name) => compilePolicies[name]?.policy.kind === place)
    const near = nearest(entry.key, place === 'policy' ? [...names, 'use'] : names)
    const hint = near === undefined ? `one of ${list(names)}` : `did you mean \`${near}\`?`
    report.error('PST0117', keyRange, `${place === 'access' ? 'access policy' : 'policy'} \`${entry.key}\` does not exist`, { hint })
    return
  }
  if (known.policy.kind !== place) {
    const message = place === 'policy' ? `\`${entry.key}\` decides who may call` : `\`${entry.key}\` does not decide who may call`
    report.error('PST0118', keyRange, message, { hint: place === 'policy' ? 'put it under `access`' : 'put it in `policies`' })
    return
  }
  validatePolicyConfig(entry.key, entry.node, document, report)
}

/** The config of a policy as plain data, or nothing with its mistakes reported. `node` is what stands behind the policy's name. */
export function validatePolicyConfig(name: string, node: Node, document: Document, report: Report): unknown {
  const validator = policyValidators[name]
  const policy = compilePolicies[name]?.policy
  if (validator === undefined || policy === undefined) throw new Error(`no validator for the policy ${name}: run \`npm run generate\``)
  const config = plainValue(node)
  if (validator(config)) return config
  reportSchemaErrors(validator.errors ?? [], { schema: policy.config, root: node, document, outermost: name }, report)
  return undefined
}

/** Plain data. Aliases are written out; their number is limited when parsing. */
export function plainValue(node: Node): unknown {
  if (node.type === 'scalar') return node.value
  if (node.type === 'list') return node.items.map(plainValue)
  const value: { [key: string]: unknown } = {}
  for (const { key, node: inner } of node.entries) {
    // An assignment would change the object's prototype instead.
    if (key === '__proto__')
      Object.defineProperty(value, key, { value: plainValue(inner), enumerable: true, configurable: true, writable: true })
    else value[key] = plainValue(inner)
  }
  return value
}

function scalarAt(node: Node, key: string): unknown {
  const found = node.type === 'map' ? entryOf(node, key)?.node : undefined
  return found?.type === 'scalar' ? found.value : undefined
}

function rangeOf(document: Document, node: Node): Range {
  return { file: document.source.file, start: node.start, end: node.end }
}

function list(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}
