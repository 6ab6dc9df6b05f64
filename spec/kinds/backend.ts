/** Backend: a named place requests are sent to. */
import { array, duration, integer, object, optional, type Static, string } from '../schema.ts'

export const backendSpec = object({
  endpoints: array(
    string('http-endpoint', 'Such as `http://10.0.0.7:8080/api`; the path is a prefix of what is sent.'),
    'Where it listens; taken in turn when there are several.',
    { minItems: 1, maxItems: 256 },
  ),
  sourceAddress: optional(string('ip-address', 'Local address to connect from; by default the system chooses.')),
  timeouts: optional(
    object(
      {
        connect: optional(duration('Longest wait for a connection; then 504.', { default: '2s' })),
        response: optional(duration('Longest wait for the head of the response after the request was sent; then 504.', { default: '30s' })),
        idle: optional(duration('Longest silence within a body, either way; then the exchange is cut.', { default: '30s' })),
      },
      'How long the gateway waits for this backend.',
    ),
  ),
  pool: optional(
    object(
      {
        maxConnections: optional(integer(1, 65535, 'Connections at once, per worker. Further requests wait.', { default: 256 })),
        maxPending: optional(
          integer(0, 65535, 'Requests that may wait for a connection, per worker; one more gets 503.', { default: 1024 }),
        ),
        pendingTimeout: optional(duration('Longest wait for a connection of the pool; then 503.', { default: '1s' })),
        idle: optional(duration('How long an unused connection is kept.', { default: '55s' })),
      },
      'Connections that are kept and used again; each worker has its own.',
    ),
  ),
})

export type BackendSpec = Static<typeof backendSpec>
