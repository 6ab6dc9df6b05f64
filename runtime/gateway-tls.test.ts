/** TLS as an operator meets it: certificates in files, which are replaced while the gateway serves. */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { sampleListener } from '../bundle/sample-parts.fuzz.ts'
import { createAuthority, createCertificate, type TestCertificate } from '../test/fixtures/certificates.ts'
import { bundleOf, get, startGateway, type TestGateway, temporaryFolder, until } from './fixtures/gateway.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

const authority = createAuthority()
const first = createCertificate(authority, 'first', { names: ['localhost'] })
const second = createCertificate(authority, 'second', { names: ['localhost'] })
const TUNING = { tuning: { secretPollMs: 20 } }

function pair(folder: string, { cert, key }: Pick<TestCertificate, 'cert' | 'key'>): void {
  put(join(folder, 'tls.crt'), cert)
  put(join(folder, 'tls.key'), key)
}

/** At once: who reads half a file sees a pair that nobody has meant, and it counts. */
function put(file: string, text: string): void {
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}

/** One listener with TLS, and one without if `isBoth`. */
function bundleWith(folder: string, isBoth = false): Uint8Array {
  const tls = { certificates: [{ certSecretIndex: 0, keySecretIndex: 1 }], minVersion: '1.2' as const }
  const secure = { ...sampleListener(), name: 'secure', protocol: 'https' as const, tls }
  return bundleOf({
    listeners: isBoth ? [secure, { ...sampleListener(), name: 'plain' }] : [secure],
    secrets: ['tls.crt', 'tls.key'].map((name) => ({ kind: 'file', name: join(folder, name) })),
  })
}

interface Answer {
  readonly body: string
  readonly subject: string
  readonly socket: TLSSocket
  readonly isResumed: boolean
  readonly session: Buffer | undefined
}

/** `GET /hello` on a new connection, which stays open. */
function hello(t: Test, gateway: TestGateway, session?: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const port = Number(new URL(gateway.url).port)
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: authority.cert, ...(session ? { session } : {}) })
    t.teardown(() => socket.destroy())
    let [text, given]: [string, Buffer | undefined] = ['', undefined]
    const finish = () => {
      // Who resumes gets no new session.
      if (!/\r\n\r\n./.test(text) || (given ?? session) === undefined) return
      const body = text.slice(text.indexOf('\r\n\r\n') + 4)
      const subject = socket.getPeerX509Certificate()?.subject ?? ''
      resolve({ body, subject, socket, isResumed: socket.isSessionReused(), session: given })
    }
    socket.on('data', (data) => {
      text += data
      finish()
    })
    socket.on('session', (session) => {
      given = session
      finish()
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('closed')))
    socket.write('GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n')
  })
}

t.test('files that change are used for new connections within moments, and old connections stay', async (t) => {
  const folder = temporaryFolder(t)
  pair(folder, first)
  const gateway = await startGateway(t, { folder, bundle: bundleWith(folder) }, TUNING)
  t.match(gateway.url, /^https:/)
  const kept = await hello(t, gateway)
  t.match(kept, { body: 'hello', subject: 'CN=first' })
  pair(folder, second)
  await until(async () => (await hello(t, gateway)).subject === 'CN=second')
  let text = ''
  kept.socket.on('data', (data) => {
    text += data
  })
  kept.socket.write('GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await until(() => text.endsWith('hello'))
  t.match((await gateway.status()).bundle, { generation: 2, origin: 'file' })
})

t.test('secrets that are mounted as Kubernetes does it, behind a symbolic link that turns, are found changed', async (t) => {
  const folder = temporaryFolder(t)
  const turn = (version: string, certificate: TestCertificate) => {
    mkdirSync(join(folder, version))
    pair(join(folder, version), certificate)
    symlinkSync(version, join(folder, 'data.new'))
    renameSync(join(folder, 'data.new'), join(folder, 'data'))
  }
  turn('1', first)
  const gateway = await startGateway(t, { folder, bundle: bundleWith(join(folder, 'data')) }, TUNING)
  t.match(await hello(t, gateway), { subject: 'CN=first' })
  turn('2', second)
  rmSync(join(folder, '1'), { recursive: true })
  await until(async () => (await hello(t, gateway)).subject === 'CN=second')
})

t.test('a new pair that does not belong together is not used, and does not keep a later one from being', async (t) => {
  const folder = temporaryFolder(t)
  pair(folder, first)
  const gateway = await startGateway(t, { folder, bundle: bundleWith(folder) }, TUNING)
  pair(folder, { cert: second.cert, key: first.key })
  const rejected = /postern_bundle_rejections_total\{code="tls-certificate-invalid"\} 1/
  await until(async () => rejected.test(await gateway.metrics()))
  t.match((await gateway.status()).lastRejection, {
    code: 'tls-certificate-invalid',
    message: `certificate 1 of listener \`secure\` (\${file:${folder}/tls.crt}, \${file:${folder}/tls.key}): the key belongs to another certificate`,
  })
  t.match(await hello(t, gateway), { subject: 'CN=first' })
  rmSync(join(folder, 'tls.key'))
  t.match(await hello(t, gateway), { subject: 'CN=first' })
  pair(folder, second)
  await until(async () => (await hello(t, gateway)).subject === 'CN=second')
  t.match(await gateway.metrics(), rejected, 'it was tried once')
  const told = (await gateway.metrics()) + JSON.stringify(await gateway.status())
  t.notMatch(told, new RegExp(first.key.split('\n')[1] ?? 'nothing'))
})

t.test('status and metrics say when certificates expire', async (t) => {
  const folder = temporaryFolder(t)
  const notAfter = new Date('2031-02-03T04:05:06Z')
  pair(folder, createCertificate(authority, 'long', { names: ['localhost', 'www.example.com'], notAfter }))
  const gateway = await startGateway(t, { folder, bundle: bundleWith(folder) })
  await hello(t, gateway)
  t.match(
    await gateway.metrics(),
    `postern_tls_certificate_expiry_seconds{listener="secure",name="localhost"} ${notAfter.getTime() / 1000}`,
  )
  t.match(await gateway.metrics(), /postern_tls_handshakes_total\{kind="full"\} 1/)
  t.match(await gateway.status(), {
    certificates: [{ listener: 'secure', names: ['localhost', 'www.example.com'], notAfter: '2031-02-03T04:05:06.000Z' }],
  })
})

t.test('sessions are resumed whichever worker the next connection goes to', async (t) => {
  const folder = temporaryFolder(t)
  pair(folder, first)
  const gateway = await startGateway(t, { folder, bundle: bundleWith(folder), workers: 3 })
  const { session } = await hello(t, gateway)
  const connections = 24
  let resumed = 0
  for (let count = 0; count < connections; count++) if ((await hello(t, gateway, session)).isResumed) resumed += 1
  t.equal(resumed, connections)
  t.match(await gateway.metrics(), new RegExp(`postern_tls_handshakes_total\\{kind="resumed"\\} ${connections}`))
})

t.test('a bundle whose certificates cannot be used is refused; at a start from the store other listeners serve', async (t) => {
  const folder = temporaryFolder(t)
  pair(folder, first)
  const bundle = bundleWith(folder, true)
  const gateway = await startGateway(t, { folder, bundle }, TUNING)
  await hello(t, gateway)
  await gateway.stop()
  pair(folder, { cert: 'nonsense', key: first.key })
  const again = await startGateway(t, { folder, bundle }, TUNING)
  t.match(await again.status(), { bundle: { origin: 'store' }, lastRejection: { code: 'tls-certificate-invalid' } })
  await t.rejects(hello(t, again))
  t.match(await get(`${again.listeners[1]?.url}/hello`), { status: 200, body: 'hello' })
  t.match(await again.metrics(), /postern_connections_rejected_total\{reason="tls-unavailable"\} 1/)
  pair(folder, second)
  await until(() =>
    hello(t, again).then(
      ({ subject }) => subject === 'CN=second',
      () => false,
    ),
  )
})

t.test('with `--listen` the first listener of the bundle is what is served', async (t) => {
  const folder = temporaryFolder(t)
  pair(folder, first)
  const gateway = await startGateway(t, { folder, bundle: bundleWith(folder), listen: '127.0.0.1:0' })
  t.match(gateway.url, /^https:/)
  t.match(await hello(t, gateway), { body: 'hello', subject: 'CN=first' })
})
