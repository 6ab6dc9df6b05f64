import t from 'tap'
import { check, imageOf, isRejection, writeBundle } from '../bundle/bundle.ts'
import type { BundlePlan } from '../bundle/plan.ts'
import { sampleBackend, sampleListener } from '../bundle/sample-parts.fuzz.ts'
import { route as routeSpec } from '../spec/kinds/api.ts'
import { backendSpec } from '../spec/kinds/backend.ts'
import { listener } from '../spec/kinds/gateway.ts'
import type { Format, Schema } from '../spec/schema.ts'
import { api, BASE, compileFiles } from './link-fixture.ts'

function planOf(text: string): BundlePlan {
  const { plans, text: mistakes } = compileFiles(text)
  if (plans[0] === undefined) throw new Error(mistakes)
  return plans[0]
}

const backend = (name: string, lines: string) => `apiVersion: postern/v1\nkind: Backend\nmetadata: { name: ${name} }\nspec: ${lines}\n`
const GET = '  routes: { GET /a: {} }'

/** The ends of formats whose values have an order, and long and short ones of others. */
const EXTREMES: { readonly [F in Format]?: readonly [smallest: string, largest: string] } = {
  timeout: ['1ms', '24d'],
  'timeout-or-off': ['off', '24d'],
  'byte-rate': ['off', '1GiB/s'],
  'byte-size': ['1B', '1GiB'],
  percent: ['1%', '100%'],
  'request-path': ['/', `/${'x'.repeat(1023)}`],
  'host-name': ['a', `${'x'.repeat(63)}.internal`],
  'status-range': ['100', '100-599'],
  'field-name': ['a', 'x'.repeat(256)],
}

t.test('what a listener and a backend leave out is what tests take for the default', (t) => {
  const plan = planOf(`${BASE}---\n${api('a', GET)}`)
  t.strictSame(plan.listeners, [sampleListener({ address: '0.0.0.0', port: 8080 })])
  const [echo] = plan.backends
  t.strictSame({ ...echo, endpoints: [], source: [] }, { ...sampleBackend('echo'), endpoints: [], source: [] })
  t.strictSame(echo?.endpoints, [
    { host: '127.0.0.1', port: 9000, authority: '127.0.0.1:9000', pathPrefix: '', isTls: false, weight: 1, resolve: 'address' },
  ])
  t.strictSame(plan.traffics, [])
  t.end()
})

t.test('what is written out as the schema has it changes nothing', (t) => {
  const bare = planOf(`${BASE}---\n${api('a', GET)}`)
  const withDefaults = BASE.replace('port: 8080', `port: 8080, ${flow(defaultsOf(listener, ['name', 'port', 'tls']))}`).replace(
    '"http://127.0.0.1:9000"] }',
    `"http://127.0.0.1:9000"], ${flow(defaultsOf(backendSpec, ['endpoints', 'health', 'breaker', 'tls']))} }`,
  )
  const written = planOf(`${withDefaults}---\n${api('a', GET)}`)
  t.ok(withDefaults.includes('tunnelIdleTimeout') && withDefaults.includes('backoff'), withDefaults)
  t.strictSame(written.listeners, bare.listeners)
  t.strictSame({ ...written.backends[0], source: [] }, { ...bare.backends[0], source: [] })
  t.end()
})

t.test('endpoints are watched by default where there is another one to go to', (t) => {
  const passiveOf = (lines: string) =>
    planOf(`${BASE}---\n${backend('b', lines)}---\n${api('a', `${GET.replace('{}', '{ backend: b }')}`)}`).backends[0]?.passiveHealth
  t.equal(passiveOf('{ endpoints: ["http://10.0.0.1"] }'), undefined, 'one address')
  t.match(passiveOf('{ endpoints: ["http://10.0.0.1", "http://10.0.0.2"] }'), {
    consecutiveFailures: 5,
    ejectMs: 30_000,
    panicBelowPercent: 50,
  })
  t.ok(passiveOf('{ endpoints: ["http://orders.internal"] }'), 'a name may have several')
  t.equal(passiveOf('{ endpoints: ["http://10.0.0.1", "http://10.0.0.2"], health: { passive: off } }'), undefined)
  t.match(passiveOf('{ endpoints: ["http://10.0.0.1"], health: { passive: {} } }'), { failurePercent: 0, maxEjectMs: 300_000 })
  t.match(
    passiveOf('{ endpoints: ["http://10.0.0.1"], health: { passive: { ejectFor: 10m } } }'),
    { ejectMs: 600_000, maxEjectMs: 600_000 },
    'a longer first ejection raises the longest one',
  )
  t.end()
})

t.test('a route without words of its own shares what its Api says, operations of OpenAPI documents included', (t) => {
  const many = Array.from({ length: 100 }, (_, index) => `    GET /r${index}: {}`).join('\n')
  const plan = planOf(`${BASE}---\n${api('a', `  timeouts: { total: 5s }\n  routes:\n${many}\n    GET /own: { timeouts: { total: 5s } }`)}`)
  t.strictSame(plan.traffics, [{ split: [], totalTimeoutMs: 5000 }])
  t.ok(plan.routes.every(({ trafficIndex }) => trafficIndex === 0))
  t.end()
})

t.test('backends that get a part or copies are in the bundle, and used', (t) => {
  const others = ['part', 'copies'].map((name) => backend(name, '{ endpoints: ["http://10.0.0.1"] }')).join('---\n')
  const { plans, diagnostics } = compileFiles(
    `${BASE}---\n${others}---\n${api('a', `${GET.replace('{}', '{ split: [ { backend: part } ], mirror: { backend: copies } }')}`)}`,
  )
  t.strictSame(
    plans[0]?.backends.map(({ name }) => name),
    ['copies', 'part'],
  )
  t.equal(plans[0]?.routes[0]?.backendIndex, 1)
  t.match(plans[0]?.traffics, [{ split: [{ backendIndex: 1, weight: 1 }], mirror: { backendIndex: 0, share: 10_000 } }])
  t.strictSame(
    diagnostics.map(({ code }) => code),
    [],
    'also the one of the Api, which its routes do not need',
  )
  t.end()
})

t.test('secrets of policies come first, for their indices stand in records; each reference is there once', (t) => {
  const tls = '{ ca: "${file:/ca.pem}", cert: "${file:/own.pem}", key: "${env:TOKEN}" }'
  const plan = planOf(
    `${BASE.replace('port: 8080', 'port: 8080, protocol: https, tls: { certificates: [ { cert: "${file:/own.pem}", key: "${file:/own.key}" } ] }')}---\n${backend('b', `{ endpoints: ["https://10.0.0.1"], tls: ${tls} }`)}---\n${api('a', '  policies: [ { headers: { request: { set: { authorization: "${env:TOKEN}" } } } } ]\n  routes: { GET /a: { backend: b } }')}`,
  )
  t.strictSame(
    plan.secrets.map(({ kind, name }) => `${kind} ${name}`),
    ['env TOKEN', 'file /own.pem', 'file /own.key', 'file /ca.pem'],
  )
  t.strictSame(plan.listeners[0]?.tls?.certificates, [{ certSecretIndex: 1, keySecretIndex: 2 }])
  t.match(plan.backends[0]?.tls, { caSecretIndex: 3, certSecretIndex: 1, keySecretIndex: 0 })
  t.end()
})

t.test('the largest and the smallest of everything that can be written is a bundle that is accepted', (t) => {
  for (const largest of [true, false]) {
    const limits = extremesOf(listener.properties?.['limits'] ?? {}, largest)
    // A line fits into a head.
    Object.assign(limits, largest ? { requestLineSize: '64KiB', headSize: '1MiB' } : { requestLineSize: '128B', headSize: '256B' })
    const settings = extremesOf(backendSpec, largest, ['endpoints', 'sourceAddress', 'tls'])
    const gateway = BASE.replace('port: 8080', `port: 8080, limits: ${JSON.stringify(limits)}`).replace(
      '"http://127.0.0.1:9000"] }',
      `{ url: "http://127.0.0.1:9000", weight: 65535 }], ${flow(settings)} }`,
    )
    const traffic = extremesOf(routeSpec, largest, ['name', 'access', 'backend', 'policies', 'split', 'sticky', 'mirror', 'compress'])
    const plan = planOf(`${gateway}---\n${api('a', `  routes: { GET /a: ${JSON.stringify(traffic)} }`)}`)
    const bytes = writeBundle(plan)
    const checked = check(imageOf(bytes), bytes.length)
    t.notOk(isRejection(checked) && checked.message, JSON.stringify([limits, settings, traffic]))
  }
  t.end()
})

/** A map with every field at one end of what its schema takes. */
function extremesOf(schema: Schema, largest: boolean, without: readonly string[] = []): { [key: string]: unknown } {
  const fields = Object.entries(schema.properties ?? {}).filter(([key]) => !without.includes(key) && key !== 'tcp')
  return Object.fromEntries(fields.map(([key, field]) => [key, extremeOf(field, largest)]))
}

function extremeOf(schema: Schema, largest: boolean): unknown {
  if (schema.anyOf !== undefined)
    return extremeOf(schema.anyOf.find((branch) => branch.properties !== undefined) ?? (schema.anyOf[0] as Schema), largest)
  if (schema.properties !== undefined) return extremesOf(schema, largest)
  if (schema.items !== undefined) return largest ? Array.from({ length: 2 }, () => extremeOf(schema.items as Schema, largest)) : []
  if (schema.enum !== undefined) return schema.enum.at(largest ? -1 : 0)
  if (schema.type === 'integer') return largest ? schema.maximum : schema.minimum
  if (schema.type === 'boolean') return largest
  if (schema.format === 'hash-key') return largest ? 'cookie:x' : 'ip'
  return EXTREMES[schema.format as Format]?.[largest ? 1 : 0]
}

/** The defaults that a schema documents, group by group. */
function defaultsOf(schema: Schema, without: readonly string[]): { [key: string]: unknown } {
  const defaults: { [key: string]: unknown } = {}
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    if (without.includes(key)) continue
    if (field.default !== undefined) defaults[key] = field.default
    else if (field.properties !== undefined) defaults[key] = defaultsOf(field, [])
  }
  return defaults
}

function flow(values: { [key: string]: unknown }): string {
  return JSON.stringify(values).slice(1, -1)
}
