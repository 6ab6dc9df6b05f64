/** The body of a request on a stream, which DATA frames alone delimit (RFC 9113 §8.1.1); Content-Length has to agree with them. */
import type { IncomingBody } from '../downstream/client.ts'

export class StreamBody implements IncomingBody {
  isRead = true
  isChunked = false
  dataStart = 0
  dataEnd = 0
  readonly errorCode = ''
  /** END_STREAM was seen. */
  hasEnded = true
  /** Bytes that have arrived and nobody has taken. */
  heldBytes = 0
  /** By Content-Length; -1: it said nothing. */
  #declaredBytes = -1
  #arrivedBytes = 0

  begin(declaredBytes: number, hasEnded: boolean): void {
    this.isRead = hasEnded
    this.hasEnded = hasEnded
    this.isChunked = !hasEnded && declaredBytes < 0
    this.heldBytes = 0
    this.#declaredBytes = declaredBytes
    this.#arrivedBytes = 0
  }

  /** A DATA frame came. False: it is not what Content-Length says. */
  arrived(size: number, isLast: boolean): boolean {
    this.#arrivedBytes += size
    this.heldBytes += size
    if (this.#declaredBytes >= 0 && (isLast ? this.#arrivedBytes !== this.#declaredBytes : this.#arrivedBytes > this.#declaredBytes))
      return false
    this.hasEnded = isLast
    this.isRead = isLast && this.heldBytes === 0
    return true
  }

  get remaining(): number {
    if (this.hasEnded) return this.heldBytes
    return this.#declaredBytes < 0 ? Number.POSITIVE_INFINITY : this.#declaredBytes - this.#arrivedBytes + this.heldBytes
  }

  next(_bytes: Buffer, start: number, end: number): number {
    this.dataStart = start
    this.dataEnd = end
    this.heldBytes -= end - start
    this.isRead = this.hasEnded && this.heldBytes === 0
    return end
  }
}
