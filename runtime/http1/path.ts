/**
 * The one canonical form of a path (F15, F16): matched and forwarded in this form, decoded once and never twice.
 *
 * - `.` and `..` segments are resolved as in RFC 3986 §5.2.4, percent-encoded dots included; a path that leads above its root is refused.
 * - Percent-encoded unreserved bytes are decoded, all other triplets keep their encoding with upper-case digits (RFC 3986 §6.2.2).
 * - `%2F`, `%5C`, `%00`, `\`, an incomplete triplet, and bytes that no target may have are refused.
 * - Empty segments stay: `//` is an empty segment and is matched as one; slashes are never merged.
 */
import { BACKSLASH, DOT, HEX, PERCENT, QUESTION, SLASH, TARGET, UNRESERVED } from './bytes.ts'
import type { RefusalCode } from './refusals.ts'

const ERRORS: readonly RefusalCode[] = [
  'target-invalid',
  'target-invalid',
  'target-percent-invalid',
  'target-percent-nul',
  'path-backslash',
  'path-encoded-slash',
  'path-above-root',
]
const INVALID = -1
const PERCENT_INVALID = -2
const PERCENT_NUL = -3
const RAW_BACKSLASH = -4
const ENCODED_SLASH = -5
const ABOVE_ROOT = -6

/** Code for a negative answer of `canonicalise`. */
export function pathError(result: number): RefusalCode {
  return ERRORS[-result] as RefusalCode
}

/**
 * Brings the path `bytes[start, end)`, which has no query, into canonical form. Returns 0 when it has that form already (nothing is written:
 * use the input), the size of what was written to `out` (never longer than the input; `out` has room for it), or a negative number for `pathError`.
 */
export function canonicalise(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  if (start >= end || bytes[start] !== SLASH) return INVALID
  let segmentStart = start
  let i = start
  while (i < end) {
    const byte = bytes[i] as number
    if (byte === SLASH) segmentStart = i
    else if (byte === PERCENT) {
      const triplet = readTriplet(bytes, i, end)
      if (triplet < 0) return triplet
      if (UNRESERVED[triplet] === 1 || !hasUpperDigits(bytes, i)) return rewrite(bytes, start, segmentStart, end, out)
      i += 2
    } else if (byte === DOT) {
      if (i === segmentStart + 1 && isDotSegment(bytes, i, end)) return rewrite(bytes, start, segmentStart, end, out)
    } else if (byte === BACKSLASH) return RAW_BACKSLASH
    else if (byte === QUESTION || TARGET[byte] === 0) return INVALID
    i++
  }
  return 0
}

/** Checks triplets outside of paths, where they are forwarded as they came: 0, or a negative number for `pathError`. */
export function checkTriplets(bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i < end; i++) {
    if (bytes[i] !== PERCENT) continue
    const high = i + 2 < end ? (HEX[bytes[i + 1] as number] as number) : 0
    const low = i + 2 < end ? (HEX[bytes[i + 2] as number] as number) : 0
    if (high === 0 || low === 0) return PERCENT_INVALID
    if (high === 1 && low === 1) return PERCENT_NUL
    i += 2
  }
  return 0
}

/** Copies up to the first segment that has to change, which begins with the slash at `segmentStart`, and resolves the rest. */
function rewrite(bytes: Uint8Array, start: number, segmentStart: number, end: number, out: Uint8Array): number {
  let size = 0
  for (let i = start; i < segmentStart; i++) out[size++] = bytes[i] as number
  let i = segmentStart
  while (i < end) {
    // bytes[i] is the slash that begins a segment.
    const segmentOut = size
    out[size++] = SLASH
    i++
    while (i < end && bytes[i] !== SLASH) {
      const byte = bytes[i] as number
      if (byte === PERCENT) {
        const triplet = readTriplet(bytes, i, end)
        if (triplet < 0) return triplet
        if (UNRESERVED[triplet] === 1) out[size++] = triplet
        else {
          out[size++] = PERCENT
          out[size++] = upperDigit(bytes[i + 1] as number)
          out[size++] = upperDigit(bytes[i + 2] as number)
        }
        i += 3
        continue
      }
      if (byte === BACKSLASH) return RAW_BACKSLASH
      if (byte === QUESTION || TARGET[byte] === 0) return INVALID
      out[size++] = byte
      i++
    }
    const segmentBytes = size - segmentOut - 1
    if (segmentBytes === 1 && out[size - 1] === DOT) size = segmentOut
    else if (segmentBytes === 2 && out[size - 1] === DOT && out[size - 2] === DOT) {
      if (segmentOut === 0) return ABOVE_ROOT
      size = segmentOut - 1
      while (out[size] !== SLASH) size--
    } else continue
    // A dot segment at the end leaves its directory, with a slash.
    if (i >= end) out[size++] = SLASH
  }
  return size
}

/** Value of the triplet at `i`, or a negative number. */
function readTriplet(bytes: Uint8Array, i: number, end: number): number {
  const high = i + 2 < end ? (HEX[bytes[i + 1] as number] as number) : 0
  const low = i + 2 < end ? (HEX[bytes[i + 2] as number] as number) : 0
  if (high === 0 || low === 0) return PERCENT_INVALID
  const value = ((high - 1) << 4) | (low - 1)
  if (value === 0) return PERCENT_NUL
  if (value === SLASH || value === BACKSLASH) return ENCODED_SLASH
  return value
}

/** Whether the segment whose first byte, a dot, is at `i` is `.` or `..`. */
function isDotSegment(bytes: Uint8Array, i: number, end: number): boolean {
  let next = i + 1
  if (next < end && bytes[next] === DOT) next++
  // `.%2e` and the like are found when the triplet is reached: it is one of an unreserved byte.
  return next === end || bytes[next] === SLASH
}

function hasUpperDigits(bytes: Uint8Array, i: number): boolean {
  return (bytes[i + 1] as number) < 0x61 && (bytes[i + 2] as number) < 0x61
}

function upperDigit(digit: number): number {
  return digit >= 0x61 ? digit - 0x20 : digit
}
