import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { digestOf, dump, inspectBundle, isRejection, openBytes, signBundle, writeBundle } from './bundle.ts'
import { samplePlan } from './sample.fuzz.ts'

const golden = new URL('cases/sample-2.0.ptb', import.meta.url)
const text = new URL('cases/sample-2.0.txt', import.meta.url)

t.test('a bundle of the format before is told apart, and refused', (t) => {
  const before = openBytes(readFileSync(new URL('cases/sample-1.0.ptb', import.meta.url)))
  t.match(before, { rejected: true, code: 'format-unsupported', message: 'header: format 1.0, and 2 is read' })
  t.end()
})

t.test('a bundle written by format 2.0 is read, and says what it said', (t) => {
  const bundle = openBytes(readFileSync(golden))
  if (isRejection(bundle)) throw new Error(bundle.message)
  t.equal(dump(bundle), readFileSync(text, 'utf8'))
  t.end()
})

t.test('the same plan gives the same bytes as ever: what changes them is a change of the format', (t) => {
  t.ok(readFileSync(golden).equals(writeBundle(samplePlan())))
  t.end()
})

t.test('inspect says digests, keys, hosts, counts and sizes', (t) => {
  const unsigned = writeBundle(samplePlan())
  const inspection = inspectBundle(unsigned)
  t.match(inspection, {
    digest: digestOf(unsigned),
    contentDigest: digestOf(unsigned),
    signed: false,
    keyIds: [],
    bytes: unsigned.length,
    gateway: 'edge',
    hosts: ['*', '*.example.com', 'api.example.com'],
    counts: { routes: 10, backends: 2, policies: 3, consumers: 2 },
    secrets: [
      { kind: 'env', name: 'TOKEN' },
      { kind: 'file', name: '/run/secrets/token' },
    ],
  })
  const signed = signBundle(unsigned, generateKeyPairSync('ed25519').privateKey)
  t.match(inspectBundle(signed), { digest: digestOf(signed), contentDigest: digestOf(unsigned), signed: true, bytes: signed.length })
  t.match(inspectBundle(unsigned.subarray(1)), { rejected: true, code: 'not-a-bundle' })
  t.end()
})
