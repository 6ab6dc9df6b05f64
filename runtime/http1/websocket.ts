/**
 * The one upgrade there is (F21): WebSocket (RFC 6455 §4). Both sides have to ask and agree exactly as that says; whatever else stands in an
 * `Upgrade` field, h2c above all, is no upgrade here and is never forwarded.
 */

import { KNOWN } from './field-names.ts'
import type { MessageHead } from './message-head.ts'
import { GET_ID } from './methods.ts'
import type { RequestHead } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'

/** RFC 6455 §4.1: 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/

/** A request that fails any of this is an ordinary one, without its `Upgrade`. */
export function asksForWebSocket(head: RequestHead): boolean {
  if (head.methodId !== GET_ID || head.minorVersion !== 1 || head.isChunked || head.contentLength > 0 || head.hasClose) return false
  if (!namesWebSocket(head)) return false
  const key = only(head, 'sec-websocket-key')
  return key !== undefined && KEY.test(key) && only(head, 'sec-websocket-version') === '13'
}

/** Of a 101 to such a request. Any other is not an answer. */
export function agreesToWebSocket(head: ResponseHead): boolean {
  return (
    head.minorVersion === 1 &&
    !head.isChunked &&
    head.contentLength <= 0 &&
    namesWebSocket(head) &&
    only(head, 'sec-websocket-accept') !== undefined
  )
}

/** `Connection: upgrade` and one `Upgrade: websocket`. */
function namesWebSocket(head: MessageHead): boolean {
  const index = head.indexOfKnown(KNOWN.upgrade)
  return head.hasUpgradeOption && index >= 0 && head.valueIs(index, 'websocket') && head.indexOfKnown(KNOWN.upgrade, index + 1) < 0
}

/** Value of the field, if there is exactly one. */
function only(head: MessageHead, name: string): string | undefined {
  const index = head.indexOfName(name)
  return index < 0 || head.indexOfName(name, undefined, index + 1) >= 0 ? undefined : head.value(index)
}
