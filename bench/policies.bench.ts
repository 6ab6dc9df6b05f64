/**
 * Nanoseconds per call of each policy's hooks, on an exchange that costs as little as one can: what the policies themselves take, not the engine.
 * `node bench/policies.bench.ts`; medians of five rounds, in one process, after warm-up.
 */
import { createHash, hash } from 'node:crypto'
import type { Exchange, FieldName, Runner } from '../policies/contract.ts'
import { runners } from '../policies/run-index.ts'
import { directory, loadRecord } from '../test/fixtures/exchange.ts'
import { compileConfig, type Place } from '../test/fixtures/policy.ts'

const ROUNDS = 5
const CALLS = 400_000

/** Fields by lower-case name; writes are counted only. */
class CheapExchange {
  readonly fields: Map<string, string>
  readonly client
  readonly route = { index: 0, name: 'GET /forecast/{city}', api: 'weather', key: 'weather GET /forecast/{city}' }
  consumer = 0
  consumerName = 'acme'
  requestId = '0123456789abcdef01234567'
  writes = 0
  slotValue: unknown
  timeMs = Date.UTC(2026, 10, 23)
  readonly request
  readonly response

  constructor(fields: { readonly [name: string]: string }, client: readonly number[], isIPv4: boolean) {
    this.fields = new Map(Object.entries(fields))
    this.client = { bytes: Uint8Array.from(client), text: '', isIPv4, peerIsTrusted: true, certificate: undefined }
    const count = () => {
      this.writes++
    }
    const field = (name: FieldName) => this.fields.get(name.lower)
    const writes = { setField: count, addField: count, removeField: count }
    this.request = {
      method: 'GET',
      path: '/weather/forecast/berlin',
      query: 'units=metric&api_key=1&days=3',
      host: 'api.example.com',
      contentLength: 1000,
      field,
      fieldCount: () => 1,
      segment: () => 'berlin',
      segmentsFrom: () => 'berlin/today',
      targetPath: '/forecast/berlin',
      targetQuery: 'units=metric&api_key=1&days=3',
      setTarget: count,
      limitBody: count,
      ...writes,
    }
    this.response = { status: 200, isLocal: false, field, ...writes }
  }

  nowMs(): number {
    // Each call a little later, so that limits do not run dry.
    this.timeMs += 1
    return this.timeMs
  }

  get(): unknown {
    return this.slotValue
  }

  set(_slot: number, value: unknown): void {
    this.slotValue = value
  }
}

const IPV4 = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3]
const IPV6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]
const key = 'k'.repeat(43)
const consumers = directory([{ name: 'acme', digest: createHash('sha256').update(key).digest() }])
const ranges = Array.from({ length: 1000 }, (_, index) => `10.${index >> 2}.${(index & 3) * 64}.0/24`)
const ranges6 = Array.from({ length: 1000 }, (_, index) => `2001:db8:${index.toString(16)}::/48`)
const place: Place = { template: '/weather/forecast/{city}', knowsConsumer: true }

interface Case {
  readonly title: string
  readonly policy: string
  readonly config: unknown
  readonly fields?: { readonly [name: string]: string }
  readonly isIPv6?: boolean
}

const ORIGIN = 'https://app.example.com'
const cases: readonly Case[] = [
  { title: 'public', policy: 'public', config: {} },
  { title: 'api-key, valid', policy: 'api-key', config: {}, fields: { 'x-api-key': key } },
  { title: 'api-key, unknown', policy: 'api-key', config: {}, fields: { 'x-api-key': 'q'.repeat(43) } },
  { title: 'api-key, missing', policy: 'api-key', config: {} },
  { title: 'ip-filter, 1000 IPv4 ranges', policy: 'ip-filter', config: { allow: ranges } },
  { title: 'ip-filter, 1000 IPv6 ranges', policy: 'ip-filter', config: { allow: ranges6 }, isIPv6: true },
  { title: 'rate-limit by ip, IPv4', policy: 'rate-limit', config: { limit: 1_000_000, per: '1s', by: 'ip' } },
  { title: 'rate-limit by ip, IPv6', policy: 'rate-limit', config: { limit: 1_000_000, per: '1s', by: 'ip' }, isIPv6: true },
  { title: 'rate-limit by consumer', policy: 'rate-limit', config: { limit: 1_000_000, per: '1s', by: 'consumer' } },
  { title: 'rate-limit by route', policy: 'rate-limit', config: { limit: 1_000_000, per: '1s', by: 'route' } },
  { title: 'rate-limit, refused', policy: 'rate-limit', config: { limit: 1, per: '30d', by: 'ip' } },
  {
    title: 'headers, 2 + 2 changes',
    policy: 'headers',
    config: { request: { set: { 'x-a': '1' }, remove: ['cookie'] }, response: { set: { 'x-b': '2' }, remove: ['server'] } },
  },
  { title: 'rewrite, path', policy: 'rewrite', config: { path: '/v2/{city}/now' } },
  { title: 'rewrite, query', policy: 'rewrite', config: { query: { set: { v: '2' }, remove: ['api_key'] } } },
  { title: 'body-limit', policy: 'body-limit', config: { max: '64KiB' } },
  { title: 'respond', policy: 'respond', config: { body: 'ok' } },
  {
    title: "request-id, a trusted proxy's",
    policy: 'request-id',
    config: {},
    fields: { 'x-request-id': '4bf92f3577b34da6a3ce929d0e0e4736' },
  },
  { title: 'cors, no origin', policy: 'cors', config: { origins: [ORIGIN] } },
  { title: 'cors, exact origin', policy: 'cors', config: { origins: [ORIGIN] }, fields: { origin: ORIGIN } },
  { title: 'cors, wildcard origin', policy: 'cors', config: { origins: ['https://*.example.com'] }, fields: { origin: ORIGIN } },
]

process.stdout.write(`${'ns per call'.padEnd(32)}${'request'.padStart(9)}${'response'.padStart(10)}\n`)
for (const one of cases) {
  const runner = runners.get(one.policy) as Runner<unknown>
  const { compiled, errors } = compileConfig(one.policy, one.config, place)
  if (compiled === undefined) throw new Error(errors.join())
  const { config } = loadRecord(runner, compiled.record, { consumers })
  const exchange = new CheapExchange(one.fields ?? {}, one.isIPv6 ? IPV6 : IPV4, !one.isIPv6) as unknown as Exchange
  const request = measured((calls) => {
    for (let call = 0; call < calls; call++) runner.request?.(config, exchange)
  })
  const response =
    runner.response === undefined
      ? undefined
      : measured((calls) => {
          for (let call = 0; call < calls; call++) runner.response?.(config, exchange)
        })
  process.stdout.write(`${one.title.padEnd(32)}${request.toFixed(0).padStart(9)}${(response?.toFixed(0) ?? '').padStart(10)}\n`)
}
const keys = Array.from({ length: 256 }, (_, index) => `${key}${index}`)
for (const encoding of ['latin1', 'buffer'] as const) {
  const sha = measured((calls) => {
    for (let call = 0; call < calls; call++) hash('sha256', keys[call & 255] as string, encoding)
  })
  process.stdout.write(`${`SHA-256 alone, as ${encoding}`.padEnd(32)}${sha.toFixed(0).padStart(9)}\n`)
}

function measured(run: (calls: number) => void): number {
  run(CALLS / 4)
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint()
    run(CALLS / 4)
    rounds.push(Number(process.hrtime.bigint() - start) / (CALLS / 4))
  }
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1] as number
}
