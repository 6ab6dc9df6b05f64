import t, { type Test } from 'tap'
import { exchangeOn, GET, memberAt, openTo, POST, type RecordingSink, send } from '../../../test/fixtures/carriers.ts'
import {
  block,
  data,
  END_HEADERS,
  END_STREAM,
  type Fields,
  type FrameConnection,
  frame,
  frameServer,
  goaway,
  headers,
  OK,
  reset,
  settings,
} from '../../../test/fixtures/frame-server.ts'
import type { Carrier } from '../carrier.ts'

const PROTOCOL_ERROR = 1
const CANCEL = 8
const HEAD = 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n'
const interim = (status: string): Fields => [[':status', status]]

/** A carrier and the other end of it. */
async function connect(t: Test) {
  const server = await frameServer(t)
  const { carrier, owner } = await openTo(t, memberAt(server.port), { protocol: 'http2' })
  return { carrier, owner, peer: await server.connection() }
}

/** Sends a request, lets the peer answer it, and says what came of it. */
async function answer(
  carrier: Carrier,
  peer: FrameConnection,
  text: string,
  act: (id: number) => Buffer[],
  body: string | null = '',
): Promise<RecordingSink> {
  const { sink } = send(carrier, text, body)
  const id = await peer.request(peer.requests.size + 1)
  peer.write(...act(id))
  await sink.until(() => sink.isOver)
  return sink
}

const codeOf = (peer: FrameConnection) => peer.of(3).at(-1)?.payload.readUInt32BE(0)

t.test('a response is whole when the backend has said that it ends, in each way of saying so', async (t) => {
  const { carrier, owner, peer } = await connect(t)
  const cases: [name: string, text: string, act: (id: number) => Buffer[], body: string][] = [
    ['data', GET, (id) => [headers(id, OK), data(id, 'ab'), data(id, 'c', END_STREAM)], 'abc'],
    ['empty data', GET, (id) => [headers(id, OK), data(id, 'abc'), data(id, '', END_STREAM)], 'abc'],
    ['a head alone', GET, (id) => [headers(id, OK, END_STREAM)], ''],
    ['trailers', GET, (id) => [headers(id, OK), data(id, 'abc'), headers(id, [['grpc-status', '0']], END_STREAM)], 'abc'],
    ['a length', GET, (id) => [headers(id, [...OK, ['content-length', '3']]), data(id, 'abc', END_STREAM)], 'abc'],
    ['padding', GET, (id) => [headers(id, OK), frame(0, 0x8 | END_STREAM, id, '\x05abcPPPPP')], 'abc'],
    ['HEAD with a length', HEAD, (id) => [headers(id, [...OK, ['content-length', '30']], END_STREAM)], ''],
    ['204', GET, (id) => [headers(id, interim('204'), END_STREAM)], ''],
    [
      '304, then empty data',
      GET,
      (id) => [
        headers(id, [
          [':status', '304'],
          ['content-length', '9'],
        ]),
        data(id, '', END_STREAM),
      ],
      '',
    ],
    ['a reset behind it', GET, (id) => [headers(id, OK), data(id, 'abc', END_STREAM), reset(id, 0)], 'abc'],
    [
      'interim ones before it',
      GET,
      (id) => [headers(id, interim('100')), headers(id, interim('103')), headers(id, OK), data(id, 'x', END_STREAM)],
      'x',
    ],
  ]
  for (const [name, text, act, body] of cases) {
    const sink = await answer(carrier, peer, text, act)
    t.ok(sink.isComplete, name)
    t.equal(sink.body, body, name)
  }
  t.same(owner.memberFailures, [])
  t.equal(carrier.active, 0)
})

t.test('a body that is cut by RST_STREAM is never whole, whatever the code', async (t) => {
  for (const [method, text, body] of [
    ['GET', GET, ''],
    ['POST that goes on', POST, null],
  ] as const) {
    const { carrier, peer } = await connect(t)
    for (let code = 0; code <= 14; code++) {
      const cut = await answer(carrier, peer, text, (id) => [headers(id, OK), data(id, 'part'), reset(id, code)], body)
      t.match(cut, { isComplete: false, body: 'part', failure: 'upstream-stream-reset' }, `${method}: code ${code} behind some data`)
      const early = await answer(carrier, peer, text, (id) => [headers(id, OK), reset(id, code)], body)
      t.match(early, { isComplete: false, failure: 'upstream-stream-reset' }, `${method}: code ${code} behind the head`)
      const bare = await answer(carrier, peer, text, (id) => [reset(id, code)], body)
      const refused = { failure: 'upstream-stream-refused', fate: 'unseen' }
      t.match(bare, code === 7 ? refused : { failure: 'upstream-stream-reset', fate: 'maybe-processed' }, `${method}: code ${code} alone`)
    }
    t.equal(carrier.active, 0)
  }
})

t.test('a body that is cut by a closed connection, by GOAWAY and by both is never whole', async (t) => {
  const ends: { readonly [name: string]: (peer: FrameConnection, id: number) => void } = {
    FIN: (peer) => peer.socket.end(),
    'a reset connection': (peer) => peer.socket.resetAndDestroy(),
    'GOAWAY without an error, then FIN': (peer, id) => peer.socket.end(goaway(id, 0)),
    'GOAWAY with an error, then FIN': (peer, id) => peer.socket.end(goaway(id, 2)),
    'half a frame, then FIN': (peer, id) => peer.socket.end(data(id, 'more').subarray(0, 11)),
  }
  for (const [name, end] of Object.entries(ends)) {
    const { carrier, owner, peer } = await connect(t)
    const { sink } = send(carrier, GET)
    const id = await peer.request()
    peer.write(headers(id, OK), data(id, 'part'))
    await sink.until(() => sink.body === 'part' || sink.body === 'partmo')
    end(peer, id)
    await sink.until(() => sink.isOver)
    t.match(sink, { isComplete: false, failure: 'upstream-closed' }, name)
    t.equal(carrier.capacity, 0)
    await owner.until(() => owner.closed.length === 1)
  }
})

t.test('a lie about the length is the end of that response and of no other', async (t) => {
  const { carrier, peer } = await connect(t)
  const other = send(carrier, GET)
  const otherId = await peer.request()
  peer.write(headers(otherId, OK), data(otherId, 'other'))
  const long: Fields = [...OK, ['content-length', '10']]
  const cases: [name: string, act: (id: number) => Buffer[], body: string][] = [
    ['less than announced', (id) => [headers(id, long), data(id, 'part', END_STREAM)], 'part'],
    ['less, then trailers', (id) => [headers(id, long), data(id, 'part'), headers(id, [['a', 'b']], END_STREAM)], 'part'],
    ['nothing at all', (id) => [headers(id, long, END_STREAM)], ''],
    ['more than announced', (id) => [headers(id, [...OK, ['content-length', '2']]), data(id, 'part', END_STREAM)], ''],
    [
      'more, in a second frame',
      (id) => [headers(id, [...OK, ['content-length', '4']]), data(id, 'part'), data(id, 'x', END_STREAM)],
      'part',
    ],
    ['a body behind a 204', (id) => [headers(id, interim('204')), data(id, 'x', END_STREAM)], ''],
    ['data before the head', (id) => [data(id, 'x', END_STREAM)], ''],
  ]
  for (const [name, act, body] of cases) {
    const sink = await answer(carrier, peer, GET, act)
    t.match(sink, { isComplete: false, failure: 'upstream-response-invalid', fate: 'maybe-processed', body }, name)
    await peer.until((peer) => codeOf(peer) === PROTOCOL_ERROR)
  }
  const head = await answer(carrier, peer, HEAD, (id) => [headers(id, OK), data(id, 'x', END_STREAM)])
  t.equal(head.failure, 'upstream-response-invalid', 'a body in answer to HEAD')
  peer.write(data(otherId, ' one', END_STREAM))
  await other.sink.until(() => other.sink.isOver)
  t.match(other.sink, { isComplete: true, body: 'other one' })
})

t.test('what is no response is refused, and costs nobody else anything', async (t) => {
  const { carrier, owner, peer } = await connect(t)
  const refused: { readonly [name: string]: Fields } = {
    'no status': [['x', 'y']],
    'two statuses': [...OK, ...OK],
    'a status behind a field': [['x', 'y'], ...OK],
    'another pseudo-field': [...OK, [':path', '/']],
    'an unknown pseudo-field': [...OK, [':x', 'y']],
    'a status of two digits': [[':status', '20']],
    'a status of letters': [[':status', '2x0']],
    'a status of 600': [[':status', '600']],
    'a status of 099': [[':status', '099']],
    'an unasked 101': [[':status', '101']],
    'a name in upper case': [...OK, ['X', 'y']],
    'a name with a space': [...OK, ['x y', 'z']],
    'an empty name': [...OK, ['', 'z']],
    'a line break in a name': [...OK, ['x\r\ny', 'z']],
    'a line break in a value': [...OK, ['x', 'a\r\nset-cookie: b']],
    'NUL in a value': [...OK, ['x', 'a\0b']],
    'white space around a value': [...OK, ['x', ' a']],
    Connection: [...OK, ['connection', 'close']],
    'Transfer-Encoding': [...OK, ['transfer-encoding', 'chunked']],
    'Keep-Alive': [...OK, ['keep-alive', 'timeout=5']],
    Upgrade: [...OK, ['upgrade', 'h2c']],
    'Proxy-Connection': [...OK, ['proxy-connection', 'close']],
    'two lengths': [...OK, ['content-length', '1'], ['content-length', '1']],
    'a length with a sign': [...OK, ['content-length', '+1']],
    'a length with a leading zero': [...OK, ['content-length', '01']],
    'more than 200 fields': [...OK, ...Array.from({ length: 201 }, (_, i) => [`x${i}`, 'v'] as const)],
  }
  for (const [name, fields] of Object.entries(refused)) {
    const sink = await answer(carrier, peer, GET, (id) => [headers(id, fields)])
    t.match(sink, { isComplete: false, status: 0, failure: 'upstream-response-invalid', fate: 'maybe-processed' }, name)
    const last = await answer(carrier, peer, GET, (id) => [headers(id, fields, END_STREAM)])
    t.equal(last.failure, 'upstream-response-invalid', `${name}, and nothing behind it`)
  }
  t.equal((await answer(carrier, peer, GET, (id) => [headers(id, OK, END_STREAM)])).status, 200)
  t.equal(owner.closed.length, 0)
})

t.test('a second final head, an interim one behind it, and an interim one that ends the stream are refused', async (t) => {
  const { carrier, peer } = await connect(t)
  for (const second of [OK, interim('103')]) {
    for (const flags of [0, END_STREAM]) {
      const sink = await answer(carrier, peer, GET, (id) => [headers(id, OK), data(id, 'a'), headers(id, second, flags)])
      t.match(sink, { status: 200, isComplete: false, failure: 'upstream-response-invalid' })
    }
  }
  t.match(await answer(carrier, peer, GET, (id) => [headers(id, interim('103'), END_STREAM)]), {
    status: 0,
    failure: 'upstream-response-invalid',
  })
})

t.test('a flood of interim responses ends the request that it is for', async (t) => {
  const { carrier, peer } = await connect(t)
  const sink = await answer(carrier, peer, GET, (id) => Array.from({ length: 50 }, () => headers(id, interim('103'))))
  t.equal(sink.interim.length, 10)
  t.match(sink, { failure: 'upstream-too-many-interim' })
  await peer.until((peer) => codeOf(peer) === CANCEL)
  t.equal((await answer(carrier, peer, GET, (id) => [headers(id, OK, END_STREAM)])).status, 200)
})

t.test('a head that is longer than 64 KiB costs its own request only; so does one that is sent bit by bit', async (t) => {
  const { carrier, peer } = await connect(t)
  // Four fields in the table, told again and again: a small block, a large head.
  const value = 'v'.repeat(900)
  const entry = Buffer.concat([Buffer.from([0x40, 1]), Buffer.from('x'), Buffer.from([0x7f, 0x85, 0x06]), Buffer.from(value)])
  const bomb = Buffer.concat([block(OK), entry, Buffer.alloc(100, 0x80 | 62)])
  const sink = await answer(carrier, peer, GET, (id) => [frame(1, END_HEADERS | END_STREAM, id, bomb)])
  t.match(sink, { status: 0, failure: 'upstream-response-invalid' })
  const piecewise = await answer(carrier, peer, GET, (id) => {
    const bytes = block([...OK, ['x-table', 'as it was']])
    return [...bytes].map((byte, i) =>
      frame(i === 0 ? 1 : 9, i === bytes.length - 1 ? END_HEADERS : i === 0 ? END_STREAM : 0, id, Buffer.from([byte])),
    )
  })
  t.match(piecewise, { status: 200, isComplete: true, fields: { 'x-table': 'as it was' } })
})

t.test('every byte of an exchange may come alone', async (t) => {
  const { carrier, peer } = await connect(t)
  const { sink } = send(carrier, GET)
  const id = await peer.request()
  const bytes = Buffer.concat([
    settings([3, 50]),
    headers(id, interim('103')),
    headers(id, [...OK, ['x', 'y']]),
    frame(0, 0x8, id, '\x03hello PPP'),
    data(id, 'world'),
    headers(id, [['grpc-status', '0']], END_STREAM),
  ])
  for (const byte of bytes) {
    peer.socket.write(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await sink.until(() => sink.isOver)
  t.match(sink, { isComplete: true, interim: [103], body: 'hello world', trailers: ['grpc-status: 0'] })
})

t.test('of trailers only what may be passed on is, and some may not come at all', async (t) => {
  const { carrier, peer } = await connect(t)
  const grpc: Fields = [...OK, ['content-type', 'application/grpc+proto']]
  const respond = (head: Fields, trailers: Fields) =>
    answer(carrier, peer, GET, (id) => [headers(id, head), data(id, 'x'), headers(id, trailers, END_STREAM)])
  t.same(
    (
      await respond(OK, [
        ['grpc-status', '5'],
        ['x-cost', '1'],
      ])
    ).trailers,
    ['grpc-status: 5'],
  )
  t.same(
    (
      await respond(grpc, [
        ['grpc-status', '5'],
        ['x-cost', '1'],
      ])
    ).trailers,
    ['grpc-status: 5', 'x-cost: 1'],
  )
  t.same((await respond(OK, [['x-cost', '1']])).log, ['head 200', 'data', 'end'])
  const forbidden = [
    'content-length',
    'transfer-encoding',
    'host',
    'authorization',
    'content-type',
    'set-cookie',
    ':status',
    'x y',
    'connection',
  ]
  for (const name of forbidden)
    t.match(await respond(grpc, [[name, '1']]), { isComplete: false, failure: 'upstream-response-invalid' }, name)
  const unended = await answer(carrier, peer, GET, (id) => [headers(id, OK), headers(id, [['grpc-status', '0']])])
  t.equal(unended.failure, 'upstream-response-invalid', 'trailers that do not end the stream')
})

t.test('what is known about the length of a body is told', async (t) => {
  const { carrier, peer } = await connect(t)
  const fieldsOf = async (text: string, act: (id: number) => Buffer[]) => (await answer(carrier, peer, text, act)).fields
  t.match(await fieldsOf(GET, (id) => [headers(id, OK, END_STREAM)]), { 'content-length': '0' })
  t.match(await fieldsOf(GET, (id) => [headers(id, [...OK, ['content-length', '1']]), data(id, 'x', END_STREAM)]), {
    'content-length': '1',
  })
  t.match(await fieldsOf(GET, (id) => [headers(id, OK), data(id, 'x', END_STREAM)]), { 'transfer-encoding': 'chunked' })
  t.same(await fieldsOf(HEAD, (id) => [headers(id, OK, END_STREAM)]), {})
  t.same(await fieldsOf(GET, (id) => [headers(id, interim('204'), END_STREAM)]), {})
})

t.test('a response that ends before its request has ended needs no more of it', async (t) => {
  const { carrier, peer } = await connect(t)
  const sink = await answer(carrier, peer, POST, (id) => [headers(id, [[':status', '413']], END_STREAM)], null)
  t.match(sink, { isComplete: true, status: 413 })
  await peer.until((peer) => codeOf(peer) === CANCEL)
  t.equal((await exchangeSoon(carrier, peer)).status, 200)
})

t.test('who abandons a request tells the backend, and late frames are nobody else’s', async (t) => {
  const { carrier, owner, peer } = await connect(t)
  const { stream, sink } = send(carrier, GET)
  const id = await peer.request()
  peer.write(headers(id, OK), data(id, 'part'))
  await sink.until(() => sink.body === 'part')
  stream.abandon(false)
  await peer.until((peer) => codeOf(peer) === CANCEL)
  stream.abandon(true)
  peer.write(data(id, 'late'), headers(id, [['grpc-status', '0']], END_STREAM))
  t.equal((await exchangeSoon(carrier, peer)).status, 200)
  t.equal(sink.body, 'part')
  t.notOk(sink.isOver)
  t.same(owner.memberFailures, [], 'twice is once')
  t.equal(carrier.active, 0)
})

async function exchangeSoon(carrier: Carrier, peer: FrameConnection): Promise<RecordingSink> {
  const done = exchangeOn(carrier)
  const id = await peer.request(peer.requests.size + 1)
  peer.write(headers(id, OK, END_STREAM))
  return done
}

t.test('a request is what HTTP/1.1 would send, as HTTP/2 has it', async (t) => {
  const { carrier, peer } = await connect(t)
  const text = [
    'PUT /a/%7eb?c=d HTTP/1.1',
    'Host: api.example:8080',
    'Accept: */*',
    'X-Mixed-Case: Kept As Is',
    'Cookie: a=1; b=2',
    'Authorization: Bearer x',
    'Connection: keep-alive, x-hop',
    'X-Hop: gone',
    'TE: gzip, trailers',
    'Content-Length: 3',
    '',
    '',
  ].join('\r\n')
  await answer(carrier, peer, text, (id) => [headers(id, OK, END_STREAM)], 'abc')
  const fields = [...peer.requests.values()][0] ?? []
  t.same(fields.slice(0, 4), [
    [':method', 'PUT'],
    [':scheme', 'http'],
    [':path', '/a/~b?c=d'],
    [':authority', carrier.member.authority],
  ])
  const named = new Map(fields)
  t.match(Object.fromEntries(named), {
    accept: '*/*',
    'x-mixed-case': 'Kept As Is',
    cookie: 'a=1; b=2',
    authorization: 'Bearer x',
    'content-length': '3',
  })
  for (const name of ['host', 'connection', 'x-hop', 'te', 'transfer-encoding']) t.notOk(named.has(name), name)
  t.equal(peer.of(0)[0]?.payload.toString(), 'abc')
  t.equal(peer.of(0)[0]?.flags, END_STREAM, 'the last data says that it is the last')
  t.equal(peer.of(0).length, 1)
})

t.test('gRPC says that it takes trailers, and nobody else does', async (t) => {
  const { carrier, peer } = await connect(t)
  const text = (type: string) =>
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nTE: gzip\r\nConnection: te\r\nContent-Length: 1\r\n\r\n`
  const te = async (type: string) => {
    await answer(carrier, peer, text(type), (id) => [headers(id, OK, END_STREAM)], 'x')
    return [...peer.requests.values()].at(-1)?.filter(([name]) => name === 'te')
  }
  t.same(await te('application/grpc+proto'), [['te', 'trailers']])
  t.same(await te('application/json'), [])
})
