/**
 * What is decided about a request before any policy runs: whether it is for us at all, and which route it takes.
 * Live traffic and `postern resolve` both begin here.
 */

import { METHODS } from '../bundle/plan.ts'
import { type LocalReply, localReply } from '../policies/contract.ts'
import { clientBehindProxies, isTrusted } from './client-address.ts'
import type { LiveExchange } from './exchange.ts'
import { KNOWN } from './http1/field-names.ts'
import { ASTERISK_FORM } from './http1/request-head.ts'
import { allowedMethods, type Router } from './router.ts'
import { joined, type Origin } from './upstream/request-writer.ts'

export const NO_ROUTE = localReply(404, 'no-route', 'Nothing is served at this address.')
export const LOOP_DETECTED = localReply(508, 'loop-detected', 'This request has passed through this gateway before.')
export const MAX_FORWARDS_INVALID = localReply(400, 'max-forwards-invalid', 'Max-Forwards is not a number.')

const OPTIONS_ID = METHODS.indexOf('OPTIONS')
const EVERY_METHOD = allowedMethods(0xffff_ffff)
/** RFC 9110 §9.3.7: about the server as a whole. */
const OPTIONS_REPLY: LocalReply = Object.freeze({ status: 204, code: '', detail: '', fields: [['Allow', EVERY_METHOD]] as const, body: '' })
const notAllowedReplies = new Map<number, LocalReply>()
const optionsReplies = new Map<number, LocalReply>()

/** The 405 for a path that has routes for these methods (RFC 9110 §15.5.6). */
export function methodNotAllowed(mask: number): LocalReply {
  return kept(notAllowedReplies, mask, () =>
    localReply(405, 'method-not-allowed', 'This address does not have this method.', [['Allow', allowedMethods(mask)]]),
  )
}

/** Sets who calls: the peer, or whom a trusted proxy says it is. */
export function readOrigin(exchange: LiveExchange, origin: Origin): void {
  const ranges = exchange.generation.trustedProxies
  origin.isTrusted = ranges.length > 0 && isTrusted(ranges, origin.peer.bytes)
  origin.peer.peerIsTrusted = origin.isTrusted
  if (!origin.isTrusted) return
  const forwardedFor = joined(exchange.head, KNOWN.xForwardedFor)
  if (forwardedFor !== '') exchange.client = clientBehindProxies(origin.peer, forwardedFor, ranges)
}

/** Finds the route and enters it in `exchange`. A reply: there is none, or the gateway answers for itself. */
export function findRoute(exchange: LiveExchange, router: Router, gateway: string): LocalReply | undefined {
  const { head, generation } = exchange
  if (head.indexOfKnown(KNOWN.via) >= 0 && hasPassed(joined(head, KNOWN.via), gateway)) return LOOP_DETECTED
  if (head.targetForm === ASTERISK_FORM) return OPTIONS_REPLY
  const { bundle } = generation
  if (head.isPreflight) {
    // Only where a policy answers preflights; elsewhere it is an OPTIONS like any other.
    const route = find(exchange, router, head.preflightMethodId)
    if (route >= 0 && bundle.routes.answersPreflight(route)) {
      exchange.matched(route)
      return undefined
    }
  }
  if (head.methodId === OPTIONS_ID && head.indexOfKnown(KNOWN.maxForwards) >= 0) {
    const reply = countForwards(exchange, router)
    if (reply !== undefined) return reply
  }
  const route = find(exchange, router, head.methodId)
  if (route < 0) return router.otherMethods === 0 ? NO_ROUTE : methodNotAllowed(router.otherMethods)
  exchange.matched(route)
  return undefined
}

function find(exchange: LiveExchange, router: Router, methodId: number): number {
  const { head, generation } = exchange
  return router.find(generation.bundle, methodId, head.host.bytes, 0, head.host.size, head.path, head.pathStart, head.pathEnd)
}

/** RFC 9110 §7.6.2: at 0 we are the one who answers; else one hop less is left. TRACE is refused before it comes here. */
function countForwards(exchange: LiveExchange, router: Router): LocalReply | undefined {
  const text = joined(exchange.head, KNOWN.maxForwards)
  if (!/^\d{1,9}$/.test(text)) return MAX_FORWARDS_INVALID
  const left = Number(text)
  if (left > 0) {
    exchange.maxForwards = left - 1
    return undefined
  }
  // No method at all finds nothing, and tells all that there is.
  find(exchange, router, 0)
  const mask = router.otherMethods
  if (mask === 0) return NO_ROUTE
  return kept(optionsReplies, mask, () => ({ ...OPTIONS_REPLY, fields: [['Allow', allowedMethods(mask)]] }))
}

/** Whether a Via element was written by a gateway of our name: `1.1 edge`, `HTTP/1.1 edge (comment)`. */
function hasPassed(via: string, gateway: string): boolean {
  for (const element of via.split(',')) if (element.trim().split(/[ \t]+/)[1] === gateway) return true
  return false
}

/** There are as many masks as the bundle's author has made, at most 2^8. */
function kept(replies: Map<number, LocalReply>, mask: number, make: () => LocalReply): LocalReply {
  let reply = replies.get(mask)
  if (reply === undefined) {
    reply = make()
    replies.set(mask, reply)
  }
  return reply
}
