/** `request-id`: tells both sides the id under which a request is logged. */
import { object, optional, string } from '../../spec/schema.ts'
import { definePolicy } from '../policy.ts'

export const policy = definePolicy({
  name: 'request-id',
  version: 1,
  kind: 'policy',
  summary: "Sends the request's id, as it stands in the access log, upstream and back to the client.",
  config: object({
    header: optional(
      string(
        'field-name',
        'Field that carries the id. One that comes in is taken over from trusted proxies only, if it has 1 to 128 letters, digits or `.` `_` `~` `-` `+` `/` `=` `:`; any other is replaced.',
        { default: 'x-request-id' },
      ),
    ),
  }),
  codes: {
    'request-id/managed-field': 'The field is one that the gateway writes itself, such as `connection`.',
  },
})
