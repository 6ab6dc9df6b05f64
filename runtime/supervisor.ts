/**
 * The child process's main thread: keeps the workers, activates bundles, watches the file, writes logs, answers the admin listener. No request
 * of a client passes through it; when it is busy, traffic does not notice.
 */
import { createPublicKey } from 'node:crypto'
import { closeSync } from 'node:fs'
import type { Server } from 'node:http'
import { hostname } from 'node:os'
import { PosternError } from '../bundle/error.ts'
import { Activator, type Candidate } from './activate.ts'
import { createAdmin, listenOn } from './admin.ts'
import { BackendsWatch } from './backends-watch/backends-watch.ts'
import { lookupAt, SYSTEM_LOOKUP } from './backends-watch/name-lookup.ts'
import { BackendEvents, backendStatus } from './backends-watch/report.ts'
import { LOOKUP_TIMEOUT_MS } from './backends-watch/resolver.ts'
import { Crew } from './crew.ts'
import { AddressCounts, createAddressMemory } from './downstream/address-counts.ts'
import { createTicketKeyMemory, TicketKeys } from './downstream/tls/ticket-keys.ts'
import { FileSource, readWhole } from './file-source.ts'
import { sharedBytesByPolicy } from './generation.ts'
import { KeptBundles } from './kept-bundles.ts'
import { libc, whyNoLibc } from './libc.ts'
import type { ChildConfig, Outcome } from './messages.ts'
import type { ListenerAddress } from './sockets.ts'
import { MAX_API_SLOTS, MAX_POLICY_SLOTS } from './telemetry/counters.ts'
import { LogPump } from './telemetry/log-pump.ts'
import { Metrics } from './telemetry/metrics.ts'
import { createProcessLog, LogStream, type ProcessLog, wantsReadableLines } from './telemetry/process-log.ts'
import { Slots } from './telemetry/slots.ts'
import { TlsWatch } from './tls-watch.ts'
import { ownSockets } from './upstream/address-guard.ts'
import { createUpstreamMemory } from './upstream/shared-cells.ts'

export interface SupervisorHooks {
  /** Asks the parent for a process with other listeners; rejects when there cannot be one. */
  readonly handOver: (listeners: readonly ListenerAddress[]) => Promise<void>
  /** It drains, and writes nothing to the store from now on. */
  readonly storeReleased: () => void
  /** Ends the process at once; the parent starts another. */
  readonly fatal: (message: string) => void
}

export class Supervisor {
  readonly log: ProcessLog
  readonly #config: ChildConfig
  readonly #hooks: SupervisorHooks
  readonly #logStream: LogStream
  readonly #startedAt = new Date()
  readonly #crew: Crew
  readonly #activator: Activator
  readonly #backends: BackendsWatch
  readonly #backendEvents: BackendEvents
  readonly #pump: LogPump | undefined
  readonly #source: FileSource
  readonly #tls: TlsWatch
  readonly #admin: Server
  #kept: KeptBundles | undefined
  #usedSockets = 0
  #isReady = false
  #isDraining = false
  #ownsStore = false

  constructor(config: ChildConfig, hooks: SupervisorHooks) {
    this.#config = config
    this.#hooks = hooks
    this.#logStream = new LogStream(2, wantsReadableLines(config.dev))
    this.log = createProcessLog(config.logLevel, this.#logStream, {
      gateway: config.gateway,
      id: config.id,
      process: 'supervisor',
      pid: process.pid,
    })
    const apiSlots = new Slots(MAX_API_SLOTS, ['', '_other'], 1)
    const policySlots = new Slots(MAX_POLICY_SLOTS, ['', '_other'], 1)
    const upstream = createUpstreamMemory(config.workers)
    const { nameServers } = config.tuning
    const addresses = createAddressMemory(config.workers)
    const addressCounts = new AddressCounts(addresses)
    const ticketKeys = createTicketKeyMemory()
    this.#backends = new BackendsWatch({
      memory: upstream,
      lookup: nameServers.length === 0 ? SYSTEM_LOOKUP : lookupAt(nameServers, LOOKUP_TIMEOUT_MS),
      log: this.log,
      onMembers: (number, backend, members) => this.#activator.membersChanged(number, backend, members),
    })
    this.#backendEvents = new BackendEvents(this.#backends, this.log)
    for (const { address, port } of config.own) ownSockets.add(address, port)
    this.#crew = new Crew({
      seats: config.workers,
      worker: config.worker,
      tuning: config.tuning,
      log: this.log,
      shared: sharedState(),
      upstream,
      addresses,
      ticketKeys,
      listeners: config.listeners.map(({ name }) => name),
      own: config.own,
      hasAccessLog: config.accessLog !== 'off',
      sockets: (seat) => this.#socketsOf(seat),
      current: () => this.#activator.current?.order,
      gateway: () => config.gateway,
      released: (member, number) => this.#activator.released(member, number),
      holding: (member, number) => this.#activator.holding(member, number),
      linesReady: () => this.#pump?.wake(),
      vacated: (seat) => {
        this.#backends.cells.vacate(seat)
        addressCounts.clear(seat)
      },
      fatal: (message) => this.#fatal(message),
    })
    this.#activator = new Activator({
      trusted: config.trust.map((pem) => createPublicKey(pem)),
      crew: this.#crew,
      tuning: config.tuning,
      log: this.log,
      apiSlots,
      policySlots,
      backends: this.#backends,
      gateway: config.gateway,
      // `postern dev` says it in its own words, to whoever has just saved.
      refusalLevel: config.dev ? 'debug' : 'error',
      keep: async (digest, bytes) => this.#kept?.keep(digest, bytes),
      hasListeners: (listeners) => this.#hasListeners(listeners),
      handOver: (listeners) => hooks.handOver(listeners),
    })
    this.#tls = new TlsWatch({
      tuning: config.tuning,
      log: this.log,
      ticketKeys: new TicketKeys(ticketKeys),
      current: () => this.#activator.current,
      refresh: () => this.#activator.refresh(),
    })
    const rings = this.#crew.seats.flatMap(({ ring }) => ring ?? [])
    if (config.accessLog !== 'off') {
      this.#pump = new LogPump(config.accessLog === '-' ? { fd: 1 } : { path: config.accessLog }, rings)
    }
    this.#source = new FileSource({
      path: config.bundle,
      tuning: config.tuning,
      log: this.log,
      submit: (bytes, isTentative) => this.#activator.submit({ bytes, origin: 'file', lenient: false, isTentative }),
    })
    const metrics = new Metrics({
      seats: this.#crew.seats.map(({ counters }) => counters),
      apiSlots,
      policySlots,
      rejections: this.#activator.rejections,
      workerRestarts: this.#crew.restarts,
      processRestarts: config.crashes,
      droppedLines: () => [
        ['access', this.#pump?.dropped ?? 0],
        ['process', this.#logStream.dropped],
      ],
      bundle: () => {
        const { current } = this.#activator
        if (current === undefined) return undefined
        const { digest, gateway, compiler, number, since } = current
        return { digest, gateway, compiler, generation: number, since, isDurable: this.#isDurable() }
      },
      generationsHeld: () => this.#activator.held,
      connections: () => this.#crew.connections,
      certificates: () => this.#activator.current?.certificates ?? [],
      backends: this.#backends,
    })
    this.#admin = createAdmin({ unready: () => this.#unready(), status: () => this.status(), metrics })
  }

  /** Serves when it resolves. Rejects when there is nothing that could be served, with the reason. */
  async start(): Promise<{ generation: number; digest: string; gateway: string }> {
    const { log } = this
    const config = this.#config
    if (libc === undefined)
      log.warn(`${whyNoLibc()}: one worker, no sealed memory, no lock on the store, and a crash refuses connections until it is over`)
    if (config.store !== undefined) {
      this.#kept = await KeptBundles.open(
        config.store,
        config.trust.map((pem) => createPublicKey(pem)),
        config.tuning,
        log,
        config.isStoreTaken,
      )
      if (this.#ownsStore) this.#kept.own()
    }
    const refusal = await this.#startFromFile()
    if (this.#activator.current === undefined) await this.#startFromStore(refusal)
    const { current } = this.#activator
    if (current === undefined) throw new PosternError(refusal.code, refusal.message)
    await this.#crew.serve()
    if (config.adminFd >= 0) await listenOn(this.#admin, config.adminFd)
    this.#source.start()
    await this.#tls.look()
    this.#tls.start()
    this.#isReady = true
    return { generation: current.number, digest: current.digest, gateway: current.gateway }
  }

  reload(): Promise<Outcome> {
    return this.#source.reload()
  }

  /** Whoever wrote to the store does not any more. */
  ownStore(): void {
    this.#ownsStore = true
    this.#kept?.own()
  }

  reopenLogs(): void {
    try {
      this.#pump?.reopen()
    } catch (error) {
      this.log.error((error as Error).message)
    }
  }

  /** Takes no new connections, lets exchanges end, and resolves when that is so or the deadline is over. */
  async drain(drainMs: number): Promise<void> {
    if (this.#isDraining) return
    this.#isDraining = true
    this.log.info({ drainMs }, 'draining')
    void this.#releaseStore()
    this.#admin.close()
    this.#admin.closeAllConnections()
    this.#giveUpSockets()
    this.#backendEvents.close()
    this.#backends.close()
    this.#tls.close()
    await this.#source.close()
    await this.#crew.drain(drainMs)
    this.#pump?.close()
    this.#logStream.close()
  }

  /** Everything ends now. */
  async abort(): Promise<void> {
    this.#isDraining = true
    void this.#kept?.close()
    this.#admin.close()
    this.#backendEvents.close()
    this.#backends.close()
    this.#tls.close()
    await this.#source.close()
    await this.#crew.close()
    this.#pump?.close()
    this.#logStream.close()
  }

  status(): unknown {
    const { current, lastRejection } = this.#activator
    return {
      gateway: this.#config.gateway,
      id: this.#config.id,
      host: hostname(),
      version: this.#config.version,
      parentVersion: this.#config.parentVersion,
      pid: process.pid,
      state: this.#isDraining ? 'draining' : (this.#unready() ?? 'serving'),
      startedAt: this.#startedAt.toISOString(),
      bundle: current === undefined ? null : this.#describe(current.origin),
      durable: this.#isDurable(),
      store: this.#config.store ?? null,
      lastRejection: lastRejection === undefined ? null : { ...lastRejection, at: lastRejection.at.toISOString() },
      listeners: this.#config.listeners.map(({ name, address, port }) => ({ name, address, port })),
      certificates: (this.#activator.current?.certificates ?? []).map(({ listener, names, notAfter, fingerprint }) => {
        return { listener, names, notAfter: notAfter.toISOString(), fingerprint }
      }),
      workers: {
        wanted: this.#config.workers,
        serving: this.#crew.servingCount,
        ready: this.#crew.ready.length,
        connections: this.#crew.connections,
      },
      workerRestarts: Object.fromEntries(this.#crew.restarts),
      processRestarts: this.#config.crashes,
      generationsHeld: this.#activator.held,
      upstream: backendStatus(this.#backends),
      dev: this.#config.dev,
    }
  }

  #describe(origin: Candidate['origin']): unknown {
    const { current } = this.#activator
    return {
      generation: current?.number,
      digest: current?.digest,
      contentDigest: current?.contentDigest,
      keyId: current?.keyId,
      compiler: current?.compiler,
      routes: current?.routes,
      since: current?.since.toISOString(),
      origin,
      unresolvedSecrets: current?.unresolved ?? [],
    }
  }

  async #releaseStore(): Promise<void> {
    await this.#kept?.close()
    this.#hooks.storeReleased()
  }

  /** Why the file's bundle is not served. */
  async #startFromFile(): Promise<{ code: string; message: string }> {
    let bytes: Uint8Array | undefined
    try {
      bytes = (await readWhole(this.#config.bundle))?.bytes
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      const why = code === 'ENOENT' ? `there is no ${this.#config.bundle}` : `${this.#config.bundle}: ${(error as Error).message}`
      return { code: code === 'ENOENT' ? 'bundle-missing' : 'bundle-unreadable', message: why }
    }
    if (bytes === undefined) return { code: 'bundle-unreadable', message: `${this.#config.bundle} was being written` }
    const outcome = await this.#activator.submit({ bytes, origin: 'file', lenient: false, isTentative: false })
    return outcome.outcome === 'rejected' ? outcome : { code: '', message: '' }
  }

  async #startFromStore(refusal: { code: string; message: string }): Promise<void> {
    if (this.#kept === undefined) return
    for await (const { digest, bytes } of this.#kept.usable()) {
      this.#kept.remember(digest)
      const outcome = await this.#activator.submit({ bytes, origin: 'store', lenient: true, isTentative: false })
      if (outcome.outcome !== 'swapped') continue
      this.log.warn({ code: refusal.code, digest }, `serving the last good bundle of the store: ${refusal.message}`)
      return
    }
  }

  #unready(): string | undefined {
    if (this.#isDraining) return 'draining'
    if (!this.#isReady) return 'starting'
    return this.#crew.servingCount === 0 ? 'no worker serves' : undefined
  }

  #isDurable(): boolean {
    const digest = this.#activator.current?.digest
    return digest !== undefined && this.#kept?.isDurable(digest) === true
  }

  #hasListeners(wanted: readonly ListenerAddress[]): boolean {
    if (this.#config.listenersAreFixed) return true
    const key = ({ name, address, port }: ListenerAddress) => `${name} ${address} ${port}`
    const mine = this.#config.listeners.map((listener) => key({ ...listener, port: listener.wantedPort })).sort()
    return JSON.stringify(wanted.map(key).sort()) === JSON.stringify(mine)
  }

  #socketsOf(seat: number): number[] {
    if (libc !== undefined) return this.#config.listeners.map(({ fds }) => fds[seat] as number)
    // Nothing can be duplicated: each worker uses one of those that the parent duplicated in advance.
    const used = this.#usedSockets++
    return this.#config.listeners.map(({ fds }) => {
      const fd = fds[used]
      if (fd === undefined) throw new PosternError('sockets-used-up', 'too many workers died; the process starts anew for fresh sockets')
      return fd
    })
  }

  /** With those that the workers close at the same time these are the last: new connections are refused, and do not wait for nobody. */
  #giveUpSockets(): void {
    for (const { fds } of this.#config.listeners) {
      if (libc === undefined) for (const fd of fds.slice(this.#usedSockets)) closeSync(fd)
      else for (const fd of fds) libc.blank(fd)
    }
  }

  #fatal(message: string): void {
    this.log.fatal(message)
    this.#logStream.close()
    this.#hooks.fatal(message)
  }
}

/** State that means "per gateway process": one memory for all workers, by policy. */
function sharedState(): ReadonlyMap<string, SharedArrayBuffer> {
  return new Map([...sharedBytesByPolicy()].map(([name, bytes]) => [name, new SharedArrayBuffer(bytes)]))
}
