/** How long a body is (RFC 9112 §6), read so strictly that no two readers can disagree: F1 to F4 of docs/http1-profile.md. */
import { CR, NINE, SP, ZERO } from './bytes.ts'
import { FIELD_STRIDE } from './field-section.ts'
import type { MessageHead } from './message-head.ts'
import type { RefusalCode } from './refusals.ts'

/** F1, F2, F3: one line, one number, `0` or without a leading zero, and no Transfer-Encoding beside it. */
export function readContentLength(head: MessageHead, index: number): RefusalCode | '' {
  head.hopByHop[index] = 1
  if (head.contentLength >= 0) return 'content-length-conflict'
  const start = head.fields[index * FIELD_STRIDE + 2] as number
  const end = head.fields[index * FIELD_STRIDE + 3] as number
  const { bytes } = head
  if (start === end || (bytes[start] === ZERO && end - start > 1)) return 'content-length-invalid'
  if (!endsWithSpaces(head, index)) return 'content-length-invalid'
  let value = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number
    if (byte < ZERO || byte > NINE) return 'content-length-invalid'
    // Exact up to 2^53-1; above that only its being larger counts.
    value = value * 10 + (byte - ZERO)
  }
  if (value > Number.MAX_SAFE_INTEGER) return 'content-length-too-large'
  if (head.isChunked) return 'framing-conflict'
  head.contentLength = value
  return ''
}

/** F1, F4: one line that is exactly `chunked`, spaces around it, HTTP/1.1 only, and no Content-Length beside it. */
export function readTransferEncoding(head: MessageHead, index: number): RefusalCode | '' {
  head.hopByHop[index] = 1
  if (head.minorVersion === 0) return 'transfer-encoding-version'
  if (head.isChunked) return 'transfer-encoding-repeated'
  if (!head.valueIs(index, 'chunked')) return 'transfer-encoding-invalid'
  if (!endsWithSpaces(head, index)) return 'transfer-encoding-invalid'
  if (head.contentLength >= 0) return 'framing-conflict'
  head.isChunked = true
  return ''
}

/** A tab behind a value is optional white space too, yet llhttp does not take it for that in fields that frame. */
function endsWithSpaces(head: MessageHead, index: number): boolean {
  let i = head.fields[index * FIELD_STRIDE + 3] as number
  while (head.bytes[i] === SP) i++
  return head.bytes[i] === CR
}
