/** `rewrite`: sends a request upstream under another path or query. */
import { array, map, object, optional, string } from '../../spec/schema.ts'
import { definePolicy } from '../policy.ts'

const name = string('text', 'Name of a query parameter, decoded; compared as it is, with upper and lower case.', {
  minLength: 1,
  maxLength: 256,
})

export const policy = definePolicy({
  name: 'rewrite',
  version: 1,
  kind: 'policy',
  summary: 'Replaces the path sent upstream, and sets or removes query parameters.',
  config: object(
    {
      path: optional(
        string(
          'text',
          "Path behind the endpoint's prefix, such as `/v2/items/{id}` or `/v2/**`. Parameters are those of the route's template; `**` stands for what the route's own `**` matched.",
          { maxLength: 4096 },
        ),
      ),
      query: optional(
        object(
          {
            set: optional(
              map(string('text', 'Value, decoded.', { maxLength: 4096 }), 'Replaces all parameters with this name by one, at the end.', {
                propertyNames: name,
                maxProperties: 64,
              }),
            ),
            remove: optional(array(name, 'Takes all parameters with this name away, however they are encoded.', { maxItems: 64 })),
          },
          'The query sent upstream; the order of the other parameters stays.',
          { minProperties: 1 },
        ),
      ),
    },
    undefined,
    { minProperties: 1 },
  ),
  codes: {
    'rewrite/bad-path':
      'The path begins with `/`, has no query, no empty segment but the last, no dot segments, and `**` only as its last segment.',
    'rewrite/unknown-parameter': "The path uses a parameter that the route's template does not have.",
    'rewrite/no-rest': "The path ends with `**`, but the route's template does not.",
    'rewrite/conflict': 'A query parameter is both removed and set: `set` replaces what was there, so the removal says nothing.',
  },
})
