/** The certificate that a client has shown and the listener's CA has vouched for, decoded when a policy asks for a part of it. */
import type { X509Certificate } from 'node:crypto'
import type { ClientCertificate } from '../../../policies/contract.ts'
import { subjectAlternativeNames } from './certificate.ts'

export class VerifiedCertificate implements ClientCertificate {
  readonly #certificate: X509Certificate
  #subject: string | undefined
  #names: ClientCertificate['subjectAltNames'] | undefined
  #fingerprint: string | undefined

  constructor(certificate: X509Certificate) {
    this.#certificate = certificate
  }

  get subject(): string {
    this.#subject ??= distinguishedName(this.#certificate.subject)
    return this.#subject
  }

  get issuer(): string {
    return distinguishedName(this.#certificate.issuer)
  }

  get serialNumber(): string {
    return this.#certificate.serialNumber.toLowerCase()
  }

  get subjectAltNames(): ClientCertificate['subjectAltNames'] {
    this.#names ??= namesOf(this.#certificate)
    return this.#names
  }

  get fingerprint(): string {
    this.#fingerprint ??= this.#certificate.fingerprint256.replaceAll(':', '').toLowerCase()
    return this.#fingerprint
  }

  get notAfterMs(): number {
    return this.#certificate.validToDate.getTime()
  }

  get pem(): string {
    return this.#certificate.toString()
  }
}

/** Node writes one attribute per line, in the certificate's order, special characters escaped; RFC 4514 wants the last first, with commas. */
function distinguishedName(lines: string): string {
  return lines.split('\n').reverse().join(',')
}

const KINDS: { readonly [kind: string]: 'dns' | 'email' | 'uri' | 'ip' } = { DNS: 'dns', email: 'email', URI: 'uri', 'IP Address': 'ip' }

function namesOf({ subjectAltName }: X509Certificate): ClientCertificate['subjectAltNames'] {
  return subjectAlternativeNames(subjectAltName).flatMap(([kind, value]) => {
    const known = KINDS[kind]
    return known === undefined ? [] : [{ kind: known, value: known === 'dns' ? value.toLowerCase() : value }]
  })
}
