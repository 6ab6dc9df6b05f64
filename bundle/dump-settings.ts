/** Listeners, traffics and backends in a dump: one line each, every value with its unit. */
import type { BackendPlan, EndpointPlan, ListenerPlan, ListenerTlsPlan, RetryPlan, TrafficPlan } from './plan.ts'

export function listenerLine(listener: ListenerPlan | undefined): string {
  if (listener === undefined) return 'none'
  const { name, address, port, protocol, http2, proxyProtocol, tls, limits } = listener
  return [
    `${name} ${protocol} ${address} port ${port}`,
    ...(http2 ? ['http2'] : []),
    ...(proxyProtocol ? ['proxy protocol'] : []),
    ...(tls === undefined ? [] : tlsWords(tls)),
    `connections ${limits.connections} and ${limited(limits.connectionsPerAddress)} per address`,
    `line ${limits.requestLineBytes} B`,
    `head ${limits.headBytes} B in ${limits.headFields} fields`,
    `handshake ${limits.handshakeTimeoutMs} ms`,
    `head ${limits.headTimeoutMs} ms`,
    `body idle ${limits.bodyIdleTimeoutMs} ms`,
    `body rate ${limited(limits.minBodyRate, 'B/s')}`,
    `write ${limits.writeTimeoutMs} ms`,
    `keep-alive ${limits.keepAliveTimeoutMs} ms for ${limited(limits.keepAliveRequests)} requests`,
    `pipeline ${limits.pipelineDepth}`,
    `streams ${limits.streams}`,
    `tunnel idle ${limits.tunnelIdleTimeoutMs} ms`,
    `age ${limited(limits.maxAgeMs, 'ms')}`,
  ].join(', ')
}

function tlsWords({ certificates, clients, minVersion }: ListenerTlsPlan): string[] {
  const pairs = certificates.map(({ certSecretIndex, keySecretIndex }) => `${certSecretIndex}+${keySecretIndex}`)
  return [
    `tls from ${minVersion}`,
    `certificates ${pairs.join(' ')}`,
    ...(clients === undefined ? [] : [`clients ${clients.mode} by ${clients.caSecretIndex}`]),
  ]
}

export function trafficLine(traffic: TrafficPlan | undefined): string {
  if (traffic === undefined) return 'none'
  const { split, sticky, mirror, totalTimeoutMs, retry, cache, compress } = traffic
  return [
    ...(split.length === 0 ? [] : [`split ${split.map(({ backendIndex, weight }) => `${backendIndex}:${weight}`).join(' ')}`]),
    ...(sticky === undefined ? [] : [`sticky by ${named(sticky)}`]),
    ...(mirror === undefined ? [] : [`mirror ${mirror.share / 100}% to ${mirror.backendIndex}`]),
    ...(totalTimeoutMs === undefined ? [] : [`total ${limited(totalTimeoutMs, 'ms')}`]),
    ...(retry === undefined ? [] : [retryWords(retry)]),
    ...(cache === undefined
      ? []
      : [
          `cache ttl ${said(cache.ttlMs)} stale-if-error ${said(cache.staleIfErrorMs)} vary [${cache.vary.join(' ')}] to ${cache.maxObjectBytes} B`,
        ]),
    ...(compress === undefined
      ? []
      : [`compress [${compress.encodings.join(' ')}] from ${compress.minBytes} B [${compress.types.join(' ')}]`]),
  ].join(', ')
}

export function backendLine(backend: Omit<BackendPlan, 'source'> | undefined): string {
  if (backend === undefined) return 'none'
  const { balance, tls } = backend
  return [
    backend.name,
    `endpoints ${backend.endpoints.map(endpointWords).join('; ')}`,
    `protocol ${backend.protocol}`,
    `balance ${balance.kind}${balance.kind === 'consistent-hash' ? ` by ${named(balance)}` : ''}`,
    `from ${backend.sourceAddress || 'any'}`,
    `connect ${backend.connectTimeoutMs} ms`,
    `tls ${backend.tlsTimeoutMs} ms`,
    `response ${backend.responseTimeoutMs} ms`,
    `idle ${backend.idleTimeoutMs} ms`,
    `total ${limited(backend.totalTimeoutMs, 'ms')}`,
    `connections ${backend.maxConnections}`,
    `pending ${backend.maxPending} for ${backend.pendingTimeoutMs} ms`,
    `pool idle ${backend.poolIdleMs} ms`,
    `slow start ${backend.slowStartMs} ms`,
    `resolve ${backend.resolveIntervalMs} ms`,
    ...healthWords(backend),
    retryWords(backend.retry),
    ...(tls.caSecretIndex === undefined ? [] : [`ca ${tls.caSecretIndex}`]),
    ...(tls.serverName === '' ? [] : [`server name ${tls.serverName}`]),
    ...(tls.verify ? [] : ['not verified']),
    ...(tls.certSecretIndex === undefined ? [] : [`certificate ${tls.certSecretIndex}+${tls.keySecretIndex}`]),
  ].join(', ')
}

function endpointWords({ host, port, authority, pathPrefix, isTls, weight, resolve }: EndpointPlan): string {
  const words = `${JSON.stringify(host)} ${port} as ${authority}${pathPrefix}`
  return `${words}${isTls ? ' tls' : ''}${weight === 1 ? '' : ` weight ${weight}`}${resolve === 'srv' ? ' by srv' : ''}`
}

function healthWords({ activeHealth: active, passiveHealth: passive, breaker }: Omit<BackendPlan, 'source'>): string[] {
  const words: string[] = []
  if (active !== undefined) {
    const asked =
      active.kind === 'tcp' ? 'tcp' : `${active.path} at ${active.host || 'its own host'} for ${active.minStatus}-${active.maxStatus}`
    const counts = `healthy after ${active.healthyAfter}, unhealthy after ${active.unhealthyAfter}`
    words.push(`active ${asked} every ${active.intervalMs} ms within ${active.timeoutMs} ms, ${counts}`)
  }
  if (passive !== undefined) {
    const share = `${limited(passive.failurePercent, '%')} of ${passive.minRequests} in ${passive.intervalMs} ms`
    const eject = `eject ${passive.ejectMs} to ${passive.maxEjectMs} ms, panic below ${passive.panicBelowPercent}%`
    words.push(`passive ${passive.consecutiveFailures} in a row or ${share}, ${eject}`)
  }
  if (breaker !== undefined) {
    words.push(`breaker ${breaker.failurePercent}% of ${breaker.minRequests} in ${breaker.windowMs} ms, open ${breaker.openMs} ms`)
  }
  return words
}

function retryWords({ attempts, on, statuses, perTryMs, budgetPercent, backoffBaseMs, backoffMaxMs }: RetryPlan): string {
  const conditions = [...on, ...statuses].join(' ')
  return `retry ${attempts} on [${conditions}] each ${limited(perTryMs, 'ms')} budget ${budgetPercent}% wait ${backoffBaseMs} to ${backoffMaxMs} ms`
}

function named({ by, name }: { readonly by: string; readonly name: string }): string {
  return name === '' ? by : `${by}:${name}`
}

function limited(value: number, unit = ''): string {
  return value === 0 ? 'unlimited' : unit === '' ? String(value) : `${value} ${unit}`
}

function said(ms: number | undefined): string {
  return ms === undefined ? 'unsaid' : `${ms} ms`
}
