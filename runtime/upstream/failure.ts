/** What can go wrong between the gateway and a backend: a stable code each, and the reply that the client gets if nothing was sent to it yet. */
import { type LocalReply, localReply } from '../../policies/contract.ts'

export const UPSTREAM_FAILURES = {
  'upstream-connect-failed': localReply(502, 'upstream-connect-failed', 'The service behind this gateway cannot be reached.'),
  'upstream-connect-timeout': localReply(
    504,
    'upstream-connect-timeout',
    'The service behind this gateway did not accept a connection in time.',
  ),
  'upstream-response-timeout': localReply(504, 'upstream-response-timeout', 'The service behind this gateway did not answer in time.'),
  'upstream-idle-timeout': localReply(504, 'upstream-idle-timeout', 'The service behind this gateway fell silent.'),
  'upstream-closed': localReply(502, 'upstream-closed', 'The service behind this gateway closed the connection before it answered.'),
  'upstream-response-invalid': localReply(
    502,
    'upstream-response-invalid',
    'The service behind this gateway gave an answer that is not valid HTTP.',
  ),
  'upstream-too-many-interim': localReply(
    502,
    'upstream-too-many-interim',
    'The service behind this gateway gave too many interim answers.',
  ),
  'pool-exhausted': localReply(503, 'pool-exhausted', 'Too many requests are waiting for the service behind this gateway.', [
    ['retry-after', '1'],
  ]),
  'pool-timeout': localReply(503, 'pool-timeout', 'No connection to the service behind this gateway became free in time.', [
    ['retry-after', '1'],
  ]),
} as const satisfies { readonly [code: string]: LocalReply }

export type UpstreamFailure = keyof typeof UPSTREAM_FAILURES
