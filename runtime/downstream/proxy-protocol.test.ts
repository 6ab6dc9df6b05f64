import t from 'tap'
import { fuzzProxyProtocol } from './proxy-protocol.fuzz.ts'
import { INCOMPLETE, INVALID, ProxyHeader, parseProxyHeader, V1_BYTES, V2_BYTES } from './proxy-protocol.ts'

/** What is found at the beginning of `bytes`: the client's address and how many bytes the header has. */
function read(bytes: Buffer | string): string {
  const all = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
  const header = new ProxyHeader()
  const end = parseProxyHeader(all, 0, all.length, header)
  if (end === INCOMPLETE) return 'incomplete'
  if (end === INVALID) return 'invalid'
  return `${header.source?.text ?? 'the proxy itself'} +${all.length - end}`
}

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n'

function v2(command: number, family: number, body: Buffer, size = body.length): Buffer {
  const head = Buffer.alloc(16)
  head.write(SIGNATURE, 'latin1')
  head[12] = command
  head[13] = family
  head.writeUInt16BE(size, 14)
  return Buffer.concat([head, body])
}

const IPV4 = Buffer.from([192, 0, 2, 7, 10, 0, 0, 1, 0x1f, 0x90, 0x01, 0xbb])
const IPV6 = Buffer.concat([Buffer.from('20010db8000000000000000000000001', 'hex'), Buffer.alloc(16, 1), Buffer.from([0, 1, 0, 2])])
const tlv = (type: number, value: Buffer) => Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 0xff]), value])

t.test('version 1 says who the client is, and what follows is the connection', (t) => {
  t.equal(read('PROXY TCP4 192.0.2.7 10.0.0.1 8080 443\r\nGET /'), '192.0.2.7 +5')
  t.equal(read('PROXY TCP6 2001:db8::1 ::1 8080 443\r\n'), '2001:db8::1 +0')
  t.equal(read('PROXY TCP6 ::ffff:192.0.2.7 ::1 8080 443\r\n'), '192.0.2.7 +0')
  t.end()
})

t.test('version 1 without an address stands for the proxy itself, whatever it says beside', (t) => {
  t.equal(read('PROXY UNKNOWN\r\n'), 'the proxy itself +0')
  t.equal(read('PROXY UNKNOWN ffff::1 nonsense 0 99999999\r\nx'), 'the proxy itself +1')
  t.end()
})

t.test('version 1 is taken word for word', (t) => {
  const wrong = [
    'GET / HTTP/1.1\r\n\r\n',
    'proxy TCP4 192.0.2.7 10.0.0.1 8080 443\r\n',
    'PROXY  TCP4 192.0.2.7 10.0.0.1 8080 443\r\n',
    'PROXY TCP4 192.0.2.7 10.0.0.1 8080 443\n\r\n',
    'PROXY TCP4 192.0.2.7 10.0.0.1 8080 443\r\r\n',
    'PROXY TCP4 192.0.2.7 10.0.0.1 8080\r\n',
    'PROXY TCP4 192.0.2.7 10.0.0.1 8080 443 \r\n',
    'PROXY TCP4 192.0.2.7 10.0.0.1 08080 443\r\n',
    'PROXY TCP4 192.0.2.7 10.0.0.1 8080 65536\r\n',
    'PROXY TCP4 192.0.2.7 10.0.0.1 -1 443\r\n',
    'PROXY TCP4 192.0.2.007 10.0.0.1 8080 443\r\n',
    'PROXY TCP4 192.0.2 10.0.0.1 8080 443\r\n',
    'PROXY TCP4 ::1 ::1 8080 443\r\n',
    'PROXY TCP6 192.0.2.7 10.0.0.1 8080 443\r\n',
    'PROXY TCP6 fe80::1%eth0 ::1 8080 443\r\n',
    'PROXY UDP4 192.0.2.7 10.0.0.1 8080 443\r\n',
    'PROXY \r\n',
  ]
  for (const line of wrong) t.equal(read(line), 'invalid', JSON.stringify(line))
  t.end()
})

t.test('a line of version 1 is at most 107 bytes long', (t) => {
  const line = (size: number) => `PROXY UNKNOWN ${'x'.repeat(size - 'PROXY UNKNOWN '.length - 2)}\r\n`
  t.equal(read(line(V1_BYTES)), 'the proxy itself +0')
  t.equal(read(line(V1_BYTES + 1)), 'invalid')
  t.equal(read(`PROXY UNKNOWN ${'x'.repeat(200)}`), 'invalid')
  t.end()
})

t.test('version 2 says who the client is', (t) => {
  t.equal(read(Buffer.concat([v2(0x21, 0x11, IPV4), Buffer.from('GET')])), '192.0.2.7 +3')
  t.equal(read(v2(0x21, 0x21, IPV6)), '2001:db8::1 +0')
  t.end()
})

t.test('version 2 without an address of IP stands for the proxy itself', (t) => {
  t.equal(read(v2(0x20, 0x00, Buffer.alloc(0))), 'the proxy itself +0')
  t.equal(read(v2(0x20, 0x11, IPV4)), 'the proxy itself +0')
  t.equal(read(v2(0x20, 0xee, Buffer.from('anything'))), 'the proxy itself +0')
  t.equal(read(v2(0x21, 0x00, Buffer.alloc(0))), 'the proxy itself +0')
  t.equal(read(v2(0x21, 0x31, Buffer.alloc(216, 0x2f))), 'the proxy itself +0')
  t.end()
})

t.test('version 2 takes what it does not know, if it is whole', (t) => {
  t.equal(read(v2(0x21, 0x11, Buffer.concat([IPV4, tlv(0x02, Buffer.from('example.com')), tlv(0xee, Buffer.alloc(0))]))), '192.0.2.7 +0')
  t.equal(read(v2(0x21, 0x11, Buffer.concat([IPV4, Buffer.from([0x02, 0x00])]))), 'invalid')
  t.equal(read(v2(0x21, 0x11, Buffer.concat([IPV4, Buffer.from([0x02, 0x00, 0x09, 1])]))), 'invalid')
  t.end()
})

t.test('a checksum in version 2 has to be right', (t) => {
  // RFC 3720, B.4: 32 bytes of zeros have the CRC32C aa36918a; here the header has been summed by an independent implementation.
  const header = v2(0x21, 0x11, Buffer.concat([IPV4, tlv(0x03, Buffer.alloc(4))]))
  header.writeUInt32BE(crc32c(header), header.length - 4)
  t.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa)
  t.equal(read(header), '192.0.2.7 +0')
  header[20] = (header[20] as number) ^ 1
  t.equal(read(header), 'invalid')
  t.equal(read(v2(0x21, 0x11, Buffer.concat([IPV4, tlv(0x03, Buffer.alloc(3))]))), 'invalid')
  t.end()
})

t.test('version 2 is taken byte for byte', (t) => {
  t.equal(read(v2(0x11, 0x11, IPV4)), 'invalid', 'version')
  t.equal(read(v2(0x22, 0x11, IPV4)), 'invalid', 'command')
  t.equal(read(v2(0x21, 0x12, IPV4)), 'invalid', 'datagrams')
  t.equal(read(v2(0x21, 0x41, IPV4)), 'invalid', 'family')
  t.equal(read(v2(0x21, 0x11, IPV4.subarray(0, 11))), 'invalid', 'too short for its addresses')
  t.equal(read(v2(0x21, 0x11, IPV4, V2_BYTES - 15)), 'invalid', 'longer than we take')
  t.equal(read(v2(0x21, 0x11, IPV4, 200)), 'incomplete')
  t.equal(read(`\r\n\r\nGET / HTTP/1.1\r\n`), 'invalid', 'a request after empty lines')
  t.end()
})

t.test('however a header is cut into pieces, the answer is the same', (t) => {
  for (const whole of [
    Buffer.from('PROXY TCP4 192.0.2.7 10.0.0.1 8080 443\r\n'),
    Buffer.from('PROXY UNKNOWN\r\n'),
    v2(0x21, 0x21, Buffer.concat([IPV6, tlv(4, Buffer.alloc(9))])),
    v2(0x20, 0, Buffer.alloc(0)),
  ]) {
    for (let size = 0; size < whole.length; size++) t.equal(read(whole.subarray(0, size)), 'incomplete', `${size} bytes`)
    t.match(read(whole), / \+0$/)
  }
  t.end()
})

t.test('mutated headers never throw, never read past what has arrived, and more bytes never change an answer', (t) => {
  fuzzProxyProtocol({ seed: 7, rounds: 20_000, log: (line) => t.comment(line) })
  t.pass()
  t.end()
})

/** Bit by bit, from the definition. */
function crc32c(bytes: Buffer): number {
  let sum = 0xffff_ffff
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0x82f6_3b78 : sum >>> 1
  }
  return (sum ^ 0xffff_ffff) >>> 0
}
