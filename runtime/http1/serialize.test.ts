/** What we write is one message with the meaning it was given, for llhttp too; and nothing that is no message can be written. */
import fc from 'fast-check'
import t from 'tap'
import { METHODS } from '../../bundle/plan.ts'
import { customReply, localReply } from '../../policies/contract.ts'
import { requestStream } from '../../test/fixtures/http1/arbitraries.ts'
import { readWithLlhttp } from '../../test/fixtures/http1/llhttp.ts'
import { isProblem, replyBody } from './problem.ts'
import { parseRequestHead, REQUEST_HEAD_LIMITS, RequestHead } from './request-head.ts'
import { parseResponseHead, RESPONSE_HEAD_LIMITS, ResponseHead } from './response-head.ts'
import { CHUNK_END, CONNECTION_CLOSE, copy, HeadWriter, isFieldName, isFieldValue, isTargetText, LAST_CHUNK } from './serialize.ts'

const EMPTY = Buffer.alloc(0)

t.test('whatever request we take, what we send upstream is exactly one message with the same meaning', (t) => {
  const head = new RequestHead()
  const writer = new HeadWriter(2048)
  let written = 0
  fc.assert(
    fc.property(requestStream, fc.constantFrom('', '/api'), fc.string({ unit: 'binary-ascii', maxLength: 40 }), (stream, prefix, body) => {
      head.reset()
      if (parseRequestHead(stream, 0, stream.length, head, REQUEST_HEAD_LIMITS) <= 0 || head.methodId === 0 || head.targetForm === 3) return
      written++
      const payload = Buffer.from(body, 'latin1')
      const isChunked = payload.length % 2 === 1
      writer.begin()
      writer.requestLine(
        head.methodId,
        Buffer.from(prefix),
        head.path,
        head.pathStart,
        head.pathEnd,
        stream,
        head.queryStart,
        head.queryEnd,
      )
      writer.field('Host', 'upstream:8080')
      writer.receivedFields(head, head.hopByHop)
      writer.field('X-Added', 'last')
      if (isChunked) {
        writer.text('Transfer-Encoding: chunked\r\n')
        writer.endHead()
        writer.chunk(payload, 0, 1)
        if (payload.length > 1) {
          writer.chunkStart(payload.length - 1)
          writer.range(payload, 1, payload.length)
          writer.bytes(CHUNK_END)
        }
        writer.bytes(LAST_CHUNK)
      } else {
        writer.contentLength(payload.length)
        writer.endHead()
        writer.bytes(payload)
      }
      const size = writer.size
      const message = writer.finish()
      if (size !== message.length) throw new Error('size')
      const expected: [string, string][] = [['Host', 'upstream:8080']]
      for (let index = 0; index < head.fieldCount; index++) {
        if (head.hopByHop[index] === 0) expected.push([head.name(index), head.value(index)])
      }
      expected.push(['X-Added', 'last'], isChunked ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(payload.length)])
      const lines = expected.map(([name, value]) => `${name}: ${value}\r\n`).join('')
      const query = head.queryText === undefined ? '' : `?${head.queryText}`
      const target = `${prefix}${head.pathText}${query}`
      if (!message.toString('latin1').startsWith(`${head.method} ${target} HTTP/1.1\r\n${lines}\r\n`))
        throw new Error(message.toString('latin1'))
      const { messages, error } = readWithLlhttp('request', message)
      const [only] = messages
      if (error !== '' || messages.length !== 1 || only === undefined || !only.isComplete)
        throw new Error(`${error}\n${message.toString('latin1')}`)
      if (only.method !== head.method || only.target !== target || only.body !== body || !only.keepAlive)
        throw new Error(JSON.stringify(only))
      if (JSON.stringify(only.fields) !== JSON.stringify(expected)) throw new Error(JSON.stringify(only.fields))
    }),
    { numRuns: 15_000 },
  )
  t.ok(written > 3000, `${written} requests`)
  t.end()
})

t.test('a field from text is written as it is, or not at all', (t) => {
  const writer = new HeadWriter()
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ unit: 'grapheme-ascii', maxLength: 12 }),
    fc.constantFrom('a\r\nb', 'a\0', 'ä', '€', ' a ', '', '\t'),
  )
  let written = 0
  fc.assert(
    fc.property(text, text, (name, value) => {
      writer.begin()
      writer.text('GET / HTTP/1.1\r\n')
      let isWritten = true
      try {
        writer.field(name, value)
      } catch (error) {
        isWritten = false
        if ((error as { code?: string }).code !== 'field-invalid') throw error
      }
      if (isWritten !== (isFieldName(name) && isFieldValue(value))) return false
      if (!isWritten) return true
      written++
      writer.endHead()
      const { messages, error } = readWithLlhttp('request', writer.finish())
      // Framing fields are written by `contentLength` and its like; by chance a random name is one of them.
      if (error !== '') return /^(content-length|transfer-encoding|connection|upgrade)$/i.test(name)
      const [found] = messages[0]?.fields ?? []
      return messages.length === 1 && found?.[0] === name && found[1].trim() === value.replace(/^[ \t]+|[ \t]+$/g, '').trim()
    }),
    { numRuns: 20_000 },
  )
  t.ok(written > 1000, `${written} fields`)
  for (const value of ['a\rb', 'a\nb', 'a\0b', 'a\x1fb', 'a\x7fb', '\u0100', '\u{1f600}'])
    t.notOk(isFieldValue(value), JSON.stringify(value))
  for (const name of ['', 'a b', 'a:', 'ä', 'a\r', '\u0141']) t.notOk(isFieldName(name), JSON.stringify(name))
  t.end()
})

t.test('a target that a policy made is refused when it is none', (t) => {
  const writer = new HeadWriter()
  for (const [path, query] of [
    ['/a b', undefined],
    ['/a?b', undefined],
    ['/a#b', undefined],
    ['/a\r\nX: y', undefined],
    ['/ä', undefined],
    ['/a', 'b c'],
    ['/a', 'b#'],
    ['/a', '\u0120'],
  ] as const) {
    writer.begin()
    t.throws(() => writer.requestLineText(1, EMPTY, path, query), { code: 'target-invalid' })
  }
  t.ok(isTargetText('/a|{}?b=%20'))
  writer.begin()
  writer.requestLineText(METHODS.indexOf('POST'), Buffer.from('/p'), '/a', 'b=c?d')
  t.equal(writer.finish().toString(), 'POST /p/a?b=c?d HTTP/1.1\r\n')
  writer.begin()
  writer.requestLineText(1, EMPTY, '', undefined)
  t.equal(writer.finish().toString(), 'GET / HTTP/1.1\r\n')
  t.end()
})

t.test('a path that was stripped to nothing is the root, or the prefix alone', (t) => {
  const writer = new HeadWriter()
  const path = Buffer.from('/base')
  writer.requestLine(1, EMPTY, path, 5, 5, EMPTY, -1, -1)
  t.equal(writer.finish().toString(), 'GET / HTTP/1.1\r\n')
  writer.requestLine(1, Buffer.from('/api'), path, 5, 5, Buffer.from('q'), 0, 1)
  t.equal(writer.finish().toString(), 'GET /api?q HTTP/1.1\r\n')
  t.end()
})

t.test('responses read back as they were written, with reasons of the registry and a date per second', (t) => {
  const writer = new HeadWriter()
  const head = new ResponseHead()
  for (let status = 200; status <= 599; status++) {
    writer.begin()
    writer.statusLine(status)
    writer.date(1_795_410_927_500)
    writer.contentLength(0)
    writer.bytes(CONNECTION_CLOSE)
    writer.endHead()
    const message = writer.finish()
    t.equal(parseResponseHead(message, 0, message.length, head, RESPONSE_HEAD_LIMITS), message.length)
    if (head.status !== status || head.keepAlive || head.value(0) !== new Date(1_795_410_927_000).toUTCString()) t.fail(`${status}`)
  }
  t.equal(head.reason, '')
  writer.begin()
  writer.statusLine(404)
  writer.date(0)
  writer.date(999)
  writer.date(1000)
  t.equal(
    writer.finish().toString(),
    'HTTP/1.1 404 Not Found\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nDate: Thu, 01 Jan 1970 00:00:01 GMT\r\n',
  )
  for (const status of [99, 600, 200.5, Number.NaN]) t.throws(() => writer.statusLine(status), { code: 'status-invalid' })
  t.end()
})

t.test('fields that did not come in normal form are written in it, and runs end where a field is left out', (t) => {
  const stream = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nC:3\r\nD: \t4\r\nE: 5 \r\nF:\r\nG: 6\r\nH: 7\r\n\r\n')
  const head = new RequestHead()
  t.equal(parseRequestHead(stream, 0, stream.length, head, REQUEST_HEAD_LIMITS), stream.length)
  const writer = new HeadWriter()
  writer.receivedFields(head, head.hopByHop)
  t.equal(writer.finish().toString(), 'A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\nF: \r\nG: 6\r\nH: 7\r\n')
  const skip = Uint8Array.from(head.hopByHop)
  skip[2] = 1
  skip[7] = 1
  writer.begin()
  writer.receivedFields(head, skip)
  writer.field('X', 'y')
  writer.receivedField(head, 1)
  writer.receivedField(head, 2)
  t.equal(writer.finish().toString(), 'A: 1\r\nC: 3\r\nD: 4\r\nE: 5\r\nF: \r\nH: 7\r\nX: y\r\nA: 1\r\nB: 2\r\n')
  writer.receivedField(head, 1)
  writer.begin()
  writer.text('fresh')
  t.equal(writer.finish().toString(), 'fresh', 'what was begun and given up leaves nothing behind')
  t.end()
})

t.test('memory that was given out is not written again, unless it was taken back', (t) => {
  const writer = new HeadWriter(64)
  const messages: Buffer[] = []
  for (let i = 0; i < 200; i++) {
    writer.begin()
    writer.text(`message ${i} `)
    if (i % 7 === 0) writer.text('x'.repeat(300))
    writer.range(Buffer.alloc(i, 0x79), 0, i)
    messages.push(writer.finish())
  }
  for (const [i, message] of messages.entries()) {
    t.equal(message.toString(), `message ${i} ${i % 7 === 0 ? 'x'.repeat(300) : ''}${'y'.repeat(i)}`)
  }
  const last = new HeadWriter(64)
  last.text('one')
  const one = last.finish()
  last.text('two')
  const two = last.finish()
  last.release(one)
  t.equal(two.toString(), 'two', 'only the last one can be taken back')
  last.release(two)
  last.text('2nd')
  t.equal(last.finish().byteOffset, two.byteOffset)
  t.equal(one.toString(), 'one')
  t.end()
})

t.test('a slab is used again from its beginning once all that was given out is taken back, in any order', (t) => {
  const writer = new HeadWriter(64)
  const give = (text: string) => {
    writer.begin()
    writer.text(text)
    return { message: writer.finish(), slab: writer.slab }
  }
  const [a, b, c] = [give('aaa'), give('bbb'), give('ccc')]
  writer.releaseFrom(b.slab)
  writer.releaseFrom(a.slab)
  const d = give('ddd')
  t.equal(d.message.byteOffset, 9, 'one is still out')
  writer.releaseFrom(c.slab)
  writer.begin()
  writer.text('under way')
  writer.releaseFrom(d.slab)
  const underWay = writer.finish()
  t.equal(underWay.toString(), 'under way')
  t.equal(underWay.byteOffset, 12, 'what is being put together stays where it is')
  writer.release(underWay)
  const old = give('x'.repeat(60))
  t.equal(old.message.byteOffset, 0)
  const next = give('y'.repeat(60))
  writer.releaseFrom(old.slab)
  t.not(give('z').message.byteOffset, 0, 'an old slab says nothing about a new one')
  t.equal(next.message.toString(), 'y'.repeat(60))
  t.end()
})

t.test('ranges of every size are copied exactly', (t) => {
  const source = Buffer.from(Array.from({ length: 200 }, (_, i) => i))
  for (let size = 0; size < 100; size++) {
    const target = Buffer.alloc(120, 0xff)
    t.equal(copy(source, 5, 5 + size, target, 10), 10 + size)
    t.ok(target.subarray(10, 10 + size).equals(source.subarray(5, 5 + size)))
    if (target[9] !== 0xff || target[10 + size] !== 0xff) t.fail(`${size}`)
  }
  t.end()
})

t.test('a local reply is a problem document with the id of its request, or its own body', (t) => {
  const reply = localReply(429, 'rate-limited', 'Too "many".')
  t.ok(isProblem(reply))
  for (const id of ['', 'r-1', 'a"b\\']) {
    t.same(JSON.parse(replyBody(reply, id).toString()), {
      type: 'about:blank',
      title: 'Too Many Requests',
      status: 429,
      code: 'rate-limited',
      detail: 'Too "many".',
      ...(id === '' ? {} : { requestId: id }),
    })
  }
  const own = customReply(200, [], 'ü')
  t.notOk(isProblem(own))
  t.equal(replyBody(own, 'x').toString(), 'ü')
  t.equal(replyBody(customReply(204, [], ''), 'x').length, 0)
  t.same(JSON.parse(replyBody(localReply(599, ''), '').toString()), { type: 'about:blank', title: '', status: 599 })
  t.end()
})
