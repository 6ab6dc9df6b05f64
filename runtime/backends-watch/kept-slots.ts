/**
 * Numbers for names that come and go, such as the addresses behind a name in DNS. A name keeps its number for as long as somebody holds it, and
 * gets it back with all its state if it returns soon. A number that nobody holds is given to another name only after a while, because a
 * worker with a long request may still count for the old one.
 */
export class KeptSlots {
  /** Names that got no number because all were in use. */
  refused = 0
  readonly #limit: number
  readonly #restMs: number
  readonly #nowMs: () => number
  readonly #onReused: (slot: number) => void
  readonly #byName = new Map<string, { readonly slot: number; holders: number; sinceMs: number }>()
  /** Names that nobody holds, the one that waits longest first. */
  readonly #resting = new Set<string>()
  #next = 0

  /** `onReused` is called before a number goes to another name. */
  constructor(limit: number, restMs: number, nowMs: () => number, onReused: (slot: number) => void) {
    this.#limit = limit
    this.#restMs = restMs
    this.#nowMs = nowMs
    this.#onReused = onReused
  }

  /** The name's number, or -1 when there is none for it; to be released when it was one. */
  hold(name: string): number {
    const known = this.#byName.get(name)
    if (known !== undefined) {
      known.holders += 1
      this.#resting.delete(name)
      return known.slot
    }
    const slot = this.#next < this.#limit ? this.#next++ : this.#reuse()
    if (slot < 0) this.refused += 1
    else this.#byName.set(name, { slot, holders: 1, sinceMs: 0 })
    return slot
  }

  release(name: string): void {
    const known = this.#byName.get(name)
    if (known === undefined) return
    known.holders -= 1
    if (known.holders > 0) return
    known.sinceMs = this.#nowMs()
    this.#resting.add(name)
  }

  /** -1: it has none. */
  slotOf(name: string): number {
    return this.#byName.get(name)?.slot ?? -1
  }

  #reuse(): number {
    for (const name of this.#resting) {
      const { slot, sinceMs } = this.#byName.get(name) as { slot: number; sinceMs: number }
      if (this.#nowMs() - sinceMs < this.#restMs) return -1
      this.#resting.delete(name)
      this.#byName.delete(name)
      this.#onReused(slot)
      return slot
    }
    return -1
  }
}
