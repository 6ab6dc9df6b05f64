/**
 * What is refused of a request on a stream, and what goes on as it is: the classes of the reference's table of probes (1.3), each one field list
 * on a stream of its own. What reaches the backend is one HTTP/1.1 request that says the same.
 */
import t, { type Test } from 'tap'
import { generationOf, rawBackend, startDataPath } from '../../test/fixtures/data-path.ts'
import { data, type Field, get, headers, RawHttp2Client, request } from './fixtures/frames.ts'
import { PROTOCOL_ERROR } from './frames.ts'

const OK = 'HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 2\r\n\r\nok'

/** A gateway before a backend that notes every request. */
async function gateway(t: Test) {
  const requests: string[] = []
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', (bytes) => {
      requests.push(bytes.toString('latin1'))
      socket.write(OK)
    })
  })
  const methods = ['GET', 'POST', 'PUT', 'OPTIONS', 'HEAD']
  const running = await startDataPath(t, generationOf({ routes: methods.map((name) => `${name} /**`), backends: [{ port: backend.port }] }))
  return { ...running, requests }
}

const codeOf = (body: string): unknown => (body === '' ? '' : (JSON.parse(body) as { code?: unknown }).code)

interface Probe {
  readonly fields: readonly Field[]
  /** Status and code of the reply; `isError`: RST_STREAM(PROTOCOL_ERROR) comes with it. */
  readonly refused: readonly [status: number, code: string, isError?: 'stream error']
}

const E = 'stream error'
const pseudo = (fields: { readonly [name: string]: string | undefined }): readonly Field[] =>
  Object.entries({ ':method': 'GET', ':scheme': 'http', ':authority': 'a.example', ':path': '/', ...fields }).filter(
    (field): field is [string, string] => field[1] !== undefined,
  )

const REFUSED: { readonly [what: string]: Probe } = {
  // :path
  'a path with a space': { fields: get('/a b'), refused: [400, 'target-invalid', E] },
  'a path that ends the request line': { fields: get('/a HTTP/1.1'), refused: [400, 'target-invalid', E] },
  'a path with CR LF and a second request': {
    fields: get('/a HTTP/1.1\r\nHost: b\r\n\r\nGET /b'),
    refused: [400, 'field-value-invalid', E],
  },
  'a path with LF': { fields: get('/a\nb'), refused: [400, 'field-value-invalid', E] },
  'a path with NUL': { fields: get('/a\0'), refused: [400, 'field-value-invalid', E] },
  'a path with DEL': { fields: get('/a\x7f'), refused: [400, 'field-value-invalid', E] },
  'a path with a tab': { fields: get('/a\tb'), refused: [400, 'target-invalid'] },
  'an empty path': { fields: get(''), refused: [400, 'target-invalid', E] },
  'a path without a slash': { fields: get('a'), refused: [400, 'target-invalid', E] },
  'an absolute path': { fields: get('http://a.example/'), refused: [400, 'target-invalid', E] },
  'an asterisk for GET': { fields: get('*'), refused: [400, 'target-invalid'] },
  'a path with a fragment': { fields: get('/a#b'), refused: [400, 'target-invalid'] },
  'a path with bytes above ASCII': { fields: get('/caf\xe9'), refused: [400, 'target-invalid'] },
  'a path with a backslash': { fields: get('/a\\b'), refused: [400, 'path-backslash'] },
  'a path with an encoded slash': { fields: get('/a%2fb'), refused: [400, 'path-encoded-slash'] },
  'a path above the root': { fields: get('/../a'), refused: [400, 'path-above-root'] },
  'a path with a bad percent': { fields: get('/%zz'), refused: [400, 'target-percent-invalid'] },
  'no path': { fields: pseudo({ ':path': undefined }), refused: [400, 'pseudo-field-invalid', E] },
  // :method, :scheme
  'a method with a space': { fields: request('GET /b', '/'), refused: [400, 'method-invalid', E] },
  'a method with CR LF': { fields: request('GET\r\n', '/'), refused: [400, 'field-value-invalid', E] },
  'a method that is no token': { fields: request('GET?', '/'), refused: [400, 'method-invalid', E] },
  'an empty method': { fields: request('', '/'), refused: [400, 'pseudo-field-invalid', E] },
  'no method': { fields: pseudo({ ':method': undefined }), refused: [400, 'pseudo-field-invalid', E] },
  'a method that is too long': { fields: request('X'.repeat(40), '/'), refused: [501, 'method-too-long'] },
  TRACE: { fields: request('TRACE', '/'), refused: [405, 'trace-not-allowed'] },
  CONNECT: {
    fields: [
      [':method', 'CONNECT'],
      [':authority', 'a.example:80'],
    ],
    refused: [405, 'connect-not-allowed'],
  },
  'extended CONNECT': {
    fields: [
      [':method', 'CONNECT'],
      [':protocol', 'websocket'],
      [':scheme', 'http'],
      [':path', '/'],
      [':authority', 'a.example'],
    ],
    refused: [400, 'pseudo-field-invalid', E],
  },
  'https on a connection without TLS': { fields: pseudo({ ':scheme': 'https' }), refused: [400, 'scheme-mismatch'] },
  'another scheme': { fields: pseudo({ ':scheme': 'ftp' }), refused: [400, 'scheme-mismatch'] },
  'a scheme that would begin a line': { fields: pseudo({ ':scheme': 'http\r\nx: y' }), refused: [400, 'field-value-invalid', E] },
  'no scheme': { fields: pseudo({ ':scheme': undefined }), refused: [400, 'pseudo-field-invalid', E] },
  // :authority, host
  'user information': { fields: pseudo({ ':authority': 'me@a.example' }), refused: [400, 'host-invalid'] },
  'an authority with a space': { fields: pseudo({ ':authority': 'a b' }), refused: [400, 'host-invalid'] },
  'an authority with a path': { fields: pseudo({ ':authority': 'a.example/b' }), refused: [400, 'host-invalid'] },
  'an authority with a second line': { fields: pseudo({ ':authority': 'a\r\nx: y' }), refused: [400, 'field-value-invalid', E] },
  'an empty authority': { fields: pseudo({ ':authority': '' }), refused: [400, 'host-invalid'] },
  'two hosts in one': { fields: pseudo({ ':authority': 'a,b' }), refused: [400, 'host-invalid'] },
  'a port that is none': { fields: pseudo({ ':authority': 'a:b' }), refused: [400, 'host-invalid'] },
  'neither authority nor host': { fields: pseudo({ ':authority': undefined }), refused: [400, 'host-missing'] },
  'a host that is another one': { fields: get('/', [['host', 'b.example']]), refused: [400, 'host-mismatch', E] },
  'a host with another port': { fields: get('/', [['host', 'a.example:81']]), refused: [400, 'host-mismatch', E] },
  'two hosts': {
    fields: get('/', [
      ['host', 'a.example'],
      ['host', 'a.example'],
    ]),
    refused: [400, 'host-repeated', E],
  },
  'a host that is none': { fields: get('/', [['host', 'a b']]), refused: [400, 'host-invalid'] },
  // names and values
  'a name in upper case': { fields: get('/', [['X-A', 'b']]), refused: [400, 'field-name-invalid', E] },
  'an empty name': { fields: get('/', [['', 'b']]), refused: [400, 'field-name-invalid', E] },
  'a name with a space': { fields: get('/', [['x a', 'b']]), refused: [400, 'field-name-invalid', E] },
  'a name with a colon': { fields: get('/', [['x:a', 'b']]), refused: [400, 'field-name-invalid', E] },
  'a name with CR LF': { fields: get('/', [['x: y\r\nz', 'b']]), refused: [400, 'field-name-invalid', E] },
  'a name above ASCII': { fields: get('/', [['caf\xe9', 'b']]), refused: [400, 'field-name-invalid', E] },
  'a name with an underscore where it matters': { fields: get('/', [['x_forwarded_for', 'b']]), refused: [400, 'field-name-ambiguous'] },
  'a value with CR': { fields: get('/', [['x', 'a\rb']]), refused: [400, 'field-value-invalid', E] },
  'a value with LF': { fields: get('/', [['x', 'a\nb: c']]), refused: [400, 'field-value-invalid', E] },
  'a value with NUL': { fields: get('/', [['x', 'a\0']]), refused: [400, 'field-value-invalid', E] },
  'a value with a control byte': { fields: get('/', [['x', 'a\x01']]), refused: [400, 'field-value-invalid', E] },
  'a value with a space in front': { fields: get('/', [['x', ' a']]), refused: [400, 'field-value-invalid', E] },
  'a value with a tab behind': { fields: get('/', [['x', 'a\t']]), refused: [400, 'field-value-invalid', E] },
  // fields that HTTP/2 does not have
  connection: { fields: get('/', [['connection', 'close']]), refused: [400, 'connection-field-forbidden', E] },
  'keep-alive': { fields: get('/', [['keep-alive', 'timeout=5']]), refused: [400, 'connection-field-forbidden', E] },
  'proxy-connection': { fields: get('/', [['proxy-connection', 'close']]), refused: [400, 'connection-field-forbidden', E] },
  'transfer-encoding': { fields: get('/', [['transfer-encoding', 'chunked']]), refused: [400, 'connection-field-forbidden', E] },
  upgrade: { fields: get('/', [['upgrade', 'websocket']]), refused: [400, 'connection-field-forbidden', E] },
  'http2-settings': { fields: get('/', [['http2-settings', 'AAMAAABk']]), refused: [400, 'connection-field-forbidden', E] },
  'te other than trailers': { fields: get('/', [['te', 'trailers, gzip']]), refused: [400, 'connection-field-forbidden', E] },
  // content-length
  'a length without content': { fields: get('/', [['content-length', '3']]), refused: [400, 'content-length-mismatch', E] },
  'two lengths': {
    fields: get('/', [
      ['content-length', '0'],
      ['content-length', '0'],
    ]),
    refused: [400, 'content-length-conflict'],
  },
  'a length with a sign': { fields: get('/', [['content-length', '+3']]), refused: [400, 'content-length-invalid'] },
  'a list of lengths': { fields: get('/', [['content-length', '3, 3']]), refused: [400, 'content-length-invalid'] },
  'an empty length': { fields: get('/', [['content-length', '']]), refused: [400, 'content-length-invalid'] },
  'a length with a zero in front': { fields: get('/', [['content-length', '03']]), refused: [400, 'content-length-invalid'] },
  'a length that cannot be counted': {
    fields: get('/', [['content-length', '9007199254740993']]),
    refused: [413, 'content-length-too-large'],
  },
  // pseudo-header fields
  'an unknown pseudo-header field': { fields: [...get('/'), [':fancy', 'x']], refused: [400, 'pseudo-field-invalid', E] },
  ':status in a request': { fields: [[':status', '200'], ...get('/')], refused: [400, 'pseudo-field-invalid', E] },
  'a pseudo-header field twice': { fields: [[':path', '/b'], ...get('/')], refused: [400, 'pseudo-field-invalid', E] },
  'a pseudo-header field behind a regular one': { fields: [['x', 'y'], ...get('/')], refused: [400, 'pseudo-field-invalid', E] },
  'a lone pseudo-header field behind a regular one': {
    fields: [...pseudo({ ':path': undefined }), ['x', 'y'], [':path', '/']],
    refused: [400, 'pseudo-field-invalid', E],
  },
  // size
  'more than 100 fields': {
    fields: get(
      '/',
      Array.from({ length: 101 }, (_, i) => [`x-${i}`, ''] as const),
    ),
    refused: [431, 'fields-too-many'],
  },
  'more than 32 KiB': {
    fields: get(
      '/',
      Array.from({ length: 4 }, (_, i) => [`x-${i}`, 'y'.repeat(9000)] as const),
    ),
    refused: [431, 'head-too-long'],
  },
  'cookies of more than 32 KiB': {
    fields: get(
      '/',
      Array.from({ length: 4 }, () => ['cookie', 'y'.repeat(9000)] as const),
    ),
    refused: [431, 'head-too-long'],
  },
  'a line of more than 8 KiB': { fields: get(`/${'a'.repeat(8200)}`), refused: [414, 'request-line-too-long'] },
  // what only the parser knows
  'an expectation that nobody has heard of': { fields: get('/', [['expect', 'wonders']]), refused: [417, 'expectation-failed'] },
}

t.test('what is refused is answered, reset where RFC 9113 says so, and never reaches the backend', async (t) => {
  const { port, requests, ended } = await gateway(t)
  let count = 0
  for (const [what, { fields, refused }] of Object.entries(REFUSED)) {
    const client = new RawHttp2Client(t, port)
    client.send(...split(1, fields))
    const answer = await client.answer(1)
    const [status, code, error] = refused
    if (error === E) await client.until(() => answer.errorCode !== undefined)
    await client.settled()
    t.same([answer.status, codeOf(answer.body), answer.errorCode], [status, code, error === E ? PROTOCOL_ERROR : undefined], what)
    t.equal(ended[count]?.errorCode, code, `${what}: in the log`)
    count += 1
    // The connection is as good as before.
    client.send(headers(3, get('/after')))
    t.equal((await client.answer(3)).status, 200, what)
    count += 1
    client.socket.destroy()
  }
  t.equal(requests.length, Object.keys(REFUSED).length, 'only what came after reached the backend')
  for (const text of requests) t.match(text, /^GET \/after HTTP\/1\.1\r\nHost: [^\r]+\r\nVia: [^\r]+\r\n/)
})

/** A HEADERS frame, with CONTINUATION behind it where the block is too long for one. */
function split(streamId: number, fields: readonly Field[]): Buffer[] {
  const whole = headers(streamId, fields)
  const payload = whole.subarray(9)
  if (payload.length <= 16384) return [whole]
  const frames = [headers(streamId, payload.subarray(0, 16384), { endHeaders: false })]
  for (let at = 16384; at < payload.length; at += 16384) {
    const part = payload.subarray(at, at + 16384)
    const head = Buffer.from([0, 0, 0, 9, at + 16384 >= payload.length ? 4 : 0, 0, 0, 0, streamId])
    head.writeUIntBE(part.length, 0, 3)
    frames.push(Buffer.concat([head, part]))
  }
  return frames
}

const PASSED: { readonly [what: string]: { readonly fields: readonly Field[]; readonly body?: string; readonly seen: RegExp } } = {
  'a plain request': { fields: get('/a?b=c'), seen: /^GET \/a\?b=c HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\nVia: 2\.0 edge\r\n/ },
  'a path that is brought to its canonical form': { fields: get('/a/../b/%7euser'), seen: /^GET \/b\/~user HTTP/ },
  'bytes that browsers send': { fields: get('/a|b{c}"d"<e>^f`'), seen: /^GET \/a\|b\{c\}"d"<e>\^f` HTTP/ },
  'a value above ASCII': { fields: get('/', [['x', 'caf\xe9']]), seen: /\r\nx: caf\xe9\r\n/ },
  'an empty value': { fields: get('/', [['x', '']]), seen: /\r\nx: \r\n/ },
  'a long value': { fields: get('/', [['x', 'y'.repeat(15_000)]]), seen: /\r\nx: y{15000}\r\n/ },
  'an underscore that does not matter': { fields: get('/', [['my_field', 'b']]), seen: /\r\nmy_field: b\r\n/ },
  'crumbs of a cookie, joined': {
    fields: get('/', [
      ['cookie', 'a=1'],
      ['x', 'y'],
      ['cookie', 'b=2'],
      ['cookie', 'c=3'],
    ]),
    seen: /\r\ncookie: a=1; b=2; c=3\r\n/,
  },
  'host that equals the authority': { fields: get('/', [['host', 'A.example:80']]), seen: /X-Forwarded-Host: a\.example\r\n/ },
  'host without an authority': {
    fields: [...pseudo({ ':authority': undefined }), ['host', 'b.example']],
    seen: /X-Forwarded-Host: b\.example\r\n/,
  },
  'te: trailers, which ends here': { fields: get('/', [['te', 'trailers']]), seen: /^GET \/ (?!.*\r\nte: )/s },
  'a body with a length': {
    fields: request('POST', '/', [['content-length', '5']]),
    body: 'hello',
    seen: /\r\nContent-Length: 5\r\n\r\nhello$/,
  },
  'a body without a length': {
    fields: request('POST', '/'),
    body: 'hello',
    seen: /\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/,
  },
  'a length of 0': { fields: request('POST', '/', [['content-length', '0']]), seen: /\r\nContent-Length: 0\r\n\r\n$/ },
  'proxy-authorization, which ends here': { fields: get('/', [['proxy-authorization', 'x']]), seen: /^GET \/ (?!.*proxy-auth)/s },
}

for (const [what, { fields, body, seen }] of Object.entries(PASSED)) {
  t.test(`goes on: ${what}`, async (t) => {
    const { port, requests } = await gateway(t)
    const client = new RawHttp2Client(t, port)
    client.send(headers(1, fields, { endStream: body === undefined }))
    if (body !== undefined) client.send(data(1, body))
    const answer = await client.answer(1)
    t.same([answer.status, answer.body, answer.errorCode], [200, 'ok', undefined])
    t.match(requests.join(''), seen)
  })
}

t.test('OPTIONS with an asterisk is about the gateway, and is answered by it', async (t) => {
  const { port, requests } = await gateway(t)
  const client = new RawHttp2Client(t, port).send(headers(1, request('OPTIONS', '*')))
  const answer = await client.answer(1)
  t.equal(answer.status, 204)
  t.match(answer.fields, [
    ['date', String],
    ['allow', /GET/],
  ])
  t.equal(requests.length, 0)
})

t.test('https from a trusted proxy is believed on a connection without TLS', async (t) => {
  const backend = await rawBackend(t, (socket) => socket.on('data', () => socket.write(OK)))
  const loopback = Buffer.from('00000000000000000000ffff7f000001', 'hex')
  const { port } = await startDataPath(
    t,
    generationOf({ routes: ['GET /**'], backends: [{ port: backend.port }], trustedProxies: [{ first: loopback, last: loopback }] }),
  )
  const client = new RawHttp2Client(t, port).send(headers(1, pseudo({ ':scheme': 'https' })), headers(3, pseudo({ ':scheme': 'ftp' })))
  t.equal((await client.answer(1)).status, 200)
  t.equal((await client.answer(3)).status, 400)
})
