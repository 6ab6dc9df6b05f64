/** HTTP/2 over TLS, where ALPN chooses it; the rest of this folder's tests hold for both. */
import { once } from 'node:events'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import { createAuthority, createCertificate } from '../../test/fixtures/certificates.ts'
import { rawBackend } from '../../test/fixtures/data-path.ts'
import { startListener } from '../fixtures/listener.ts'
import { type Field, get, headers, RawHttp2Client, windowUpdate } from './fixtures/frames.ts'
import { MAX_WINDOW, SETTINGS_INITIAL_WINDOW_SIZE } from './frames.ts'

const authority = createAuthority()
const certificates = [createCertificate(authority, 'server', { names: ['localhost'] })]

async function connect(t: Test, port: number): Promise<tls.TLSSocket> {
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: authority.cert, ALPNProtocols: ['h2', 'http/1.1'] })
  await once(socket, 'secureConnect')
  t.equal(socket.alpnProtocol, 'h2')
  return socket
}

const https = (path: string): Field[] => get(path).map(([name, value]) => [name, name === ':scheme' ? 'https' : value])

t.test('the scheme is https, and nothing else', async (t) => {
  const { port } = await startListener(t, { certificates, http2: true })
  const client = new RawHttp2Client(t, port, { socket: await connect(t, port) })
  client.send(headers(1, https('/who')), headers(3, get('/who')))
  t.match(await client.answer(1), { status: 200, body: /^127\.0\.0\.1 / })
  t.match(await client.answer(3), { status: 400, body: /scheme-mismatch/ })
})

t.test('a large response goes as fast as it is read, and what was not read stays where it is', async (t) => {
  const size = 20_000_000
  let sent = 0
  const backend = await rawBackend(t, (socket) => {
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
      const more = () => {
        while (sent < size) {
          sent += 100_000
          if (!socket.write(Buffer.alloc(100_000, 'r'))) {
            socket.once('drain', more)
            return
          }
        }
      }
      more()
    })
  })
  const { port } = await startListener(t, { certificates, http2: true, backendPort: backend.port })
  const socket = await connect(t, port)
  const client = new RawHttp2Client(t, port, { socket, settings: [[SETTINGS_INITIAL_WINDOW_SIZE, MAX_WINDOW]], keepWindow: true })
  client.send(windowUpdate(0, MAX_WINDOW - 65_535), headers(1, https('/backend')))
  await client.until(() => client.dataBytes > 0)
  socket.pause()
  // Nobody can say when a kernel's buffers are full; only that it stops.
  for (let before = -1; before !== sent; ) {
    before = sent
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  t.ok(sent < size, `${sent} bytes were taken from the backend`)
  socket.resume()
  t.equal((await client.answer(1)).body.length, size)
})

t.test('a session that ends says so, and closes TLS as it should be closed', async (t) => {
  const { port, dataPath } = await startListener(t, { certificates, http2: true })
  const client = new RawHttp2Client(t, port, { socket: await connect(t, port) })
  client.send(headers(1, https('/who')))
  t.equal((await client.answer(1)).status, 200)
  const drained = dataPath.drain(5000)
  t.equal(await client.ended(), 0)
  client.socket.end()
  await drained
  t.equal(dataPath.connectionCount, 0)
})
