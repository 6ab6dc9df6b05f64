/**
 * Hashes of the open-addressing tables. They spread keys that the bundle's author chose; nobody can add keys to a bundle that is served,
 * and the checker bounds every probe, so they need not withstand an attacker.
 */

/** FNV-1a, 32 bits: one multiplication per byte, so that the router can hash a segment while it looks for the slash behind it. */
export const HASH_SEED: number = 0x811c_9dc5 | 0

/** An i32, as all hashes are here: it stays a small integer when it is passed on. */
export function hashByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x0100_0193)
}

/** Hash of `bytes[start..end)`: of a path segment without its slashes. Independent of the parent node. */
export function segmentHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = HASH_SEED
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ (bytes[index] as number), 0x0100_0193)
  return hash
}

/** Home slot of a label or a host in a table of `mask + 1` slots. FNV's low bits alone are weak for short keys. */
export function homeSlot(hash: number, mask: number): number {
  const mixed = Math.imul(hash, 0x85eb_ca6b)
  return (mixed ^ (mixed >>> 15)) & mask
}
