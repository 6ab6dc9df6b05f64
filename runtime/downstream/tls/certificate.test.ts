import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { PosternError } from '../../../bundle/error.ts'
import { createAuthority, createCertificate } from '../../../test/fixtures/certificates.ts'
import { readAuthorities, readServerCertificate, subjectAlternativeNames } from './certificate.ts'

const authority = createAuthority()
const what = 'certificate 1 of listener `https`'

function refusal(read: () => unknown): string {
  try {
    read()
    return 'accepted'
  } catch (error) {
    return error instanceof PosternError ? `${error.code}: ${error.message}` : String(error)
  }
}

t.test('a pair is read with its names, its dates and its fingerprint', (t) => {
  const notAfter = new Date('2031-02-03T04:05:06Z')
  const { cert, key } = createCertificate(authority, 'server', { names: ['API.example.com', '*.example.com', '127.0.0.1'], notAfter })
  const read = readServerCertificate(cert + authority.cert, key, what)
  t.strictSame(read.names, ['api.example.com', '*.example.com'])
  t.strictSame(read.notAfter, notAfter)
  t.match(read.fingerprint, /^[0-9a-f]{64}$/)
  t.end()
})

t.test('a pair that cannot serve is refused with the reason, and without a byte of the key', (t) => {
  const { cert, key } = createCertificate(authority, 'server')
  const other = createCertificate(authority, 'other')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString()
  const broken = cert.replace(/\n[A-Za-z0-9+/]{64}\n/, '\nAAAA\n')
  const head = `tls-certificate-invalid: ${what}`
  t.equal(
    refusal(() => readServerCertificate(cert, other.key, what)),
    `${head}: the key belongs to another certificate`,
  )
  t.equal(
    refusal(() => readServerCertificate(cert, 'nonsense', what)),
    `${head}: the key cannot be read`,
  )
  t.equal(
    refusal(() => readServerCertificate(cert, encrypted, what)),
    `${head}: the key is encrypted`,
  )
  t.equal(
    refusal(() => readServerCertificate('nonsense', key, what)),
    `${head}: there is no certificate in it`,
  )
  t.equal(
    refusal(() => readServerCertificate(key, key, what)),
    `${head}: there is no certificate in it`,
  )
  t.equal(
    refusal(() => readServerCertificate(broken, key, what)),
    `${head}: certificate 1 in it cannot be read`,
  )
  t.equal(
    refusal(() => readServerCertificate(cert + broken, key, what)),
    `${head}: certificate 2 in it cannot be read`,
  )
  t.end()
})

t.test('a list of authorities is read whole', (t) => {
  const other = createAuthority('Other CA')
  t.equal(readAuthorities(`# two\n${authority.cert}${other.cert}`, 'CA').length, 2)
  t.equal(
    refusal(() => readAuthorities('', 'CA')),
    'tls-certificate-invalid: CA: there is no certificate in it',
  )
  t.end()
})

t.test('alternative names are taken apart as Node writes them', (t) => {
  const text = 'DNS:a.example, email:c@example.com, URI:"https://x/a\\u002cb", IP Address:0:0:0:0:0:0:0:1, othername:<unsupported>'
  t.strictSame(subjectAlternativeNames(text), [
    ['DNS', 'a.example'],
    ['email', 'c@example.com'],
    ['URI', 'https://x/a,b'],
    ['IP Address', '0:0:0:0:0:0:0:1'],
    ['othername', '<unsupported>'],
  ])
  t.strictSame(subjectAlternativeNames('DNS:"a, DNS:evil.example", DNS:b'), [
    ['DNS', 'a, DNS:evil.example'],
    ['DNS', 'b'],
  ])
  t.strictSame(subjectAlternativeNames(undefined), [])
  t.end()
})
