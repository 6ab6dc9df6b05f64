/** Signs bundles. The content does not change by it: the signature block stands behind, and signing again replaces it. */

import { strict as assert } from 'node:assert'
import { type KeyObject, sign } from 'node:crypto'
import { readHeader } from './check.ts'
import { PosternError } from './error.ts'
import { isRejection } from './image.ts'
import { MAX_SIGNATURES } from './layout.ts'
import { encodeSignatures, keyIdOf, preAuthenticationEncoding, sha256 } from './signatures.ts'

/**
 * The bundle with a signature of each key (at most 16, all Ed25519) instead of those it had. Deterministic, as Ed25519 is.
 * Throws `not-a-bundle` and the like for bytes whose header is none.
 */
export function signBundle(bytes: Uint8Array, keys: KeyObject | readonly KeyObject[]): Uint8Array {
  const header = readHeader(bytes)
  if (isRejection(header)) throw new PosternError(header.code, header.message)
  const signers = Array.isArray(keys) ? (keys as readonly KeyObject[]) : [keys as KeyObject]
  assert(signers.length > 0 && signers.length <= MAX_SIGNATURES)
  const content = bytes.subarray(0, header.contentBytes)
  const encoding = preAuthenticationEncoding(sha256(content), content.length)
  const byKeyId = new Map(signers.map((key) => [keyIdOf(key).toString('hex'), key]))
  const signatures = Array.from(byKeyId.values(), (key) => ({ keyId: keyIdOf(key), signature: sign(null, encoding, key) }))
  const block = encodeSignatures(signatures)
  const signed = new Uint8Array(content.length + block.length)
  signed.set(content)
  signed.set(block, content.length)
  return signed
}
