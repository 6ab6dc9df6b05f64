/** Endpoints of backends: `http://10.0.0.7:8080/api`, `https://orders.internal`. The path is a prefix of what is sent. */
import { parseBasePath } from './base-path.ts'
import { isMistake, type Mistake, mistake, shifted } from './grammar.ts'
import { parseHost, parseHostName } from './host.ts'

export interface HttpEndpoint {
  /** Name or address without brackets, in lower case. */
  readonly host: string
  /** 1 to 65535. */
  readonly port: number
  /** Whether the port stands in the text, or is the scheme's own. */
  readonly hasPort: boolean
  readonly isTls: boolean
  /** What `Host` says: with brackets where needed, and the port unless it is the scheme's own. */
  readonly authority: string
  /** Canonical, without a slash at the end; may be empty. */
  readonly pathPrefix: string
}

const HTTP = { scheme: 'http://', port: 80 }
const HTTPS = { scheme: 'https://', port: 443 }

export function parseHttpEndpoint(text: string): HttpEndpoint | Mistake {
  const isTls = text.toLowerCase().startsWith(HTTPS.scheme)
  const { scheme, port: ownPort } = isTls ? HTTPS : HTTP
  if (!text.toLowerCase().startsWith(scheme)) {
    const found = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(text)
    if (found) return mistake(`\`${found[0]}\` is not a scheme that backends can have`, 0, found[0].length, schemeHint(found[0]))
    return mistake('an endpoint begins with `http://` or `https://`', 0, text.length, text === '' ? undefined : `\`http://${text}\``)
  }
  const slash = text.indexOf('/', scheme.length)
  const question = text.search(/[?#]/)
  if (question !== -1) return mistake(`an endpoint has no ${text[question] === '?' ? 'query' : 'fragment'}`, question, text.length)
  const end = slash === -1 ? text.length : slash
  const at = text.slice(0, end).lastIndexOf('@')
  if (at !== -1) return mistake('an endpoint has no user or password', scheme.length, at + 1, 'a policy can set `Authorization`')
  const authority = parseAuthority(text, scheme.length, end, ownPort)
  if (isMistake(authority)) return authority
  const path = slash === -1 ? '' : text.slice(slash).replace(/\/$/, '')
  const pathPrefix = parseBasePath(path)
  return isMistake(pathPrefix) ? shifted(pathPrefix, end) : { ...authority, isTls, pathPrefix }
}

function schemeHint(found: string): string {
  if (/^(h2c|grpc|ws):/i.test(found)) return '`http://`, with `protocol: http2` for HTTP/2 with prior knowledge'
  return /^(h2|grpcs|wss|tls|ssl):/i.test(found) ? '`https://`' : '`http://` or `https://`'
}

function parseAuthority(text: string, start: number, end: number, ownPort: number): Omit<HttpEndpoint, 'isTls' | 'pathPrefix'> | Mistake {
  const whole = text.slice(start, end)
  if (whole === '') return mistake('an endpoint has no host', start, end)
  const isBracketed = whole.startsWith('[')
  const hostEnd = isBracketed ? whole.indexOf(']') + 1 : whole.includes(':') ? whole.indexOf(':') : whole.length
  if (isBracketed && hostEnd === 0) return mistake('an IPv6 host ends with `]`', start, end)
  const name = whole.slice(0, hostEnd)
  const host = isBracketed ? parseHost(name) : parseHostName(name)
  if (isMistake(host)) return shifted(host, start)
  const written = whole.slice(hostEnd)
  const port = written === '' ? ownPort : parsePort(written, start + hostEnd)
  if (isMistake(port)) return port
  return {
    host: isBracketed ? host.slice(1, -1) : host,
    port,
    hasPort: written !== '',
    authority: port === ownPort ? host : `${host}:${port}`,
  }
}

/** `text` is what follows the host: a colon and the port. */
function parsePort(text: string, offset: number): number | Mistake {
  const digits = text.slice(1)
  if (!text.startsWith(':') || !/^[1-9][0-9]{0,4}$/.test(digits) || Number(digits) > 65535) {
    return mistake(
      `\`${digits}\` is not a port from 1 to 65535`,
      offset + (text.startsWith(':') && digits !== '' ? 1 : 0),
      offset + text.length,
    )
  }
  return Number(digits)
}
