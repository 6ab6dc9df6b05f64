/**
 * `postern run`, the process that was started: small enough not to fail. It owns the listening sockets and the store's lock, starts one child
 * that does everything else, starts it again when it dies, and passes signals on. While a child is dead or being replaced, connections wait
 * in the sockets' queues.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PosternError } from '../bundle/error.ts'
import { libc } from './libc.ts'
import type { ChildConfig, ChildMessage, InheritedListener, Outcome, ParentMessage } from './messages.ts'
import { type BoundListener, closeListener, type ListenerAddress, openListener, withPlainListeners } from './sockets.ts'
import type { ProcessLog } from './telemetry/process-log.ts'
import { Watchdog } from './watchdog.ts'

export interface ParentOptions {
  /** All but what the parent fills in. */
  readonly config: Omit<ChildConfig, 'listeners' | 'adminFd' | 'crashes' | 'workers'>
  readonly listeners: readonly ListenerAddress[]
  /** Left out: no admin listener. */
  readonly admin: { readonly address: ListenerAddress; readonly mayMove: boolean } | undefined
  readonly workers: number
  readonly log: ProcessLog
  /** A bundle with other listeners was swapped in. */
  readonly onListenersChanged: (listeners: readonly BoundListener[]) => void
}

/** Descriptor of the first inherited socket: behind the standard three and the channel to the parent. */
const FIRST_INHERITED_FD = 4
/** Without koffi nobody can duplicate a socket later: so often a worker can be replaced before the child starts anew. */
const PLAIN_DUPLICATES = 8
/** A child that lived so long was not killed by its own start. */
const HEALTHY_MS = 60_000
const FREE_CRASHES = 2
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 10_000
/** Beyond the drain, for a child to flush and exit. */
const EXIT_GRACE_MS = 3_000

interface Child {
  readonly process: ChildProcess
  readonly startedAtMs: number
  readonly ready: Promise<void>
  readonly exited: Promise<void>
  /** One cell that grows with each sign of life. */
  readonly heartbeat: Int32Array
  isReady: boolean
  isEnding: boolean
}

export class Parent {
  /** Exit code, when all is over. */
  readonly exited: Promise<number>
  listeners: readonly BoundListener[] = []
  adminListener: BoundListener | undefined
  readonly #options: ParentOptions
  readonly #children = new Set<Child>()
  readonly #watchdog: Watchdog<Child>
  readonly #reloads = new Map<number, (outcome: Outcome) => void>()
  #current: Child | undefined
  #crashes = 0
  #crashesInARow = 0
  #request = 0
  #isStopping = false
  #isReplacing = false
  #restart: NodeJS.Timeout | undefined
  #resolveExited: (code: number) => void = () => {}

  constructor(options: ParentOptions) {
    this.#options = options
    const { supervisorHungAfterChecks: hungAfterChecks, watchdogIntervalMs } = options.config.tuning
    this.#watchdog = new Watchdog<Child>({ hungAfterChecks, watchdogIntervalMs }, (child) => {
      options.log.error({ child: child.process.pid }, 'the serving process hangs and is killed')
      child.process.kill('SIGKILL')
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
        if (admin !== undefined) this.adminListener = openMovable(admin.address, admin.mayMove)
        this.listeners = this.#open(this.#options.listeners, [])
      }
      this.#current = await this.#spawn(this.listeners)
      if (this.#isStopping) this.#current.process.kill('SIGKILL')
      await this.#current.ready
    } catch (error) {
      // Told to stop meanwhile: no failure, and the child is on its way out.
      if (this.#isStopping) return
      this.#isStopping = true
      this.#watchdog.close()
      this.#closeSockets()
      for (const child of this.#children) child.process.kill('SIGKILL')
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
      tell(child, { type: 'reload', request, reopenLogs })
    })
  }

  /** Lets exchanges end. A second call ends at once what still runs. */
  stop(drainMs: number): Promise<number> {
    if (this.#isStopping) {
      for (const child of this.#children) child.process.kill('SIGKILL')
      return this.exited
    }
    this.#isStopping = true
    clearTimeout(this.#restart)
    for (const child of this.#children) this.#end(child, drainMs)
    // The child closes its own at the same time: from now on connections are refused, and go to whoever else serves.
    this.#closeSockets()
    void Promise.all([...this.#children].map(({ exited }) => exited)).then(() => {
      this.#watchdog.close()
      this.#resolveExited(0)
    })
    return this.exited
  }

  get pid(): number | undefined {
    return this.#current?.process.pid
  }

  async #spawn(listeners: readonly BoundListener[]): Promise<Child> {
    if (libc !== undefined) return this.#launch(listeners, this.adminListener)
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
  #spawnPlain(admin: ListenerAddress | undefined): Promise<Child> {
    const wanted = this.#options.listeners.map((listener, index) => ({ ...listener, port: this.listeners[index]?.port ?? listener.port }))
    if (admin !== undefined) wanted.push({ ...admin, port: this.adminListener?.port ?? admin.port })
    return withPlainListeners(wanted, (bound) => {
      this.listeners = this.#options.listeners.map((listener, index) => ({ ...(bound[index] as BoundListener), wantedPort: listener.port }))
      this.adminListener = admin === undefined ? undefined : bound.at(-1)
      return this.#launch(this.listeners, this.adminListener)
    })
  }

  /** Synchronous from the sockets to the child: see `withPlainListeners`. */
  #launch(listeners: readonly BoundListener[], admin: BoundListener | undefined): Child {
    const workers = libc === undefined ? 1 : this.#options.workers
    const inherited: number[] = []
    const inherit = (fd: number) => FIRST_INHERITED_FD + inherited.push(fd) - 1
    const passed: InheritedListener[] = listeners.map(({ name, address, wantedPort, port, fds }) => ({
      name,
      address,
      wantedPort,
      port,
      fds: (libc === undefined ? new Array<number>(PLAIN_DUPLICATES).fill(fds[0] as number) : fds).map(inherit),
    }))
    const adminFd = admin === undefined ? -1 : inherit(admin.fds[0] as number)
    const config: ChildConfig = { ...this.#options.config, listeners: passed, adminFd, workers, crashes: this.#crashes }
    const module = fileURLToPath(new URL(`./child${extname(import.meta.url)}`, import.meta.url))
    const child = spawn(process.execPath, ['--disable-proto=delete', module], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...inherited],
      // Name lookups and file reads of all workers share these threads, and a stuck log file may hold one.
      env: { UV_THREADPOOL_SIZE: String(4 + workers), ...process.env },
    })
    return this.#attend(child, config)
  }

  #attend(process: ChildProcess, config: ChildConfig): Child {
    let resolveReady: () => void = () => {}
    let rejectReady: (error: Error) => void = () => {}
    const ready = new Promise<void>((resolve, reject) => {
      resolveReady = resolve
      rejectReady = reject
    })
    ready.catch(() => {})
    const exited = new Promise<void>((resolve) => {
      process.once('exit', () => resolve())
      process.once('error', () => resolve())
    })
    const heartbeat = new Int32Array(1)
    const child: Child = { process, startedAtMs: performance.now(), ready, exited, heartbeat, isReady: false, isEnding: false }
    this.#children.add(child)
    this.#watchdog.watch(child)
    process.on('message', (message: ChildMessage) => {
      heartbeat[0] = (heartbeat[0] as number) + 1
      switch (message.type) {
        case 'beat':
          break
        case 'ready':
          child.isReady = true
          resolveReady()
          break
        case 'failed':
          rejectReady(new PosternError(message.code, message.message))
          break
        case 'reloaded':
          this.#answer(message.request, message.outcome)
          break
        case 'successor-wanted':
          void this.#replace(child, message.listeners)
      }
    })
    process.once('error', (cause) =>
      rejectReady(new PosternError('child-failed', `a process cannot be started: ${cause.message}`, { cause })),
    )
    process.once('exit', (code, signal) => {
      this.#watchdog.forget(child)
      this.#children.delete(child)
      // Whatever was asked of it has no other answer; its successor looks at the file by itself.
      if (child === this.#current) for (const request of this.#reloads.keys()) this.#answer(request, { outcome: 'superseded' })
      rejectReady(new PosternError('child-failed', `the serving process ended while it started (${signal ?? `exit code ${code}`})`))
      this.#childExited(child, signal ?? `exit code ${code}`)
    })
    tell(child, { type: 'start', config })
    return child
  }

  #childExited(child: Child, how: string): void {
    if (this.#isStopping || child.isEnding || child !== this.#current) return
    // Never served: `start` reports it, unless it is the successor of one that did.
    if (!child.isReady && this.#crashes === 0) return
    this.#crashes += 1
    this.#crashesInARow = performance.now() - child.startedAtMs < HEALTHY_MS ? this.#crashesInARow + 1 : 1
    const over = this.#crashesInARow - FREE_CRASHES
    const pauseMs = over <= 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (over - 1), LONGEST_PAUSE_MS)
    this.#options.log.error({ how, crashes: this.#crashes, pauseMs }, 'the serving process is gone and is started again; connections wait')
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
  async #replace(old: Child, wanted: readonly ListenerAddress[]): Promise<void> {
    if (this.#isStopping || this.#isReplacing || old !== this.#current) return
    this.#isReplacing = true
    let opened: readonly BoundListener[] = []
    let next: Child | undefined
    try {
      if (libc === undefined) throw new PosternError('listener-unavailable', 'without koffi, other listeners need a restart')
      const before = this.listeners
      opened = this.#open(wanted, before)
      next = await this.#spawn(opened)
      // What goes wrong with it from here on is its failure to start, not the gateway's.
      next.isEnding = true
      await next.ready
      next.isEnding = false
      this.#current = next
      this.listeners = opened
      this.#end(old, this.#options.config.tuning.drainMs)
      for (const listener of before) if (!opened.some(({ fds }) => fds === listener.fds)) closeListener(listener)
      this.#options.onListenersChanged(opened)
    } catch (error) {
      next?.process.kill('SIGKILL')
      for (const listener of opened) if (!this.listeners.some(({ fds }) => fds === listener.fds)) closeListener(listener)
      tell(old, { type: 'no-successor', message: (error as Error).message })
    } finally {
      this.#isReplacing = false
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
        const bound = kept === undefined ? openListener(listener, this.#options.workers) : { ...kept, name: listener.name }
        if (kept === undefined) made.push(bound)
        opened.push(bound)
      }
      return opened
    } catch (error) {
      for (const listener of made) closeListener(listener)
      throw error
    }
  }

  #end(child: Child, drainMs: number): void {
    child.isEnding = true
    this.#watchdog.forget(child) // its end has a deadline of its own
    tell(child, { type: 'drain', drainMs })
    const timer = setTimeout(() => child.process.kill('SIGKILL'), drainMs + EXIT_GRACE_MS)
    void child.exited.then(() => clearTimeout(timer))
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

function openMovable(address: ListenerAddress, mayMove: boolean): BoundListener {
  try {
    return openListener(address, 1)
  } catch (error) {
    if (!mayMove) throw error
    return openListener({ ...address, port: 0 }, 1)
  }
}

function tell(child: Child, message: ParentMessage): void {
  if (child.process.connected) child.process.send(message, () => {})
}
