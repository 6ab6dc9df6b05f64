/**
 * Records that no compiler wrote: every truncation, and random changes of bytes, of one record of each policy. `load` must refuse it with
 * `record-invalid` or make a config of it; nothing else, and never without bound. A short run belongs to `policies.test.ts`;
 * `node policies/records.fuzz.ts --seconds 600 --seed N` is the long one.
 */
import { parseArgs } from 'node:util'
import { PosternError } from '../bundle/error.ts'
import { directory, loadRecord } from '../test/fixtures/exchange.ts'
import { compileConfig, type Place } from '../test/fixtures/policy.ts'
import { runners } from './run-index.ts'

/** Where the configs below are used. */
export const SEED_PLACE: Place = { template: '/a/{x}/**', knowsConsumer: true, consumers: ['acme', 'bolt'] }
const consumers = directory([{ name: 'acme' }, { name: 'bolt' }])
const secrets = ['Bearer abc']

/** A config of each policy. */
export const SEEDS: { readonly [policy: string]: unknown } = {
  'api-key': { consumers: ['acme', 'bolt'] },
  'body-limit': { max: '64KiB' },
  cors: {
    origins: ['https://a.example', 'https://*.b.example'],
    methods: ['GET', 'PUT'],
    headers: ['x-a'],
    expose: ['x-b'],
    credentials: true,
  },
  headers: { request: { set: { 'x-a': '${' + 'env:A}', 'x-b': 'b' }, remove: ['x-c'] }, response: { add: { 'x-d': 'd' } } },
  'ip-filter': { allow: ['10.0.0.0/8', '192.0.2.0/24', '2001:db8::/32'], deny: ['10.1.0.0/16'] },
  public: {},
  'rate-limit': { limit: 10, per: '1m', by: 'route', burst: 5 },
  'request-id': { header: 'x-id' },
  respond: { status: 404, headers: { 'x-a': 'b' }, body: '{}' },
  rewrite: { path: '/v2/{x}/**', query: { set: { a: 'b' }, remove: ['c'] } },
}

/** Answers how many records were tried. Throws when a policy does anything but refuse or accept. */
export function fuzzRecords(seed: number, isOver: (tried: number) => boolean): number {
  const random = generator(seed)
  let tried = 0
  const records = [...runners.keys()].map((name) => {
    const { compiled, errors } = compileConfig(name, SEEDS[name], SEED_PLACE)
    if (compiled === undefined) throw new Error(`${name}: ${errors.join('; ')}`)
    for (let size = 0; size < compiled.record.length; size++, tried++) attempt(name, compiled.record.slice(0, size), true)
    return [name, compiled.record] as const
  })
  while (!isOver(tried)) {
    for (const [name, record] of records) {
      const changed = record.slice()
      for (let count = 1 + (random() % 4); count > 0; count--) changed[random() % changed.length] = random() & 0xff
      attempt(name, changed, false)
      tried++
    }
  }
  return tried
}

function attempt(name: string, record: Uint8Array, mustRefuse: boolean): void {
  const runner = runners.get(name)
  if (runner === undefined) throw new Error(`no policy ${name}`)
  try {
    // A size that lies would make `secret` and the table of counts look elsewhere; both have their own bounds.
    loadRecord(runner, record, { consumers, secrets: new Proxy(secrets, { get: () => secrets[0] }) })
  } catch (error) {
    if (error instanceof PosternError && error.code === 'record-invalid') return
    throw new Error(`${name}: ${Buffer.from(record).toString('hex')}`, { cause: error })
  }
  if (mustRefuse) throw new Error(`${name} takes a record that was cut short: ${Buffer.from(record).toString('hex')}`)
}

/** Marsaglia's xorshift32, so that a seed repeats a run. */
function generator(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '10' }, seed: { type: 'string', default: `${Date.now() % 1e9}` } },
  })
  process.stdout.write(`seed ${values.seed}\n`)
  const end = Date.now() + Number(values.seconds) * 1000
  process.stdout.write(`${fuzzRecords(Number(values.seed), () => Date.now() > end)} records\n`)
}
