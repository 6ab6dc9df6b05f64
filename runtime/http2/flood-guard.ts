/**
 * What one session may do that costs us more than it costs the client (RFC 9113 §10.5): counted, and when it is too much, the session ends.
 * docs/http2.md has the limits in one table, each with the attack that it is for.
 */

/** CVE-2023-44487: streams that the client begins and resets. So many at once, and so many more per second. */
export const RESETS_BURST = 100
export const RESETS_PER_SECOND = 20
/** CVE-2025-8671 and everything else that no sound client does: mistakes for which we reset a stream, frames without content, and so on. */
export const GLITCHES_BURST = 100
export const GLITCHES_PER_SECOND = 1
/** From here on the client is asked to go (GOAWAY), before it has to. */
export const GLITCHES_WARNING = 75
/** CVE-2019-9512. Those that a client sends to measure what it receives are free: one per response frame. */
export const PINGS_BURST = 100
export const PINGS_PER_SECOND = 10
/** CVE-2019-9515. */
export const SETTINGS_BURST = 32
export const SETTINGS_PER_SECOND = 1
/** WINDOW_UPDATE, PRIORITY and frames of unknown types between two of any use (CVE-2019-9511, CVE-2019-9513). */
export const IDLE_FRAMES = 1000
/** Answers that wait because the client reads nothing (CVE-2019-9512, CVE-2019-9515). */
export const QUEUED_CONTROL_FRAMES = 1000

/** Tokens that come back with time. */
class Bucket {
  #tokens: number
  #atMs: number
  readonly #burst: number
  readonly #perMs: number

  constructor(burst: number, perSecond: number, nowMs: number) {
    this.#tokens = burst
    this.#burst = burst
    this.#perMs = perSecond / 1000
    this.#atMs = nowMs
  }

  /** Takes one; false: there was none. */
  take(nowMs: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#atMs) * this.#perMs) - 1
    this.#atMs = nowMs
    return this.#tokens >= 0
  }

  get taken(): number {
    return this.#burst - this.#tokens
  }
}

/** One per session. All methods answer whether the session may go on. Buckets are made when first needed: most sessions never need one. */
export class FloodGuard {
  #resets: Bucket | undefined
  #glitches: Bucket | undefined
  #pings: Bucket | undefined
  #settings: Bucket | undefined
  #idleFrames = 0
  #hasSentResponse = false

  reset(nowMs: number): boolean {
    this.#resets ??= new Bucket(RESETS_BURST, RESETS_PER_SECOND, nowMs)
    return this.#resets.take(nowMs)
  }

  glitch(nowMs: number): boolean {
    this.#glitches ??= new Bucket(GLITCHES_BURST, GLITCHES_PER_SECOND, nowMs)
    return this.#glitches.take(nowMs)
  }

  /** It is time to ask the client to go. */
  get isWarned(): boolean {
    return this.#glitches !== undefined && this.#glitches.taken >= GLITCHES_WARNING
  }

  ping(nowMs: number): boolean {
    const isMeasuring = this.#hasSentResponse
    this.#hasSentResponse = false
    if (isMeasuring) return true
    this.#pings ??= new Bucket(PINGS_BURST, PINGS_PER_SECOND, nowMs)
    return this.#pings.take(nowMs)
  }

  settings(nowMs: number): boolean {
    this.#settings ??= new Bucket(SETTINGS_BURST, SETTINGS_PER_SECOND, nowMs)
    return this.#settings.take(nowMs)
  }

  idleFrame(): boolean {
    this.#idleFrames += 1
    return this.#idleFrames <= IDLE_FRAMES
  }

  /** A request came, or a piece of a body. */
  progressed(): void {
    this.#idleFrames = 0
  }

  /** A head or a piece of a body went to the client, which may have to say that it has room for more. */
  responded(): void {
    this.#idleFrames = 0
    this.#hasSentResponse = true
  }
}
