/** Writes docs/reference/ (one page per kind and per policy, from their schemas) and docs/errors/ (one page per code). Pages nobody writes any more are removed. */
import { mkdir, readdir, unlink } from 'node:fs/promises'
import type { Policy } from '../../policies/policy.ts'
import { CODES, type CodeExplanation } from '../../spec/codes.ts'
import { KINDS, resourceSchema } from '../../spec/kinds/index.ts'
import { access, policyList } from '../../spec/kinds/metadata.ts'
import type { Format, Schema } from '../../spec/schema.ts'
import { allPolicies, write } from './validators.ts'

const ROOT = new URL('../../', import.meta.url)
const NOTE = '<!-- Written by tools/generate/reference.ts: do not edit. -->\n\n'

export async function generate(): Promise<readonly string[]> {
  const policies = await allPolicies()
  const pages = new Map<string, string>([
    ['docs/reference/README.md', referenceIndex(policies)],
    ...KINDS.map((kind): [string, string] => [`docs/reference/kinds/${kind.toLowerCase()}.md`, kindPage(kind)]),
    ...policies.map((policy): [string, string] => [`docs/reference/policies/${policy.name}.md`, policyPage(policy)]),
    ['docs/errors/README.md', errorIndex(policies)],
    ...Object.entries(CODES).map(([code, explanation]): [string, string] => [
      `docs/errors/${code.toLowerCase()}.md`,
      errorPage(code, explanation),
    ]),
    ...policies.flatMap((policy) =>
      Object.entries(policy.codes ?? {}).map(([code, text]): [string, string] => [
        `docs/errors/${code}.md`,
        policyErrorPage(code, text, policy),
      ]),
    ),
  ])
  const written: string[] = []
  for (const [file, text] of pages) {
    await mkdir(new URL('.', new URL(file, ROOT)), { recursive: true })
    written.push(...(await write(file, NOTE + text)))
  }
  for (const folder of ['docs/reference', 'docs/errors']) {
    for (const file of await readdir(new URL(folder, ROOT), { recursive: true })) {
      const path = `${folder}/${file}`
      if (!path.endsWith('.md') || pages.has(path)) continue
      await unlink(new URL(path, ROOT))
      written.push(path)
    }
  }
  return written
}

function referenceIndex(policies: readonly Policy[]): string {
  const kinds = KINDS.map((kind) => `- [${kind}](kinds/${kind.toLowerCase()}.md): ${KIND_SUMMARIES[kind]}`)
  const list = (kind: Policy['kind']) =>
    policies.filter((policy) => policy.kind === kind).map((policy) => `- [${policy.name}](policies/${policy.name}.md): ${policy.summary}`)
  return `# Reference

Everything that can be written, from the schemas that the compiler checks with. Types such as \`duration\` are explained in [formats](#formats).

## Kinds

${kinds.join('\n')}

## Access

${list('access').join('\n')}

## Policies

${list('policy').join('\n')}

## Formats

| format | example | |
|---|---|---|
${Object.entries(FORMATS)
  .map(([format, [example, text]]) => `| ${format} | ${example === '' ? '' : code(example)} | ${text} |`)
  .join('\n')}
`
}

function kindPage(kind: (typeof KINDS)[number]): string {
  const { spec, metadata } = resourceSchema(kind).properties as { spec: Schema; metadata: Schema }
  return `# ${kind}

${KIND_SUMMARIES[kind]}

\`\`\`yaml
${KIND_EXAMPLES[kind]}
\`\`\`

## metadata

${fieldTable(metadata)}
## spec

${fieldTable(spec)}`
}

function policyPage(policy: Policy): string {
  const codes = Object.entries(policy.codes ?? {})
  const place = policy.kind === 'access' ? 'Stands under `access`.' : 'Stands in `policies`.'
  const fields = fieldTable(policy.config)
  return `# ${policy.name}

${policy.summary} ${place}

${fields === '' ? 'It has nothing to configure.\n' : fields}${codes.length === 0 ? '' : `\n## Diagnostics\n\n${codes.map(([name, text]) => `- [\`${name}\`](../../errors/${name}.md): ${text}`).join('\n')}\n`}`
}

function errorIndex(policies: readonly Policy[]): string {
  const phases = { '00': 'Load', '01': 'Parse and validate', '02': 'Link', '03': 'Inherit', '04': 'Check', '05': 'Limits' }
  const groups = Object.entries(phases).map(([prefix, title]) => {
    const codes = Object.entries(CODES).filter(([name]) => name.startsWith(`PST${prefix}`))
    return `## ${title}\n\n${codes.map(([name, { title: text }]) => `- [${name}](${name.toLowerCase()}.md): ${text}`).join('\n')}\n`
  })
  const own = policies.flatMap((policy) => Object.entries(policy.codes ?? {}))
  return `# Diagnostics

Codes are for ever: none is used twice, whatever its message says later.

${groups.join('\n')}
## Policies

${own.map(([name, text]) => `- [${name}](${name}.md): ${text}`).join('\n')}
`
}

function errorPage(name: string, { title, explanation, wrong, right }: CodeExplanation): string {
  const block = (heading: string, yaml: string | undefined) => (yaml === undefined ? '' : `\n${heading}\n\n\`\`\`yaml\n${yaml}\n\`\`\`\n`)
  return `# ${name}: ${title}

${explanation}
${block('Refused:', wrong)}${block(wrong === undefined ? 'For example:' : 'Instead:', right)}`
}

function policyErrorPage(name: string, text: string, policy: Policy): string {
  return `# ${name}

${text}

Reported by the policy [${policy.name}](../../reference/policies/${policy.name}.md).
`
}

/** One row per field, those within maps and lists with their path in front. */
function fieldTable(schema: Schema): string {
  const rows = fieldRows(schema, '')
  if (rows.length === 0) return ''
  return `| field | type | default | |\n|---|---|---|---|\n${rows.join('\n')}\n`
}

function fieldRows(schema: Schema, prefix: string): string[] {
  const rows: string[] = []
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    const path = prefix + key
    const isRequired = schema.required?.includes(key) ?? false
    const fallback =
      field.default === undefined ? (isRequired ? 'required' : '') : code(JSON.stringify(field.default).replaceAll(/^"(.+)"$/g, '$1'))
    rows.push(`| ${code(path)} | ${typeWords(field)} | ${fallback} | ${cell(field.description ?? '')} |`)
    rows.push(...fieldRows(field, `${path}.`))
    if (field.items) rows.push(...fieldRows(field.items, `${path}[].`))
    if (typeof field.additionalProperties === 'object') rows.push(...fieldRows(field.additionalProperties, `${path}.*.`))
  }
  // Of several shapes, those that are maps.
  for (const branch of schema.anyOf ?? []) rows.push(...fieldRows(branch, prefix))
  return rows
}

function typeWords(schema: Schema): string {
  if (schema.description === policyList.description) return 'list of [policies](../README.md#policies)'
  if (schema.description === access.description) return '`public` or an [access policy](../README.md#access)'
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeWords))].join(' or ')
  if (schema.const !== undefined) return code(String(schema.const))
  if (schema.enum) return schema.enum.map((value) => code(String(value))).join(', ')
  if (schema.format !== undefined) return `[${schema.format}](../README.md#formats)`
  switch (schema.type) {
    case 'array':
      return `list of ${schema.items ? typeWords(schema.items) : 'values'}${bounds(schema.minItems, schema.maxItems)}`
    case 'object':
      if (typeof schema.additionalProperties !== 'object') return 'map'
      return `map of ${schema.propertyNames?.format ? `[${schema.propertyNames.format}](../README.md#formats) to ` : ''}${typeWords(schema.additionalProperties)}`
    case 'integer':
      return `whole number${bounds(schema.minimum, schema.maximum)}`
    case 'string':
      return `text${bounds(schema.minLength, schema.maxLength)}`
    default:
      return schema.type ?? 'any'
  }
}

function bounds(low: number | undefined, high: number | undefined): string {
  if (low === undefined && high === undefined) return ''
  return ` (${low ?? 0}–${high ?? ''})`
}

function code(text: string): string {
  return text === '' ? '`""`' : `\`${cell(text)}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

const KIND_SUMMARIES: { readonly [K in (typeof KINDS)[number]]: string } = {
  Gateway: 'One logical set of listeners and the APIs served on them.',
  Api: 'A named group of routes, with the hosts and the base path under which they stand.',
  Backend: 'A named place requests are sent to.',
  Consumer: 'Who calls, and what proves it.',
  PolicySet: 'A named list of policies, put in elsewhere by `use`.',
}

const KIND_EXAMPLES: { readonly [K in (typeof KINDS)[number]]: string } = {
  Gateway: `apiVersion: postern/v1
kind: Gateway
metadata: { name: edge }
spec:
  listeners:
    - { name: http, address: 0.0.0.0, port: 8080 }
    - name: https
      port: 8443
      protocol: https
      tls: { certificates: [ { cert: "\${file:/etc/edge/chain.pem}", key: "\${file:/etc/edge/key.pem}" } ] }
      limits: { connectionsPerAddress: 256, maxAge: 1h }
  policies: [ { use: standard } ]`,
  Api: `apiVersion: postern/v1
kind: Api
metadata: { name: weather, labels: { team: climate } }
spec:
  hosts: [api.example.com]
  basePath: /weather
  access: { api-key: {} }
  backend: weather-service
  routes:
    GET /forecast/{city}: {}
    GET /stations/{id:[0-9]+}: {}
    GET /files/**: { access: public, backend: files, cache: { ttl: 30s, staleIfError: 5m }, compress: true }
    POST /reports:
      split: [ { backend: weather-service, weight: 95 }, { backend: weather-service-v2, weight: 5 } ]
      sticky: consumer
      retry: { attempts: 0 }`,
  Backend: `apiVersion: postern/v1
kind: Backend
metadata: { name: weather-service }
spec:
  endpoints: [ { url: "http://10.0.0.7:8080/api", weight: 2 }, "http://10.0.0.8:8080/api" ]
  balance: least-request
  timeouts: { connect: 1s, response: 5s, total: 20s }
  health:
    active: { path: /healthz, interval: 5s }
    passive: { consecutiveFailures: 5, ejectFor: 30s }
  breaker: { failureShare: 50% }
  retry: { on: [connect, reset, 503], attempts: 2, perTry: 2s }`,
  Consumer: `apiVersion: postern/v1
kind: Consumer
metadata: { name: acme }
spec:
  keys:
    - hash: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
      expires: 2027-01-01T00:00:00Z`,
  PolicySet: `apiVersion: postern/v1
kind: PolicySet
metadata: { name: standard }
spec:
  policies:
    - request-id: {}
    - headers: { response: { remove: [server] } }`,
}

const FORMATS: { readonly [F in Format]: readonly [example: string, text: string] } = {
  name: ['weather-service', 'Lower-case letters, digits and hyphens, at most 63.'],
  duration: ['500ms', 'A whole number and `ms`, `s`, `m`, `h` or `d`.'],
  timeout: ['500ms', 'A duration of at most `24d`.'],
  'timeout-or-off': ['5m', 'A duration of at most `24d`, or `off`.'],
  'byte-rate': ['240B/s', 'A size and `/s`, or `off`.'],
  percent: ['50%', 'A whole number from 1 to 100 and `%`.'],
  share: ['0.5%', 'A number from 0 to 100, with at most two decimals, and `%`.'],
  'hash-key': ['header:x-tenant', '`header:NAME`, `cookie:NAME`, `consumer` or `ip`.'],
  sticky: ['cookie:part', '`consumer` or `cookie:NAME`, or `off`.'],
  'status-range': ['200-399', 'A status or a range of statuses, both ends included.'],
  'media-range': ['text/*', 'A media type without parameters, or `*` behind the slash.'],
  'request-path': ['/healthz', 'A path, with a query if it has one, as it is sent.'],
  'byte-size': ['64KiB', 'A whole number and `B`, `KiB`, `MiB` or `GiB`: powers of two.'],
  host: ['*.example.com', 'A host name or address; `*.` in front stands for one or more labels. No port.'],
  'host-name': ['orders.internal', 'A host name or an IPv4 address. No port, no wildcard.'],
  'base-path': ['/weather', 'Literal segments, no slash at the end.'],
  'route-key': ['GET /stations/{id:[0-9]+}', 'A method, a space and a path template.'],
  'path-template': [
    '/files/**',
    '`{x}` is one non-empty segment, `{x:pattern}` one that the pattern matches from end to end, `**` zero or more at the end.',
  ],
  'http-endpoint': ['https://10.0.0.7:8443/api', '`http://` or `https://`. No user, query or fragment; the path is a prefix.'],
  'ip-address': ['2001:db8::1', 'IPv4 or IPv6, without zone.'],
  cidr: ['10.0.0.0/8', 'An address or a range, with no bits set behind the prefix.'],
  'field-name': ['x-request-id', 'A token (RFC 9110 §5.6.2).'],
  'field-value': ['no-store', 'Visible ASCII, spaces and tabs; no white space at either end.'],
  timestamp: ['2027-01-01T00:00:00Z', 'RFC 3339, in UTC.'],
  'key-hash': ['', '`sha256:` and 64 hex digits, as `postern key new` prints them.'],
  origin: ['https://app.example.com', 'Scheme, host and port as browsers send them; `*` for any.'],
  method: ['GET', 'In capitals.'],
  secret: ['${env:TOKEN}', 'A reference: `${env:NAME}` or `${file:/absolute/path}`.'],
  'text-or-secret': ['${file:/run/secrets/token}', 'Text, or one reference and nothing else.'],
  text: ['', 'Any text without references.'],
}
