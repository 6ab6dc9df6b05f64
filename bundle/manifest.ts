/** The manifest: what a gateway must know before it uses the rest. JSON in one canonical form. docs/bundle-format.md, "Manifest". */
import { isUtf8 } from 'node:buffer'
import type { Sections } from './image.ts'
import { FORMAT_MAJOR, FORMAT_MINOR } from './layout.ts'
import { LIMITS } from './limits.ts'
import type { BundlePlan } from './plan.ts'
import type { Sink } from './strings.ts'

export interface Manifest {
  /** `major.minor` of the format. */
  readonly format: string
  /** Name and version of the compiler. */
  readonly compiler: string
  readonly gateway: string
  /** Policies the gateway must know; sorted by name. */
  readonly policies: readonly { readonly name: string; readonly version: number }[]
  readonly counts: Counts
}

export type Counts = { readonly [name in (typeof COUNTS)[number]]: number }

/** In the order of the JSON. */
const COUNTS = [
  'apis',
  'attachments',
  'backends',
  'chains',
  'consumers',
  'hosts',
  'nodes',
  'policies',
  'routes',
  'secrets',
  'selfTests',
  'traffics',
] as const

export function putManifest(plan: BundlePlan, sink: Sink): void {
  const bytes = Buffer.from(
    canonical({
      format: `${FORMAT_MAJOR}.${FORMAT_MINOR}`,
      compiler: plan.compiler,
      gateway: plan.gateway,
      policies: plan.policies,
      counts: {
        apis: plan.apis.length,
        attachments: plan.attachments.length,
        backends: plan.backends.length,
        chains: plan.chains.length,
        consumers: plan.consumers.length,
        hosts: plan.hosts.length,
        nodes: plan.nodes.length,
        policies: plan.policies.length,
        routes: plan.routes.length,
        secrets: plan.secrets.length,
        selfTests: plan.selfTests.length,
        traffics: plan.traffics.length,
      },
    }),
  )
  sink.put('MANF', bytes.length, bytes)
}

export function checkManifest(sections: Sections, format: string): string | undefined {
  if (sections.count('MANF') > LIMITS.manifestBytes) return `manifest: more than ${LIMITS.manifestBytes} bytes`
  const bytes = sections.u8('MANF')
  if (!isUtf8(bytes)) return 'manifest: not UTF-8'
  const text = decode(bytes)
  const manifest = parse(text)
  if (manifest === undefined) return 'manifest: not what a manifest must be'
  if (canonical(manifest) !== text) return 'manifest: not in its canonical form'
  if (manifest.format !== format) return `manifest: it says format ${manifest.format}, and the header ${format}`
  for (const [index, policy] of manifest.policies.entries()) {
    const before = manifest.policies[index - 1]
    if (before !== undefined && Buffer.compare(Buffer.from(before.name), Buffer.from(policy.name)) >= 0)
      return 'manifest: policies are not sorted by name'
  }
  const counts: Counts = {
    apis: sections.count('APIS'),
    attachments: sections.count('ATTS'),
    backends: sections.count('BKND'),
    chains: sections.count('CHNS'),
    consumers: sections.count('CONS'),
    hosts: sections.count('HOST'),
    // Of the rows of the trie some are slots: check-trie.ts counts.
    nodes: manifest.counts.nodes,
    policies: manifest.policies.length,
    routes: sections.count('ROUT'),
    secrets: sections.count('SECR'),
    selfTests: sections.count('TEST'),
    traffics: sections.count('TRAF'),
  }
  for (const name of COUNTS) {
    if (manifest.counts[name] !== counts[name]) return `manifest: it counts ${manifest.counts[name]} ${name}, and there are ${counts[name]}`
  }
  return undefined
}

/** Of a bundle that has been checked. */
export function readManifest(sections: Sections): Manifest {
  return parse(decode(sections.u8('MANF'))) as Manifest
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

/** No white space, keys in this order. */
function canonical(manifest: Manifest): string {
  return JSON.stringify({
    format: manifest.format,
    compiler: manifest.compiler,
    gateway: manifest.gateway,
    policies: manifest.policies.map(({ name, version }) => ({ name, version })),
    counts: Object.fromEntries(COUNTS.map((name) => [name, manifest.counts[name]])),
  })
}

function parse(text: string): Manifest | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(value) || !isText(value['format']) || !isText(value['compiler']) || !isText(value['gateway'])) return undefined
  const { policies, counts } = value
  if (!Array.isArray(policies) || !policies.every(isPolicy) || !isObject(counts)) return undefined
  if (!COUNTS.every((name) => Number.isSafeInteger(counts[name]))) return undefined
  return value as unknown as Manifest
}

function isPolicy(value: unknown): boolean {
  return isObject(value) && isText(value['name']) && Number.isSafeInteger(value['version'])
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Half a surrogate pair can hide in an escape. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed()
}
