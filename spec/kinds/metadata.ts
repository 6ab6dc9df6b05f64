/** The envelope every resource has. */
import { array, map, object, optional, type Schema, type Static, string } from '../schema.ts'

export const API_VERSION = 'postern/v1'

export const metadata = object({
  name: string('name', 'Unique among the resources of its kind: lower-case letters, digits and hyphens, at most 63.'),
  labels: optional(map(string('text', 'Free text.'), 'For selecting, as a Gateway does with `apis.matchLabels`.')),
  annotations: optional(map(string('text', 'Free text.'), 'Notes for people and tools; Postern ignores them.')),
})

/** `{ use: NAME }` puts a PolicySet in; any other single key is a policy with its config, checked against the policy's own schema. */
export const policyList: Schema<readonly PolicyUse[]> = array(
  { type: 'object', minProperties: 1, maxProperties: 1 } as Schema<PolicyUse>,
  'Policies in the order in which they run on requests; on responses they run in reverse.',
  { maxItems: 64 },
)

/** One entry of a `policies` list: a map with exactly one key. */
export interface PolicyUse {
  readonly [policy: string]: unknown
}

/** `public`, or a map with exactly one key: an access policy (`api-key`) with its config. */
export const access: Schema<'public' | PolicyUse> = {
  description: 'Who may call: `public`, or one access policy such as `api-key`. The innermost one counts.',
  anyOf: [{ const: 'public' }, { type: 'object', minProperties: 1, maxProperties: 1 }],
} as Schema<'public' | PolicyUse>

export type Metadata = Static<typeof metadata>

/** A resource as people write it, its `spec` valid for its kind. */
export interface Resource<K extends string, S> {
  readonly apiVersion: typeof API_VERSION
  readonly kind: K
  readonly metadata: Metadata
  readonly spec: S
}
