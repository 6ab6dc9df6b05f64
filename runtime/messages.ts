/** What parent and child, and supervisor and workers, say to each other. Plain data: it crosses processes and threads. */
import type { BackendsOrder } from './backends-watch/backends-watch.ts'
import type { ImageHandle } from './memory.ts'
import type { MemberEntry } from './upstream/members.ts'

/** A listener as the child gets it. */
export interface InheritedListener {
  readonly name: string
  readonly address: string
  /** As the bundle or `--listen` says; 0 means any. */
  readonly wantedPort: number
  readonly port: number
  /** One per worker; where sockets cannot be duplicated, several of the same socket for the one worker and its successors. */
  readonly fds: readonly number[]
}

/** Deadlines and intervals that tests shorten. */
export interface Tuning {
  /** A worker whose heart has not beaten for so many checks is terminated. Checks and not time: a machine that was asleep hangs nobody. */
  readonly hungAfterChecks: number
  readonly watchdogIntervalMs: number
  readonly heartbeatIntervalMs: number
  /** Whether workers shed load when their event loops are late. On a machine that others keep busy they are late without any load. */
  readonly shedsLoad: boolean
  /**
   * The same for the supervisor, whom the parent watches from its start on. It has more time: to replace it costs all connections, and it
   * is slow on purpose when it checks a large bundle.
   */
  readonly supervisorHungAfterChecks: number
  readonly supervisorBeatIntervalMs: number
  /** For a spare worker to be there; starting a thread takes 75 to 290 ms. */
  readonly spareTimeoutMs: number
  /** For the spare worker to load a new bundle and answer its self-tests, and for each worker to prepare it. */
  readonly probeTimeoutMs: number
  readonly prepareTimeoutMs: number
  /** For workers to say that they have switched, before the swap is reported; it is done whether they say so or not. */
  readonly switchTimeoutMs: number
  /** How long exchanges may keep a generation that is no longer in use. Longer ones go on without it. */
  readonly generationDrainMs: number
  /** Generations in memory; the oldest one's drain time is over when there would be more. */
  readonly maxGenerations: number
  /** For exchanges to end after SIGTERM. */
  readonly drainMs: number
  readonly filePollMs: number
  /** A file that changed so recently may still be being written: what is wrong with it counts only when it rests. */
  readonly fileSettleMs: number
  /** How often files behind certificates and keys are looked at; what has changed is used when it was the same twice. */
  readonly secretPollMs: number
  /** For names of a new bundle's backends to be looked up, before it goes on with those that were. */
  readonly resolveWaitMs: number
  /** As `127.0.0.1:5353`; empty: the system's, and `/etc/hosts`. */
  readonly nameServers: readonly string[]
  /** For the store's disk, before the swap goes on without it. */
  readonly storeTimeoutMs: number
  readonly storeRetryMs: number
  /** For a child that shall take over from another to serve; then it is given up, and the one before goes on. */
  readonly successorTimeoutMs: number
  /** `--takeover`: how long handshakes that began at the old process's sockets have to end there, before it is told to drain. */
  readonly takeoverSettleMs: number
}

export const DEFAULT_TUNING: Tuning = {
  hungAfterChecks: 20,
  watchdogIntervalMs: 250,
  heartbeatIntervalMs: 100,
  shedsLoad: true,
  supervisorHungAfterChecks: 80,
  supervisorBeatIntervalMs: 500,
  spareTimeoutMs: 15_000,
  probeTimeoutMs: 10_000,
  prepareTimeoutMs: 10_000,
  switchTimeoutMs: 1_000,
  generationDrainMs: 5 * 60_000,
  maxGenerations: 16,
  drainMs: 30_000,
  filePollMs: 5_000,
  fileSettleMs: 150,
  secretPollMs: 5_000,
  resolveWaitMs: 2_000,
  nameServers: [],
  storeTimeoutMs: 5_000,
  storeRetryMs: 30_000,
  successorTimeoutMs: 60_000,
  // Linux hands a silent connection over after DEFER_SECONDS (sockets.ts) have passed twice at most.
  takeoverSettleMs: 2_500,
}

/** Of what parent and child say to each other. It changes when a child could not make up for what an older parent does not say. */
export const PARENT_PROTOCOL = 1

/**
 * What a parent tells its child. The child may be of a later version than the parent (SIGUSR2 starts it from the files as they are by then), so
 * fields are only ever added, and what is missing has its default in `completeConfig`.
 */
export interface StartOrder {
  readonly protocol: number
  readonly parentVersion: string
  /** Only what differs from the child's own defaults. */
  readonly tuning: Partial<Tuning>
  /** Left out: the one beside the child's own module. */
  readonly worker: string | undefined
  readonly config: Omit<ChildConfig, 'version' | 'parentVersion' | 'tuning' | 'worker'>
}

/** What this gateway listens on. */
export interface OwnSocket {
  readonly address: string
  readonly port: number
}

/** All that a child has to know. */
export interface ChildConfig {
  readonly bundle: string
  /** Public keys in PEM. */
  readonly trust: readonly string[]
  /** Bundles for another one are refused. */
  readonly gateway: string
  readonly id: string
  /** Of the program that this child runs, and of the one that its parent was started as. */
  readonly version: string
  readonly parentVersion: string
  readonly store: string | undefined
  /** Another process writes to the store: this one reads, until it is told that the store is its own. */
  readonly isStoreTaken: boolean
  readonly listeners: readonly InheritedListener[]
  /** `--listen` was given: what bundles say about listeners does not count. */
  readonly listenersAreFixed: boolean
  readonly adminFd: number
  /** All that is listened on, admin included: no name of an endpoint may lead there. */
  readonly own: readonly OwnSocket[]
  readonly workers: number
  /** `-`, `off` or a path. */
  readonly accessLog: string
  readonly dev: boolean
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Crashes of earlier children. */
  readonly crashes: number
  /** URL of the module that workers run. */
  readonly worker: string
  readonly tuning: Tuning
}

export type ParentMessage =
  | ({ readonly type: 'start' } & StartOrder)
  | { readonly type: 'reload'; readonly request: number; readonly reopenLogs: boolean }
  | { readonly type: 'drain'; readonly drainMs: number }
  /** Nobody else writes to the store any more. */
  | { readonly type: 'store-yours' }
  /** The successor that was asked for could not be started. */
  | { readonly type: 'no-successor'; readonly message: string }

export type ChildMessage =
  /** The supervisor's event loop turns. */
  | { readonly type: 'beat' }
  | { readonly type: 'ready'; readonly generation: number; readonly digest: string; readonly gateway: string; readonly version?: string }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  | { readonly type: 'reloaded'; readonly request: number; readonly outcome: Outcome }
  /** A child that drains writes nothing to the store from now on. */
  | { readonly type: 'store-released' }
  /** A bundle that is good wants other listeners: only a new process can inherit them. */
  | { readonly type: 'successor-wanted'; readonly listeners: readonly { name: string; address: string; port: number }[] }

/** What became of a bundle. */
export type Outcome =
  | { readonly outcome: 'swapped' | 'unchanged'; readonly generation: number; readonly digest: string }
  | {
      readonly outcome: 'rejected'
      readonly code: string
      readonly message: string
      readonly retryable: boolean
      readonly isUnverified: boolean
    }
  /** A newer one came before its turn. */
  | { readonly outcome: 'superseded' }
  /** It wants other listeners; a new process takes over with it. */
  | { readonly outcome: 'handed-over' }

/** A piscina task: one long stay of a worker. */
export interface Attendance {
  /** URL of the module that does it. */
  readonly worker: string
  readonly port: import('node:worker_threads').MessagePort
  /** State of policies, by policy name. */
  readonly shared: ReadonlyMap<string, SharedArrayBuffer>
  /** State of backends and their members: `upstream/shared-cells.ts`. */
  readonly upstream: SharedArrayBuffer
  /** Connections by client address: `downstream/address-counts.ts`. */
  readonly addresses: SharedArrayBuffer
  /** `downstream/tls/ticket-keys.ts`. */
  readonly ticketKeys: SharedArrayBuffer
  /** One i32: number of the committed generation. The store that changes it is the swap. */
  readonly committed: SharedArrayBuffer
  /** One i32 that grows while the event loop turns, one with the connections this worker has. */
  readonly heartbeat: SharedArrayBuffer
  readonly heartbeatIntervalMs: number
  readonly shedsLoad: boolean
}

/** What a worker needs to make a generation of its own from the shared image. */
export interface GenerationOrder {
  readonly number: number
  readonly image: ImageHandle
  readonly secrets: readonly (string | undefined)[]
  /** Routes whose secrets are missing answer 503. */
  readonly lenient: boolean
  /** Metric slots: by API index, and by policy index of the manifest. */
  readonly apiSlots: Int32Array
  readonly policySlots: Int32Array
  /** Its members are kept up to date by whoever holds the order. */
  readonly backends: BackendsOrder
}

export type SupervisorMessage =
  | { readonly type: 'prepare'; readonly order: GenerationOrder; readonly selfTest: boolean }
  | { readonly type: 'abandon'; readonly number: number }
  | { readonly type: 'commit'; readonly number: number }
  | { readonly type: 'release'; readonly number: number }
  | {
      readonly type: 'serve'
      readonly gateway: string
      readonly seat: number
      readonly counters: SharedArrayBuffer
      readonly ring: SharedArrayBuffer | undefined
      /** To be duplicated where that can be done. */
      readonly sockets: readonly number[]
      /** Names of the listeners that the sockets belong to. */
      readonly listeners: readonly string[]
      readonly own: readonly OwnSocket[]
    }
  /** A backend of a generation has other members now. */
  | { readonly type: 'members'; readonly number: number; readonly backend: number; readonly members: readonly MemberEntry[] }
  | { readonly type: 'drain'; readonly drainMs: number }

export type WorkerMessage =
  | { readonly type: 'hello'; readonly threadId: number }
  | { readonly type: 'prepared'; readonly number: number }
  | { readonly type: 'refused'; readonly number: number; readonly code: string; readonly message: string }
  /** New requests use it from now on. */
  | { readonly type: 'switched'; readonly number: number }
  /** This worker has no view of the generation any more. */
  | { readonly type: 'released'; readonly number: number }
  /** With its own descriptors of the listening sockets. */
  | { readonly type: 'serving'; readonly listening: readonly number[] }
  /** Its descriptors have changed: it has paused, or goes on. */
  | { readonly type: 'listening'; readonly listening: readonly number[] }
  | { readonly type: 'drained' }
  | { readonly type: 'lines' }
  | {
      readonly type: 'log'
      readonly level: 'warn' | 'error'
      readonly message: string
      readonly fields: { readonly [name: string]: string }
    }
