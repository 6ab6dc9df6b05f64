/**
 * Reads one HTTP/1.1 request head: a pure function of bytes and state that can stop and go on at any byte. It gives offsets into the
 * received bytes and makes no string. docs/http1-profile.md is its specification (F1 to F30); whatever is not plainly valid is refused,
 * and then the connection has to be closed, because nobody can say where the next message begins.
 */
import { METHODS } from '../../bundle/plan.ts'
import { Authority, readAuthority, sameAuthority } from './authority.ts'
import { ASTERISK } from './bytes.ts'
import { KNOWN, LOOKALIKE } from './field-names.ts'
import { FIELD_STRIDE, scanFields } from './field-section.ts'
import { readContentLength, readTransferEncoding } from './framing.ts'
import { isForwardedLookalike, markNominated, NEVER_FORWARDED, NEVER_NOMINATED, readConnection, readProxyConnection } from './hop-by-hop.ts'
import { MessageHead } from './message-head.ts'
import { type RefusalCode, refusalStatus } from './refusals.ts'
import { ABSOLUTE_FORM, ASTERISK_FORM, FIELDS, methodIdOf, readRequestLine, START } from './request-line.ts'

export { ABSOLUTE_FORM, ASTERISK_FORM, MAX_METHOD_BYTES, methodIdOf, ORIGIN_FORM } from './request-line.ts'

export interface RequestHeadLimits {
  /** Method, target and version, without CR LF. A longer one gets 414. */
  readonly requestLineBytes: number
  /** From the first byte to the empty line, both included. A longer one gets 431. */
  readonly headBytes: number
  /** One more gets 431. */
  readonly headFields: number
}

/** F30. */
export const REQUEST_HEAD_LIMITS: RequestHeadLimits = { requestLineBytes: 8 * 1024, headBytes: 32 * 1024, headFields: 100 }

/** States behind those of request-line.ts. */
const DONE = 7
const REFUSED = 8

const GET = METHODS.indexOf('GET')
const HEAD = METHODS.indexOf('HEAD')
const DELETE = METHODS.indexOf('DELETE')
const OPTIONS = METHODS.indexOf('OPTIONS')
const ROOT = Buffer.from('/')
const HTTP_PORT = 80
const HTTPS_PORT = 443
const FIRST_PATH_BYTES = 256

/** One per connection, reused. All offsets are 0-based positions in `bytes`, ends are exclusive. */
export class RequestHead extends MessageHead {
  /** Index in METHODS, 0 for any other token. */
  methodId = 0
  methodStart = 0
  methodEnd = 0
  /** ORIGIN_FORM, ABSOLUTE_FORM or ASTERISK_FORM. */
  targetForm = 0
  targetStart = 0
  targetEnd = 0
  /** The path as it came; empty in an absolute form without one, and `*` in the asterisk form. */
  rawPathStart = 0
  rawPathEnd = 0
  /** Behind the `?`; -1 when there is none. */
  queryStart = -1
  queryEnd = -1
  /** The path in canonical form is `path[pathStart, pathEnd)`: the received bytes when they have that form, else an own buffer. */
  path: Buffer = ROOT
  pathStart = 0
  pathEnd = 1
  /** Host in lower case without port, and the port. */
  readonly host = new Authority()
  /** Host and port as the client wrote them, for forwarding with `preserveHost`. */
  hostValueStart = 0
  hostValueEnd = 0
  /** The client waits for a 100 before it sends the body. */
  expectContinue = false
  /** A CORS preflight: OPTIONS with one Origin and one Access-Control-Request-Method. */
  isPreflight = false
  /** Index in METHODS of what the preflight asks for, 0 for any other. */
  preflightMethodId = 0
  /** 0 unless refused. */
  errorStatus = 0

  state = START
  lineStart = 0
  /** The canonical path is a range of the received bytes. */
  isPathReceived = false
  /** Something in the target is percent-encoded. */
  hasPercent = false
  /** A segment of the target begins with a dot. */
  hasDotSegment = false
  #pathBytes: Buffer | undefined = undefined

  /** Forgets everything, and lets go of the bytes. */
  reset(): void {
    this.resetMessage()
    this.methodId = 0
    this.targetForm = 0
    this.queryStart = -1
    this.queryEnd = -1
    this.path = ROOT
    this.pathStart = 0
    this.pathEnd = 1
    this.host.size = 0
    this.host.port = -1
    this.hostValueStart = 0
    this.hostValueEnd = 0
    this.expectContinue = false
    this.isPreflight = false
    this.preflightMethodId = 0
    this.errorStatus = 0
    this.state = START
    this.isPathReceived = false
    this.hasPercent = false
    this.hasDotSegment = false
  }

  /** Whether a request with this head has a body, maybe an empty one. */
  get hasBody(): boolean {
    return this.isChunked || this.contentLength > 0
  }

  /** The method as a string; for a known one no new string is made. */
  get method(): string {
    return this.methodId > 0 ? (METHODS[this.methodId] as string) : this.bytes.toString('latin1', this.methodStart, this.methodEnd)
  }

  get pathText(): string {
    return this.path.toString('latin1', this.pathStart, this.pathEnd)
  }

  /** Without `?`; `undefined` when the target has none. */
  get queryText(): string | undefined {
    return this.queryStart < 0 ? undefined : this.bytes.toString('latin1', this.queryStart, this.queryEnd)
  }

  get hostText(): string {
    return this.host.text()
  }

  /** Room for a canonical path that is not a range of the received bytes. */
  pathBuffer(size: number): Buffer {
    if (this.#pathBytes === undefined || this.#pathBytes.length < size) {
      this.#pathBytes = Buffer.allocUnsafeSlow(Math.max(FIRST_PATH_BYTES, size))
    }
    return this.#pathBytes
  }
}

/**
 * Reads a head that begins at `start`; bytes up to `end` have arrived. Returns the offset behind the head, 0 when it is not complete (call again
 * with the same `start` and a larger `end`), or -1 when it is refused: `head.errorStatus` and `head.errorCode` say why.
 * The bytes have to stay as they are, at the same offsets, until the caller is done with the head; in between they may be copied to a larger
 * buffer. A caller that moves them calls `head.reset()` and begins again. A head that was completed is reset by the next call.
 */
export function parseRequestHead(bytes: Buffer, start: number, end: number, head: RequestHead, limits: RequestHeadLimits): number {
  if (head.state === DONE) head.reset()
  else if (head.state === REFUSED) return -1
  const headStop = start + limits.headBytes
  const stop = end < headStop ? end : headStop
  if (head.state !== FIELDS) {
    if (head.state === START) head.position = start
    const code = readRequestLine(bytes, stop, head, limits.requestLineBytes)
    if (code !== '') return refuse(head, code)
    if (head.state !== FIELDS) return stop === headStop ? refuse(head, 'head-too-long') : 0
  }
  const next = scanFields(head, bytes, stop, limits.headFields)
  // What was scanned before a mistake is judged first: the answer must not depend on how the bytes were cut.
  const code = checkFields(head)
  if (code !== '') return refuse(head, code)
  if (next < 0) return refuse(head, head.errorCode as RefusalCode)
  if (next === 0) return stop === headStop ? refuse(head, 'head-too-long') : 0
  const last = finish(head)
  if (last !== '') return refuse(head, last)
  head.state = DONE
  return next
}

function refuse(head: RequestHead, code: RefusalCode): -1 {
  head.errorCode = code
  head.errorStatus = refusalStatus(code)
  head.state = REFUSED
  head.keepAlive = false
  return -1
}

/** Judges the fields that have been scanned and not yet been judged. */
function checkFields(head: RequestHead): RefusalCode | '' {
  const { knownIds, fieldCount, fields } = head
  for (let index = head.checkedCount; index < fieldCount; index++) {
    const id = knownIds[index] as number
    if (id === 0) {
      const start = fields[index * FIELD_STRIDE] as number
      // Most names end this at their first byte.
      if (((head.bytes[start] as number) | 0x20) !== 0x78) continue
      if (isForwardedLookalike(head.bytes, start, fields[index * FIELD_STRIDE + 1] as number)) return 'field-name-ambiguous'
      continue
    }
    const code = checkField(head, index, id)
    if (code !== '') return code
  }
  head.checkedCount = fieldCount
  return ''
}

function checkField(head: RequestHead, index: number, id: number): RefusalCode | '' {
  if (id >= LOOKALIKE) {
    const real = id & ~LOOKALIKE
    return NEVER_NOMINATED[real] === 1 || NEVER_FORWARDED[real] === 1 ? 'field-name-ambiguous' : ''
  }
  if (NEVER_FORWARDED[id] === 1) head.hopByHop[index] = 1
  switch (id) {
    case KNOWN.host:
      return readHost(head, index)
    case KNOWN.contentLength:
      return readContentLength(head, index)
    case KNOWN.transferEncoding:
      return readTransferEncoding(head, index)
    case KNOWN.connection:
      return readConnection(head, index)
    case KNOWN.proxyConnection:
      readProxyConnection(head, index)
      return ''
    case KNOWN.upgrade:
      head.hasUpgrade = true
      return ''
    case KNOWN.expect:
      // F18: exactly one `100-continue`, and only from HTTP/1.1.
      if (head.expectContinue || head.minorVersion === 0 || !head.valueIs(index, '100-continue')) return 'expectation-failed'
      head.expectContinue = true
      return ''
    default:
      return ''
  }
}

const targetAuthority = new Authority()

/** F12, F13. */
function readHost(head: RequestHead, index: number): RefusalCode | '' {
  const start = head.fields[index * FIELD_STRIDE + 2] as number
  const end = head.fields[index * FIELD_STRIDE + 3] as number
  const { bytes } = head
  if (head.indexOfKnown(KNOWN.host) !== index) return 'host-repeated'
  if (!readAuthority(bytes, start, end, head.host)) return 'host-invalid'
  if (isAbsolute(head)) {
    // Read again: the first reading went to `head.host`, which now has the field's.
    readAuthority(bytes, head.hostValueStart, head.hostValueEnd, targetAuthority)
    const isHttps = ((bytes[head.targetStart + 4] as number) | 0x20) === 0x73
    if (!sameAuthority(targetAuthority, head.host, isHttps ? HTTPS_PORT : HTTP_PORT)) return 'host-mismatch'
  }
  head.hostValueStart = start
  head.hostValueEnd = end
  return ''
}

function isAbsolute(head: RequestHead): boolean {
  return head.targetForm === ABSOLUTE_FORM || (head.targetForm === ASTERISK_FORM && head.bytes[head.targetStart] !== ASTERISK)
}

/** What can only be said when all fields are there. */
function finish(head: RequestHead): RefusalCode | '' {
  // The bytes may have been taken to a larger buffer since the target was read.
  if (head.isPathReceived) head.path = head.bytes
  const hostIndex = head.indexOfKnown(KNOWN.host)
  // F12: a request without Host is refused in 1.0 too unless its target says it; there is no default host to fall back to.
  if (hostIndex < 0 && (head.minorVersion === 1 || !isAbsolute(head))) return 'host-missing'
  const { methodId } = head
  if (head.minorVersion === 0 && head.contentLength > 0 && (methodId === GET || methodId === HEAD || methodId === DELETE)) {
    return 'body-not-allowed'
  }
  head.keepAlive = !head.hasClose && (head.minorVersion === 1 || head.hasKeepAlive)
  if (head.expectContinue && !head.hasBody) {
    // RFC 9110 §10.1.1 forbids this; there is nothing to wait for, and upstream shall not wait either.
    head.expectContinue = false
    head.hopByHop[head.indexOfKnown(KNOWN.expect)] = 1
  }
  if (head.nominationCount > 0) markNominated(head)
  if (methodId === OPTIONS) readPreflight(head)
  return ''
}

function readPreflight(head: RequestHead): void {
  const origin = head.indexOfKnown(KNOWN.origin)
  const method = head.indexOfKnown(KNOWN.accessControlRequestMethod)
  if (origin < 0 || method < 0) return
  if (head.indexOfKnown(KNOWN.origin, origin + 1) >= 0) return
  if (head.indexOfKnown(KNOWN.accessControlRequestMethod, method + 1) >= 0) return
  head.isPreflight = true
  const at = method * FIELD_STRIDE
  head.preflightMethodId = methodIdOf(head.bytes, head.fields[at + 2] as number, head.fields[at + 3] as number)
}
