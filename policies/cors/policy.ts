/** `cors`: lets web pages of other origins call. */
import { array, boolean, duration, object, optional, string } from '../../spec/schema.ts'
import { definePolicy } from '../policy.ts'

export const policy = definePolicy({
  name: 'cors',
  version: 1,
  kind: 'policy',
  summary: 'Answers CORS preflights and tells browsers which pages may read responses.',
  config: object({
    origins: array(
      string('text', 'An origin such as `https://app.example.com`, `https://*.example.com` for any host below, or `*` for every origin.'),
      'Pages that may call. A preflight from any other gets 403; the gateway replaces what upstream says about CORS.',
      { minItems: 1, maxItems: 1024 },
    ),
    methods: optional(
      array(string('method', 'Such as `PUT`.'), 'Methods a page may use. By default those that the path has a route for.', {
        minItems: 1,
        maxItems: 16,
      }),
    ),
    headers: optional(
      array(
        string('field-name', 'Name of a field, or `*` for any but `authorization`.'),
        'Fields a page may send, beyond the few that browsers always allow.',
        {
          maxItems: 256,
        },
      ),
    ),
    expose: optional(
      array(
        string('field-name', 'Name of a field, or `*` for all.'),
        'Fields of responses a page may read, beyond the few that browsers always show.',
        {
          maxItems: 256,
        },
      ),
    ),
    credentials: optional(
      boolean('Whether pages may send cookies and client certificates. Not together with `*` anywhere.', { default: false }),
    ),
    maxAge: optional(duration('How long browsers keep the answer to a preflight; whole seconds, at most `1d`.', { default: '10m' })),
  }),
  codes: {
    'cors/bad-origin': 'An origin is a scheme, a host and perhaps a port, without a path: what browsers send in the field `origin`.',
    'cors/wildcard-with-credentials':
      'Browsers refuse `*` together with credentials (Fetch, "CORS protocol and credentials"): list what is meant.',
    'cors/bad-max-age': 'Browsers are told in whole seconds how long to keep an answer, and keep none for more than a day.',
  },
})
