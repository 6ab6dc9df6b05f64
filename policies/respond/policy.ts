/** `respond`: a reply written in the configuration. */
import { integer, map, object, optional, string } from '../../spec/schema.ts'
import { definePolicy } from '../policy.ts'

export const policy = definePolicy({
  name: 'respond',
  version: 1,
  kind: 'policy',
  summary: 'Answers every request with one fixed response; the route needs no backend.',
  config: object({
    status: optional(integer(200, 599, 'Status code of the response.', { default: 200 })),
    headers: optional(
      map(string('field-value', 'Value, sent as it is written.'), 'Fields of the response.', {
        propertyNames: string('field-name', 'Name of a field.'),
        maxProperties: 64,
      }),
    ),
    body: optional(
      string('text', 'Body, in UTF-8. Without a `content-type` field it is `application/json` if it is JSON, otherwise `text/plain`.', {
        default: '',
        maxLength: 256 * 1024,
      }),
    ),
  }),
  codes: {
    'respond/managed-field': 'A field that the gateway writes itself, such as `content-length`, cannot be set.',
    'respond/body-not-allowed': 'A response with status 204, 205 or 304 has no body (RFC 9110 §15.3.5, §15.3.6, §15.4.5).',
    'respond/duplicate-field': 'Names of fields do not distinguish upper and lower case: the same field stands twice.',
  },
})
