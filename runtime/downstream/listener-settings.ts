/** What a listener does with a connection, as a bundle says it. Made once per generation and worker; a connection keeps what it came under. */
import { createHash } from 'node:crypto'
import type { Bundle } from '../../bundle/bundle.ts'
import { PosternError } from '../../bundle/error.ts'
import type { ListenerPlan } from '../../bundle/plan.ts'
import { DOWNSTREAM_LIMITS, type DownstreamLimits } from './limits.ts'
import { ListenerTls } from './tls/listener-tls.ts'
import type { TicketKeys } from './tls/ticket-keys.ts'

export interface ListenerSettings {
  readonly name: string
  readonly protocol: ListenerPlan['protocol']
  readonly http2: boolean
  readonly proxyProtocol: boolean
  /** On https; `undefined` there: its certificates cannot be used, and handshakes fail. */
  readonly tls: ListenerTls | undefined
  readonly limits: DownstreamLimits
}

export interface ListenerContext {
  secret(index: number): string | undefined
  /** A listener whose certificates cannot be used fails handshakes; otherwise the bundle is refused. */
  readonly lenient: boolean
  readonly ticketKeys: TicketKeys
}

/**
 * What the last bundle has made, by what it was made of: a certificate that stays the same costs a swap nothing (else 0.4 to 1.2 ms each, in every
 * worker, while nobody is served). By the memory of the ticket keys, which is the process's.
 */
const kept = new WeakMap<SharedArrayBuffer, ReadonlyMap<string, ListenerTls>>()

/** In the bundle's order. Throws `secret-unresolved` or `tls-certificate-invalid`. */
export function listenerSettings(bundle: Bundle, context: ListenerContext): ListenerSettings[] {
  const { listeners, secrets } = bundle
  const reference = (index: number) => `\${${secrets.kind(index)}:${secrets.name(index)}}`
  const before = kept.get(context.ticketKeys.memory)
  const made = new Map<string, ListenerTls>()
  const settings = Array.from({ length: listeners.count }, (_, index) => {
    const plan = listeners.settings(index) as ListenerPlan
    return {
      name: plan.name,
      protocol: plan.protocol,
      http2: plan.http2,
      proxyProtocol: plan.proxyProtocol,
      tls: tlsOf(plan, reference, context, before, made),
      limits: { ...DOWNSTREAM_LIMITS, ...plan.limits },
    }
  })
  kept.set(context.ticketKeys.memory, made)
  return settings
}

function tlsOf(
  plan: ListenerPlan,
  reference: (index: number) => string,
  context: ListenerContext,
  before: ReadonlyMap<string, ListenerTls> | undefined,
  made: Map<string, ListenerTls>,
): ListenerTls | undefined {
  if (plan.tls === undefined) return undefined
  const { ticketKeys } = context
  const key = keyOf(plan, context)
  try {
    const tls =
      before?.get(key) ??
      new ListenerTls({
        listener: plan.name,
        tls: plan.tls,
        http2: plan.http2,
        ticketKeys,
        reference,
        secret: (index) => context.secret(index),
      })
    made.set(key, tls)
    return tls
  } catch (error) {
    if (context.lenient && error instanceof PosternError) return undefined
    throw error
  }
}

/** A digest, because what it is made of are secrets. */
function keyOf({ name, http2, tls }: ListenerPlan, { secret }: ListenerContext): string {
  const certificates = tls?.certificates.map(({ certSecretIndex, keySecretIndex }) => [secret(certSecretIndex), secret(keySecretIndex)])
  const clients = tls?.clients === undefined ? [] : [secret(tls.clients.caSecretIndex), tls.clients.mode]
  return createHash('sha256')
    .update(JSON.stringify([name, http2, tls?.minVersion, certificates, clients]))
    .digest('base64')
}
