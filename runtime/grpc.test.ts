import t from 'tap'
import { customReply, fieldName, localReply } from '../policies/contract.ts'
import { generationOf, RawClient, startDataPath } from '../test/fixtures/data-path.ts'
import { encodeMessage, grpcReply, grpcTimeoutMs, isGrpc } from './grpc.ts'
import { parseRequestHead, REQUEST_HEAD_LIMITS, RequestHead } from './http1/request-head.ts'

function headOf(fields: string, method = 'POST'): RequestHead {
  const head = new RequestHead()
  const bytes = Buffer.from(`${method} /a HTTP/1.1\r\nHost: a\r\n${fields}\r\n`, 'latin1')
  if (parseRequestHead(bytes, 0, bytes.length, head, REQUEST_HEAD_LIMITS) <= 0) throw new Error(head.errorCode)
  return head
}

t.test('gRPC is told by its media type, and by its method', async (t) => {
  const rows: [field: string, is: boolean][] = [
    ['application/grpc', true],
    ['Application/GRPC', true],
    ['application/grpc+proto', true],
    ['application/grpc; charset=utf-8', true],
    ['application/grpc;x=y', true],
    ['application/grpc-web', false],
    ['application/grpc-web+proto', false],
    ['application/grp', false],
    ['application/json', false],
  ]
  for (const [field, is] of rows) t.equal(isGrpc(headOf(`Content-Type: ${field}\r\n`)), is, field)
  t.equal(isGrpc(headOf('')), false)
  t.equal(isGrpc(headOf('Content-Type: application/grpc\r\n', 'GET')), false)
})

t.test('a deadline is 1 to 8 digits and a unit, and never less than a millisecond', async (t) => {
  const rows: [field: string, ms: number][] = [
    ['1S', 1000],
    ['2M', 120_000],
    ['1H', 3_600_000],
    ['250m', 250],
    ['1500u', 2],
    ['1n', 1],
    ['0S', 1],
    ['99999999H', 99_999_999 * 3_600_000],
    ['100000000S', 0],
    ['1s', 0],
    ['-1S', 0],
    ['1.5S', 0],
    ['', 0],
  ]
  for (const [field, ms] of rows) t.equal(grpcTimeoutMs(headOf(`grpc-timeout: ${field}\r\n`)), ms, field)
  t.equal(grpcTimeoutMs(headOf('')), 0)
})

t.test('refusals have the status that callers would make of them, and what is no refusal stays', async (t) => {
  const statuses = [400, 401, 403, 404, 405, 413, 429, 500, 502, 503, 504].map((status) => {
    const { fields } = grpcReply(localReply(status, 'some-code', 'Detail.'))
    return [status, Number(fields.find(([name]) => name === 'grpc-status')?.[1])]
  })
  t.same(Object.fromEntries(statuses), {
    400: 13,
    401: 16,
    403: 7,
    404: 12,
    405: 2,
    413: 2,
    429: 14,
    500: 2,
    502: 14,
    503: 14,
    504: 14,
  })
  const own = customReply(204, [], '')
  t.equal(grpcReply(own), own)
  const refusal = localReply(401, 'key-missing', '', [['WWW-Authenticate', 'ApiKey']])
  t.equal(grpcReply(refusal), grpcReply(refusal), 'made once')
  t.match(grpcReply(refusal), { status: 200, code: 'key-missing', body: '' })
  t.strictSame(grpcReply(refusal).fields.at(-1), ['WWW-Authenticate', 'ApiKey'])
})

t.test('a message is percent-encoded UTF-8', async (t) => {
  t.equal(encodeMessage('100 % für ~'), '100 %25 f%C3%BCr ~')
  t.equal(encodeMessage('a\r\nb'), 'a%0D%0Ab')
})

t.test('whoever calls by gRPC gets refusals in its own form, hooks of policies included', async (t) => {
  const { port, endedAt } = await startDataPath(
    t,
    generationOf(
      { routes: [{ route: 'POST /**', backend: -1, request: ['deny'] }] },
      {
        deny: {
          request: () => localReply(403, 'not-you', 'Not you.'),
          response: (_, { response }) => response.setField(fieldName('X-Seen'), String(response.status)),
        },
      },
    ),
  )
  const call = 'POST /svc/Get HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n\r\n'
  const text = await new RawClient(t, port).send(call).includes('\r\n\r\n')
  t.match(text, /^HTTP\/1.1 200 OK\r\n/)
  for (const line of ['Content-Type: application/grpc', 'grpc-status: 7', 'grpc-message: Not you.', 'X-Seen: 200', 'Content-Length: 0']) {
    t.ok(text.includes(`\r\n${line}\r\n`), line)
  }
  t.match(await endedAt(0), { status: 200, errorCode: 'not-you' })
  const nowhere = call.replace('/svc/Get', '/other').replace('POST', 'PUT')
  t.match(await new RawClient(t, port).send(nowhere).includes('}\n'), /^HTTP\/1.1 405/, 'only POST is gRPC')
})
