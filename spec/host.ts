/** Hosts an API answers to: `api.example.com`, or `*.example.com` for one or more labels in front. RFC 1123 §2.1, RFC 5890 for the A-label form. */
import { characterAt, endOfCharacter, type Mistake, mistake } from './grammar.ts'
import { parseIpAddress } from './ip-address.ts'

const MAX_HOST_CHARACTERS = 253
const MAX_LABEL_CHARACTERS = 63

/** The pattern in lower case, without a dot at the end; IPv6 addresses in brackets, as `Host` has them. */
export function parseHost(text: string): string | Mistake {
  if (text === '') return mistake('a host is empty', 0, 0, 'leave `hosts` out to serve any host')
  if (text === '*') return mistake('`*` is not a host', 0, 1, 'leave `hosts` out to serve any host')
  if (text.startsWith('[')) return parseBracketed(text)
  const scheme = text.indexOf('://')
  if (scheme !== -1) return mistake('a host has no scheme', 0, scheme + 3, `\`${text.slice(scheme + 3).split(/[/:]/)[0]}\``)
  const isWildcard = text.startsWith('*.')
  const base = isWildcard ? 2 : 0
  const name = parseHostName(text.slice(base))
  if (typeof name !== 'string') return { ...name, start: name.start + base, end: name.end + base }
  if (isWildcard && isNumeric(name)) return mistake('an address has no wildcard', 0, 2)
  return isWildcard ? `*.${name}` : name
}

/** A host name or an IPv4 address, in lower case. */
export function parseHostName(text: string): string | Mistake {
  if (text === '') return mistake('a host is empty', 0, 0)
  let labelStart = 0
  for (let at = 0; at <= text.length; at++) {
    const code = at === text.length ? 0x2e : text.charCodeAt(at)
    if (code === 0x2e) {
      const bad = checkLabel(text, labelStart, at)
      if (bad) return bad
      labelStart = at + 1
    } else if (!isLabelCharacter(code)) {
      return mistake(`\`${characterAt(text, at)}\` cannot stand in a host`, at, endOfCharacter(text, at), hostHint(text, at))
    }
  }
  if (text.length > MAX_HOST_CHARACTERS)
    return mistake(`a host has at most ${MAX_HOST_CHARACTERS} characters`, MAX_HOST_CHARACTERS, text.length)
  const host = text.toLowerCase()
  // WHATWG URL: a host whose last label is a number is an IPv4 address, and must then be one that is written in full.
  if (isNumeric(host) && !(parseIpAddress(host) instanceof Uint8Array)) {
    return mistake(`\`${text}\` is neither a name nor an IPv4 address`, 0, text.length)
  }
  return host
}

function checkLabel(text: string, start: number, end: number): Mistake | undefined {
  if (start === end) {
    if (start === text.length) return mistake('a host does not end with a dot', start - 1, start)
    return mistake('a host has an empty label', start, Math.min(start + 1, text.length))
  }
  if (end - start > MAX_LABEL_CHARACTERS) return mistake(`a label of a host has at most ${MAX_LABEL_CHARACTERS} characters`, start, end)
  if (text.charCodeAt(start) === 0x2d) return mistake('a label of a host does not begin with `-`', start, start + 1)
  if (text.charCodeAt(end - 1) === 0x2d) return mistake('a label of a host does not end with `-`', end - 1, end)
  return undefined
}

function parseBracketed(text: string): string | Mistake {
  if (!text.endsWith(']')) return mistake('an IPv6 host ends with `]`', 0, text.length)
  const inner = text.slice(1, -1)
  if (!inner.includes(':') || !(parseIpAddress(inner) instanceof Uint8Array)) {
    return mistake(`\`${inner}\` is not an IPv6 address`, 1, text.length - 1)
  }
  return text.toLowerCase()
}

function hostHint(text: string, at: number): string | undefined {
  const character = text[at]
  if (character === ':') return `a host has no port: \`${text.slice(0, at)}\``
  if (character === '/') return `a host has no path: \`${text.slice(0, at)}\`, and the rest in \`basePath\``
  if (character === '*') return 'a wildcard stands only in front: `*.example.com`'
  if (text.charCodeAt(at) > 0x7f) return 'write international names in their `xn--` form'
  return undefined
}

/** Underscores are no part of host names, but of names in use (RFC 2181 §11). */
function isLabelCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x5f
  )
}

function isNumeric(host: string): boolean {
  return /(^|\.)([0-9]+|0x[0-9a-f]*)$/.test(host)
}
