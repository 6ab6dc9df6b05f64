/**
 * Finds workers that hang. Each lets a cell of shared memory grow from its event loop; one whose cell stands still for too many checks in a
 * row is reported. Checks are counted and not time, so that a machine that slept, or was too busy to run this thread either, blames nobody.
 */
export interface Watched {
  readonly heartbeat: Int32Array
}

export class Watchdog<T extends Watched> {
  readonly #hungAfterChecks: number
  readonly #timer: NodeJS.Timeout
  readonly #watched = new Map<T, { beats: number; stillFor: number }>()

  constructor(options: { readonly hungAfterChecks: number; readonly watchdogIntervalMs: number }, onHung: (hung: T) => void) {
    this.#hungAfterChecks = options.hungAfterChecks
    this.#timer = setInterval(() => this.check(onHung), options.watchdogIntervalMs)
    this.#timer.unref()
  }

  watch(watched: T): void {
    this.#watched.set(watched, { beats: Atomics.load(watched.heartbeat, 0), stillFor: 0 })
  }

  forget(watched: T): void {
    this.#watched.delete(watched)
  }

  check(onHung: (hung: T) => void): void {
    for (const [watched, state] of this.#watched) {
      const beats = Atomics.load(watched.heartbeat, 0)
      state.stillFor = beats === state.beats ? state.stillFor + 1 : 0
      state.beats = beats
      if (state.stillFor < this.#hungAfterChecks) continue
      this.#watched.delete(watched)
      onHung(watched)
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#watched.clear()
  }
}
