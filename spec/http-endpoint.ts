/** Endpoints of backends: `http://10.0.0.7:8080/api`. The path is a prefix of what is sent. */
import { parseBasePath } from './base-path.ts'
import { isMistake, type Mistake, mistake, shifted } from './grammar.ts'
import { parseHost, parseHostName } from './host.ts'

export interface HttpEndpoint {
  /** Name or address without brackets, in lower case. */
  readonly host: string
  /** 1 to 65535. */
  readonly port: number
  /** What `Host` says: with brackets where needed, and the port unless it is 80. */
  readonly authority: string
  /** Canonical, without a slash at the end; may be empty. */
  readonly pathPrefix: string
}

const DEFAULT_PORT = 80

export function parseHttpEndpoint(text: string): HttpEndpoint | Mistake {
  if (/^https:\/\//i.test(text)) {
    return mistake('TLS to backends is not supported by this version', 0, 'https'.length, '`http://` within a network you trust')
  }
  const scheme = 'http://'
  if (!text.toLowerCase().startsWith(scheme)) {
    const found = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(text)
    if (found) return mistake(`\`${found[0]}\` is not a scheme that backends can have`, 0, found[0].length, '`http://`')
    return mistake('an endpoint begins with `http://`', 0, text.length, text === '' ? undefined : `\`http://${text}\``)
  }
  const slash = text.indexOf('/', scheme.length)
  const question = text.search(/[?#]/)
  if (question !== -1) return mistake(`an endpoint has no ${text[question] === '?' ? 'query' : 'fragment'}`, question, text.length)
  const end = slash === -1 ? text.length : slash
  const at = text.slice(0, end).lastIndexOf('@')
  if (at !== -1) return mistake('an endpoint has no user or password', scheme.length, at + 1, 'a policy can set `Authorization`')
  const authority = parseAuthority(text, scheme.length, end)
  if (isMistake(authority)) return authority
  const path = slash === -1 ? '' : text.slice(slash).replace(/\/$/, '')
  const pathPrefix = parseBasePath(path)
  return isMistake(pathPrefix) ? shifted(pathPrefix, end) : { ...authority, pathPrefix }
}

function parseAuthority(text: string, start: number, end: number): Omit<HttpEndpoint, 'pathPrefix'> | Mistake {
  const whole = text.slice(start, end)
  if (whole === '') return mistake('an endpoint has no host', start, end)
  const isBracketed = whole.startsWith('[')
  const hostEnd = isBracketed ? whole.indexOf(']') + 1 : whole.includes(':') ? whole.indexOf(':') : whole.length
  if (isBracketed && hostEnd === 0) return mistake('an IPv6 host ends with `]`', start, end)
  const written = whole.slice(0, hostEnd)
  const host = isBracketed ? parseHost(written) : parseHostName(written)
  if (isMistake(host)) return shifted(host, start)
  const port = parsePort(whole.slice(hostEnd), start + hostEnd)
  if (isMistake(port)) return port
  return {
    host: isBracketed ? host.slice(1, -1) : host,
    port,
    authority: port === DEFAULT_PORT ? host : `${host}:${port}`,
  }
}

/** `text` is what follows the host: nothing, or a colon and the port. */
function parsePort(text: string, offset: number): number | Mistake {
  if (text === '') return DEFAULT_PORT
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
