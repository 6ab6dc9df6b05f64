/**
 * TLS of one listener: a context per certificate, the one to use for a name, what is asked of clients. Made once per generation and
 * worker; connections keep the one they began with, so a generation with new certificates closes nothing.
 */
import { constants, createHash, randomBytes } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { PosternError } from '../../../bundle/error.ts'
import type { ListenerTlsPlan } from '../../../bundle/plan.ts'
import { invalid, readAuthorities, readServerCertificate, type ServerCertificate } from './certificate.ts'
import { ServerNames } from './server-names.ts'
import { SESSION_SECONDS, type TicketKeys } from './ticket-keys.ts'

/** In the order of preference; AES first where the client has it in hardware, else see `PRIORITIZE_CHACHA`. With 1.2 only what has forward secrecy and is AEAD. */
export const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

/** Our order counts, except that a client which puts ChaCha20 first (no AES in hardware) gets it. Nobody renegotiates. */
const SECURE_OPTIONS = constants.SSL_OP_CIPHER_SERVER_PREFERENCE | constants.SSL_OP_PRIORITIZE_CHACHA | constants.SSL_OP_NO_RENEGOTIATION

/** `http/1.0` is what such a client says (curl --http1.0); it is served like 1.1. */
const HTTP1_PROTOCOLS = ['http/1.1', 'http/1.0']

export interface TlsSettings {
  readonly listener: string
  readonly tls: ListenerTlsPlan
  readonly http2: boolean
  /** Value of the secret with this index, or `undefined` when there is none. */
  secret(index: number): string | undefined
  /** How the sources write it, such as `${file:/etc/tls.crt}`; for messages. */
  reference(index: number): string
  readonly ticketKeys: TicketKeys
}

export class ListenerTls {
  readonly certificates: readonly ServerCertificate[]
  /** ALPN, in our order of preference. */
  readonly protocols: readonly string[]
  readonly asksForCertificate: boolean
  /** A handshake without a certificate fails. One with a certificate that cannot be verified always does. */
  readonly requiresCertificate: boolean
  readonly #ticketKeys: TicketKeys
  readonly #listener: string
  readonly #plan: ListenerTlsPlan
  readonly #authorities: readonly string[]
  readonly #names = new ServerNames<number>()
  #contexts: readonly SecureContext[] = []
  /** Version of the ticket key that contexts were made with, where they cannot ask for it. */
  #keyVersion = 0

  /** Throws `secret-unresolved` or `tls-certificate-invalid`. */
  constructor(settings: TlsSettings) {
    const { tls, listener } = settings
    this.#listener = listener
    this.#plan = tls
    this.#ticketKeys = settings.ticketKeys
    this.protocols = settings.http2 ? ['h2', ...HTTP1_PROTOCOLS] : HTTP1_PROTOCOLS
    this.asksForCertificate = tls.clients !== undefined
    this.requiresCertificate = tls.clients?.mode === 'required'
    this.certificates = tls.certificates.map(({ certSecretIndex, keySecretIndex }, index) => {
      const what = `certificate ${index + 1} of listener \`${listener}\` (${settings.reference(certSecretIndex)}, ${settings.reference(keySecretIndex)})`
      return readServerCertificate(secretOf(settings, certSecretIndex), secretOf(settings, keySecretIndex), what)
    })
    this.#authorities =
      tls.clients === undefined
        ? []
        : readAuthorities(
            secretOf(settings, tls.clients.caSecretIndex),
            `CA for clients of listener \`${listener}\` (${settings.reference(tls.clients.caSecretIndex)})`,
          )
    for (const [index, { names }] of this.certificates.entries()) for (const name of names) this.#names.add(name, index)
    this.#makeContexts()
  }

  /** The one for who does not say a name, or one that no certificate has. */
  get defaultContext(): SecureContext {
    if (!canAskForKeys && this.#keyVersion !== this.#ticketKeys.version) this.#makeContexts()
    return this.#contexts[0] as SecureContext
  }

  /** By the name a client asks for (SNI). `undefined`: the default. */
  contextFor(serverName: string): SecureContext | undefined {
    return this.#contexts[this.#names.find(serverName) ?? 0]
  }

  #makeContexts(): void {
    const [tls, listener] = [this.#plan, this.#listener]
    this.#keyVersion = this.#ticketKeys.version
    const sessionIdContext = this.#sessionScope()
    this.#contexts = this.certificates.map(({ chain, key }, index) => {
      try {
        const context = createSecureContext({
          cert: chain,
          key,
          // An empty list instead of none: nobody but these may vouch for a client, and the system's list is not even read.
          ca: [...this.#authorities],
          minVersion: tls.minVersion === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
          ciphers: CIPHERS,
          secureOptions: SECURE_OPTIONS,
          sessionIdContext,
          sessionTimeout: SESSION_SECONDS,
          ticketKeys: Buffer.from(this.#ticketKeys.current),
        })
        askForKeys(context, this.#ticketKeys)
        return context
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException
        throw invalid(`certificate ${index + 1} of listener \`${listener}\``, `it cannot be used${code === '' ? '' : ` (${code})`}`)
      }
    })
  }

  /**
   * A session is resumed only where it could have been begun: on this listener, with the same rules for clients. Else a ticket from one that asks
   * for no certificate would open one that does, and one from before the CA was replaced would outlive it.
   */
  #sessionScope(): string {
    const [tls, listener] = [this.#plan, this.#listener]
    const hash = createHash('sha256').update(JSON.stringify([listener, tls.clients?.mode ?? '', tls.minVersion, this.#authorities]))
    // OpenSSL takes 32 bytes.
    return hash.digest('hex').slice(0, 32)
  }
}

function secretOf(settings: TlsSettings, index: number): string {
  const value = settings.secret(index)
  if (value !== undefined) return value
  const message = `${settings.reference(index)}, needed by listener \`${settings.listener}\`, has no value`
  throw new PosternError('secret-unresolved', message)
}

/** Of a context below Node's, as far as it is used here: Node tests its own tickets with it, and does not document it. */
interface AskingContext {
  enableTicketKeyCallback?: () => void
  onticketkeycallback?: (name: Uint8Array, iv: Uint8Array, isSealing: boolean) => readonly [number, ...Buffer[]]
}

/**
 * Nodes with which this has been tried: an answer of another shape than they want aborts the process. With others contexts hold one key, as Node
 * documents it, and are made anew when it is replaced; older tickets cost a whole handshake then.
 */
const TRIED_MAJORS = ['24', '26']
const canAskForKeys =
  TRIED_MAJORS.includes(process.versions.node.split('.')[0] ?? '') &&
  typeof (createSecureContext({ ca: [] }) as { context?: AskingContext }).context?.enableTicketKeyCallback === 'function'

/** What the callback answers first: the ticket is not ours, it is used, it is used and replaced by one of the current key. */
const UNKNOWN = 0
const OPENED = 1
const OPENED_AND_RENEWED = 2
const IV_BYTES = 16
const NO_KEY = Buffer.alloc(16)

function askForKeys(secureContext: SecureContext, keys: TicketKeys): void {
  if (!canAskForKeys) return
  const context = (secureContext as unknown as { context: AskingContext }).context
  context.onticketkeycallback = (name, _iv, isSealing) => {
    const current = keys.current
    if (isSealing) return [OPENED, hmacKey(current), cipherKey(current), current.subarray(0, 16), randomBytes(IV_BYTES)]
    const key = keys.byName(name)
    if (key === undefined) return [UNKNOWN, NO_KEY, NO_KEY]
    return [current.equals(key) ? OPENED : OPENED_AND_RENEWED, hmacKey(key), cipherKey(key)]
  }
  context.enableTicketKeyCallback?.()
}

function hmacKey(key: Buffer): Buffer {
  return Buffer.from(key.subarray(16, 32))
}

function cipherKey(key: Buffer): Buffer {
  return Buffer.from(key.subarray(32, 48))
}
