/** What a client has sent and nobody has taken yet: a head that is not complete, requests sent ahead, a body that has to wait. */

/** First size: most heads fit. */
const FIRST_BYTES = 2048
/** A larger one is let go of when the connection falls idle. */
const KEPT_BYTES = 16 * 1024

/** Unlimited by itself: whoever fills it stops reading when there is too much in it. */
export class Inbox {
  /** `bytes[start, end)` has not been taken. The head of the exchange in flight lies before, in these bytes or in older ones. */
  bytes: Buffer = Buffer.allocUnsafe(FIRST_BYTES)
  start = 0
  end = 0

  get size(): number {
    return this.end - this.start
  }

  get isEmpty(): boolean {
    return this.start === this.end
  }

  /** Forgets everything; returns how much that was. */
  drop(): number {
    const { size } = this
    this.start = this.end
    return size
  }

  /** Nothing points into the bytes any more that were taken. */
  settle(): void {
    if (!this.isEmpty) return
    this.start = 0
    this.end = 0
    if (this.bytes.length > KEPT_BYTES) this.bytes = Buffer.allocUnsafe(FIRST_BYTES)
  }

  /** Adds a copy of `source[start, end)`. `isInHead`: offsets have been noted in what is here, so it must stay where it is. */
  add(source: Buffer, start: number, end: number, isInHead: boolean): void {
    const size = end - start
    if (this.end + size > this.bytes.length) this.#makeRoom(size, isInHead)
    source.copy(this.bytes, this.end, start, end)
    this.end += size
  }

  /** Larger bytes, or some without what was taken. Never moves anything in place: the head of the exchange in flight points into it. */
  #makeRoom(size: number, isInHead: boolean): void {
    const from = isInHead ? 0 : this.start
    const needed = this.end - from + size
    const larger = Buffer.allocUnsafe(Math.max(needed * 2, FIRST_BYTES))
    this.bytes.copy(larger, 0, from, this.end)
    this.bytes = larger
    this.start -= from
    this.end -= from
  }
}
