/**
 * The store as the supervisor uses it: writing never keeps a bundle from being served. When the disk is full, read-only or hangs, the gateway
 * serves from memory, says so, and tries again.
 */
import type { KeyObject } from 'node:crypto'
import { digestOf, isRejection, verifyBundle } from '../bundle/bundle.ts'
import { Store, type StoredBundle } from '../channel/store.ts'
import type { Tuning } from './messages.ts'
import type { ProcessLog } from './telemetry/process-log.ts'

export class KeptBundles {
  readonly folder: string
  readonly #open: (isReadOnly: boolean) => Promise<Store>
  #store: Store
  readonly #tuning: Tuning
  readonly #log: ProcessLog
  #latest: { digest: string; bytes: Uint8Array } | undefined
  #durableDigest = ''
  #retry: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  #isOurs: boolean
  #isTaking = false
  #isClosed = false

  private constructor(store: Store, open: (isReadOnly: boolean) => Promise<Store>, isOurs: boolean, tuning: Tuning, log: ProcessLog) {
    this.folder = store.folder
    this.#store = store
    this.#open = open
    this.#isOurs = isOurs
    this.#tuning = tuning
    this.#log = log
  }

  /** `isTaken`: another process writes to it; bundles are read from it and none is kept, until `own`. */
  static async open(folder: string, trusted: readonly KeyObject[], tuning: Tuning, log: ProcessLog, isTaken = false): Promise<KeptBundles> {
    const refuse = (bytes: Uint8Array) => {
      const verified = verifyBundle(bytes, trusted)
      return isRejection(verified) ? verified.message : undefined
    }
    const open = (isReadOnly: boolean) => Store.open(folder, { digestOf, refuse, isReadOnly })
    const kept = new KeptBundles(await open(isTaken), open, !isTaken, tuning, log)
    kept.#report()
    return kept
  }

  /** Bundles to start from, the newest good one first. */
  async *usable(): AsyncGenerator<StoredBundle> {
    for await (const stored of this.#store.usable()) {
      this.#report()
      yield stored
    }
    this.#report()
  }

  /** What came from the store is there already. */
  remember(digest: string): void {
    this.#durableDigest = digest
  }

  /** Whether a restart without any source would find this bundle. */
  isDurable(digest: string): boolean {
    return this.#durableDigest === digest
  }

  /** Nobody else writes to it any more: what was not kept is kept now. */
  async own(): Promise<void> {
    if (this.#isOurs || this.#isClosed || this.#isTaking) return
    this.#isTaking = true
    // Anew: the other one may have written until now.
    this.#store = await this.#open(false)
    this.#report()
    this.#isOurs = true
    await this.#write()
  }

  /** Resolves when the bundle is on the disk, or when waiting for the disk is over; at once while the store is another's. */
  async keep(digest: string, bytes: Uint8Array): Promise<void> {
    if (this.#durableDigest === digest || this.#isClosed) return
    this.#latest = { digest, bytes }
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#tuning.storeTimeoutMs)
    })
    await Promise.race([this.#write(), patience])
    clearTimeout(timer)
  }

  /** Resolves when nothing more is written, or when waiting for the disk is over. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#retry)
    if (this.#writing === undefined) return
    await Promise.race([this.#writing, new Promise((resolve) => setTimeout(resolve, this.#tuning.storeTimeoutMs).unref())])
  }

  async #write(): Promise<void> {
    if (this.#writing !== undefined || this.#latest === undefined || this.#isClosed || !this.#isOurs) return
    this.#writing = this.#writeLatest(this.#latest)
    await this.#writing
  }

  async #writeLatest(latest: { digest: string; bytes: Uint8Array }): Promise<void> {
    clearTimeout(this.#retry)
    try {
      await this.#store.keep(latest.digest, latest.bytes)
      this.#durableDigest = latest.digest
      if (this.#latest === latest) this.#latest = undefined
    } catch (error) {
      this.#log.error({ code: 'store-unwritable', digest: latest.digest }, `serving from memory only: ${(error as Error).message}`)
    } finally {
      this.#writing = undefined
    }
    if (this.#latest === undefined) return
    // A newer one came meanwhile, or the disk refused.
    const delayMs = this.#latest === latest ? this.#tuning.storeRetryMs : 0
    this.#retry = setTimeout(() => void this.#write(), delayMs)
    this.#retry.unref()
  }

  #report(): void {
    for (const finding of this.#store.findings.splice(0)) this.#log.warn({ store: this.folder }, finding)
  }
}
