/** Backends whose settings are each right alone and wrong together: nothing that would have no effect, or an unsafe one, can be written. */
import type { Report } from '../spec/diagnostic.ts'
import { known } from '../spec/grammar.ts'
import { parseHttpEndpoint } from '../spec/http-endpoint.ts'
import { parseIpAddress } from '../spec/ip-address.ts'
import { BACKEND_DEFAULTS, type BackendSpec } from '../spec/kinds/backend.ts'
import { type Document, keyRangeAt, type ResourceOf, rangeAt } from './document.ts'
import { checkBackoff, checkOrder } from './link-values.ts'

export function checkBackend({ name, document, value }: ResourceOf<'Backend'>, report: Report): void {
  const { spec } = value
  checkEndpoints(spec, document, report)
  checkTls(name, spec, document, report)
  const { active, passive } = spec.health ?? {}
  if (active?.path !== undefined && active.tcp === true) {
    report.error('PST0218', keyRangeAt(document, ['spec', 'health', 'active', 'tcp']), '`tcp` and `path` ask for two kinds of checks', {
      hint: 'keep one of them',
      related: [{ range: keyRangeAt(document, ['spec', 'health', 'active', 'path']), message: 'the other one stands here' }],
    })
  }
  if (active !== undefined && active.path === undefined && active.tcp !== true) {
    for (const key of ['host', 'status', 'tcp'] as const) {
      if (active[key] === undefined) continue
      report.error(
        'PST0218',
        keyRangeAt(document, ['spec', 'health', 'active', key]),
        `\`${key}\` without \`path\`: nothing is asked for`,
        {
          hint: 'write a `path`, or take it away',
        },
      )
    }
  }
  // A longer first ejection alone raises the longest one with it.
  if (typeof passive === 'object' && passive.maxEjectFor !== undefined) {
    checkOrder(passive, ['ejectFor', 'maxEjectFor'], BACKEND_DEFAULTS.passive, document, ['spec', 'health', 'passive'], report)
  }
  checkBackoff(spec.retry?.backoff, document, ['spec', 'retry', 'backoff'], report)
}

function checkEndpoints({ endpoints }: BackendSpec, document: Document, report: Report): void {
  if (endpoints.every((endpoint) => typeof endpoint === 'object' && endpoint.weight === 0)) {
    report.error('PST0214', keyRangeAt(document, ['spec', 'endpoints']), 'all endpoints have weight 0: none would get a request', {
      hint: 'give one of them a weight of at least 1',
    })
  }
  for (const [index, endpoint] of endpoints.entries()) {
    if (typeof endpoint === 'string' || endpoint.resolve !== 'srv') continue
    const { host, hasPort } = known(parseHttpEndpoint(endpoint.url))
    const range = rangeAt(document, ['spec', 'endpoints', index, 'url'])
    if (parseIpAddress(host) instanceof Uint8Array) {
      report.error('PST0218', range, `\`${host}\` is an address: there are no SRV records of it`, { hint: 'take `resolve` away' })
    } else if (hasPort) {
      report.error('PST0218', range, 'ports come from the SRV records, and one stands here', { hint: 'take the port or `resolve` away' })
    }
  }
}

function checkTls(name: string, { tls, endpoints }: BackendSpec, document: Document, report: Report): void {
  if (tls === undefined) return
  for (const [key, other] of [
    ['cert', 'key'],
    ['key', 'cert'],
  ] as const) {
    if (tls[key] === undefined || tls[other] !== undefined) continue
    report.error('PST0212', keyRangeAt(document, ['spec', 'tls', key]), `\`${key}\` without \`${other}\``, {
      hint: 'a client certificate needs both',
    })
  }
  const urls = endpoints.map((endpoint) => (typeof endpoint === 'string' ? endpoint : endpoint.url))
  if (urls.every((url) => !known(parseHttpEndpoint(url)).isTls)) {
    report.error('PST0213', keyRangeAt(document, ['spec', 'tls']), `no endpoint of backend \`${name}\` speaks TLS`, {
      hint: 'write `https://` in front of those that do, or take `tls` away',
    })
  } else if (tls.verify === false) {
    report.warning('PST0409', keyRangeAt(document, ['spec', 'tls', 'verify']), `nobody verifies that backend \`${name}\` is who answers`, {
      hint: 'name the authority that signs its certificate in `ca`',
    })
  }
}
