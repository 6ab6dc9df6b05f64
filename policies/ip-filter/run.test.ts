import fc from 'fast-check'
import t from 'tap'
import { formatAddress } from '../../spec/cidr.ts'
import { FakeExchange, loadRecord } from '../../test/fixtures/exchange.ts'
import { compileConfig, use } from '../../test/fixtures/policy.ts'
import { runner } from './run.ts'

function admits(config: object, ...clients: string[]): boolean[] {
  const { runner, config: loaded } = use('ip-filter', config)
  return clients.map((client) => runner.request?.(loaded, new FakeExchange({ client })) === undefined)
}

t.test('an allow list means nobody else', (t) => {
  t.strictSame(
    admits(
      { allow: ['10.0.0.0/8', '192.0.2.7'] },
      '10.0.0.0',
      '10.255.255.255',
      '192.0.2.7',
      '9.255.255.255',
      '11.0.0.0',
      '192.0.2.8',
      '::1',
    ),
    [true, true, true, false, false, false, false],
  )
  t.end()
})

t.test('a deny list means everybody else', (t) => {
  t.strictSame(admits({ deny: ['10.0.0.0/8'] }, '10.1.2.3', '11.0.0.0', '2001:db8::1', '0.0.0.0', '255.255.255.255'), [
    false,
    true,
    true,
    true,
    true,
  ])
  t.end()
})

t.test('deny wins', (t) => {
  t.strictSame(admits({ allow: ['10.0.0.0/8'], deny: ['10.1.0.0/16'] }, '10.0.255.255', '10.1.0.0', '10.1.255.255', '10.2.0.0'), [
    true,
    false,
    false,
    true,
  ])
  t.end()
})

t.test('IPv6 ranges do not speak about IPv4 clients, nor the other way round', (t) => {
  t.strictSame(admits({ deny: ['::/0'] }, '10.0.0.1', '::1', 'ffff::'), [true, false, false])
  t.strictSame(admits({ deny: ['0.0.0.0/0'] }, '10.0.0.1', '::1'), [false, true])
  t.strictSame(
    admits(
      { allow: ['2001:db8::/32'] },
      '2001:db8::',
      '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
      '2001:db9::',
      '2001:db7:ffff::',
      '10.0.0.1',
    ),
    [true, true, false, false, false],
  )
  t.end()
})

t.test('who is refused gets 403', (t) => {
  const { runner, config } = use('ip-filter', { allow: ['10.0.0.0/8'] })
  t.match(runner.request?.(config, new FakeExchange({ client: '192.0.2.1' })), { status: 403, code: 'address-not-allowed' })
  t.end()
})

t.test('ranges out of order, or a record cut short, refuse the bundle; no range admits nobody', (t) => {
  const { compiled } = compileConfig('ip-filter', { allow: ['10.0.0.0/8', '12.0.0.0/8', '2001:db8::/32'] })
  const record = compiled?.record as Uint8Array
  for (let size = 0; size < record.length; size++) t.throws(() => loadRecord(runner, record.slice(0, size)), { code: 'record-invalid' })
  const swapped = record.slice()
  swapped.set(record.subarray(12, 20), 4)
  swapped.set(record.subarray(4, 12), 12)
  t.throws(() => loadRecord(runner, swapped), { code: 'record-invalid' })
  const { config } = loadRecord(runner, new Uint8Array(8))
  t.match(runner.request?.(config as never, new FakeExchange()), { status: 403 })
  t.end()
})

t.test('the search agrees with looking at every range', (t) => {
  // Few and near addresses, so that ranges overlap, touch and nest.
  const ipv4 = fc
    .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 24, max: 32 }))
    .map(([low, bits]) => range([10, 0, 0, low], bits, 32))
  const ipv6 = fc
    .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 120, max: 128 }))
    .map(([low, bits]) => range([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, low], bits, 128))
  const ranges = fc.array(fc.oneof(ipv4, ipv6), { maxLength: 12 })
  const client = fc.oneof(
    fc.integer({ min: 0, max: 70 }).map((low) => [10, 0, 0, low]),
    fc.integer({ min: 0, max: 70 }).map((low) => [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, low]),
  )
  fc.assert(
    fc.property(ranges, ranges, fc.array(client, { minLength: 1, maxLength: 20 }), (allow, deny, clients) => {
      const texts = { allow: allow.map(({ text }) => text), deny: deny.map(({ text }) => text) }
      if (compileConfig('ip-filter', texts).compiled === undefined) return
      const answers = admits(texts, ...clients.map((bytes) => text(bytes)))
      for (const [index, bytes] of clients.entries()) {
        const has = (list: readonly Naive[]) => list.some((one) => one.bytes.length === bytes.length && one.has(bytes))
        const expected = !has(deny) && (allow.length === 0 || has(allow))
        if (answers[index] !== expected) throw new Error(`${text(bytes)} with ${JSON.stringify(texts)}`)
      }
    }),
    { numRuns: 500 },
  )
  t.end()
})

interface Naive {
  readonly text: string
  readonly bytes: readonly number[]
  has(bytes: readonly number[]): boolean
}

function range(address: readonly number[], bits: number, most: number): Naive {
  const mask = (bytes: readonly number[]) => bytes.map((byte, at) => byte & (0xff << Math.max(0, Math.min(8, 8 - (bits - at * 8)))) & 0xff)
  const bytes = mask(address)
  return { text: `${text(bytes)}/${bits}`, bytes, has: (other) => most === other.length * 8 && mask(other).join() === bytes.join() }
}

function text(bytes: readonly number[]): string {
  return bytes.length === 4 ? bytes.join('.') : formatAddress(Uint8Array.from(bytes), false)
}
