/**
 * Takes an id over from a trusted proxy, and sends the exchange's id both ways. Anybody else's would let a stranger choose what stands in
 * our logs, so it is replaced, in the request that goes upstream too.
 */
import { type FieldName, fieldName, type Runner } from '../contract.ts'

const MAX_ID_CHARACTERS = 128

/** 1 for characters that an id may have: `/`, `=`, `+`, `:` occur in base64 and in trace ids; none needs escaping in a log line or a field. */
const SAFE = new Uint8Array(128)
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-+/=:') SAFE[character.charCodeAt(0)] = 1

export const runner: Runner<FieldName> = {
  name: 'request-id',
  version: 1,
  load(record) {
    const header = fieldName(record.string())
    record.end()
    return header
  },
  request(header, exchange) {
    const { request } = exchange
    if (exchange.client.peerIsTrusted) {
      const id = request.field(header)
      if (id !== undefined && isSafe(id) && request.fieldCount(header) === 1) exchange.requestId = id
    }
    request.setField(header, exchange.requestId)
    return undefined
  },
  response(header, exchange) {
    exchange.response.setField(header, exchange.requestId)
  },
}

function isSafe(id: string): boolean {
  if (id.length === 0 || id.length > MAX_ID_CHARACTERS) return false
  for (let at = 0; at < id.length; at++) if (SAFE[id.charCodeAt(at)] !== 1) return false
  return true
}
