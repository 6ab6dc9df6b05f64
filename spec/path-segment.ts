/**
 * One segment of a path in canonical form: unreserved characters as they are, `%xx` with capitals, nothing else encoded or decoded
 * (RFC 3986 §6.2.2). The gateway brings the paths of requests to the same form before it matches, so that a literal is compared byte by byte.
 */
import { characterAt, endOfCharacter, type Mistake, mistake } from './grammar.ts'

/** `text[start, end)` in canonical form, for use as a literal. May be empty. */
export function canonicalSegment(text: string, start: number, end: number): string | Mistake {
  let canonical = ''
  for (let at = start; at < end; ) {
    const code = text.charCodeAt(at)
    const next = endOfCharacter(text, at)
    if (code === 0x25) {
      const hex = text.slice(at + 1, Math.min(at + 3, end))
      if (!/^[0-9a-fA-F]{2}$/.test(hex))
        return mistake('`%` is not followed by two hex digits', at, at + 1 + hex.length, '`%25` for the character itself')
      const byte = Number.parseInt(hex, 16)
      if (byte === 0x2f || byte === 0x5c || byte === 0) {
        return mistake(`\`%${hex}\` in a path is refused by the gateway`, at, at + 3)
      }
      canonical += isUnreserved(byte) ? String.fromCharCode(byte) : `%${hex.toUpperCase()}`
      at += 3
      continue
    }
    if (isUnreserved(code) || isPathDelimiter(code)) canonical += text[at]
    else if (code > 0x7f && isWellFormedAt(text, at)) canonical += encodeURIComponent(text.slice(at, next))
    else return mistake(`\`${characterAt(text, at)}\` cannot stand in a path`, at, next, hint(code))
    at = next
  }
  if (canonical === '.' || canonical === '..') return mistake(`\`${canonical}\` is not a segment that a request can have`, start, end)
  return canonical
}

function hint(code: number): string | undefined {
  if (code === 0x3f || code === 0x23) return 'routes are chosen by path only: take the query or fragment away'
  if (code === 0x5c) return 'segments are separated by `/`'
  if (code > 0x7f || code < 0x20) return undefined
  return `\`%${code.toString(16).toUpperCase().padStart(2, '0')}\` for the character itself`
}

function isWellFormedAt(text: string, at: number): boolean {
  return text.slice(at, endOfCharacter(text, at)).isWellFormed()
}

/** RFC 3986 §2.3. */
function isUnreserved(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x5f ||
    code === 0x7e
  )
}

/** The rest of `pchar`, RFC 3986 §3.3: sub-delims, `:` and `@`. */
function isPathDelimiter(code: number): boolean {
  return code < 0x80 && "!$&'()*+,;=:@".includes(String.fromCharCode(code))
}
