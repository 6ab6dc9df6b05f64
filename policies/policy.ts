/**
 * What `policy.ts` and `compile.ts` of a policy export: its name, its config schema, and how a config that is valid becomes bytes.
 * Only the compile side reads this; the run side reads `contract.ts`.
 */
import type { Code, Range } from '../spec/diagnostic.ts'
import type { Schema, Static } from '../spec/schema.ts'
import { MANAGED_FIELDS } from './contract.ts'

/** Docs, editor schema, validators and defaults are generated from this. */
export interface Policy<Config = unknown> {
  /** Kebab-case; the folder's name and the one in YAML, logs and metrics. */
  readonly name: string
  /** Version of the record's format; the run half has the same. */
  readonly version: number
  /** `access` policies stand under `access:`, all others under `policies:`. */
  readonly kind: 'access' | 'policy'
  /** One sentence. */
  readonly summary: string
  readonly config: Schema<Config>
  /** The policy's own diagnostic codes, each `<name>/<words>` with a sentence that explains it. */
  readonly codes?: { readonly [code: string]: string }
}

export type ConfigOf<P> = P extends Policy<infer C> ? C : never

/** The schema's type, kept: `export const policy = definePolicy({...})`. */
export function definePolicy<S extends Schema>(policy: Omit<Policy, 'config'> & { readonly config: S }): Policy<Static<S>> {
  return policy as Policy<Static<S>>
}

/** Compiles a config that its schema has accepted. Reports and returns `undefined` when more is wrong than a schema can say. */
export type CompilePolicy<Config> = (config: Config, context: CompileContext) => Compiled | undefined

export interface Compiled {
  /** When its request hook runs: before access is decided, as the access decision, or after it. */
  readonly phase: 'early' | 'access' | 'request'
  readonly record: Uint8Array
  /** This use answers CORS preflights itself. */
  readonly answersPreflight?: boolean
  /** This use always replies itself: the route needs no backend. */
  readonly alwaysReplies?: boolean
}

/** What a compile half may ask about the place where its policy is used. It is called once per route that the policy is in force for, and its result deduplicated. */
export interface CompileContext {
  readonly route: {
    readonly method: string
    /** Base path and template. */
    readonly template: string
    /** Parameters of the template; `segment` is 0-based in the whole path, the base path's segments included. */
    readonly parameters: readonly { readonly name: string; readonly segment: number }[]
    /** First segment that `/**` stands for; left out where the template does not end so. */
    readonly restSegment?: number
  }
  /** Whether the route's access policy makes a consumer known. Always false while access itself is compiled. */
  readonly knowsConsumer: boolean
  /** Index of a consumer, or `undefined` with the mistake reported where it stands. `at` names the value inside the config. */
  consumer(name: string, at: ConfigPath): number | undefined
  /** Index of the secret that `${env:NAME}` or `${file:/path}` refers to. */
  secret(reference: string): number
  /** Range of a value inside the policy's config: `[]` is the whole of it. */
  range(at: ConfigPath): Range
  /** Range of a key inside the policy's config. */
  keyRange(at: ConfigPath): Range
  error(code: Code, at: ConfigPath, message: string, hint?: string): void
}

export type ConfigPath = readonly (string | number)[]

/**
 * Why no policy may write or take away a field (RFC 9110 §7.6.1, RFC 9112 §6), or `undefined` when it may. A policy that takes names of
 * fields from its config asks this when compiling: the data path would not send what it is told.
 */
export function managedFieldMessage(name: string): string | undefined {
  const lower = name.toLowerCase()
  if (lower === 'host') return 'field `host` is not for policies: `preserveHost` of the Api decides it'
  return MANAGED_FIELDS.has(lower) ? `field \`${lower}\` belongs to the connection and is written by the gateway` : undefined
}
