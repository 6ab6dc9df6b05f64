/** `access: { api-key: {} }`: callers prove who they are with a random key. */
import { array, boolean, object, optional, string } from '../../spec/schema.ts'
import { definePolicy } from '../policy.ts'

export const policy = definePolicy({
  name: 'api-key',
  version: 1,
  kind: 'access',
  summary: 'Admits callers who send the key of a consumer in a field of the request.',
  config: object({
    header: optional(
      string('field-name', 'Field that carries the key and nothing else. A request without it, or with several, gets 401.', {
        default: 'x-api-key',
      }),
    ),
    consumers: optional(
      array(string('name', 'Name of a Consumer.'), 'Who may call; a known consumer who is not listed gets 403. Left out: every Consumer.', {
        minItems: 1,
        maxItems: 10_000,
      }),
    ),
    forward: optional(boolean('Whether upstream sees the key. By default the field is taken away.', { default: false })),
  }),
  codes: {
    'api-key/managed-field': 'The key stands in a field that the gateway writes or reads itself, such as `host`.',
  },
})
