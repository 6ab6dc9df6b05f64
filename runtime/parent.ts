/**
 * `postern run`, the process that was started: small enough not to fail. It owns the listening sockets and the store's lock, starts one child
 * that does everything else, starts it again when it dies, and passes signals on. While a child is dead or being replaced, connections wait
 * in the sockets' queues. A new version of the program takes over the same way: as the next child, with the same sockets.
 */
import { closeSync } from 'node:fs'
import { PosternError } from '../bundle/error.ts'
import { libc } from './libc.ts'
import { DEFAULT_TUNING, type Outcome, PARENT_PROTOCOL, type StartOrder, type Tuning } from './messages.ts'
import { ServingProcess } from './serving-process.ts'
import { type BoundListener, closeListener, type ListenerAddress, openListener, withPlainListeners } from './sockets.ts'
import type { ProcessLog } from './telemetry/process-log.ts'
import { Watchdog } from './watchdog.ts'

export interface ParentOptions {
  /** All but what the parent fills in. */
  readonly config: Omit<StartOrder['config'], 'listeners' | 'adminFd' | 'own' | 'crashes' | 'workers' | 'isStoreTaken'>
  readonly version: string
  /** Module of the workers; left out: the program's own. */
  readonly worker: string | undefined
  /** What differs from the defaults. */
  readonly tuning: Partial<Tuning>
  /** The gateway that is to be taken over from: it has ports and the store, which are shared with it until it gives them up. */
  readonly predecessor: number | undefined
  readonly listeners: readonly ListenerAddress[]
  /** Left out: no admin listener. */
  readonly admin: { readonly address: ListenerAddress; readonly mayMove: boolean } | undefined
  readonly workers: number
  readonly log: ProcessLog
  /** A bundle with other listeners was swapped in. */
  readonly onListenersChanged: (listeners: readonly BoundListener[]) => void
  /** It stops, and its child writes nothing to the store any more. */
  readonly onStoreReleased: () => void
}

/** What became of the wish for another serving process. */
export type HandOver =
  | { readonly outcome: 'handed-over'; readonly version: string; readonly pid: number | undefined }
  | { readonly outcome: 'failed'; readonly code: string; readonly message: string }

/** A child that lived so long was not killed by its own start. */
const HEALTHY_MS = 60_000
const FREE_CRASHES = 2
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 10_000

export class Parent {
  /** Exit code, when all is over. */
  readonly exited: Promise<number>
  listeners: readonly BoundListener[] = []
  adminListener: BoundListener | undefined
  readonly #options: ParentOptions
  readonly #tuning: Tuning
  readonly #children = new Set<ServingProcess>()
  readonly #watchdog: Watchdog<ServingProcess>
  readonly #reloads = new Map<number, (outcome: Outcome) => void>()
  #current: ServingProcess | undefined
  #crashes = 0
  #crashesInARow = 0
  #request = 0
  #isStopping = false
  #isReplacing = false
  #ownsStore: boolean
  #restart: NodeJS.Timeout | undefined
  #resolveExited: (code: number) => void = () => {}

  constructor(options: ParentOptions) {
    this.#options = options
    this.#ownsStore = options.predecessor === undefined
    this.#tuning = { ...DEFAULT_TUNING, ...options.tuning }
    const { supervisorHungAfterChecks: hungAfterChecks, watchdogIntervalMs } = this.#tuning
    this.#watchdog = new Watchdog<ServingProcess>({ hungAfterChecks, watchdogIntervalMs }, (child) => {
      options.log.error({ child: child.pid }, 'the serving process hangs and is killed')
      child.kill()
    })
    this.exited = new Promise((resolve) => {
      this.#resolveExited = resolve
    })
  }

  /** Resolves when connections are accepted, or when it is stopped before. Rejects with the reason why neither can be. */
  async start(): Promise<void> {
    try {
      if (libc !== undefined) {
        const { admin } = this.#options
        if (admin !== undefined) this.adminListener = this.#openMovable(admin.address, admin.mayMove)
        this.listeners = this.#open(this.#options.listeners, [])
      }
      this.#current = await this.#spawn(this.listeners)
      if (this.#isStopping) this.#current.kill()
      await this.#current.ready
    } catch (error) {
      // Told to stop meanwhile: no failure, and the child is on its way out.
      if (this.#isStopping) return
      this.#isStopping = true
      this.#watchdog.close()
      this.#closeSockets()
      for (const child of this.#children) child.kill()
      throw error
    }
  }

  /** Looks at the bundle file now. */
  reload(reopenLogs: boolean): Promise<Outcome> {
    const child = this.#current
    if (child === undefined || !child.isReady || child.isEnding) {
      // A child that is just starting looks at the file anyway.
      return Promise.resolve({ outcome: 'superseded' })
    }
    const request = ++this.#request
    return new Promise((resolve) => {
      this.#reloads.set(request, resolve)
      child.reload(request, reopenLogs)
    })
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  /** Lets exchanges end. A second call ends at once what still runs. */
  stop(drainMs: number, exitCode = 0): Promise<number> {
    if (this.#isStopping) {
      for (const child of this.#children) child.kill()
      return this.exited
    }
    this.#isStopping = true
    clearTimeout(this.#restart)
    for (const child of this.#children) this.#end(child, drainMs)
    // The child closes its own at the same time: from now on connections are refused, and go to whoever else serves.
    this.#closeSockets()
    void Promise.all([...this.#children].map(({ storeReleased }) => storeReleased)).then(this.#options.onStoreReleased)
    void Promise.all([...this.#children].map(({ exited }) => exited)).then(() => {
      this.#watchdog.close()
      this.#resolveExited(exitCode)
    })
    return this.exited
  }

  get pid(): number | undefined {
    return this.#current?.pid
  }

  /**
   * Starts a child from the program's files as they are now, and ends the one before when the new one serves. Both have the same sockets, so
   * nothing is refused. When the new one does not come up in time, the one before goes on.
   */
  async handOver(): Promise<HandOver> {
    const old = this.#current
    if (libc === undefined) return failed('no-native-sockets', 'without koffi a new version needs a restart')
    if (old === undefined || !old.isReady || old.isEnding || this.#isStopping)
      return failed('not-serving', 'the serving process is starting or ending')
    if (this.#isReplacing) return failed('hand-over-running', 'another serving process is being started already')
    const from = old.version
    try {
      const next = await this.#succeed(old, this.listeners)
      this.#options.log.info({ from, to: next.version, pid: next.pid }, 'a new serving process has taken over')
      return { outcome: 'handed-over', version: next.version, pid: next.pid }
    } catch (error) {
      const { code = 'child-failed', message } = error as PosternError
      this.#options.log.error({ code }, `the new serving process does not take over, the one before goes on: ${message}`)
      return failed(code, message)
    }
  }

  /** The lock on the store has been taken, after the start. */
  storeIsOurs(): void {
    this.#ownsStore = true
    if (this.#current?.isEnding === false) this.#current.giveStore()
  }

  async #spawn(listeners: readonly BoundListener[]): Promise<ServingProcess> {
    if (libc !== undefined) return this.#launch(listeners, this.adminListener, !this.#ownsStore)
    try {
      return await this.#spawnPlain(this.#options.admin?.address)
    } catch (error) {
      const { admin } = this.#options
      const isAdmin = error instanceof PosternError && error.message.includes('`admin`')
      if (!isAdmin || admin?.mayMove !== true || this.adminListener !== undefined) throw error
      return this.#spawnPlain({ ...admin.address, port: 0 })
    }
  }

  /** Without koffi: sockets are made for each child anew, at the ports that the first one got. */
  #spawnPlain(admin: ListenerAddress | undefined): Promise<ServingProcess> {
    const wanted = this.#options.listeners.map((listener, index) => ({ ...listener, port: this.listeners[index]?.port ?? listener.port }))
    if (admin !== undefined) wanted.push({ ...admin, port: this.adminListener?.port ?? admin.port })
    return withPlainListeners(wanted, (bound) => {
      this.listeners = this.#options.listeners.map((listener, index) => ({ ...(bound[index] as BoundListener), wantedPort: listener.port }))
      this.adminListener = admin === undefined ? undefined : bound.at(-1)
      return this.#launch(this.listeners, this.adminListener, !this.#ownsStore)
    })
  }

  #launch(listeners: readonly BoundListener[], admin: BoundListener | undefined, isStoreTaken: boolean): ServingProcess {
    const { config, tuning, version, worker, workers } = this.#options
    const child = new ServingProcess({
      order: {
        protocol: PARENT_PROTOCOL,
        parentVersion: version,
        tuning,
        worker,
        config: { ...config, crashes: this.#crashes, isStoreTaken },
      },
      listeners,
      admin,
      workers,
      reloaded: (request, outcome) => this.#answer(request, outcome),
      successorWanted: (old, wanted) => void this.#changeListeners(old, wanted),
    })
    this.#children.add(child)
    this.#watchdog.watch(child)
    void child.exited.then((how) => {
      this.#watchdog.forget(child)
      this.#children.delete(child)
      // Whatever was asked of it has no other answer; its successor looks at the file by itself.
      if (child === this.#current) for (const request of this.#reloads.keys()) this.#answer(request, { outcome: 'superseded' })
      this.#childExited(child, how)
    })
    return child
  }

  #childExited(child: ServingProcess, how: string): void {
    if (this.#isStopping || child.isEnding || child !== this.#current) return
    // Never served: `start` reports it, unless it is the successor of one that did.
    if (!child.isReady && this.#crashes === 0) return
    this.#crashes += 1
    this.#crashesInARow = performance.now() - child.startedAtMs < HEALTHY_MS ? this.#crashesInARow + 1 : 1
    const over = this.#crashesInARow - FREE_CRASHES
    const pauseMs = over <= 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (over - 1), LONGEST_PAUSE_MS)
    this.#options.log.error({ how, crashes: this.#crashes, pauseMs }, 'the serving process is gone and is started again; connections wait')
    if (this.#isReplacing) return // its successor is on its way
    this.#restart = setTimeout(() => void this.#startAgain(), pauseMs)
  }

  /** For ever: a gateway that has served does not give up. */
  async #startAgain(): Promise<void> {
    try {
      this.#current = await this.#spawn(this.listeners)
    } catch (error) {
      this.#options.log.error(`the serving process cannot be started: ${(error as Error).message}`)
      this.#restart = setTimeout(() => void this.#startAgain(), LONGEST_PAUSE_MS)
      return
    }
    this.#current.ready.catch((error: Error) => {
      if (!this.#isStopping) this.#options.log.error(`the serving process did not start: ${error.message}`)
    })
  }

  /** Starts a child with other listeners and ends the one before when it serves. Sockets that both have are the same ones. */
  async #changeListeners(old: ServingProcess, wanted: readonly ListenerAddress[]): Promise<void> {
    if (this.#isStopping || this.#isReplacing || old !== this.#current) {
      old.refuseSuccessor('the gateway is being replaced or stopped')
      return
    }
    const before = this.listeners
    let opened: readonly BoundListener[] = []
    try {
      if (libc === undefined) throw new PosternError('listener-unavailable', 'without koffi, other listeners need a restart')
      opened = this.#open(wanted, before)
      await this.#succeed(old, opened)
      for (const listener of before) if (!opened.some(({ fds }) => fds === listener.fds)) closeListener(listener)
      this.#options.onListenersChanged(opened)
    } catch (error) {
      for (const listener of opened) if (!before.some(({ fds }) => fds === listener.fds)) closeListener(listener)
      old.refuseSuccessor((error as Error).message)
    }
  }

  /** A new child serves on `listeners` when it resolves, and the old one drains; when it rejects, nothing has changed. */
  async #succeed(old: ServingProcess, listeners: readonly BoundListener[]): Promise<ServingProcess> {
    this.#isReplacing = true
    const { successorTimeoutMs, drainMs } = this.#tuning
    const next = this.#launch(listeners, this.adminListener, true)
    // What goes wrong with it from here on is its failure to start, not the gateway's.
    next.isEnding = true
    let timer: NodeJS.Timeout | undefined
    try {
      const late = new Promise<never>((_, reject) => {
        const error = new PosternError('successor-late', `it was not ready within ${successorTimeoutMs / 1000} s`)
        timer = setTimeout(() => reject(error), successorTimeoutMs)
      })
      await Promise.race([next.ready, late])
      if (this.#isStopping) throw new PosternError('not-serving', 'the gateway was stopped meanwhile')
      next.isEnding = false
      this.#current = next
      this.listeners = listeners
      this.#end(old, drainMs)
      void old.storeReleased.then(() => {
        if (this.#ownsStore) next.giveStore()
      })
      return next
    } catch (error) {
      next.kill()
      throw error
    } finally {
      clearTimeout(timer)
      this.#isReplacing = false
      // The old one died meanwhile, and waited for this.
      if (!this.#isStopping && this.#current === old && !this.#children.has(old)) void this.#startAgain()
    }
  }

  /** Those of `existing` that are wanted still, and new ones. */
  #open(wanted: readonly ListenerAddress[], existing: readonly BoundListener[]): BoundListener[] {
    const opened: BoundListener[] = []
    const made: BoundListener[] = []
    try {
      for (const listener of wanted) {
        const kept = existing.find(
          ({ address, wantedPort }) => address === listener.address && wantedPort === listener.port && wantedPort !== 0,
        )
        const bound =
          kept === undefined
            ? openListener(listener, this.#options.workers, this.#sharing)
            : { ...kept, name: listener.name, protocol: listener.protocol }
        if (kept === undefined) made.push(bound)
        opened.push(bound)
      }
      return opened
    } catch (error) {
      for (const listener of made) closeListener(listener)
      throw error
    }
  }

  #end(child: ServingProcess, drainMs: number): void {
    this.#watchdog.forget(child) // its end has a deadline of its own
    child.end(drainMs)
  }

  get #sharing(): { readonly sharedWith?: number } {
    const { predecessor } = this.#options
    // Once it has given up the store it is on its way out, and what is opened later is nobody else's.
    return predecessor === undefined || this.#ownsStore ? {} : { sharedWith: predecessor }
  }

  #openMovable(address: ListenerAddress, mayMove: boolean): BoundListener {
    try {
      return openListener(address, 1, this.#sharing)
    } catch (error) {
      if (!mayMove) throw error
      return openListener({ ...address, port: 0 }, 1)
    }
  }

  #answer(request: number, outcome: Outcome): void {
    this.#reloads.get(request)?.(outcome)
    this.#reloads.delete(request)
  }

  #closeSockets(): void {
    if (libc === undefined) return // Node's own servers, closed when the child had them
    for (const listener of [...this.listeners, ...(this.adminListener === undefined ? [] : [this.adminListener])]) {
      for (const fd of listener.fds) closeSync(fd)
    }
    this.listeners = []
    this.adminListener = undefined
  }
}

function failed(code: string, message: string): HandOver {
  return { outcome: 'failed', code, message }
}
