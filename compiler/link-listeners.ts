/** Listeners of a gateway: two in one place, TLS that does not fit the protocol, limits that no gateway takes. */

import { parseByteSize } from '../spec/byte-size.ts'
import type { Report } from '../spec/diagnostic.ts'
import { known } from '../spec/grammar.ts'
import { LIMIT_DEFAULTS, type ListenerSpec } from '../spec/kinds/gateway.ts'
import { keyRangeAt, type Path, type ResourceOf, rangeAt } from './document.ts'
import { checkSize } from './link-values.ts'

export function checkListeners(resource: ResourceOf<'Gateway'>, report: Report): void {
  checkPlaces(resource, report)
  for (const [index, listener] of resource.value.spec.listeners.entries()) {
    const path = ['spec', 'listeners', index]
    checkTls(listener, resource, path, report)
    checkLimits(listener, resource, path, report)
    if (listener.proxyProtocol === true && (resource.value.spec.trustedProxies ?? []).length === 0) {
      report.error('PST0217', keyRangeAt(resource.document, [...path, 'proxyProtocol']), 'nobody may send a PROXY protocol header', {
        hint: 'name the balancers in front in `trustedProxies` of the gateway',
      })
    }
  }
}

function checkPlaces(resource: ResourceOf<'Gateway'>, report: Report): void {
  const names = new Map<string, number>()
  const sockets = new Map<string, number>()
  resource.value.spec.listeners.forEach((listener, index) => {
    const path = (at: number, field: string) => rangeAt(resource.document, ['spec', 'listeners', at, field])
    const sameName = names.get(listener.name)
    if (sameName === undefined) names.set(listener.name, index)
    else {
      report.error('PST0209', path(index, 'name'), `listener \`${listener.name}\` exists already`, {
        related: [{ range: path(sameName, 'name'), message: 'the first one stands here' }],
      })
    }
    const socket = `${listener.address ?? '0.0.0.0'} port ${listener.port}`
    const sameSocket = sockets.get(socket)
    if (listener.port === 0 || sameSocket === undefined) sockets.set(socket, index)
    else {
      report.error('PST0209', path(index, 'port'), `another listener has ${socket} already`, {
        related: [{ range: path(sameSocket, 'port'), message: 'the first one stands here' }],
      })
    }
  })
}

function checkTls({ name, protocol, tls }: ListenerSpec, { document }: ResourceOf<'Gateway'>, path: Path, report: Report): void {
  if (protocol === 'https' && tls === undefined) {
    report.error('PST0211', rangeAt(document, [...path, 'protocol']), `listener \`${name}\` has no certificate`, {
      hint: '`tls: { certificates: [ { cert: "${file:/path/to/chain.pem}", key: "${file:/path/to/key.pem}" } ] }`',
    })
  }
  if (protocol !== 'https' && tls !== undefined) {
    report.error('PST0211', keyRangeAt(document, [...path, 'tls']), `listener \`${name}\` has certificates, but speaks plain HTTP`, {
      hint: 'write `protocol: https`, or take `tls` away',
    })
  }
}

function checkLimits({ limits }: ListenerSpec, { document }: ResourceOf<'Gateway'>, path: Path, report: Report): void {
  if (limits === undefined) return
  const { requestLineSize, headSize } = limits
  const before = report.errors
  if (requestLineSize !== undefined) checkSize(requestLineSize, document, [...path, 'limits', 'requestLineSize'], ['128B', '64KiB'], report)
  if (headSize !== undefined) checkSize(headSize, document, [...path, 'limits', 'headSize'], ['256B', '1MiB'], report)
  if (report.errors > before) return
  const line = requestLineSize ?? LIMIT_DEFAULTS.requestLineSize
  const head = headSize ?? LIMIT_DEFAULTS.headSize
  if (known(parseByteSize(line)) <= known(parseByteSize(head))) return
  const key = requestLineSize === undefined ? 'headSize' : 'requestLineSize'
  report.error(
    'PST0218',
    rangeAt(document, [...path, 'limits', key]),
    `a head of \`${head}\` has no room for a request line of \`${line}\``,
  )
}
