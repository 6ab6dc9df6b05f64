/**
 * Hashes for consistent hashing: the same in every worker, process and machine, so without a random seed. Who can choose keys can choose a
 * member's; that is what the operator has asked for when hashing by something that clients send.
 */

/** FNV-1a over UTF-16 units, then mixed: 32 bits, unsigned. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193)
    if (unit > 0xff) hash = Math.imul(hash ^ (unit >>> 8), 0x01000193)
  }
  return finish(hash)
}

/** Of bytes `[start, end)`; the same as of their text in Latin-1. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  return finish(hash)
}

/** Number `index` of the series that begins with `seed`: 32 bits, unsigned. */
export function mix(seed: number, index: number): number {
  return finish(finish(seed ^ Math.imul(index + 1, 0x9e3779b9)) ^ seed)
}

/** The finaliser of MurmurHash3: every bit of the input reaches every bit of the output. */
export function finish(value: number): number {
  let hash = value
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  hash ^= hash >>> 16
  return hash >>> 0
}
