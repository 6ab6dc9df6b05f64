/**
 * Every reason for which the wire codec refuses a message: a stable code, the status that a client gets, and a sentence for it.
 * docs/http1-profile.md says which rule each one holds. After any of them the connection is closed: the framing is in doubt.
 */
import { type LocalReply, localReply } from '../../policies/contract.ts'

const REFUSALS = {
  'request-line-invalid': [400, 'The request line is not method, target and version with one space between them.'],
  'line-end-invalid': [400, 'A line does not end with CR LF.'],
  'method-invalid': [400, 'The method is not a token.'],
  'method-too-long': [501, 'The method is longer than any that is known here.'],
  'connect-not-allowed': [405, 'CONNECT is not served here.'],
  'trace-not-allowed': [405, 'TRACE is not served here.'],
  'target-invalid': [400, 'The request target is not valid.'],
  'target-percent-invalid': [400, 'The request target has a percent sign without two hexadecimal digits.'],
  'target-percent-nul': [400, 'The request target has an encoded NUL byte.'],
  'path-backslash': [400, 'The path has a backslash.'],
  'path-encoded-slash': [400, 'The path has an encoded slash or backslash.'],
  'path-above-root': [400, 'The path leads out of the root.'],
  'request-line-too-long': [414, 'The request line is too long.'],
  'version-not-supported': [505, 'Only HTTP/1.0 and HTTP/1.1 are spoken here.'],
  'field-name-invalid': [400, 'A field name is empty, is not a token or is followed by white space.'],
  'field-name-ambiguous': [400, 'A field name has an underscore where a field that matters has a hyphen.'],
  'field-value-invalid': [400, 'A field value has a control byte.'],
  'field-folded': [400, 'A field is folded over several lines.'],
  'fields-too-many': [431, 'There are too many fields.'],
  'head-too-long': [431, 'The head is too long.'],
  'host-missing': [400, 'There is no Host field.'],
  'host-repeated': [400, 'There is more than one Host field.'],
  'host-invalid': [400, 'Host is not a host name or address with an optional port.'],
  'host-mismatch': [400, 'Host and the target name different authorities.'],
  'content-length-invalid': [400, 'Content-Length is not a decimal number.'],
  'content-length-too-large': [413, 'Content-Length is larger than can be counted.'],
  'content-length-conflict': [400, 'There is more than one Content-Length.'],
  'framing-conflict': [400, 'Content-Length and Transfer-Encoding stand in one message.'],
  'transfer-encoding-invalid': [400, 'Transfer-Encoding is not the single coding `chunked`.'],
  'transfer-encoding-repeated': [400, 'There is more than one Transfer-Encoding.'],
  'transfer-encoding-version': [400, 'Transfer-Encoding is not part of HTTP/1.0.'],
  'body-not-allowed': [400, 'This method has no body in HTTP/1.0.'],
  'connection-invalid': [400, 'Connection is not a list of tokens.'],
  'connection-option-forbidden': [400, 'Connection names a field that is not for one connection only.'],
  'connection-options-too-many': [400, 'Connection names too many fields.'],
  'expectation-failed': [417, 'The only expectation that can be met is 100-continue.'],
  'chunk-size-invalid': [400, 'A chunk size is not a hexadecimal number.'],
  'chunk-size-too-large': [413, 'A chunk is larger than can be counted.'],
  'chunk-extension-invalid': [400, 'A chunk extension is not valid.'],
  'chunk-extensions-too-long': [400, 'The chunk extensions are too long.'],
  'chunk-end-invalid': [400, 'A chunk does not end with CR LF.'],
  'trailer-forbidden': [400, 'A field stands in the trailers that may not stand there.'],
  'trailers-too-long': [431, 'The trailers are too long.'],
  // Only of responses from upstream.
  'status-line-invalid': [502, 'The status line is not valid.'],
  'status-invalid': [502, 'The status is not between 100 and 599.'],
  'interim-closes': [502, 'An interim response says that the connection closes.'],
  'length-missing': [502, 'Neither a length nor the end of the connection ends the body.'],
  'upgrade-not-asked': [502, 'The protocol was changed without having been asked for.'],
} as const satisfies { readonly [code: string]: readonly [status: number, detail: string] }

export type RefusalCode = keyof typeof REFUSALS

/** What upstream did wrong has the same code with `upstream-` in front. */
export type UpstreamRefusalCode = `upstream-${RefusalCode}`

export const REFUSAL_CODES = Object.keys(REFUSALS) as readonly RefusalCode[]

export function refusalStatus(code: RefusalCode): number {
  return REFUSALS[code][0]
}

const replies = new Map<string, LocalReply>()
for (const code of REFUSAL_CODES) {
  const [status, detail] = REFUSALS[code]
  // RFC 9110 §15.5.6: a 405 says what is allowed.
  const fields: LocalReply['fields'] = status === 405 ? [['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, QUERY']] : []
  replies.set(code, localReply(status, code, detail, fields))
  replies.set(`upstream-${code}`, localReply(502, `upstream-${code}`, 'The answer from upstream was not valid HTTP.'))
}

/** The reply for a head or body that was refused: the same object every time. */
export function refusalReply(code: string): LocalReply {
  const reply = replies.get(code)
  if (reply === undefined) throw new Error(`no such refusal: ${code}`)
  return reply
}
