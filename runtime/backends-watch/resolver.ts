/**
 * Keeps what names stand for: looks all of them up, again and again, and says when something has changed. Fail-static: a lookup that fails, or
 * finds nothing, changes nothing, is counted and tried again soon. One per process, so that all workers have the same addresses.
 */
import { isIPv6 } from 'node:net'
import { type Found, MAX_ADDRESSES_PER_NAME, type SrvTarget } from '../upstream/members.ts'
import type { NameLookup } from './name-lookup.ts'

/** Names that are kept up to date; those beyond are looked up by whoever connects. */
export const MAX_NAMES = 4096
/** A lookup may hold a thread of the pool that file reads need too, for as long as the system's resolver likes. */
export const MAX_LOOKUPS = 4
export const LOOKUP_TIMEOUT_MS = 5000
const MIN_INTERVAL_MS = 100
const FIRST_RETRY_MS = 1000
/** Names are looked up after their interval, give or take this share, so that they do not all come at once. */
const JITTER = 0.1

export type NameKind = Found['kind']

export interface WatchedName {
  readonly kind: NameKind
  readonly name: string
  readonly intervalMs: number
}

export interface ResolverOptions {
  readonly lookup: NameLookup
  readonly onChange: (kind: NameKind, name: string) => void
  readonly log: { warn(fields: object, message: string): void; info(fields: object, message: string): void }
  readonly timeoutMs?: number
  readonly random?: () => number
}

interface Kept {
  readonly kind: NameKind
  readonly name: string
  intervalMs: number
  found: Found | undefined
  /** Looked up at least once, with success or without. */
  isSettled: boolean
  failures: number
  timer: NodeJS.Timeout | undefined
  isForgotten: boolean
}

export class Resolver {
  /** Lookups that failed. */
  failures = 0
  readonly #options: ResolverOptions
  readonly #names = new Map<string, Kept>()
  readonly #queue: Kept[] = []
  readonly #waiting = new Set<() => void>()
  #running = 0

  constructor(options: ResolverOptions) {
    this.#options = options
  }

  /** Exactly these from now on; new ones are looked up at once. */
  watch(names: readonly WatchedName[]): void {
    const wanted = new Map(names.slice(0, MAX_NAMES).map((each) => [keyOf(each.kind, each.name), each]))
    for (const [key, kept] of this.#names) {
      if (wanted.has(key)) continue
      kept.isForgotten = true
      clearTimeout(kept.timer)
      this.#names.delete(key)
    }
    for (const [key, { kind, name, intervalMs }] of wanted) {
      const kept = this.#names.get(key)
      if (kept !== undefined) {
        kept.intervalMs = intervalMs
        continue
      }
      const added = { kind, name, intervalMs, found: undefined, isSettled: false, failures: 0, timer: undefined, isForgotten: false }
      this.#names.set(key, added)
      this.#enqueue(added)
    }
  }

  /** `undefined`: nothing was found yet. */
  found(kind: NameKind, name: string): Found | undefined {
    return this.#names.get(keyOf(kind, name))?.found
  }

  /** Resolves when each of the watched names was looked up at least once, or the time is over. */
  settled(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        for (const { isSettled } of this.#names.values()) if (!isSettled) return
        done()
      }
      const done = () => {
        clearTimeout(timer)
        this.#waiting.delete(check)
        resolve()
      }
      const timer = setTimeout(done, withinMs)
      this.#waiting.add(check)
      check()
    })
  }

  get names(): { readonly kind: NameKind; readonly name: string; readonly isFailing: boolean }[] {
    return [...this.#names.values()].map(({ kind, name, failures }) => ({ kind, name, isFailing: failures > 0 }))
  }

  close(): void {
    this.watch([])
    this.#queue.length = 0
  }

  #enqueue(kept: Kept): void {
    this.#queue.push(kept)
    this.#next()
  }

  #next(): void {
    while (this.#running < MAX_LOOKUPS) {
      const kept = this.#queue.shift()
      if (kept === undefined) return
      if (!kept.isForgotten) this.#lookUp(kept)
    }
  }

  #lookUp(kept: Kept): void {
    this.#running += 1
    let isAnswered = false
    const answer = (found: Found | undefined, why: string) => {
      if (isAnswered) return
      isAnswered = true
      clearTimeout(timer)
      this.#answered(kept, found, why)
    }
    const timer = setTimeout(() => answer(undefined, 'no answer in time'), this.#options.timeoutMs ?? LOOKUP_TIMEOUT_MS)
    timer.unref()
    this.#ask(kept)
      .then(
        (found) => answer(found, 'no addresses'),
        (error: Error) => answer(undefined, error.message),
      )
      .finally(() => {
        // A thread that hangs in the system's resolver is used until it comes back, whatever we think of its answer.
        this.#running -= 1
        this.#next()
      })
  }

  async #ask({ kind, name }: Kept): Promise<Found | undefined> {
    const { lookup } = this.#options
    if (kind === 'address') {
      const addresses = bounded(await lookup.addresses(name))
      return addresses.length === 0 ? undefined : { kind, addresses }
    }
    const records = await lookup.srv(name)
    const sorted = records.filter((record) => record.name !== '' && record.name !== '.').sort(byPreference)
    const targets: SrvTarget[] = []
    for (const { name, port, priority, weight } of sorted.slice(0, MAX_ADDRESSES_PER_NAME)) {
      const addresses = bounded(await lookup.addresses(name).catch(() => []))
      if (addresses.length > 0) targets.push({ addresses, port, priority, weight })
    }
    return targets.length === 0 ? undefined : { kind, targets }
  }

  #answered(kept: Kept, found: Found | undefined, why: string): void {
    if (kept.isForgotten) return
    const { log, onChange, random = Math.random } = this.#options
    const { kind, name } = kept
    kept.isSettled = true
    let waitMs = kept.intervalMs
    if (found === undefined) {
      this.failures += 1
      kept.failures += 1
      if (kept.failures === 1) log.warn({ name, why, known: kept.found !== undefined }, 'a name of a backend cannot be looked up')
      waitMs = Math.min(waitMs, FIRST_RETRY_MS * 2 ** Math.min(kept.failures - 1, 20))
    } else {
      if (kept.failures > 0) log.info({ name, failures: kept.failures }, 'a name of a backend can be looked up again')
      kept.failures = 0
    }
    kept.timer = setTimeout(() => this.#enqueue(kept), Math.max(MIN_INTERVAL_MS, waitMs * (1 + JITTER * (random() * 2 - 1))))
    kept.timer.unref()
    if (found !== undefined && JSON.stringify(found) !== JSON.stringify(kept.found)) {
      kept.found = found
      onChange(kind, name)
    }
    for (const check of [...this.#waiting]) check()
  }
}

function keyOf(kind: NameKind, name: string): string {
  return `${kind} ${name}`
}

/** In one order, so that the same answer is the same whatever order it came in, and with too many it is always the same ones that are left out. */
function bounded(addresses: readonly string[]): string[] {
  const order = (a: string, b: string) => Number(isIPv6(a)) - Number(isIPv6(b)) || (a < b ? -1 : 1)
  return [...new Set(addresses)].sort(order).slice(0, MAX_ADDRESSES_PER_NAME)
}

function byPreference(
  a: { name: string; port: number; priority: number; weight: number },
  b: { name: string; port: number; priority: number; weight: number },
): number {
  return a.priority - b.priority || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0) || a.port - b.port || a.weight - b.weight
}
