/**
 * Verifies a bundle's signature. Keys come from the caller alone: nothing in the file chooses a key or an algorithm. The very bytes
 * that were verified must be used afterwards, never read again.
 */
import { type KeyObject, verify } from 'node:crypto'
import { readHeader } from './check.ts'
import { PosternError } from './error.ts'
import { isRejection, type Rejection, rejection } from './image.ts'
import { keyIdOf, preAuthenticationEncoding, readSignatures, sha256 } from './signatures.ts'

export interface Verified {
  /** `sha256:` and 64 hex digits, over what is signed. */
  readonly contentDigest: string
  /** Hex; the key that was found to have signed. */
  readonly keyId: string
}

/** One trusted key that has signed is enough. Throws `key-unsuitable` for a trusted key that is not an Ed25519 public key. */
export function verifyBundle(bytes: Uint8Array, trusted: readonly KeyObject[]): Verified | Rejection {
  // 1. The caller's keys are what they must be, before anything in the file is looked at.
  const keys = trusted.map((key) => {
    if (key.type !== 'public')
      throw new PosternError('key-unsuitable', `a bundle is verified with public keys, and this key is ${key.type}`)
    return { key, keyId: keyIdOf(key) }
  })
  if (keys.length === 0) return rejection('no-trusted-keys', 'no key is trusted, so that no signature can count')

  // 2. The header is whole: it says where the content ends. Size limit and format version are checked with it.
  const header = readHeader(bytes)
  if (isRejection(header)) return header

  // 3. A signature block, and nothing else, follows the content.
  const signatures = readSignatures(bytes, header.contentBytes)
  if (isRejection(signatures)) return signatures
  if (signatures.length === 0) return rejection('bundle-unsigned', 'the bundle has no signature')

  // 4. What must have been signed: payload type, digest and size of the content.
  const content = sha256(bytes.subarray(0, header.contentBytes))
  const encoding = preAuthenticationEncoding(content, header.contentBytes)

  // 5. Each signature against each trusted key; key ids are hints that could lie, so none is left out because of them.
  for (const { signature } of signatures) {
    for (const { key, keyId } of keys) {
      if (verify(null, encoding, key, signature))
        return { contentDigest: `sha256:${content.toString('hex')}`, keyId: keyId.toString('hex') }
    }
  }
  return rejection('signature-untrusted', 'no trusted key has signed these bytes')
}
