/**
 * Connections to backends that could not be made, for the log: clients get a code, whoever runs the gateway needs to know why (a certificate that
 * has expired, a name that leads where it may not). Each kind is told at once, and then once per interval with how many there were.
 */

/** Between two lines of the same kind. */
export const LOG_INTERVAL_MS = 10_000
/** Kinds that are remembered; when there are more, all are forgotten. */
const MAX_KINDS = 256

export type ConnectFailureFields = {
  readonly backend: string
  readonly address: string
  readonly code: string
  readonly reason: string
  readonly count: string
}

export class ConnectFailures {
  readonly #log: (fields: ConnectFailureFields) => void
  readonly #clock: () => number
  readonly #kinds = new Map<string, { sinceMs: number; count: number }>()

  /** `clock` is monotonic, in milliseconds. */
  constructor(log: (fields: ConnectFailureFields) => void, clock: () => number = () => performance.now()) {
    this.#log = log
    this.#clock = clock
  }

  failed(backend: string, address: string, code: string, reason: string): void {
    const key = `${backend} ${address} ${code} ${reason}`
    let kind = this.#kinds.get(key)
    if (kind === undefined) {
      if (this.#kinds.size === MAX_KINDS) this.#kinds.clear()
      kind = { sinceMs: Number.NEGATIVE_INFINITY, count: 0 }
      this.#kinds.set(key, kind)
    }
    kind.count += 1
    const now = this.#clock()
    if (now - kind.sinceMs < LOG_INTERVAL_MS) return
    this.#log({ backend, address, code, reason, count: String(kind.count) })
    kind.sinceMs = now
    kind.count = 0
  }
}
