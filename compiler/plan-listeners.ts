/** Listeners as the gateway opens them: every limit has a value, every secret an index. */
import type { ListenerLimitsPlan, ListenerPlan, ListenerTlsPlan } from '../bundle/plan.ts'
import { parseByteRate } from '../spec/byte-rate.ts'
import { parseByteSize } from '../spec/byte-size.ts'
import { known } from '../spec/grammar.ts'
import { LIMIT_DEFAULTS, LISTENER_DEFAULTS, type ListenerSpec } from '../spec/kinds/gateway.ts'
import { parseTimeout, parseTimeoutOrOff } from '../spec/timeout.ts'
import type { SecretTable } from './secret-table.ts'

export function planListener(spec: ListenerSpec, secrets: SecretTable): ListenerPlan {
  const { name, port, tls, limits } = spec
  const listener = { ...LISTENER_DEFAULTS, ...spec }
  return {
    name,
    address: listener.address,
    port,
    protocol: listener.protocol,
    http2: listener.http2,
    proxyProtocol: listener.proxyProtocol,
    ...(tls === undefined ? {} : { tls: planTls(tls, secrets) }),
    limits: planLimits(limits),
  }
}

function planTls({ certificates, clients, minVersion }: NonNullable<ListenerSpec['tls']>, secrets: SecretTable): ListenerTlsPlan {
  return {
    certificates: certificates.map(({ cert, key }) => ({ certSecretIndex: secrets.index(cert), keySecretIndex: secrets.index(key) })),
    ...(clients === undefined
      ? {}
      : { clients: { caSecretIndex: secrets.index(clients.ca), mode: clients.mode ?? LISTENER_DEFAULTS.clientsMode } }),
    // People write `minVersion: 1.3`, which is a number in YAML.
    minVersion: String(minVersion ?? LISTENER_DEFAULTS.minVersion) as ListenerTlsPlan['minVersion'],
  }
}

function planLimits(spec: ListenerSpec['limits']): ListenerLimitsPlan {
  const limits = { ...LIMIT_DEFAULTS, ...spec }
  const ms = (text: string) => known(parseTimeout(text))
  const bytes = (text: string) => known(parseByteSize(text))
  const count = (value: number | 'off') => (value === 'off' ? 0 : value)
  return {
    connections: limits.connections,
    connectionsPerAddress: count(limits.connectionsPerAddress),
    requestLineBytes: bytes(limits.requestLineSize),
    headBytes: bytes(limits.headSize),
    headFields: limits.headFields,
    handshakeTimeoutMs: ms(limits.handshakeTimeout),
    headTimeoutMs: ms(limits.headTimeout),
    bodyIdleTimeoutMs: ms(limits.bodyIdleTimeout),
    minBodyRate: known(parseByteRate(limits.minBodyRate)),
    writeTimeoutMs: ms(limits.writeTimeout),
    keepAliveTimeoutMs: ms(limits.keepAliveTimeout),
    keepAliveRequests: count(limits.keepAliveRequests),
    pipelineDepth: limits.pipelineDepth,
    streams: limits.streams,
    tunnelIdleTimeoutMs: ms(limits.tunnelIdleTimeout),
    maxAgeMs: known(parseTimeoutOrOff(limits.maxAge)),
  }
}
