/** `runGateway`: all of `postern run` and `postern dev` but the command line. */
import { createPublicKey, KeyObject } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { availableParallelism, hostname } from 'node:os'
import { resolve } from 'node:path'
import { PosternError } from '../bundle/error.ts'
import { lockStore, type StoreLock } from '../channel/lock.ts'
import manifest from '../package.json' with { type: 'json' }
import { type ChildConfig, DEFAULT_TUNING, type Outcome, type Tuning } from './messages.ts'
import { type HandOver, Parent } from './parent.ts'
import { type BoundListener, type ListenerAddress, urlOf } from './sockets.ts'
import { chooseStartBundle } from './start-bundle.ts'
import { findPredecessor, type Predecessor, takeOver } from './takeover.ts'
import { createProcessLog, LogStream, type ProcessLog, wantsReadableLines } from './telemetry/process-log.ts'

export type { Outcome } from './messages.ts'
export type { HandOver } from './parent.ts'

export interface GatewayOptions {
  /** Path of the bundle file, which is watched. */
  readonly bundle: string
  /** Public keys, or paths of PEM files with one. */
  readonly trust: readonly (KeyObject | string)[]
  /** Bundles for another gateway are refused. Left out: the first bundle's from then on. */
  readonly gateway?: string | undefined
  /** This instance's name in logs and status. Default: the host's name. */
  readonly id?: string | undefined
  /** Folder of the last good bundles. Default: `defaultStore(gateway)`; in dev none. */
  readonly store?: string | undefined
  /** `HOST:PORT`, instead of the bundle's listeners. Port 0 is a free one. */
  readonly listen?: string | undefined
  /** `HOST:PORT`, or `off`. Default: 127.0.0.1:9901, or a free port if that is taken. */
  readonly admin?: string | undefined
  /** Default: as many as the machine runs threads at once. */
  readonly workers?: number | undefined
  /** `-` is standard output, `off` none, all else a file. */
  readonly accessLog: string
  /** No store unless named. */
  readonly dev?: boolean | undefined
  readonly logLevel?: ChildConfig['logLevel'] | undefined
  /**
   * Take the ports and the store over from the gateway that has this store now: serve beside it, then let it drain. Without one there is nothing
   * to take over, and this is a start like any other. Linux only.
   */
  readonly takeover?: boolean | undefined
  /** Whether signals to this process mean the gateway: SIGTERM and SIGINT drain, SIGHUP reloads, SIGUSR2 hands over. Default true. */
  readonly handleSignals?: boolean | undefined
  /** A bundle with other listeners was swapped in: here they are, all of them. */
  readonly onListenersChanged?: ((listeners: readonly RunningListener[]) => void) | undefined
}

export interface RunningListener {
  readonly name: string
  /** `http://HOST:PORT` */
  readonly url: string
}

export interface RunningGateway {
  readonly listeners: readonly RunningListener[]
  readonly admin: string | undefined
  /** Folder of the store, when there is one. */
  readonly store: string | undefined
  /** Of the process that serves, now. */
  readonly childPid: number | undefined
  /** Looks at the bundle file now, and tells what became of it. */
  reload(): Promise<Outcome>
  /** Lets a new process, started from the program's files as they are now, take over from the one that serves. */
  handOver(): Promise<HandOver>
  /** Drains and ends. Resolves with the exit code. */
  stop(): Promise<number>
  /** Exit code, when the gateway has ended for whatever reason. */
  readonly exited: Promise<number>
}

/** For tests: another worker module, shorter deadlines. */
export interface GatewayInternals {
  readonly worker?: string
  readonly tuning?: Partial<Tuning>
}

const DEFAULT_ADMIN: ListenerAddress = { name: 'admin', address: '127.0.0.1', port: 9901 }
const MAX_WORKERS = 256

/**
 * Resolves when connections are accepted, or when a signal has ended it before: then there are no listeners, and `exited` is 0. Rejects with a `PosternError` when the gateway cannot start: `key-unreadable`, `address-invalid`,
 * `listener-unavailable`, `store-locked`, `takeover-impossible`, `log-unavailable`, or why no bundle can be served.
 */
export async function runGateway(options: GatewayOptions, internals: GatewayInternals = {}): Promise<RunningGateway> {
  const tuning = { ...DEFAULT_TUNING, ...internals.tuning }
  const trusted = await Promise.all(options.trust.map(readKey))
  const choice = await chooseStartBundle({
    path: options.bundle,
    trusted,
    gateway: options.gateway,
    store: options.store,
    hasStore: options.dev !== true,
  })
  const id = options.id ?? hostname()
  const logStream = new LogStream(2, wantsReadableLines(options.dev === true))
  const log = createProcessLog(options.logLevel ?? 'info', logStream, {
    gateway: choice.bundle.gateway,
    id,
    process: 'parent',
    pid: process.pid,
  })
  const store = choice.store === undefined ? undefined : resolve(choice.store)
  let lock: StoreLock | undefined
  let predecessor: Predecessor | undefined
  try {
    lock = store === undefined ? undefined : takeLock(store, id, log)
  } catch (error) {
    if (options.takeover !== true || store === undefined || (error as PosternError).code !== 'store-locked') throw error
    predecessor = findPredecessor(store)
  }
  try {
    const listeners =
      options.listen === undefined
        ? choice.bundle.listeners
        : // It does what the bundle's first listener does.
          [{ ...(await parseAddress('listen', options.listen)), protocol: choice.bundle.listeners[0]?.protocol }]
    const parent = new Parent({
      config: {
        bundle: resolve(options.bundle),
        trust: trusted.map((key) => key.export({ type: 'spki', format: 'pem' }).toString()),
        gateway: options.gateway ?? choice.bundle.gateway,
        id,
        store,
        listenersAreFixed: options.listen !== undefined,
        accessLog: options.accessLog === '-' || options.accessLog === 'off' ? options.accessLog : resolve(options.accessLog),
        dev: options.dev === true,
        logLevel: options.logLevel ?? 'info',
      },
      version: manifest.version,
      worker: internals.worker,
      tuning: internals.tuning ?? {},
      predecessor: predecessor?.pid,
      listeners: await Promise.all(listeners.map(withAddress)),
      admin: await adminAddress(options.admin),
      workers: Math.max(1, Math.min(MAX_WORKERS, options.workers ?? availableParallelism())),
      log,
      onListenersChanged: (bound) => options.onListenersChanged?.(bound.map(described)),
      // At the beginning of the drain, not at its end: whoever takes over needs it.
      onStoreReleased: () => lock?.release(),
    })
    // Before it starts: a supervisor of processes does not wait for that, and to process 1 of a container a signal without a handler is nothing.
    const forget = options.handleSignals === false ? () => {} : obeySignals(parent, tuning)
    const ended = () => {
      forget()
      lock?.release()
      logStream.close()
    }
    await parent.start().catch((error) => {
      forget()
      throw error
    })
    if (predecessor !== undefined && parent.listeners.length > 0) {
      void takeOver({ predecessor, store: store as string, id, parent, tuning, log }).then((taken) => {
        lock = taken
      })
    }
    return running(parent, { ...options, store }, tuning, ended)
  } catch (error) {
    lock?.release()
    logStream.close()
    throw error
  }
}

function running(parent: Parent, options: GatewayOptions, tuning: Tuning, ended: () => void): RunningGateway {
  const admin = parent.adminListener
  const exited = parent.exited.then((code) => {
    ended()
    return code
  })
  return {
    get listeners() {
      return parent.listeners.map(described)
    },
    admin: admin === undefined ? undefined : urlOf(admin.address, admin.port),
    store: options.store,
    get childPid() {
      return parent.pid
    },
    reload: () => parent.reload(false),
    handOver: () => parent.handOver(),
    stop: () => {
      void parent.stop(tuning.drainMs)
      return exited
    },
    exited,
  }
}

/** Until what it returns is called. */
function obeySignals(parent: Parent, tuning: Tuning): () => void {
  const stop = () => void parent.stop(tuning.drainMs)
  const reload = () => void parent.reload(true)
  const handOver = () => void parent.handOver()
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('SIGHUP', reload)
  process.on('SIGUSR2', handOver)
  return () => {
    process.off('SIGTERM', stop)
    process.off('SIGINT', stop)
    process.off('SIGHUP', reload)
    process.off('SIGUSR2', handOver)
  }
}

function described({ name, address, port, protocol }: BoundListener): RunningListener {
  return { name, url: urlOf(address, port, protocol) }
}

function takeLock(store: string, id: string, log: ProcessLog): StoreLock | undefined {
  try {
    mkdirSync(store, { recursive: true, mode: 0o700 })
    return lockStore(store, id)
  } catch (error) {
    if (error instanceof PosternError) throw error
    // A folder that cannot be written has no second writer either.
    log.warn({ code: 'store-unwritable', store }, `the store cannot be locked: ${(error as Error).message}`)
    return undefined
  }
}

async function readKey(key: KeyObject | string): Promise<KeyObject> {
  if (key instanceof KeyObject) return key
  try {
    const pem = await readFile(key, 'utf8')
    // `createPublicKey` would take a private key as well; that one has no business on a gateway.
    if (pem.includes('PRIVATE KEY')) throw new Error('it is a private key; a gateway needs the public one only')
    return createPublicKey(pem)
  } catch (cause) {
    throw new PosternError('key-unreadable', `the key ${key} cannot be used: ${(cause as Error).message}`, { cause })
  }
}

async function adminAddress(admin: string | undefined): Promise<{ address: ListenerAddress; mayMove: boolean } | undefined> {
  if (admin === 'off') return undefined
  if (admin === undefined) return { address: DEFAULT_ADMIN, mayMove: true }
  return { address: await withAddress(await parseAddress('admin', admin)), mayMove: false }
}

/** `HOST:PORT`, `[::1]:PORT` or `:PORT` for all addresses. */
async function parseAddress(name: string, text: string): Promise<ListenerAddress> {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) throw new PosternError('address-invalid', `\`${text}\` is not HOST:PORT`)
  return { name, address: (match[1] ?? match[2]) || '::', port }
}

/** A name such as `localhost` becomes the address that it has now. */
async function withAddress(listener: ListenerAddress): Promise<ListenerAddress> {
  if (isIP(listener.address) !== 0) return listener
  try {
    return { ...listener, address: (await lookup(listener.address)).address }
  } catch (cause) {
    throw new PosternError('address-invalid', `\`${listener.address}\` has no address: ${(cause as Error).message}`, { cause })
  }
}
