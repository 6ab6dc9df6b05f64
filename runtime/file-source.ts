/**
 * Watches one bundle file: replaced by rename (as one should), written in place, or behind a symbolic link that is swapped (Kubernetes). Its
 * content decides, not its times; events are hints, and a slow poll finds what they miss. A file that is only partly written does not
 * verify: that counts as a mistake when the file has come to rest, not before.
 */
import { createHash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'
import { PosternError } from '../bundle/error.ts'
import { LIMITS } from '../bundle/limits.ts'
import type { Outcome, Tuning } from './messages.ts'
import type { ProcessLog } from './telemetry/process-log.ts'

export interface FileSourceOptions {
  readonly path: string
  readonly tuning: Tuning
  readonly log: ProcessLog
  readonly submit: (bytes: Uint8Array, isTentative: boolean) => Promise<Outcome>
}

/** After an event, so that the several that one save makes are one. */
const GATHER_MS = 10
/** Bundles refused for a reason that may pass are tried again so often, so long after. */
const RETRIES = 3
const RETRY_MS = 1_000

export class FileSource {
  readonly #options: FileSourceOptions
  readonly #path: string
  #watcher: FSWatcher | undefined
  #poll: NodeJS.Timeout | undefined
  #gather: NodeJS.Timeout | undefined
  /** What the file was when it was last dealt with: identity and times, then content. */
  #seen = ''
  #digest = ''
  #running: Promise<Outcome | undefined> = Promise.resolve(undefined)
  #isMissing = false
  #isClosed = false

  constructor(options: FileSourceOptions) {
    this.#options = options
    this.#path = resolve(options.path)
  }

  /** From now on changes are found. */
  start(): void {
    const folder = dirname(this.#path)
    const name = basename(this.#path)
    // The folder, because a watch on the file ends with the file; of all else in it only what symbolic links are swapped with.
    this.#watcher = watch(folder, {
      depth: 0,
      ignoreInitial: true,
      ignored: (path) => resolve(path) !== folder && basename(path) !== name && !basename(path).startsWith('..'),
    })
    this.#watcher.on('all', () => this.#changed())
    this.#watcher.on('error', (error) => this.#options.log.warn(`watching ${folder} failed, polling goes on: ${(error as Error).message}`))
    this.#poll = setInterval(() => this.#changed(), this.#options.tuning.filePollMs)
    this.#poll.unref()
    this.#changed()
  }

  /** Reads the file now, whatever it was before. */
  reload(): Promise<Outcome> {
    return this.#enqueue(true) as Promise<Outcome>
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#poll)
    clearTimeout(this.#gather)
    await this.#watcher?.close()
  }

  #changed(): void {
    if (this.#isClosed || this.#gather !== undefined) return
    this.#gather = setTimeout(() => {
      this.#gather = undefined
      void this.#enqueue(false)
    }, GATHER_MS)
  }

  /** One after the other: what was read first is submitted first. */
  #enqueue(isForced: boolean): Promise<Outcome | undefined> {
    this.#running = this.#running.then(() => this.#look(isForced))
    return this.#running
  }

  async #look(isForced: boolean): Promise<Outcome | undefined> {
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#lookOnce(isForced)
      if (outcome?.outcome !== 'rejected' || !outcome.retryable || attempt === RETRIES || this.#isClosed) return outcome
      await new Promise((proceed) => setTimeout(proceed, RETRY_MS).unref())
      this.#seen = ''
      this.#digest = ''
    }
  }

  async #lookOnce(isForced: boolean): Promise<Outcome | undefined> {
    for (let isSettled = false; ; isSettled = true) {
      let read: { bytes: Uint8Array; identity: string } | undefined
      try {
        const identity = await identify(this.#path)
        if (!isForced && !isSettled && identity === this.#seen) return undefined
        read = await readWhole(this.#path)
        this.#isMissing = false
      } catch (error) {
        return this.#unreadable(error as NodeJS.ErrnoException, isForced)
      }
      if (read !== undefined) {
        const digest = createHash('sha256').update(read.bytes).digest('hex')
        if (!isForced && digest === this.#digest) {
          this.#seen = read.identity
          return undefined
        }
        const outcome = await this.#options.submit(read.bytes, !isSettled)
        if (isSettled || outcome.outcome !== 'rejected' || !outcome.isUnverified) {
          this.#seen = read.identity
          this.#digest = digest
          return outcome
        }
      }
      // Changed while it was read, or not whole: once more when it rests.
      await this.#rest()
      if (this.#isClosed) return undefined
    }
  }

  /** Until the file has been the same for a while. */
  async #rest(): Promise<void> {
    let before = ''
    for (;;) {
      const now = await identify(this.#path).catch(() => 'missing')
      if (now === before || this.#isClosed) return
      before = now
      await new Promise((proceed) => setTimeout(proceed, this.#options.tuning.fileSettleMs))
    }
  }

  #unreadable(error: NodeJS.ErrnoException, isForced: boolean): Outcome | undefined {
    const code = error instanceof PosternError ? error.code : error.code === 'ENOENT' ? 'bundle-missing' : 'bundle-unreadable'
    const message = error.code === 'ENOENT' ? `there is no ${this.#path}` : `${this.#path} cannot be read: ${error.message}`
    if (!this.#isMissing) this.#options.log.warn({ code }, message)
    this.#isMissing = true
    this.#seen = ''
    return isForced ? { outcome: 'rejected', code, message, retryable: false, isUnverified: false } : undefined
  }
}

/** The bytes of a file; `undefined` when it changed while it was read. */
export async function readWhole(path: string): Promise<{ bytes: Uint8Array; identity: string } | undefined> {
  const handle = await open(path)
  try {
    const before = await handle.stat({ bigint: true })
    if (!before.isFile()) throw new PosternError('bundle-unreadable', 'it is not a file')
    if (before.size > BigInt(LIMITS.bundleBytes)) throw new PosternError('bundle-too-large', `it has more than ${LIMITS.bundleBytes} bytes`)
    const bytes = await handle.readFile()
    const after = await handle.stat({ bigint: true })
    const identity = identityOf(after)
    return identity === identityOf(before) && BigInt(bytes.length) === after.size ? { bytes, identity } : undefined
  } finally {
    await handle.close()
  }
}

async function identify(path: string): Promise<string> {
  return identityOf(await stat(path, { bigint: true }))
}

function identityOf(stat: { dev: bigint; ino: bigint; size: bigint; mtimeNs: bigint; ctimeNs: bigint }): string {
  return [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(':')
}
