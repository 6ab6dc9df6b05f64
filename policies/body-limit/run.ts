/** Refuses by the declared size where there is one, and counts what arrives in any case. */
import { PosternError } from '../../bundle/error.ts'
import { localReply, type Runner } from '../contract.ts'

const TOO_LARGE = localReply(413, 'body-too-large', 'The body of the request is too long.')

export const runner: Runner<{ readonly maxBytes: number }> = {
  name: 'body-limit',
  version: 1,
  load(record) {
    const maxBytes = record.f64()
    record.end()
    if (!Number.isSafeInteger(maxBytes) || maxBytes < 1) throw new PosternError('record-invalid', 'the record of `body-limit` has no limit')
    return { maxBytes }
  },
  request({ maxBytes }, exchange) {
    const declared = exchange.request.contentLength // undefined when chunked, RFC 9112 §6.3
    if (declared !== undefined && declared > maxBytes) return TOO_LARGE
    if (declared !== 0) exchange.request.limitBody(maxBytes, TOO_LARGE) // a sender may lie or stream: what arrives is counted
    return undefined
  },
}
