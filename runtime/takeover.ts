/**
 * `--takeover`: a gateway takes port and store over from the one that has them, without a connection lost. Both listen on the same port for a
 * while. Sockets cannot leave such a group without dropping the connections in their queues, so the kernel is told first to give new ones to
 * the new gateway's sockets only; when those of the old one have run dry, it is told to drain, gives up the store's lock, and closes them.
 */
import { statSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { PosternError } from '../bundle/error.ts'
import { hasLockOpen, lockOwner, lockStore, type StoreLock } from '../channel/lock.ts'
import { type Libc, libc } from './libc.ts'
import { listeningSockets } from './listening.ts'
import type { Tuning } from './messages.ts'
import type { Parent } from './parent.ts'
import type { BoundListener } from './sockets.ts'
import type { ProcessLog } from './telemetry/process-log.ts'

/** The gateway that is to be taken over from. */
export interface Predecessor {
  readonly pid: number
  readonly id: string
}

export interface TakeOverOptions {
  readonly predecessor: Predecessor
  readonly store: string
  /** This gateway's name in the lock. */
  readonly id: string
  /** It serves. */
  readonly parent: Pick<Parent, 'listeners' | 'adminListener' | 'isStopping' | 'stop' | 'storeIsOurs'>
  readonly tuning: Tuning
  readonly log: ProcessLog
}

const POLL_MS = 20
/** The old one's sockets are closed one by one within milliseconds; longer than this nobody is left alone with all connections. */
const PINNED_MS = 2_000
/** From then on it is worth a line in the log. */
const PATIENCE_MS = 10_000
/** Environment: what is there is not as it must be. */
const EXIT_TAKEN = 3

/**
 * Who holds a store's lock, if it is a gateway that can be told to go. Throws `takeover-impossible`: another machine's or container's (the
 * number means somebody else here), another user's, or nobody who can be found.
 */
export function findPredecessor(store: string): Predecessor {
  const refuse = (why: string) =>
    new PosternError('takeover-impossible', `the gateway that has the store ${store} cannot be taken over from: ${why}`)
  if (libc === undefined) throw refuse('it takes Linux and koffi')
  const owner = lockOwner(store)
  if (owner === undefined) throw refuse('it does not say who it is')
  const { pid, id, host } = owner
  if (host !== hostname()) throw refuse(`gateway \`${id}\` runs on ${host}`)
  if (pid === process.pid || !hasLockOpen(pid, store)) throw refuse(`process ${pid} is none of this user's that has its lock`)
  if (statSync(`/proc/${pid}`).uid !== process.getuid?.()) throw refuse(`process ${pid} is another user's, and could not share its ports`)
  return { pid, id }
}

/** Resolves with the lock when the store is ours, or with nothing when it never will be. */
export async function takeOver(options: TakeOverOptions): Promise<StoreLock | undefined> {
  const { predecessor, parent, tuning, log } = options
  const { pid } = predecessor
  const listeners = [...parent.listeners, ...(parent.adminListener === undefined ? [] : [parent.adminListener])]
  log.info({ from: pid }, 'serving beside the gateway that is taken over from')
  const steering = new Steering(listeners, log)
  steering.spread()
  // Handshakes that have begun at the old sockets end there, and their workers accept them.
  const settledAtMs = performance.now() + tuning.takeoverSettleMs
  while (performance.now() < settledAtMs && !parent.isStopping && hasLockOpen(pid, options.store)) await sleep(POLL_MS)
  if (parent.isStopping) return undefined
  steering.pin()
  if (hasLockOpen(pid, options.store)) terminate(pid, log)
  void steering.endWhenAlone(() => parent.isStopping)
  const lock = await waitForLock(options)
  if (lock === undefined) return undefined
  parent.storeIsOurs()
  log.info({ from: pid }, 'port and store are taken over')
  return lock
}

async function waitForLock({ predecessor, store, id, parent, tuning, log }: TakeOverOptions): Promise<StoreLock | undefined> {
  const startedAtMs = performance.now()
  let wasReported = false
  while (!parent.isStopping) {
    try {
      return lockStore(store, id)
    } catch (error) {
      if (!(error instanceof PosternError)) {
        log.warn({ code: 'store-unwritable', store }, `the store cannot be locked: ${(error as Error).message}`)
        return undefined
      }
      const owner = lockOwner(store)
      if (owner !== undefined && owner.pid !== predecessor.pid && hasLockOpen(owner.pid, store)) {
        log.fatal({ by: owner.pid }, 'another gateway has taken the store over meanwhile, and this one ends')
        void parent.stop(tuning.drainMs, EXIT_TAKEN)
        return undefined
      }
    }
    const waitedMs = performance.now() - startedAtMs
    if (waitedMs > PATIENCE_MS && !wasReported) {
      wasReported = true
      log.error({ holder: predecessor.pid }, 'the old gateway does not give up the store; new bundles are served from memory until it does')
    }
    await sleep(wasReported ? 1000 : POLL_MS)
  }
  return undefined
}

function terminate(pid: number, log: ProcessLog): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch (error) {
    log.warn(`process ${pid} cannot be told to drain: ${(error as Error).message}`)
  }
}

/** Which sockets of a shared port get new connections: those of the process that came last, until it is alone. */
class Steering {
  readonly #groups: readonly BoundListener[]
  readonly #log: ProcessLog

  constructor(listeners: readonly BoundListener[], log: ProcessLog) {
    this.#log = log
    this.#groups = listeners.filter((listener) => olderSockets(listener) > 0)
  }

  /** Over all new sockets alike. */
  spread(): void {
    this.#steer((older, count) => [LOAD_RANDOM, modulo(count), add(older), RETURN_SUM])
  }

  /**
   * To the first new one only. When a socket leaves, the last one gets its place: this one's does not change while older ones are there, if
   * there are no more of them than new ones. A place that is empty means any.
   */
  pin(): void {
    this.#steer((older) => [returnConstant(older)])
  }

  /** Gives the choice back to the kernel when the older sockets are gone. */
  async endWhenAlone(isStopping: () => boolean): Promise<void> {
    const pinnedAtMs = performance.now()
    let isPinned = true
    while (!isStopping() && this.#groups.some((listener) => olderSockets(listener) > 0)) {
      await sleep(isPinned ? POLL_MS : PATIENCE_MS)
      if (!isPinned || performance.now() - pinnedAtMs < PINNED_MS) continue
      isPinned = false
      this.spread()
    }
    if (isStopping()) return
    for (const { fds } of this.#groups) attempt(this.#log, (system) => system.unsteer(fds[0] as number))
  }

  #steer(program: (older: number, count: number) => readonly Instruction[]): void {
    for (const listener of this.#groups) {
      const instructions = program(olderSockets(listener), listener.fds.length)
      attempt(this.#log, (system) => system.steer(listener.fds[0] as number, instructions))
    }
  }
}

/** They stand before ours in the group, in the order in which `listen` was called on them. */
function olderSockets(listener: BoundListener): number {
  return listeningSockets(listener).filter(({ isSameAddress }) => isSameAddress).length - listener.fds.length
}

function attempt(log: ProcessLog, call: (system: Libc) => void): void {
  try {
    if (libc !== undefined) call(libc)
  } catch (error) {
    log.warn(`connections in the queues of the old gateway may be lost: ${(error as Error).message}`)
  }
}

/** One of classic BPF: code and constant. <linux/filter.h>, Documentation/networking/filter.rst. */
export type Instruction = readonly [code: number, constant: number]

const BPF_LOAD_WORD_ABSOLUTE = 0x20
const BPF_MODULO_CONSTANT = 0x94
const BPF_ADD_CONSTANT = 0x04
const BPF_RETURN_CONSTANT = 0x06
const BPF_RETURN_ACCUMULATOR = 0x16
/** SKF_AD_OFF + SKF_AD_RANDOM: a random number instead of a byte of the packet. */
const ANCILLARY_RANDOM = 0xffff_f000 + 56

const LOAD_RANDOM: Instruction = [BPF_LOAD_WORD_ABSOLUTE, ANCILLARY_RANDOM]
const RETURN_SUM: Instruction = [BPF_RETURN_ACCUMULATOR, 0]
const modulo = (constant: number): Instruction => [BPF_MODULO_CONSTANT, constant]
const add = (constant: number): Instruction => [BPF_ADD_CONSTANT, constant]
const returnConstant = (constant: number): Instruction => [BPF_RETURN_CONSTANT, constant]
