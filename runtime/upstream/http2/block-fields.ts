/** Where fields end in a header block (RFC 7541 §6), without decoding them: for blocks that are too long to be decoded in one piece. */

/** Longest integer that makes sense: five bytes behind the prefix. */
const MAX_INTEGER_BYTES = 5
const CUT_OFF = -1

/** Offset behind the last field of `bytes[start, end)` that is complete; `start` when there is none. */
export function completeFields(bytes: Buffer, start: number, end: number): number {
  let whole = start
  for (;;) {
    const next = fieldEnd(bytes, whole, end)
    if (next === CUT_OFF) return whole
    whole = next
  }
}

function fieldEnd(bytes: Buffer, at: number, end: number): number {
  if (at >= end) return CUT_OFF
  const first = bytes[at] as number
  // Indexed, or a new size for the table: an integer and nothing else.
  if (first >= 0x80) return integerEnd(bytes, at, end, 0x7f)
  if (first >= 0x20 && first < 0x40) return integerEnd(bytes, at, end, 0x1f)
  const mask = first >= 0x40 ? 0x3f : 0x0f
  let next = integerEnd(bytes, at, end, mask)
  if (next === CUT_OFF) return CUT_OFF
  if ((first & mask) === 0) {
    next = textEnd(bytes, next, end)
    if (next === CUT_OFF) return CUT_OFF
  }
  return textEnd(bytes, next, end)
}

function integerEnd(bytes: Buffer, at: number, end: number, mask: number): number {
  if (((bytes[at] as number) & mask) !== mask) return at + 1
  for (let i = at + 1; i < end && i <= at + MAX_INTEGER_BYTES; i++) if ((bytes[i] as number) < 0x80) return i + 1
  return CUT_OFF
}

function textEnd(bytes: Buffer, at: number, end: number): number {
  if (at >= end) return CUT_OFF
  const next = integerEnd(bytes, at, end, 0x7f)
  if (next === CUT_OFF) return CUT_OFF
  let size = (bytes[at] as number) & 0x7f
  for (let i = at + 1; i < next; i++) size += ((bytes[i] as number) & 0x7f) * 2 ** (7 * (i - at - 1))
  return next + size > end ? CUT_OFF : next + size
}
