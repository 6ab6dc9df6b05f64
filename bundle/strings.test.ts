import t from 'tap'
import { isRejection, openBytes, writeBundle } from './bundle.ts'
import { Edit } from './edit.fuzz.ts'
import { open, planOf } from './sample.fuzz.ts'
import { StringPool } from './strings.ts'

const named = (...names: string[]) => planOf([], { apis: names.map((name) => ({ name })) })

t.test('strings are kept once and sorted by their bytes, not by UTF-16 units', (t) => {
  // U+1F600 is above U+FFE0, and its surrogates are below.
  const { strings, apis } = open(named('\u{1f600}', '￠', 'z', 'ä', 'z', ''))
  const all = Array.from({ length: strings.count }, (_, index) => strings.get(index))
  t.equal(all[0], '')
  t.strictSame(
    all,
    [...new Set(all)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  )
  t.strictSame(
    Array.from({ length: 6 }, (_, index) => apis.name(index)),
    ['\u{1f600}', '￠', 'z', 'ä', 'z', ''],
  )
  t.end()
})

t.test('a string that does not exist is empty', (t) => {
  const { strings } = open(named('a'))
  t.strictSame(
    [-1, strings.count, 2 ** 32, Number.NaN].map((index) => strings.get(index)),
    ['', '', '', ''],
  )
  t.end()
})

t.test('long texts and many of them', (t) => {
  const names = Array.from({ length: 300 }, (_, index) => `${'ö'.repeat(index * 7)}${index}`)
  const { apis } = open(named(...names))
  t.strictSame(
    names,
    names.map((_, index) => apis.name(index)),
  )
  t.end()
})

t.test('half a surrogate pair is no text: a wrong program', (t) => {
  t.throws(() => new StringPool().add('\ud800'), /surrogate/)
  t.throws(() => new StringPool().finalIndex('never added'))
  t.end()
})

t.test('what the checker says of damaged strings', (t) => {
  const edit = () => new Edit(named('aa', 'bb', 'ää'))
  const first = edit()
  const at = first.section('STRB').indexOf('bb')
  t.equal(edit().byte('STRB', at, 0xff).verdict(), 'string bytes: not UTF-8')
  t.match(edit().byte('STRB', at, 0x7a).verdict(), /^string bytes: string \d+ is not greater than the one before$/)
  t.match(
    edit()
      .byte('STRB', at, 0x61)
      .byte('STRB', at + 1, 0x61)
      .verdict(),
    /^string bytes: string \d+ is not greater/,
  )
  const count = first.count('STRO')
  t.equal(edit().word('STRO', 0, 1).verdict(), 'string offsets: the first string is not the empty one')
  t.equal(edit().word('STRO', 1, 1).verdict(), 'string offsets: the first string is not the empty one')
  t.equal(
    edit()
      .word('STRO', count - 1, 5)
      .verdict(),
    'string offsets: the last one is not the end of the string bytes',
  )
  t.equal(edit().word('STRO', 3, 0).verdict(), 'string offsets: string 2 does not end behind its start')
  t.equal(edit().word('STRO', 3, 0xffff_ffff).verdict(), 'string offsets: string 2 does not end behind its start')
  const middle = first.section('STRO').readUInt32LE((count - 2) * 4) + 1
  t.match(
    edit()
      .word('STRO', count - 2, middle)
      .verdict(),
    /^string bytes: string \d+ begins within a character$/,
  )
  t.end()
})

t.test('a bundle that is all of one string is read', (t) => {
  t.notOk(isRejection(openBytes(writeBundle(planOf([], { apis: [], backends: [], attachments: [], listeners: [], automata: [] })))))
  t.end()
})
