/** What can go wrong between the gateway and a backend: a stable code each, and the reply that the client gets if nothing was sent to it yet. */
import { type LocalReply, localReply } from '../../policies/contract.ts'

export const UPSTREAM_FAILURES = {
  'upstream-connect-failed': localReply(502, 'upstream-connect-failed', 'The service behind this gateway cannot be reached.'),
  'upstream-connect-timeout': localReply(
    504,
    'upstream-connect-timeout',
    'The service behind this gateway did not accept a connection in time.',
  ),
  'upstream-address-refused': localReply(
    502,
    'upstream-address-refused',
    'The name of the service behind this gateway leads to an address that no name may lead to.',
  ),
  'upstream-tls-timeout': localReply(504, 'upstream-tls-timeout', 'The service behind this gateway did not agree on TLS in time.'),
  'upstream-tls-failed': localReply(502, 'upstream-tls-failed', 'No secure connection to the service behind this gateway could be made.'),
  'upstream-certificate-invalid': localReply(
    502,
    'upstream-certificate-invalid',
    'The certificate of the service behind this gateway is not valid for it.',
  ),
  'upstream-protocol-mismatch': localReply(
    502,
    'upstream-protocol-mismatch',
    'The service behind this gateway does not speak the protocol that it was configured with.',
  ),
  'upstream-response-timeout': localReply(504, 'upstream-response-timeout', 'The service behind this gateway did not answer in time.'),
  'upstream-idle-timeout': localReply(504, 'upstream-idle-timeout', 'The service behind this gateway fell silent.'),
  'upstream-total-timeout': localReply(504, 'upstream-total-timeout', 'The service behind this gateway did not finish in time.'),
  'upstream-closed': localReply(502, 'upstream-closed', 'The service behind this gateway closed the connection before it answered.'),
  'upstream-end-unknown': localReply(
    502,
    'upstream-end-unknown',
    'The service behind this gateway ended its answer with its connection, so that nobody knows whether it was whole.',
  ),
  'upstream-stream-refused': localReply(502, 'upstream-stream-refused', 'The service behind this gateway did not take the request.'),
  'upstream-stream-reset': localReply(502, 'upstream-stream-reset', 'The service behind this gateway gave the request up.'),
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
  'circuit-open': localReply(503, 'circuit-open', 'Too many requests to the service behind this gateway have failed: it is given a rest.', [
    ['retry-after', '1'],
  ]),
  'no-healthy-endpoint': localReply(503, 'no-healthy-endpoint', 'The service behind this gateway has no endpoint that is healthy.', [
    ['retry-after', '1'],
  ]),
  'secret-unresolved': localReply(503, 'secret-unresolved', 'This gateway lacks a secret that the service behind it needs.'),
} as const satisfies { readonly [code: string]: LocalReply }

export type UpstreamFailure = keyof typeof UPSTREAM_FAILURES
