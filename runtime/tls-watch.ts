/**
 * What the supervisor does for TLS: looks at the files behind certificates and keys, so that new ones are used without anybody asking, warns before
 * certificates expire, and replaces the keys of session tickets. Files are read and compared, not watched: a mounted secret is replaced by
 * turning a symbolic link, of which a watched path may never hear.
 */
import type { Bundle } from '../bundle/bundle.ts'
import { readServerCertificate } from './downstream/tls/certificate.ts'
import { TICKET_KEY_AGE_MS, type TicketKeys } from './downstream/tls/ticket-keys.ts'
import type { Outcome, Tuning } from './messages.ts'
import { resolveSecrets, type SecretReference } from './secrets.ts'
import type { ProcessLog } from './telemetry/process-log.ts'

/** A certificate that a listener shows. */
export interface ListenerCertificate {
  readonly listener: string
  /** The first name it is for; `certificate 1` where it has none. */
  readonly name: string
  readonly names: readonly string[]
  readonly notAfter: Date
  readonly fingerprint: string
}

/** The generation in use, as far as it is looked at here. */
export interface WatchedGeneration {
  readonly digest: string
  readonly references: readonly SecretReference[]
  readonly certificates: readonly ListenerCertificate[]
  /** Indices of secrets that TLS uses, of listeners and of backends. */
  readonly tlsSecrets: readonly number[]
  readonly order: { readonly secrets: readonly (string | undefined)[] }
}

export interface TlsWatchOptions {
  readonly tuning: Tuning
  readonly log: ProcessLog
  readonly ticketKeys: TicketKeys
  readonly current: () => WatchedGeneration | undefined
  /** Makes a generation of the bundle in use with the secrets as they are now. */
  readonly refresh: () => Promise<Outcome>
}

/** From so long before its end on, a certificate is warned about, once a day. */
export const EXPIRY_WARNING_MS = 14 * 24 * 60 * 60_000
const WARN_INTERVAL_MS = 24 * 60 * 60_000

export class TlsWatch {
  readonly #options: TlsWatchOptions
  readonly #warnedAtMs = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #rotatedAtMs: number
  /** What was seen when it was last looked: only what has been the same twice is whole. */
  #seen = ''
  /** What was tried and refused, or is in use. */
  #tried = ''
  #isMissing = false

  constructor(options: TlsWatchOptions) {
    this.#options = options
    this.#rotatedAtMs = performance.now()
  }

  start(): void {
    this.#wait()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** One look, as the timer does. */
  async look(nowMs: number = Date.now()): Promise<void> {
    const { current, ticketKeys } = this.#options
    if (performance.now() - this.#rotatedAtMs >= TICKET_KEY_AGE_MS) {
      this.#rotatedAtMs = performance.now()
      ticketKeys.rotate()
    }
    const generation = current()
    if (generation === undefined) return
    this.#warn(generation, nowMs)
    if (generation.tlsSecrets.length > 0) await this.#compare(generation)
  }

  async #compare(generation: WatchedGeneration): Promise<void> {
    const { log, refresh } = this.#options
    const references = generation.tlsSecrets.map((index) => generation.references[index] as SecretReference)
    const { values, unresolved } = await resolveSecrets(references)
    const isLost = (index: number, position: number) => values[position] === undefined && generation.order.secrets[index] !== undefined
    if (generation.tlsSecrets.some(isLost)) {
      // It may be about to be replaced. What is in use stays in use.
      if (!this.#isMissing)
        log.warn({ code: 'secret-unresolved' }, `secrets of TLS cannot be read, and stay as they are: ${unresolved.join(', ')}`)
      this.#isMissing = true
      return
    }
    this.#isMissing = false
    const now = JSON.stringify([generation.digest, values])
    const isWhole = now === this.#seen
    this.#seen = now
    if (generation.tlsSecrets.every((index, position) => generation.order.secrets[index] === values[position])) this.#tried = now
    if (!isWhole || now === this.#tried) return
    const outcome = await refresh()
    // A newer bundle goes first, and reads them too; if it is refused, they are looked at again.
    if (outcome.outcome === 'superseded') return
    if (outcome.outcome === 'rejected' && outcome.retryable) return
    this.#tried = now
    if (outcome.outcome === 'swapped') log.info({ generation: outcome.generation }, 'secrets of TLS have changed and are used from now on')
    else if (outcome.outcome === 'rejected') {
      log.error({ code: outcome.code }, `secrets of TLS have changed and cannot be used; what is in use stays: ${outcome.message}`)
    }
  }

  #warn({ certificates }: WatchedGeneration, nowMs: number): void {
    for (const { listener, name, notAfter, fingerprint } of certificates) {
      if (notAfter.getTime() - nowMs > EXPIRY_WARNING_MS) continue
      const key = `${listener} ${fingerprint}`
      if (nowMs - (this.#warnedAtMs.get(key) ?? Number.NEGATIVE_INFINITY) < WARN_INTERVAL_MS) continue
      this.#warnedAtMs.set(key, nowMs)
      const isOver = notAfter.getTime() <= nowMs
      this.#options.log.warn(
        { listener, certificate: name, notAfter: notAfter.toISOString() },
        isOver ? 'a certificate has expired' : 'a certificate expires soon',
      )
    }
    if (this.#warnedAtMs.size > MAX_WARNED) this.#warnedAtMs.clear()
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.look()
        .catch((error: Error) => this.#options.log.error({ error: error.message }, 'certificates cannot be looked at'))
        // After an error too: keys of tickets have to be replaced, and the next look may go well.
        .then(() => this.#timer !== undefined && this.#wait())
    }, this.#options.tuning.secretPollMs)
    this.#timer.unref()
  }
}

/** Certificates come and go with bundles. */
const MAX_WARNED = 4096

/** Which secrets of a bundle belong to TLS. */
export function tlsSecretsOf({ listeners, backends }: Bundle): number[] {
  const indices = new Set<number>()
  for (let index = 0; index < listeners.count; index++) {
    const tls = listeners.settings(index)?.tls
    for (const { certSecretIndex, keySecretIndex } of tls?.certificates ?? []) indices.add(certSecretIndex).add(keySecretIndex)
    if (tls?.clients !== undefined) indices.add(tls.clients.caSecretIndex)
  }
  for (let index = 0; index < backends.count; index++) {
    const { caSecretIndex, certSecretIndex, keySecretIndex } = backends.settings(index)?.tls ?? {}
    for (const secret of [caSecretIndex, certSecretIndex, keySecretIndex]) if (secret !== undefined) indices.add(secret)
  }
  return [...indices].sort((a, b) => a - b)
}

/** For status and metrics. Those that cannot be read are left out: the probe says what is wrong with them. */
export function listenerCertificatesOf({ listeners }: Bundle, secrets: readonly (string | undefined)[]): ListenerCertificate[] {
  const all: ListenerCertificate[] = []
  for (let index = 0; index < listeners.count; index++) {
    const settings = listeners.settings(index)
    for (const [position, { certSecretIndex, keySecretIndex }] of (settings?.tls?.certificates ?? []).entries()) {
      try {
        const read = readServerCertificate(secrets[certSecretIndex] ?? '', secrets[keySecretIndex] ?? '', '')
        const { names, notAfter, fingerprint } = read
        all.push({ listener: settings?.name ?? '', name: names[0] ?? `certificate ${position + 1}`, names, notAfter, fingerprint })
      } catch {}
    }
  }
  return all
}
