import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import t from 'tap'
import {
  check,
  digestOf,
  imageOf,
  inspectBundle,
  isRejection,
  keyIdOf,
  type Rejection,
  signBundle,
  verifyBundle,
  writeBundle,
} from './bundle.ts'
import { LIMITS } from './limits.ts'
import { samplePlan } from './sample.fuzz.ts'
import { encodeSignatures, preAuthenticationEncoding, sha256 } from './signatures.ts'

const unsigned = writeBundle(samplePlan())
const ours = generateKeyPairSync('ed25519')
const theirs = generateKeyPairSync('ed25519')
const digest = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const code = (result: unknown) => (isRejection(result) ? (result as Rejection).code : 'verified')

t.test('what a trusted key has signed is verified, and says which content and which key', (t) => {
  const signed = signBundle(unsigned, ours.privateKey)
  t.strictSame(verifyBundle(signed, [theirs.publicKey, ours.publicKey]), {
    contentDigest: digest(unsigned),
    keyId: keyIdOf(ours.publicKey).toString('hex'),
  })
  t.equal(digestOf(signed), digest(signed))
  t.notOk(isRejection(check(imageOf(signed), signed.length)))
  t.end()
})

t.test('signing is deterministic, leaves the content as it is, and replaces earlier signatures', (t) => {
  const signed = signBundle(unsigned, ours.privateKey)
  t.strictSame(signBundle(unsigned, ours.privateKey), signed)
  t.strictSame(signed.subarray(0, unsigned.length), unsigned)
  const again = signBundle(signed, theirs.privateKey)
  t.equal(again.length, signed.length)
  t.equal(code(verifyBundle(again, [ours.publicKey])), 'signature-untrusted')
  t.equal(code(verifyBundle(again, [theirs.publicKey])), 'verified')
  t.end()
})

t.test('several keys can sign, each once, and any one of them is enough', (t) => {
  const both = signBundle(unsigned, [theirs.privateKey, ours.privateKey, ours.privateKey])
  t.equal(both.length, unsigned.length + 16 + 2 * 80)
  t.strictSame(both, signBundle(unsigned, [ours.privateKey, theirs.privateKey]), 'whatever their order')
  for (const { publicKey } of [ours, theirs]) t.equal(code(verifyBundle(both, [publicKey])), 'verified')
  const inspection = inspectBundle(both)
  t.match(inspection, { signed: true, keyIds: [keyIdOf(ours.publicKey), keyIdOf(theirs.publicKey)].map((id) => id.toString('hex')).sort() })
  t.end()
})

t.test('unsigned, signed by somebody else, or no key to trust: refused', (t) => {
  t.equal(code(verifyBundle(unsigned, [ours.publicKey])), 'bundle-unsigned')
  t.equal(code(verifyBundle(signBundle(unsigned, theirs.privateKey), [ours.publicKey])), 'signature-untrusted')
  t.equal(code(verifyBundle(signBundle(unsigned, ours.privateKey), [])), 'no-trusted-keys')
  t.equal(code(verifyBundle(new Uint8Array(10), [ours.publicKey])), 'bundle-truncated')
  t.equal(code(verifyBundle(new Uint8Array(100), [ours.publicKey])), 'not-a-bundle')
  t.equal(code(verifyBundle(new Uint8Array(LIMITS.bundleBytes + 1), [ours.publicKey])), 'bundle-too-large')
  t.end()
})

/** A block made by hand. */
function withSignature(keyId: Uint8Array, signature: Uint8Array): Uint8Array {
  return Buffer.concat([unsigned, encodeSignatures([{ keyId, signature }])])
}

t.test('a key id is a hint: a wrong one does no harm, a right one helps nobody', (t) => {
  const encoding = preAuthenticationEncoding(sha256(unsigned), unsigned.length)
  const good = sign(null, encoding, ours.privateKey)
  t.equal(code(verifyBundle(withSignature(keyIdOf(theirs.publicKey), good), [ours.publicKey])), 'verified')
  const bad = sign(null, encoding, theirs.privateKey)
  t.equal(code(verifyBundle(withSignature(keyIdOf(ours.publicKey), bad), [ours.publicKey])), 'signature-untrusted')
  t.end()
})

t.test('every bit of a signature counts', (t) => {
  const signed = signBundle(unsigned, ours.privateKey)
  const at = unsigned.length + 32
  let accepted = 0
  for (let bit = 0; bit < 512; bit++) {
    const signature = Uint8Array.from(signed.subarray(at, at + 64))
    signature[bit >> 3] = (signature[bit >> 3] as number) ^ (1 << (bit & 7))
    if (code(verifyBundle(withSignature(keyIdOf(ours.publicKey), signature), [ours.publicKey])) !== 'signature-untrusted') accepted++
  }
  t.equal(accepted, 0)
  t.end()
})

t.test('a signature over anything but this content in the right encoding is none', (t) => {
  const payload = Buffer.alloc(40)
  payload.set(sha256(unsigned))
  payload.writeBigUInt64LE(BigInt(unsigned.length), 32)
  const encoding = (type: string, body: Buffer) => Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${body.length} `), body])
  const type = 'application/vnd.postern.bundle.v1'
  t.strictSame(preAuthenticationEncoding(sha256(unsigned), unsigned.length), encoding(type, payload), 'the encoding is that of DSSE')
  const longer = Buffer.from(payload)
  longer.writeBigUInt64LE(BigInt(unsigned.length + 64), 32)
  for (const wrong of [payload, unsigned, sha256(unsigned), encoding('application/vnd.postern.head.v1', payload), encoding(type, longer)]) {
    t.equal(
      code(verifyBundle(withSignature(keyIdOf(ours.publicKey), sign(null, wrong, ours.privateKey)), [ours.publicKey])),
      'signature-untrusted',
    )
  }
  t.equal(
    code(verifyBundle(withSignature(keyIdOf(ours.publicKey), sign(null, encoding(type, payload), ours.privateKey)), [ours.publicKey])),
    'verified',
  )
  t.end()
})

t.test('only Ed25519 keys sign and verify, and only public ones are trusted', (t) => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const signed = signBundle(unsigned, ours.privateKey)
  const verify = (key: KeyObject) => () => verifyBundle(signed, [key])
  t.throws(() => signBundle(unsigned, rsa.privateKey), { code: 'key-unsuitable' })
  t.throws(verify(rsa.publicKey), { code: 'key-unsuitable' })
  t.throws(verify(generateKeyPairSync('ed448').publicKey), { code: 'key-unsuitable' })
  t.throws(verify(ours.privateKey), { code: 'key-unsuitable' })
  t.throws(() => signBundle(Buffer.from('not a bundle at all, but long enough to have had a header in its place'), ours.privateKey), {
    code: 'not-a-bundle',
  })
  t.end()
})

t.test('a signature block must be exactly what the format says', (t) => {
  const changed = (at: number, value: number) => {
    const signed = Buffer.from(signBundle(unsigned, [ours.privateKey, theirs.privateKey]))
    signed.writeUInt32LE(value, unsigned.length + at)
    return code(verifyBundle(signed, [ours.publicKey]))
  }
  for (const [at, value] of [
    [0, 1],
    [4, 0],
    [4, 1],
    [4, 3],
    [4, 17],
    [8, 0],
    [8, 1000],
    [12, 0],
    [16, 0],
  ] as const) {
    t.equal(changed(at, value), 'signatures-invalid', `${value} at ${at}`)
  }
  const signed = signBundle(unsigned, ours.privateKey)
  t.equal(code(verifyBundle(Buffer.concat([signed, Buffer.alloc(1)]), [ours.publicKey])), 'signatures-invalid')
  const block = { keyId: keyIdOf(ours.publicKey), signature: signed.subarray(unsigned.length + 32) }
  const twice = Buffer.concat([unsigned, encodeSignatures([block, block])])
  t.equal(code(verifyBundle(twice, [ours.publicKey])), 'signatures-invalid', 'one key twice')
  t.end()
})

t.test('bundles that do not begin where their memory begins are read too', (t) => {
  const signed = signBundle(unsigned, ours.privateKey)
  const within = Buffer.concat([Buffer.from('abc'), signed]).subarray(3)
  t.equal(code(verifyBundle(within, [ours.publicKey])), 'verified')
  t.notOk(isRejection(inspectBundle(within)))
  const shared = new Uint8Array(new SharedArrayBuffer(signed.length))
  shared.set(signed)
  t.equal(code(verifyBundle(shared, [ours.publicKey])), 'verified')
  t.end()
})
