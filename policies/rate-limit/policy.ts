/** `rate-limit`: so many requests per time, by consumer, address or route. */
import { duration, integer, object, oneOf, optional } from '../../spec/schema.ts'
import { definePolicy } from '../policy.ts'

export const policy = definePolicy({
  name: 'rate-limit',
  version: 1,
  kind: 'policy',
  summary: 'Limits requests per time, counted by one gateway process across all of its workers.',
  config: object({
    limit: integer(
      1,
      1_000_000_000,
      'Requests per `per`, on the long run; at most 1 000 000 per second. One more gets 429 with `Retry-After`.',
    ),
    per: duration('Whole seconds, from `1s` to `30d`. The limit refills evenly over this time.'),
    by: oneOf(
      ['consumer', 'ip', 'route'],
      'Who shares a limit: all requests of a consumer, of a client address (IPv6: of its /64; counted before access is decided), or of the route.',
    ),
    burst: optional(integer(1, 1_000_000_000, 'Requests that may come at once after a pause. By default as many as `limit`.')),
  }),
  codes: {
    'rate-limit/no-consumer':
      'Limits by consumer need an access policy that knows who calls, such as `api-key`. `by: ip` works for everybody.',
    'rate-limit/bad-window': 'The time a limit is for is a whole number of seconds from `1s` to `30d`: clients are told it in seconds.',
    'rate-limit/too-fast': 'The limit allows more than 1 000 000 requests per second, which cannot be counted exactly.',
    'rate-limit/burst-too-long': 'A burst of this size would take more than 30 days to refill.',
  },
})
