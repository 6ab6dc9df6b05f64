import t from 'tap'
import { clientBehindProxies, isTrusted, parseClientAddress, parseForwardedAddress } from './client-address.ts'

const hex = (text: string) => Buffer.from(parseClientAddress(text)?.bytes ?? []).toString('hex')
const range = (first: string, last: string) => {
  const [a, b] = [parseClientAddress(first), parseClientAddress(last)]
  if (a === undefined || b === undefined) throw new Error('bad range')
  return { first: a.bytes, last: b.bytes }
}

t.test('addresses become 16 bytes, IPv4 as IPv4-mapped IPv6', async (t) => {
  t.equal(hex('1.2.3.4'), '00000000000000000000ffff01020304')
  t.equal(hex('::ffff:1.2.3.4'), '00000000000000000000ffff01020304')
  t.equal(hex('2001:db8::1'), '20010db8000000000000000000000001')
  t.equal(hex('::'), '00000000000000000000000000000000')
  t.equal(hex('1::'), '00010000000000000000000000000000')
  t.equal(hex('1:2:3:4:5:6:7:8'), '00010002000300040005000600070008')
  t.equal(hex('fe80::1%eth0'), 'fe800000000000000000000000000001')
  t.equal(hex('64:ff9b::10.0.0.1'), '0064ff9b00000000000000000a000001')
  t.equal(parseClientAddress('::ffff:1.2.3.4')?.text, '1.2.3.4')
  t.equal(parseClientAddress('::ffff:1.2.3.4')?.isIPv4, true)
  t.equal(parseClientAddress('::1')?.isIPv4, false)
  for (const text of ['', '1.2.3', '1.2.3.256', 'g::', 'unknown', '1.2.3.4:80', '01.2.3.4'])
    t.equal(parseClientAddress(text), undefined, text)
})

t.test('addresses in forwarding fields may have ports and brackets', async (t) => {
  t.equal(parseForwardedAddress('1.2.3.4:80')?.text, '1.2.3.4')
  t.equal(parseForwardedAddress('[2001:db8::1]:80')?.text, '2001:db8::1')
  t.equal(parseForwardedAddress('[2001:db8::1]')?.text, '2001:db8::1')
  t.equal(parseForwardedAddress('2001:db8::1')?.text, '2001:db8::1')
  t.equal(parseForwardedAddress('_hidden'), undefined)
  t.equal(parseForwardedAddress('[::1'), undefined)
})

t.test('behind trusted proxies the client is the rightmost address that is not one of them', async (t) => {
  const ranges = [range('10.0.0.0', '10.255.255.255'), range('fd00::', 'fd00::ffff')]
  const peer = parseClientAddress('10.0.0.1')
  if (peer === undefined) throw new Error('no peer')
  t.ok(isTrusted(ranges, peer.bytes))
  const client = (text: string) => clientBehindProxies(peer, text, ranges).text
  t.equal(client('203.0.113.9'), '203.0.113.9')
  t.equal(client('1.1.1.1, 203.0.113.9, 10.2.3.4'), '203.0.113.9', 'what the client wrote itself is not believed')
  t.equal(client('10.9.9.9, fd00::1'), '10.9.9.9', 'all trusted: the leftmost')
  t.equal(client('203.0.113.9, nonsense, 10.2.3.4'), '10.2.3.4', 'rubbish ends the search')
  t.equal(client(''), '10.0.0.1')
  t.equal(client(','), '10.0.0.1')
})

t.test('a range of IPv6 addresses trusts no IPv4 peer, although mapped addresses lie inside of it', async (t) => {
  const everyIPv6 = [range('::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')]
  t.ok(isTrusted(everyIPv6, parseClientAddress('2001:db8::1')?.bytes as Uint8Array))
  t.notOk(isTrusted(everyIPv6, parseClientAddress('10.0.0.1')?.bytes as Uint8Array))
})
