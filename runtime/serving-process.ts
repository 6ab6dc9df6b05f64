/**
 * The child process that serves, as its parent sees it: started from the program's files as they are on the disk by then, told what to do, and
 * ended in order or at once. What it says of itself arrives here; what that means for the gateway is the parent's to decide.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { extname } from 'node:path'
import { PosternError } from '../bundle/error.ts'
import { libc } from './libc.ts'
import type { ChildMessage, InheritedListener, Outcome, ParentMessage, StartOrder } from './messages.ts'
import { currentFile } from './program.ts'
import type { BoundListener, ListenerAddress } from './sockets.ts'
import type { Watched } from './watchdog.ts'

/** The way of a request through the data path is many small functions: with these limits the compiler puts them into few, and it takes 5 % less time. */
const INLINING = ['--max-inlined-bytecode-size=1000', '--max-inlined-bytecode-size-cumulative=3000']

export interface ServingProcessOptions {
  readonly order: Omit<StartOrder, 'config'> & { readonly config: Omit<StartOrder['config'], 'listeners' | 'adminFd' | 'own' | 'workers'> }
  readonly listeners: readonly BoundListener[]
  readonly admin: BoundListener | undefined
  readonly workers: number
  readonly reloaded: (request: number, outcome: Outcome) => void
  readonly successorWanted: (child: ServingProcess, listeners: readonly ListenerAddress[]) => void
}

/** Descriptor of the first inherited socket: behind the standard three and the channel to the parent. */
const FIRST_INHERITED_FD = 4
/** Without koffi nobody can duplicate a socket later: so often a worker can be replaced before the child starts anew. */
const PLAIN_DUPLICATES = 8
/** Beyond the drain, for a child to flush and exit. */
export const EXIT_GRACE_MS = 3_000

export class ServingProcess implements Watched {
  /** One cell that grows with each sign of life. */
  readonly heartbeat = new Int32Array(1)
  readonly startedAtMs = performance.now()
  /** Resolves when it accepts connections; rejects when it never will. */
  readonly ready: Promise<void>
  /** With the signal or exit code that it ended by. */
  readonly exited: Promise<string>
  /** From then on it writes nothing to the store. */
  readonly storeReleased: Promise<void>
  isReady = false
  /** Its end is no surprise. */
  isEnding = false
  /** Of the program that it runs, when it is ready. */
  version = ''
  readonly #process: ChildProcess
  readonly #options: ServingProcessOptions
  #resolveReady: () => void = () => {}
  #rejectReady: (error: Error) => void = () => {}
  #resolveStoreReleased: () => void = () => {}

  /** Synchronous from the sockets to the process: see `withPlainListeners`. */
  constructor(options: ServingProcessOptions) {
    this.#options = options
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve
      this.#rejectReady = reject
    })
    this.ready.catch(() => {})
    this.storeReleased = new Promise((resolve) => {
      this.#resolveStoreReleased = resolve
    })
    const workers = libc === undefined ? 1 : options.workers
    const inherited: number[] = []
    const inherit = (fd: number) => FIRST_INHERITED_FD + inherited.push(fd) - 1
    const listeners: InheritedListener[] = options.listeners.map(({ name, address, wantedPort, port, fds }) => ({
      name,
      address,
      wantedPort,
      port,
      fds: (libc === undefined ? new Array<number>(PLAIN_DUPLICATES).fill(fds[0] as number) : fds).map(inherit),
    }))
    const adminFd = options.admin === undefined ? -1 : inherit(options.admin.fds[0] as number)
    const bound = options.admin === undefined ? options.listeners : [...options.listeners, options.admin]
    const own = bound.map(({ address, port }) => ({ address, port }))
    const module = currentFile(new URL(`./child${extname(import.meta.url)}`, import.meta.url))
    const child = spawn(process.execPath, ['--disable-proto=delete', ...INLINING, module], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...inherited],
      // Name lookups and file reads of all workers share these threads, and a stuck log file may hold one.
      env: { UV_THREADPOOL_SIZE: String(4 + workers), ...process.env },
    })
    this.#process = child
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
      child.once('error', (cause) => {
        this.#rejectReady(new PosternError('child-failed', `a process cannot be started: ${cause.message}`, { cause }))
        resolve(cause.message)
      })
    })
    void this.exited.then((how) => {
      this.#resolveStoreReleased()
      this.#rejectReady(new PosternError('child-failed', `the serving process ended while it started (${how})`))
    })
    child.on('message', (message: ChildMessage) => this.#receive(message))
    const { order } = options
    this.#tell({ type: 'start', ...order, config: { ...order.config, listeners, adminFd, own, workers } })
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  reload(request: number, reopenLogs: boolean): void {
    this.#tell({ type: 'reload', request, reopenLogs })
  }

  /** Nobody else writes to the store any more. */
  giveStore(): void {
    this.#tell({ type: 'store-yours' })
  }

  /** The successor that it asked for cannot be started. */
  refuseSuccessor(message: string): void {
    this.#tell({ type: 'no-successor', message })
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /** Lets exchanges finish. */
  end(drainMs: number): void {
    this.isEnding = true
    this.#tell({ type: 'drain', drainMs })
    const timer = setTimeout(() => this.kill(), drainMs + EXIT_GRACE_MS)
    void this.exited.then(() => clearTimeout(timer))
  }

  #receive(message: ChildMessage): void {
    this.heartbeat[0] = (this.heartbeat[0] as number) + 1
    switch (message.type) {
      case 'beat':
        break
      case 'ready':
        this.isReady = true
        this.version = message.version ?? ''
        this.#resolveReady()
        break
      case 'failed':
        this.#rejectReady(new PosternError(message.code, message.message))
        break
      case 'reloaded':
        this.#options.reloaded(message.request, message.outcome)
        break
      case 'store-released':
        this.#resolveStoreReleased()
        break
      case 'successor-wanted':
        this.#options.successorWanted(this, message.listeners)
    }
  }

  #tell(message: ParentMessage): void {
    if (this.#process.connected) this.#process.send(message, () => {})
  }
}
