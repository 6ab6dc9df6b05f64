/**
 * Makes one HTTP/1.1 head of the fields of a stream, for `parseRequestHead` to read: so that everything it refuses, and the one canonical form
 * of a path, hold for HTTP/2 by construction. Here stands only what that text could not show (RFC 9113 §8.2, §8.3): pseudo-header fields, fields
 * that HTTP/2 does not have, and two names for one host. Lines come from the decoder, which has judged every byte of them.
 */
import { Authority, readAuthority, sameAuthority } from '../http1/authority.ts'
import { ASTERISK, SLASH, SP, TOKEN } from '../http1/bytes.ts'
import { copy } from '../http1/serialize.ts'
import {
  AUTHORITY,
  CONNECTION,
  COOKIE,
  type FieldSink,
  HOST,
  METHOD,
  NAME_INVALID,
  PATH,
  REGULAR,
  SCHEME,
  TE,
  VALUE_INVALID,
} from './hpack-decoder.ts'
import type { Http2RefusalCode } from './refusals.ts'

/** First size of a stream's text: most heads fit. */
export const TEXT_BYTES = 2048
/** Within the text, beside the received fields: versions, names that HTTP/2 does not send, line ends. */
const OWN_BYTES = 128
const HTTP_11_HOST = Buffer.from(' HTTP/1.1\r\nHost: ')
const HTTP_11 = Buffer.from(' HTTP/1.1\r\n')
const LINE_END = Buffer.from('\r\n')
const NO_COOKIE = -1
const COOKIE_NAME = Buffer.from('cookie: ')
const CHUNKED_END = Buffer.from('Transfer-Encoding: chunked\r\n\r\n')
const TRAILERS = Buffer.from('trailers')
const HTTP = Buffer.from('http')
const HTTPS = Buffer.from('https')
const CONNECT = Buffer.from('CONNECT')

const authority = new Authority()
const otherAuthority = new Authority()

/** One per worker: a block is decoded in one go. `begin`, then the decoder tells the fields, then `finish`. */
export class RequestText implements FieldSink {
  /** The text so far is `bytes[0, size)`. May have become a larger one than the one given to `begin`. */
  bytes: Buffer = LINE_END
  size = 0
  /** Set as soon as something is wrong. The first mistake counts. */
  code: Http2RefusalCode | '' = ''
  /** Against the text of RFC 9113, so that it is a stream error too (§8.1.1); otherwise only a request that is refused. */
  isMalformed = false
  /** A Content-Length was there, whatever it says. */
  hasContentLength = false
  isConnect = false
  #maxBytes = 0
  /** Pseudo-header fields wait here, one behind the other, until the first regular field or the end. */
  readonly #stash: Buffer = Buffer.allocUnsafeSlow(64 * 1024)
  #stashSize = 0
  /** Start and size in `#stash`, by kind; a start of -1: not there. */
  readonly #starts = new Int32Array(8)
  readonly #sizes = new Int32Array(8)
  #hasLine = false
  /** Crumbs of cookies, joined. */
  #cookie: Buffer = Buffer.alloc(0)
  #cookieSize = NO_COOKIE

  /** `maxBytes`: the longest head that is of any use; the limit on heads itself is the parser's. */
  begin(bytes: Buffer, maxBytes: number): void {
    this.bytes = bytes
    this.size = 0
    this.code = ''
    this.isMalformed = false
    this.hasContentLength = false
    this.isConnect = false
    this.#maxBytes = maxBytes
    this.#stashSize = 0
    this.#starts.fill(-1)
    this.#hasLine = false
    this.#cookieSize = NO_COOKIE
  }

  field(kind: number, bytes: Buffer, start: number, nameSize: number, valueSize: number): void {
    if (this.code !== '') return
    if (kind === REGULAR) {
      if (!this.#hasLine && !this.#requestLine()) return
      const lineSize = nameSize + valueSize + 4
      if (nameSize === 14 && isContentLength(bytes, start)) this.hasContentLength = true
      if (this.#makeRoom(lineSize)) this.size = copy(bytes, start, start + lineSize, this.bytes, this.size)
      return
    }
    if ((kind & NAME_INVALID) !== 0) this.#malformed('field-name-invalid')
    else if ((kind & VALUE_INVALID) !== 0) this.#malformed('field-value-invalid')
    else this.#special(kind, bytes, start + nameSize + 2, start + nameSize + 2 + valueSize)
  }

  /** All fields were told. Empty: the text is complete, and nothing but a head. `hasBody`: more than the head will come. */
  finish(isTls: boolean, trustsScheme: boolean, hasBody: boolean): Http2RefusalCode | '' {
    if (this.code === '' && !this.#hasLine) this.#requestLine()
    if (this.code !== '' || this.isConnect) return this.code
    const scheme = this.#starts[SCHEME] as number
    const schemeSize = this.#sizes[SCHEME] as number
    const isHttps = schemeSize === HTTPS.length && equals(this.#stash, scheme, HTTPS)
    const isHttp = schemeSize === HTTP.length && equals(this.#stash, scheme, HTTP)
    // Who takes TLS off in front of us says https, and is believed if it is one of the trusted proxies.
    if (!(isHttps || isHttp) || (isHttps !== isTls && !trustsScheme)) this.#refuse('scheme-mismatch')
    else if ((this.#starts[HOST] as number) >= 0) this.#checkHost(isHttps)
    if (this.code !== '') return this.code
    if (this.#cookieSize >= 0 && this.#makeRoom(COOKIE_NAME.length + this.#cookieSize + 2)) {
      this.#append(COOKIE_NAME, 0, COOKIE_NAME.length)
      this.#append(this.#cookie, 0, this.#cookieSize)
      this.#append(LINE_END, 0, LINE_END.length)
    }
    const end = hasBody && !this.hasContentLength ? CHUNKED_END : LINE_END
    if (this.#makeRoom(end.length)) this.#append(end, 0, end.length)
    return this.code
  }

  #special(kind: number, bytes: Buffer, start: number, end: number): void {
    if (kind === CONNECTION) this.#malformed('connection-field-forbidden')
    else if (kind === TE) {
      if (end - start !== TRAILERS.length || !equals(bytes, start, TRAILERS)) this.#malformed('connection-field-forbidden')
      else if (this.#hasLine || this.#requestLine()) {
        if (this.#makeRoom(end - start + 6)) this.size = copy(bytes, start - 4, end + 2, this.bytes, this.size)
      }
    } else if (kind === COOKIE) {
      if (this.#hasLine || this.#requestLine()) this.#crumb(bytes, start, end)
    } else if (kind === HOST) {
      if (!this.#hasLine && !this.#requestLine()) return
      if ((this.#starts[HOST] as number) >= 0) this.#malformed('host-repeated')
      else this.#keep(kind, bytes, start, end)
    } else if (kind > PATH || this.#hasLine || (this.#starts[kind] as number) >= 0) this.#malformed('pseudo-field-invalid')
    else this.#keep(kind, bytes, start, end)
  }

  #keep(kind: number, bytes: Buffer, start: number, end: number): void {
    if (this.#stashSize + end - start > this.#stash.length) {
      this.#refuse('head-too-long')
      return
    }
    this.#starts[kind] = this.#stashSize
    this.#sizes[kind] = end - start
    this.#stashSize = copy(bytes, start, end, this.#stash, this.#stashSize)
  }

  /** Method, path and Host. Without `:authority` the Host follows at the end, from the field. */
  #requestLine(): boolean {
    this.#hasLine = true
    const method = this.#starts[METHOD] as number
    const methodEnd = method + (this.#sizes[METHOD] as number)
    const path = this.#starts[PATH] as number
    const pathSize = this.#sizes[PATH] as number
    const authorityStart = this.#starts[AUTHORITY] as number
    if (method < 0 || method === methodEnd) return this.#malformed('pseudo-field-invalid')
    for (let i = method; i < methodEnd; i++) if (TOKEN[this.#stash[i] as number] === 0) return this.#malformed('method-invalid')
    if (methodEnd - method === CONNECT.length && equals(this.#stash, method, CONNECT)) {
      // RFC 9113 §8.5. The parser would say the same, but there is no path to show it.
      this.isConnect = true
      return this.#refuse('connect-not-allowed')
    }
    if ((this.#starts[SCHEME] as number) < 0 || path < 0) return this.#malformed('pseudo-field-invalid')
    const first = this.#stash[path]
    if (pathSize === 0 || (first !== SLASH && (first !== ASTERISK || pathSize > 1))) return this.#malformed('target-invalid')
    for (let i = path; i < path + pathSize; i++) if (this.#stash[i] === SP) return this.#malformed('target-invalid')
    if (!this.#makeRoom(methodEnd - method + pathSize + 1 + OWN_BYTES)) return false
    this.#append(this.#stash, method, methodEnd)
    this.bytes[this.size++] = SP
    this.#append(this.#stash, path, path + pathSize)
    if (authorityStart < 0) this.#append(HTTP_11, 0, HTTP_11.length)
    else {
      const authoritySize = this.#sizes[AUTHORITY] as number
      this.#append(HTTP_11_HOST, 0, HTTP_11_HOST.length)
      if (!this.#makeRoom(authoritySize + 2)) return false
      this.#append(this.#stash, authorityStart, authorityStart + authoritySize)
      this.#append(LINE_END, 0, LINE_END.length)
    }
    return true
  }

  /** RFC 9113 §8.3.1: `host` names the same authority, or is the only one. */
  #checkHost(isHttps: boolean): void {
    const start = this.#starts[HOST] as number
    const end = start + (this.#sizes[HOST] as number)
    const authorityStart = this.#starts[AUTHORITY] as number
    if (authorityStart >= 0) {
      const authorityEnd = authorityStart + (this.#sizes[AUTHORITY] as number)
      const areNames =
        readAuthority(this.#stash, start, end, authority) && readAuthority(this.#stash, authorityStart, authorityEnd, otherAuthority)
      if (!areNames) this.#refuse('host-invalid')
      else if (!sameAuthority(authority, otherAuthority, isHttps ? 443 : 80)) this.#malformed('host-mismatch')
    } else if (this.#makeRoom(end - start + HOST_NAME.length + 2)) {
      this.#append(HOST_NAME, 0, HOST_NAME.length)
      this.#append(this.#stash, start, end)
      this.#append(LINE_END, 0, LINE_END.length)
    }
  }

  /** RFC 9113 §8.2.3. */
  #crumb(bytes: Buffer, start: number, end: number): void {
    const isFirst = this.#cookieSize === NO_COOKIE
    if (isFirst) this.#cookieSize = 0
    const size = end - start + 2
    if (this.#cookieSize + size > this.#maxBytes) {
      this.#refuse('head-too-long')
      return
    }
    if (this.#cookieSize + size > this.#cookie.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(TEXT_BYTES, 2 * (this.#cookieSize + size)))
      this.#cookie.copy(larger, 0, 0, this.#cookieSize)
      this.#cookie = larger
    }
    if (!isFirst) {
      this.#cookie[this.#cookieSize++] = 0x3b
      this.#cookie[this.#cookieSize++] = SP
    }
    this.#cookieSize = copy(bytes, start, end, this.#cookie, this.#cookieSize)
  }

  /** There is room for it. */
  #append(source: Buffer, start: number, end: number): void {
    this.size = copy(source, start, end, this.bytes, this.size)
  }

  #makeRoom(size: number): boolean {
    const needed = this.size + size
    if (needed <= this.bytes.length) return true
    if (needed > this.#maxBytes + OWN_BYTES) return this.#refuse('head-too-long')
    const larger = Buffer.allocUnsafeSlow(Math.max(TEXT_BYTES, 2 * needed))
    this.bytes.copy(larger, 0, 0, this.size)
    this.bytes = larger
    return true
  }

  #refuse(code: Http2RefusalCode): false {
    this.code = code
    return false
  }

  #malformed(code: Http2RefusalCode): false {
    this.isMalformed = true
    return this.#refuse(code)
  }
}

const HOST_NAME = Buffer.from('host: ')
const CONTENT_LENGTH = Buffer.from('content-length')

function isContentLength(bytes: Buffer, start: number): boolean {
  return bytes[start] === 0x63 && bytes[start + 9] === 0x65 && equals(bytes, start, CONTENT_LENGTH)
}

function equals(bytes: Buffer, start: number, text: Buffer): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false
  return true
}
