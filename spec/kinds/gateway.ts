/** Gateway: one logical set of listeners and the APIs served on them. */
import {
  anyOf,
  array,
  boolean,
  integer,
  map,
  object,
  oneOf,
  optional,
  orOff,
  type Schema,
  type Static,
  size,
  string,
  timeout,
  timeoutOrOff,
} from '../schema.ts'
import { access, policyList } from './metadata.ts'

/** What a listener does that says nothing. The compiler takes its defaults from here. */
export const LISTENER_DEFAULTS = {
  address: '0.0.0.0',
  protocol: 'http',
  http2: true,
  proxyProtocol: false,
  clientsMode: 'required',
  minVersion: '1.2',
} as const

/** What a client may cost. */
export const LIMIT_DEFAULTS = {
  connections: 16_384,
  connectionsPerAddress: 1024,
  requestLineSize: '8KiB',
  headSize: '32KiB',
  headFields: 100,
  handshakeTimeout: '10s',
  headTimeout: '10s',
  bodyIdleTimeout: '30s',
  minBodyRate: '240B/s',
  writeTimeout: '30s',
  keepAliveTimeout: '60s',
  keepAliveRequests: 'off',
  pipelineDepth: 16,
  streams: 100,
  tunnelIdleTimeout: '5m',
  maxAge: 'off',
} as const

const D = LIMIT_DEFAULTS
const MAX_COUNT = 0x7fff_ffff

const tls = object(
  {
    certificates: array(
      object({
        cert: string('secret', 'The chain in PEM, the own certificate first: `${file:/path}` or `${env:NAME}`.'),
        key: string('secret', 'Its private key in PEM.'),
      }),
      'Chosen by the name that a client asks for (SNI), exact names before wildcards; the first one where no other has the name. Files are read again when they change.',
      { minItems: 1, maxItems: 256 },
    ),
    clients: optional(
      object(
        {
          ca: string('secret', 'Certificate authorities, in PEM, that sign the certificates of clients.'),
          mode: optional(
            oneOf(['required', 'optional'], 'Whether a client without a certificate is refused. One with a wrong certificate always is.', {
              default: LISTENER_DEFAULTS.clientsMode,
            }),
          ),
        },
        'Asks clients for certificates; nobody is asked by default.',
      ),
    ),
    minVersion: optional(
      anyOf(
        [oneOf(['1.2', '1.3'], ''), { type: 'number', enum: [1.2, 1.3] } as Schema<1.2 | 1.3>],
        'Lowest version of TLS that is spoken.',
        { default: LISTENER_DEFAULTS.minVersion },
      ),
    ),
  },
  'Needed by a listener with `protocol: https`, and by no other.',
)

const limits = object(
  {
    connections: optional(
      integer(1, MAX_COUNT, 'Connections at once, per worker; one more is closed at once.', { default: D.connections }),
    ),
    connectionsPerAddress: optional(
      orOff(
        integer(
          1,
          MAX_COUNT,
          'Connections of one client address (IPv6: of one /64) at once, in the whole process; one more is closed at once.',
          {
            default: D.connectionsPerAddress,
          },
        ),
      ),
    ),
    requestLineSize: optional(size('Longest request line, at most `64KiB`; then 414.', { default: D.requestLineSize })),
    headSize: optional(size('Largest head of a request, its first line included, at most `1MiB`; then 431.', { default: D.headSize })),
    headFields: optional(integer(1, 10_000, 'Most fields in a head; then 431.', { default: D.headFields })),
    handshakeTimeout: optional(
      timeout('Longest TLS handshake, or wait for a PROXY protocol header; then the connection is closed.', {
        default: D.handshakeTimeout,
      }),
    ),
    headTimeout: optional(timeout('From the first byte of a head to its last; then 408.', { default: D.headTimeout })),
    bodyIdleTimeout: optional(timeout('Longest silence within the body of a request; then 408.', { default: D.bodyIdleTimeout })),
    minBodyRate: optional(
      string('byte-rate', 'A body that comes in more slowly, for as long as `bodyIdleTimeout`, is given up with 408; `off` for any rate.', {
        default: D.minBodyRate,
      }),
    ),
    writeTimeout: optional(
      timeout('Longest time without progress while a response is written; then the connection is closed.', { default: D.writeTimeout }),
    ),
    keepAliveTimeout: optional(
      timeout('Longest silence between two requests; then the connection is closed.', { default: D.keepAliveTimeout }),
    ),
    keepAliveRequests: optional(
      orOff(
        integer(1, MAX_COUNT, 'Requests on one connection, which is closed after the last one; `off` for any number.', {
          default: D.keepAliveRequests,
        }),
      ),
    ),
    pipelineDepth: optional(
      integer(1, 1024, 'Requests of one HTTP/1.1 connection that may be answered before others have their turn.', {
        default: D.pipelineDepth,
      }),
    ),
    streams: optional(integer(1, 10_000, 'Requests at once on one HTTP/2 connection.', { default: D.streams })),
    tunnelIdleTimeout: optional(
      timeout('Longest silence in both directions of an upgraded connection, such as a WebSocket.', { default: D.tunnelIdleTimeout }),
    ),
    maxAge: optional(timeoutOrOff('Age from which on a connection gets no further request; `off` for any age.', { default: D.maxAge })),
  },
  'What clients may cost. The defaults are safe on the open internet.',
)

export const listener = object({
  name: string('name', 'Shown in logs and metrics; unique within the gateway.'),
  address: optional(string('ip-address', 'Address to bind.', { default: LISTENER_DEFAULTS.address })),
  port: integer(0, 65535, 'Port to bind; 0 takes a free one, which is printed.'),
  protocol: optional(oneOf(['http', 'https'], 'Whether TLS is spoken on it.', { default: LISTENER_DEFAULTS.protocol })),
  http2: optional(
    boolean(
      'Whether HTTP/2 is spoken beside HTTP/1.1: on `https` if the client asks for it (ALPN), on `http` if it begins with it (RFC 9113 §3.3).',
      {
        default: LISTENER_DEFAULTS.http2,
      },
    ),
  ),
  proxyProtocol: optional(
    boolean('Whether connections from `trustedProxies` begin with a PROXY protocol header, version 1 or 2, that says who the client is.', {
      default: LISTENER_DEFAULTS.proxyProtocol,
    }),
  ),
  tls: optional(tls),
  limits: optional(limits),
})

export const gatewaySpec = object({
  listeners: array(listener, 'Where clients connect.', { minItems: 1, maxItems: 64 }),
  trustedProxies: optional(
    array(
      string('cidr', 'An address or a range such as `10.0.0.0/8`.'),
      'Peers whose `X-Forwarded-For` or PROXY protocol header is believed; nobody by default.',
      { maxItems: 1024 },
    ),
  ),
  apis: optional(
    object(
      { matchLabels: optional(map(string('text', 'The value the label must have.'), 'Every label named here must be on the API.')) },
      'Which APIs this gateway serves; all of them by default.',
    ),
  ),
  access: optional(access),
  policies: optional(policyList),
})

export type GatewaySpec = Static<typeof gatewaySpec>
export type ListenerSpec = Static<typeof listener>
