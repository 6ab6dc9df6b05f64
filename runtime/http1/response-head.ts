/**
 * Reads one HTTP/1.1 response head from upstream: the same scanner as for requests, and as strict, because a response that two readers
 * understand differently poisons every exchange behind it on that connection. Whatever is wrong here is answered with 502 and the connection
 * is destroyed. docs/http1-profile.md, "Responses".
 */
import { CR, FIELD_VALUE, LF, NINE, SP, ZERO } from './bytes.ts'
import { KNOWN } from './field-names.ts'
import { scanFields } from './field-section.ts'
import { readContentLength, readTransferEncoding } from './framing.ts'
import { markNominated, NEVER_FORWARDED, readConnection, readProxyConnection } from './hop-by-hop.ts'
import { MessageHead } from './message-head.ts'
import type { RefusalCode, UpstreamRefusalCode } from './refusals.ts'

export interface ResponseHeadLimits {
  /** Version, status and reason, without CR LF. */
  readonly statusLineBytes: number
  readonly headBytes: number
  readonly headFields: number
}

export const RESPONSE_HEAD_LIMITS: ResponseHeadLimits = { statusLineBytes: 8 * 1024, headBytes: 64 * 1024, headFields: 200 }

/** How the body ends (RFC 9112 §6.3). */
export const NO_BODY = 0
export const LENGTH = 1
export const CHUNKED = 2
/** With the connection; what is cut short cannot be told from what is whole, so it is taken only from those who said they would close. */
export const UNTIL_CLOSE = 3

const START = 0
const STATUS_LINE = 1
const REASON = 2
const LINE_FEED = 3
const FIELDS = 4
const DONE = 5
const REFUSED = 6

const VERSION_START = 'HTTP/1.'

/** One per upstream connection, reused. */
export class ResponseHead extends MessageHead {
  /** 100 to 599. */
  status = 0
  reasonStart = 0
  reasonEnd = 0
  /** NO_BODY, LENGTH, CHUNKED or UNTIL_CLOSE. */
  bodyKind = NO_BODY
  /** A 1xx other than 101: the final response is still to come. */
  isInterim = false
  /** 502 unless nothing was refused, then 0. */
  errorStatus = 0

  /** Set by the caller before the head is read: the request was a HEAD, so that no body follows. Kept by `reset`. */
  answersHead = false
  /** Set by the caller: the request asked for an upgrade, so that a 101 may come. Kept by `reset`. */
  upgradeAsked = false

  state = START
  lineStart = 0

  reset(): void {
    this.resetMessage()
    this.status = 0
    this.bodyKind = NO_BODY
    this.isInterim = false
    this.errorStatus = 0
    this.state = START
  }

  get reason(): string {
    return this.bytes.toString('latin1', this.reasonStart, this.reasonEnd)
  }
}

/** Reads a head that begins at `start`. Same contract as `parseRequestHead`; codes begin with `upstream-`. */
export function parseResponseHead(bytes: Buffer, start: number, end: number, head: ResponseHead, limits: ResponseHeadLimits): number {
  if (head.state === DONE) head.reset()
  else if (head.state === REFUSED) return -1
  const headStop = start + limits.headBytes
  const stop = end < headStop ? end : headStop
  if (head.state !== FIELDS) {
    if (head.state === START) suspend(head, start, STATUS_LINE)
    head.lineStart = start
    const code = readStatusLine(bytes, stop, head, limits)
    if (code !== '') return refuse(head, code)
    if (head.state !== FIELDS) return stop === headStop ? refuse(head, 'head-too-long') : 0
  }
  const next = scanFields(head, bytes, stop, limits.headFields)
  const code = checkFields(head)
  if (code !== '') return refuse(head, code)
  if (next < 0) return refuse(head, head.errorCode as RefusalCode)
  if (next === 0) return stop === headStop ? refuse(head, 'head-too-long') : 0
  const last = finish(head)
  if (last !== '') return refuse(head, last)
  head.state = DONE
  return next
}

function refuse(head: ResponseHead, code: RefusalCode): -1 {
  head.errorCode = `upstream-${code}` satisfies UpstreamRefusalCode
  head.errorStatus = 502
  head.state = REFUSED
  head.keepAlive = false
  return -1
}

/** `HTTP/1.1 200 OK`. The space before an empty reason may be missing: many servers leave it out, and no framing depends on it. */
function readStatusLine(bytes: Buffer, stop: number, head: ResponseHead, limits: ResponseHeadLimits): RefusalCode | '' {
  let i = head.position
  let { state } = head
  const { lineStart } = head
  head.bytes = bytes
  const lineStop = lineStart + limits.statusLineBytes
  if (state === STATUS_LINE) {
    while (state === STATUS_LINE) {
      if (i >= stop) return suspend(head, i, state)
      const byte = bytes[i] as number
      const at = i - lineStart
      if (i >= lineStop && byte !== CR) return 'head-too-long'
      if (at < 7) {
        if (byte !== VERSION_START.charCodeAt(at)) return 'status-line-invalid'
      } else if (at === 7) {
        if (byte !== ZERO && byte !== ZERO + 1) return 'status-line-invalid'
        head.minorVersion = byte - ZERO
      } else if (at === 8) {
        if (byte !== SP) return 'status-line-invalid'
      } else if (at < 12) {
        if (byte < ZERO || byte > NINE) return 'status-line-invalid'
        head.status = head.status * 10 + byte - ZERO
      } else {
        if (head.status < 100 || head.status > 599) return 'status-invalid'
        if (byte !== SP && byte !== CR) return 'status-line-invalid'
        head.reasonStart = byte === SP ? i + 1 : i
        state = REASON
        if (byte === CR) break
      }
      i++
    }
  }
  if (state === REASON) {
    while (i < stop && FIELD_VALUE[bytes[i] as number] === 1) {
      if (i >= lineStop) return 'head-too-long'
      i++
    }
    if (i >= stop) return suspend(head, i, state)
    if (bytes[i] !== CR) return bytes[i] === LF ? 'line-end-invalid' : 'status-line-invalid'
    head.reasonEnd = i
    i++
    state = LINE_FEED
  }
  if (i >= stop) return suspend(head, i, state)
  if (bytes[i] !== LF) return 'line-end-invalid'
  head.position = i + 1
  head.state = FIELDS
  return ''
}

function suspend(head: ResponseHead, position: number, state: number): '' {
  head.position = position
  head.state = state
  return ''
}

function checkFields(head: ResponseHead): RefusalCode | '' {
  const { knownIds, fieldCount } = head
  for (let index = head.checkedCount; index < fieldCount; index++) {
    const id = knownIds[index] as number
    if (id === 0) continue
    const code = checkField(head, index, id)
    if (code !== '') return code
  }
  head.checkedCount = fieldCount
  return ''
}

function checkField(head: ResponseHead, index: number, id: number): RefusalCode | '' {
  if (NEVER_FORWARDED[id] === 1) head.hopByHop[index] = 1
  switch (id) {
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
    default:
      return ''
  }
}

/** RFC 9112 §6.3, with every doubtful case refused. */
function finish(head: ResponseHead): RefusalCode | '' {
  const { status } = head
  head.keepAlive = !head.hasClose && (head.minorVersion === 1 || head.hasKeepAlive)
  if (status === 101 && !head.upgradeAsked) return 'upgrade-not-asked'
  // RFC 9110 §15.2: HTTP/1.0 has no interim responses; a reader that does not know of them ends here.
  if (status < 200 && head.minorVersion === 0) return 'status-invalid'
  if (status < 200 && head.hasClose) return 'interim-closes'
  // Readers that do not know this 1xx (llhttp) believe its fields instead, and read a body.
  const isKnownInterim = status <= 103
  if (status < 200 && !isKnownInterim && (head.isChunked || head.contentLength > 0)) return 'framing-conflict'
  head.isInterim = status < 200 && status !== 101
  if (status < 200 || status === 204 || status === 304 || head.answersHead) head.bodyKind = NO_BODY
  else if (head.isChunked) head.bodyKind = CHUNKED
  else if (head.contentLength >= 0) head.bodyKind = LENGTH
  else if (head.keepAlive) return 'length-missing'
  else head.bodyKind = UNTIL_CLOSE
  if (head.nominationCount > 0) markNominated(head)
  return ''
}
