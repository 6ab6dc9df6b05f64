/**
 * The members of a backend in one worker: who they are, which of them may be used, and whose turn it is. Looks at the state of all of them when
 * something has changed in the memory that workers share, or when the time for it has come; between that, choosing is all there is to do.
 */
import type { Deadlines, Timed } from '../data-path-deadlines.ts'
import { BackendMember } from './backend-member.ts'
import type { BackendSettings } from './backend-settings.ts'
import { type Balancer, createBalancer } from './balance/balancer.ts'
import { chooseUsable, PANIC_BELOW_PERCENT, type UsableRules } from './health/usable.ts'
import { type MemberEntry, memberKey } from './members.ts'
import { BACKEND, type Cell, sharedNowMs, type UpstreamCells } from './shared-cells.ts'
import type { Attempt } from './stream.ts'

export class MemberSet implements Timed {
  deadlineMs = Number.POSITIVE_INFINITY
  timedIndex = -1
  all: readonly BackendMember[] = []
  /** Those of `all` that get requests now. */
  readonly usable: BackendMember[] = []
  /** Their state may change by itself: `look` has to be called before each request. */
  readonly isWatched: boolean
  readonly #settings: BackendSettings
  readonly #deadlines: Deadlines
  readonly #cells: UpstreamCells | undefined
  /** The backend's. */
  readonly #cell: Cell
  readonly #rules: UsableRules
  readonly #balancer: Balancer<BackendMember>
  /** The only member, where there is one and it may be used: nothing to choose. */
  #only: BackendMember | undefined
  #seenVersion = -1
  #isClosed = false

  constructor(settings: BackendSettings, deadlines: Deadlines, cells: UpstreamCells | undefined, cell: Cell) {
    const { activeHealth, passiveHealth, slowStartMs, balance } = settings
    this.#settings = settings
    this.#deadlines = deadlines
    this.#cells = cells
    this.#cell = cell
    this.isWatched = activeHealth !== undefined || passiveHealth !== undefined
    this.#rules = { panicBelowPercent: passiveHealth?.panicBelowPercent ?? PANIC_BELOW_PERCENT, slowStartMs }
    this.#balancer = createBalancer<BackendMember>(balance)
  }

  /** These are the members from now on. Who was one before stays the same object; those who are gone are returned, and will not be picked. */
  set(entries: readonly MemberEntry[]): BackendMember[] {
    const known = new Map(this.all.map((member) => [member.key, member]))
    // All of the first ones are new: nobody is to be spared.
    const addedAtMs = known.size === 0 ? Number.NEGATIVE_INFINITY : sharedNowMs()
    this.all = entries.map((entry, index) => {
      const kept = known.get(memberKey(entry))
      if (kept === undefined) return new BackendMember(this.#settings, entry, index, addedAtMs, this.#cells)
      known.delete(kept.key)
      kept.index = index
      kept.weight = entry.weight
      kept.priority = entry.priority
      return kept
    })
    const gone = [...known.values()]
    for (const member of gone) {
      member.index = -1
      member.share = 0
    }
    this.refresh()
    return gone
  }

  pick(attempt: Attempt): BackendMember | undefined {
    return this.#only ?? this.#balancer.pick(attempt.hash, attempt.tried)
  }

  /** One that is not among these either, if there is one. */
  pickOther(attempt: Attempt, refusedBy: readonly BackendMember[]): BackendMember | undefined {
    const other = this.#balancer.pick(attempt.hash, [...attempt.tried, ...refusedBy])
    return other === undefined || refusedBy.includes(other) ? undefined : other
  }

  /** One load, unless another worker or the prober has something to say. */
  look(): void {
    if (this.#cell.words[this.#cell.at + BACKEND.version] !== this.#seenVersion) this.refresh()
  }

  /** Counts a failure against a member, and tells all workers if that was one too many. */
  failed(member: BackendMember, nowMs: number): void {
    if (member.index < 0 || member.outlier?.failed(nowMs, this.all) !== true) return
    Atomics.add(this.#cell.words, this.#cell.at + BACKEND.version, 1)
    this.refresh()
  }

  /** An ejection is over, or a slow start goes on. */
  onDeadline(): void {
    this.refresh()
  }

  close(): void {
    this.#isClosed = true
    this.#deadlines.remove(this)
  }

  /** Looks at the state of all members. Cheap enough for every change, too dear for every request. */
  refresh(): void {
    const now = sharedNowMs()
    this.#seenVersion = Atomics.load(this.#cell.words, this.#cell.at + BACKEND.version)
    for (const { health } of this.all) health.endEjection(now)
    const nextMs = chooseUsable(this.all, this.#rules, now, this.usable)
    this.#balancer.update(this.all, this.usable)
    this.#only = this.all.length === 1 ? this.usable[0] : undefined
    if (nextMs === Number.POSITIVE_INFINITY || this.#isClosed) this.#deadlines.remove(this)
    else {
      this.deadlineMs = this.#deadlines.after(nextMs - now)
      if (this.timedIndex < 0) this.#deadlines.add(this)
    }
  }
}
