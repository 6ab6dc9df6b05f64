import http2 from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import tls, { type SecureContextOptions, type TLSSocket, type TlsOptions } from 'node:tls'
import t, { type Test } from 'tap'
import { sampleEndpoint } from '../../bundle/sample-parts.fuzz.ts'
import { exchangeOn, failsToOpen, GET, memberAt, openTo, POST, RecordingOwner, send } from '../../test/fixtures/carriers.ts'
import { createAuthority, createCertificate, type TestCertificate } from '../../test/fixtures/certificates.ts'
import { generationOf, listeningSocket, RawClient, rawBackend, startDataPath, type TestPlan } from '../../test/fixtures/data-path.ts'
import { Deadlines } from '../data-path-deadlines.ts'
import type { BackendSettings, BackendTlsSettings } from './backend-settings.ts'
import type { Member } from './member.ts'
import { openCarrier } from './open-carrier.ts'
import { MAX_KEPT_SESSIONS, systemAuthorities, UpstreamTls } from './tls.ts'

const authority = createAuthority()
const server = createCertificate(authority, 'server', { names: ['orders.internal', '127.0.0.1'] })
const client = createCertificate(authority, 'gateway')
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

const trusting = (changes: Partial<BackendTlsSettings> = {}): Pick<BackendSettings, 'tls'> => ({
  tls: { ca: authority.cert, serverName: '', verify: true, cert: undefined, key: undefined, ...changes },
})

/** A TLS server that answers every request of HTTP/1.1 alike. */
async function tlsServer(
  t: Test,
  options: TlsOptions = {},
  serve: (socket: TLSSocket) => void = (socket) => socket.on('data', () => socket.write(ANSWER)),
) {
  const sockets: TLSSocket[] = []
  const listening = tls.createServer({ cert: server.cert, key: server.key, ...options }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  listening.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    listening.close()
    for (const socket of sockets) socket.destroy()
  })
  return { port: (listening.address() as AddressInfo).port, sockets }
}

/** One that speaks both, as its ALPN says; requests are answered with what was asked for. */
async function http2Server(t: Test, options: http2.SecureServerOptions = {}) {
  const listening = http2.createSecureServer({ cert: server.cert, key: server.key, allowHTTP1: true, ...options }, (request, response) => {
    request.resume()
    request.on('end', () => response.end(`${request.httpVersion} ${request.url}`))
  })
  const sessions: http2.ServerHttp2Session[] = []
  listening.on('session', (session) => sessions.push(session))
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const session of sessions) session.destroy()
    listening.close()
  })
  return (listening.address() as AddressInfo).port
}

const secure = (port: number, changes: Partial<Member> = {}) => memberAt(port, { isTls: true, ...changes })

t.test('a server is who it says when its certificate has the endpoint’s address or the name in `serverName`', async (t) => {
  const { port, sockets } = await tlsServer(t)
  const byAddress = await openTo(t, secure(port), trusting())
  t.match(await exchangeOn(byAddress.carrier), { isComplete: true, body: 'ok' })
  t.equal(sockets[0]?.servername, false, 'an address is no SNI')
  await exchangeOn((await openTo(t, secure(port), trusting({ serverName: 'orders.internal' }))).carrier)
  t.equal(sockets[1]?.servername, 'orders.internal')
  await exchangeOn((await openTo(t, secure(port), trusting({ serverName: 'orders.internal.' }))).carrier)
  t.equal(sockets[2]?.servername, 'orders.internal', 'without the dot')
})

t.test('who cannot prove it is refused, and the log says why', async (t) => {
  const other = createAuthority('Other CA')
  const expired = createCertificate(authority, 'old', { names: ['127.0.0.1'], notAfter: new Date(Date.now() - 1000) })
  const early = createCertificate(authority, 'new', { names: ['127.0.0.1'], notBefore: new Date(Date.now() + 1e8) })
  const table: [name: string, certificate: TestCertificate, settings: Partial<BackendTlsSettings>, reason: string][] = [
    ['another name', server, { serverName: 'billing.internal' }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['another address', createCertificate(authority, 'x', { names: ['127.0.0.2'] }), {}, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['an address as a name only', createCertificate(authority, '127.0.0.1'), {}, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['another authority', createCertificate(other, 'x', { names: ['127.0.0.1'] }), {}, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['no authority', createCertificate(undefined, 'x', { names: ['127.0.0.1'] }), {}, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['the system’s authorities', server, { ca: undefined }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['too late', expired, {}, 'CERT_HAS_EXPIRED'],
    ['too early', early, {}, 'CERT_NOT_YET_VALID'],
  ]
  for (const [name, certificate, settings, reason] of table) {
    const { port } = await tlsServer(t, { cert: certificate.cert, key: certificate.key })
    t.same(await failsToOpen(secure(port), trusting(settings)), { failure: 'upstream-certificate-invalid', reason }, name)
    const { carrier } = await openTo(t, secure(port), trusting({ ...settings, verify: false }))
    t.equal((await exchangeOn(carrier)).body, 'ok', `${name}, and verify: false`)
  }
})

t.test('what is no TLS, no common version and no answer each have their own failure', async (t) => {
  const plain = await rawBackend(t, (socket) => socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')))
  t.match(await failsToOpen(secure(plain.port), trusting()), { failure: 'upstream-tls-failed', reason: /^ERR_SSL_/ })
  const closing = await rawBackend(t, (socket) => socket.on('data', () => socket.destroy()))
  t.match(await failsToOpen(secure(closing.port), trusting()), { failure: 'upstream-tls-failed', reason: 'ECONNRESET' })
  const silent = await rawBackend(t, () => {})
  t.match(await failsToOpen(secure(silent.port), { ...trusting(), tlsTimeoutMs: 50 }), { failure: 'upstream-tls-timeout' })
  const old: SecureContextOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }
  const { port } = await tlsServer(t, old)
  t.match(await failsToOpen(secure(port), trusting()), { failure: 'upstream-tls-failed', reason: /VERSION|PROTOCOL/ })
})

t.test('nobody there, and nobody who takes the connection', async (t) => {
  const gone = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => gone.once('listening', resolve))
  const { port } = gone.address() as AddressInfo
  await new Promise((resolve) => gone.close(resolve))
  t.same(await failsToOpen(memberAt(port)), { failure: 'upstream-connect-failed', reason: 'ECONNREFUSED' })
  t.same(await failsToOpen(secure(port), trusting()), { failure: 'upstream-connect-failed', reason: 'ECONNREFUSED' })

  const full = await listeningSocket(1)
  const waiting = Array.from({ length: 8 }, () => net.connect(full.port, '127.0.0.1').on('error', () => {}))
  t.teardown(() => {
    for (const socket of waiting) socket.destroy()
  })
  t.match(await failsToOpen(memberAt(full.port), { connectTimeoutMs: 50 }), { failure: 'upstream-connect-timeout' })
})

t.test('a client certificate is shown to who asks for one', async (t) => {
  const wants: TlsOptions = { requestCert: true, rejectUnauthorized: true, ca: [authority.cert] }
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { port, sockets } = await tlsServer(t, { ...wants, maxVersion })
    const { carrier } = await openTo(t, secure(port), trusting({ cert: client.cert, key: client.key }))
    t.equal((await exchangeOn(carrier)).body, 'ok')
    t.equal(sockets[0]?.getPeerCertificate().subject.CN, 'gateway')
  }
  const early = await tlsServer(t, { ...wants, maxVersion: 'TLSv1.2' })
  t.match(await failsToOpen(secure(early.port), trusting()), { failure: 'upstream-tls-failed' })
  const late = await tlsServer(t, wants)
  const { carrier, owner } = await openTo(t, secure(late.port), trusting()).catch(() => ({ carrier: undefined, owner: undefined }))
  if (carrier !== undefined && owner !== undefined) {
    // TLS 1.3 tells it behind the handshake: to whoever asks first, or to nobody.
    const { sink } = carrier.capacity > 0 ? send(carrier, GET) : { sink: undefined }
    await owner.until(() => owner.closed.length === 1)
    if (sink !== undefined) t.equal(sink.failure, 'upstream-tls-failed')
  }
})

t.test('HTTP/2 or HTTP/1.1: as `protocol` says, and where it is `auto`, as the server does', async (t) => {
  const both = await http2Server(t)
  const { port: old } = await tlsServer(t, { ALPNProtocols: ['http/1.1'] })
  const { port: older } = await tlsServer(t)
  const version = async (port: number, protocol: BackendSettings['protocol']) => {
    const { carrier } = await openTo(t, secure(port), { ...trusting(), protocol })
    return [carrier.protocol, (await exchangeOn(carrier)).body]
  }
  t.same(await version(both, 'auto'), ['http2', '2.0 /'])
  t.same(await version(both, 'http2'), ['http2', '2.0 /'])
  t.same(await version(both, 'http1'), ['http1', '1.1 /'])
  t.same(await version(old, 'auto'), ['http1', 'ok'])
  t.same(await version(older, 'auto'), ['http1', 'ok'])
  t.match(await failsToOpen(secure(old), { ...trusting(), protocol: 'http2' }), { failure: 'upstream-protocol-mismatch' })
  t.match(await failsToOpen(secure(older), { ...trusting(), protocol: 'http2' }), { failure: 'upstream-protocol-mismatch' })
})

t.test('for an upgrade HTTP/1.1 alone is offered', async (t) => {
  const port = await http2Server(t)
  const open = async (protocol: BackendSettings['protocol']) => {
    const owner = new RecordingOwner({ ...trusting(), protocol }, new Deadlines())
    openCarrier(owner, secure(port), { http1Only: true })
    await owner.until(() => owner.open.length + owner.failed.length > 0)
    t.teardown(() => owner.open[0]?.destroy())
    return owner.open[0]?.protocol ?? owner.failed[0]?.failure
  }
  t.equal(await open('auto'), 'http1')
  t.equal(await open('http2'), 'upstream-protocol-mismatch')
})

t.test('a second connection resumes the session of the first, as long as the settings are the same', async (t) => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { port, sockets } = await tlsServer(t, { maxVersion })
    const settings = trusting()
    for (let i = 0; i < 3; i++) t.equal((await exchangeOn((await openTo(t, secure(port), settings)).carrier)).body, 'ok')
    t.same(
      sockets.map((socket) => socket.isSessionReused()),
      [false, true, true],
      maxVersion,
    )
    t.equal((await exchangeOn((await openTo(t, secure(port), trusting())).carrier)).body, 'ok')
    t.equal(sockets[3]?.isSessionReused(), false, 'other settings, another context')
  }
})

t.test('sessions that are kept are bounded', (t) => {
  const kept = new UpstreamTls(trusting().tls)
  for (let port = 1; port <= MAX_KEPT_SESSIONS + 10; port++) kept.keepSession(secure(port), Buffer.from([port & 0xff]))
  t.equal(kept.sessionCount, MAX_KEPT_SESSIONS)
  t.equal(kept.connectOptions(secure(1), []).session, undefined)
  t.ok(kept.connectOptions(secure(MAX_KEPT_SESSIONS), []).session)
  kept.forgetSession(secure(MAX_KEPT_SESSIONS))
  t.equal(kept.connectOptions(secure(MAX_KEPT_SESSIONS), []).session, undefined)
  t.end()
})

t.test('certificates that cannot be used are refused when a backend is made, without a word of what is in them', (t) => {
  const secret = client.key.split('\n')[1] as string
  const bad: Partial<BackendTlsSettings>[] = [
    { ca: 'not a certificate' },
    { ca: '' },
    { cert: 'not a certificate', key: client.key },
    { cert: client.cert, key: 'not a key' },
    { cert: server.cert, key: client.key },
    { ca: server.cert.replace('MII', 'xxx') },
  ]
  for (const changes of bad) {
    try {
      new UpstreamTls(trusting(changes).tls)
      t.fail(JSON.stringify(changes).slice(0, 60))
    } catch (error) {
      t.match(error, { code: 'upstream-tls-invalid' })
      t.notMatch((error as Error).message, secret)
    }
  }
  t.end()
})

t.test('a body that ends with its connection is whole without TLS, and in doubt with it', async (t) => {
  const text = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it'
  const plain = await rawBackend(t, (socket) => socket.on('data', () => socket.end(text)))
  t.match(await exchangeOn((await openTo(t, memberAt(plain.port))).carrier), { isComplete: true, body: 'all of it' })
  const { port } = await tlsServer(t, {}, (socket) => socket.on('data', () => socket.end(text)))
  const sink = await exchangeOn((await openTo(t, secure(port), trusting())).carrier)
  t.match(sink, { isComplete: false, body: 'all of it', failure: 'upstream-end-unknown' })
})

t.test('large bodies go both ways over TLS, on HTTP/1.1 and HTTP/2', async (t) => {
  const size = 1024 * 1024
  const options = { cert: server.cert, key: server.key, allowHTTP1: true }
  const echo = http2.createSecureServer(options, (request, response) => void request.pipe(response))
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  const { port } = echo.address() as AddressInfo
  t.teardown(() => echo.close())
  for (const protocol of ['http1', 'http2'] as const) {
    const { carrier } = await openTo(t, secure(port), { ...trusting(), protocol })
    const { stream, sink } = send(carrier, POST, null)
    const piece = Buffer.alloc(16 * 1024, 'x')
    for (let sent = 0; sent < size; sent += piece.length) {
      stream.writeData(piece, 0, piece.length)
      const before = sink.drainCount
      if (!stream.flush()) await sink.until(() => sink.drainCount > before)
    }
    stream.endRequest()
    await sink.until(() => sink.isOver)
    t.match(sink, { isComplete: true, failure: '' }, protocol)
    t.equal(sink.body.length, size)
    carrier.destroy()
  }
})

t.test('a name does not lead to the gateway’s own machine, nor to link-local addresses', async (t) => {
  const { port } = await rawBackend(t, (socket) => socket.on('data', () => socket.write(ANSWER)))
  const refused = { failure: 'upstream-address-refused' }
  t.match(await failsToOpen(memberAt(port, { host: 'api.example' })), { ...refused, reason: 'loopback' })
  t.match(await failsToOpen(memberAt(80, { host: 'api.example', address: '169.254.169.254' })), { ...refused, reason: 'link-local' })
  t.match(await failsToOpen(memberAt(80, { host: 'api.example', address: '::ffff:169.254.169.254' })), { ...refused, reason: 'link-local' })
  const { carrier } = await openTo(t, memberAt(port, { host: 'localhost' }))
  t.equal((await exchangeOn(carrier)).body, 'ok')
})

t.test('where a name has not been resolved yet, what the system says is judged', async (t) => {
  const { port } = await rawBackend(t, (socket) => socket.on('data', () => socket.write(ANSWER)))
  const { carrier } = await openTo(t, memberAt(port, { host: 'localhost', address: 'localhost' }))
  t.equal((await exchangeOn(carrier)).body, 'ok')
  // Names to us, addresses to the C library.
  for (const name of ['127.1', '2130706433', '0x7f.1']) {
    t.match(await failsToOpen(memberAt(port, { host: name, address: name })), { failure: 'upstream-address-refused' }, name)
  }
  t.match(await failsToOpen(memberAt(port, { host: 'no-such-name.invalid', address: 'no-such-name.invalid' })), {
    failure: 'upstream-connect-failed',
  })
})

t.test('connections come from the source address', async (t) => {
  const plain = await rawBackend(t, () => {})
  await openTo(t, memberAt(plain.port), { sourceAddress: '127.0.0.3' })
  const { port, sockets } = await tlsServer(t)
  await exchangeOn((await openTo(t, secure(port), { ...trusting(), sourceAddress: '127.0.0.3' })).carrier)
  t.equal(plain.connections[0]?.remoteAddress, '127.0.0.3')
  t.equal(sockets[0]?.remoteAddress, '127.0.0.3')
  t.match(await failsToOpen(memberAt(plain.port), { sourceAddress: '192.0.2.1' }), {
    failure: 'upstream-connect-failed',
    reason: 'EADDRNOTAVAIL',
  })
})

t.test('who cancels hears nothing any more', async (t) => {
  const { port } = await tlsServer(t)
  const owner = new RecordingOwner(trusting(), new Deadlines())
  const opening = openCarrier(owner, secure(port))
  opening.cancel()
  opening.cancel()
  const again = openCarrier(owner, secure(port))
  await owner.until(() => owner.open.length === 1)
  again.cancel()
  t.equal(owner.open.length + owner.failed.length, 1)
  owner.open[0]?.destroy()
  t.equal(owner.deadlines.count, 0, 'and nothing is left behind')
})

t.test('the system’s authorities are found where systems keep them, or where the environment says', async (t) => {
  const folder = t.testdir({ 'ca.pem': `# some text\n${authority.cert}${authority.cert}${server.cert}`, 'empty.pem': '' })
  t.equal(systemAuthorities(`${folder}/ca.pem`).length, 2, 'each once')
  t.equal(systemAuthorities(undefined, [`${folder}/none.pem`, `${folder}/empty.pem`, `${folder}/ca.pem`]).length, 2)
  if (process.platform === 'linux') t.same(systemAuthorities(undefined, [`${folder}/none.pem`]), [], 'none: Node’s own stay')
})

t.test('a secret that has changed is used from the next generation on', async (t) => {
  const { port } = await tlsServer(t)
  const plan: TestPlan = {
    routes: ['GET /**'],
    secrets: [{ kind: 'env', name: 'CA' }],
    backends: [{ port, endpoints: [sampleEndpoint(port, { isTls: true })], tls: { caSecretIndex: 0, serverName: '', verify: true } }],
  }
  const generation = (number: number, ca: string) => generationOf(plan, {}, number, { secret: () => ca })
  const { dataPath, port: gateway } = await startDataPath(t, generation(1, createAuthority('Old CA').cert))
  const get = () => new RawClient(t, gateway).send(GET).until((text) => /\}\n$|ok$/.test(text))
  t.match(await get(), /^HTTP\/1.1 502 [\s\S]*"upstream-certificate-invalid"/)
  dataPath.activate(generation(2, authority.cert))
  t.match(await get(), /^HTTP\/1.1 200 /)
  dataPath.activate(generation(3, createAuthority('Old CA').cert))
  t.match(await get(), /^HTTP\/1.1 502 /, 'and not only where a connection has to be made: those that rest are closed')
})
