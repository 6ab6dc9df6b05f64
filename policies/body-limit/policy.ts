/** `body-limit`: refuses long request bodies. */
import { object, size } from '../../spec/schema.ts'
import { definePolicy } from '../policy.ts'

export const policy = definePolicy({
  name: 'body-limit',
  version: 1,
  kind: 'policy',
  summary: 'Refuses requests whose body is longer than a limit.',
  config: object({
    max: size('Longest body accepted, at least `1B`. A longer one gets 413 (RFC 9110 §15.5.14), as soon as it is known to be longer.'),
  }),
  codes: {
    'body-limit/nothing': 'The limit is 0, which would refuse every body.',
  },
})
