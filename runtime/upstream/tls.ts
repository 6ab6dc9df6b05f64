/**
 * TLS to a backend: one secure context per distinct settings, what to offer and what to demand in a handshake, and sessions that were kept to
 * make the next one shorter. A secret that has changed makes other settings, and so another context; what is open stays as it is.
 */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import tls, { type ConnectionOptions, type SecureContext, type TLSSocket } from 'node:tls'
import { PosternError } from '../../bundle/error.ts'
import type { BackendSettings, BackendTlsSettings } from './backend-settings.ts'
import type { UpstreamFailure } from './failure.ts'
import type { Member } from './member.ts'

/** Sessions kept per backend and worker; the one that was kept first goes first. */
export const MAX_KEPT_SESSIONS = 256

/** What is offered by ALPN, by the backend's `protocol`. */
const OFFERED: { readonly [protocol in BackendSettings['protocol']]: string[] } = {
  auto: ['h2', 'http/1.1'],
  http1: ['http/1.1'],
  http2: ['h2'],
}

/** Where systems keep their certificate authorities in one file: Debian and Alpine, Fedora, openSUSE, macOS and BSD. */
const SYSTEM_CA_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

/** Of one backend. Made once per settings: building a context takes 0.2 ms, and 16 ms where it is the first with the system's authorities. */
export class UpstreamTls {
  readonly #context: SecureContext
  readonly #serverName: string
  readonly #verify: boolean
  /** By address and port of the member. Kept for the one name that all of them are verified against. */
  readonly #sessions = new Map<string, Buffer>()

  /** Throws `upstream-tls-invalid` when certificates or key cannot be read or do not belong together. The message has nothing of them. */
  constructor(settings: BackendTlsSettings) {
    this.#serverName = settings.serverName
    this.#verify = settings.verify
    this.#context = contextOf(settings)
  }

  /** What `tls.connect` needs beside address and port. */
  connectOptions(member: Member, offered: readonly string[]): ConnectionOptions {
    const name = this.#serverName === '' ? member.host : this.#serverName
    const session = this.#sessions.get(sessionKey(member))
    return {
      secureContext: this.#context,
      ALPNProtocols: [...offered],
      rejectUnauthorized: this.#verify,
      // RFC 6066 §3: no addresses, and no dot at the end.
      ...(isIP(name) === 0 ? { servername: name.replace(/\.$/, '') } : {}),
      checkServerIdentity: (_host, certificate) => tls.checkServerIdentity(name, certificate),
      ...(session === undefined ? {} : { session }),
    }
  }

  /** Keeps what the member has given to resume by. TLS 1.3 gives tickets at any time: the last one counts. */
  keepSession(member: Member, session: Buffer): void {
    const key = sessionKey(member)
    this.#sessions.delete(key)
    this.#sessions.set(key, session)
    if (this.#sessions.size <= MAX_KEPT_SESSIONS) return
    for (const oldest of this.#sessions.keys()) {
      this.#sessions.delete(oldest)
      return
    }
  }

  /** After a handshake that failed: it may have been the session. */
  forgetSession(member: Member): void {
    this.#sessions.delete(sessionKey(member))
  }

  get sessionCount(): number {
    return this.#sessions.size
  }
}

const known = new WeakMap<BackendTlsSettings, UpstreamTls>()

/** The one `UpstreamTls` of these settings in this worker. Throws as its constructor does: best called once when a backend is prepared. */
export function upstreamTls(settings: BackendTlsSettings): UpstreamTls {
  let made = known.get(settings)
  if (made === undefined) {
    made = new UpstreamTls(settings)
    known.set(settings, made)
  }
  return made
}

export function offeredProtocols(protocol: BackendSettings['protocol']): readonly string[] {
  return OFFERED[protocol]
}

/**
 * What a handshake failed of. `authorizationError` is set by Node when the chain or the name of the peer's certificate was found wanting;
 * everything else (no common version, an alert, bytes that are no TLS, a connection that closes) is `upstream-tls-failed`. `reason` is the code
 * of the socket's error.
 */
export function handshakeFailure(socket: TLSSocket, reason: string): UpstreamFailure {
  // RFC 7301 §3.2: the server speaks nothing of what was offered.
  if (reason === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL') return 'upstream-protocol-mismatch'
  const { authorizationError } = socket
  return authorizationError === null || authorizationError === undefined ? 'upstream-tls-failed' : 'upstream-certificate-invalid'
}

function sessionKey(member: Member): string {
  return `${member.address} ${member.port}`
}

function contextOf({ ca, cert, key }: BackendTlsSettings): SecureContext {
  if (ca === undefined) useSystemAuthorities()
  else checkAuthorities(ca)
  try {
    return tls.createSecureContext({
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    })
  } catch (error) {
    // OpenSSL's messages name what is wrong, never the bytes of a key.
    throw unusable((error as Error).message)
  }
}

/** OpenSSL would take what it cannot read for an empty list. */
function checkAuthorities(ca: string): void {
  const found = ca.match(CERTIFICATE)
  if (found === null) throw unusable('the CA has no certificate')
  for (const text of found) {
    try {
      new X509Certificate(text)
    } catch {
      throw unusable('a certificate of the CA cannot be read')
    }
  }
}

function unusable(why: string): PosternError {
  return new PosternError('upstream-tls-invalid', `CA, certificate or key cannot be used: ${why}`)
}

let hasSystemAuthorities = false

/**
 * Makes the system's certificate authorities the default of this thread, so that all contexts share one store: 25 KiB each instead of 970.
 * Node's own list stays where the system has none (small container images). `getCACertificates('system')` would take 77 ms instead of 1.
 */
function useSystemAuthorities(): void {
  if (hasSystemAuthorities) return
  hasSystemAuthorities = true
  const found = systemAuthorities(process.env['SSL_CERT_FILE'])
  if (found.length > 0) tls.setDefaultCACertificates(found)
}

/** PEM texts; `named` is what the environment names. Exported for its test. */
export function systemAuthorities(named: string | undefined, files: readonly string[] = SYSTEM_CA_FILES): string[] {
  for (const file of named === undefined || named === '' ? files : [named]) {
    try {
      const found = readFileSync(file, 'latin1').match(CERTIFICATE)
      if (found !== null) return [...new Set(found)]
    } catch {
      // The next place.
    }
  }
  return process.platform === 'linux' && named === undefined ? [] : [...new Set(tls.getCACertificates('system'))]
}
