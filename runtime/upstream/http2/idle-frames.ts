/** Counts frames that bring nothing (RFC 9113 §10.5): a few are part of every session, thousands are an attack. */
import { IDLE_FRAMES_BURST, IDLE_FRAMES_PER_SECOND } from './limits.ts'

export class IdleFrames {
  #left = IDLE_FRAMES_BURST
  #atMs = 0

  /** One came. False: there have been too many. */
  take(nowMs: number): boolean {
    const refill = ((nowMs - this.#atMs) / 1000) * IDLE_FRAMES_PER_SECOND
    this.#left = Math.min(IDLE_FRAMES_BURST, this.#left + refill) - 1
    this.#atMs = nowMs
    return this.#left >= 0
  }
}
