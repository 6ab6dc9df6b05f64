/**
 * A hash of text that is the same in every worker, process and version: what stays with its part of a split stays through restarts and swaps.
 * FNV-1a over UTF-16 units, finished as in MurmurHash3, because FNV alone leaves short texts close together. Not for anything secret.
 */
import { finish } from '../upstream/balance/hash.ts'

/** 32 bits, unsigned. `seed` tells apart hashes of the same text for different ends. */
export function stableHash(text: string, seed = 0): number {
  let hash = (0x811c9dc5 ^ seed) | 0
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return finish(hash)
}
