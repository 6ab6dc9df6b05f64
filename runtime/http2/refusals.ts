/** Reasons for which only HTTP/2 refuses a request; all others are HTTP/1.1's, because the same parser reads the head. */
import { type LocalReply, localReply } from '../../policies/contract.ts'
import { type RefusalCode, refusalReply } from '../http1/refusals.ts'

const REFUSALS = {
  'pseudo-field-invalid': [400, 'A pseudo-header field is missing, unknown, repeated or out of place.'],
  'connection-field-forbidden': [400, 'A field stands in the request that HTTP/2 does not have.'],
  'scheme-mismatch': [400, 'The scheme is not the one that this connection has.'],
  'content-length-mismatch': [400, 'The body is not as long as Content-Length says.'],
} as const satisfies { readonly [code: string]: readonly [status: number, detail: string] }

export type Http2RefusalCode = keyof typeof REFUSALS | RefusalCode

const replies = new Map<string, LocalReply>()
for (const [code, [status, detail]] of Object.entries(REFUSALS)) replies.set(code, localReply(status, code, detail))

/** The reply for a request that was refused: the same object every time. */
export function http2RefusalReply(code: Http2RefusalCode): LocalReply {
  return replies.get(code) ?? refusalReply(code)
}
