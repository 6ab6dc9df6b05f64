import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import t, { type Test } from 'tap'
import { createAuthority, createCertificate } from '../../../test/fixtures/certificates.ts'
import { RawClient } from '../../../test/fixtures/data-path.ts'
import { type ListenerOptions, listenerGeneration, startListener } from '../../fixtures/listener.ts'
import { TlsClient, who } from '../../fixtures/tls-client.ts'
import { createTicketKeyMemory, TicketKeys } from './ticket-keys.ts'

const authority = createAuthority()
const server = createCertificate(authority, 'server', { names: ['localhost'] })
const ca = authority.cert
const clientAuthority = createAuthority('Client CA')
const client = createCertificate(clientAuthority, 'orders', {
  names: ['Orders.example.com', 'email:o@example.com', 'URI:spiffe://acme/orders'],
})
const stranger = createCertificate(createAuthority('Stranger CA'), 'stranger')
const plain: ListenerOptions = { certificates: [server] }

/** Who answered for a name. */
async function commonNameFor(t: Test, port: number, servername: string): Promise<string> {
  const { socket } = new TlsClient(t, port, { ca, servername, checkServerIdentity: () => undefined })
  await once(socket, 'secureConnect')
  return socket.getPeerX509Certificate()?.subject ?? ''
}

t.test('the certificate is chosen by name: exact, then wildcard, else the first', async (t) => {
  const listener = await startListener(t, {
    certificates: [
      server,
      createCertificate(authority, 'wildcard', { names: ['*.example.com'] }),
      createCertificate(authority, 'exact', { names: ['api.example.com'] }),
    ],
  })
  t.equal(await commonNameFor(t, listener.port, 'api.example.com'), 'CN=exact')
  t.equal(await commonNameFor(t, listener.port, 'API.example.com'), 'CN=exact')
  t.equal(await commonNameFor(t, listener.port, 'www.example.com'), 'CN=wildcard')
  t.equal(await commonNameFor(t, listener.port, 'a.b.example.com'), 'CN=server')
  t.equal(await commonNameFor(t, listener.port, 'unknown.test'), 'CN=server')
  t.equal(await commonNameFor(t, listener.port, ''), 'CN=server')
})

t.test('TLS 1.2 and 1.3 are spoken, nothing older, and 1.2 only with forward secrecy', async (t) => {
  const { port } = await startListener(t, plain)
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { socket } = new TlsClient(t, port, { ca, minVersion: version, maxVersion: version })
    await once(socket, 'secureConnect')
    t.equal(socket.getProtocol(), version)
  }
  const old = new TlsClient(t, port, { ca, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })
  t.match(await old.ended(), /ALERT_PROTOCOL_VERSION/)
  const weak = new TlsClient(t, port, { ca, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256:AES128-GCM-SHA256' })
  t.match(await weak.ended(), /HANDSHAKE_FAILURE/)
})

t.test('our order of ciphers counts, but a client without AES in hardware gets ChaCha20', async (t) => {
  const { port } = await startListener(t, plain)
  const chosen = async (ciphers: string) => {
    const { socket } = new TlsClient(t, port, { ca, ciphers })
    await once(socket, 'secureConnect')
    return socket.getCipher().name
  }
  t.equal(await chosen('TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256'), 'TLS_AES_128_GCM_SHA256')
  t.equal(await chosen('TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256'), 'TLS_CHACHA20_POLY1305_SHA256')
})

t.test('a listener may want TLS 1.3', async (t) => {
  const { port } = await startListener(t, { ...plain, minVersion: '1.3' })
  t.match(await new TlsClient(t, port, { ca, maxVersion: 'TLSv1.2' }).ended(), /ALERT_PROTOCOL_VERSION/)
  t.match(await who(new TlsClient(t, port, { ca })), /^127\.0\.0\.1 /)
})

t.test('ALPN: HTTP/1.1 unless the listener has HTTP/2, nothing at all for who speaks neither', async (t) => {
  const one = await startListener(t, plain)
  const two = await startListener(t, { ...plain, http2: true })
  const chosen = async (port: number, protocols: string[]) => {
    const client = new TlsClient(t, port, { ca, ALPNProtocols: protocols })
    await client.until(() => client.isSecure)
    return client.end === '' ? String(client.socket.alpnProtocol) : client.end
  }
  t.equal(await chosen(one.port, ['h2', 'http/1.1']), 'http/1.1')
  t.equal(await chosen(one.port, ['http/1.0']), 'http/1.0')
  t.equal(await chosen(one.port, []), 'false')
  t.equal(await chosen(two.port, ['http/1.1', 'h2']), 'h2')
  t.equal(await chosen(two.port, ['http/1.1']), 'http/1.1')
  t.match(await chosen(one.port, ['h2']), /NO_APPLICATION_PROTOCOL/)
  t.match(await chosen(two.port, ['imap']), /NO_APPLICATION_PROTOCOL/)
})

t.test('a policy sees the verified certificate of a client', async (t) => {
  const { port } = await startListener(t, { ...plain, clients: { ca: clientAuthority.cert, mode: 'required' } })
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { cert, key } = client
    t.equal(
      await who(new TlsClient(t, port, { ca, cert, key, maxVersion })),
      '127.0.0.1 CN=orders [dns:orders.example.com email:o@example.com uri:spiffe://acme/orders] 64',
    )
  }
})

t.test('a policy sees it over HTTP/2 as well', async (t) => {
  const { port } = await startListener(t, { ...plain, http2: true, clients: { ca: clientAuthority.cert, mode: 'required' } })
  const { cert, key } = client
  const session = connectHttp2(`https://localhost:${port}`, { ca, cert, key })
  t.teardown(() => session.destroy())
  const request = session.request({ ':path': '/who' })
  let text = ''
  for await (const data of request.setEncoding('latin1')) text += data
  t.match(text, /^127\.0\.0\.1 CN=orders \[dns:orders\.example\.com /)
})

t.test('who has to show a certificate and has none, or one of strangers, gets nothing', async (t) => {
  const listener = await startListener(t, { ...plain, clients: { ca: clientAuthority.cert, mode: 'required' } })
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { cert, key } = stranger
    const none = new TlsClient(t, listener.port, { ca, maxVersion })
    t.notMatch(await who(none), /127/)
    const wrong = new TlsClient(t, listener.port, { ca, maxVersion, cert, key })
    t.notMatch(await who(wrong), /127/)
  }
  t.strictSame(new Set(await listener.rejected(4)), new Set(['tls-handshake', 'tls-client-certificate']))
  await listener.empty()
})

t.test('where a certificate is optional none is all right, and a wrong one is not', async (t) => {
  const listener = await startListener(t, { ...plain, clients: { ca: clientAuthority.cert, mode: 'optional' } })
  t.equal(await who(new TlsClient(t, listener.port, { ca })), '127.0.0.1 no certificate')
  t.match(await who(new TlsClient(t, listener.port, { ca, cert: client.cert, key: client.key })), /CN=orders/)
  t.notMatch(await who(new TlsClient(t, listener.port, { ca, cert: stranger.cert, key: stranger.key })), /127/)
  t.strictSame(await listener.rejected(1), ['tls-client-certificate'])
})

t.test('an expired certificate of a client is not believed', async (t) => {
  const listener = await startListener(t, { ...plain, clients: { ca: clientAuthority.cert, mode: 'optional' } })
  const { cert, key } = createCertificate(clientAuthority, 'late', { notAfter: new Date(Date.now() - 60_000) })
  t.notMatch(await who(new TlsClient(t, listener.port, { ca, cert, key })), /127/)
  t.strictSame(await listener.rejected(1), ['tls-client-certificate'])
})

t.test('nor is one that has expired since its session began', async (t) => {
  const ticketKeys = new TicketKeys(createTicketKeyMemory())
  const listener = await startListener(t, { ...plain, ticketKeys, clients: { ca: clientAuthority.cert, mode: 'required' } })
  // Dates of certificates have whole seconds.
  const notAfterMs = (Math.floor(Date.now() / 1000) + 3) * 1000
  const { cert, key } = createCertificate(clientAuthority, 'soon', { notAfter: new Date(notAfterMs) })
  const versions = ['TLSv1.2', 'TLSv1.3'] as const
  const sessions = await Promise.all(versions.map((maxVersion) => sessionFrom(t, listener.port, { maxVersion, cert, key })))
  while (Date.now() <= notAfterMs) await new Promise((resolve) => setTimeout(resolve, 50))
  for (const [index, maxVersion] of versions.entries()) {
    t.notMatch(await who(new TlsClient(t, listener.port, { ca, maxVersion, cert, key, session: sessions[index] })), /127/)
  }
  t.strictSame(await listener.rejected(2), ['tls-client-certificate', 'tls-client-certificate'])
})

t.test('a listener that asks for no certificate takes none', async (t) => {
  const { port } = await startListener(t, plain)
  t.equal(await who(new TlsClient(t, port, { ca, cert: client.cert, key: client.key })), '127.0.0.1 no certificate')
})

/** A session that can be resumed. */
async function sessionFrom(t: Test, port: number, options = {}): Promise<Buffer | undefined> {
  const client = new TlsClient(t, port, { ca, ...options })
  t.match(await who(client), /^127/)
  return (await client.until(() => client.session !== undefined)).session
}

t.test('a session is resumed by another worker, also with the key before this one, and no longer', async (t) => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const ticketKeys = new TicketKeys(createTicketKeyMemory())
    const [one, other] = [await startListener(t, { ...plain, ticketKeys }), await startListener(t, { ...plain, ticketKeys })]
    const session = await sessionFrom(t, one.port, { maxVersion })
    const resumes = async () => {
      t.match(await who(new TlsClient(t, other.port, { ca, maxVersion, session })), /^127/)
      return other.handshakes.at(-1)
    }
    t.equal(await resumes(), true, maxVersion)
    ticketKeys.rotate()
    t.equal(await resumes(), true, 'after one rotation')
    ticketKeys.rotate()
    t.equal(await resumes(), false, 'after two')
  }
})

t.test('a resumed session keeps the certificate of the client', async (t) => {
  const ticketKeys = new TicketKeys(createTicketKeyMemory())
  const options: ListenerOptions = { ...plain, ticketKeys, clients: { ca: clientAuthority.cert, mode: 'required' } }
  const listener = await startListener(t, options)
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { cert, key } = client
    const session = await sessionFrom(t, listener.port, { maxVersion, cert, key })
    t.match(await who(new TlsClient(t, listener.port, { ca, maxVersion, cert, key, session })), /CN=orders/)
    t.equal(listener.handshakes.at(-1), true)
  }
})

t.test('a session opens no listener that has other rules for clients', async (t) => {
  const ticketKeys = new TicketKeys(createTicketKeyMemory())
  const open = await startListener(t, { ...plain, ticketKeys })
  const closed = await startListener(t, { ...plain, ticketKeys, clients: { ca: clientAuthority.cert, mode: 'required' } })
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const session = await sessionFrom(t, open.port, { maxVersion })
    t.notMatch(await who(new TlsClient(t, closed.port, { ca, maxVersion, session })), /127/)
  }
  const { cert, key } = client
  const session = await sessionFrom(t, closed.port, { cert, key })
  closed.change({ ...plain, ticketKeys, clients: { ca: stranger.cert, mode: 'required' } })
  t.notMatch(await who(new TlsClient(t, closed.port, { ca, cert, key, session })), /127/, 'its CA is not trusted any more')
})

t.test('a session that was begun with a wrong certificate opens nothing', async (t) => {
  const ticketKeys = new TicketKeys(createTicketKeyMemory())
  const { cert, key } = stranger
  for (const mode of ['optional', 'required'] as const) {
    const listener = await startListener(t, { ...plain, ticketKeys, clients: { ca: clientAuthority.cert, mode } })
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const refused = new TlsClient(t, listener.port, { ca, cert, key, maxVersion })
      await refused.ended()
      const session = refused.session ?? refused.socket.getSession()
      t.notMatch(await who(new TlsClient(t, listener.port, { ca, maxVersion, ...(session ? { session } : {}) })), /CN=/)
      t.notMatch(await who(new TlsClient(t, listener.port, { ca, cert, key, maxVersion, ...(session ? { session } : {}) })), /127/)
    }
  }
})

t.test('new certificates are for new handshakes; connections go on with what they have', async (t) => {
  const listener = await startListener(t, plain)
  const kept = new TlsClient(t, listener.port, { ca })
  t.match(await who(kept), /^127/)
  listener.change({ certificates: [createCertificate(authority, 'renewed', { names: ['localhost'] })] })
  t.equal(await commonNameFor(t, listener.port, 'localhost'), 'CN=renewed')
  t.match(await who(kept), /^127/)
  t.equal(kept.socket.getPeerX509Certificate()?.subject, 'CN=server')
})

t.test('certificates that stay the same are not loaded again by the next bundle', async (t) => {
  const ticketKeys = new TicketKeys(createTicketKeyMemory())
  const tlsOf = (options: ListenerOptions, number: number) => listenerGeneration({ ...options, ticketKeys }, number).listener('main')?.tls
  const first = tlsOf(plain, 1)
  t.equal(tlsOf(plain, 2), first)
  t.not(tlsOf({ ...plain, http2: true }, 3), first)
  t.not(tlsOf({ ...plain, clients: { ca: clientAuthority.cert, mode: 'optional' } }, 4), first)
  t.not(tlsOf({ certificates: [createCertificate(authority, 'other')] }, 5), first)
})

t.test('a bundle whose certificates cannot be used is refused, and says which', (t) => {
  const broken: ListenerOptions = { certificates: [server, { cert: server.cert, key: client.key }] }
  t.throws(() => listenerGeneration(broken), {
    code: 'tls-certificate-invalid',
    message: 'certificate 2 of listener `main` (${file:/secret/2}, ${file:/secret/3}): the key belongs to another certificate',
  })
  t.throws(() => listenerGeneration({ ...plain, clients: { ca: 'nonsense', mode: 'optional' } }), {
    code: 'tls-certificate-invalid',
    message: 'CA for clients of listener `main` (${file:/secret/2}): there is no certificate in it',
  })
  t.end()
})

t.test('at a start without anything else such a listener fails handshakes', async (t) => {
  const listener = await startListener(t, { certificates: [{ cert: server.cert, key: client.key }], lenient: true })
  t.not(await new TlsClient(t, listener.port, { ca }).ended(), '')
  t.strictSame(await listener.rejected(1), ['tls-unavailable'])
})

t.test('a handshake that is not done in time is given up: silent, dripping, or stopped half-way', async (t) => {
  const listener = await startListener(t, { ...plain, limits: { handshakeTimeoutMs: 150 } })
  const silent = new RawClient(t, listener.port)
  const dripping = new RawClient(t, listener.port)
  const drip = setInterval(() => dripping.send(Buffer.from([0x16])), 20)
  t.teardown(() => clearInterval(drip))
  await Promise.all([silent.ended(), dripping.ended()])
  const reasons = await listener.rejected(2)
  t.ok(reasons.includes('tls-timeout'))
  t.ok(reasons.every((reason) => reason === 'tls-timeout' || reason === 'tls-handshake'))
  await listener.empty()
})

t.test('what is no TLS is closed', async (t) => {
  const listener = await startListener(t, plain)
  const client = new RawClient(t, listener.port).send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  t.notMatch(await client.ended(), /HTTP/)
  t.strictSame(await listener.rejected(1), ['tls-handshake'])
  await listener.empty()
})

t.test('a client that goes away in the handshake leaves nothing behind', async (t) => {
  const listener = await startListener(t, plain)
  for (let count = 0; count < 5; count++) {
    const client = new RawClient(t, listener.port).send(Buffer.from('1603010200', 'hex'))
    await once(client.socket, 'connect')
    if (count % 2 === 0) client.socket.end()
    else client.socket.resetAndDestroy()
  }
  await listener.empty()
  t.pass()
})

t.test('a client that wants to renegotiate in TLS 1.2 loses its connection', async (t) => {
  const listener = await startListener(t, plain)
  const client = new TlsClient(t, listener.port, { ca, maxVersion: 'TLSv1.2' })
  t.match(await who(client), /^127/)
  client.socket.renegotiate({}, () => {})
  t.not(await client.ended(), '')
  await listener.empty()
})

t.test('rubbish after the handshake ends the connection', async (t) => {
  const listener = await startListener(t, plain)
  const client = new TlsClient(t, listener.port, { ca })
  t.match(await who(client), /^127/)
  const { _handle } = client.socket as unknown as { _handle: { _parent: { writeBuffer(request: null, bytes: Buffer): unknown } } }
  _handle._parent.writeBuffer(null, Buffer.from('1703030010000102030405060708090a0b0c0d0e0f', 'hex'))
  t.not(await client.ended(), '')
  await listener.empty()
})
