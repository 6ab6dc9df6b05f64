/**
 * The head of a response, or its trailers, out of a header block: made into the HTTP/1.1 head that would say the same and read by the reader of
 * those, so that every rule about responses holds here because it holds there. What HTTP/1.1 could not say is malformed (RFC 9113 §8.1.1, §8.3.2).
 */
import { NINE, ZERO } from '../../http1/bytes.ts'
import { FieldSection, scanFields } from '../../http1/field-section.ts'
import { parseResponseHead, RESPONSE_HEAD_LIMITS, ResponseHead } from '../../http1/response-head.ts'
import { copy } from '../../http1/serialize.ts'
import { judgeTrailers } from '../../http1/trailers.ts'
import { COOKIE, type FieldSink, HOST, NAME_INVALID, OTHER_PSEUDO, REGULAR, TE, VALUE_INVALID } from '../../http2/hpack-decoder.ts'
import { HEAD_BYTES } from './limits.ts'

const STATUS = Buffer.from(':status: ')
const CONTENT_LENGTH = Buffer.from('content-length: ')
const EMPTY_BODY = Buffer.from('content-length: 0\r\n')
const UNKNOWN_LENGTH = Buffer.from('transfer-encoding: chunked\r\n')
const LINE_END = Buffer.from('\r\n')
const STATUS_LINE = Buffer.from('HTTP/1.1 000\r\n')
const STATUS_DIGITS_AT = 9
const TRAILER_BYTES = 8 * 1024
const MAX_TRAILERS = 64

/** One per worker: what it has read is valid until it begins anew. */
export class ResponseBlock implements FieldSink {
  readonly head = new ResponseHead()
  readonly trailers = new FieldSection()
  readonly #bytes = Buffer.allocUnsafeSlow(HEAD_BYTES + 256)
  #size = 0
  #maxBytes = 0
  #isTrailers = false
  #isMalformed = false
  #hasStatus = false
  #hasRegular = false
  #hasLength = false

  begin(isTrailers: boolean): void {
    this.#size = isTrailers ? 0 : copy(STATUS_LINE, 0, STATUS_LINE.length, this.#bytes, 0)
    this.#maxBytes = isTrailers ? TRAILER_BYTES : HEAD_BYTES
    this.#isTrailers = isTrailers
    this.#isMalformed = false
    this.#hasStatus = false
    this.#hasRegular = false
    this.#hasLength = false
  }

  field(kind: number, bytes: Buffer, start: number, nameSize: number, valueSize: number): void {
    const meaning = kind & ~(NAME_INVALID | VALUE_INVALID)
    if (kind !== meaning) this.#isMalformed = true
    if (meaning === OTHER_PSEUDO) this.#takeStatus(bytes, start, nameSize, valueSize)
    else if (meaning === REGULAR || meaning === COOKIE || meaning === HOST || meaning === TE) {
      this.#hasRegular = true
      if (nameSize === CONTENT_LENGTH.length - 2 && matches(bytes, start, CONTENT_LENGTH)) this.#hasLength = true
      this.#append(bytes, start, start + nameSize + valueSize + 4)
    } else this.#isMalformed = true
  }

  /** The block is complete. `undefined`: it is no head of a response. `isLast`: nothing follows, no body either. */
  finishHead(isLast: boolean, answersHead: boolean): ResponseHead | undefined {
    if (this.#isMalformed || !this.#hasStatus) return undefined
    const status = this.#bytes.subarray(STATUS_DIGITS_AT, STATUS_DIGITS_AT + 3).toString('latin1')
    const hasBody = !answersHead && status >= '200' && status !== '204' && status !== '304'
    if (hasBody && !this.#hasLength) this.#append(isLast ? EMPTY_BODY : UNKNOWN_LENGTH, 0, (isLast ? EMPTY_BODY : UNKNOWN_LENGTH).length)
    this.#append(LINE_END, 0, LINE_END.length)
    if (this.#isMalformed) return undefined
    const { head } = this
    head.reset()
    head.answersHead = answersHead
    head.upgradeAsked = false
    return parseResponseHead(this.#bytes, 0, this.#size, head, RESPONSE_HEAD_LIMITS) === this.#size ? head : undefined
  }

  /** The same for trailers; those that are not passed on are marked. */
  finishTrailers(isGrpc: boolean): FieldSection | undefined {
    this.#append(LINE_END, 0, LINE_END.length)
    if (this.#isMalformed) return undefined
    const { trailers } = this
    trailers.resetFields()
    if (scanFields(trailers, this.#bytes, this.#size, MAX_TRAILERS) !== this.#size) return undefined
    return judgeTrailers(trailers, isGrpc) === '' ? trailers : undefined
  }

  #takeStatus(bytes: Buffer, start: number, nameSize: number, valueSize: number): void {
    const isStatus = nameSize === STATUS.length - 2 && valueSize === 3 && matches(bytes, start, STATUS)
    // §8.3: pseudo-fields stand in front, each once, and never in trailers.
    if (!isStatus || this.#isTrailers || this.#hasRegular || this.#hasStatus) {
      this.#isMalformed = true
      return
    }
    this.#hasStatus = true
    for (let i = 0; i < 3; i++) {
      const digit = bytes[start + STATUS.length + i] as number
      if (digit < ZERO || digit > NINE) this.#isMalformed = true
      this.#bytes[STATUS_DIGITS_AT + i] = digit
    }
  }

  #append(source: Buffer, start: number, end: number): void {
    if (this.#size + end - start > this.#maxBytes) this.#isMalformed = true
    else this.#size = copy(source, start, end, this.#bytes, this.#size)
  }
}

function matches(bytes: Buffer, start: number, part: Buffer): boolean {
  for (let i = 0; i < part.length; i++) if (bytes[start + i] !== part[i]) return false
  return true
}
