/**
 * A response body on its way into the store. Every byte is copied (what arrives is in a buffer that is read into again), nothing is kept of a
 * body that is too long or ends early, and all bodies on their way together are bounded.
 */

/** Share of the store's size that bodies on their way may have beside it. */
const FILLING_SHARE = 0.25
const EMPTY = Buffer.alloc(0)
const FIRST_BYTES = 4 * 1024

/** What all fills of a worker share. */
export class FillBudget {
  readonly maxBytes: number
  bytes = 0

  constructor(storeBytes: number) {
    this.maxBytes = Math.floor(storeBytes * FILLING_SHARE)
  }
}

export class Fill {
  readonly #budget: FillBudget
  readonly #maxBytes: number
  #body: Buffer = EMPTY
  /** How much has come. */
  size = 0
  /** It has become too long, or was given up. */
  isDropped = false

  /** `declared`: Content-Length, or -1. */
  constructor(budget: FillBudget, maxBytes: number, declared: number) {
    this.#budget = budget
    this.#maxBytes = maxBytes
    if (declared > maxBytes || (declared > 0 && !this.#reserve(declared))) this.isDropped = true
  }

  /** What has come, in its first `size` bytes. */
  get bytes(): Buffer {
    return this.#body
  }

  /** Makes room for so many bytes more. False: there is none, and nothing has changed. */
  fits(more: number): boolean {
    const size = this.size + more
    if (this.isDropped || size > this.#maxBytes) return false
    return size <= this.#body.length || this.#reserve(Math.min(this.#maxBytes, Math.max(size, this.#body.length * 2, FIRST_BYTES)))
  }

  /** What does not fit drops all of it. */
  add(bytes: Buffer, start: number, end: number): void {
    if (this.isDropped) return
    if (!this.fits(end - start)) {
      this.drop()
      return
    }
    bytes.copy(this.#body, this.size, start, end)
    this.size += end - start
  }

  /** The whole body; `undefined` when it was dropped. The budget is free again. */
  finish(): Buffer | undefined {
    if (this.isDropped) return undefined
    let body = this.#body
    if (body.length !== this.size) {
      body = Buffer.allocUnsafeSlow(this.size)
      this.#body.copy(body, 0, 0, this.size)
    }
    this.drop()
    return body
  }

  drop(): void {
    this.isDropped = true
    this.#budget.bytes -= this.#body.length
    this.#body = EMPTY
  }

  #reserve(size: number): boolean {
    const more = size - this.#body.length
    if (this.#budget.bytes + more > this.#budget.maxBytes) return false
    const larger = Buffer.allocUnsafeSlow(size)
    this.#body.copy(larger, 0, 0, this.size)
    this.#budget.bytes += more
    this.#body = larger
    return true
  }
}
