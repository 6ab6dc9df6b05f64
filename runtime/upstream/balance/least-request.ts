/**
 * The power of two choices: of two members drawn by chance, the one with fewer requests for its weight. Nearly as even as asking all of them
 * (Mitzenmacher 2001), and workers that know nothing of each other do not all run to the same one. Draws go by weight, and a tie goes to the first
 * drawn: without load the spread is that of the weights, under load it is that of the answers.
 */
import type { Balanced, Balancer } from './balancer.ts'

/** Draws for a second member that is not the first, before the first will do. */
const MAX_DRAWS = 4

export class LeastRequest<M extends Balanced> implements Balancer<M> {
  readonly #random: () => number
  #usable: readonly M[] = []
  /** Sums of the shares up to and with each member; empty while all are equal. */
  #sums: Float64Array = new Float64Array(0)

  constructor(random: () => number) {
    this.#random = random
  }

  update(_all: readonly M[], usable: readonly M[]): void {
    this.#usable = usable
    if (usable.every(({ share }) => share === usable[0]?.share)) {
      this.#sums = new Float64Array(0)
      return
    }
    let sum = 0
    this.#sums = Float64Array.from(usable, ({ share }) => {
      sum += share
      return sum
    })
  }

  pick(_hash: number | undefined, tried: readonly unknown[]): M | undefined {
    const usable = this.#usable
    if (usable.length === 0) return undefined
    if (tried.length > 0) return this.#leastUntried(tried) ?? this.#draw()
    const first = this.#draw()
    if (usable.length === 1) return first
    let second = this.#draw()
    for (let draws = 1; second === first && draws < MAX_DRAWS; draws++) second = this.#draw()
    return second.active * first.share < first.active * second.share ? second : first
  }

  #draw(): M {
    const usable = this.#usable
    const sums = this.#sums
    if (sums.length === 0) return usable[Math.floor(this.#random() * usable.length)] as M
    const at = this.#random() * (sums[sums.length - 1] as number)
    let low = 0
    let high = sums.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sums[middle] as number) > at) high = middle
      else low = middle + 1
    }
    return usable[low] as M
  }

  #leastUntried(tried: readonly unknown[]): M | undefined {
    let least: M | undefined
    for (const member of this.#usable) {
      if (tried.includes(member)) continue
      if (least === undefined || (member.active + 1) * least.share < (least.active + 1) * member.share) least = member
    }
    return least
  }
}
