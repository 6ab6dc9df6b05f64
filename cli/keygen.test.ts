import { createPrivateKey, createPublicKey } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { postern, temporaryFolder } from '../test/postern-process.ts'

t.test('keygen writes a pair that belongs together, the private half for the owner alone', async (t) => {
  const folder = join(temporaryFolder(t), 'keys')
  const { code, stdout } = await postern(['keygen', '--out', folder])
  t.equal(code, 0)
  t.equal(stdout, `${folder}/postern.key\n${folder}/postern.pub\n`)
  t.equal(statSync(join(folder, 'postern.key')).mode & 0o777, 0o600)
  const pem = readFileSync(join(folder, 'postern.key'), 'utf8')
  t.ok(pem.startsWith('-----BEGIN PRIVATE KEY-----'), 'PKCS#8')
  const key = createPrivateKey(pem)
  t.equal(key.asymmetricKeyType, 'ed25519')
  t.equal(readFileSync(join(folder, 'postern.pub'), 'utf8'), createPublicKey(key).export({ type: 'spki', format: 'pem' }))
})

t.test('an existing key is never overwritten, and no half of a pair is left behind', async (t) => {
  for (const existing of ['postern.key', 'postern.pub']) {
    const folder = temporaryFolder(t, { [existing]: 'precious' })
    const { code, stderr } = await postern(['keygen'], { cwd: folder })
    t.equal(code, 3)
    t.match(stderr, /postern\.(key|pub) exists already, and a key is never overwritten/)
    t.equal(readFileSync(join(folder, existing), 'utf8'), 'precious')
    t.strictSame(readdirSync(folder), [existing])
  }
})

t.test('a folder that cannot be made is one sentence and exit code 3', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'file'), '')
  const { code, stderr } = await postern(['keygen', '--out', 'file/keys'], { cwd: folder })
  t.equal(code, 3)
  t.match(stderr, /^postern: cannot write file\/keys\/postern.key: .*ENOTDIR.*\n$/)
})

t.test('a folder where nothing can be made does not hang it', { skip: process.platform !== 'linux' }, async (t) => {
  const { code, stderr } = await postern(['keygen', '--out', '/proc/postern-keys/new'])
  t.equal(code, 3)
  t.match(stderr, /^postern: cannot write \/proc\/postern-keys\/new\/postern.key: .*ENOENT.*\n$/)
})
