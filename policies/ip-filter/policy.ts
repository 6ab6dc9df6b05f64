/** `ip-filter`: admits or refuses callers by address. */
import { array, object, optional, string } from '../../spec/schema.ts'
import { definePolicy } from '../policy.ts'

const range = string('cidr', 'An address, or a range such as `10.0.0.0/8` or `2001:db8::/32`.')

export const policy = definePolicy({
  name: 'ip-filter',
  version: 1,
  kind: 'policy',
  summary: 'Admits or refuses requests by the address of the client.',
  config: object({
    allow: optional(array(range, 'Who may call; once a range stands here, nobody else may. Others get 403.', { maxItems: 10_000 })),
    deny: optional(array(range, 'Who may not call, even if `allow` has the address too. Gets 403.', { maxItems: 10_000 })),
  }),
  codes: {
    'ip-filter/no-range': 'Neither `allow` nor `deny` has a range: everybody would be admitted.',
    'ip-filter/nobody': '`deny` covers all that `allow` admits: every request would be refused.',
  },
})
