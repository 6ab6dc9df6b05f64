/** Origins of web pages as browsers send them, such as `https://app.example.com`, or `*` for any (RFC 6454 §6.2, Fetch §3.2). */
import { isMistake, type Mistake, mistake, shifted } from './grammar.ts'
import { parseHost, parseHostName } from './host.ts'

/** The origin as a browser writes it: lower case, without the scheme's own port. */
export function parseOrigin(text: string): string | Mistake {
  if (text === '*') return text
  if (text === 'null') return mistake('`null` is the origin of sandboxed pages and local files: anybody can be it', 0, text.length)
  const scheme = /^https?:\/\//i.exec(text)?.[0].toLowerCase()
  if (scheme === undefined) return mistake(`\`${text}\` is not an origin`, 0, text.length, 'such as `https://app.example.com`')
  const slash = text.indexOf('/', scheme.length)
  if (slash !== -1) return mistake('an origin has no path', slash, text.length, `\`${text.slice(0, slash)}\``)
  const rest = text.slice(scheme.length)
  const port = /:[0-9]*$/.exec(rest)?.[0] ?? ''
  const written = rest.slice(0, rest.length - port.length)
  if (written.startsWith('*'))
    return mistake('an origin has no wildcard', scheme.length, scheme.length + 1, 'list every origin, or `*` alone for any')
  const host = written.startsWith('[') ? parseHost(written) : parseHostName(written)
  if (isMistake(host)) return shifted(host, scheme.length)
  const portStart = text.length - port.length
  if (port !== '' && (!/^:[1-9][0-9]{0,4}$/.test(port) || Number(port.slice(1)) > 65535)) {
    return mistake(`\`${port.slice(1)}\` is not a port from 1 to 65535`, portStart, text.length)
  }
  const isOwnPort = port === (scheme === 'https://' ? ':443' : ':80')
  return `${scheme}${host}${isOwnPort ? '' : port}`
}
