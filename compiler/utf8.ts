/** Where bytes stop being UTF-8 (RFC 3629). */
import { isUtf8 } from 'node:buffer'

/** Offset of the first byte that cannot stand where it stands, 0-based; `undefined` when all is well. */
export function mistakeInUtf8(bytes: Uint8Array): number | undefined {
  if (isUtf8(bytes)) return undefined
  for (let at = 0; at < bytes.length; ) {
    const size = sequenceSize(bytes, at)
    if (size === 0) return at
    at += size
  }
  return bytes.length
}

/** Size of the valid sequence that begins at `at`, or 0. */
function sequenceSize(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] as number
  if (lead < 0x80) return 1
  const size = lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0
  if (size === 0 || at + size > bytes.length) return 0
  const second = bytes[at + 1] as number
  // Overlong forms, surrogates and what lies beyond U+10FFFF.
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < lowest || second > highest) return 0
  for (let next = at + 2; next < at + size; next++) if (((bytes[next] as number) & 0xc0) !== 0x80) return 0
  return size
}
