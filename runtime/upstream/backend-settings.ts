/**
 * What a backend is like, as the runtime works with it: the bundle's `BackendPlan` with the values of its secrets in the place of references.
 * Plain data. Two backends with equal settings are one: its connections are kept when a bundle is swapped.
 */
import { createHash } from 'node:crypto'
import type { BackendPlan } from '../../bundle/plan.ts'

/** Units and bounds as in `BackendPlan`. */
export interface BackendSettings extends Omit<BackendPlan, 'source' | 'tls'> {
  readonly tls: BackendTlsSettings
}

/** PEM texts. They are secrets: they go nowhere but into a `SecureContext`. */
export interface BackendTlsSettings {
  /** `undefined`: the system's certificate authorities. */
  readonly ca: string | undefined
  /** For SNI and verification; empty: the endpoint's host. */
  readonly serverName: string
  readonly verify: boolean
  /** Client certificate and its key: both or none. */
  readonly cert: string | undefined
  readonly key: string | undefined
  /** One of them has no value although the bundle names one: no connection may be made without it. */
  readonly isIncomplete?: boolean
}

/** The bundle's settings, with what `secret` says in the place of references. */
export function withSecrets(plan: Omit<BackendPlan, 'source'>, secret: (index: number) => string | undefined): BackendSettings {
  const { caSecretIndex, certSecretIndex, keySecretIndex, serverName, verify } = plan.tls
  const value = (index: number | undefined) => (index === undefined ? undefined : secret(index))
  const tls = { serverName, verify, ca: value(caSecretIndex), cert: value(certSecretIndex), key: value(keySecretIndex) }
  const named = [caSecretIndex, certSecretIndex, keySecretIndex].filter((index) => index !== undefined)
  const isIncomplete = named.some((index) => secret(index) === undefined)
  return { ...plan, tls: isIncomplete ? { ...tls, isIncomplete } : tls }
}

/** Equal for equal settings, and only for those. A digest, because what it is made of has secrets in it. */
export function settingsKey(settings: BackendSettings): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(settings)))
    .digest('base64')
}

/** With the fields of all objects in one order, so that who has made the settings does not matter. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, field]) => field !== undefined)
  return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, field]) => [name, sorted(field)])
}
