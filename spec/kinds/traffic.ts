/** What an Api or a route says about its requests beyond their backend: how they are spread, copied, timed, repeated, kept and packed. */
import {
  anyOf,
  array,
  boolean,
  integer,
  object,
  oneOf,
  optional,
  orOff,
  size,
  string,
  timeout,
  timeoutOrOff,
  withoutDefaults,
} from '../schema.ts'
import { retry } from './retry.ts'

/** The compiler takes its defaults from here. */
export const TRAFFIC_DEFAULTS = {
  weight: 1,
  share: '100%',
  maxObject: '1MiB',
  compress: {
    encodings: ['br', 'zstd', 'gzip'],
    minSize: '1KiB',
    types: [
      ...['text/*', 'application/json', 'application/ld+json', 'application/problem+json', 'application/vnd.api+json'],
      ...['application/manifest+json', 'application/javascript', 'application/xml', 'application/rss+xml', 'application/atom+xml'],
      ...['application/xhtml+xml', 'application/wasm', 'image/svg+xml', 'font/ttf', 'font/otf'],
    ],
  },
} as const

const D = TRAFFIC_DEFAULTS

const split = array(
  object({
    backend: string('name', 'Backend that gets a part of the requests.'),
    weight: optional(integer(0, 65535, 'Its part, beside the weights of the others; 0 for none.', { default: D.weight })),
  }),
  'Spreads the requests over several backends, instead of `backend`. A route with `backend` or `split` of its own takes nothing of the split of its Api.',
  { minItems: 1, maxItems: 64 },
)

const mirror = orOff(
  object(
    {
      backend: string('name', 'Backend that gets copies. What it answers is thrown away, and nobody waits for it.'),
      share: optional(string('share', 'Share of the requests that are copied.', { default: D.share })),
    },
    'Copies requests to another backend; none by default. On a route instead of that of its Api; `off` for none.',
  ),
)

const cache = orOff(
  object(
    {
      ttl: optional(timeout('How long responses are fresh that do not say it themselves; by default these are not kept.')),
      staleIfError: optional(
        timeout('How long a response that is not fresh any more stands in where the backend fails; by default what the response says.'),
      ),
      vary: optional(
        array(
          string('field-name', 'Name of a request field.'),
          'Request fields that are part of the key, beside those that a response names in `Vary`; none by default.',
          {
            maxItems: 32,
          },
        ),
      ),
      maxObject: optional(size('Largest response that is kept, at most `1GiB`.', { default: D.maxObject })),
    },
    'Keeps responses to GET and HEAD as RFC 9111 says, in the memory of each worker. Off by default. On a route key by key over that of its Api; `off` for none.',
  ),
)

const compress = anyOf(
  [
    boolean(''),
    object({
      encodings: optional(
        array(oneOf(['br', 'zstd', 'gzip'], ''), 'Encodings in order of preference, among those that the client accepts.', {
          default: D.compress.encodings,
          minItems: 1,
          maxItems: 3,
        }),
      ),
      minSize: optional(size('Responses that are known to be smaller are left alone.', { default: D.compress.minSize })),
      types: optional(
        array(string('media-range', 'Such as `application/json`, or `text/*`.'), 'Media types that are compressed.', {
          default: D.compress.types,
          minItems: 1,
          maxItems: 256,
        }),
      ),
    }),
  ] as const,
  'Compresses responses that are not compressed yet. `true` for the defaults. On a route key by key over that of its Api; `true` there keeps what the Api says.',
  { default: false },
)

/** The fields, to be spread into Api and route. */
export const traffic = {
  split: optional(split),
  sticky: optional(
    string(
      'sticky',
      'Who stays with the part of a split that was chosen first: a `consumer`, or whoever sends back the cookie (`cookie:NAME`). Nobody by default. On a route instead of that of its Api; `off` for nobody.',
    ),
  ),
  mirror: optional(mirror),
  timeouts: optional(
    object(
      {
        total: optional(
          timeoutOrOff("From the head of the request to the end of the response, all attempts together; the backend's by default."),
        ),
      },
      "Over the backend's. On a route key by key over those of its Api.",
    ),
  ),
  retry: optional({
    ...withoutDefaults(retry),
    description:
      'Key by key over that of the backend (of a split: of its first part), and on a route over that of its Api; `attempts: 0` turns retries off.',
  }),
  cache: optional(cache),
  compress: optional(compress),
}
