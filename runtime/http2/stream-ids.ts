/** What ids of streams say (RFC 9113 §5.1, §5.1.1): which are still to come, which are over, and what a frame for one that is over means. */
import { MAX_WINDOW, NO_ERROR, PROTOCOL_ERROR, STREAM_CLOSED } from './frames.ts'

/** Streams that we have reset lately: what the client sent before it heard of it is no mistake. */
export const REMEMBERED_RESETS = 128

export class StreamIds {
  /** The largest that the client has used. */
  last = 0
  /** No larger one is served: the client was told so (GOAWAY). */
  final = MAX_WINDOW
  /** Not every odd id up to the last was used. */
  #hasGaps = false
  readonly #resets: number[] = []
  #resetCount = 0

  /** A stream begins; its id is larger than the last one. */
  opened(id: number): void {
    if (id > this.last + 2 || (this.last === 0 && id > 1)) this.#hasGaps = true
    this.last = id
  }

  /** We have reset it. */
  reset(id: number): void {
    this.#resets[this.#resetCount % REMEMBERED_RESETS] = id
    this.#resetCount += 1
  }

  /** The error that a HEADERS or DATA frame for a stream is which is not open; NO_ERROR where it is to be ignored. */
  errorOf(id: number): number {
    if (id > this.final) return NO_ERROR
    if (id > this.last) return PROTOCOL_ERROR
    // More resets than are remembered: then nobody can say, and the flood guard counts them.
    if (this.#resetCount > REMEMBERED_RESETS || this.#resets.includes(id)) return NO_ERROR
    return this.#hasGaps ? PROTOCOL_ERROR : STREAM_CLOSED
  }
}
