/**
 * Takes the chunked coding off a body (RFC 9112 §7.1; F25, F26): strict, resumable at any byte, and without copying any data. What comes
 * out is framed anew by whoever sends it on; extensions and trailers are checked, and not forwarded unless someone asks for them.
 */
import { CR, EQUALS, HEX, LF, QUOTE, QUOTED, SEMICOLON, TOKEN } from './bytes.ts'
import { FieldSection, scanFields } from './field-section.ts'
import { type RefusalCode, refusalStatus, type UpstreamRefusalCode } from './refusals.ts'
import { isForbiddenTrailer } from './trailers.ts'

export interface ChunkedLimits {
  /** All extensions of one message together. */
  readonly extensionBytes: number
  readonly trailerBytes: number
  readonly trailerFields: number
}

export const CHUNKED_LIMITS: ChunkedLimits = { extensionBytes: 1024, trailerBytes: 8 * 1024, trailerFields: 64 }

/** 13 hexadecimal digits are 52 bits: every size is exact. */
const MAX_SIZE_DIGITS = 13

const SIZE_FIRST = 0
const SIZE = 1
const EXTENSION_NAME = 2
const EXTENSION_VALUE = 3
const EXTENSION_QUOTED = 4
const EXTENSION_END = 5
const SIZE_LINE_FEED = 6
const DATA = 7
const DATA_CR = 8
const DATA_LINE_FEED = 9
const TRAILERS = 10
const LAST_LINE_FEED = 11
const TRAILER_FIELDS = 12
const DONE = 13
const REFUSED = 14

/**
 * Decodes one body after the other; call `reset` in between. A caller does this:
 *
 *     while (at < end && !decoder.isDone) {
 *       at = decoder.decode(bytes, at, end)
 *       if (at < 0) refuse(decoder.errorStatus, decoder.errorCode)
 *       if (decoder.dataEnd > decoder.dataStart) take(bytes, decoder.dataStart, decoder.dataEnd)
 *     }
 */
export class ChunkedDecoder {
  /** Data found by the last call; empty when it found only framing. */
  dataStart = 0
  dataEnd = 0
  /** The body is complete, trailers included; the offset that `decode` returned is where the next message begins. */
  isDone = false
  errorCode: RefusalCode | UpstreamRefusalCode | '' = ''
  errorStatus = 0
  /** Size of the data so far. */
  bodyBytes = 0

  readonly #limits: ChunkedLimits
  readonly #isUpstream: boolean
  #state = SIZE_FIRST
  /** Of the current chunk, what has not been given out. */
  #remaining = 0
  #digits = 0
  #extensionBytes = 0
  /** Of the current extension name or value. */
  #tokenBytes = 0
  #trailers: FieldSection | undefined = undefined
  #trailerBytes: Buffer | undefined = undefined
  #trailerSize = 0

  /** `isUpstream`: mistakes are upstream's, so they have the status 502 and codes that begin with `upstream-`. */
  constructor(limits: ChunkedLimits = CHUNKED_LIMITS, isUpstream = false) {
    this.#limits = limits
    this.#isUpstream = isUpstream
  }

  reset(): void {
    this.dataStart = 0
    this.dataEnd = 0
    this.isDone = false
    this.errorCode = ''
    this.errorStatus = 0
    this.bodyBytes = 0
    this.#state = SIZE_FIRST
    this.#remaining = 0
    this.#digits = 0
    this.#extensionBytes = 0
    this.#trailerSize = 0
    this.#trailers?.resetFields()
  }

  /** Trailers that came, once `isDone`; `undefined` when there were none. Their bytes stay until `reset`. */
  get trailers(): FieldSection | undefined {
    return this.#trailers !== undefined && this.#trailers.fieldCount > 0 ? this.#trailers : undefined
  }

  /** Goes on at `start`. Returns the offset of the first byte not yet looked at, or -1 with `errorCode`. Stops after each piece of data. */
  decode(bytes: Buffer, start: number, end: number): number {
    let i = start
    let state = this.#state
    this.dataStart = i
    this.dataEnd = i
    while (i < end) {
      if (state === DATA) {
        const size = Math.min(this.#remaining, end - i)
        this.dataStart = i
        this.dataEnd = i + size
        this.bodyBytes += size
        this.#remaining -= size
        this.#state = this.#remaining === 0 ? DATA_CR : DATA
        return i + size
      }
      const byte = bytes[i] as number
      switch (state) {
        case SIZE_FIRST:
          if (HEX[byte] === 0) return this.#refuse('chunk-size-invalid')
          this.#remaining = (HEX[byte] as number) - 1
          this.#digits = 1
          state = SIZE
          break
        case SIZE: {
          const digit = HEX[byte] as number
          if (digit !== 0) {
            if (++this.#digits > MAX_SIZE_DIGITS) return this.#refuse('chunk-size-too-large')
            this.#remaining = this.#remaining * 16 + digit - 1
          } else if (byte === CR) state = SIZE_LINE_FEED
          else if (byte === SEMICOLON) state = this.#extension(EXTENSION_NAME)
          else return this.#refuse('chunk-size-invalid')
          break
        }
        case SIZE_LINE_FEED:
          if (byte !== LF) return this.#refuse('chunk-size-invalid')
          state = this.#remaining === 0 ? TRAILERS : DATA
          break
        case DATA_CR:
          if (byte !== CR) return this.#refuse('chunk-end-invalid')
          state = DATA_LINE_FEED
          break
        case DATA_LINE_FEED:
          if (byte !== LF) return this.#refuse('chunk-end-invalid')
          state = SIZE_FIRST
          break
        case TRAILERS:
          if (byte === CR) {
            state = LAST_LINE_FEED
            break
          }
          state = TRAILER_FIELDS
          continue
        case LAST_LINE_FEED:
          if (byte !== LF) return this.#refuse('line-end-invalid')
          this.isDone = true
          this.#state = DONE
          return i + 1
        case TRAILER_FIELDS:
          this.#state = state
          return this.#readTrailers(bytes, i, end)
        case DONE:
          return i
        case REFUSED:
          return -1
        default: {
          if (byte !== CR && ++this.#extensionBytes > this.#limits.extensionBytes) return this.#refuse('chunk-extensions-too-long')
          state = this.#readExtension(state, byte)
          if (state === REFUSED) return this.#refuse('chunk-extension-invalid')
        }
      }
      i++
    }
    this.#state = state
    return i
  }

  /** Begins a name or a value; the semicolon itself counts. */
  #extension(state: number): number {
    this.#extensionBytes++
    this.#tokenBytes = 0
    return state
  }

  /** `;name`, `;name=token`, `;name="text"`; no white space anywhere. Returns the next state, REFUSED if the byte has no place here. */
  #readExtension(state: number, byte: number): number {
    if (state === EXTENSION_QUOTED) {
      if (byte === QUOTE) return EXTENSION_END
      return QUOTED[byte] === 1 ? EXTENSION_QUOTED : REFUSED
    }
    if (state === EXTENSION_VALUE && byte === QUOTE && this.#tokenBytes === 0) return EXTENSION_QUOTED
    if (state !== EXTENSION_END) {
      if (TOKEN[byte] !== 0) {
        this.#tokenBytes++
        return state
      }
      if (this.#tokenBytes === 0) return REFUSED
      if (byte === EQUALS && state === EXTENSION_NAME) {
        this.#tokenBytes = 0
        return EXTENSION_VALUE
      }
    }
    if (byte === CR) return SIZE_LINE_FEED
    if (byte === SEMICOLON) {
      this.#tokenBytes = 0
      return EXTENSION_NAME
    }
    return REFUSED
  }

  /** Trailers may arrive in pieces, so they are gathered in a buffer of their own; most bodies have none and never make it. */
  #readTrailers(bytes: Buffer, start: number, end: number): number {
    const { trailerBytes, trailerFields } = this.#limits
    this.#trailerBytes ??= Buffer.allocUnsafeSlow(trailerBytes)
    this.#trailers ??= new FieldSection()
    const before = this.#trailerSize
    const size = Math.min(end - start, trailerBytes - before)
    bytes.copy(this.#trailerBytes, before, start, start + size)
    this.#trailerSize += size
    const judged = this.#trailers.fieldCount
    const next = scanFields(this.#trailers, this.#trailerBytes, this.#trailerSize, trailerFields)
    for (let index = judged; index < this.#trailers.fieldCount; index++) {
      if (isForbiddenTrailer(this.#trailers, index)) return this.#refuse('trailer-forbidden')
    }
    if (next < 0) return this.#refuse(this.#trailers.errorCode as RefusalCode)
    if (next === 0) return this.#trailerSize === trailerBytes ? this.#refuse('trailers-too-long') : start + size
    this.isDone = true
    this.#state = DONE
    return start + next - before
  }

  #refuse(code: RefusalCode): -1 {
    this.errorCode = this.#isUpstream ? `upstream-${code}` : code
    this.errorStatus = this.#isUpstream ? 502 : refusalStatus(code)
    this.#state = REFUSED
    return -1
  }
}
