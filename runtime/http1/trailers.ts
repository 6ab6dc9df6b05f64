/**
 * Which trailers go on (F26; RFC 9110 §6.5). What frames, routes or authenticates a message, or says what its body is, must not come after the
 * body: that is refused. Of the rest only gRPC's own are passed on, and all of them in responses that are gRPC, because its metadata stands there.
 */
import { KNOWN, LOOKALIKE } from './field-names.ts'
import type { FieldSection } from './field-section.ts'
import type { RefusalCode } from './refusals.ts'
import type { RequestHead } from './request-head.ts'

const GRPC = 'grpc-'
const CONTENT = 'content-'

const FORBIDDEN = new Uint8Array(256)
for (const id of [
  KNOWN.host,
  KNOWN.contentLength,
  KNOWN.contentType,
  KNOWN.contentEncoding,
  KNOWN.contentRange,
  KNOWN.transferEncoding,
  KNOWN.connection,
  KNOWN.keepAlive,
  KNOWN.proxyConnection,
  KNOWN.te,
  KNOWN.trailer,
  KNOWN.upgrade,
  KNOWN.expect,
  KNOWN.maxForwards,
  KNOWN.authorization,
  KNOWN.proxyAuthorization,
  KNOWN.proxyAuthenticate,
  KNOWN.cookie,
  KNOWN.setCookie,
  KNOWN.forwarded,
  KNOWN.xForwardedFor,
  KNOWN.xForwardedHost,
  KNOWN.xForwardedProto,
  KNOWN.xForwardedPort,
]) {
  FORBIDDEN[id] = 1
}

/** Refuses trailers that may not be there, and marks in `hopByHop` those that are not passed on. Whoever writes trailers leaves out what is marked. */
export function judgeTrailers(section: FieldSection, isGrpc: boolean): RefusalCode | '' {
  for (let index = 0; index < section.fieldCount; index++) {
    if (isForbiddenTrailer(section, index)) return 'trailer-forbidden'
    section.hopByHop[index] = isGrpc || section.name(index).toLowerCase().startsWith(GRPC) ? 0 : 1
  }
  return ''
}

export function isForbiddenTrailer(section: FieldSection, index: number): boolean {
  const id = (section.knownIds[index] as number) & ~LOOKALIKE
  return FORBIDDEN[id] === 1 || (id === KNOWN.none && section.name(index).toLowerCase().startsWith(CONTENT))
}

/** Whether any trailer of this section goes on. */
export function hasPassedTrailers(section: FieldSection): boolean {
  for (let index = 0; index < section.fieldCount; index++) if (section.hopByHop[index] === 0) return true
  return false
}

/** `TE: trailers`: the client, or whoever is between, will not drop them unread. */
export function acceptsTrailers(head: RequestHead): boolean {
  for (let index = head.indexOfKnown(KNOWN.te); index >= 0; index = head.indexOfKnown(KNOWN.te, index + 1)) {
    for (const option of head.value(index).split(',')) if (option.trim().toLowerCase() === 'trailers') return true
  }
  return false
}
