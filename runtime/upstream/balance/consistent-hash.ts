/**
 * Requests with the same key go to the same member, in all workers and in all gateways with the same bundle: members stand on a ring of 2^32 places, each
 * at many points that depend on nothing but its own name, and a key belongs to the next point. Who comes or goes takes or leaves its own share
 * and moves nobody else's. While the member of a key is not used, its keys go to the ones that follow, each point to its own, so that the load is spread.
 */
import type { Balanced, Balancer } from './balancer.ts'
import { hashText, mix } from './hash.ts'

/** Points per unit of weight: the shares of members of equal weight differ by about 6 %. */
const POINTS = 256
/** 1 MiB per backend and worker at most. With more, everybody's points are halved until they fit. */
export const MAX_POINTS = 65_536

export class ConsistentHash<M extends Balanced> implements Balancer<M> {
  readonly #random: () => number
  #all: readonly M[] = []
  #usable: readonly M[] = []
  #ring = ''
  /** Sorted. */
  #places: Uint32Array = new Uint32Array(0)
  /** Index in `#all`, by point. */
  #owners: Uint16Array = new Uint16Array(0)

  constructor(random: () => number) {
    this.#random = random
  }

  update(all: readonly M[], usable: readonly M[]): void {
    this.#all = all
    this.#usable = usable
    // Health and slow start change shares all the time, and the ring not at all: keys that move lose what the member has cached for them.
    const ring = JSON.stringify(all.map(({ key, weight }) => [key, weight]))
    if (ring === this.#ring) return
    this.#ring = ring
    this.#build()
  }

  pick(hash: number | undefined, tried: readonly unknown[]): M | undefined {
    const count = this.#places.length
    if (this.#usable.length === 0) return undefined
    const avoids = tried.length > 0 && !this.#usable.every((member) => tried.includes(member))
    // A request without a key goes anywhere.
    const place = hash === undefined ? Math.floor(this.#random() * 2 ** 32) : hash >>> 0
    let low = 0
    let high = count
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#places[middle] as number) < place) low = middle + 1
      else high = middle
    }
    for (let step = 0; step < count; step++) {
      const member = this.#all[this.#owners[(low + step) % count] as number] as M
      if (member.share > 0 && !(avoids && tried.includes(member))) return member
    }
    // Those that are used are not on the ring: they have weight 0, and all others are gone.
    return this.#usable[place % this.#usable.length]
  }

  #build(): void {
    const all = this.#all
    const hasWeight = all.some(({ weight }) => weight > 0)
    const weights = all.map(({ weight }) => (hasWeight ? weight : 1))
    let perUnit = POINTS
    const pointsOf = (weight: number) => (weight === 0 ? 0 : Math.max(1, Math.round(weight * perUnit)))
    const count = () => weights.reduce((sum, weight) => sum + pointsOf(weight), 0)
    // By halves: a member's points are always the first ones of the same series, so those that stay do not move.
    while (count() > MAX_POINTS && perUnit > 2 ** -40) perUnit /= 2
    // Place and owner in one double, which a typed array sorts without calling anybody.
    const points = new Float64Array(count())
    let next = 0
    for (const [index, { key }] of all.entries()) {
      const seed = hashText(key)
      for (let point = 0; point < pointsOf(weights[index] as number); point++) points[next++] = mix(seed, point) * 65_536 + index
    }
    points.sort()
    this.#places = Uint32Array.from(points, (point) => Math.floor(point / 65_536))
    this.#owners = Uint16Array.from(points, (point) => point % 65_536)
  }
}
