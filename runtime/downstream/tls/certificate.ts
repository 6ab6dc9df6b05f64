/**
 * Certificates that a listener shows: PEM chain and key as the values behind two secrets, checked to belong together before anything serves
 * with them. What is wrong is told by position and reason; no text of a key or a certificate is ever part of it.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { PosternError } from '../../../bundle/error.ts'

export interface ServerCertificate {
  /** PEM, the certificate of the server first. */
  readonly chain: string
  readonly key: string
  /** Names it is valid for, lower case: DNS names, a wildcard as `*.example.com`. IP addresses have no place in SNI. */
  readonly names: readonly string[]
  readonly notBefore: Date
  readonly notAfter: Date
  /** SHA-256 of the certificate as hexadecimal digits. */
  readonly fingerprint: string
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Throws `tls-certificate-invalid`. `what` says which one it is, such as ``certificate 1 of listener `https` ``. */
export function readServerCertificate(chain: string, key: string, what: string): ServerCertificate {
  const [first] = readChain(chain, what)
  if (first === undefined) throw invalid(what, 'there is no certificate in it')
  if (!first.checkPrivateKey(readKey(key, what))) throw invalid(what, 'the key belongs to another certificate')
  return {
    chain,
    key,
    names: serverNames(first),
    notBefore: first.validFromDate,
    notAfter: first.validToDate,
    fingerprint: first.fingerprint256.replaceAll(':', '').toLowerCase(),
  }
}

/** Throws `tls-certificate-invalid` when there is none, or one that cannot be read. */
export function readAuthorities(pem: string, what: string): readonly string[] {
  const authorities = readChain(pem, what)
  if (authorities.length === 0) throw invalid(what, 'there is no certificate in it')
  return authorities.map((authority) => authority.toString())
}

/** `subjectAltName` as Node writes it: `DNS:a.example, IP Address:10.0.0.1, URI:"with, comma"`. Kind and value, in order. */
export function subjectAlternativeNames(text: string | undefined): (readonly [kind: string, value: string])[] {
  const names: (readonly [string, string])[] = []
  for (let at = 0; text !== undefined && at < text.length; ) {
    const colon = text.indexOf(':', at)
    if (colon < 0) break
    const kind = text.slice(at, colon)
    const [value, end] = text[colon + 1] === '"' ? quoted(text, colon + 1) : plain(text, colon + 1)
    names.push([kind, value])
    at = end + 2 // `, `
  }
  return names
}

function plain(text: string, start: number): [value: string, end: number] {
  const comma = text.indexOf(', ', start)
  const end = comma < 0 ? text.length : comma
  return [text.slice(start, end), end]
}

/** Node quotes values that hold a comma or a quote, as JSON does. */
function quoted(text: string, start: number): [value: string, end: number] {
  let end = start + 1
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1
  end = Math.min(end + 1, text.length)
  try {
    return [String(JSON.parse(text.slice(start, end))), end]
  } catch {
    return [text.slice(start, end), end]
  }
}

function serverNames(certificate: X509Certificate): string[] {
  const names = subjectAlternativeNames(certificate.subjectAltName)
  return names.flatMap(([kind, value]) => (kind === 'DNS' ? [value.toLowerCase()] : []))
}

function readChain(pem: string, what: string): X509Certificate[] {
  return (pem.match(PEM_CERTIFICATE) ?? []).map((block, index) => {
    try {
      return new X509Certificate(block)
    } catch {
      throw invalid(what, `certificate ${index + 1} in it cannot be read`)
    }
  })
}

function readKey(pem: string, what: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    throw invalid(what, pem.includes('ENCRYPTED') ? 'the key is encrypted' : 'the key cannot be read')
  }
}

export function invalid(what: string, why: string): PosternError {
  return new PosternError('tls-certificate-invalid', `${what}: ${why}`)
}
