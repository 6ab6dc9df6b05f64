import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { closeSync } from 'node:fs'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { createAuthority, createCertificate } from '../test/fixtures/certificates.ts'
import { listeningSocket, RawClient, rawBackend } from '../test/fixtures/data-path.ts'
import { parseClientAddress } from './client-address.ts'
import { type ListenerOptions, startListener, type TestListener } from './fixtures/listener.ts'
import { TlsClient, WHO, who } from './fixtures/tls-client.ts'
import { libc } from './libc.ts'
import { Listener, type ListenerHost } from './listener.ts'

const authority = createAuthority()
const server = createCertificate(authority, 'server', { names: ['localhost'] })
const ca = authority.cert

const PROXY_V1 = 'PROXY TCP4 192.0.2.7 127.0.0.1 4711 443\r\n'
const PROXY_LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex')

/** A TLS client whose connection begins with `bytes`. */
function tlsBehind(t: Test, port: number, bytes: string | Buffer): TlsClient {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write(bytes)
  return new TlsClient(t, port, { ca, socket })
}

function loopback(): Uint8Array {
  const address = parseClientAddress('127.0.0.1')
  if (address === undefined) throw new Error('no address')
  return address.bytes
}

t.test('a listener has so many connections at once, and others are closed', async (t) => {
  const listener = await startListener(t, { limits: { connections: 2 } })
  const kept = [new RawClient(t, listener.port).send(WHO), new RawClient(t, listener.port).send(WHO)]
  for (const client of kept) await client.includes('127.0.0.1')
  t.equal(await new RawClient(t, listener.port).send(WHO).ended(), '')
  t.strictSame(listener.rejections, ['limit'])
  kept[0]?.socket.end()
  await kept[0]?.ended()
  while (listener.dataPath.connectionCount > 1) await new Promise((resolve) => setTimeout(resolve, 5))
  await new RawClient(t, listener.port).send(WHO).includes('127.0.0.1')
})

t.test('an address has so many connections at once, and gets new ones when old ones end', async (t) => {
  for (const options of [{}, { http2: true }, { certificates: [server] }] satisfies ListenerOptions[]) {
    const listener = await startListener(t, { ...options, limits: { connectionsPerAddress: 2 } })
    const open = () => connect({ port: listener.port, host: '127.0.0.1', localAddress: '127.0.0.1' })
    const kept = [open(), open()]
    t.teardown(() => {
      for (const socket of kept) socket.destroy()
    })
    while (listener.counts.countOf(loopback()) < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    const refused = open().on('error', () => {})
    await Promise.all([once(refused, 'close'), listener.rejected(1)])
    t.strictSame(listener.rejections, ['address-limit'])
    kept[0]?.destroy()
    while (listener.counts.countOf(loopback()) > 1) await new Promise((resolve) => setTimeout(resolve, 5))
    const next = open()
    t.teardown(() => next.destroy())
    while (listener.counts.countOf(loopback()) < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    t.equal(listener.rejections.length, 1)
  }
})

t.test('a thousand connections that say nothing keep nobody from being served, and leave nothing behind', async (t) => {
  for (const options of [{ http2: true }, { certificates: [server] }] satisfies ListenerOptions[]) {
    const listener = await startListener(t, options)
    const silent = Array.from({ length: 1000 }, () => connect({ port: listener.port, host: '127.0.0.1' }).on('error', () => {}))
    t.teardown(() => {
      for (const socket of silent) socket.destroy()
    })
    while (listener.dataPath.connectionCount < 1000) await new Promise((resolve) => setTimeout(resolve, 5))
    if ('certificates' in options) t.match(await who(new TlsClient(t, listener.port, { ca })), /^127/)
    else await new RawClient(t, listener.port).send(WHO).includes('127.0.0.1')
    for (const socket of silent) socket.destroy()
    await until(listener, (count) => count <= 1)
    t.pass()
  }
})

t.test('the PROXY header of a trusted proxy says who the client is', async (t) => {
  const listener = await startListener(t, { proxyProtocol: true, trustsLoopback: true, http2: true })
  await new RawClient(t, listener.port).send(PROXY_V1 + WHO).includes('192.0.2.7 no certificate')
  const v2 = Buffer.from('0d0a0d0a000d0a515549540a2121002420010db80000000000000000000000010000000000000000000000000000000100010002', 'hex')
  const slow = new RawClient(t, listener.port)
  for (const byte of v2) {
    slow.send(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await slow.send(WHO).includes('2001:db8::1 no certificate')
  await new RawClient(t, listener.port).send(Buffer.concat([PROXY_LOCAL, Buffer.from(WHO)])).includes('127.0.0.1 no certificate')
  t.strictSame(listener.rejections, [])
})

t.test('the PROXY header comes before TLS, in the same packet or in another', async (t) => {
  const listener = await startListener(t, { proxyProtocol: true, trustsLoopback: true, certificates: [server] })
  t.equal(await who(tlsBehind(t, listener.port, PROXY_V1)), '192.0.2.7 no certificate')
  const late = connect({ port: listener.port, host: '127.0.0.1' })
  await once(late, 'connect')
  late.write(PROXY_V1)
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(await who(new TlsClient(t, listener.port, { ca, socket: late })), '192.0.2.7 no certificate')
  t.strictSame(listener.rejections, [])
})

t.test('who is no trusted proxy, or sends no PROXY header, is not served', async (t) => {
  const untrusted = await startListener(t, { proxyProtocol: true })
  t.equal(await new RawClient(t, untrusted.port).send(PROXY_V1 + WHO).ended(), '')
  t.strictSame(untrusted.rejections, ['proxy-untrusted'])
  const trusted = await startListener(t, { proxyProtocol: true, trustsLoopback: true })
  t.equal(await new RawClient(t, trusted.port).send(WHO).ended(), '')
  t.equal(await new RawClient(t, trusted.port).send(`PROXY TCP4 192.0.2.7\r\n${WHO}`).ended(), '')
  t.strictSame(trusted.rejections, ['proxy-header', 'proxy-header'])
  await trusted.empty()
})

t.test('a PROXY header that nobody asked for is not understood', async (t) => {
  const listener = await startListener(t, { trustsLoopback: true, http2: true })
  t.match(await new RawClient(t, listener.port).send(PROXY_V1 + WHO).ended(), /^HTTP\/1\.1 400 /)
})

t.test('the limit per address counts the client that the PROXY header names, not the proxy', async (t) => {
  const listener = await startListener(t, { proxyProtocol: true, trustsLoopback: true, limits: { connectionsPerAddress: 1 } })
  await new RawClient(t, listener.port).send(PROXY_V1 + WHO).includes('192.0.2.7')
  await new RawClient(t, listener.port).send(PROXY_V1.replace('.7', '.8') + WHO).includes('192.0.2.8')
  t.equal(await new RawClient(t, listener.port).send(PROXY_V1 + WHO).ended(), '')
  t.strictSame(listener.rejections, ['address-limit'])
  for (let count = 0; count < 3; count++) {
    await new RawClient(t, listener.port).send(Buffer.concat([PROXY_LOCAL, Buffer.from(WHO)])).includes('127.0.0.1')
  }
})

t.test('what goes upstream says how and from where the client came', async (t) => {
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', (data) => {
      const fields = data.toString('latin1').match(/^(X-Forwarded-\w+|Forwarded|Via): .*$/gm) ?? []
      const body = fields.map((field) => field.trim()).join('\n')
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    })
  })
  const options: ListenerOptions = { certificates: [server], backendPort: backend.port, proxyProtocol: true, trustsLoopback: true }
  const listener = await startListener(t, options)
  const client = tlsBehind(t, listener.port, PROXY_V1).send(
    'GET /backend HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: http\r\n\r\n',
  )
  const text = await client.includes('Forwarded: for=')
  t.equal(
    text.slice(text.indexOf('\r\n\r\n') + 4),
    [
      'Via: 1.1 edge',
      'X-Forwarded-For: 192.0.2.7',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: localhost',
      'Forwarded: for=192.0.2.7;host="localhost";proto=https',
    ].join('\n'),
  )
})

t.test('settings of a new bundle are for new connections', async (t) => {
  const listener = await startListener(t, { http2: true })
  const kept = new RawClient(t, listener.port).send(WHO)
  await kept.includes('127.0.0.1')
  listener.change({ certificates: [server] })
  t.match(await who(new TlsClient(t, listener.port, { ca })), /^127/)
  kept.text = ''
  await kept.send(WHO).includes('127.0.0.1')
})

t.test('bodies of any size and any number of requests sent ahead come through TLS as they are', async (t) => {
  const size = 3 * 1024 * 1024
  const body = Buffer.alloc(size, 'abcdefghijklmnopqrstuvwxyz0123456789')
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
      socket.write(body)
    })
  })
  const listener = await startListener(t, { certificates: [server], backendPort: backend.port })
  const client = new TlsClient(t, listener.port, { ca })
  const requests = 4
  client.send('GET /backend HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(requests))
  await client.until(() => client.text.length > requests * size)
  while (client.text.length < requests * (size + client.text.indexOf('\r\n\r\n') + 4)) await once(client.socket, 'data')
  const parts = client.text.split(/HTTP\/1\.1 200 OK\r\n[\s\S]*?\r\n\r\n/).slice(1)
  t.equal(parts.length, requests)
  t.ok(parts.every((part) => part === body.toString('latin1')))
  const many = new TlsClient(t, listener.port, { ca }).send(WHO.repeat(200))
  await many.until(() => many.text.split('127.0.0.1 no certificate').length > 200)
  t.equal(many.text.split('HTTP/1.1 200 ').length, 201)
})

t.test('a response that is whole ends with a close_notify, one that was cut short does not', async (t) => {
  const backend = await rawBackend(t, (socket) => {
    socket.once('data', (data) => {
      if (data.includes('/backend?cut')) {
        socket.write('HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\nbeginning', () => socket.destroy())
      } else socket.end('HTTP/1.0 200 OK\r\n\r\nwhole')
    })
  })
  const listener = await startListener(t, { certificates: [server], backendPort: backend.port })
  const whole = new TlsClient(t, listener.port, { ca }).send('GET /backend HTTP/1.0\r\nHost: localhost\r\n\r\n')
  t.equal(await whole.ended(), 'end')
  t.match(whole.text, /\r\n\r\nwhole$/)
  const cut = new TlsClient(t, listener.port, { ca }).send('GET /backend?cut HTTP/1.0\r\nHost: localhost\r\n\r\n')
  t.equal(await cut.ended(), 'ECONNRESET')
  await listener.empty()
})

t.test('a client that closes its end of TLS still gets its response, and a close_notify', async (t) => {
  const listener = await startListener(t, { certificates: [server] })
  const client = new TlsClient(t, listener.port, { ca, allowHalfOpen: true } as object)
  client.socket.end(WHO)
  t.equal(await client.ended(), 'end')
  t.match(client.text, /127\.0\.0\.1 no certificate$/)
  await listener.empty()
})

t.test('where the inside of Node is not what we know, everything works in the documented way', async (t) => {
  const size = 300_000
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`))
  })
  const documented = { adoptsHandles: false }
  const plain = await startListener(t, { http2: true }, documented)
  await new RawClient(t, plain.port).send(WHO).includes('127.0.0.1')
  const options: ListenerOptions = { certificates: [server], backendPort: backend.port }
  const secure = await startListener(t, options, documented)
  const client = new TlsClient(t, secure.port, { ca })
  t.match(await who(client), /^127/)
  client.send('GET /backend HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await client.until(() => client.text.length > size)
  const proxied = await startListener(t, { ...options, proxyProtocol: true, trustsLoopback: true }, documented)
  t.equal(await who(tlsBehind(t, proxied.port, PROXY_V1)), '192.0.2.7 no certificate')
  await Promise.all([plain, secure].map(({ dataPath }) => dataPath.drain(0)))
})

t.test('a worker that cannot keep up closes connections, then refuses requests, then stops accepting, and recovers', async (t) => {
  assert(libc !== undefined)
  const { duplicate } = libc
  const closed: number[] = []
  const { fd, port } = await listeningSocket()
  t.teardown(() => closeSync(fd))
  const listener = await startListener(t, {}, {})
  const socket = { name: 'main', reopen: () => duplicate(fd), closing: (closing: number) => void closed.push(closing) }
  await listener.dataPath.listen(duplicate(fd), 511, socket)
  /** Holds the event loop up, without using the processor, until a level is reached. */
  const overload = async (level: number, delayMs: number) => {
    while (listener.levels.at(-1) !== level) {
      await new Promise((resolve) => setImmediate(resolve))
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delayMs)
    }
  }
  const kept = new RawClient(t, port).send(WHO)
  await kept.includes('127.0.0.1')
  await overload(1, 180)
  kept.text = ''
  t.match(await kept.send(WHO).ended(), /^HTTP\/1\.1 200 [\s\S]*\r\nConnection: close\r\n/)
  await overload(2, 500)
  const refused = await new RawClient(t, port).send(WHO).ended()
  t.match(refused, /^HTTP\/1\.1 503 [\s\S]*\r\nRetry-After: 1\r\n[\s\S]*"code":"overloaded"/)
  await overload(3, 1300)
  t.equal(closed.length, 1)
  const waiting = new RawClient(t, port).send(WHO)
  const answer = await waiting.ended()
  t.match(answer, /^HTTP\/1\.1 503 /, 'served when connections are accepted again')
  while (listener.levels.at(-1) !== 0) await new Promise((resolve) => setTimeout(resolve, 50))
  t.strictSame(listener.levels, [1, 2, 3, 2, 1, 0])
  await new RawClient(t, port).send(WHO).includes('127.0.0.1')
})

t.test('a paused listener leaves connections in the kernel, and serves them when it goes on', async (t) => {
  assert(libc !== undefined)
  const { duplicate } = libc
  const { dataPath } = await startListener(t, {})
  const { fd, port } = await listeningSocket()
  t.teardown(() => closeSync(fd))
  const closed: number[] = []
  let opened = 0
  const reopen = () => {
    opened += 1
    return duplicate(fd)
  }
  const socket = { name: 'main', reopen, closing: (closing: number) => void closed.push(closing) }
  const listener = new Listener(socket, 511, dataPath as unknown as ListenerHost)
  t.teardown(() => listener.close())
  await listener.open(reopen())
  listener.pause('test')
  listener.pause('other')
  const waiting = new RawClient(t, port).send(WHO)
  await once(waiting.socket, 'connect')
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal(waiting.text, '')
  t.equal(dataPath.connectionCount, 0)
  listener.resume('test')
  t.equal(opened, 1, 'the other still wants it to be paused')
  listener.resume('other')
  await waiting.includes('127.0.0.1')
  t.equal(opened, 2)
  t.equal(closed.length, 1)
})

async function until({ dataPath }: TestListener, isEnough: (count: number) => boolean): Promise<void> {
  while (!isEnough(dataPath.connectionCount)) await new Promise((resolve) => setTimeout(resolve, 5))
}
