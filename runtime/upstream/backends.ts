/** Backends of a worker by what they are like, so that a swap of generations keeps connections and state of those that did not change. */
import type { Deadlines } from '../data-path-deadlines.ts'
import { Backend, type BackendPlace } from './backend.ts'
import { type BackendSettings, settingsKey } from './backend-settings.ts'
import type { ConnectReport } from './connections.ts'
import type { MemberEntry } from './members.ts'

export class Backends {
  readonly #deadlines: Deadlines
  readonly #byKey = new Map<string, Backend>()

  readonly #report: ConnectReport | undefined

  constructor(deadlines: Deadlines, report?: ConnectReport) {
    this.#deadlines = deadlines
    this.#report = report
  }

  /** With these members from now on. */
  get(settings: BackendSettings, members: readonly MemberEntry[], place?: BackendPlace): Backend {
    const key = settingsKey(settings)
    const known = this.#byKey.get(key)
    if (known !== undefined) {
      known.setMembers(members)
      return known
    }
    const made = new Backend(settings, this.#deadlines, members, place)
    made.report = this.#report
    this.#byKey.set(key, made)
    return made
  }

  /** Closes what idles in those that `isWanted` does not want, and forgets them: who still uses one has it in hand. */
  keep(isWanted: (key: string, settings: BackendSettings) => boolean): void {
    for (const [key, backend] of this.#byKey) {
      if (isWanted(key, backend.settings)) continue
      backend.retire()
      this.#byKey.delete(key)
    }
  }

  closeIdle(): void {
    for (const backend of this.#byKey.values()) backend.closeIdle()
  }

  get connectionCount(): number {
    let count = 0
    for (const backend of this.#byKey.values()) count += backend.connectionCount
    return count
  }
}
