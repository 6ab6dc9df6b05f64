/**
 * Mistakes in frames: which of them end the connection and which only their stream (RFC 9113 §5.4), section by section, as h2spec asks; and what is
 * odd but no mistake.
 */
import t, { type Test } from 'tap'
import { generationOf, rawBackend, startDataPath } from '../../test/fixtures/data-path.ts'
import {
  block,
  continuation,
  data,
  frame,
  get,
  goaway,
  headers,
  ping,
  priority,
  RawHttp2Client,
  request,
  rstStream,
  settings,
  uint32,
  windowUpdate,
} from './fixtures/frames.ts'
import {
  ACK,
  COMPRESSION_ERROR,
  DATA,
  END_HEADERS,
  ENHANCE_YOUR_CALM,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  GOAWAY,
  HEADERS,
  MAX_WINDOW,
  PADDED,
  PING,
  PREFACE,
  PRIORITY,
  PROTOCOL_ERROR,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  SETTINGS_ENABLE_PUSH,
  SETTINGS_INITIAL_WINDOW_SIZE,
  SETTINGS_MAX_FRAME_SIZE,
  STREAM_CLOSED,
  WINDOW_UPDATE,
} from './frames.ts'

const OK = 'HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 2\r\n\r\nok'

/** A gateway whose backend answers when a request's head has come, unless its path is /slow. */
async function gateway(t: Test) {
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', (bytes) => {
      if (bytes.includes('GET /slow') || bytes.includes('POST /slow')) return
      if (bytes.includes(' HTTP/1.1\r\n')) socket.write(OK)
    })
  })
  return startDataPath(t, generationOf({ routes: ['GET /**', 'POST /**'], backends: [{ port: backend.port }] }))
}

/** A request whose body is still to come, on stream 1. */
const OPEN_1 = headers(1, request('POST', '/slow'), { endStream: false })
/** A request that is complete, and whose response is not there yet. */
const HALF_CLOSED_1 = headers(1, get('/slow'))

const CONNECTION_ERRORS: { readonly [what: string]: readonly [code: number, ...frames: (Buffer | string)[]] } = {
  '4.2 a frame that is too large': [FRAME_SIZE_ERROR, OPEN_1, data(1, 'x'.repeat(16385))],
  '4.2 a header block that is too large': [FRAME_SIZE_ERROR, frame(HEADERS, END_HEADERS, 1, 'x'.repeat(16385))],
  '4.3 a header block that is none': [COMPRESSION_ERROR, headers(1, Buffer.from([0x00, 0x01, 0x02]))],
  '4.3 an index that is not there': [COMPRESSION_ERROR, headers(1, Buffer.from([0xc6]))],
  '4.3 a PRIORITY within a block': [PROTOCOL_ERROR, headers(1, get('/'), { endHeaders: false }), priority(1, 0)],
  '4.3 a HEADERS for another stream within a block': [PROTOCOL_ERROR, headers(1, get('/'), { endHeaders: false }), headers(3, get('/'))],
  '4.3 an unknown frame within a block': [PROTOCOL_ERROR, headers(1, get('/'), { endHeaders: false }), frame(0x42, 0, 0)],
  '5.1 DATA for a stream that was never opened': [PROTOCOL_ERROR, data(1, 'x')],
  '5.1 RST_STREAM for a stream that was never opened': [PROTOCOL_ERROR, rstStream(1, 0)],
  '5.1 WINDOW_UPDATE for a stream that was never opened': [PROTOCOL_ERROR, windowUpdate(1, 1)],
  '5.1 CONTINUATION for a stream that was never opened': [PROTOCOL_ERROR, continuation(1, block(get('/')))],
  '5.1 DATA for a stream that the client has reset': [STREAM_CLOSED, OPEN_1, rstStream(1, 8), data(1, 'x')],
  '5.1 HEADERS for a stream that the client has reset': [STREAM_CLOSED, OPEN_1, rstStream(1, 8), headers(1, get('/'))],
  '5.1.1 a stream with an even number': [PROTOCOL_ERROR, headers(2, get('/'))],
  '5.1.1 a stream with a number that was left out': [PROTOCOL_ERROR, headers(5, get('/slow')), headers(3, get('/'))],
  '6.1 DATA without a stream': [PROTOCOL_ERROR, data(0, 'x')],
  '6.1 padding as long as the frame': [PROTOCOL_ERROR, OPEN_1, frame(DATA, PADDED, 1, '\x06hello')],
  '6.1 padding without its length': [PROTOCOL_ERROR, OPEN_1, frame(DATA, PADDED, 1, '')],
  '6.2 HEADERS without a stream': [PROTOCOL_ERROR, headers(0, get('/'))],
  '6.2 HEADERS with padding longer than the block': [PROTOCOL_ERROR, frame(HEADERS, PADDED | END_HEADERS, 1, '\x20\x82')],
  '6.2 HEADERS with a priority that is cut off': [PROTOCOL_ERROR, frame(HEADERS, 0x20 | END_HEADERS, 1, '\0\0\0')],
  '6.3 PRIORITY without a stream': [PROTOCOL_ERROR, priority(0, 1)],
  '6.3 PRIORITY of a wrong size': [FRAME_SIZE_ERROR, frame(PRIORITY, 0, 1, '\0\0\0\0')],
  '6.4 RST_STREAM without a stream': [PROTOCOL_ERROR, rstStream(0, 8)],
  '6.4 RST_STREAM of a wrong size': [FRAME_SIZE_ERROR, OPEN_1, frame(RST_STREAM, 0, 1, '\0\0\0')],
  '6.5 SETTINGS with a stream': [PROTOCOL_ERROR, frame(SETTINGS, 0, 1)],
  '6.5 SETTINGS of a wrong size': [FRAME_SIZE_ERROR, frame(SETTINGS, 0, 0, '\0\0\0')],
  '6.5 an acknowledgement with content': [FRAME_SIZE_ERROR, settings([[4, 1]], ACK)],
  '6.5.2 ENABLE_PUSH other than 0 and 1': [PROTOCOL_ERROR, settings([[SETTINGS_ENABLE_PUSH, 2]])],
  '6.5.2 INITIAL_WINDOW_SIZE above 2^31-1': [FLOW_CONTROL_ERROR, settings([[SETTINGS_INITIAL_WINDOW_SIZE, MAX_WINDOW + 1]])],
  '6.5.2 MAX_FRAME_SIZE below 2^14': [PROTOCOL_ERROR, settings([[SETTINGS_MAX_FRAME_SIZE, 16383]])],
  '6.5.2 MAX_FRAME_SIZE above 2^24-1': [PROTOCOL_ERROR, settings([[SETTINGS_MAX_FRAME_SIZE, 2 ** 24]])],
  '6.6 PUSH_PROMISE': [PROTOCOL_ERROR, OPEN_1, frame(PUSH_PROMISE, END_HEADERS, 1, Buffer.concat([uint32(2), block(get('/'))]))],
  '6.7 PING with a stream': [PROTOCOL_ERROR, frame(PING, 0, 1, '12345678')],
  '6.7 PING of a wrong size': [FRAME_SIZE_ERROR, frame(PING, 0, 0, '123456')],
  '6.8 GOAWAY with a stream': [PROTOCOL_ERROR, frame(GOAWAY, 0, 1, '\0\0\0\0\0\0\0\0')],
  '6.8 GOAWAY of a wrong size': [FRAME_SIZE_ERROR, frame(GOAWAY, 0, 0, '\0\0\0\0')],
  '6.9 WINDOW_UPDATE of a wrong size': [FRAME_SIZE_ERROR, frame(WINDOW_UPDATE, 0, 0, '\0\0\0')],
  '6.9 WINDOW_UPDATE of 0 for the connection': [PROTOCOL_ERROR, windowUpdate(0, 0)],
  '6.9.1 a window of the connection above 2^31-1': [FLOW_CONTROL_ERROR, windowUpdate(0, MAX_WINDOW)],
  '6.9.2 a change of settings that takes a window above 2^31-1': [
    FLOW_CONTROL_ERROR,
    HALF_CLOSED_1,
    windowUpdate(1, MAX_WINDOW - 65535),
    settings([[SETTINGS_INITIAL_WINDOW_SIZE, 65536]]),
  ],
  '6.10 CONTINUATION without a block': [PROTOCOL_ERROR, headers(1, get('/slow')), continuation(1, block([]))],
  '6.10 CONTINUATION after a block has ended': [PROTOCOL_ERROR, headers(1, get('/slow'), { endStream: false }), continuation(1, block([]))],
  '6.10 CONTINUATION without a stream': [PROTOCOL_ERROR, headers(1, get('/'), { endHeaders: false }), continuation(0, block([]))],
  '6.10 CONTINUATION after DATA': [PROTOCOL_ERROR, OPEN_1, data(1, 'x', { endStream: false }), continuation(1, block([]))],
  'more CONTINUATION frames than anybody needs': [
    ENHANCE_YOUR_CALM,
    headers(1, Buffer.alloc(0), { endHeaders: false }),
    ...Array.from({ length: 8 }, () => continuation(1, Buffer.alloc(0), false)),
  ],
  'a header block of 64 KiB': [
    ENHANCE_YOUR_CALM,
    headers(1, block(get('/')), { endHeaders: false }),
    ...Array.from({ length: 4 }, () => continuation(1, Buffer.alloc(16384), false)),
  ],
}

for (const [what, [code, ...frames]] of Object.entries(CONNECTION_ERRORS)) {
  t.test(`the connection ends: ${what}`, async (t) => {
    const { port, dataPath } = await gateway(t)
    const client = new RawHttp2Client(t, port).send(...frames)
    t.equal(await client.ended(), code)
    client.socket.end()
    await client.closed()
    t.equal(dataPath.exchangeCount, 0)
  })
}

const STREAM_ERRORS: { readonly [what: string]: readonly [code: number, ...frames: Buffer[]] } = {
  '5.1 DATA after END_STREAM': [STREAM_CLOSED, HALF_CLOSED_1, data(1, 'x')],
  '5.1 HEADERS after END_STREAM': [STREAM_CLOSED, HALF_CLOSED_1, headers(1, [['x', 'y']])],
  '5.3.1 a stream that depends on itself': [PROTOCOL_ERROR, headers(1, get('/slow'), { dependency: 1 })],
  '5.3.1 a PRIORITY that makes it depend on itself': [PROTOCOL_ERROR, HALF_CLOSED_1, priority(1, 1)],
  '6.3 PRIORITY of a wrong size': [FRAME_SIZE_ERROR, HALF_CLOSED_1, frame(PRIORITY, 0, 1, '\0\0\0\0')],
  '6.9 WINDOW_UPDATE of 0': [PROTOCOL_ERROR, HALF_CLOSED_1, windowUpdate(1, 0)],
  '6.9.1 a window above 2^31-1': [FLOW_CONTROL_ERROR, HALF_CLOSED_1, windowUpdate(1, MAX_WINDOW)],
  '8.1 trailers without END_STREAM': [PROTOCOL_ERROR, OPEN_1, headers(1, [['x', 'y']], { endStream: false })],
  '8.1 a pseudo-header field in trailers': [PROTOCOL_ERROR, OPEN_1, headers(1, [[':path', '/']])],
  '8.1 a field in trailers that may not stand there': [PROTOCOL_ERROR, OPEN_1, headers(1, [['content-length', '3']])],
  '8.1 trailers with a name in upper case': [PROTOCOL_ERROR, OPEN_1, headers(1, [['X', 'y']])],
  '8.1.1 less content than Content-Length says': [
    PROTOCOL_ERROR,
    headers(1, request('POST', '/slow', [['content-length', '5']]), { endStream: false }),
    data(1, 'abc'),
  ],
  '8.1.1 more content than Content-Length says': [
    PROTOCOL_ERROR,
    headers(1, request('POST', '/slow', [['content-length', '5']]), { endStream: false }),
    data(1, 'abcdef', { endStream: false }),
  ],
  '8.1.1 trailers before all of the content': [
    PROTOCOL_ERROR,
    headers(1, request('POST', '/slow', [['content-length', '5']]), { endStream: false }),
    data(1, 'abc', { endStream: false }),
    headers(1, [['x', 'y']]),
  ],
}

for (const [what, [code, ...frames]] of Object.entries(STREAM_ERRORS)) {
  t.test(`the stream ends, and no other: ${what}`, async (t) => {
    const { port, dataPath } = await gateway(t)
    const client = new RawHttp2Client(t, port).send(...frames)
    t.equal((await client.answer(1)).errorCode, code)
    client.send(headers(3, get('/')))
    t.equal((await client.answer(3)).status, 200)
    t.equal(dataPath.exchangeCount, 0)
    t.same(client.goaways, [])
  })
}

t.test('what is odd is no mistake', async (t) => {
  const { port } = await gateway(t)
  const client = new RawHttp2Client(t, port)
  client.send(
    frame(0x42, 0xff, 0, 'unknown type'),
    frame(0x42, 0xff, 7, 'unknown type'),
    settings([
      [0x0a0a, 5],
      [SETTINGS_ENABLE_PUSH, 0],
    ]),
    priority(9, 0),
    priority(1, 3),
    frame(PING, 0xfe, 0, '12345678'),
    // The reserved bits of a stream's number and of an increment mean nothing.
    windowUpdate(0, 0x8000_0001),
    headers(1, get('/'), { padding: 100, dependency: 5 }),
    windowUpdate(1, 10),
  )
  t.equal((await client.answer(1)).status, 200)
  client.send(windowUpdate(1, 10), rstStream(1, 8), priority(1, 0))
  client.send(
    headers(3, request('POST', '/'), { endStream: false }),
    data(3, 'body', { padding: 20, endStream: false }),
    data(3, '', { padding: 0 }),
  )
  t.equal((await client.answer(3)).status, 200)
  client.send(
    headers(5, block(get('/')).subarray(0, 10), { endHeaders: false }),
    continuation(5, block(get('/')).subarray(10, 20), false),
    continuation(5, Buffer.alloc(0), false),
    continuation(5, block(get('/')).subarray(20)),
  )
  t.equal((await client.answer(5)).status, 200)
  // Numbers may be left out.
  client.send(headers(101, get('/')))
  t.equal((await client.answer(101)).status, 200)
  client.send(
    headers(103, request('POST', '/'), { endStream: false }),
    data(103, 'x', { endStream: false }),
    headers(103, [['x', 'dropped']]),
  )
  t.equal((await client.answer(103)).status, 200)
  await client.settled()
  t.same(client.goaways, [])
})

t.test('frames may be cut anywhere', async (t) => {
  const { port } = await gateway(t)
  const client = new RawHttp2Client(t, port, { bare: true })
  const all = Buffer.concat([
    PREFACE,
    settings(),
    headers(1, request('POST', '/'), { endStream: false, padding: 3 }),
    data(1, 'hello', { endStream: false }),
    data(1, ' world'),
  ])
  for (const byte of all) {
    client.send(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.equal((await client.answer(1)).status, 200)
})

t.test('a connection that does not begin as HTTP/2 does is ended', async (t) => {
  const { port } = await gateway(t)
  t.equal(await new RawHttp2Client(t, port, { bare: true }).send('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n').ended(), PROTOCOL_ERROR)
  t.equal(await new RawHttp2Client(t, port, { bare: true }).send(PREFACE, ping()).ended(), PROTOCOL_ERROR, 'settings come first')
  t.equal(
    await new RawHttp2Client(t, port, { bare: true }).send(PREFACE, settings([], ACK)).ended(),
    PROTOCOL_ERROR,
    'ours are no answer to that',
  )
})

t.test('settings are answered, windows are set, and nothing is pushed', async (t) => {
  const { port } = await gateway(t)
  const client = new RawHttp2Client(t, port).send(settings([[SETTINGS_INITIAL_WINDOW_SIZE, 1]]))
  await client.settled()
  const ofType = (wanted: number) => client.frames.filter(({ type }) => type === wanted)
  t.equal(ofType(SETTINGS).filter(({ flags }) => flags === ACK).length, 2)
  t.same(ofType(SETTINGS)[0]?.payload, Buffer.concat([Buffer.from([0, 3]), uint32(100), Buffer.from([0, 6]), uint32(32 * 1024)]))
  t.equal(client.frames[0]?.type, SETTINGS, 'settings are the first frame')
  t.same(
    ofType(WINDOW_UPDATE).map(({ streamId, payload }) => [streamId, payload.readUInt32BE(0)]),
    [[0, 1024 * 1024 - 65535]],
  )
})

t.test('a client that says GOAWAY gets the responses that it waits for, and then the end', async (t) => {
  const { port } = await gateway(t)
  const client = new RawHttp2Client(t, port).send(headers(1, get('/')), goaway(0, 0))
  t.equal((await client.answer(1)).status, 200)
  t.equal(await client.ended(), 0)
})

t.test('a client that closes its end gets the responses to what was complete', async (t) => {
  const { port, endedAt } = await gateway(t)
  const client = new RawHttp2Client(t, port).send(headers(1, request('POST', '/slow'), { endStream: false }))
  await client.settled()
  client.send(headers(3, get('/')))
  client.socket.end()
  t.equal((await client.answer(3)).status, 200)
  t.equal((await endedAt(0)).errorCode, 'request-cut-short')
  t.equal(await client.ended(), 0)
})
