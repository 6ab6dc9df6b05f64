/** What is known of backends, for whoever asks: metrics, `/status`, and log lines when a breaker opens or a member is ejected. Read from shared memory. */
import { BREAKER_STATES, type BreakerState, breakerStateOf } from '../upstream/breaker.ts'
import { MemberHealth } from '../upstream/health/member-health.ts'
import { addressText } from '../upstream/members.ts'
import { BACKEND, SEAT, SEAT_WORDS, sharedNowMs } from '../upstream/shared-cells.ts'
import type { BackendsWatch } from './backends-watch.ts'

interface Sample {
  readonly value: number
  readonly labels: { readonly [label: string]: string | number }
}

export type AddMetric = (name: string, help: string, type: 'counter' | 'gauge', values: () => readonly Sample[]) => void

/** Backends that `/status` tells about; it says how many there are. */
const MAX_TOLD = 256
/** How often changes are looked for. */
const INTERVAL_MS = 1000

/** Series by backend are there for backends that have been used, series by member for those with health checks of either kind. */
export function addBackendMetrics(add: AddMetric, watch: BackendsWatch): void {
  // A series that has begun goes on, at 0 too.
  const used = new Set<number>()
  const bySeat = (name: string, help: string, type: 'counter' | 'gauge', word: number) =>
    add(name, help, type, () => sums(watch, used, word))
  bySeat('postern_upstream_active_requests', 'Requests under way, by backend.', 'gauge', SEAT.activeRequests)
  bySeat('postern_upstream_connections', 'Connections to backends, open or being opened.', 'gauge', SEAT.connections)
  bySeat('postern_upstream_pending_requests', 'Requests that wait for a connection to a backend.', 'gauge', SEAT.pending)
  bySeat('postern_upstream_retries_total', 'Further attempts at backends.', 'counter', SEAT.retries)
  bySeat('postern_upstream_retries_refused_total', 'Further attempts that the retry budget did not allow.', 'counter', SEAT.retriesRefused)
  add('postern_upstream_refused_total', 'Requests refused without asking the backend, by reason.', 'counter', () => [
    ...sums(watch, used, SEAT.circuitRefused, { reason: 'circuit-open' }),
    ...sums(watch, used, SEAT.poolRefused, { reason: 'pool-exhausted' }),
  ])
  add('postern_upstream_healthy', '1 while a member of a backend is neither ejected nor failing its checks.', 'gauge', () =>
    members(watch).map(({ labels, health }) => ({ labels, value: Number(health.isHealthy(sharedNowMs())) })),
  )
  add('postern_upstream_ejections_total', 'Ejections of members of backends.', 'counter', () =>
    members(watch).map(({ labels, health }) => ({ labels, value: health.ejections })),
  )
  add('postern_upstream_breaker_state', '0: closed, 1: open, 2: half-open.', 'gauge', () =>
    breakers(watch).map(({ backend, state }) => ({ labels: { backend }, value: BREAKER_STATES.indexOf(state) })),
  )
  add('postern_upstream_breaker_openings_total', 'How often the breaker of a backend has opened.', 'counter', () =>
    breakers(watch).map(({ backend, openings }) => ({ labels: { backend }, value: openings })),
  )
  add('postern_upstream_health_checks_total', 'Active health checks, by outcome.', 'counter', () =>
    Object.entries(watch.prober.checks).map(([outcome, value]) => ({ labels: { outcome }, value })),
  )
  add('postern_upstream_lookup_failures_total', 'Names of backends that could not be looked up.', 'counter', () => [
    { labels: {}, value: watch.resolver.failures },
  ])
  add(
    'postern_upstream_unshared_total',
    'Backends and members for which there was no shared state: each worker has its own.',
    'counter',
    () => [
      { labels: { of: 'backend' }, value: watch.backendSlots.refused },
      { labels: { of: 'member' }, value: watch.memberSlots.refused },
    ],
  )
}

/** Those that have a breaker, health checks, or names. */
export function backendStatus(watch: BackendsWatch): unknown {
  const now = sharedNowMs()
  const told = watch.watched.slice(0, MAX_TOLD).map(({ settings, slot, members }) => ({
    name: settings.name,
    ...(settings.breaker === undefined ? {} : { breaker: breakerStateOf(watch.cells.backend(slot)) }),
    members: members.map((entry) => {
      const health = new MemberHealth(watch.cells.member(entry.slot))
      const why = watch.whyUnhealthy(settings, entry)
      const ejectedForMs = health.ejectedForMs(now)
      return {
        endpoint: settings.endpoints[entry.endpointIndex]?.authority,
        address: addressText(entry),
        healthy: health.isHealthy(now),
        ...(ejectedForMs > 0 ? { ejectedForMs } : {}),
        ...(why === undefined ? {} : { lastCheck: why }),
      }
    }),
  }))
  return {
    count: watch.watched.length,
    failingNames: watch.resolver.names.filter(({ isFailing }) => isFailing).map(({ name }) => name),
    backends: told,
  }
}

export interface EventLog {
  warn(fields: object, message: string): void
  info(fields: object, message: string): void
}

/** Says it once, whichever worker has seen the reason. */
export class BackendEvents {
  readonly #watch: BackendsWatch
  readonly #log: EventLog
  readonly #ejections = new Map<number, number>()
  readonly #states = new Map<number, BreakerState>()
  readonly #timer: NodeJS.Timeout

  constructor(watch: BackendsWatch, log: EventLog) {
    this.#watch = watch
    this.#log = log
    this.#timer = setInterval(() => this.check(), INTERVAL_MS)
    this.#timer.unref()
  }

  check(): void {
    for (const { labels, slot, health } of members(this.#watch)) {
      const before = this.#ejections.get(slot) ?? 0
      const { ejections } = health
      this.#ejections.set(slot, ejections)
      if (ejections > before) {
        const ejectedForMs = Math.max(0, health.ejectedForMs(sharedNowMs()))
        this.#log.warn({ ...labels, ejectedForMs }, 'a member of a backend is ejected: its requests fail')
      }
    }
    for (const { backend, slot, state } of breakers(this.#watch)) {
      const before = this.#states.get(slot) ?? 'closed'
      this.#states.set(slot, state)
      if (state === before) continue
      if (state === 'open') this.#log.warn({ backend }, 'the breaker of a backend is open: too many of its requests fail')
      else if (state === 'closed') this.#log.info({ backend }, 'the breaker of a backend is closed again')
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

function sums({ cells, slotted }: BackendsWatch, used: Set<number>, word: number, labels: Sample['labels'] = {}): Sample[] {
  const samples: Sample[] = []
  for (const [backend, slot] of slotted) {
    let value = 0
    for (const { words, at } of cells.seatsOf(slot)) {
      value += Atomics.load(words, at + word) >>> 0
      for (let each = 0; each < SEAT_WORDS && !used.has(slot); each++) if (words[at + each] !== 0) used.add(slot)
    }
    if (used.has(slot)) samples.push({ value, labels: { backend, ...labels } })
  }
  return samples
}

function members(
  watch: BackendsWatch,
): { labels: { backend: string; endpoint: string; address: string }; slot: number; health: MemberHealth }[] {
  return watch.watched.flatMap(({ settings, members }) => {
    if (settings.activeHealth === undefined && settings.passiveHealth === undefined) return []
    return members
      .filter(({ slot }) => slot >= 0)
      .map(({ endpointIndex, address, port, slot }) => ({
        labels: {
          backend: settings.name,
          endpoint: settings.endpoints[endpointIndex]?.authority ?? '',
          address: addressText({ address, port }),
        },
        slot,
        health: new MemberHealth(watch.cells.member(slot)),
      }))
  })
}

function breakers(watch: BackendsWatch): { backend: string; slot: number; state: BreakerState; openings: number }[] {
  return watch.watched.flatMap(({ settings, slot }) => {
    if (settings.breaker === undefined || slot < 0) return []
    const cell = watch.cells.backend(slot)
    const openings = Atomics.load(cell.words, cell.at + BACKEND.breakerOpenings) >>> 0
    return [{ backend: settings.name, slot, state: breakerStateOf(cell), openings }]
  })
}
