/** Backend: a named place requests are sent to. */
import {
  anyOf,
  array,
  boolean,
  integer,
  object,
  oneOf,
  optional,
  orOff,
  type Schema,
  type Static,
  string,
  timeout,
  timeoutOrOff,
} from '../schema.ts'
import { retry } from './retry.ts'

/** What a backend does that says nothing. The compiler takes its defaults from here. */
export const BACKEND_DEFAULTS = {
  weight: 1,
  resolve: 'address',
  protocol: 'auto',
  balance: 'round-robin',
  timeouts: { connect: '2s', tls: '2s', response: '30s', idle: '30s', total: 'off' },
  pool: { maxConnections: 256, maxPending: 1024, pendingTimeout: '1s', idle: '55s' },
  slowStart: 'off',
  resolveInterval: '10s',
  active: { status: '200-399', interval: '5s', timeout: '1s', healthy: 2, unhealthy: 3 },
  passive: {
    ...{ consecutiveFailures: 5, failureShare: 'off', minRequests: 20, interval: '10s' },
    ...{ ejectFor: '30s', maxEjectFor: '5m', panicBelow: '50%' },
  },
  breaker: { failureShare: '50%', minRequests: 20, window: '10s', openFor: '5s' },
  verify: true,
} as const

const D = BACKEND_DEFAULTS
const MAX_COUNT = 1_000_000

const endpoint = anyOf([
  string('http-endpoint', 'Such as `http://10.0.0.7:8080/api`; the path is a prefix of what is sent.'),
  object({
    url: string('http-endpoint', 'Such as `https://orders.internal/api`; the path is a prefix of what is sent.'),
    weight: optional(
      integer(0, 65535, 'Its share of the requests, beside the weights of the others; 0 gets none while another one can be used.', {
        default: D.weight,
      }),
    ),
    resolve: optional(
      oneOf(
        ['address', 'srv'],
        'How its name is looked up: A and AAAA records, all of them used, or SRV records, whose ports and weights count.',
        {
          default: D.resolve,
        },
      ),
    ),
  }),
] as const)

const balance = anyOf(
  [
    oneOf(['round-robin', 'least-request'], ''),
    object({
      'consistent-hash': object(
        { by: string('hash-key', 'What is hashed: `header:NAME`, `cookie:NAME`, `consumer` or `ip`. A request without it goes anywhere.') },
        'Requests with the same value go to the same endpoint, and most of them still do when endpoints come or go.',
      ),
    }),
  ] as const,
  'Which endpoint gets a request: each in turn, the one of two random ones that has fewer requests, or `consistent-hash`.',
  { default: D.balance },
)

const timeouts = object(
  {
    connect: optional(timeout('Longest wait for a connection; then 504.', { default: D.timeouts.connect })),
    tls: optional(timeout('Longest TLS handshake; then 504.', { default: D.timeouts.tls })),
    response: optional(
      timeout('Longest wait for the head of the response after the request was sent; then 504.', { default: D.timeouts.response }),
    ),
    idle: optional(timeout('Longest silence within a body, either way; then the exchange is cut.', { default: D.timeouts.idle })),
    total: optional(
      timeoutOrOff('From the head of the request to the end of the response, all attempts together; then 504, or the exchange is cut.', {
        default: D.timeouts.total,
      }),
    ),
  },
  'How long the gateway waits for this backend.',
)

const pool = object(
  {
    maxConnections: optional(
      integer(1, 65535, 'Connections at once, per worker. Further requests wait.', { default: D.pool.maxConnections }),
    ),
    maxPending: optional(
      integer(0, 65535, 'Requests that may wait for a connection, per worker; one more gets 503.', { default: D.pool.maxPending }),
    ),
    pendingTimeout: optional(timeout('Longest wait for a connection of the pool; then 503.', { default: D.pool.pendingTimeout })),
    idle: optional(timeout('How long an unused connection is kept.', { default: D.pool.idle })),
  },
  'Connections that are kept and used again; each worker has its own.',
)

const active = object(
  {
    path: optional(
      string('request-path', 'Path that is asked for with GET, behind the prefix of the endpoint; by default a connection is enough.'),
    ),
    tcp: optional(boolean('A connection is enough, as it is by default where there is no `path`. Not beside one.')),
    host: optional(string('host-name', "What `Host` says; the endpoint's own by default.")),
    status: optional(
      anyOf([string('status-range', ''), integer(100, 599, '')] as const, 'Statuses that are healthy: one, or a range with both ends.', {
        default: D.active.status,
      }),
    ),
    interval: optional(
      timeout('Time between two checks of an endpoint, varied a little so that they do not come all at once.', {
        default: D.active.interval,
      }),
    ),
    timeout: optional(timeout('Longest wait for the answer.', { default: D.active.timeout })),
    healthy: optional(integer(1, 1000, 'Good checks in a row after which an endpoint is used again.', { default: D.active.healthy })),
    unhealthy: optional(integer(1, 1000, 'Failed checks in a row after which an endpoint is not used.', { default: D.active.unhealthy })),
  },
  'Asks every endpoint at intervals, once per process; off by default.',
)

const passive = orOff(
  object(
    {
      consecutiveFailures: optional(
        integer(1, 1000, 'Failed requests in a row (no connection, no answer, 5xx) after which an endpoint is ejected.', {
          default: D.passive.consecutiveFailures,
        }),
      ),
      failureShare: optional(
        orOff(
          string('percent', 'Share of failed requests within `interval` from which on an endpoint is ejected, too.', {
            default: D.passive.failureShare,
          }),
        ),
      ),
      minRequests: optional(
        integer(1, MAX_COUNT, 'Requests within `interval` below which `failureShare` says nothing.', { default: D.passive.minRequests }),
      ),
      interval: optional(timeout('Time over which `failureShare` is taken.', { default: D.passive.interval })),
      ejectFor: optional(timeout('First ejection; each further one is longer by this.', { default: D.passive.ejectFor })),
      maxEjectFor: optional(timeout('Longest ejection.', { default: D.passive.maxEjectFor })),
      panicBelow: optional(
        string('percent', 'When less than this share of the endpoints would be left, all of them are used.', {
          default: D.passive.panicBelow,
        }),
      ),
    },
    'Watches the requests and ejects endpoints that fail. On by default where there can be several addresses (several endpoints, or a name), with the defaults below; `off` turns it off.',
  ),
)

const health = object(
  { active: optional(active), passive: optional(passive) },
  'Which endpoints are used. State is per process, not per worker.',
)

const breaker = object(
  {
    failureShare: optional(
      string('percent', 'Share of failed requests within `window` that opens it.', { default: D.breaker.failureShare }),
    ),
    minRequests: optional(
      integer(1, MAX_COUNT, 'Requests within `window` below which it stays closed.', { default: D.breaker.minRequests }),
    ),
    window: optional(timeout('Time over which the share is taken.', { default: D.breaker.window })),
    openFor: optional(
      timeout('How long it stays open; then single requests try whether the backend is back.', { default: D.breaker.openFor }),
    ),
  },
  'Stops sending requests to a backend that fails as a whole: while it is open, they get 503 at once. Off by default.',
)

const tls = object(
  {
    ca: optional(string('secret', "Certificate authorities in PEM that are trusted; the system's by default.")),
    serverName: optional(string('host-name', "Name that is asked for (SNI) and verified; the endpoint's host by default.")),
    verify: optional(
      boolean("Whether the backend's certificate is verified. Without it, anybody on the way can read and change all.", {
        default: D.verify,
      }),
    ),
    cert: optional(string('secret', 'Certificate of the gateway in PEM, for backends that ask for one, with `key`; none by default.')),
    key: optional(string('secret', 'Private key of `cert` in PEM; none by default.')),
  },
  'For endpoints with `https://`.',
)

export const backendSpec = object({
  endpoints: array(endpoint as Schema<Static<typeof endpoint>>, 'Where it listens.', { minItems: 1, maxItems: 256 }),
  protocol: optional(
    oneOf(
      ['auto', 'http1', 'http2'],
      '`auto`: what the backend chooses by ALPN on `https`, HTTP/1.1 on `http`. `http2` on `http` is spoken with prior knowledge (h2c).',
      { default: D.protocol },
    ),
  ),
  balance: optional(balance),
  sourceAddress: optional(string('ip-address', 'Local address to connect from; by default the system chooses.')),
  timeouts: optional(timeouts),
  pool: optional(pool),
  slowStart: optional(
    timeoutOrOff('Time in which an endpoint that is new or has recovered comes to its full share; `off`: it has it at once.', {
      default: D.slowStart,
    }),
  ),
  resolveInterval: optional(timeout('How often names of endpoints are looked up again.', { default: D.resolveInterval })),
  health: optional(health),
  breaker: optional(breaker),
  retry: optional(retry),
  tls: optional(tls),
})

export type BackendSpec = Static<typeof backendSpec>
