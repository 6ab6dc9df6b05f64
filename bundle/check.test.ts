import { crc32 } from 'node:zlib'
import t from 'tap'
import { mendChecksums } from './bundle.fuzz.ts'
import { check, imageOf, isRejection, writeBundle } from './bundle.ts'
import { Edit } from './edit.fuzz.ts'
import { NO_LIMIT, type TABLES } from './layout.ts'
import { LIMITS } from './limits.ts'
import { open, planOf, samplePlan } from './sample.fuzz.ts'

function verdictOf(bytes: Uint8Array): string {
  const checked = check(imageOf(bytes), bytes.length)
  return isRejection(checked) ? `${checked.code}: ${checked.message}` : 'accepted'
}

t.test('a bundle that the writer made is accepted', (t) => {
  t.equal(new Edit().verdict(), 'accepted')
  t.equal(new Edit(planOf([])).verdict(), 'accepted', 'without routes')
  t.end()
})

t.test('an image may be longer than the bundle, as mappings are, and not shorter', (t) => {
  const bytes = writeBundle(samplePlan())
  const image = new ArrayBuffer(65_536)
  new Uint8Array(image).set(bytes)
  t.notOk(isRejection(check(image, bytes.length)))
  t.match(check(image.slice(0, bytes.length - 1), bytes.length), { rejected: true, code: 'bundle-truncated' })
  t.end()
})

t.test('a wrong or damaged file is told apart in its first 64 bytes', (t) => {
  const bytes = writeBundle(samplePlan())
  t.match(verdictOf(Buffer.from('GIF89a'.repeat(20))), /^not-a-bundle: /)
  t.match(verdictOf(bytes.subarray(0, 63)), /^bundle-truncated: /)
  t.match(verdictOf(bytes.subarray(0, bytes.length - 1)), /^bundle-truncated: header: the content has/)
  // What a transfer in text mode makes of a file.
  t.match(verdictOf(Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll('\r\n', '\n'), 'latin1')), /^not-a-bundle: /)
  const damaged = Uint8Array.from(bytes)
  damaged[16] = 1
  t.match(verdictOf(damaged), /^bundle-damaged: header: its checksum is wrong/)
  t.end()
})

t.test('damage to a section is found by its checksum, which says where', (t) => {
  const edit = new Edit()
  edit.byte('ROUT', 0, 0xff)
  t.equal(verdictOf(edit.file), 'bundle-invalid: routes: its checksum is wrong')
  const table = new Edit()
  table.byte('file', 64, 0xff)
  t.equal(verdictOf(table.file), 'bundle-invalid: section table: its checksum is wrong')
  t.end()
})

t.test('another major version is refused, a higher minor one is read', (t) => {
  const major = new Edit()
  major.file.writeUInt16LE(3, 8)
  t.equal(verdictOf(mendChecksums(major.file)), 'format-unsupported: header: format 3.0, and 2 is read')
  const minor = new Edit()
  minor.file.writeUInt16LE(7, 10)
  // The manifest must say the same.
  t.match(minor.verdict(), 'manifest: it says format 2.0, and the header 2.7')
  minor.section('MANF').write('{"format":"2.7"')
  t.equal(minor.verdict(), 'accepted')
  t.end()
})

t.test('header: what is not used is zero', (t) => {
  t.equal(new Edit().word('file', 3, 1).verdict(), 'header: unknown flags')
  for (const at of [20, 32, 59]) t.equal(new Edit().byte('file', at, 1).verdict(), `header: byte ${at} is not zero`)
  t.equal(new Edit().word('file', 4, 0).verdict(), 'header: the content cannot have 0 bytes')
  t.equal(new Edit().word('file', 4, 65).verdict(), 'header: the content cannot have 65 bytes')
  t.match(new Edit().word('file', 6, 257).verdict(), 'section table: more than 256 sections')
  t.match(new Edit(planOf([])).word('file', 6, 256).verdict(), /^section table: it ends behind the content/)
  t.end()
})

t.test('section table: overlap, gap, misalignment, lies about sizes, duplicates and unknown flags are refused', (t) => {
  const at = (tag: string, word: number) => (edit: Edit) => edit.entry(tag) / 4 + word
  const changed = (where: (edit: Edit) => number, change: (value: number) => number) => {
    const edit = new Edit()
    const index = where(edit)
    return edit.word('file', index, change(edit.file.readUInt32LE(index * 4))).verdict()
  }
  t.equal(
    changed(at('ROUT', 2), (offset) => offset - 64),
    'routes: it does not begin where the section before ends',
  )
  t.equal(
    changed(at('ROUT', 2), (offset) => offset + 64),
    'routes: it does not begin where the section before ends',
  )
  t.equal(
    changed(at('ROUT', 2), (offset) => offset + 8),
    'routes: its offset is not a multiple of 64',
  )
  t.equal(
    changed(at('ROUT', 3), (size) => size + 4),
    'routes: its size is not that of its count',
  )
  t.equal(
    changed(at('ROUT', 3), () => 0xffff_ffff),
    'routes: it ends behind the content',
  )
  t.equal(
    changed(at('ROUT', 2), () => 0xffff_ffc0),
    'routes: it does not begin where the section before ends',
  )
  t.equal(
    changed(at('ROUT', 4), (count) => count + 1),
    'routes: its size is not that of its count',
  )
  t.equal(
    changed(at('ROUT', 1), () => 3),
    'routes: unknown flags',
  )
  t.equal(
    changed(at('ROUT', 1), () => 0),
    'routes: wrongly marked as critical or not',
  )
  t.equal(
    changed(at('SRCM', 1), () => 1),
    'source map: wrongly marked as critical or not',
  )
  t.equal(
    changed(at('ROUT', 6), () => 1),
    'routes: its entry does not end with zeros',
  )
  t.equal(
    changed(at('ROUT', 0), () => Buffer.from('APIS').readUInt32LE()),
    'apis: there are two',
  )
  t.equal(
    changed(at('ROUT', 0), () => Buffer.from('XXXX').readUInt32LE()),
    'section "XXXX": unknown, and critical',
  )
  t.equal(
    changed(at('SRCM', 0), () => Buffer.from('sr\n\0').readUInt32LE()),
    'section table: the tag of entry 39 is not four letters or digits',
  )
  t.end()
})

t.test('zeros stand between sections and behind the last one', (t) => {
  const between = new Edit()
  const end = between.file.readUInt32LE(between.entry('ROUT') + 8) + between.section('ROUT').length
  between.file[end] = 1
  t.equal(between.verdict(), 'chains: bytes before it are not zero')
  const behind = new Edit(planOf([]))
  behind.file[behind.file.length - 1] = 1
  t.equal(behind.verdict(), 'section table: bytes behind the last section are not zero')
  t.end()
})

t.test('bytes behind the content are a signature block or nothing', (t) => {
  const bytes = writeBundle(samplePlan())
  t.match(verdictOf(Buffer.concat([bytes, Buffer.alloc(64)])), /^signatures-invalid: /)
  t.match(verdictOf(Buffer.concat([bytes, Buffer.alloc(1)])), /^signatures-invalid: /)
  t.end()
})

t.test('content that claims to be longer than its sections is refused', (t) => {
  const longer = Buffer.concat([writeBundle(samplePlan()), Buffer.alloc(64)])
  longer.writeUInt32LE(longer.length, 16)
  t.equal(verdictOf(mendChecksums(longer)), 'bundle-invalid: section table: bytes follow the last section')
  t.end()
})

t.test('an unknown section is ignored, the source map may be missing, nothing else may', (t) => {
  const unknown = new Edit()
  unknown.file.write('LATE', unknown.entry('SRCM'), 'latin1')
  t.equal(unknown.verdict(), 'accepted', 'the source map became a section that this reader does not know')
  for (const tag of ['TEST', 'ROUT', 'MANF']) {
    const without = new Edit()
    without.file.writeUInt32LE(0, without.entry(tag) + 4)
    without.file.write('LATE', without.entry(tag), 'latin1')
    t.match(without.verdict(), /: missing$/)
  }
  t.end()
})

t.test('a bundle larger than the limit is refused before anything in it is read', (t) => {
  t.equal(LIMITS.bundleBytes, 512 * 1024 * 1024)
  // Never touched, so never there: only its length counts.
  const image = new ArrayBuffer(LIMITS.bundleBytes + 1)
  t.match(check(image, image.byteLength), { rejected: true, code: 'bundle-too-large' })
  t.end()
})

t.test('checksums are those of zlib', (t) => {
  const bytes = Buffer.from(writeBundle(samplePlan()))
  t.equal(bytes.readUInt32LE(60), crc32(bytes.subarray(0, 60)))
  t.end()
})

t.test('every value of every table is held to its bounds', (t) => {
  const cases: [string, Edit][] = [
    ['routes: api of entry 0 is 0, outside of 1 to 2', new Edit().set('ROUT', 'api', 0, 0)],
    ['routes: api of entry 0 is 3, outside of 1 to 2', new Edit().set('ROUT', 'api', 0, 3)],
    ['routes: chain of entry 6 is 4, outside of 1 to 3', new Edit().set('ROUT', 'chain', 6, 4)],
    ['routes: accessAttachment of entry 1 is 0, outside of 1 to 4', new Edit().set('ROUT', 'accessAttachment', 1, 0)],
    ['routes: backend of entry 0 is 3, outside of 0 to 2', new Edit().set('ROUT', 'backend', 0, 3)],
    ['routes: flags of entry 0 is 4, outside of 0 to 3', new Edit().set('ROUT', 'flags', 0, 4)],
    ['routes: name of entry 0 is 4294967295, outside of 0 to 65', new Edit().set('ROUT', 'name', 0, 0xffff_ffff)],
    ['routes: route 0 has an unknown method', new Edit().set('ROUT', 'method', 0, 9)],
    ['routes: route 0 takes something else off its paths than literal segments', new Edit().set('ROUT', 'strippedBytes', 0, 7)],
    ['routes: route 0 takes something else off its paths than literal segments', new Edit().set('ROUT', 'strippedBytes', 0, 19)],
    ['accepted', new Edit().set('ROUT', 'strippedBytes', 0, '/weather/forecast'.length)],
    ['accepted', new Edit().set('ROUT', 'strippedBytes', 0, 0)],
    ['listeners: protocol of entry 0 is 0, outside of 1 to 2', new Edit().set('LSTN', 'protocol', 0, 0)],
    ['listeners: port of entry 1 is 65536, outside of 0 to 65535', new Edit().set('LSTN', 'port', 1, 65_536)],
    ['trusted proxies: range 0 ends before it begins', new Edit().byte('TRPX', 0, 1)],
    ['chains: chain 1 does not begin where the one before ends', new Edit().set('CHNS', 'first', 1, 1)],
    ['chains: chain 1 has more than 256 attachments', new Edit().set('CHNS', 'earlyCount', 1, 0xffff_ffff)],
    ['chains: chain 2 does not begin where the one before ends', new Edit().set('CHNS', 'requestCount', 1, 3)],
    ['chain items: 4, but the chains have 5', new Edit().set('CHNS', 'requestCount', 2, 2)],
    ['chain items: attachment of entry 0 is 5, outside of 1 to 4', new Edit().set('CHIT', 'attachment', 0, 5)],
    ['attachments: attachment 0 refers to a policy that the manifest does not list', new Edit().set('ATTS', 'policy', 0, 4)],
    ['attachments: attachment 0 refers to a record that does not exist', new Edit().set('ATTS', 'record', 0, 4)],
    ['record offsets: the first record does not begin at 0', new Edit().word('RECO', 0, 1)],
    ['record offsets: record 0 has more than 1048576 bytes', new Edit().word('RECO', 1, 0x7fff_ffff)],
    ['record offsets: record 1 ends before it begins', new Edit().word('RECO', 1, 5).word('RECO', 2, 4)],
    ['record offsets: the last one is not the end of the record bytes', new Edit().word('RECO', 3, 15)],
    ['backends: connectTimeoutMs of entry 0 is 0, outside of 1 to 2147483647', new Edit().set('BKND', 'connectTimeoutMs', 0, 0)],
    [
      'backends: responseTimeoutMs of entry 0 is 2147483648, outside of 1 to 2147483647',
      new Edit().set('BKND', 'responseTimeoutMs', 0, 2 ** 31),
    ],
    ['backends: endpointCount of entry 0 is 0, outside of 1 to 4294967295', new Edit().set('BKND', 'endpointCount', 0, 0)],
    ['backends: entry 0 has more than 256 endpoints', new Edit().set('BKND', 'endpointCount', 0, 257)],
    ['backends: the endpoints of entry 1 do not begin where those before end', new Edit().set('BKND', 'endpointCount', 0, 2)],
    ['endpoints: 3, but the backends have 4', new Edit().set('BKND', 'endpointCount', 1, 3)],
    ['endpoints: port of entry 0 is 0, outside of 1 to 65535', new Edit().set('ENDP', 'port', 0, 0)],
    ['secrets: kind of entry 0 is 3, outside of 1 to 2', new Edit().set('SECR', 'kind', 0, 3)],
    ['self-tests: route of entry 0 is 11, outside of 0 to 10', new Edit().set('TEST', 'route', 0, 11)],
    ['nodes: row 1 is a slot, and what leads to it takes it for a node', new Edit().set('HOST', 'root', 1, 2)],
    ['hosts: root of entry 0 is 0, outside of 1 to 26', new Edit().set('HOST', 'root', 0, 0)],
  ]
  for (const [message, edit] of cases) t.equal(edit.verdict(), message)
  t.end()
})

t.test('listeners: TLS is whole or not there, and no limit is missing', (t) => {
  const set = (column: keyof (typeof TABLES)['LSTN'], row: number, value: number) => new Edit().set('LSTN', column, row, value).verdict()
  t.equal(set('http2', 0, 0), 'listeners: http2 of entry 0 is 0, outside of 1 to 2')
  t.equal(set('proxyProtocol', 0, 3), 'listeners: proxyProtocol of entry 0 is 3, outside of 1 to 2')
  t.equal(set('protocol', 0, 2), 'listeners: entry 0 has no certificate')
  t.equal(set('protocol', 2, 1), 'listeners: entry 2 has certificates, and no TLS')
  t.equal(set('minTlsVersion', 2, 0), 'listeners: entry 2 has no lowest version of TLS')
  t.equal(set('minTlsVersion', 0, 1), 'listeners: entry 0 has a lowest version of TLS')
  t.equal(set('clientsCa', 2, 0), 'listeners: entry 2 has only a half of what certificates of clients need')
  t.equal(set('clientsMode', 2, 0), 'listeners: entry 2 has only a half of what certificates of clients need')
  t.equal(set('clientsCa', 0, 1), 'listeners: entry 0 asks for certificates of clients, and has no TLS')
  t.equal(set('clientsCa', 2, 5), 'listeners: clientsCa of entry 2 is 5, outside of 0 to 4')
  t.equal(set('certificateCount', 2, 257), 'listeners: entry 2 has more than 256 certificates')
  t.equal(set('certificateCount', 2, 1), 'certificates: 2, but the listeners have 1')
  t.equal(set('firstCertificate', 1, 1), 'listeners: the certificates of entry 1 do not begin where those before end')
  t.equal(new Edit().set('CERT', 'key', 0, 0).verdict(), 'certificates: key of entry 0 is 0, outside of 1 to 4')
  for (const limit of ['connections', 'headTimeoutMs', 'headBytes', 'minBodyRate', 'maxAgeMs', 'connectionsPerAddress'] as const) {
    t.match(set(limit, 0, 0), `listeners: ${limit} of entry 0 is 0, outside of 1 to`, 'nothing is without limit by being 0')
  }
  t.equal(set('maxAgeMs', 0, NO_LIMIT), 'accepted')
  t.equal(set('keepAliveRequests', 0, 0x8000_0000), 'listeners: keepAliveRequests of entry 0 is 2147483648, outside of 1 to 2147483647')
  t.equal(set('connections', 0, NO_LIMIT), 'listeners: connections of entry 0 is 4294967295, outside of 1 to 2147483647')
  t.equal(set('headBytes', 0, 1024 * 1024 + 1), 'listeners: headBytes of entry 0 is 1048577, outside of 1 to 1048576')
  t.end()
})

t.test('traffics: parts, mirrors, retries, caches and encodings are whole', (t) => {
  const cases: [string, Edit][] = [
    ['routes: traffic of entry 0 is 3, outside of 0 to 2', new Edit().set('ROUT', 'traffic', 0, 3)],
    ['routes: entry 0 is split, and has no backend', new Edit().set('ROUT', 'backend', 0, 0)],
    ['traffics: all parts of entry 0 weigh nothing', new Edit().set('SPLT', 'weight', 0, 0).set('SPLT', 'weight', 1, 0)],
    ['accepted', new Edit().set('SPLT', 'weight', 0, 0)],
    ['split parts: backend of entry 0 is 0, outside of 1 to 2', new Edit().set('SPLT', 'backend', 0, 0)],
    ['split parts: 2, but the traffics have 1', new Edit().set('TRAF', 'partCount', 0, 1).set('TRAF', 'firstPart', 1, 1)],
    ['traffics: the split parts of entry 1 do not begin where those before end', new Edit().set('TRAF', 'partCount', 0, 1)],
    ['traffics: entry 0 has more than 64 split parts', new Edit().set('TRAF', 'partCount', 0, 65)],
    ['traffics: entry 1 sticks to a part, and has none', new Edit().set('TRAF', 'stickyBy', 1, 1)],
    ['traffics: entry 0 has a cookie without a name, or a name without a cookie', new Edit().set('TRAF', 'stickyName', 0, 0)],
    ['traffics: entry 0 has a cookie without a name, or a name without a cookie', new Edit().set('TRAF', 'stickyBy', 0, 1)],
    ['traffics: entry 0 has only a half of a mirror', new Edit().set('TRAF', 'mirrorShare', 0, 0)],
    ['traffics: entry 0 has only a half of a mirror', new Edit().set('TRAF', 'mirrorBackend', 0, 0)],
    ['traffics: mirrorShare of entry 0 is 10001, outside of 0 to 10000', new Edit().set('TRAF', 'mirrorShare', 0, 10_001)],
    ['accepted', new Edit().set('TRAF', 'totalTimeoutMs', 0, 0)],
    ['traffics: totalTimeoutMs of entry 1 is 2147483648, outside of 1 to 2147483647', new Edit().set('TRAF', 'totalTimeoutMs', 1, 2 ** 31)],
    ['traffics: retry of entry 0 is 4, outside of 0 to 3', new Edit().set('TRAF', 'retry', 0, 4)],
    ['retries: attempts of entry 0 is 11, outside of 0 to 10', new Edit().set('RTRY', 'attempts', 0, 11)],
    ['retries: perTryMs of entry 0 is 0, outside of 1 to 2147483647', new Edit().set('RTRY', 'perTryMs', 0, 0)],
    ['retries: entry 0 begins with more than its longest wait', new Edit().set('RTRY', 'backoffBaseMs', 0, 251)],
    ['retries: the statuses of entry 2 are not sorted', new Edit().set('STAT', 'status', 1, 502)],
    ['retried statuses: status of entry 0 is 200, outside of 400 to 599', new Edit().set('STAT', 'status', 0, 200)],
    ['caches: entry 0 has more than 32 cache key fields', new Edit().set('CACH', 'fieldCount', 0, 33)],
    ['cache key fields: 2, but the caches have 3', new Edit().set('CACH', 'fieldCount', 1, 1)],
    ['caches: maxObjectBytes of entry 1 is 0, outside of 1 to 2147483647', new Edit().set('CACH', 'maxObjectBytes', 1, 0)],
    ['compressions: the encodings of entry 0 repeat themselves or have a gap', new Edit().set('COMP', 'secondEncoding', 0, 2)],
    ['compressions: the encodings of entry 0 repeat themselves or have a gap', new Edit().set('COMP', 'thirdEncoding', 0, 3)],
    [
      'compressions: the encodings of entry 0 repeat themselves or have a gap',
      new Edit().set('COMP', 'secondEncoding', 0, 0).set('COMP', 'thirdEncoding', 0, 1),
    ],
    ['compressions: firstEncoding of entry 0 is 0, outside of 1 to 3', new Edit().set('COMP', 'firstEncoding', 0, 0)],
  ]
  for (const [message, edit] of cases) t.equal(edit.verdict(), message)
  t.end()
})

t.test('backends: what belongs together is there together, and 0 permits nothing', (t) => {
  const cases: [string, Edit][] = [
    ['backends: protocol of entry 0 is 0, outside of 1 to 3', new Edit().set('BKND', 'protocol', 0, 0)],
    ['backends: balance of entry 0 is 0, outside of 1 to 3', new Edit().set('BKND', 'balance', 0, 0)],
    ['backends: entry 1 has a hash key without consistent hashing, or the other way round', new Edit().set('BKND', 'balance', 1, 1)],
    ['backends: entry 0 has a hash key without consistent hashing, or the other way round', new Edit().set('BKND', 'hashBy', 0, 4)],
    ['backends: the hash key of entry 1 has a name too much or too few', new Edit().set('BKND', 'hashBy', 1, 3)],
    ['backends: the hash key of entry 1 has a name too much or too few', new Edit().set('BKND', 'hashName', 1, 0)],
    ['backends: totalTimeoutMs of entry 0 is 0, outside of 1 to 2147483647', new Edit().set('BKND', 'totalTimeoutMs', 0, 0)],
    ['backends: tlsVerify of entry 1 is 2, outside of 0 to 1', new Edit().set('BKND', 'tlsVerify', 1, 2)],
    ['backends: entry 1 has only one of certificate and key', new Edit().set('BKND', 'tlsKey', 1, 0)],
    ['backends: entry 1 has only one of certificate and key', new Edit().set('BKND', 'tlsCert', 1, 0)],
    ['backends: retry of entry 0 is 0, outside of 1 to 3', new Edit().set('BKND', 'retry', 0, 0)],
    ['backends: activeHealth of entry 0 is 2, outside of 0 to 1', new Edit().set('BKND', 'activeHealth', 0, 2)],
    ['endpoints: scheme of entry 0 is 0, outside of 1 to 2', new Edit().set('ENDP', 'scheme', 0, 0)],
    ['endpoints: resolve of entry 0 is 3, outside of 1 to 2', new Edit().set('ENDP', 'resolve', 0, 3)],
    ['active health checks: kind of entry 0 is 0, outside of 1 to 2', new Edit().set('HLTH', 'kind', 0, 0)],
    ['active health checks: the statuses of entry 0 end before they begin', new Edit().set('HLTH', 'minStatus', 0, 400)],
    ['active health checks: an HTTP check of entry 0 has no path, or a TCP check has one', new Edit().set('HLTH', 'path', 0, 0)],
    ['active health checks: an HTTP check of entry 0 has no path, or a TCP check has one', new Edit().set('HLTH', 'kind', 0, 2)],
    ['passive health checks: entry 0 begins with more than its longest ejection', new Edit().set('OUTL', 'ejectMs', 0, 300_001)],
    ['passive health checks: failurePercent of entry 0 is 0, outside of 1 to 100', new Edit().set('OUTL', 'failurePercent', 0, 0)],
    ['breakers: failurePercent of entry 0 is 0, outside of 1 to 100', new Edit().set('BRKR', 'failurePercent', 0, 0)],
  ]
  for (const [message, edit] of cases) t.equal(edit.verdict(), message)
  t.equal(open(samplePlan()).backends.settings(0)?.tls.verify, true, 'stored as 0')
  t.end()
})
