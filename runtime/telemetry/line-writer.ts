/**
 * Writes lines to a descriptor or a file and never waits for whoever reads them. A blocking write to a full pipe would hold one of libuv's
 * few threads, and with it name lookups and every file read; making the descriptor itself non-blocking would change it for every process that
 * shares it. So a pipe or terminal is opened again through /proc, a socket is sent to without waiting, and a file is written by one
 * asynchronous write at a time.
 */
import { closeSync, constants, fstatSync, openSync, write as writeAsync, writeSync } from 'node:fs'
import { PosternError } from '../../bundle/error.ts'
import { errorName, libc } from '../libc.ts'

export type LineTarget = { readonly fd: number } | { readonly path: string }

/** Pause after a full pipe, doubled up to the longest while it stays full. */
const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 100

/** Takes one chunk at a time; `ready` is called when it has been written and the next may come. */
export class LineWriter {
  readonly #target: LineTarget
  readonly #ready: () => void
  #fd = -1
  #isOwn = false
  #kind: 'file' | 'pipe' | 'socket' = 'file'
  #chunk: Uint8Array | undefined
  #offset = 0
  #pauseMs = FIRST_PAUSE_MS
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  /** Chunks that a failing disk or a closed pipe swallowed. */
  failures = 0
  /** The last failure's name, such as ENOSPC or EPIPE. */
  lastFailure = ''

  /** Throws `log-unavailable`. */
  constructor(target: LineTarget, ready: () => void) {
    this.#target = target
    this.#ready = ready
    this.#open()
  }

  get isBusy(): boolean {
    return this.#chunk !== undefined
  }

  /** The caller must not change `chunk` until `ready`; only when not busy. */
  write(chunk: Uint8Array): void {
    this.#chunk = chunk
    this.#offset = 0
    this.#pauseMs = FIRST_PAUSE_MS
    this.#advance()
  }

  /** Opens a file again under its name: after it was rotated away. Throws `log-unavailable`, and goes on with the old one then. */
  reopen(): void {
    if (!('path' in this.#target)) return
    const before = this.#fd
    this.#fd = openTarget(this.#target.path)
    // A write under way still uses the old one; libuv has the number, so it may only be closed when that is done.
    if (this.#chunk === undefined) closeSync(before)
    else this.#closeLater.push(before)
  }

  /** Tries once more to get rid of what is there, without waiting; then closes. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#timer)
    if (this.#chunk !== undefined && this.#kind !== 'file') this.#writeNow()
    if (this.#isOwn && !(this.#kind === 'file' && this.#chunk !== undefined)) closeSync(this.#fd)
  }

  readonly #closeLater: number[] = []

  #open(): void {
    if ('path' in this.#target) {
      this.#fd = openTarget(this.#target.path)
      this.#isOwn = true
      this.#kind = kindOf(this.#fd)
      return
    }
    const { fd } = this.#target
    this.#fd = fd
    const kind = kindOf(fd)
    this.#kind = kind === 'socket' && libc === undefined ? 'file' : kind
    if (kind !== 'pipe') return
    try {
      this.#fd = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
      this.#isOwn = true
    } catch {
      this.#kind = 'file' // somebody else's terminal, or no /proc: one thread of libuv's may have to wait
    }
  }

  #advance(): void {
    if (this.#kind === 'file') {
      this.#writeLater()
      return
    }
    if (this.#writeNow()) this.#done()
    else {
      // Polling, because the descriptor may be of a kind that epoll refuses; a reader that keeps up is never waited for.
      this.#timer = setTimeout(() => this.#advance(), this.#pauseMs)
      this.#timer.unref()
      this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS)
    }
  }

  /** True when nothing is left of the chunk. */
  #writeNow(): boolean {
    const chunk = this.#chunk
    if (chunk === undefined) return true
    try {
      while (this.#offset < chunk.length) {
        const rest = chunk.subarray(this.#offset)
        const size = this.#kind === 'socket' && libc !== undefined ? libc.sendNow(this.#fd, rest) : writeSync(this.#fd, rest)
        if (size < 0) return false
        this.#offset += size
        this.#pauseMs = FIRST_PAUSE_MS
      }
    } catch (error) {
      if (errorName(error) === 'EAGAIN') return false
      this.#failed(error)
    }
    return true
  }

  #writeLater(): void {
    const chunk = this.#chunk
    if (chunk === undefined) return
    writeAsync(this.#fd, chunk, this.#offset, chunk.length - this.#offset, null, (error, size) => {
      for (const fd of this.#closeLater.splice(0)) closeSync(fd)
      if (error !== null) this.#failed(error)
      else this.#offset += size
      if (error === null && this.#offset < chunk.length && !this.#isClosed) this.#writeLater()
      else this.#done()
    })
  }

  #failed(error: unknown): void {
    this.failures += 1
    this.lastFailure = errorName(error)
  }

  #done(): void {
    this.#chunk = undefined
    if (!this.#isClosed) this.#ready()
  }
}

function kindOf(fd: number): 'file' | 'pipe' | 'socket' {
  const stat = fstatSync(fd)
  if (stat.isSocket()) return 'socket'
  return stat.isFIFO() || stat.isCharacterDevice() ? 'pipe' : 'file'
}

function openTarget(path: string): number {
  try {
    // Non-blocking, should the path be a named pipe; one without a reader is ENXIO then, instead of a start that never ends.
    return openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK, 0o640)
  } catch (cause) {
    throw new PosternError('log-unavailable', `the log ${path} cannot be opened: ${(cause as Error).message}`, { cause })
  }
}
