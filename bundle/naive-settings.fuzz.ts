/**
 * The part of the naive reader that knows listeners, traffics and backends: from docs/bundle-format.md alone, without code of the first reader.
 * Fields stand in the order in which the views have them, for both are compared as JSON.
 */

/** Rows of a table with so many columns; the text of a string's index. */
export interface NaiveTables {
  rows(tag: string, columns: number): number[][]
  text(index: number): string
}

type Row = { readonly [column: string]: number }

const LISTENER = [
  ...['name', 'address', 'port', 'protocol', 'http2', 'proxy', 'minTls', 'firstCertificate', 'certificates', 'ca', 'mode'],
  ...['connections', 'perAddress', 'line', 'head', 'fields', 'handshake', 'headTime', 'bodyIdle', 'rate', 'write', 'keepAlive'],
  ...['requests', 'pipeline', 'streams', 'tunnel', 'age'],
]
const TRAFFIC = ['firstPart', 'parts', 'sticky', 'cookie', 'mirror', 'share', 'total', 'retry', 'cache', 'compress']
const RETRY = ['attempts', 'on', 'firstStatus', 'statuses', 'perTry', 'budget', 'base', 'max']
const CACHE = ['ttl', 'stale', 'firstField', 'fields', 'max']
const COMPRESS = ['one', 'two', 'three', 'min', 'firstType', 'types']
const BACKEND = [
  ...['name', 'firstEndpoint', 'endpoints', 'protocol', 'balance', 'hashBy', 'hashName', 'source', 'connect', 'tls', 'response', 'idle'],
  ...['total', 'connections', 'pending', 'pendingTime', 'poolIdle', 'slowStart', 'resolve', 'active', 'passive', 'breaker', 'retry'],
  ...['noVerify', 'serverName', 'ca', 'cert', 'key'],
]
const ENDPOINT = ['host', 'port', 'authority', 'prefix', 'scheme', 'weight', 'resolve']
const HEALTH = ['kind', 'path', 'host', 'min', 'max', 'interval', 'timeout', 'healthy', 'unhealthy']
const OUTLIER = ['failures', 'percent', 'requests', 'interval', 'eject', 'maxEject', 'panic']
const BREAKER = ['percent', 'requests', 'window', 'open']

export class NaiveSettings {
  readonly #tables: NaiveTables

  constructor(tables: NaiveTables) {
    this.#tables = tables
  }

  listeners(): unknown[] {
    const certificates = this.#read('CERT', ['cert', 'key'])
    return this.#read('LSTN', LISTENER).map((row) => ({
      name: this.#text(row['name']),
      address: this.#text(row['address']),
      port: row['port'],
      protocol: row['protocol'] === 1 ? 'http' : 'https',
      http2: row['http2'] === 2,
      proxyProtocol: row['proxy'] === 2,
      tls:
        row['minTls'] === 0
          ? undefined
          : {
              certificates: run(certificates, row['firstCertificate'], row['certificates']).map(({ cert, key }) => ({
                certSecretIndex: index(cert),
                keySecretIndex: index(key),
              })),
              clients: row['ca'] === 0 ? undefined : { caSecretIndex: index(row['ca']), mode: row['mode'] === 1 ? 'required' : 'optional' },
              minVersion: row['minTls'] === 1 ? '1.2' : '1.3',
            },
      limits: {
        connections: row['connections'],
        connectionsPerAddress: unlimited(row['perAddress']),
        requestLineBytes: row['line'],
        headBytes: row['head'],
        headFields: row['fields'],
        handshakeTimeoutMs: row['handshake'],
        headTimeoutMs: row['headTime'],
        bodyIdleTimeoutMs: row['bodyIdle'],
        minBodyRate: unlimited(row['rate']),
        writeTimeoutMs: row['write'],
        keepAliveTimeoutMs: row['keepAlive'],
        keepAliveRequests: unlimited(row['requests']),
        pipelineDepth: row['pipeline'],
        streams: row['streams'],
        tunnelIdleTimeoutMs: row['tunnel'],
        maxAgeMs: unlimited(row['age']),
      },
    }))
  }

  traffics(): unknown[] {
    const parts = this.#read('SPLT', ['backend', 'weight'])
    const fields = this.#read('VARY', ['name'])
    const types = this.#read('MIME', ['type'])
    const caches = this.#read('CACH', CACHE).map((row) => ({
      ttlMs: row['ttl'] === 0 ? undefined : index(row['ttl']),
      staleIfErrorMs: row['stale'] === 0 ? undefined : index(row['stale']),
      vary: run(fields, row['firstField'], row['fields']).map(({ name }) => this.#text(name)),
      maxObjectBytes: row['max'],
    }))
    const compressions = this.#read('COMP', COMPRESS).map((row) => ({
      encodings: [row['one'], row['two'], row['three']].filter((one) => one !== 0).map((one) => ['br', 'zstd', 'gzip'][index(one)]),
      minBytes: row['min'],
      types: run(types, row['firstType'], row['types']).map(({ type }) => this.#text(type)),
    }))
    const retries = this.#retries()
    return this.#read('TRAF', TRAFFIC).map((row) => ({
      split: run(parts, row['firstPart'], row['parts']).map(({ backend, weight }) => ({ backendIndex: index(backend), weight })),
      sticky: row['sticky'] === 0 ? undefined : { by: row['sticky'] === 1 ? 'consumer' : 'cookie', name: this.#text(row['cookie']) },
      mirror: row['mirror'] === 0 ? undefined : { backendIndex: index(row['mirror']), share: row['share'] },
      totalTimeoutMs: row['total'] === 0 ? undefined : unlimited(row['total']),
      retry: retries[index(row['retry'])],
      cache: caches[index(row['cache'])],
      compress: compressions[index(row['compress'])],
    }))
  }

  backends(): { [key: string]: unknown }[] {
    const endpoints = this.#read('ENDP', ENDPOINT).map((row) => ({
      host: this.#text(row['host']),
      port: row['port'],
      authority: this.#text(row['authority']),
      pathPrefix: this.#text(row['prefix']),
      isTls: row['scheme'] === 2,
      weight: row['weight'],
      resolve: row['resolve'] === 1 ? 'address' : 'srv',
    }))
    const retries = this.#retries()
    return this.#read('BKND', BACKEND).map((row) => ({
      name: this.#text(row['name']),
      endpoints: run(endpoints, row['firstEndpoint'], row['endpoints']),
      protocol: ['auto', 'http1', 'http2'][index(row['protocol'])],
      balance:
        row['balance'] === 3
          ? {
              kind: 'consistent-hash',
              by: ['header', 'cookie', 'consumer', 'ip'][index(row['hashBy'])],
              name: this.#text(row['hashName']),
            }
          : { kind: row['balance'] === 1 ? 'round-robin' : 'least-request' },
      sourceAddress: this.#text(row['source']),
      connectTimeoutMs: row['connect'],
      tlsTimeoutMs: row['tls'],
      responseTimeoutMs: row['response'],
      idleTimeoutMs: row['idle'],
      totalTimeoutMs: unlimited(row['total']),
      maxConnections: row['connections'],
      maxPending: row['pending'],
      pendingTimeoutMs: row['pendingTime'],
      poolIdleMs: row['poolIdle'],
      slowStartMs: row['slowStart'],
      resolveIntervalMs: row['resolve'],
      ...this.#health(row),
      retry: retries[index(row['retry'])],
      tls: {
        caSecretIndex: row['ca'] === 0 ? undefined : index(row['ca']),
        serverName: this.#text(row['serverName']),
        verify: row['noVerify'] === 0,
        certSecretIndex: row['cert'] === 0 ? undefined : index(row['cert']),
        keySecretIndex: row['key'] === 0 ? undefined : index(row['key']),
      },
    }))
  }

  #health({ active, passive, breaker }: Row): { [key: string]: unknown } {
    const check = this.#read('HLTH', HEALTH)[index(active)]
    const outlier = this.#read('OUTL', OUTLIER)[index(passive)]
    const fuse = this.#read('BRKR', BREAKER)[index(breaker)]
    return {
      activeHealth: check && {
        kind: check['kind'] === 1 ? 'http' : 'tcp',
        path: this.#text(check['path']),
        host: this.#text(check['host']),
        minStatus: check['min'],
        maxStatus: check['max'],
        intervalMs: check['interval'],
        timeoutMs: check['timeout'],
        healthyAfter: check['healthy'],
        unhealthyAfter: check['unhealthy'],
      },
      passiveHealth: outlier && {
        consecutiveFailures: outlier['failures'],
        failurePercent: unlimited(outlier['percent']),
        minRequests: outlier['requests'],
        intervalMs: outlier['interval'],
        ejectMs: outlier['eject'],
        maxEjectMs: outlier['maxEject'],
        panicBelowPercent: outlier['panic'],
      },
      breaker: fuse && { failurePercent: fuse['percent'], minRequests: fuse['requests'], windowMs: fuse['window'], openMs: fuse['open'] },
    }
  }

  #retries(): unknown[] {
    const statuses = this.#read('STAT', ['status'])
    const conditions = ['connect', 'reset', 'timeout', 'refused-stream']
    return this.#read('RTRY', RETRY).map((row) => ({
      attempts: row['attempts'],
      on: conditions.filter((_, bit) => Math.floor((row['on'] as number) / 2 ** bit) % 2 === 1),
      statuses: run(statuses, row['firstStatus'], row['statuses']).map(({ status }) => status),
      perTryMs: unlimited(row['perTry']),
      budgetPercent: row['budget'],
      backoffBaseMs: row['base'],
      backoffMaxMs: row['max'],
    }))
  }

  #read(tag: string, columns: readonly string[]): Row[] {
    return this.#tables
      .rows(tag, columns.length)
      .map((row) => Object.fromEntries(columns.map((name, position) => [name, row[position] as number])))
  }

  #text(string: number | undefined): string {
    return this.#tables.text(string as number)
  }
}

function run<T>(items: readonly T[], first: number | undefined, count: number | undefined): T[] {
  return items.slice(first, (first as number) + (count as number))
}

/** What refers to something is stored plus one. */
function index(reference: number | undefined): number {
  return (reference as number) - 1
}

function unlimited(limit: number | undefined): number | undefined {
  return limit === 0xffff_ffff ? 0 : limit
}
