/** What a gateway is apart from its routes: listeners, trusted proxies, names of APIs. docs/bundle-format.md, "Listeners", "Trusted proxies". */
import { strict as assert } from 'node:assert'
import { EMPTY_U8, type Sections, type Table } from './image.ts'
import { columnsOf, noLimitAsZero, zeroAsNoLimit } from './layout.ts'
import { LIMITS } from './limits.ts'
import type { AddressRange, BundlePlan, ListenerLimitsPlan, ListenerPlan, ListenerTlsPlan } from './plan.ts'
import { checkRuns, readRun } from './runs.ts'
import { type Sink, type StringPool, type Strings, TableBuilder } from './strings.ts'

const LISTENER = columnsOf('LSTN')
const API = columnsOf('APIS')
/** By number in the file; 0 is none. */
const PROTOCOLS = ['', 'http', 'https'] as const
const NO = 1
const YES = 2
const TLS_VERSIONS = ['', '1.2', '1.3'] as const
const CLIENT_MODES = ['', 'required', 'optional'] as const
const CERTIFICATE = columnsOf('CERT')
const CERTIFICATES = { first: LISTENER.firstCertificate, count: LISTENER.certificateCount }
const RANGE_BYTES = 32
const ADDRESS_BYTES = 16

export function buildListeners({ listeners }: BundlePlan, strings: StringPool): [TableBuilder<'LSTN'>, TableBuilder<'CERT'>] {
  const table = new TableBuilder('LSTN', listeners.length)
  const certificates = new TableBuilder(
    'CERT',
    listeners.reduce((sum, { tls }) => sum + (tls?.certificates.length ?? 0), 0),
  )
  let next = 0
  for (const [row, { name, address, port, protocol, http2, proxyProtocol, tls, limits }] of listeners.entries()) {
    table.set(row, {
      name: strings.add(name),
      address: strings.add(address),
      port,
      protocol: PROTOCOLS.indexOf(protocol),
      http2: http2 ? YES : NO,
      proxyProtocol: proxyProtocol ? YES : NO,
      minTlsVersion: tls === undefined ? 0 : TLS_VERSIONS.indexOf(tls.minVersion),
      firstCertificate: next,
      certificateCount: tls?.certificates.length ?? 0,
      clientsCa: tls?.clients === undefined ? 0 : tls.clients.caSecretIndex + 1,
      clientsMode: tls?.clients === undefined ? 0 : CLIENT_MODES.indexOf(tls.clients.mode),
      ...limits,
      connectionsPerAddress: zeroAsNoLimit(limits.connectionsPerAddress),
      minBodyRate: zeroAsNoLimit(limits.minBodyRate),
      keepAliveRequests: zeroAsNoLimit(limits.keepAliveRequests),
      maxAgeMs: zeroAsNoLimit(limits.maxAgeMs),
    })
    for (const { certSecretIndex, keySecretIndex } of tls?.certificates ?? []) {
      certificates.set(next++, { cert: certSecretIndex + 1, key: keySecretIndex + 1 })
    }
  }
  return [table, certificates]
}

export function buildApis(plan: BundlePlan, strings: StringPool): TableBuilder<'APIS'> {
  const table = new TableBuilder('APIS', plan.apis.length)
  for (const [row, api] of plan.apis.entries()) table.set(row, { name: strings.add(api.name) })
  return table
}

export function putTrustedProxies(plan: BundlePlan, sink: Sink): void {
  const bytes = new Uint8Array(plan.trustedProxies.length * RANGE_BYTES)
  for (const [row, range] of plan.trustedProxies.entries()) {
    assert(range.first.length === ADDRESS_BYTES && range.last.length === ADDRESS_BYTES)
    bytes.set(range.first, row * RANGE_BYTES)
    bytes.set(range.last, row * RANGE_BYTES + ADDRESS_BYTES)
  }
  sink.put('TRPX', plan.trustedProxies.length, bytes)
}

/** The first thing wrong, beyond what the columns say. */
export function checkListeners(sections: Sections): string | undefined {
  const table = sections.table('LSTN')
  if (table.count > LIMITS.listeners) return `listeners: more than ${LIMITS.listeners}`
  const wrong = checkRuns(sections, 'LSTN', CERTIFICATES, 'CERT', LIMITS.certificatesPerListener) ?? checkTls(table)
  if (wrong !== undefined) return wrong
  if (sections.count('APIS') > LIMITS.apis) return `apis: more than ${LIMITS.apis}`
  const proxies = sections.u8('TRPX')
  const count = sections.count('TRPX')
  if (count > LIMITS.trustedProxies) return `trusted proxies: more than ${LIMITS.trustedProxies}`
  for (let row = 0; row < count; row++) {
    const at = row * RANGE_BYTES
    if (compareAddresses(proxies, at, proxies, at + ADDRESS_BYTES) > 0) return `trusted proxies: range ${row} ends before it begins`
  }
  return undefined
}

/** TLS is there on https, whole, and only there. */
function checkTls(table: Table): string | undefined {
  for (let row = 0; row < table.count; row++) {
    const isHttps = PROTOCOLS[table.at(LISTENER.protocol, row)] === 'https'
    if (table.at(LISTENER.certificateCount, row) > 0 !== isHttps)
      return `listeners: entry ${row} has ${isHttps ? 'no certificate' : 'certificates, and no TLS'}`
    if (table.at(LISTENER.minTlsVersion, row) > 0 !== isHttps)
      return `listeners: entry ${row} has ${isHttps ? 'no' : 'a'} lowest version of TLS`
    const hasCa = table.at(LISTENER.clientsCa, row) > 0
    if (hasCa && !isHttps) return `listeners: entry ${row} asks for certificates of clients, and has no TLS`
    if (table.at(LISTENER.clientsMode, row) > 0 !== hasCa)
      return `listeners: entry ${row} has only a half of what certificates of clients need`
  }
  return undefined
}

export class Listeners {
  readonly #table: Table
  readonly #certificates: Table
  readonly #strings: Strings

  constructor(sections: Sections, strings: Strings) {
    this.#table = sections.table('LSTN')
    this.#certificates = sections.table('CERT')
    this.#strings = strings
  }

  get count(): number {
    return this.#table.count
  }

  name(index: number): string {
    return this.#strings.get(this.#table.at(LISTENER.name, index))
  }

  address(index: number): string {
    return this.#strings.get(this.#table.at(LISTENER.address, index))
  }

  /** 0: the system chooses a free one. */
  port(index: number): number {
    return this.#table.at(LISTENER.port, index)
  }

  /** Empty where there is no such listener. */
  protocol(index: number): ListenerPlan['protocol'] | '' {
    return PROTOCOLS[this.#table.at(LISTENER.protocol, index)] ?? ''
  }

  /** All of a listener, in memory of its own; `undefined` where there is no such listener. */
  settings(index: number): ListenerPlan | undefined {
    const protocol = this.protocol(index)
    if (protocol === '') return undefined
    const tls = this.#tls(index)
    return {
      name: this.name(index),
      address: this.address(index),
      port: this.port(index),
      protocol,
      http2: this.#table.at(LISTENER.http2, index) === YES,
      proxyProtocol: this.#table.at(LISTENER.proxyProtocol, index) === YES,
      ...(tls === undefined ? {} : { tls }),
      limits: this.#limits(index),
    }
  }

  detach(): void {
    this.#table.drop()
    this.#certificates.drop()
  }

  #tls(index: number): ListenerTlsPlan | undefined {
    const at = (column: keyof typeof LISTENER) => this.#table.at(LISTENER[column], index)
    const minVersion = TLS_VERSIONS[at('minTlsVersion')] ?? ''
    if (minVersion === '') return undefined
    const mode = CLIENT_MODES[at('clientsMode')] ?? ''
    return {
      certificates: readRun(this.#table, CERTIFICATES, index, (item) => ({
        certSecretIndex: this.#certificates.at(CERTIFICATE.cert, item) - 1,
        keySecretIndex: this.#certificates.at(CERTIFICATE.key, item) - 1,
      })),
      ...(mode === '' ? {} : { clients: { caSecretIndex: at('clientsCa') - 1, mode } }),
      minVersion,
    }
  }

  #limits(index: number): ListenerLimitsPlan {
    const at = (column: keyof ListenerLimitsPlan) => this.#table.at(LISTENER[column], index)
    return {
      connections: at('connections'),
      connectionsPerAddress: noLimitAsZero(at('connectionsPerAddress')),
      requestLineBytes: at('requestLineBytes'),
      headBytes: at('headBytes'),
      headFields: at('headFields'),
      handshakeTimeoutMs: at('handshakeTimeoutMs'),
      headTimeoutMs: at('headTimeoutMs'),
      bodyIdleTimeoutMs: at('bodyIdleTimeoutMs'),
      minBodyRate: noLimitAsZero(at('minBodyRate')),
      writeTimeoutMs: at('writeTimeoutMs'),
      keepAliveTimeoutMs: at('keepAliveTimeoutMs'),
      keepAliveRequests: noLimitAsZero(at('keepAliveRequests')),
      pipelineDepth: at('pipelineDepth'),
      streams: at('streams'),
      tunnelIdleTimeoutMs: at('tunnelIdleTimeoutMs'),
      maxAgeMs: noLimitAsZero(at('maxAgeMs')),
    }
  }
}

export class Apis {
  readonly #table: Table
  readonly #strings: Strings

  constructor(sections: Sections, strings: Strings) {
    this.#table = sections.table('APIS')
    this.#strings = strings
  }

  get count(): number {
    return this.#table.count
  }

  name(index: number): string {
    return this.#strings.get(this.#table.at(API.name, index))
  }

  detach(): void {
    this.#table.drop()
  }
}

/** Peers whose forwarding fields are believed. */
export class TrustedProxies {
  #bytes: Uint8Array

  constructor(sections: Sections) {
    this.#bytes = sections.u8('TRPX')
  }

  get count(): number {
    return this.#bytes.length / RANGE_BYTES
  }

  /** A copy. */
  range(index: number): AddressRange {
    const at = index * RANGE_BYTES
    return { first: this.#bytes.slice(at, at + ADDRESS_BYTES), last: this.#bytes.slice(at + ADDRESS_BYTES, at + RANGE_BYTES) }
  }

  detach(): void {
    this.#bytes = EMPTY_U8
  }
}

function compareAddresses(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): number {
  for (let index = 0; index < ADDRESS_BYTES; index++) {
    const difference = (a[aStart + index] as number) - (b[bStart + index] as number)
    if (difference !== 0) return difference
  }
  return 0
}
