/**
 * Judges the trailers of a request by showing them to the reader of HTTP/1.1's chunked bodies, so that the same ones are refused (F26). They are
 * dropped, as there.
 */
import { CHUNKED_LIMITS, ChunkedDecoder } from '../http1/chunked.ts'
import { copy } from '../http1/serialize.ts'
import { type FieldSink, REGULAR } from './hpack-decoder.ts'

const START = Buffer.from('0\r\n')
const END = Buffer.from('\r\n')

export class RequestTrailers implements FieldSink {
  readonly #text: Buffer = Buffer.allocUnsafeSlow(START.length + CHUNKED_LIMITS.trailerBytes + END.length)
  readonly #decoder = new ChunkedDecoder()
  #size = 0
  #code = ''

  begin(): void {
    this.#size = copy(START, 0, START.length, this.#text, 0)
    this.#code = ''
  }

  field(kind: number, bytes: Buffer, start: number, nameSize: number, valueSize: number): void {
    const size = nameSize + valueSize + 4
    if (kind !== REGULAR) this.#code ||= 'trailer-forbidden'
    else if (this.#size + size > this.#text.length - END.length) this.#code ||= 'trailers-too-long'
    if (this.#code === '') this.#size = copy(bytes, start, start + size, this.#text, this.#size)
  }

  /** Empty: they are fine. */
  finish(): string {
    if (this.#code !== '') return this.#code
    this.#size = copy(END, 0, END.length, this.#text, this.#size)
    const decoder = this.#decoder
    decoder.reset()
    const next = decoder.decode(this.#text, 0, this.#size)
    return next < 0 || !decoder.isDone ? decoder.errorCode || 'trailers-too-long' : ''
  }
}
