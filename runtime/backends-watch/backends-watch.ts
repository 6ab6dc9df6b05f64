/**
 * What one thread does about backends for all workers: slots of shared state, addresses of names, active health checks. It lives in the supervisor
 * and nothing waits for it: while it hangs or is busy, workers go on with the members and the health that they were told last.
 */
import type { BackendSettings } from '../upstream/backend-settings.ts'
import { MemberHealth } from '../upstream/health/member-health.ts'
import { type FindEndpoint, type MemberEntry, membersOf, needsLookup, slotName } from '../upstream/members.ts'
import { BACKEND, MAX_BACKEND_SLOTS, MAX_MEMBER_SLOTS, sharedNowMs, UpstreamCells } from '../upstream/shared-cells.ts'
import type { Check } from './health-check.ts'
import { KeptSlots } from './kept-slots.ts'
import type { NameLookup } from './name-lookup.ts'
import { type ProbedMember, Prober } from './prober.ts'
import { MAX_NAMES, type NameKind, Resolver, type WatchedName } from './resolver.ts'

/** What workers have to know about the backends of a generation beside the bundle. Plain data. */
export interface BackendsOrder {
  /** By backend: where the state is that all workers share; -1: nowhere. */
  readonly slots: Int32Array
  /** By backend, for those whose members do not follow from their endpoints alone. */
  readonly members: Map<number, readonly MemberEntry[]>
}

/** A slot goes to another name only after this: exchanges of a generation may last so long (`generationDrainMs`). */
const SLOT_REST_MS = 5 * 60_000

export interface BackendsWatchOptions {
  readonly memory: SharedArrayBuffer
  readonly lookup: NameLookup
  readonly log: { warn(fields: object, message: string): void; info(fields: object, message: string): void }
  /** Members of a backend have changed; `order.members` has them already. */
  readonly onMembers: (generation: number, backend: number, members: readonly MemberEntry[]) => void
  readonly check?: Check
  readonly random?: () => number
  readonly lookupTimeoutMs?: number
}

/** A backend that has something to be watched. */
interface Watched {
  readonly index: number
  readonly settings: BackendSettings
  readonly slot: number
  members: readonly MemberEntry[]
}

interface Loaded {
  readonly number: number
  readonly order: BackendsOrder
  readonly names: readonly string[]
  readonly watched: readonly Watched[]
}

export class BackendsWatch {
  readonly cells: UpstreamCells
  readonly resolver: Resolver
  readonly prober: Prober
  readonly backendSlots: KeptSlots
  readonly memberSlots: KeptSlots
  readonly #options: BackendsWatchOptions
  readonly #loaded = new Map<number, Loaded>()
  #current: Loaded | undefined

  constructor(options: BackendsWatchOptions) {
    const { log, lookup, check, random, lookupTimeoutMs } = options
    this.#options = options
    this.cells = new UpstreamCells(options.memory)
    this.backendSlots = new KeptSlots(MAX_BACKEND_SLOTS, SLOT_REST_MS, sharedNowMs, (slot) => this.cells.clearBackend(slot))
    this.memberSlots = new KeptSlots(MAX_MEMBER_SLOTS, SLOT_REST_MS, sharedNowMs, (slot) => this.cells.clearMember(slot))
    const chance = random === undefined ? {} : { random }
    this.resolver = new Resolver({
      lookup,
      log,
      onChange: (kind, name) => this.#nameChanged(kind, name),
      ...chance,
      ...(lookupTimeoutMs === undefined ? {} : { timeoutMs: lookupTimeoutMs }),
    })
    this.prober = new Prober({ log, nowMs: sharedNowMs, ...chance, ...(check === undefined ? {} : { check }) })
  }

  /**
   * Backends of a generation that is being loaded, by index; `forget` or `commit` has to follow. Resolves with what is known when all names were
   * looked up, or the time is over: who cannot be found then is found later.
   */
  async load(number: number, backends: Iterable<BackendSettings>, withinMs: number): Promise<BackendsOrder> {
    const watched: Watched[] = []
    const slots: number[] = []
    const names: string[] = []
    for (const settings of backends) {
      const slot = this.backendSlots.hold(settings.name)
      const index = slots.push(slot) - 1
      if (slot >= 0) names.push(settings.name)
      if (isWatched(settings)) watched.push({ index, settings, slot, members: [] })
    }
    const order: BackendsOrder = { slots: Int32Array.from(slots), members: new Map() }
    const loaded: Loaded = { number, order, names, watched }
    this.#loaded.set(number, loaded)
    this.#watchNames()
    if (watched.some(({ settings }) => settings.endpoints.some(needsLookup))) await this.resolver.settled(withinMs)
    for (const backend of watched) this.#setMembers(loaded, backend)
    return order
  }

  /** From now on this is the generation in use. */
  commit(number: number): void {
    const next = this.#loaded.get(number)
    if (next === undefined || next === this.#current) return
    const previous = this.#current
    this.#current = next
    if (previous !== undefined) this.forget(previous.number)
    this.#watchNames()
    this.#watchMembers()
  }

  /** It will not be used, or not any more. */
  forget(number: number): void {
    const loaded = this.#loaded.get(number)
    if (loaded === undefined || loaded === this.#current) return
    this.#loaded.delete(number)
    for (const name of loaded.names) this.backendSlots.release(name)
    for (const backend of loaded.watched) this.#release(backend, backend.members)
    this.#watchNames()
  }

  /** Why the last active check of a member failed. */
  whyUnhealthy(settings: BackendSettings, entry: MemberEntry): string | undefined {
    return this.prober.lastWhy(nameOf(settings, entry))
  }

  close(): void {
    this.resolver.close()
    this.prober.close()
  }

  /** Backends of the generation in use that are watched. */
  get watched(): readonly Watched[] {
    return this.#current?.watched ?? []
  }

  /** All backends of the generation in use that have a slot, by name. */
  get slotted(): readonly (readonly [name: string, slot: number])[] {
    return (this.#current?.names ?? []).map((name) => [name, this.backendSlots.slotOf(name)])
  }

  #nameChanged(kind: NameKind, name: string): void {
    for (const loaded of this.#loaded.values()) {
      for (const backend of loaded.watched) {
        const isMeant = backend.settings.endpoints.some((endpoint) => endpoint.resolve === kind && endpoint.host === name)
        // Empty: still being loaded, and about to get all that is known.
        if (!isMeant || backend.members.length === 0 || !this.#setMembers(loaded, backend)) continue
        this.#options.log.info(
          { backend: backend.settings.name, name, members: backend.members.length },
          'the members of a backend have changed',
        )
        this.#options.onMembers(loaded.number, backend.index, backend.members)
        if (loaded === this.#current) this.#watchMembers()
      }
    }
  }

  /** Says whether they are others than before. */
  #setMembers(loaded: Loaded, backend: Watched): boolean {
    const { settings } = backend
    const find: FindEndpoint = ({ resolve, host }) => this.resolver.found(resolve, host)
    const before = backend.members
    const hasHealth = settings.activeHealth !== undefined || settings.passiveHealth !== undefined
    const slotOf = (entry: MemberEntry) => (hasHealth ? this.memberSlots.hold(nameOf(settings, entry)) : -1)
    const after = membersOf(settings.endpoints, find).map((entry) => ({ ...entry, slot: slotOf(entry) }))
    const isChanged = JSON.stringify(before) !== JSON.stringify(after)
    // Only now: who was there before and is there still must not lose its slot in between.
    this.#release(backend, isChanged ? before : after)
    if (!isChanged) return false
    backend.members = after
    loaded.order.members.set(backend.index, after)
    return true
  }

  #release({ settings }: Watched, members: readonly MemberEntry[]): void {
    for (const entry of members) if (entry.slot >= 0) this.memberSlots.release(nameOf(settings, entry))
  }

  #watchNames(): void {
    const names = new Map<string, WatchedName>()
    for (const { watched } of this.#loaded.values()) {
      for (const { settings } of watched) {
        for (const endpoint of settings.endpoints) {
          if (!needsLookup(endpoint)) continue
          const key = `${endpoint.resolve} ${endpoint.host}`
          const intervalMs = Math.min(settings.resolveIntervalMs, names.get(key)?.intervalMs ?? Number.POSITIVE_INFINITY)
          names.set(key, { kind: endpoint.resolve, name: endpoint.host, intervalMs })
        }
      }
    }
    if (names.size > MAX_NAMES) {
      this.#options.log.warn(
        { names: names.size, limit: MAX_NAMES },
        'too many names of backends: those beyond the limit are looked up only when connecting',
      )
    }
    this.resolver.watch([...names.values()])
  }

  #watchMembers(): void {
    const probed: ProbedMember[] = []
    for (const { settings, slot, members } of this.watched) {
      const { activeHealth: plan, endpoints, protocol, tls, sourceAddress } = settings
      if (plan === undefined) continue
      const { words, at } = this.cells.backend(slot)
      for (const [index, entry] of members.entries()) {
        const endpoint = endpoints[entry.endpointIndex]
        if (endpoint === undefined || entry.slot < 0) continue
        const { host, authority, pathPrefix, isTls } = endpoint
        const { endpointIndex, address, port } = entry
        probed.push({
          key: nameOf(settings, entry),
          backend: settings.name,
          target: {
            plan,
            member: { index, endpointIndex, address, port, host, isTls, authority, pathPrefix },
            protocol,
            tls,
            sourceAddress,
          },
          health: new MemberHealth(this.cells.member(entry.slot)),
          changed: () => Atomics.add(words, at + BACKEND.version, 1),
        })
      }
    }
    this.prober.watch(probed)
  }
}

/** Whether there is more to know of it than the bundle says: addresses for names, the health of members, a breaker. */
function isWatched({ activeHealth, passiveHealth, breaker, endpoints }: BackendSettings): boolean {
  return activeHealth !== undefined || passiveHealth !== undefined || breaker !== undefined || endpoints.some(needsLookup)
}

function nameOf({ name, endpoints }: BackendSettings, entry: MemberEntry): string {
  const endpoint = endpoints[entry.endpointIndex]
  return endpoint === undefined ? '' : slotName(name, endpoint, entry)
}
