/** `headers`: sets, adds and takes away fields of requests and responses. */
import { array, map, object, optional, type Schema, string } from '../../spec/schema.ts'
import { definePolicy } from '../policy.ts'

const name = string('field-name', 'Name of a field.')
const bounds = { propertyNames: name, maxProperties: 64 } as const
const requestValue = string('text-or-secret', `Text, or a reference to a secret such as \`\${env:TOKEN}\`.`)
const responseValue = string('field-value', 'Text; never a secret.')

function changes<V extends Schema<string>>(value: V, description: string) {
  return object(
    {
      set: optional(map(value, 'Replaces every field with this name by one.', bounds)),
      add: optional(map(value, 'Adds a field and leaves others with this name as they are.', bounds)),
      remove: optional(array(name, 'Takes every field with this name away, before anything is set or added.', { maxItems: 64 })),
    },
    description,
    { minProperties: 1 },
  )
}

export const policy = definePolicy({
  name: 'headers',
  version: 1,
  kind: 'policy',
  summary: 'Sets, adds and removes fields of the request sent upstream and of the response sent back.',
  config: object(
    {
      request: optional(changes(requestValue, 'What upstream sees.')),
      response: optional(changes(responseValue, "What the client sees, on upstream's responses and on the gateway's own.")),
    },
    undefined,
    { minProperties: 1 },
  ),
  codes: {
    'headers/managed-field':
      'A field that the gateway writes itself (framing, connection, `host`; in requests also where they came from) cannot be changed by a policy.',
    'headers/literal-credential': `A credential is never written out in the sources: it must be a reference such as \`\${env:TOKEN}\`.`,
    'headers/duplicate-field': 'Names of fields do not distinguish upper and lower case: the same field stands twice.',
    'headers/conflict': 'A field is both removed and set: `set` replaces what was there, so the removal says nothing.',
    'headers/bad-value': 'A field value has no control characters, none above U+00FF, and no white space at either end (RFC 9110 §5.5).',
  },
})
