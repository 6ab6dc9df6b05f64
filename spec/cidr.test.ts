import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import t from 'tap'
import { refuses } from '../test/fixtures/grammar.ts'
import { formatAddress, parseCidr } from './cidr.ts'
import { isMistake } from './grammar.ts'

const ends = (text: string) => {
  const range = parseCidr(text)
  return isMistake(range) ? range.message : `${formatAddress(range.first)} to ${formatAddress(range.last)}`
}

t.test('a range has a first and a last address', (t) => {
  t.equal(ends('10.0.0.0/8'), '10.0.0.0 to 10.255.255.255')
  t.equal(ends('10.1.2.3'), '10.1.2.3 to 10.1.2.3')
  t.equal(ends('10.1.2.3/32'), '10.1.2.3 to 10.1.2.3')
  t.equal(ends('0.0.0.0/0'), '0.0.0.0 to 255.255.255.255')
  t.equal(ends('192.168.128.0/17'), '192.168.128.0 to 192.168.255.255')
  t.equal(ends('2001:db8::/33'), '2001:db8:: to 2001:db8:7fff:ffff:ffff:ffff:ffff:ffff')
  t.equal(ends('::/0'), ':: to ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')
  t.end()
})

t.test('what is no range is refused where it is wrong', (t) => {
  refuses(t, parseCidr, [
    ['', ' an address is empty'],
    ['10.0.0.1/8', '^^^^^^^^^^ `10.0.0.1/8` has bits set behind its prefix', 'did you mean `10.0.0.0/8`?'],
    ['10.0.0.0/33', '         ^^ `33` is not a prefix length from 0 to 32'],
    ['::/129', '   ^^^ `129` is not a prefix length from 0 to 128'],
    ['10.0.0.0/08', '         ^^ `08` is not a prefix length from 0 to 32'],
    ['nowhere/8', '^^^^^^^ `nowhere` is not an IP address'],
  ])
  t.end()
})

t.test('ipaddr.js finds the same ends', (t) => {
  const range = fc.oneof(fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })), fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })))
  fc.assert(
    fc.property(range, ([address, size]) => {
      const isV4 = !address.includes(':')
      const parser = isV4 ? ipaddr.IPv4 : ipaddr.IPv6
      const first = parser.networkAddressFromCIDR(`${address}/${size}`)
      const ours = parseCidr(`${first.toString()}/${size}`)
      if (isMistake(ours)) throw new Error(ours.message)
      t.same([...ours.first.subarray(isV4 ? 12 : 0)], first.toByteArray())
      if (isV4) t.same([...ours.last.subarray(12)], ipaddr.IPv4.broadcastAddressFromCIDR(`${address}/${size}`).toByteArray())
    }),
    { numRuns: 200 },
  )
  t.end()
})
