/** What golden cases cannot show: resuming, reuse, limits as parameters, and how early a mistake is found. */
import t from 'tap'
import { METHODS } from '../../bundle/plan.ts'
import { allCases } from '../../test/fixtures/http1/cases.ts'
import { hashName, KNOWN, KNOWN_NAMES, knownId, LOOKALIKE } from './field-names.ts'
import { methodIdOf, parseRequestHead, REQUEST_HEAD_LIMITS, RequestHead } from './request-head.ts'
import { parseResponseHead, RESPONSE_HEAD_LIMITS, ResponseHead } from './response-head.ts'

function parse(text: string, head = new RequestHead(), limits = REQUEST_HEAD_LIMITS): number {
  const bytes = Buffer.from(text, 'latin1')
  return parseRequestHead(bytes, 0, bytes.length, head, limits)
}

t.test('a head that was read leaves nothing for the next one on the connection', (t) => {
  const used = new RequestHead()
  const streams = allCases().filter(({ kind }) => kind === 'request')
  for (const { stream, title } of streams) {
    const fresh = new RequestHead()
    if (used.errorStatus !== 0) used.reset()
    const expected = parseRequestHead(stream, 0, stream.length, fresh, REQUEST_HEAD_LIMITS)
    const next = parseRequestHead(stream, 0, stream.length, used, REQUEST_HEAD_LIMITS)
    const view = (head: RequestHead) => [
      [head.method, head.methodId, head.targetForm, head.pathText, head.queryText, head.hostText, head.host.port, head.minorVersion],
      [head.contentLength, head.isChunked, head.keepAlive, head.expectContinue, head.hasUpgrade, head.isPreflight, head.preflightMethodId],
      Array.from({ length: head.fieldCount }, (_, index) => [
        head.name(index),
        head.value(index),
        head.knownIds[index],
        head.hopByHop[index],
      ]),
      [head.errorStatus, head.errorCode],
    ]
    if (next <= 0) used.reset()
    if (expected <= 0) fresh.reset()
    t.same([next, view(used)], [expected, view(fresh)], title)
  }
  t.end()
})

t.test('a refused head stays refused until it is reset', (t) => {
  const head = new RequestHead()
  t.equal(parse('GET\r\n', head), -1)
  t.equal(parse('GET / HTTP/1.1\r\nHost: a\r\n\r\n', head), -1)
  t.equal(head.errorCode, 'method-invalid')
  head.reset()
  t.equal(parse('GET / HTTP/1.1\r\nHost: a\r\n\r\n', head), 27)
  t.equal(head.errorStatus, 0)
  const response = new ResponseHead()
  const bad = Buffer.from('HTTP/2')
  t.equal(parseResponseHead(bad, 0, bad.length, response, RESPONSE_HEAD_LIMITS), -1)
  t.equal(parseResponseHead(bad, 0, bad.length, response, RESPONSE_HEAD_LIMITS), -1)
  response.reset()
  const good = Buffer.from('HTTP/1.1 204 X\r\n\r\n')
  t.equal(parseResponseHead(good, 0, good.length, response, RESPONSE_HEAD_LIMITS), good.length)
  t.equal(response.errorStatus, 0)
  t.end()
})

t.test('a mistake is found with the byte that makes it', (t) => {
  for (const [taken, bad] of [
    ['', '\0'],
    ['G', '\n'],
    ['GET ', ' '],
    ['GET /', '\x80'],
    ['GET /a?b', '#'],
    ['GET /%41', '\\'],
    ['GET / HTT', 'p'],
    ['GET / HTTP/1.', '2'],
    ['GET / HTTP/1.1', '\n'],
    ['GET / HTTP/1.1\r', '\r'],
    ['GET / HTTP/1.1\r\n', ' '],
    ['GET / HTTP/1.1\r\nHost', ' '],
    ['GET / HTTP/1.1\r\nHost: a\r\nX: y', '\0'],
    ['GET / HTTP/1.1\r\nHost: a\r\nHost: a\r', '\n'],
    ['GET / HTTP/1.1\r\nHost: a,b\r', '\n'],
    ['POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r', '\n'],
  ] as const) {
    t.equal(parse(taken), 0, JSON.stringify(taken))
    t.equal(parse(taken + bad), -1, JSON.stringify(taken + bad))
  }
  t.end()
})

t.test('limits are parameters, and the first one that is passed decides', (t) => {
  const limits = { requestLineBytes: 20, headBytes: 60, headFields: 2 }
  const code = (text: string) => {
    const head = new RequestHead()
    const next = parse(text, head, limits)
    return next < 0 ? head.errorCode : next
  }
  t.equal(code('GET /6789a HTTP/1.1\r\nHost: a\r\n\r\n'), 32)
  t.equal(code('GET /6789ab HTTP/1.1\r\nHost: a\r\n\r\n'), 33)
  t.equal(code('GET /6789abc HTTP/1.1\r\nHost: a\r\n\r\n'), 'request-line-too-long')
  t.equal(code('GET /6789abcdefghijkl'), 'request-line-too-long')
  t.equal(code('GET /6789abcdefghijk'), 0)
  t.equal(code('GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n'), 33)
  t.equal(code('GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nZ'), 'fields-too-many')
  t.equal(code(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(28)}\r\n\r\n`), 60)
  t.equal(code(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(29)}\r\n\r\n`), 'head-too-long')
  t.equal(code(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(32)}`), 'head-too-long')
  t.equal(code(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(31)}`), 0)
  t.end()
})

t.test('offsets count from the beginning of the buffer, and the buffer may grow while a head arrives', (t) => {
  const text = 'POST /a/b?c HTTP/1.1\r\nHost: A.b:80\r\nX-One: 1\r\nContent-Length: 3\r\n\r\nabc'
  const head = new RequestHead()
  let next = 0
  for (let size = 1; next === 0; size++) {
    // A new buffer for every byte: the earlier ones are wiped.
    const bytes = Buffer.from(`junk${text}`.slice(0, 4 + size).padEnd(4 + size + (size % 5), '\n'))
    next = parseRequestHead(bytes, 4, 4 + size, head, REQUEST_HEAD_LIMITS)
    if (next === 0) bytes.fill(0)
    else t.equal(next, 4 + text.length - 3)
  }
  t.equal(head.pathText, '/a/b')
  t.equal(head.queryText, 'c')
  t.equal(head.hostText, 'a.b')
  t.equal(head.host.port, 80)
  t.equal(head.bytes.toString('latin1', head.hostValueStart, head.hostValueEnd), 'A.b:80')
  t.equal(head.contentLength, 3)
  t.ok(head.hasBody)
  t.equal(head.indexOfName('x-one'), 1)
  t.equal(head.indexOfName('x-two'), -1)
  t.equal(head.indexOfName('x-one', hashName('x-one'), 2), -1)
  t.ok(head.valueIs(1, '1'))
  t.notOk(head.valueIs(1, '2'))
  t.ok(head.hasName(1, 'x-one'))
  t.end()
})

t.test('the host and the path of a completed head do not change when another one is read', (t) => {
  const one = new RequestHead()
  const two = new RequestHead()
  parse('GET http://One/%61/./b HTTP/1.1\r\nHost: one\r\n\r\n', one)
  parse('GET /%62 HTTP/1.1\r\nHost: two\r\n\r\n', two)
  t.equal(one.hostText + one.pathText, 'one/a/b')
  t.equal(two.hostText + two.pathText, 'two/b')
  t.end()
})

t.test('every method of the plan has its id, other tokens and other cases have none', (t) => {
  for (const [id, method] of METHODS.entries()) {
    const bytes = Buffer.from(` ${method}x`)
    t.equal(methodIdOf(bytes, 1, 1 + method.length), id)
    t.equal(methodIdOf(bytes, 1, 2 + method.length), 0)
  }
  t.equal(methodIdOf(Buffer.from('get'), 0, 3), 0)
  const head = new RequestHead()
  parse('PURGE / HTTP/1.1\r\nHost: a\r\n\r\n', head)
  t.equal(head.method, 'PURGE')
  t.end()
})

t.test('known names are found in any case, and nothing else is', (t) => {
  for (const [id, name] of KNOWN_NAMES.entries()) {
    if (id === KNOWN.none) continue
    for (const text of [name, name.toUpperCase(), name.replace(/^./, (letter) => letter.toUpperCase())]) {
      t.equal(knownId(hashName(name), Buffer.from(text), 0, text.length), id)
    }
    t.equal(knownId(hashName(name), Buffer.from(`${name}s`), 0, name.length + 1), 0, 'the hash alone decides nothing')
    t.equal(knownId(hashName(name), Buffer.from(name.replace(/.$/, '!')), 0, name.length), 0)
    const lookalike = name.replace('-', '_')
    if (lookalike !== name) t.equal(knownId(hashName(lookalike), Buffer.from(lookalike), 0, name.length), id | LOOKALIKE)
  }
  t.equal(KNOWN_NAMES.length, Object.keys(KNOWN).length)
  t.equal(KNOWN_NAMES[KNOWN.accessControlRequestMethod], 'access-control-request-method')
  t.equal(KNOWN_NAMES[KNOWN.http2Settings], 'http2-settings')
  t.end()
})

t.test('more fields than the first arrays hold', (t) => {
  const head = new RequestHead()
  const names = Array.from({ length: 99 }, (_, i) => `X-${i}`)
  t.ok(
    parse(
      `GET / HTTP/1.1\r\nHost: a\r\nConnection: x-7, x-98\r\n${names
        .slice(0, 98)
        .map((name) => `${name}: ${name}\r\n`)
        .join('')}\r\n`,
      head,
    ) > 0,
  )
  t.equal(head.fieldCount, 100)
  for (let i = 0; i < 98; i++) {
    const index = head.indexOfName(`x-${i}`)
    if (head.value(index) !== `X-${i}` || head.hopByHop[index] !== (i === 7 ? 1 : 0)) t.fail(`field ${i}`)
  }
  t.end()
})
