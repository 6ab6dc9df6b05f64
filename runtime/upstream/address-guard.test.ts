import t from 'tap'
import { hostKind, OwnSockets, refuseAddressText } from './address-guard.ts'

const own = new OwnSockets(['192.0.2.7', '2001:db8::7'])
own.add('0.0.0.0', 8080)
own.add('::', 8443)
own.add('192.0.2.8', 9901)
own.add('/run/postern.sock', 1)
const judge = (host: string, address: string, port = 80) => refuseAddressText(hostKind(host), address, port, own)

t.test('an endpoint that stands in the bundle as an address is connected to, whatever it is', (t) => {
  for (const address of ['127.0.0.1', '169.254.169.254', '::1', 'fe80::1', '10.0.0.1', 'fd00:ec2::254']) {
    t.equal(judge(address, address), undefined, address)
  }
  t.equal(judge('127.0.0.1', '127.0.0.1', 8080), undefined)
  t.end()
})

t.test('a name may lead to public and private networks', (t) => {
  const all = [
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '8.8.8.8',
    '2001:db8::1',
    'fd12:3456::1',
    '::ffff:10.0.0.1',
    '64:ff9b::808:808',
  ]
  for (const address of all) t.equal(judge('orders.internal', address), undefined, address)
  t.end()
})

t.test('a name does not lead to loopback, link-local networks, metadata services and everybody', (t) => {
  const table = [
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::127.0.0.1', 'loopback'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['2002:7f00:1::', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['::', 'unspecified'],
    ['169.254.169.254', 'link-local'],
    ['169.254.170.2', 'link-local'],
    ['::ffff:169.254.169.254', 'link-local'],
    ['64:ff9b::a9fe:a9fe', 'link-local'],
    ['2002:a9fe:a9fe::1', 'link-local'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['febf::1', 'link-local'],
    ['fd00:ec2::254', 'metadata-service'],
    ['fd20:ce::254', 'metadata-service'],
    ['100.100.100.200', 'metadata-service'],
    ['168.63.129.16', 'metadata-service'],
    ['64:ff9b::a83f:8110', 'metadata-service'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'multicast'],
    ['ff02::1', 'multicast'],
    ['orders.internal', 'not-an-address'],
    ['', 'not-an-address'],
  ] as const
  for (const [address, refusal] of table) t.equal(judge('orders.example.com', address), refusal, address)
  t.end()
})

t.test('localhost is loopback, and nothing else that names may not be', (t) => {
  for (const host of ['localhost', 'LOCALHOST', 'localhost.', 'api.localhost']) {
    t.equal(judge(host, '127.0.0.1', 8080), undefined, `${host}, the port of a listener included`)
    t.equal(judge(host, '::1'), undefined)
    t.equal(judge(host, '169.254.169.254'), 'link-local')
    t.equal(judge(host, '0.0.0.0'), 'unspecified')
    t.equal(judge(host, '192.0.2.7', 8080), 'own-listener')
  }
  for (const host of ['localhost.example.com', 'notlocalhost', 'localhos', '127.0.0.1.example.com', 'localhost..']) {
    t.equal(judge(host, '127.0.0.1'), 'loopback', host)
  }
  t.end()
})

t.test('a name does not lead to what this gateway listens on', (t) => {
  t.equal(judge('a.example', '192.0.2.7', 8080), 'own-listener', 'bound to all addresses')
  t.equal(judge('a.example', '2001:db8::7', 8443), 'own-listener')
  t.equal(judge('a.example', '192.0.2.7', 8443), 'own-listener', 'a socket bound to :: takes IPv4 too')
  t.equal(judge('a.example', '192.0.2.8', 9901), 'own-listener')
  t.equal(judge('a.example', '64:ff9b::c000:208', 9901), 'own-listener', 'through NAT64')
  t.equal(judge('a.example', '192.0.2.7', 9901), undefined, 'another address')
  t.equal(judge('a.example', '192.0.2.7', 8081), undefined, 'another port')
  t.equal(judge('a.example', '198.51.100.1', 8080), undefined, 'another machine')
  t.end()
})

t.test('the addresses of this machine are found by themselves', (t) => {
  const here = new OwnSockets()
  here.add('0.0.0.0', 8080)
  t.ok(here.has(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1), 8080))
  t.end()
})
