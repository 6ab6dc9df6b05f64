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
  readonly #store: Store
  readonly #tuning: Tuning
  readonly #log: ProcessLog
  #latest: { digest: string; bytes: Uint8Array } | undefined
  #durableDigest = ''
  #retry: NodeJS.Timeout | undefined
  #isWriting = false
  #isClosed = false

  private constructor(store: Store, tuning: Tuning, log: ProcessLog) {
    this.folder = store.folder
    this.#store = store
    this.#tuning = tuning
    this.#log = log
  }

  static async open(folder: string, trusted: readonly KeyObject[], tuning: Tuning, log: ProcessLog): Promise<KeptBundles> {
    const refuse = (bytes: Uint8Array) => {
      const verified = verifyBundle(bytes, trusted)
      return isRejection(verified) ? verified.message : undefined
    }
    const kept = new KeptBundles(await Store.open(folder, { digestOf, refuse }), tuning, log)
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

  /** Resolves when the bundle is on the disk, or when waiting for the disk is over. */
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

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#retry)
  }

  async #write(): Promise<void> {
    const latest = this.#latest
    if (this.#isWriting || latest === undefined || this.#isClosed) return
    this.#isWriting = true
    clearTimeout(this.#retry)
    try {
      await this.#store.keep(latest.digest, latest.bytes)
      this.#durableDigest = latest.digest
      if (this.#latest === latest) this.#latest = undefined
    } catch (error) {
      this.#log.error({ code: 'store-unwritable', digest: latest.digest }, `serving from memory only: ${(error as Error).message}`)
    } finally {
      this.#isWriting = false
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
