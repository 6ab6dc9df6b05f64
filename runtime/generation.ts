/**
 * A generation: one bundle as loaded by this worker. Policies are linked by name and version, each attachment's record is read once,
 * chains are prepared when first used and shared by all routes that have them. An exchange pins the generation it arrived in.
 */
import assert from 'node:assert'
import type { Bundle } from '../bundle/bundle.ts'
import { PosternError } from '../bundle/error.ts'
import { METHODS } from '../bundle/plan.ts'
import { RecordReader } from '../bundle/record.ts'
import type { ConsumerDirectory, RouteIdentity, Runner } from '../policies/contract.ts'
import { runners as allRunners } from '../policies/run-index.ts'
import type { BackendsOrder } from './backends-watch/backends-watch.ts'
import type { TrustedRange } from './client-address.ts'
import { type ListenerSettings, listenerSettings } from './downstream/listener-settings.ts'
import { createTicketKeyMemory, TicketKeys } from './downstream/tls/ticket-keys.ts'
import { Router } from './router.ts'
import type { RouteTraffic } from './traffic/worker-traffic.ts'
import { type BackendSettings, withSecrets } from './upstream/backend-settings.ts'
import { type MemberEntry, membersOf } from './upstream/members.ts'
import type { UpstreamBackend } from './upstream/stream.ts'

export type AnyRunner = Runner<unknown>

export interface GenerationContext {
  /** State that all workers of the process share, by policy name: `sharedBytes` long each. */
  readonly shared: ReadonlyMap<string, SharedArrayBuffer>
  /** Value of the secret with this index in the bundle, or `undefined` when there is none. */
  secret(index: number): string | undefined
  /** Routes whose secrets have no value answer 503; otherwise the bundle is refused. */
  readonly lenient: boolean
  /** Members and shared state of backends; left out: what the bundle says, and nothing is shared. */
  readonly backends?: BackendsOrder
  /** Shared by all workers; left out: keys of its own. */
  readonly ticketKeys?: TicketKeys | undefined
  /** By default all that this gateway has. */
  readonly runners?: ReadonlyMap<string, AnyRunner>
}

/** A chain as it runs: attachments in order, early ones first, access left out. */
export interface PreparedChain {
  readonly index: number
  readonly early: readonly number[]
  readonly request: readonly number[]
  /** Whether any of them has a response hook. */
  readonly hasResponseHooks: boolean
  /** An attachment could not be loaded for want of a secret. */
  readonly isUnavailable: boolean
}

/** Identities of routes, chains and consumers that were used lately. Keeping more would cost heap by route: 100 000 of them are to cost none. */
const KEPT_IDENTITIES = 1024
const KEPT_CONSUMERS = 1024
const KEPT_CHAINS = 1024

/** Throws `PosternError`: `policy-unknown`, `record-invalid`, `secret-unresolved`. */
export function createGeneration(bundle: Bundle, number: number, context: GenerationContext): Generation {
  return new Generation(bundle, number, context)
}

/** How many shared bytes each policy of this gateway wants, by name; policies that want none are left out. */
export function sharedBytesByPolicy(runners: ReadonlyMap<string, AnyRunner> = allRunners): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>()
  for (const [name, runner] of runners) if (runner.sharedBytes !== undefined && runner.sharedBytes > 0) sizes.set(name, runner.sharedBytes)
  return sizes
}

export class Generation {
  readonly number: number
  readonly bundle: Bundle
  /** Exchanges in flight. */
  pins = 0
  readonly consumers: ConsumerDirectory
  readonly trustedProxies: readonly TrustedRange[]
  readonly #listeners: ReadonlyMap<string, ListenerSettings>
  readonly #firstListener: ListenerSettings | undefined
  /** By attachment. */
  readonly runners: AnyRunner[] = []
  readonly configs: unknown[] = []
  /** By index in the bundle, filled by the data path when first used. */
  readonly backends: (UpstreamBackend | undefined)[] = []
  /** By index in the bundle, filled by the data path when first used. */
  readonly traffics: (RouteTraffic | undefined)[] = []
  readonly #secret: (index: number) => string | undefined
  readonly #order: BackendsOrder | undefined
  #isRetired = false
  readonly #idleCallbacks: (() => void)[] = []
  readonly #chains: (PreparedChain | undefined)[] = new Array(KEPT_CHAINS).fill(undefined)
  readonly #identities: (BundleRoute | undefined)[] = new Array(KEPT_IDENTITIES).fill(undefined)
  readonly #consumerNames: { readonly index: number; readonly name: string }[] = []
  readonly #unavailable = new Set<number>()

  constructor(bundle: Bundle, number: number, context: GenerationContext) {
    this.bundle = bundle
    this.number = number
    this.#secret = (index) => context.secret(index)
    this.#order = context.backends
    this.consumers = bundle.consumers
    const { trustedProxies } = bundle
    this.trustedProxies = Array.from({ length: trustedProxies.count }, (_, index) => {
      const { first, last } = trustedProxies.range(index)
      return { first: Uint8Array.from(first), last: Uint8Array.from(last) }
    })
    const listeners = listenerSettings(bundle, {
      secret: (index) => context.secret(index),
      lenient: context.lenient,
      ticketKeys: context.ticketKeys ?? new TicketKeys(createTicketKeyMemory()),
    })
    this.#listeners = new Map(listeners.map((settings) => [settings.name, settings]))
    this.#firstListener = listeners[0]
    this.#load(linkPolicies(bundle, context.runners ?? allRunners), context)
  }

  /** Some attachment has no value for its secret: routes with it answer 503. */
  get hasUnresolvedSecrets(): boolean {
    return this.#unavailable.size > 0
  }

  /** What the listener with this name does; with a name of its own (`--listen`), what the first one does. */
  listener(name: string): ListenerSettings | undefined {
    return this.#listeners.get(name) ?? this.#firstListener
  }

  isUnavailable(attachment: number): boolean {
    return this.#unavailable.has(attachment)
  }

  chain(index: number): PreparedChain {
    const kept = this.#chains[index % KEPT_CHAINS]
    return kept !== undefined && kept.index === index ? kept : this.#prepare(index)
  }

  /** Names are decoded when asked for, and kept for the routes in use. */
  routeIdentity(index: number): RouteIdentity {
    const slot = index % KEPT_IDENTITIES
    const kept = this.#identities[slot]
    if (kept !== undefined && kept.index === index) return kept
    const made = new BundleRoute(this.bundle, index)
    this.#identities[slot] = made
    return made
  }

  /** Decoded when asked for, and kept for those who call. */
  consumerName(index: number): string {
    const slot = index % KEPT_CONSUMERS
    const kept = this.#consumerNames[slot]
    if (kept !== undefined && kept.index === index) return kept.name
    const name = this.consumers.name(index)
    this.#consumerNames[slot] = { index, name }
    return name
  }

  /** What the bundle says about a backend, with the values of its secrets. */
  backendSettings(index: number): BackendSettings {
    const settings = this.bundle.backends.settings(index)
    assert(settings !== undefined) // check.ts has refused indices past the end
    return withSecrets(settings, this.#secret)
  }

  /** Its members as far as they are known now. */
  backendMembers(index: number): readonly MemberEntry[] {
    return this.#order?.members.get(index) ?? membersOf(this.bundle.backends.endpoints(index))
  }

  /** Where its state is that all workers share; -1: nowhere. */
  backendSlot(index: number): number {
    return this.#order?.slots[index] ?? -1
  }

  pin(): void {
    this.pins += 1
  }

  unpin(): void {
    this.pins -= 1
    assert(this.pins >= 0)
    if (this.pins === 0 && this.#isRetired) this.#notifyIdle()
  }

  get isRetired(): boolean {
    return this.#isRetired
  }

  /** No new exchange will pin it. */
  retire(): void {
    if (this.#isRetired) return
    this.#isRetired = true
    if (this.pins === 0) this.#notifyIdle()
  }

  /** Calls back once, when it is retired and its last exchange has ended; at once if that is so. The bundle may be detached then. */
  onIdle(callback: () => void): void {
    if (this.#isRetired && this.pins === 0) callback()
    else this.#idleCallbacks.push(callback)
  }

  /** Asks the bundle's own questions. Returns the first wrong answer as text. */
  runSelfTests(): string | undefined {
    const router = new Router()
    const { selfTests, routes } = this.bundle
    for (let i = 0; i < selfTests.count; i++) {
      const [method, host, path] = [selfTests.method(i), selfTests.host(i), selfTests.path(i)]
      const hostBytes = Buffer.from(host, 'latin1')
      const pathBytes = Buffer.from(path, 'latin1')
      const methodId = Math.max(0, (METHODS as readonly string[]).indexOf(method))
      const found = router.find(this.bundle, methodId, hostBytes, 0, hostBytes.length, pathBytes, 0, pathBytes.length)
      const expected = selfTests.routeIndex(i)
      if (found === expected) continue
      const name = (route: number) => (route < 0 ? 'no route' : `\`${routes.name(route)}\``)
      return `${method} ${host}${path} finds ${name(found)} where the bundle says ${name(expected)}`
    }
    return undefined
  }

  #load(linked: readonly AnyRunner[], context: GenerationContext): void {
    const { attachments } = this.bundle
    const none = new SharedArrayBuffer(0)
    for (let i = 0; i < attachments.count; i++) {
      const runner = linked[attachments.policyIndex(i)]
      assert(runner !== undefined) // check.ts has refused indices past the end
      this.runners.push(runner)
      this.configs.push(undefined)
      try {
        this.configs[i] = runner.load(new RecordReader(attachments.record(i)), {
          attachmentId: attachments.id(i),
          shared: context.shared.get(runner.name) ?? none,
          slot: i,
          consumers: this.consumers,
          secret: (index) => resolveSecret(context, index, attachments.id(i)),
        })
      } catch (error) {
        if (!(context.lenient && error instanceof PosternError && error.code === 'secret-unresolved')) throw error
        this.#unavailable.add(i)
      }
    }
  }

  #prepare(index: number): PreparedChain {
    const early = Array.from(this.bundle.chains.early(index))
    const request = Array.from(this.bundle.chains.request(index))
    const all = [...early, ...request]
    const chain = {
      index,
      early,
      request,
      hasResponseHooks: all.some((attachment) => this.runners[attachment]?.response !== undefined),
      isUnavailable: all.some((attachment) => this.#unavailable.has(attachment)),
    }
    this.#chains[index % KEPT_CHAINS] = chain
    return chain
  }

  #notifyIdle(): void {
    for (const callback of this.#idleCallbacks.splice(0)) callback()
  }
}

/** Decodes its names once, when first asked for. */
class BundleRoute implements RouteIdentity {
  readonly index: number
  readonly #bundle: Bundle
  #name: string | undefined
  #api: string | undefined
  #key: string | undefined

  constructor(bundle: Bundle, index: number) {
    this.#bundle = bundle
    this.index = index
  }

  get name(): string {
    this.#name ??= this.#bundle.routes.name(this.index)
    return this.#name
  }

  get api(): string {
    this.#api ??= this.#bundle.apis.name(this.#bundle.routes.apiIndex(this.index))
    return this.#api
  }

  get key(): string {
    this.#key ??= `${this.api} ${this.#bundle.routes.method(this.index)} ${this.#bundle.routes.template(this.index)}`
    return this.#key
  }
}

/** By policy index of the bundle. */
function linkPolicies(bundle: Bundle, runners: ReadonlyMap<string, AnyRunner>): AnyRunner[] {
  return bundle.manifest.policies.map(({ name, version }) => {
    const runner = runners.get(name)
    if (runner === undefined) throw new PosternError('policy-unknown', `this gateway has no policy \`${name}\``)
    if (runner.version !== version) {
      throw new PosternError('policy-unknown', `this gateway has \`${name}\` in version ${runner.version}, the bundle needs ${version}`)
    }
    return runner
  })
}

function resolveSecret(context: GenerationContext, index: number, attachmentId: string): string {
  const value = context.secret(index)
  if (value === undefined) throw new PosternError('secret-unresolved', `secret ${index}, needed by ${attachmentId}, has no value`)
  return value
}
