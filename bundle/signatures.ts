/**
 * The signature block behind the content, and what is signed: DSSE's pre-authentication encoding of payload type and payload, the payload
 * being the SHA-256 of the content and its size as u64. docs/bundle-format.md, "Signatures".
 */
import { createHash, hash, type KeyObject } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { PosternError } from './error.ts'
import { type Rejection, rejection } from './image.ts'
import { KEY_ID_BYTES, MAX_SIGNATURES, SIGNATURE_BYTES, SIGNATURE_HEADER_BYTES, SIGNATURE_TAG } from './layout.ts'

/** Keeps a signature over a bundle from being one over anything else. */
const PAYLOAD_TYPE = 'application/vnd.postern.bundle.v1'

export interface Signature {
  /** Truncated SHA-256 of the public key: a hint which key to try, never a reason to trust. */
  readonly keyId: Uint8Array
  readonly signature: Uint8Array
}

/** The signatures of a file, none if it is unsigned. Refuses a block that is not exactly what follows the content. */
export function readSignatures(file: Uint8Array, contentBytes: number): readonly Signature[] | Rejection {
  const block = file.subarray(contentBytes)
  if (block.length === 0) return []
  const wrong = (what: string): Rejection => rejection('signatures-invalid', `signatures: ${what}`)
  if (block.length < SIGNATURE_HEADER_BYTES) return wrong('bytes follow the content that are no signature block')
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength)
  for (let index = 0; index < SIGNATURE_TAG.length; index++) {
    if (view.getUint8(index) !== SIGNATURE_TAG.charCodeAt(index)) return wrong('bytes follow the content that are no signature block')
  }
  const count = view.getUint32(4, true)
  if (count === 0 || count > MAX_SIGNATURES) return wrong(`${count} of them`)
  if (view.getUint32(8, true) !== block.length || block.length !== SIGNATURE_HEADER_BYTES + count * SIGNATURE_BYTES)
    return wrong('the block has the wrong size')
  if (view.getUint32(12, true) !== crc32(block.subarray(SIGNATURE_HEADER_BYTES))) return wrong('their checksum is wrong')
  const signatures: Signature[] = []
  for (let index = 0; index < count; index++) {
    const at = SIGNATURE_HEADER_BYTES + index * SIGNATURE_BYTES
    const keyId = block.slice(at, at + KEY_ID_BYTES)
    const before = signatures.at(-1)
    if (before !== undefined && Buffer.compare(before.keyId, keyId) >= 0) return wrong('not sorted by key')
    signatures.push({ keyId, signature: block.slice(at + KEY_ID_BYTES, at + SIGNATURE_BYTES) })
  }
  return signatures
}

/** A signature block; signatures are sorted by key. */
export function encodeSignatures(signatures: readonly Signature[]): Uint8Array {
  const block = Buffer.alloc(SIGNATURE_HEADER_BYTES + signatures.length * SIGNATURE_BYTES)
  block.write(SIGNATURE_TAG, 0, 'latin1')
  block.writeUInt32LE(signatures.length, 4)
  block.writeUInt32LE(block.length, 8)
  for (const [index, { keyId, signature }] of [...signatures].sort((a, b) => Buffer.compare(a.keyId, b.keyId)).entries()) {
    const at = SIGNATURE_HEADER_BYTES + index * SIGNATURE_BYTES
    block.set(keyId, at)
    block.set(signature, at + KEY_ID_BYTES)
  }
  block.writeUInt32LE(crc32(block.subarray(SIGNATURE_HEADER_BYTES)), 12)
  return block
}

/** What a key signs: `DSSEv1 <size> <payload type> <size> <payload>`. */
export function preAuthenticationEncoding(contentSha256: Uint8Array, contentBytes: number): Buffer {
  const payload = Buffer.alloc(40)
  payload.set(contentSha256)
  payload.writeBigUInt64LE(BigInt(contentBytes), 32)
  return Buffer.concat([Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload])
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

/** `sha256:` and 64 hex digits, over the whole file: the name of a bundle in stores and heads. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${hash('sha256', bytes, 'hex')}`
}

/** First 16 bytes of the SHA-256 of the raw public key. Throws `key-unsuitable` for any key that is not Ed25519. */
export function keyIdOf(key: KeyObject): Buffer {
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new PosternError('key-unsuitable', `bundles are signed with Ed25519, and this key is ${key.asymmetricKeyType ?? key.type}`)
  }
  const { x } = key.export({ format: 'jwk' })
  return sha256(Buffer.from(x as string, 'base64url')).subarray(0, KEY_ID_BYTES)
}
