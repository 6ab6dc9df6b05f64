/**
 * How a bundle becomes what is served:
 *
 *     copied into memory nobody can change -> signature verified over those bytes -> checked -> secrets resolved -> tried in the spare worker
 *     -> prepared in all workers -> kept in the store -> committed by one atomic store -> the one before is retired when nobody uses it
 *
 * Whatever fails before the commit leaves everything as it was, with a code that stays the same, in log and metrics. One activation at a
 * time; of those that wait, the newest.
 */
import type { KeyObject } from 'node:crypto'
import { type Bundle, check, digestOf, isRejection, openBundle, PosternError, type Rejection, verifyBundle } from '../bundle/bundle.ts'
import type { BackendsWatch } from './backends-watch/backends-watch.ts'
import type { Crew, Member, PrepareAnswer } from './crew.ts'
import { createImage, detachView, type Image, viewImage } from './memory.ts'
import type { GenerationOrder, Outcome, Tuning } from './messages.ts'
import { resolveSecrets, type SecretReference } from './secrets.ts'
import type { ListenerAddress } from './sockets.ts'
import type { ProcessLog } from './telemetry/process-log.ts'
import type { Slots } from './telemetry/slots.ts'
import { type ListenerCertificate, listenerCertificatesOf, tlsSecretsOf } from './tls-watch.ts'
import { type BackendSettings, withSecrets } from './upstream/backend-settings.ts'
import type { MemberEntry } from './upstream/members.ts'
import { upstreamTls } from './upstream/tls.ts'

/** A bundle that somebody wants to be served. */
export interface Candidate {
  readonly bytes: Uint8Array
  /** `secrets`: the bundle in use once more, because values behind its secrets have changed. */
  readonly origin: 'file' | 'store' | 'secrets'
  /** A start without anything else: routes whose secrets are missing answer 503, all others are served. */
  readonly lenient: boolean
  /** The file may still be being written: bytes that do not verify are reported to the caller and to nobody else. */
  readonly isTentative: boolean
}

/** A generation as the supervisor sees it. */
export interface GenerationRecord {
  readonly number: number
  readonly digest: string
  readonly contentDigest: string
  readonly keyId: string
  readonly gateway: string
  readonly compiler: string
  readonly routes: number
  readonly listeners: readonly ListenerAddress[]
  /** Which secrets TLS uses, and what its certificates say. */
  readonly tlsSecrets: readonly number[]
  readonly certificates: readonly ListenerCertificate[]
  readonly origin: 'file' | 'store'
  /** Read again when the same bundle comes again: values may have changed behind it. */
  readonly references: readonly SecretReference[]
  /** References without a value; empty unless it was loaded leniently. */
  readonly unresolved: readonly string[]
  readonly order: GenerationOrder
  readonly image: Image
  /** Workers with a view of it. */
  readonly holders: Set<Member>
  /** Being loaded (nobody may have a view yet), in use, or to be given back as soon as nobody has a view. */
  state: 'loading' | 'current' | 'retired'
  since: Date
}

export interface ActivatorOptions {
  readonly trusted: readonly KeyObject[]
  readonly crew: Crew
  readonly tuning: Tuning
  readonly log: ProcessLog
  readonly apiSlots: Slots
  readonly policySlots: Slots
  readonly backends: BackendsWatch
  /** The only gateway whose bundles are served. */
  readonly gateway: string
  /** Of the log line about a bundle that is refused. */
  readonly refusalLevel: 'debug' | 'error'
  /** Puts a bundle into the store, as far as that works. */
  readonly keep: (digest: string, bytes: Uint8Array) => Promise<void>
  /** Whether this process has the listeners that a bundle wants. */
  readonly hasListeners: (listeners: readonly ListenerAddress[]) => boolean
  /** Asks for a process that has them. Rejects when there cannot be one. */
  readonly handOver: (listeners: readonly ListenerAddress[]) => Promise<void>
}

export interface LastRejection {
  readonly at: Date
  readonly digest: string
  readonly code: string
  readonly message: string
}

interface Waiting {
  readonly candidate: Candidate
  readonly resolve: (outcome: Outcome) => void
}

export class Activator {
  readonly rejections = new Map<string, number>()
  lastRejection: LastRejection | undefined
  current: GenerationRecord | undefined
  readonly #options: ActivatorOptions
  readonly #held = new Map<number, GenerationRecord>()
  #number = 0
  #isBusy = false
  #waiting: Waiting | undefined

  constructor(options: ActivatorOptions) {
    this.#options = options
  }

  get held(): number {
    return this.#held.size
  }

  /** Resolves with what became of it. */
  submit(candidate: Candidate): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#waiting?.resolve({ outcome: 'superseded' })
      this.#waiting = { candidate, resolve }
      void this.#next()
    })
  }

  /** The bundle in use again, with the secrets as they are now. Anything else that waits goes first: it reads them too. */
  refresh(): Promise<Outcome> {
    const { current } = this
    if (current === undefined || this.#waiting !== undefined) return Promise.resolve({ outcome: 'superseded' })
    const { handle } = current.image
    const view = viewImage(handle)
    const bytes = new Uint8Array(view, 0, handle.bytes).slice()
    detachView(view)
    return this.submit({ bytes, origin: 'secrets', lenient: current.order.lenient, isTentative: false })
  }

  /** A worker has a view of a generation. */
  holding(member: Member, number: number): void {
    this.#held.get(number)?.holders.add(member)
  }

  /** A worker has no view of a generation, or of any (`undefined`). */
  released(member: Member, number: number | undefined): void {
    for (const record of number === undefined ? [...this.#held.values()] : [this.#held.get(number)]) {
      if (record === undefined || !record.holders.delete(member)) continue
      this.#discardIfUnused(record)
    }
  }

  /** Workers that have the generation get to know; those that will, get it with the order. */
  membersChanged(number: number, backend: number, members: readonly MemberEntry[]): void {
    for (const holder of this.#held.get(number)?.holders ?? []) holder.send({ type: 'members', number, backend, members })
  }

  async #next(): Promise<void> {
    if (this.#isBusy || this.#waiting === undefined) return
    const { candidate, resolve } = this.#waiting
    this.#waiting = undefined
    this.#isBusy = true
    try {
      resolve(await this.#activate(candidate))
    } finally {
      this.#isBusy = false
      void this.#next()
    }
  }

  async #activate(candidate: Candidate): Promise<Outcome> {
    const startedAtMs = performance.now()
    const digest = digestOf(candidate.bytes)
    const { current } = this
    if (current?.digest === digest && sameValues((await resolveSecrets(current.references)).values, current.order.secrets)) {
      return { outcome: 'unchanged', generation: current.number, digest }
    }
    // Another bundle is in use by now.
    if (candidate.origin === 'secrets' && current?.digest !== digest) return { outcome: 'superseded' }
    let record: GenerationRecord | undefined
    try {
      record = await this.#load(candidate, digest)
      if (!this.#options.hasListeners(record.listeners)) {
        await this.#probe(record)
        await this.#options.keep(digest, candidate.bytes)
        await this.#options.handOver(record.listeners)
        this.#options.log.info({ digest }, 'the bundle wants other listeners: a new process takes over')
        return { outcome: 'handed-over' }
      }
      await this.#probe(record)
      await this.#prepareAll(record)
      await this.#options.keep(digest, candidate.bytes)
      await this.#commit(record)
      const { number: generation, routes } = record
      const durationMs = Math.round(performance.now() - startedAtMs)
      this.#options.log.info({ generation, digest, routes, origin: record.origin, durationMs }, 'serving a new bundle')
      return { outcome: 'swapped', generation, digest }
    } catch (error) {
      return this.#reject(candidate, digest, error)
    } finally {
      if (record !== undefined && record !== this.current) this.#abandon(record)
    }
  }

  async #load(candidate: Candidate, digest: string): Promise<GenerationRecord> {
    // What is just being written begins as this, and no memory of that size can be mapped.
    if (candidate.bytes.length === 0) throw new Unfit('bundle-truncated', 'the file is empty', false, true)
    const image = createImage(candidate.bytes)
    const view = viewImage(image.handle)
    let isKept = false
    try {
      const size = candidate.bytes.length
      // Of these very bytes, which cannot change any more; what was read from the disk is not looked at again.
      const verified = accept(verifyBundle(new Uint8Array(view, 0, size), this.#options.trusted), true)
      const bundle = openBundle(accept(check(view, size), true))
      const { gateway, compiler } = bundle.manifest
      if (gateway !== this.#options.gateway) {
        throw new Unfit('gateway-mismatch', `the bundle is for the gateway \`${gateway}\`, this one is \`${this.#options.gateway}\``)
      }
      const references = secretsOf(bundle)
      const { values, unresolved } = await resolveSecrets(references)
      if (unresolved.length > 0 && !candidate.lenient) throw new Unfit('secret-unresolved', unresolved.join(', '))
      const settings = backendsOf(bundle, values, candidate.lenient)
      this.#number += 1
      const backends = await this.#options.backends.load(this.#number, settings, this.#options.tuning.resolveWaitMs)
      const record: GenerationRecord = {
        number: this.#number,
        digest,
        contentDigest: verified.contentDigest,
        keyId: verified.keyId,
        gateway,
        compiler,
        routes: bundle.routes.count,
        listeners: listenersOf(bundle),
        tlsSecrets: tlsSecretsOf(bundle),
        certificates: listenerCertificatesOf(bundle, values),
        origin: candidate.origin === 'secrets' ? (this.current?.origin ?? 'file') : candidate.origin,
        references,
        unresolved,
        order: {
          number: this.#number,
          image: image.handle,
          secrets: values,
          lenient: candidate.lenient,
          apiSlots: Int32Array.from({ length: bundle.apis.count }, (_, index) => this.#options.apiSlots.slot(bundle.apis.name(index))),
          policySlots: Int32Array.from(bundle.manifest.policies, ({ name }) => this.#options.policySlots.slot(name)),
          backends,
        },
        image,
        holders: new Set(),
        state: 'loading',
        since: new Date(),
      }
      this.#held.set(record.number, record)
      bundle.detach()
      isKept = true
      return record
    } finally {
      detachView(view)
      if (!isKept) image.release()
    }
  }

  /** In the spare worker: if it hangs or dies of it, nobody's request does. */
  async #probe(record: GenerationRecord): Promise<void> {
    const { crew, tuning } = this.#options
    const spare = await crew.spare(tuning.spareTimeoutMs)
    if (spare === undefined) {
      const [why = ''] = crew.lastError.split('\n')
      throw new Unfit(
        'no-spare-worker',
        `no worker could be started to try the bundle${why === '' ? '' : `: ${why}`}`,
        this.current !== undefined,
      )
    }
    spare.isProbing = true
    const answer = await spare.prepare(record.order, true, tuning.probeTimeoutMs)
    spare.isProbing = false
    if (answer.type === 'timeout') spare.kill('probe-hung')
    accepted(answer, 'probe')
  }

  async #prepareAll(record: GenerationRecord): Promise<void> {
    const members = this.#options.crew.ready
    const answers = await Promise.all(members.map((member) => member.prepare(record.order, false, this.#options.tuning.prepareTimeoutMs)))
    for (const answer of answers) accepted(answer, 'prepare')
  }

  async #commit(record: GenerationRecord): Promise<void> {
    const { crew, tuning } = this.#options
    const previous = this.current
    record.since = new Date()
    this.current = record
    record.state = 'current'
    this.#options.backends.commit(record.number)
    // This is the swap. The messages only save workers the wait for their next heartbeat.
    Atomics.store(new Int32Array(crew.committed), 0, record.number)
    const switches: Promise<void>[] = []
    for (const member of crew.ready) {
      if (member.has(record.number)) switches.push(member.commit(record.number))
      else crew.catchUp(member)
    }
    if (previous !== undefined) this.#retire(previous)
    // So that whoever is told of the swap, and looks, sees it.
    const patience = setTimeout(() => proceed(), tuning.switchTimeoutMs)
    let proceed: () => void = () => {}
    await Promise.race([
      Promise.all(switches),
      new Promise<void>((resolve) => {
        proceed = resolve
      }),
    ])
    clearTimeout(patience)
  }

  #retire(previous: GenerationRecord): void {
    const { tuning } = this.#options
    previous.state = 'retired'
    const timer = setTimeout(() => this.#endDrain(previous), tuning.generationDrainMs)
    timer.unref()
    const old = [...this.#held.values()].filter((held) => held !== this.current)
    for (const held of old.slice(0, Math.max(0, old.length + 1 - tuning.maxGenerations))) this.#endDrain(held)
    this.#discardIfUnused(previous)
  }

  /** Exchanges that still use it go on without it. */
  #endDrain(record: GenerationRecord): void {
    for (const member of record.holders) member.send({ type: 'release', number: record.number })
  }

  /** Prepared, and not to be committed. */
  #abandon(record: GenerationRecord): void {
    record.state = 'retired'
    this.#options.backends.forget(record.number)
    for (const member of record.holders) member.send({ type: 'abandon', number: record.number })
    this.#discardIfUnused(record)
  }

  #discardIfUnused(record: GenerationRecord): void {
    if (record.state !== 'retired' || record.holders.size > 0 || !this.#held.has(record.number)) return
    this.#held.delete(record.number)
    record.image.release()
  }

  #reject(candidate: Candidate, digest: string, error: unknown): Outcome {
    const isUnverified = error instanceof Unfit && error.isUnverified
    const code = error instanceof PosternError ? error.code : 'bundle-unusable'
    const retryable = error instanceof PosternError && error.retryable
    const message = (error as Error).message
    if (!(candidate.isTentative && isUnverified)) {
      this.rejections.set(code, (this.rejections.get(code) ?? 0) + 1)
      this.lastRejection = { at: new Date(), digest, code, message }
      // Whoever looks after secrets says it in words of its own.
      if (candidate.origin === 'secrets') return { outcome: 'rejected', code, message, retryable, isUnverified }
      const kept = this.current === undefined ? {} : { generation: this.current.number }
      this.#options.log[this.#options.refusalLevel](
        { code, digest, origin: candidate.origin, ...kept },
        `the bundle is refused: ${message}`,
      )
    }
    return { outcome: 'rejected', code, message, retryable, isUnverified }
  }
}

/** Why a bundle cannot be served. */
class Unfit extends PosternError {
  /** Neither its signature nor its structure holds: it may be a part of a file. */
  readonly isUnverified: boolean

  constructor(code: string, message: string, retryable = false, isUnverified = false) {
    super(code, message, { retryable })
    this.isUnverified = isUnverified
  }
}

function accept<T extends object>(value: T | Rejection, isUnverified: boolean): T {
  if (isRejection(value)) throw new Unfit(value.code, value.message, false, isUnverified)
  return value
}

function accepted(answer: PrepareAnswer, stage: 'probe' | 'prepare'): void {
  if (answer.type === 'prepared') return
  if (answer.type === 'refused') throw new Unfit(answer.code, answer.message)
  if (answer.type === 'timeout') throw new Unfit(`${stage}-timeout`, 'a worker did not load the bundle in time', stage === 'prepare')
  // In the probe the bundle is the suspect; a worker that was serving may have died of anything.
  throw new Unfit(`${stage}-crashed`, 'a worker died while it loaded the bundle', stage === 'prepare')
}

function secretsOf({ secrets }: Bundle): SecretReference[] {
  return Array.from({ length: secrets.count }, (_, index) => ({ kind: secrets.kind(index) || 'env', name: secrets.name(index) }))
}

/** Throws `upstream-tls-invalid` when a CA, certificate or key of one of them cannot be used, unless the start is to go on all the same. */
function backendsOf({ backends }: Bundle, secrets: readonly (string | undefined)[], lenient: boolean): BackendSettings[] {
  const all: BackendSettings[] = []
  for (let index = 0; index < backends.count; index++) {
    const plan = backends.settings(index)
    if (plan === undefined) continue
    const settings = withSecrets(plan, (secret) => secrets[secret])
    const { ca, cert, key } = settings.tls
    if (!lenient && (ca !== undefined || cert !== undefined || key !== undefined)) tryTls(backends.name(index), settings)
    all.push(settings)
  }
  return all
}

/** The same error, with the name of the backend. */
function tryTls(name: string, { tls }: BackendSettings): void {
  try {
    upstreamTls(tls)
  } catch (error) {
    if (!(error instanceof PosternError)) throw error
    throw new PosternError(error.code, `backend \`${name}\`: ${error.message}`, { cause: error })
  }
}

export function listenersOf({ listeners }: Bundle): ListenerAddress[] {
  return Array.from({ length: listeners.count }, (_, index) => ({
    name: listeners.name(index),
    address: listeners.address(index),
    port: listeners.port(index),
    protocol: listeners.protocol(index) || 'http',
  }))
}

function sameValues(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index])
}
