/** Windows in both directions (RFC 9113 §5.2, §6.9): what may be sent is sent, nothing more, and every byte is given back once. */
import type { Socket } from 'node:net'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { generationOf, rawBackend, startDataPath, type TestPolicy } from '../../test/fixtures/data-path.ts'
import { data, get, headers, RawHttp2Client, request, rstStream, settings, windowUpdate } from './fixtures/frames.ts'
import { DATA, DEFAULT_WINDOW, FLOW_CONTROL_ERROR, RST_STREAM, SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_UPDATE } from './frames.ts'
import { SESSION_WINDOW } from './incoming-frames.ts'

async function gateway(t: Test, serve: (socket: Socket) => void, policies: { readonly [name: string]: TestPolicy } = {}) {
  const backend = await rawBackend(t, serve)
  const names = Object.keys(policies)
  const routes = ['GET /**', { route: 'POST /**', request: names }]
  return startDataPath(t, generationOf({ routes, backends: [{ port: backend.port, maxConnections: 200 }] }, policies))
}

const responding = (size: number) => (socket: Socket) => {
  socket.on('data', (bytes) => {
    if (bytes.includes('\r\n\r\n')) socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${'r'.repeat(size)}`)
  })
}

t.test('a response goes as far as the windows of stream and connection allow, byte by byte if need be', async (t) => {
  const { port } = await gateway(t, responding(10))
  const client = new RawHttp2Client(t, port, { settings: [[SETTINGS_INITIAL_WINDOW_SIZE, 0]], keepWindow: true })
  client.send(headers(1, get('/')))
  await client.until(() => client.answers.get(1)?.status === 200)
  await client.settled()
  t.equal(client.dataBytes, 0)
  client.send(windowUpdate(1, 1))
  await client.until(() => client.dataBytes === 1)
  client.send(windowUpdate(1, 3))
  await client.until(() => client.dataBytes === 4)
  // A larger initial window counts for the streams that are open (§6.9.2).
  client.send(settings([[SETTINGS_INITIAL_WINDOW_SIZE, 2]]))
  await client.until(() => client.dataBytes === 6)
  // A smaller one may make a window negative: first that is made up for.
  client.send(settings([[SETTINGS_INITIAL_WINDOW_SIZE, 0]]), windowUpdate(1, 1))
  await client.settled()
  t.equal(client.dataBytes, 6)
  client.send(windowUpdate(1, 2))
  await client.until(() => client.dataBytes === 7)
  client.send(windowUpdate(1, 100))
  t.match(await client.answer(1), { body: 'r'.repeat(10), isComplete: true })
  t.same(
    client.frames.filter(({ type }) => type === DATA).map(({ payload }) => payload.length),
    [1, 3, 2, 1, 3],
  )
})

t.test('the window of the connection is shared, and nobody starves', async (t) => {
  const { port } = await gateway(t, responding(30_000))
  const client = new RawHttp2Client(t, port, { keepWindow: true })
  const ids = [1, 3, 5, 7]
  for (const id of ids) client.send(headers(id, get('/')))
  await client.until(() => client.dataBytes === DEFAULT_WINDOW)
  await client.settled()
  t.equal(client.dataBytes, DEFAULT_WINDOW)
  client.send(windowUpdate(0, 4 * 30_000 - DEFAULT_WINDOW))
  for (const id of ids) t.equal((await client.answer(id)).body.length, 30_000)
})

t.test('a slow client stops the backend from being read, and gets everything in the end', async (t) => {
  let sent = 0
  const total = 20_000_000
  const { port } = await gateway(t, (socket) => {
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`)
      const more = () => {
        while (sent < total) {
          sent += 50_000
          if (!socket.write(Buffer.alloc(50_000))) {
            socket.once('drain', more)
            return
          }
        }
      }
      more()
    })
  })
  const client = new RawHttp2Client(t, port, { keepWindow: true })
  client.send(headers(1, get('/')))
  await client.until(() => client.dataBytes === DEFAULT_WINDOW)
  await client.settled()
  t.ok(sent < total, `the backend could send ${sent}`)
  client.send(windowUpdate(0, total), windowUpdate(1, total))
  t.equal((await client.answer(1)).body.length, total)
})

t.test('a client whose windows stay closed is given up', async (t) => {
  const backend = await rawBackend(t, responding(100))
  const { port, endedAt } = await startDataPath(t, generationOf({ routes: ['GET /**'], backends: [{ port: backend.port }] }), {
    writeTimeoutMs: 100,
  })
  const client = new RawHttp2Client(t, port, { settings: [[SETTINGS_INITIAL_WINDOW_SIZE, 0]] })
  client.send(headers(1, get('/')))
  t.match(await client.answer(1), { status: 200, isComplete: false, errorCode: 8 })
  t.match(await endedAt(0), { status: 200 })
})

t.test('a body goes on as far as it was asked for: 64 KiB of one stream, 1 MiB of all', async (t) => {
  const { port } = await gateway(t, (socket) => socket.on('data', () => {}), { hold: { request: () => new Promise(() => {}) } })
  const client = new RawHttp2Client(t, port)
  const piece = Buffer.alloc(16_000)
  client.send(headers(1, request('POST', '/'), { endStream: false }))
  for (let i = 0; i < 4; i++) client.send(data(1, piece, { endStream: false }))
  await client.settled()
  t.same(
    client.frames.filter(({ type }) => type === WINDOW_UPDATE).map(({ streamId }) => streamId),
    [0],
    'nobody has taken any of it, so nothing is given back',
  )
  client.send(data(1, piece, { endStream: false }))
  t.equal((await client.answer(1)).errorCode, FLOW_CONTROL_ERROR)
  for (let id = 3; id < 3 + 2 * 17; id += 2) {
    client.send(headers(id, request('POST', '/'), { endStream: false }))
    for (let i = 0; i < 4; i++) client.send(data(id, piece, { endStream: false }))
  }
  t.equal(await client.ended(), FLOW_CONTROL_ERROR)
})

t.test('padding counts and is given back', async (t) => {
  const { port } = await gateway(t, (socket) => socket.on('data', () => {}))
  const client = new RawHttp2Client(t, port)
  client.send(headers(1, request('POST', '/'), { endStream: false }))
  // 257 bytes each, one of them of the body: four windows, which can only be so because padding is given back at once.
  for (let i = 0; i < 1000; i++) client.send(data(1, 'x', { endStream: false, padding: 255 }))
  await client.settled()
  t.ok(client.frames.filter(({ type, streamId }) => type === WINDOW_UPDATE && streamId === 1).length >= 6)
  t.equal(client.answers.get(1), undefined)
})

/** What one stream of the property does. */
interface Upload {
  readonly sizes: readonly number[]
  readonly padding: number
  readonly path: '/taken' | '/held' | '/refused'
  /** The client resets it when so many pieces were sent. */
  readonly resetAfter: number
}

const upload: fc.Arbitrary<Upload> = fc.record({
  sizes: fc.array(fc.integer({ min: 0, max: 16_000 }), { maxLength: 8 }),
  padding: fc.integer({ min: 0, max: 255 }),
  path: fc.constantFrom('/taken', '/held', '/refused'),
  resetAfter: fc.integer({ min: 1, max: 12 }),
})

t.test('whatever becomes of bodies, the connection gets every byte back, once', async (t) => {
  const { port } = await gateway(
    t,
    (socket) => {
      socket.on('data', (bytes) => {
        if (bytes.includes('0\r\n\r\n') || bytes.includes('GET ')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      })
    },
    {
      decide: {
        request: (_config, { request }) => {
          if (request.path === '/refused') return { status: 403, code: 'no', detail: '', fields: [] }
          return request.path === '/held' ? new Promise(() => {}) : undefined
        },
      },
    },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(upload, { minLength: 1, maxLength: 12 }), async (uploads) => {
      const client = new RawHttp2Client(t, port)
      let id = 1
      let sent = 0
      for (const { sizes, padding, path, resetAfter } of uploads) {
        const hasEnd = resetAfter > sizes.length
        client.send(headers(id, request('POST', path), { endStream: false }))
        let streamBytes = 0
        for (const [index, size] of sizes.entries()) {
          if (index === resetAfter || streamBytes + size + padding + 1 > DEFAULT_WINDOW) break
          client.send(data(id, Buffer.alloc(size), { endStream: false, padding }))
          streamBytes += size + padding + 1
        }
        sent += streamBytes
        // All of it has been dealt with before the next one, so that the windows of this test are simple.
        if (!hasEnd || path === '/held') client.send(rstStream(id, 8))
        else client.send(data(id, ''))
        await client.settled()
        if (hasEnd && path !== '/held') await client.until(() => (client.answers.get(id)?.status ?? 0) > 0)
        id += 2
      }
      const given = client.frames
        .filter(({ type, streamId }) => type === WINDOW_UPDATE && streamId === 0)
        .slice(1)
        .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0)
      client.socket.destroy()
      // What is not given back yet is less than a piece that is worth a frame.
      if (client.goaways.length > 0) throw new Error(`GOAWAY ${client.goaways[0]?.errorCode}`)
      if (given > sent || sent - given >= SESSION_WINDOW / 4) throw new Error(`${sent} bytes were sent, ${given} given back`)
    }),
    { numRuns: 40 },
  )
})

t.test('nothing is sent beyond a window, whatever the client does with it', async (t) => {
  const { port } = await gateway(t, responding(100_000))
  const step = fc.oneof(
    fc.record({ kind: fc.constant('stream' as const), size: fc.integer({ min: 1, max: 30_000 }) }),
    fc.record({ kind: fc.constant('session' as const), size: fc.integer({ min: 1, max: 30_000 }) }),
    fc.record({ kind: fc.constant('initial' as const), size: fc.integer({ min: 0, max: 70_000 }) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const client = new RawHttp2Client(t, port, { keepWindow: true })
      client.send(headers(1, get('/')), headers(3, get('/')))
      // The most that each window has ever allowed in all.
      let session = DEFAULT_WINDOW
      let stream = DEFAULT_WINDOW
      let granted = 0
      for (const { kind, size } of steps) {
        if (kind === 'session') {
          client.send(windowUpdate(0, size))
          session += size
        } else if (kind === 'stream') {
          client.send(windowUpdate(1, size))
          granted += size
        } else {
          client.send(settings([[SETTINGS_INITIAL_WINDOW_SIZE, size]]))
          stream = Math.max(stream, size)
        }
        await client.settled()
      }
      const bytesOf = (id: number) =>
        client.frames.reduce((sum, frame) => sum + (frame.type === DATA && frame.streamId === id ? frame.payload.length : 0), 0)
      const [one, three] = [bytesOf(1), bytesOf(3)]
      if (one + three > session || one > stream + granted || three > stream) throw new Error(`${one} and ${three} bytes`)
      client.send(settings([[SETTINGS_INITIAL_WINDOW_SIZE, 200_000]]), windowUpdate(0, 300_000), windowUpdate(1, 100_000))
      const answers = [await client.answer(1), await client.answer(3)]
      client.socket.destroy()
      for (const { body } of answers) if (body.length !== 100_000) throw new Error(`${body.length} bytes in all`)
      if (client.frames.some(({ type }) => type === RST_STREAM)) throw new Error('reset')
    }),
    { numRuns: 40 },
  )
})
