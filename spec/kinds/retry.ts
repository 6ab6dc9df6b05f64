/** Retries: of a backend, and in part of an Api or a route. */
import { anyOf, array, integer, object, oneOf, optional, type Static, string, timeout, timeoutOrOff } from '../schema.ts'

/** What is tried again where nothing is said: only what the backend cannot have begun to process. */
export const RETRY_DEFAULTS = {
  on: ['connect', 'refused-stream'],
  attempts: 1,
  perTry: 'off',
  budget: '20%',
  backoff: { base: '25ms', max: '250ms' },
} as const

const D = RETRY_DEFAULTS

const condition = anyOf([oneOf(['connect', 'reset', 'timeout', 'refused-stream'], ''), integer(400, 599, '')] as const)

export const retry = object(
  {
    on: optional(
      array(
        condition,
        'What is tried again: no connection (`connect`), one that broke before the head of a response (`reset`), a head that did not come in time (`timeout`), an HTTP/2 stream that was refused unprocessed (`refused-stream`), statuses. Where the backend may have begun, only idempotent methods (RFC 9110 §9.2.2) are, and only bodies that are still there.',
        { default: D.on, maxItems: 32 },
      ),
    ),
    attempts: optional(integer(0, 10, 'Further attempts after the first; 0 for none.', { default: D.attempts })),
    perTry: optional(timeoutOrOff('Longest time for one attempt, up to the head of its response.', { default: D.perTry })),
    budget: optional(
      string(
        'percent',
        'Retries may be at most this share of the active requests of the backend, so that they cannot multiply its load; a few are always allowed.',
        {
          default: D.budget,
        },
      ),
    ),
    backoff: optional(
      object(
        {
          base: optional(
            timeout('Wait before the first further attempt; twice as long before each one after it, and varied.', {
              default: D.backoff.base,
            }),
          ),
          max: optional(timeout('Longest wait.', { default: D.backoff.max })),
        },
        'Waits between attempts.',
      ),
    ),
  },
  'Further attempts when one fails, each at another endpoint where there is one. A kept connection that turns out to be closed is always replaced once, whatever is said here.',
)

export type RetrySpec = Static<typeof retry>
