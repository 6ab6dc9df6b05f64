/**
 * Numbers for names, given out once and kept: an API has the same slot in every bundle, so that its counters go on through swaps. The number
 * of slots is bounded, because names come from bundles without end and each costs memory in every worker and a line in every scrape.
 */
export class Slots {
  readonly #byName = new Map<string, number>()
  readonly #names: string[]
  readonly #limit: number
  readonly #overflow: number

  /** The first slots have fixed names; `overflow` is the one shared by all that found none free. */
  constructor(limit: number, fixed: readonly string[], overflow: number) {
    this.#limit = limit
    this.#overflow = overflow
    this.#names = [...fixed]
  }

  slot(name: string): number {
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    if (this.#names.length >= this.#limit) return this.#overflow
    const slot = this.#names.push(name) - 1
    this.#byName.set(name, slot)
    return slot
  }

  name(slot: number): string {
    return this.#names[slot] ?? ''
  }

  get count(): number {
    return this.#names.length
  }
}
