import { isIP } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { refuses } from '../test/fixtures/grammar.ts'
import { formatAddress } from './cidr.ts'
import { isMistake } from './grammar.ts'
import { isIPv4Mapped, parseIpAddress } from './ip-address.ts'

const hex = (text: string) => {
  const bytes = parseIpAddress(text)
  return isMistake(bytes) ? bytes.message : Buffer.from(bytes).toString('hex')
}

t.test('addresses become 16 bytes, IPv4 as IPv4-mapped IPv6', (t) => {
  t.equal(hex('10.0.0.1'), '00000000000000000000ffff0a000001')
  t.equal(hex('255.255.255.255'), '00000000000000000000ffffffffffff')
  t.equal(hex('::'), '0'.repeat(32))
  t.equal(hex('::1'), `${'0'.repeat(31)}1`)
  t.equal(hex('2001:DB8::8:0:1'), '20010db8000000000000000800000001')
  t.equal(hex('::ffff:10.0.0.1'), hex('10.0.0.1'))
  t.equal(hex('1:2:3:4:5:6:7:8'), '00010002000300040005000600070008')
  t.equal(hex('1:2:3:4:5:6:1.2.3.4'), '00010002000300040005000601020304')
  t.equal(hex('1:2:3:4:5:6:7::'), '00010002000300040005000600070000')
  t.ok(isIPv4Mapped(parseIpAddress('1.2.3.4') as Uint8Array))
  t.notOk(isIPv4Mapped(parseIpAddress('::1.2.3.4') as Uint8Array))
  t.end()
})

t.test('what is no address is refused', (t) => {
  refuses(t, parseIpAddress, [
    ['', ' an address is empty'],
    ['1.2.3', '^^^^^ `1.2.3` is not an IP address'],
    ['01.2.3.4', '^^^^^^^^ `01.2.3.4` is not an IP address', 'four numbers from 0 to 255, without leading zeros'],
    ['1.2.3.256', '^^^^^^^^^ `1.2.3.256` is not an IP address'],
    ['fe80::1%eth0', '       ^^^^^ an address here has no zone'],
    ['1::2::3', '^^^^^^^ `1::2::3` is not an IPv6 address'],
    ['1:2:3:4:5:6:7:8::', '^^^^^^^^^^^^^^^^^ `1:2:3:4:5:6:7:8::` is not an IPv6 address'],
    [':1:2', '^^^^ `:1:2` is not an IPv6 address'],
    ['12345::', '^^^^^^^ `12345::` is not an IPv6 address'],
    ['1.2.3.4::', '^^^^^^^^^ `1.2.3.4::` is not an IPv6 address'],
  ])
  t.end()
})

t.test('node:net accepts the same texts', (t) => {
  const text = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ unit: fc.constantFrom('0', '1', '25', 'f', ':', '::', '.', 'G') }))
  fc.assert(
    fc.property(text, (text) => !isMistake(parseIpAddress(text)) === isIP(text) > 0),
    { numRuns: 3000 },
  )
  t.end()
})

t.test('bytes become text that means the same bytes', (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      (bytes) => hex(formatAddress(bytes)) === Buffer.from(bytes).toString('hex'),
    ),
  )
  t.equal(formatAddress(parseIpAddress('2001:db8:0:0:1:0:0:0') as Uint8Array), '2001:db8:0:0:1::')
  t.equal(formatAddress(parseIpAddress('::') as Uint8Array), '::')
  t.end()
})
