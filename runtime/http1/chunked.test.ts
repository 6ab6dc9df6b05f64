/** What golden cases cannot show of the decoder: which ranges it gives out, limits as parameters, reuse. */
import t from 'tap'
import { CHUNKED_LIMITS, ChunkedDecoder } from './chunked.ts'

const BODY = Buffer.from('5;a=b\r\nhello\r\n1\r\n \r\n6\r\nworld!\r\n0\r\nX-Sum: 1\r\n\r\nGET /')
const BODY_END = BODY.length - 5

t.test('data is given out in place, piece by piece, and the end is where the next message begins', (t) => {
  const decoder = new ChunkedDecoder()
  for (let pieceBytes = 1; pieceBytes <= BODY.length; pieceBytes++) {
    decoder.reset()
    let at = 0
    let data = ''
    for (let end = pieceBytes; !decoder.isDone; end = Math.min(BODY.length, end + pieceBytes)) {
      while (at < end && !decoder.isDone) {
        at = decoder.decode(BODY, at, end)
        t.ok(at >= 0 && decoder.dataEnd <= at)
        data += BODY.toString('latin1', decoder.dataStart, decoder.dataEnd)
      }
    }
    t.equal(at, BODY_END)
    t.equal(data, 'hello world!')
    t.equal(decoder.bodyBytes, 12)
    t.equal(decoder.trailers?.name(0), 'X-Sum')
    t.equal(decoder.trailers?.value(0), '1')
    t.equal(decoder.decode(BODY, at, BODY.length), at, 'nothing more is taken')
  }
  decoder.reset()
  t.equal(decoder.trailers, undefined)
  t.equal(decoder.isDone, false)
  t.end()
})

t.test('limits are parameters, and mistakes of upstream have its codes', (t) => {
  const code = (text: string, limits = CHUNKED_LIMITS, isUpstream = false) => {
    const decoder = new ChunkedDecoder(limits, isUpstream)
    const bytes = Buffer.from(text)
    let at = 0
    while (at >= 0 && at < bytes.length && !decoder.isDone) at = decoder.decode(bytes, at, bytes.length)
    t.equal(at < 0, decoder.errorStatus !== 0)
    if (at < 0) t.equal(decoder.decode(bytes, 0, bytes.length), -1, 'refused for good')
    return `${decoder.errorStatus} ${decoder.errorCode}`
  }
  t.equal(code('0\r\n\r\n'), '0 ')
  t.equal(code('x'), '400 chunk-size-invalid')
  t.equal(code('x', CHUNKED_LIMITS, true), '502 upstream-chunk-size-invalid')
  t.equal(code('0;ab\r\n\r\n', { ...CHUNKED_LIMITS, extensionBytes: 3 }), '0 ')
  t.equal(code('0;abc\r\n\r\n', { ...CHUNKED_LIMITS, extensionBytes: 3 }), '400 chunk-extensions-too-long')
  t.equal(code('0;abc', { ...CHUNKED_LIMITS, extensionBytes: 3 }), '400 chunk-extensions-too-long', 'found early')
  t.equal(code('0\r\nA: b\r\n\r\n', { ...CHUNKED_LIMITS, trailerBytes: 8 }), '0 ')
  t.equal(code('0\r\nA: bc\r\n\r\n', { ...CHUNKED_LIMITS, trailerBytes: 8 }), '431 trailers-too-long')
  t.equal(code('0\r\nA: b\r\nC', { ...CHUNKED_LIMITS, trailerFields: 1 }), '431 fields-too-many')
  t.end()
})

t.test('a decoder that refused is as new after a reset', (t) => {
  const decoder = new ChunkedDecoder()
  const bad = Buffer.from('0\r\nHost: a\r\n\r\n')
  let at = 0
  while (at >= 0) at = decoder.decode(bad, at, bad.length)
  t.equal(decoder.errorCode, 'trailer-forbidden')
  decoder.reset()
  at = 0
  while (!decoder.isDone) at = decoder.decode(BODY, at, BODY.length)
  t.equal(at, BODY_END)
  t.equal(decoder.trailers?.fieldCount, 1)
  t.end()
})
