/** Consumer: who calls, and what proves it. */
import { array, object, optional, type Static, string } from '../schema.ts'

export const consumerSpec = object({
  keys: array(
    object({
      hash: string('key-hash', '`sha256:` and 64 hex digits; `postern key new` prints the key once and this line.'),
      expires: optional(string('timestamp', 'RFC 3339, UTC: from then on the key is refused. By default it does not expire.')),
    }),
    'At most two, so that one can be replaced while the other works.',
    { minItems: 1, maxItems: 2 },
  ),
})

export type ConsumerSpec = Static<typeof consumerSpec>
