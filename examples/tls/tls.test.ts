/** The example with certificates that its script makes: each name has its own, and both versions of HTTP are spoken. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { request } from 'node:https'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import t from 'tap'
import { startDev, temporaryFolder } from '../../test/postern-process.ts'

const FOLDER = new URL('.', import.meta.url).pathname
const CERTIFICATES = '/tmp/postern-example-tls'

t.test('what its README says holds', async (t) => {
  const made = temporaryFolder(t)
  execFileSync(process.execPath, [join(FOLDER, 'certificates.js'), made])
  const ca = readFileSync(join(made, 'ca.pem'))
  const yaml = readFileSync(join(FOLDER, 'gateway.yaml'), 'utf8')
  t.ok(yaml.includes(CERTIFICATES) && readFileSync(join(FOLDER, 'README.md'), 'utf8').includes(CERTIFICATES))
  const folder = temporaryFolder(t, { 'gateway.yaml': yaml.replaceAll(CERTIFICATES, made).replace('port: 8443', 'port: 0') })
  const dev = startDev(t, [folder])
  const [, port = ''] = await dev.match('stdout', /listening on https?:\/\/127\.0\.0\.1:(\d+)/)
  const options = { host: '127.0.0.1', port: Number(port), ca }

  const reply = await get({ ...options, servername: 'localhost', path: '/hello' })
  t.match(reply, { status: 200, body: 'hello, in private\n', subject: 'localhost' })
  t.match(await get({ ...options, servername: 'www.example.test', path: '/hello' }), { status: 200, subject: '*.example.test' })
  const client = { cert: readFileSync(join(made, 'client.pem')), key: readFileSync(join(made, 'client.key')) }
  t.match(await get({ ...options, ...client, servername: 'localhost', path: '/hello' }), { status: 200 })
  t.equal(await protocolOf({ ...options, servername: 'localhost', ALPNProtocols: ['h2', 'http/1.1'] }), 'h2')
  t.equal(await http2Status(`https://127.0.0.1:${port}`, ca), 200)

  const first = await serialOf({ ...options, servername: 'localhost' })
  const before = readFileSync(join(made, 'localhost.pem'))
  execFileSync(process.execPath, [join(FOLDER, 'certificates.js'), made])
  t.notSame(readFileSync(join(made, 'localhost.pem')), before)
  const renewed = readFileSync(join(made, 'ca.pem'))
  while ((await serialOf({ ...options, ca: renewed, servername: 'localhost', rejectUnauthorized: false })) === first) await pause()
  t.match(await get({ ...options, ca: renewed, servername: 'localhost', path: '/hello' }), { status: 200 }, 'new files, new certificates')
  t.equal((await dev.stop('SIGTERM')).code, 0)
})

interface Reply {
  readonly status: number
  readonly body: string
  readonly subject: string
}

function get(options: import('node:https').RequestOptions): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, agent: false }, (response) => {
      const subject = (response.socket as TLSSocket).getPeerCertificate().subject.CN
      let body = ''
      response.setEncoding('utf8').on('data', (text) => {
        body += text
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, subject: String(subject) }))
    })
    sent.on('error', reject).end()
  })
}

function handshake<T>(options: import('node:tls').ConnectionOptions, read: (socket: TLSSocket) => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const socket = connect(options, () => {
      resolve(read(socket))
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

function protocolOf(options: import('node:tls').ConnectionOptions): Promise<string | false | null> {
  return handshake(options, (socket) => socket.alpnProtocol)
}

function serialOf(options: import('node:tls').ConnectionOptions): Promise<string> {
  return handshake(options, (socket) => socket.getPeerCertificate().serialNumber)
}

function http2Status(url: string, ca: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(url, { ca, servername: 'localhost' })
    session.on('error', reject)
    const stream = session.request({ ':path': '/hello' })
    stream.on('response', (headers) => {
      resolve(Number(headers[':status']))
      session.close()
    })
    stream.resume().end()
  })
}

/** Nothing says from outside when the files have been read again. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100))
}
