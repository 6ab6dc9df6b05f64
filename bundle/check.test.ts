import { crc32 } from 'node:zlib'
import t from 'tap'
import { mendChecksums } from './bundle.fuzz.ts'
import { check, imageOf, isRejection, writeBundle } from './bundle.ts'
import { Edit } from './edit.fuzz.ts'
import { LIMITS } from './limits.ts'
import { planOf, samplePlan } from './sample.fuzz.ts'

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
  major.file.writeUInt16LE(2, 8)
  t.equal(verdictOf(mendChecksums(major.file)), 'format-unsupported: header: format 2.0, and 1 is read')
  const minor = new Edit()
  minor.file.writeUInt16LE(7, 10)
  // The manifest must say the same.
  t.match(minor.verdict(), 'manifest: it says format 1.0, and the header 1.7')
  minor.section('MANF').write('{"format":"1.7"')
  t.equal(minor.verdict(), 'accepted')
  t.end()
})

t.test('header: what is not used is zero', (t) => {
  t.equal(new Edit().word('file', 3, 1).verdict(), 'header: unknown flags')
  for (const at of [20, 32, 59]) t.equal(new Edit().byte('file', at, 1).verdict(), `header: byte ${at} is not zero`)
  t.equal(new Edit().word('file', 4, 0).verdict(), 'header: the content cannot have 0 bytes')
  t.equal(new Edit().word('file', 4, 65).verdict(), 'header: the content cannot have 65 bytes')
  t.match(new Edit().word('file', 6, 257).verdict(), 'section table: more than 256 sections')
  t.match(new Edit().word('file', 6, 200).verdict(), /^section table: it ends behind the content/)
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
    'section table: the tag of entry 28 is not four letters or digits',
  )
  t.end()
})

t.test('zeros stand between sections and behind the last one', (t) => {
  const between = new Edit()
  const end = between.file.readUInt32LE(between.entry('ROUT') + 8) + between.section('ROUT').length
  between.file[end] = 1
  t.equal(between.verdict(), 'chains: bytes before it are not zero')
  const behind = new Edit()
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
    ['routes: name of entry 0 is 4294967295, outside of 0 to 48', new Edit().set('ROUT', 'name', 0, 0xffff_ffff)],
    ['routes: route 0 has an unknown method', new Edit().set('ROUT', 'method', 0, 9)],
    ['routes: route 0 takes something else off its paths than literal segments', new Edit().set('ROUT', 'strippedBytes', 0, 7)],
    ['routes: route 0 takes something else off its paths than literal segments', new Edit().set('ROUT', 'strippedBytes', 0, 19)],
    ['accepted', new Edit().set('ROUT', 'strippedBytes', 0, '/weather/forecast'.length)],
    ['accepted', new Edit().set('ROUT', 'strippedBytes', 0, 0)],
    ['listeners: protocol of entry 0 is 0, outside of 1 to 1', new Edit().set('LSTN', 'protocol', 0, 0)],
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
    ['backends: backend 0 has more than 256 endpoints', new Edit().set('BKND', 'endpointCount', 0, 257)],
    ['backends: backend 1 does not begin where the one before ends', new Edit().set('BKND', 'endpointCount', 0, 2)],
    ['endpoints: 3, but the backends have 4', new Edit().set('BKND', 'endpointCount', 1, 3)],
    ['endpoints: port of entry 0 is 0, outside of 1 to 65535', new Edit().set('ENDP', 'port', 0, 0)],
    ['secrets: kind of entry 0 is 3, outside of 1 to 2', new Edit().set('SECR', 'kind', 0, 3)],
    ['self-tests: route of entry 0 is 8, outside of 0 to 7', new Edit().set('TEST', 'route', 0, 8)],
    ['hosts: root of entry 0 is 0, outside of 1 to 14', new Edit().set('HOST', 'root', 0, 0)],
  ]
  for (const [message, edit] of cases) t.equal(edit.verdict(), message)
  t.end()
})
