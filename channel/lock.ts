/**
 * One writer per store: an flock on `lock`, which the kernel drops when its holder dies, however it dies. The file says who holds it, so
 * that the second one can name the first. Two gateways that share a volume are found out the same way, as far as its file system locks.
 */
import { closeSync, constants, fchmodSync, ftruncateSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { PosternError } from '../bundle/error.ts'

export interface StoreLock {
  /** Whether somebody else would be kept out; false where koffi or flock is missing. */
  readonly isExclusive: boolean
  /** May be called again. */
  release(): void
}

const LOCK_EXCLUSIVE_NONBLOCKING = 2 | 4
const MAX_OWNER_BYTES = 4096

/** Throws `store-locked` with the holder's name, or the system's error when the folder cannot be written. */
export function lockStore(folder: string, id: string): StoreLock {
  const path = join(folder, 'lock')
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  const flock = loadFlock()
  if (flock !== undefined && flock(fd, LOCK_EXCLUSIVE_NONBLOCKING) !== 0) {
    closeSync(fd)
    const owner = lockOwner(folder)
    const who = owner === undefined ? 'another gateway' : `gateway \`${owner.id}\`, process ${owner.pid} on ${owner.host}`
    throw new PosternError('store-locked', `the store ${folder} is in use by ${who}`, { retryable: true })
  }
  try {
    fchmodSync(fd, 0o600)
    ftruncateSync(fd, 0)
    writeSync(fd, `${JSON.stringify({ pid: process.pid, id, host: hostname() })}\n`, 0)
  } catch {
    // On a full disk nobody learns the name; the lock itself holds.
  }
  let isReleased = false
  return {
    isExclusive: flock !== undefined,
    release() {
      if (!isReleased) closeSync(fd)
      isReleased = true
    },
  }
}

/** Who holds the lock, or held it last; as it says itself. */
export interface LockOwner {
  readonly pid: number
  readonly id: string
  readonly host: string
}

export function lockOwner(folder: string): LockOwner | undefined {
  try {
    const owner: unknown = JSON.parse(readFileSync(join(folder, 'lock'), 'utf8').slice(0, MAX_OWNER_BYTES))
    if (typeof owner !== 'object' || owner === null || !('pid' in owner) || !('id' in owner) || !('host' in owner)) return undefined
    const { pid, id, host } = owner
    return Number.isSafeInteger(pid) && typeof id === 'string' && typeof host === 'string' ? { pid: pid as number, id, host } : undefined
  } catch {
    return undefined // written at this moment, or never: the lock is what counts
  }
}

/** Whether a process has the lock's file open: what a record says may be old, and its number another's by now. Linux only. */
export function hasLockOpen(pid: number, folder: string): boolean {
  try {
    const lock = statSync(join(folder, 'lock'))
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const open = statSync(`/proc/${pid}/fd/${fd}`, { throwIfNoEntry: false })
      return open?.ino === lock.ino && open.dev === lock.dev
    })
  } catch {
    return false // gone, or another user's
  }
}

type Flock = (fd: number, operation: number) => number

function loadFlock(): Flock | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const koffi = createRequire(import.meta.url)('koffi') as { load(path: null): { func(signature: string): Flock } }
    return koffi.load(null).func('int flock(int, int)')
  } catch {
    return undefined
  }
}
