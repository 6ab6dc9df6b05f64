/**
 * The first line of a request (RFC 9112 §3; F10, F11, F13 to F16, and F30's limit): method, target in its forms, version. It goes on wherever
 * the bytes ended last time, and refuses a bad byte as soon as it is there.
 */
import { METHODS } from '../../bundle/plan.ts'
import { readAuthority } from './authority.ts'
import { ASTERISK, COLON, CR, DOT, LF, NINE, PERCENT, QUESTION, SLASH, SP, TARGET, TARGET_PLAIN, TOKEN, ZERO } from './bytes.ts'
import { canonicalise, checkTriplets, pathError } from './path.ts'
import type { RefusalCode } from './refusals.ts'
import type { RequestHead } from './request-head.ts'

/** A longer method gets 501; the longest registered one has 17 bytes. */
export const MAX_METHOD_BYTES = 32

export const ORIGIN_FORM = 1
export const ABSOLUTE_FORM = 2
/** `*`, and an absolute form without a path for OPTIONS, which means the same (RFC 9112 §3.2.4). */
export const ASTERISK_FORM = 3

/** States of `RequestHead.state`; those of the line are in the order in which they come. */
export const START = 0
const START_LINE_FEED = 1
const METHOD = 2
const TARGET_FIRST = 3
const IN_TARGET = 4
const VERSION = 5
/** The line is complete. */
export const FIELDS = 6

const GET = METHODS.indexOf('GET')
const OPTIONS = METHODS.indexOf('OPTIONS')
const VERSION_START = 'HTTP/'

/** Goes on in the request line. Afterwards `head.state` is FIELDS if it is complete. */
export function readRequestLine(bytes: Buffer, stop: number, head: RequestHead, maxBytes: number): RefusalCode | '' {
  let i = head.position
  let { state } = head
  head.bytes = bytes
  if (state === START) {
    if (i >= stop) return ''
    if (bytes[i] === CR) {
      // F11: one empty line is skipped; the second is the beginning of a bad method.
      i++
      state = START_LINE_FEED
    } else {
      head.lineStart = i
      head.methodStart = i
      state = METHOD
    }
  }
  if (state === START_LINE_FEED) {
    if (i >= stop) return suspend(head, i, state)
    if (bytes[i] !== LF) return 'request-line-invalid'
    i++
    head.lineStart = i
    head.methodStart = i
    state = METHOD
  }
  // A line of `maxBytes` is fine, and its terminator follows.
  const lineStop = head.lineStart + maxBytes + 1
  const lineEnd = stop < lineStop ? stop : lineStop
  if (state === METHOD) {
    const { methodStart } = head
    // Most requests are GETs that arrive in one piece: 20 ns less than the loop and the search.
    const isGet =
      i === methodStart && i + 4 <= stop && bytes[i] === 0x47 && bytes[i + 1] === 0x45 && bytes[i + 2] === 0x54 && bytes[i + 3] === SP
    if (isGet) i += 3
    while (i < stop && TOKEN[bytes[i] as number] !== 0) {
      if (i >= methodStart + MAX_METHOD_BYTES) return 'method-too-long'
      i++
    }
    if (i >= stop) return suspend(head, i, state)
    if (bytes[i] !== SP || i === methodStart) return 'method-invalid'
    head.methodEnd = i
    head.methodId = isGet ? GET : methodIdOf(bytes, methodStart, i)
    if (head.methodId === 0) {
      if (isMethod(head, 'CONNECT')) return 'connect-not-allowed'
      if (isMethod(head, 'TRACE')) return 'trace-not-allowed'
    }
    i++
    head.targetStart = i
    state = TARGET_FIRST
  }
  if (state === TARGET_FIRST) {
    if (i >= lineEnd) return i >= lineStop ? 'request-line-too-long' : suspend(head, i, state)
    const first = bytes[i] as number
    if (first === SLASH) head.targetForm = ORIGIN_FORM
    else if (first === ASTERISK) head.targetForm = ASTERISK_FORM
    else if ((first | 0x20) === 0x68) head.targetForm = ABSOLUTE_FORM
    else return first === SP ? 'request-line-invalid' : 'target-invalid'
    state = IN_TARGET
  }
  if (state === IN_TARGET) {
    const table = TARGET
    while (i < lineEnd) {
      const kind = table[bytes[i] as number] as number
      if (kind === TARGET_PLAIN) {
        i++
        continue
      }
      if (kind === 0) break
      const byte = bytes[i] as number
      if (byte === QUESTION) {
        if (head.queryStart < 0) head.queryStart = i + 1
      } else if (byte === PERCENT) head.hasPercent = true
      else if (byte === DOT) head.hasDotSegment ||= bytes[i - 1] === SLASH
      else if (head.queryStart < 0) return 'path-backslash'
      i++
    }
    if (i >= lineEnd) return i >= lineStop ? 'request-line-too-long' : suspend(head, i, state)
    if (bytes[i] !== SP) return bytes[i] === CR || bytes[i] === LF ? 'request-line-invalid' : 'target-invalid'
    head.targetEnd = i
    const code = readTarget(head, bytes)
    if (code !== '') return code
    i++
    state = VERSION
  }
  if (state === VERSION) {
    const versionStart = head.targetEnd + 1
    if (i === versionStart && i + 10 <= stop && i + 8 < lineStop && isHttp11(bytes, i)) {
      head.minorVersion = 1
      head.position = i + 10
      head.state = FIELDS
      return ''
    }
    while (i < stop) {
      const byte = bytes[i] as number
      const at = i - versionStart
      if (at < 8 && i + 1 >= lineStop) return 'request-line-too-long'
      if (at < 5) {
        if (byte !== VERSION_START.charCodeAt(at)) return 'request-line-invalid'
      } else if (at === 5 || at === 7) {
        if (byte < ZERO || byte > NINE) return 'request-line-invalid'
        if (at === 7) {
          if (bytes[versionStart + 5] !== 0x31 || byte > 0x31) return 'version-not-supported'
          head.minorVersion = byte - ZERO
        }
      } else if (at === 6) {
        if (byte !== DOT) return 'request-line-invalid'
      } else if (at === 8) {
        if (byte !== CR) return byte === LF ? 'line-end-invalid' : 'request-line-invalid'
      } else {
        if (byte !== LF) return 'line-end-invalid'
        head.position = i + 1
        head.state = FIELDS
        return ''
      }
      i++
    }
  }
  return suspend(head, i, state)
}

/** Index in METHODS of the token, which is case-sensitive (RFC 9110 §9.1); 0 for any other. */
export function methodIdOf(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start]
  for (let id = 1; id < METHODS.length; id++) {
    const method = METHODS[id] as string
    if (method.charCodeAt(0) === first && method.length === end - start && isText(bytes, start, method)) return id
  }
  return 0
}

/** `HTTP/1.1` and CR LF: what nearly every line ends with, looked at in one go. */
function isHttp11(bytes: Uint8Array, i: number): boolean {
  return (
    bytes[i] === 0x48 &&
    bytes[i + 1] === 0x54 &&
    bytes[i + 2] === 0x54 &&
    bytes[i + 3] === 0x50 &&
    bytes[i + 4] === SLASH &&
    bytes[i + 5] === 0x31 &&
    bytes[i + 6] === DOT &&
    bytes[i + 7] === 0x31 &&
    bytes[i + 8] === CR &&
    bytes[i + 9] === LF
  )
}

function suspend(head: RequestHead, position: number, state: number): '' {
  head.position = position
  head.state = state
  return ''
}

/** Cuts the target into its parts and brings the path into canonical form (F13, F14, F15, F16). */
function readTarget(head: RequestHead, bytes: Buffer): RefusalCode | '' {
  const { targetStart, targetEnd } = head
  let pathStart = targetStart
  const pathEnd = head.queryStart < 0 ? targetEnd : head.queryStart - 1
  if (head.queryStart >= 0) {
    head.queryEnd = targetEnd
    const wrong = head.hasPercent ? checkTriplets(bytes, head.queryStart, targetEnd) : 0
    if (wrong < 0) return pathError(wrong)
  }
  if (head.targetForm === ABSOLUTE_FORM) {
    const authorityStart = schemeEnd(bytes, targetStart, pathEnd)
    if (authorityStart < 0) return 'target-invalid'
    pathStart = authorityStart
    while (pathStart < pathEnd && bytes[pathStart] !== SLASH) pathStart++
    if (!readAuthority(bytes, authorityStart, pathStart, head.host)) return 'target-invalid'
    head.hostValueStart = authorityStart
    head.hostValueEnd = pathStart
    if (pathStart === pathEnd && head.queryStart < 0 && head.methodId === OPTIONS) {
      head.targetForm = ASTERISK_FORM
      head.rawPathStart = pathEnd
      head.rawPathEnd = pathEnd
      return ''
    }
  } else if (head.targetForm === ASTERISK_FORM) {
    head.rawPathStart = targetStart
    head.rawPathEnd = targetEnd
    return head.methodId === OPTIONS && targetEnd - targetStart === 1 ? '' : 'target-invalid'
  }
  head.rawPathStart = pathStart
  head.rawPathEnd = pathEnd
  // An absolute form without a path means the root; `head.path` says so already.
  if (pathStart === pathEnd) return ''
  head.isPathReceived = true
  head.pathStart = pathStart
  head.pathEnd = pathEnd
  // Nothing else can make a path uncanonical, so that most paths are looked at once only.
  if (!head.hasPercent && !head.hasDotSegment) return ''
  const out = head.pathBuffer(pathEnd - pathStart)
  const size = canonicalise(bytes, pathStart, pathEnd, out)
  if (size < 0) return pathError(size)
  if (size > 0) {
    head.isPathReceived = false
    head.path = out
    head.pathStart = 0
    head.pathEnd = size
  }
  return ''
}

/** Offset behind `http://` or `https://`, in any case, or -1. */
function schemeEnd(bytes: Uint8Array, start: number, end: number): number {
  const isHttps = ((bytes[start + 4] as number) | 0x20) === 0x73
  const scheme = isHttps ? 'https://' : 'http://'
  if (end - start < scheme.length) return -1
  for (let i = 0; i < scheme.length; i++) {
    const expected = scheme.charCodeAt(i)
    const byte = bytes[start + i] as number
    if (byte !== expected && (expected === COLON || expected === SLASH || (byte | 0x20) !== expected)) return -1
  }
  return start + scheme.length
}

function isMethod(head: RequestHead, method: string): boolean {
  return method.length === head.methodEnd - head.methodStart && isText(head.bytes, head.methodStart, method)
}

function isText(bytes: Uint8Array, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false
  return true
}
