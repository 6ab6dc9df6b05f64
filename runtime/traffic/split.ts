/**
 * A weighted choice among backends, made once per request. Who shall stay with the part that was chosen first is recognised by the consumer's
 * name (weighted rendezvous hashing: when weights change, only as many move as must) or by a cookie that names the part.
 */
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { stableHash } from './stable-hash.ts'

export interface SplitPart {
  readonly backendIndex: number
  /** Name of the backend: the same from bundle to bundle, as its index is not. */
  readonly backend: string
  /** 0: gets nothing. */
  readonly weight: number
}

export interface Sticky {
  readonly by: 'consumer' | 'cookie'
  /** Of the cookie. */
  readonly name: string
}

/** Who asks, as far as a split cares. */
export interface SplitRequest {
  /** Empty while nobody is known. */
  readonly consumerName: string
  /** Values of all `Cookie` fields, in order. */
  cookies(): readonly string[]
}

/** Numbers in [0, 1). */
export type Random = () => number

export class Split {
  readonly sticky: Sticky | undefined
  /** Without those that get nothing. */
  readonly #parts: readonly SplitPart[]
  /** What stands in the cookie for each part. */
  readonly #ids: readonly string[]
  readonly #seeds: readonly number[]
  /** Sums of the weights up to and with each part. */
  readonly #upTo: readonly number[]
  readonly #random: Random

  /** At least one part has a weight above 0: the bundle's check has refused others. */
  constructor(parts: readonly SplitPart[], sticky: Sticky | undefined, random: Random = Math.random) {
    this.#parts = parts.filter(({ weight }) => weight > 0)
    assert(this.#parts.length > 0)
    this.#ids = this.#parts.map(({ backend }) => partId(backend))
    this.#seeds = this.#parts.map(({ backend }) => stableHash(backend))
    let sum = 0
    this.#upTo = this.#parts.map(({ weight }) => {
      sum += weight
      return sum
    })
    this.sticky = sticky
    this.#random = random
  }

  /** The part that the last `choose` gave has to be told to the client by `setCookie`. */
  needsCookie = false

  /** Position of the part that this request goes to. */
  choose(request: SplitRequest): number {
    const { sticky } = this
    this.needsCookie = false
    if (sticky === undefined) return this.#byWeight()
    if (sticky.by === 'consumer') return request.consumerName === '' ? this.#byWeight() : this.#byHash(request.consumerName)
    const id = cookieValue(request.cookies(), sticky.name)
    const part = id === undefined ? -1 : this.#ids.indexOf(id)
    if (part >= 0) return part
    this.needsCookie = true
    return this.#byWeight()
  }

  backendIndex(part: number): number {
    return (this.#parts[part] as SplitPart).backendIndex
  }

  /** Value of `Set-Cookie`. It ends with the browser's session; the name of the part says nothing about the backend. */
  setCookie(part: number, isTls: boolean): string {
    assert(this.sticky !== undefined)
    return `${this.sticky.name}=${this.#ids[part]}; Path=/; HttpOnly; SameSite=Lax${isTls ? '; Secure' : ''}`
  }

  #byWeight(): number {
    const upTo = this.#upTo
    const last = upTo.length - 1
    const at = this.#random() * (upTo[last] as number)
    let part = 0
    while (part < last && at >= (upTo[part] as number)) part += 1
    return part
  }

  /** The part with the highest score, -weight / ln(u), where u is a number in (0, 1) that depends on consumer and part alone. */
  #byHash(consumer: string): number {
    let best = 0
    let bestScore = -1
    for (const [part, { weight }] of this.#parts.entries()) {
      const u = (stableHash(consumer, this.#seeds[part]) + 1) / (2 ** 32 + 1)
      const score = -weight / Math.log(u)
      if (score <= bestScore) continue
      best = part
      bestScore = score
    }
    return best
  }
}

/** 11 letters that stand for a backend in a cookie. */
export function partId(backend: string): string {
  return createHash('sha256').update(`postern split ${backend}`).digest().subarray(0, 8).toString('base64url')
}

/** Value of the first cookie with this name (RFC 6265 §4.2.1), or `undefined`. Names are compared as they are: their case counts. */
export function cookieValue(fields: readonly string[], name: string): string | undefined {
  for (const field of fields) {
    for (let at = 0; at < field.length; ) {
      const semicolon = field.indexOf(';', at)
      const end = semicolon < 0 ? field.length : semicolon
      while (at < end && (field[at] === ' ' || field[at] === '\t')) at += 1
      if (field.startsWith(name, at) && field[at + name.length] === '=') return field.slice(at + name.length + 1, end).trim()
      at = end + 1
    }
  }
  return undefined
}
