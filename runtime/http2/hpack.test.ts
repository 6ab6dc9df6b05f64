/** HPACK: the examples of RFC 7541, what is not valid, and the same fields as nghttp2 sends them. */
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import net from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { HpackDecoder, NAME_INVALID, REGULAR, VALUE_INVALID } from './hpack-decoder.ts'
import { decodedBytes, decodeHuffman } from './huffman.ts'

type Field = readonly [name: string, value: string]

/** Fields of one block, or `undefined` when it is not valid. */
function decode(decoder: HpackDecoder, block: Buffer, kinds: number[] = []): Field[] | undefined {
  const fields: Field[] = []
  const isValid = decoder.decode(block, 0, block.length, {
    field(kind, bytes, start, nameSize, valueSize) {
      kinds.push(kind)
      const line = bytes.toString('latin1', start, start + nameSize + valueSize + 4)
      const valueStart = nameSize + 2
      if (line.slice(nameSize, valueStart) !== ': ' || !line.endsWith('\r\n')) throw new Error(`no line: ${JSON.stringify(line)}`)
      fields.push([line.slice(0, nameSize), line.slice(valueStart, valueStart + valueSize)])
    },
  })
  return isValid ? fields : undefined
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

t.test('three requests on one connection are read as RFC 7541 C.4 has them, table and Huffman code included', (t) => {
  const decoder = new HpackDecoder()
  const first = [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
  ]
  t.same(decode(decoder, hex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff')), first)
  t.equal(decoder.tableBytes, 57)
  t.same(decode(decoder, hex('8286 84be 5886 a8eb 1064 9cbf')), [...first, ['cache-control', 'no-cache']])
  t.equal(decoder.tableBytes, 110)
  t.same(decode(decoder, hex('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf')), [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/index.html'],
    [':authority', 'www.example.com'],
    ['custom-key', 'custom-value'],
  ])
  t.equal(decoder.tableBytes, 164)
  t.end()
})

t.test('literals of every kind are read as RFC 7541 C.2 has them, and only those are kept that are to be', (t) => {
  const decoder = new HpackDecoder()
  t.same(decode(decoder, hex('400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572')), [['custom-key', 'custom-header']])
  t.equal(decoder.tableBytes, 55)
  t.same(decode(decoder, hex('040c 2f73 616d 706c 652f 7061 7468')), [[':path', '/sample/path']])
  t.same(decode(decoder, hex('1008 7061 7373 776f 7264 0673 6563 7265 74')), [['password', 'secret']])
  t.same(decode(decoder, hex('82')), [[':method', 'GET']])
  t.equal(decoder.tableBytes, 55)
  t.end()
})

t.test('three requests without Huffman code are read as RFC 7541 C.3 has them', (t) => {
  const decoder = new HpackDecoder()
  const first = [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
  ]
  t.same(decode(decoder, hex('8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d')), first)
  t.equal(decoder.tableBytes, 57)
  t.same(decode(decoder, hex('8286 84be 5808 6e6f 2d63 6163 6865')), [...first, ['cache-control', 'no-cache']])
  t.equal(decoder.tableBytes, 110)
  t.same(decode(decoder, hex('8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65'))?.slice(-1), [
    ['custom-key', 'custom-value'],
  ])
  t.equal(decoder.tableBytes, 164)
  t.end()
})

t.test('three responses with a table of 256 bytes are read as RFC 7541 C.5 has them', (t) => {
  const decoder = new HpackDecoder()
  const first = [
    [':status', '302'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['location', 'https://www.example.com'],
  ]
  t.same(
    decode(
      decoder,
      hex(
        '3fe1 01 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      ),
    ),
    first,
  )
  t.equal(decoder.tableBytes, 222)
  t.same(decode(decoder, hex('4803 3330 37c1 c0bf')), [[':status', '307'], ...first.slice(1)])
  t.equal(decoder.tableBytes, 222)
  const third = decode(
    decoder,
    hex(
      '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
    ),
  )
  t.same(third, [
    [':status', '200'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
    ['location', 'https://www.example.com'],
    ['content-encoding', 'gzip'],
    ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
  ])
  t.equal(decoder.tableBytes, 215)
  t.end()
})

t.test('a full table loses its oldest fields, as in RFC 7541 C.6', (t) => {
  const decoder = new HpackDecoder()
  // The example's table has 256 bytes.
  const first = decode(
    decoder,
    hex(
      '3fe1 01 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
    ),
  )
  t.same(first, [
    [':status', '302'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['location', 'https://www.example.com'],
  ])
  t.equal(decoder.tableBytes, 222)
  t.same(decode(decoder, hex('4883 640e ffc1 c0bf')), [
    [':status', '307'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['location', 'https://www.example.com'],
  ])
  t.equal(decoder.tableBytes, 222)
  const third = decode(
    decoder,
    hex(
      '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
    ),
  )
  t.same(third?.slice(-1), [['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1']])
  t.equal(decoder.tableBytes, 215)
  t.end()
})

t.test('what is not a header block ends the connection', (t) => {
  const invalid = {
    'index 0': '80',
    'an index past the static table, with nothing behind it': 'be',
    'a name by an index that is not there': '7f00 0161',
    'an integer that is cut off': 'ff',
    'an integer that does not end': 'ffff ffff ffff ffff 7f',
    'an integer above 2^31-1': 'ff80 8080 8010',
    'a string longer than the block': '0003 6162',
    'no value behind the name': '0001 61',
    'a size update behind a field': '82 20',
    'a table larger than ours': '3fe2 1f',
    'padding of eight bits': '0081 ff 0161',
    'padding with a zero': '0081 1e 0161',
    'the end of string in a string': '0084 ffff ffff 0161',
  }
  for (const [what, block] of Object.entries(invalid)) t.equal(decode(new HpackDecoder(), hex(block)), undefined, what)
  t.same(decode(new HpackDecoder(), hex('20 3fe1 1f 82')), [[':method', 'GET']], 'two size updates in front are fine')
  t.same(decode(new HpackDecoder(), hex('')), [], 'an empty block is one')
  t.end()
})

t.test('what HTTP/1.1 could not show is marked, when it stands in the table as well', (t) => {
  const literal = (name: string, value: string) =>
    Buffer.concat([
      Buffer.from([0x40, name.length]),
      Buffer.from(name, 'latin1'),
      Buffer.from([value.length]),
      Buffer.from(value, 'latin1'),
    ])
  const cases: readonly (readonly [name: string, value: string, mark: number])[] = [
    ['x', 'a\rb', VALUE_INVALID],
    ['x', 'a\nb', VALUE_INVALID],
    ['x', 'a\0b', VALUE_INVALID],
    ['x', '\x7f', VALUE_INVALID],
    ['x', ' a', VALUE_INVALID],
    ['x', 'a\t', VALUE_INVALID],
    ['X', 'a', NAME_INVALID],
    ['', 'a', NAME_INVALID],
    ['a b', 'a', NAME_INVALID],
    ['a:', 'a', NAME_INVALID],
    ['a\r\nb', 'a', NAME_INVALID],
    ['caf\xe9', 'a', NAME_INVALID],
    ['x', 'caf\xe9 a\tb', 0],
  ]
  for (const [name, value, mark] of cases) {
    const decoder = new HpackDecoder()
    const kinds: number[] = []
    decode(decoder, literal(name, value), kinds)
    decode(decoder, hex('be'), kinds)
    // A new value behind the old name: only the name's mark stays.
    decode(decoder, hex('7e 01 61'), kinds)
    t.same(kinds, [REGULAR | mark, REGULAR | mark, REGULAR | (mark & NAME_INVALID)], JSON.stringify([name, value]))
  }
  t.end()
})

t.test('a field of the table that the next one pushes out still gives its name', (t) => {
  const decoder = new HpackDecoder()
  const long = Buffer.alloc(3000, 'v')
  const integer = (value: number) => Buffer.from([0x7f, ((value - 127) & 0x7f) | 0x80, (value - 127) >> 7])
  t.same(decode(decoder, Buffer.concat([Buffer.from([0x40, 1, 0x61]), integer(3000), long]))?.length, 1)
  t.same(decode(decoder, Buffer.concat([Buffer.from([0x7e]), integer(3000), long])), [['a', long.toString()]])
  t.equal(decoder.tableBytes, 3033)
  t.same(decode(decoder, hex('be'))?.[0]?.[0], 'a')
  t.equal(decode(decoder, hex('bf')), undefined)
  t.end()
})

t.test('any bytes are read or refused, and no table grows past its size', (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (blocks) => {
      const decoder = new HpackDecoder()
      for (const block of blocks) {
        if (decode(decoder, Buffer.from(block)) === undefined) break
        if (decoder.tableBytes > 4096) throw new Error('too large')
      }
    }),
    { numRuns: 2000 },
  )
  t.end()
})

t.test('any bytes are Huffman code or not, and never more than was said', (t) => {
  const target = Buffer.alloc(400)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const end = decodeHuffman(Buffer.from(bytes), 0, bytes.length, target, 0)
      if (end > decodedBytes(bytes.length)) throw new Error('too long')
    }),
    { numRuns: 2000 },
  )
  t.end()
})

t.test('blocks made by nghttp2, table, Huffman code and all, have the fields that it was given', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve))
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  session.on('error', () => {})
  const socket = await accepted
  const blocks = readBlocks(socket)
  t.teardown(() => {
    session.destroy()
    socket.destroy()
    server.close()
  })
  const decoder = new HpackDecoder()
  const bytes = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i)).join('')
  const names = ['accept', 'x-request', 'user-agent', 'x', 'referer', 'x-'.padEnd(90, 'y')]
  for (let round = 0; round < 200; round++) {
    const fields: Field[] = names.map((name, i) => {
      const size = (round * 7 + i * 31) % 90
      return [name, round % 3 === 0 ? 'same' : bytes.slice(size % 40, (size % 40) + size)]
    })
    const stream = session.request({ ':path': `/${round % 5}`, ...Object.fromEntries(fields) })
    stream.on('error', () => {})
    const block = await blocks.next()
    const decoded = decode(decoder, block.value as Buffer)
    t.same(decoded?.slice(-names.length), fields, `${round}`)
  }
  t.end()
})

/** Header blocks as they arrive on a connection of a client. */
async function* readBlocks(socket: net.Socket): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0)
  socket.write(hex('000000 04 00 00000000'))
  let at = 24
  for await (const data of socket) {
    rest = Buffer.concat([rest, data as Buffer])
    while (rest.length >= at + 9 && rest.length >= at + 9 + rest.readUIntBE(at, 3)) {
      const size = rest.readUIntBE(at, 3)
      if (rest[at + 3] === 1) {
        const skipped = ((rest[at + 4] as number) & 0x20) === 0 ? 0 : 5
        yield Buffer.from(rest.subarray(at + 9 + skipped, at + 9 + size))
      }
      at += 9 + size
    }
    rest = rest.subarray(at)
    at = 0
  }
}
