// Makes an authority and certificates to try the example with; they are good for 90 days. `node certificates.js [FOLDER]`
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAuthority, createCertificate } from '../../test/fixtures/certificates.ts'

const folder = process.argv[2] ?? '/tmp/postern-example-tls'
mkdirSync(folder, { recursive: true, mode: 0o700 })

const authority = createAuthority('Postern example authority')
const certificates = {
  localhost: createCertificate(authority, 'localhost', { names: ['localhost', '127.0.0.1'] }),
  wildcard: createCertificate(authority, '*.example.test', { names: ['*.example.test'] }),
  client: createCertificate(authority, 'a client'),
}

writeFileSync(join(folder, 'ca.pem'), authority.cert)
for (const [name, { cert, key }] of Object.entries(certificates)) {
  writeFileSync(join(folder, `${name}.pem`), cert)
  writeFileSync(join(folder, `${name}.key`), key, { mode: 0o600 })
}
console.log(`certificates are in ${folder}`)
