/**
 * The local store: the last good bundles on this machine, from which a gateway starts when everything else is gone.
 *
 *     DIR/                    0700, one writer (lock.ts)
 *       lock                  who that is
 *       state-a, state-b      which bundles are good, newest first (state.ts)
 *       bundles/              sha256-<hex>.ptb, 0400, written once; `.corrupt` behind one that was set aside
 *
 * Nothing in it is believed: what is read is verified again, digest and signature, before it is used.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { PosternError } from '../bundle/error.ts'
import { LIMITS } from '../bundle/limits.ts'
import { type Files, nodeFiles, putDurable, sweepTemporaries, syncFolder } from './put-durable.ts'
import { readState, type StoreState, writeState } from './state.ts'

export interface StoreOptions {
  /** SHA-256 of the whole file as `sha256:<hex>`. */
  readonly digestOf: (bytes: Uint8Array) => string
  /** Why the bytes may not be used (signature, trust), or `undefined`. */
  readonly refuse: (bytes: Uint8Array) => string | undefined
  readonly files?: Files
  /** Another process writes to it: nothing is made, removed or renamed, and `keep` must not be called. */
  readonly isReadOnly?: boolean
  /** Bundles kept; never fewer than two good ones. Default 5. */
  readonly maxFiles?: number
  /** Bytes of all bundles together. Default 1 GiB. */
  readonly maxBytes?: number
}

export interface StoredBundle {
  readonly digest: string
  readonly bytes: Uint8Array
}

const MIN_GOOD = 2
const MAX_SET_ASIDE = 2
const BUNDLE_NAME = /^sha256-([0-9a-f]{64})\.ptb$/

export class Store {
  readonly folder: string
  /** Files that were set aside since the store was opened, as sentences for the log. */
  readonly findings: string[] = []
  readonly #options: StoreOptions
  readonly #files: Files
  #state: StoreState

  private constructor(folder: string, options: StoreOptions, state: StoreState) {
    this.folder = folder
    this.#options = options
    this.#files = options.files ?? nodeFiles
    this.#state = state
  }

  /** Whatever state the folder is in, there is a store afterwards; a folder that cannot be made or read is one without bundles. */
  static async open(folder: string, options: StoreOptions): Promise<Store> {
    const files = options.files ?? nodeFiles
    const findings: string[] = []
    const attempt = (what: string, work: Promise<unknown>) =>
      work.catch((error: Error) => findings.push(`${what} failed: ${error.message}`))
    if (options.isReadOnly !== true) {
      await attempt('making the store', files.mkdir(join(folder, 'bundles'), { recursive: true, mode: 0o700 }))
      await attempt('closing the store to others', files.chmod(folder, 0o700))
      await sweepTemporaries(folder, files).catch(() => {})
      await sweepTemporaries(join(folder, 'bundles'), files).catch(() => {})
    }
    let state = await readState(folder, files)
    if (state === undefined) {
      const good = (await scan(folder, files)).map(({ digest }) => digest)
      if (good.length > 0) findings.push(`no state to be found, rebuilt from ${good.length} bundles`)
      state = { counter: 0, good }
    }
    const store = new Store(folder, options, state)
    store.findings.push(...findings)
    return store
  }

  /** Digests of bundles that served without complaint, newest first. */
  get good(): readonly string[] {
    return this.#state.good
  }

  /** The newest bundle that is whole and may be used, then the next, …; those that are not are set aside on the way. */
  async *usable(): AsyncGenerator<StoredBundle> {
    const seen = new Set<string>()
    for (const digest of this.#state.good) {
      seen.add(digest)
      const bytes = await this.#read(digest)
      if (bytes !== undefined) yield { digest, bytes }
    }
    // What was written and never committed is better than nothing at all.
    for (const { digest } of await scan(this.folder, this.#files)) {
      if (seen.has(digest)) continue
      const bytes = await this.#read(digest)
      if (bytes !== undefined) yield { digest, bytes }
    }
  }

  /** Puts a bundle there and remembers it as the newest good one. Rejects with `store-unwritable`; the store is then as it was. */
  async keep(digest: string, bytes: Uint8Array): Promise<void> {
    assert(this.#options.isReadOnly !== true)
    try {
      const path = this.#path(digest)
      if (!(await this.#has(digest))) await putDurable(path, bytes, 0o400, this.#files)
      // The state points to what is durable already; only then are older ones removed.
      const good = [digest, ...this.#state.good.filter((other) => other !== digest)]
      const kept = await this.#withinLimits(good)
      const next = { counter: this.#state.counter + 1, good: kept }
      await writeState(this.folder, next, this.#files)
      this.#state = next
    } catch (cause) {
      const error = cause as NodeJS.ErrnoException
      throw new PosternError('store-unwritable', `the store ${this.folder} cannot be written: ${error.code ?? error.message}`, {
        retryable: true,
        cause,
      })
    }
    await this.#removeOthers().catch(() => {}) // costs space, nothing else; tried again next time
  }

  async #has(digest: string): Promise<boolean> {
    try {
      return this.#options.digestOf(await this.#files.readFile(this.#path(digest))) === digest
    } catch {
      return false
    }
  }

  async #read(digest: string): Promise<Uint8Array | undefined> {
    const path = this.#path(digest)
    try {
      const { size } = await this.#files.stat(path)
      if (size > LIMITS.bundleBytes) return await this.#setAside(digest, 'it is larger than any bundle')
      const bytes = await this.#files.readFile(path)
      if (this.#options.digestOf(bytes) !== digest) return await this.#setAside(digest, 'its bytes have changed')
      const refusal = this.#options.refuse(bytes)
      if (refusal === undefined) return bytes
      // Whole, but not for us (keys were changed): it stays, a key may come back.
      this.findings.push(`${digest} is not used: ${refusal}`)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.findings.push(`${digest} cannot be read: ${(error as Error).message}`)
    }
    return undefined
  }

  async #setAside(digest: string, why: string): Promise<undefined> {
    if (this.#options.isReadOnly === true) {
      this.findings.push(`${digest} is not used: ${why}`)
      return undefined
    }
    this.findings.push(`${digest} is set aside: ${why}`)
    const path = this.#path(digest)
    await this.#files.rename(path, `${path}.corrupt`).catch(() => {})
    return undefined
  }

  /** As many of `good`, newest first, as the limits allow, at least two. */
  async #withinLimits(good: readonly string[]): Promise<string[]> {
    const kept: string[] = []
    let bytes = 0
    for (const digest of good) {
      const size = await this.#files.stat(this.#path(digest)).then(
        (found) => found.size,
        () => -1,
      )
      if (size < 0) continue
      bytes += size
      const fits = kept.length < (this.#options.maxFiles ?? 5) && bytes <= (this.#options.maxBytes ?? 1024 ** 3)
      if (kept.length >= MIN_GOOD && !fits) break
      kept.push(digest)
    }
    return kept
  }

  async #removeOthers(): Promise<void> {
    const folder = join(this.folder, 'bundles')
    const keep = new Set(this.#state.good)
    for (const { digest } of await scan(this.folder, this.#files)) {
      if (!keep.has(digest)) await this.#files.unlink(this.#path(digest))
    }
    const aside = (await this.#files.readdir(folder)).filter((name) => name.endsWith('.corrupt')).sort()
    for (const name of aside.slice(0, Math.max(0, aside.length - MAX_SET_ASIDE))) await this.#files.unlink(join(folder, name))
    await syncFolder(folder, this.#files)
  }

  #path(digest: string): string {
    return join(this.folder, 'bundles', `${digest.replace(':', '-')}.ptb`)
  }
}

/** Digests by the names of files, newest first. */
async function scan(folder: string, files: Files): Promise<{ digest: string; mtimeMs: number }[]> {
  const found: { digest: string; mtimeMs: number }[] = []
  const names = await files.readdir(join(folder, 'bundles')).catch(() => [] as string[])
  for (const name of names) {
    const hex = BUNDLE_NAME.exec(name)?.[1]
    if (hex === undefined) continue
    const stat = await files.lstat(join(folder, 'bundles', name)).catch(() => undefined)
    if (stat?.isFile()) found.push({ digest: `sha256:${hex}`, mtimeMs: stat.mtimeMs })
  }
  return found.sort((a, b) => b.mtimeMs - a.mtimeMs || (a.digest < b.digest ? -1 : 1))
}
