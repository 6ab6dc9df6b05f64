/**
 * Taking turns, weighted and smooth (the algorithm of nginx): with weights 5, 1, 1 the order is a a b a c a a and not a a a a a b c. In each turn
 * everybody's credit grows by his weight; who has most is chosen and pays the sum of all. With equal weights that is plainly one after the other.
 */
import type { Balanced, Balancer } from './balancer.ts'

export class RoundRobin<M extends Balanced> implements Balancer<M> {
  readonly #random: () => number
  /** By member, kept over updates: health that comes and goes must not begin the order anew. */
  #credits = new Map<M, { credit: number }>()
  #usable: readonly M[] = []
  #isEqual = true
  #turn = -1

  constructor(random: () => number) {
    this.#random = random
  }

  update(_all: readonly M[], usable: readonly M[]): void {
    const credits = new Map<M, { credit: number }>()
    for (const member of usable) credits.set(member, this.#credits.get(member) ?? { credit: 0 })
    this.#credits = credits
    this.#usable = usable
    this.#isEqual = usable.every(({ share }) => share === usable[0]?.share)
    // Workers begin at different places, or the first member would get the first request of each.
    if (this.#turn < 0) this.#turn = Math.floor(this.#random() * usable.length)
  }

  pick(_hash: number | undefined, tried: readonly unknown[]): M | undefined {
    const count = this.#usable.length
    if (count === 0) return undefined
    let picked = this.#next()
    // With weights, more turns than members may go by before it is an untried one's: then the first untried will do.
    for (let turns = 1; tried.length > 0 && turns < count && tried.includes(picked); turns++) picked = this.#next()
    if (tried.length > 0 && tried.includes(picked)) picked = this.#usable.find((member) => !tried.includes(member)) ?? picked
    return picked
  }

  #next(): M {
    const usable = this.#usable
    if (this.#isEqual) {
      this.#turn = this.#turn + 1 < usable.length ? this.#turn + 1 : 0
      return usable[this.#turn] as M
    }
    let total = 0
    let best: { credit: number } | undefined
    let chosen = usable[0] as M
    for (const [member, account] of this.#credits) {
      total += member.share
      account.credit += member.share
      if (best !== undefined && account.credit <= best.credit) continue
      best = account
      chosen = member
    }
    if (best !== undefined) best.credit -= total
    return chosen
  }
}
