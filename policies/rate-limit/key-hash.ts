/**
 * HalfSipHash-1-3 with 64 bits of output, over 32-bit words: where a key's cell stands, and by what tag it is known there. The seed is random
 * and the process's own, so that a client cannot choose addresses that share a cell with somebody else's.
 * Aumasson, Bernstein: "SipHash: a fast short-input PRF", and the authors' reference halfsiphash.c.
 */

/** State of a hash; reused, since one worker hashes one key at a time. */
export class KeyHash {
  #v0 = 0
  #v1 = 0
  #v2 = 0
  #v3 = 0
  #words = 0
  /** The two halves, once `finish` was called. */
  first = 0
  second = 0

  begin(seed0: number, seed1: number): void {
    this.#v0 = seed0 | 0
    this.#v1 = seed1 ^ 0xee
    this.#v2 = 0x6c796765 ^ seed0
    this.#v3 = 0x74656462 ^ seed1
    this.#words = 0
  }

  /** Begins where `saved` stood, so that what all keys begin with is hashed once. */
  resume(saved: KeyHash): void {
    this.#v0 = saved.#v0
    this.#v1 = saved.#v1
    this.#v2 = saved.#v2
    this.#v3 = saved.#v3
    this.#words = saved.#words
  }

  word(value: number): void {
    this.#v3 ^= value
    this.#round()
    this.#v0 ^= value
    this.#words++
  }

  /** UTF-16 units, two to a word, behind their count: `ab` + `c` differs from `a` + `bc`. */
  text(value: string): void {
    const count = value.length
    this.word(count)
    let at = 0
    for (; at + 1 < count; at += 2) this.word(value.charCodeAt(at) | (value.charCodeAt(at + 1) << 16))
    if (at < count) this.word(value.charCodeAt(at))
  }

  finish(): void {
    // As for whole words in the reference: the length in bytes, modulo 256, in the highest byte.
    this.word((this.#words * 4) << 24)
    this.#v2 ^= 0xee
    this.#round()
    this.#round()
    this.#round()
    this.first = this.#v1 ^ this.#v3
    this.#v1 ^= 0xdd
    this.#round()
    this.#round()
    this.#round()
    this.second = this.#v1 ^ this.#v3
  }

  #round(): void {
    let v0 = this.#v0
    let v1 = this.#v1
    let v2 = this.#v2
    let v3 = this.#v3
    v0 = (v0 + v1) | 0
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
    v0 = (v0 + v3) | 0
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
    v2 = (v2 + v1) | 0
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
    v2 = (v2 << 16) | (v2 >>> 16)
    this.#v0 = v0
    this.#v1 = v1
    this.#v2 = v2
    this.#v3 = v3
  }
}
