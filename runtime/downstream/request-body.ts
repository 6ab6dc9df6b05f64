/** Takes the framing off a request body as it arrives, whichever it has, and says where the body ends and the next request begins. */
import { ChunkedDecoder } from '../http1/chunked.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { IncomingBody } from './client.ts'

export class RequestBody implements IncomingBody {
  isRead = true
  isChunked = false
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

  get remaining(): number {
    return this.isRead ? 0 : this.isChunked ? Number.POSITIVE_INFINITY : this.#remaining
  }

  get errorCode(): string {
    return this.#decoder?.errorCode ?? ''
  }

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
