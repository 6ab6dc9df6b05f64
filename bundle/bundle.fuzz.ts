/**
 * Damages a small complete bundle byte by byte: as it is, verify and check must refuse it; with checksums mended and signed again, check
 * refuses it or all views agree with a naive reader of the same bytes. Nothing may throw or hang either way.
 *
 *     node bundle/bundle.fuzz.ts [--seconds 60] [--seed 1]      every byte once, then changes at random for so long
 */
import { strict as assert } from 'node:assert'
import { generateKeyPairSync } from 'node:crypto'
import { parseArgs } from 'node:util'
import { crc32 } from 'node:zlib'
import { check, digestOf, imageOf, isRejection, openBundle, PosternError, signBundle, verifyBundle, writeBundle } from './bundle.ts'
import { assertAgreement, type Questions } from './compare.fuzz.ts'
import { NaiveBundle } from './naive-reader.fuzz.ts'
import { samplePlan } from './sample.fuzz.ts'

const { publicKey, privateKey } = generateKeyPairSync('ed25519')

export const SAMPLE: Uint8Array = writeBundle(samplePlan())
export const SIGNED_SAMPLE: Uint8Array = signBundle(SAMPLE, privateKey)

export const QUESTIONS: Questions = {
  hosts: ['', 'other.test', 'api.example.com', 'www.example.com', 'a.b.example.com', 'example.com', '.example.com', '*.example.com'],
  paths: [
    ...['/', '/weather', '/weather/forecast/berlin', '/weather/forecast/a-label-that-is-too-long-to-be-inline', '/weather/forecast/'],
    ...['/stations/42', '/stations/abc', '/stations/A1/', '/stations//', '/files', '/files/', '/files/a/b', '/files/\xc3\xbcbersicht'],
  ],
  digests: [Buffer.alloc(32), Buffer.alloc(32, 7), Buffer.alloc(32, 8), Buffer.alloc(32, 9)],
}

/** Bytes that differ from a bundle must not pass as they are, whoever reads them. */
export function assertRefused(bytes: Uint8Array): void {
  assert(isRejection(verifyBundle(bytes, [publicKey])), 'damaged bytes passed verifyBundle')
  const checked = check(imageOf(bytes), bytes.length)
  // The signature block's key id and signatures are not what check is about.
  if (!isRejection(checked)) assert.equal(digestOf(bytes.subarray(0, SAMPLE.length)), digestOf(SAMPLE), 'damaged content passed check')
}

/** Checksums mended and signed: refused, or understood as the naive reader understands it. Says which. */
export function assertRefusedOrAgreed(bytes: Uint8Array, questions: Questions = QUESTIONS): 'refused' | 'agreed' {
  let signed: Uint8Array
  try {
    signed = signBundle(mendChecksums(bytes), privateKey)
  } catch (error) {
    // The header does not say where its content ends: nothing to sign.
    assert(error instanceof PosternError, String(error))
    return 'refused'
  }
  assert(!isRejection(verifyBundle(signed, [publicKey])), 'signed bytes did not pass verifyBundle')
  const image = imageOf(signed)
  const checked = check(image, signed.length)
  if (isRejection(checked)) return 'refused'
  const bundle = openBundle(checked)
  assertAgreement(bundle, new NaiveBundle(Buffer.from(signed)), questions)
  bundle.detach()
  return 'agreed'
}

/** A copy with all checksums right, as far as the table lies within the bytes. */
export function mendChecksums(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes)
  if (copy.length < 64) return copy
  const sections = copy.readUInt32LE(24)
  const tableEnd = 64 + sections * 32
  if (tableEnd <= copy.length) {
    for (let entry = 64; entry < tableEnd; entry += 32) {
      const start = copy.readUInt32LE(entry + 8)
      copy.writeUInt32LE(crc32(copy.subarray(start, start + copy.readUInt32LE(entry + 12))), entry + 20)
    }
    copy.writeUInt32LE(crc32(copy.subarray(64, tableEnd)), 28)
  }
  copy.writeUInt32LE(crc32(copy.subarray(0, 60)), 60)
  return copy
}

/** A small generator with a seed (mulberry32): numbers of 32 bits. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

/** One to four changes: a byte, or a u32 to something that often matters. */
export function mutate(bytes: Uint8Array, next: () => number): Uint8Array {
  const copy = Buffer.from(bytes)
  // Every fourth time in header and section table only: few bytes that say where all others are.
  const size = next() % 4 === 0 ? 64 + 32 * copy.readUInt32LE(24) : copy.length
  for (let changes = 1 + (next() % 4); changes > 0; changes--) {
    if (next() % 2 === 0) {
      const at = next() % size
      copy[at] = (copy[at] as number) ^ (1 + (next() % 255))
      continue
    }
    const at = (next() % (size >> 2)) * 4
    const before = copy.readUInt32LE(at)
    const values = [
      0,
      1,
      before + 1,
      before - 1,
      before * 2,
      before + 64,
      before - 64,
      0x7fff_ffff,
      0x8000_0000,
      0xffff_ffff,
      at,
      copy.length,
      next(),
    ]
    copy.writeUInt32LE((values[next() % values.length] as number) >>> 0, at)
  }
  return copy
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } } })
  const seed = Number(values.seed)
  process.stdout.write(`seed ${seed}, ${values.seconds} s\n`)
  const next = random(seed)
  const count = { refused: 0, agreed: 0 }
  for (let at = 0; at < SIGNED_SAMPLE.length; at++) {
    assertRefused(SIGNED_SAMPLE.subarray(0, at))
    for (const mask of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
      const changed = Uint8Array.from(SIGNED_SAMPLE)
      changed[at] = (changed[at] as number) ^ mask
      assertRefused(changed)
      if (at < SAMPLE.length) count[assertRefusedOrAgreed(changed.subarray(0, SAMPLE.length))]++
    }
  }
  process.stdout.write(`every truncation refused; every byte, ${count.refused} changes refused, ${count.agreed} understood\n`)
  const end = performance.now() + Number(values.seconds) * 1000
  while (performance.now() < end) count[assertRefusedOrAgreed(mutate(SAMPLE, next))]++
  process.stdout.write(`all changes: ${count.refused} refused, ${count.agreed} understood\n`)
}
