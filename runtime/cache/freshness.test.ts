import t from 'tap'
import { parseResponseHead, RESPONSE_HEAD_LIMITS, ResponseHead } from '../http1/response-head.ts'
import { ageOf, EXPLICIT, IMPOSED, judge, STATED } from './freshness.ts'

const NOW = Date.parse('2027-01-01T00:00:00Z')
const DATE = 'Date: Fri, 01 Jan 2027 00:00:00 GMT'
const NOTHING = { ttlMs: undefined, staleIfErrorMs: undefined }

t.test('what may be stored, for how long it is fresh, and with whom it is shared', (t) => {
  const rows: [title: string, status: number, fields: string[], expected: object][] = [
    ['max-age', 200, ['Cache-Control: max-age=60'], { refusal: '', lifetimeMs: 60_000, sharing: STATED }],
    ['s-maxage before max-age', 200, ['Cache-Control: max-age=60, s-maxage=5'], { refusal: '', lifetimeMs: 5000, sharing: EXPLICIT }],
    ['public with a time', 200, ['Cache-Control: public, max-age=60'], { refusal: '', lifetimeMs: 60_000, sharing: EXPLICIT }],
    ['Expires against Date', 200, [DATE, 'Expires: Fri, 01 Jan 2027 00:01:00 GMT'], { refusal: '', lifetimeMs: 60_000, sharing: STATED }],
    ['Expires without Date', 200, ['Expires: Fri, 01 Jan 2027 00:00:30 GMT'], { refusal: '', lifetimeMs: 30_000 }],
    ['Expires 0', 200, ['Expires: 0'], { refusal: 'stale', lifetimeMs: 0 }],
    ['max-age before Expires', 200, ['Cache-Control: max-age=1', 'Expires: Fri, 01 Jan 2027 00:01:00 GMT'], { lifetimeMs: 1000 }],
    ['two fields are one list', 200, ['Cache-Control: max-age=60', 'Cache-Control: no-store'], { refusal: 'no-store' }],
    ['no-store', 200, ['Cache-Control: no-store, max-age=60'], { refusal: 'no-store' }],
    ['No-Store in capitals', 200, ['Cache-Control: No-Store, max-age=60'], { refusal: 'no-store' }],
    ['private', 200, ['Cache-Control: private, max-age=60'], { refusal: 'private' }],
    ['private for a field', 200, ['Cache-Control: max-age=60, private="x"'], { refusal: 'private' }],
    ['no-cache with a validator is asked for each time', 200, ['Cache-Control: no-cache', 'ETag: "a"'], { refusal: '', lifetimeMs: 0 }],
    ['no-cache without', 200, ['Cache-Control: no-cache'], { refusal: 'stale' }],
    ['Pragma alone', 200, ['Pragma: no-cache'], { refusal: 'stale' }],
    ['nothing', 200, [], { refusal: 'stale' }],
    ['no heuristic', 200, [DATE, 'Last-Modified: Fri, 01 Jan 2016 00:00:00 GMT'], { refusal: '', lifetimeMs: 0 }],
    [
      'must-revalidate is fresh while it is fresh',
      200,
      ['Cache-Control: max-age=60, must-revalidate'],
      { refusal: '', lifetimeMs: 60_000 },
    ],
    ['Vary: *', 200, ['Cache-Control: max-age=60', 'Vary: accept, *'], { refusal: 'vary' }],
    ['Vary', 200, ['Cache-Control: max-age=60', 'Vary: X-B', 'Vary: x-a ,x-b'], { refusal: '', vary: ['x-a', 'x-b'] }],
    ['an encoding nobody announced', 200, ['Cache-Control: max-age=60', 'Content-Encoding: gzip'], { vary: ['accept-encoding'] }],
    ['an allowed origin', 200, ['Cache-Control: max-age=60', 'Access-Control-Allow-Origin: https://a.example'], { vary: ['origin'] }],
    ['any origin', 200, ['Cache-Control: max-age=60', 'Access-Control-Allow-Origin: *'], { vary: [] }],
    ['Set-Cookie', 200, ['Cache-Control: max-age=60', 'Set-Cookie: a=b'], { refusal: 'set-cookie' }],
    ['Set-Cookie, s-maxage', 200, ['Cache-Control: s-maxage=60', 'Set-Cookie: a=b'], { refusal: 'set-cookie' }],
    ['Set-Cookie, public', 200, ['Cache-Control: public, max-age=60', 'Set-Cookie: a=b'], { refusal: 'set-cookie' }],
    ['a part', 206, ['Cache-Control: max-age=60', 'Content-Range: bytes 0-1/2'], { refusal: 'status' }],
    ['404 that says so', 404, ['Cache-Control: max-age=5'], { refusal: '', lifetimeMs: 5000 }],
    ['302 that says so', 302, ['Cache-Control: max-age=5'], { refusal: '', lifetimeMs: 5000 }],
    ['302 that says nothing', 302, [], { refusal: 'status' }],
    ['500 whatever it says', 500, ['Cache-Control: max-age=5'], { refusal: 'status' }],
    ['an unknown status', 299, ['Cache-Control: max-age=5'], { refusal: 'status' }],
  ]
  for (const [title, status, fields, expected] of rows) t.match(judge(status, head(status, fields), NOTHING, NOW, 0), expected, title)
  t.end()
})

t.test('`ttl` is for responses that say nothing, and only for good ones', (t) => {
  const ttl = { ttlMs: 30_000, staleIfErrorMs: undefined }
  const rows: [title: string, status: number, fields: string[], expected: object][] = [
    ['nothing', 200, [], { refusal: '', lifetimeMs: 30_000, sharing: IMPOSED }],
    ['a validator is no statement', 200, ['ETag: "a"'], { refusal: '', lifetimeMs: 30_000 }],
    ['public alone is none either', 200, ['Cache-Control: public'], { refusal: '', lifetimeMs: 30_000, sharing: EXPLICIT }],
    ['max-age=0', 200, ['Cache-Control: max-age=0'], { refusal: 'stale', lifetimeMs: 0 }],
    ['no-store', 200, ['Cache-Control: no-store'], { refusal: 'no-store' }],
    ['private', 200, ['Cache-Control: private'], { refusal: 'private' }],
    ['Set-Cookie', 200, ['Set-Cookie: a=b'], { refusal: 'set-cookie' }],
    ['404', 404, [], { refusal: 'stale', lifetimeMs: 0 }],
    ['301', 301, [], { refusal: '', lifetimeMs: 30_000 }],
  ]
  for (const [title, status, fields, expected] of rows) t.match(judge(status, head(status, fields), ttl, NOW, 0), expected, title)
  t.end()
})

t.test('how long it may be served while the backend fails: as the operator says, else as the response says, never against it', (t) => {
  const fiveMinutes = { ttlMs: undefined, staleIfErrorMs: 300_000 }
  const stale = (control: string, settings = fiveMinutes) =>
    judge(200, head(200, [`Cache-Control: ${control}`]), settings, NOW, 0).staleIfErrorMs
  t.equal(stale('max-age=1'), 300_000)
  t.equal(stale('max-age=1, stale-if-error=7'), 300_000)
  t.equal(stale('s-maxage=1'), 300_000)
  t.equal(stale('max-age=1, must-revalidate'), 0)
  t.equal(stale('max-age=1, proxy-revalidate'), 0)
  t.equal(stale('no-cache'), 0)
  t.equal(stale('max-age=1, stale-if-error=7', { ...fiveMinutes, staleIfErrorMs: undefined as unknown as number }), 7000)
  t.equal(judge(200, head(200, []), fiveMinutes, NOW, 0).refusal, '', 'kept for the day on which the backend fails')
  t.equal(judge(404, head(404, []), fiveMinutes, NOW, 0).refusal, 'stale')
  t.end()
})

t.test('what came too old is not stored', (t) => {
  t.equal(judge(200, head(200, ['Cache-Control: max-age=60']), NOTHING, NOW, 60_000).refusal, 'stale')
  t.equal(judge(200, head(200, ['Cache-Control: max-age=60']), NOTHING, NOW, 59_000).refusal, '')
  t.end()
})

t.test('Age is read when it is a number', (t) => {
  t.equal(ageOf(head(200, ['Age: 7', 'Age: 9'])), 7000)
  for (const value of ['-1', '1.5', 'x', '', '99999999999']) t.equal(ageOf(head(200, [`Age: ${value}`])), 0, value)
  t.end()
})

function head(status: number, fields: string[]): ResponseHead {
  const into = new ResponseHead()
  const bytes = Buffer.from(
    `HTTP/1.1 ${status} OK\r\n${[...fields, 'Content-Length: 0'].map((field) => `${field}\r\n`).join('')}\r\n`,
    'latin1',
  )
  if (parseResponseHead(bytes, 0, bytes.length, into, RESPONSE_HEAD_LIMITS) !== bytes.length) throw new Error(into.errorCode)
  return into
}
