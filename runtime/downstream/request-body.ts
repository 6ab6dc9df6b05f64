/** Takes the framing off a request body as it arrives, whichever it has, and says where the body ends and the next request begins. */
import { ChunkedDecoder } from '../http1/chunked.ts'
import type { RequestHead } from '../http1/request-head.ts'

export class RequestBody {
  /** Every byte of the body and its framing has been taken. */
  isRead = true
  isChunked = false
  /** Data found by the last `next`. */
  dataStart = 0
  dataEnd = 0
  #remaining = 0
  #decoder: ChunkedDecoder | undefined

  begin(head: RequestHead): void {
    this.isChunked = head.isChunked
    this.#remaining = head.contentLength > 0 ? head.contentLength : 0
    this.isRead = !head.isChunked && this.#remaining === 0
    if (head.isChunked) {
      this.#decoder ??= new ChunkedDecoder()
      this.#decoder.reset()
    }
  }

  /** Bytes that have to come still; `Infinity` when nobody has said how many. */
  get remaining(): number {
    return this.isRead ? 0 : this.isChunked ? Number.POSITIVE_INFINITY : this.#remaining
  }

  get errorCode(): string {
    return this.#decoder?.errorCode ?? ''
  }

  /** Takes up to one piece of data. Returns the offset behind what was taken, or -1: the framing is broken, see `errorCode`. */
  next(bytes: Buffer, start: number, end: number): number {
    if (!this.isChunked) {
      const size = Math.min(end - start, this.#remaining)
      this.#remaining -= size
      this.isRead = this.#remaining === 0
      this.dataStart = start
      this.dataEnd = start + size
      return this.dataEnd
    }
    const decoder = this.#decoder as ChunkedDecoder
    const next = decoder.decode(bytes, start, end)
    this.dataStart = decoder.dataStart
    this.dataEnd = decoder.dataEnd
    this.isRead = decoder.isDone
    return next
  }
}
