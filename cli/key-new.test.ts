import { createHash } from 'node:crypto'
import t from 'tap'
import { parse } from 'yaml'
import { postern } from '../test/postern-process.ts'
import { keyLine } from './key-new.ts'

t.test('key new prints a random key once, and the YAML line with its hash', async (t) => {
  const first = await postern(['key', 'new'])
  t.equal(first.code, 0)
  const [key = '', line = '', end] = first.stdout.split('\n')
  t.match(key, /^[A-Za-z0-9_-]{43}$/, '32 bytes in base64url')
  t.strictSame(parse(line), [{ hash: `sha256:${createHash('sha256').update(key).digest('hex')}` }])
  t.equal(end, '')
  const second = await postern(['key', 'new'])
  t.not(second.stdout, first.stdout)
})

t.test('with --expires the line says until when, in UTC', async (t) => {
  const { stdout } = await postern(['key', 'new', '--expires', '365d'])
  t.match(stdout, /expires: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ }\n$/)
  t.equal(keyLine('k', 3600, Date.UTC(2027, 0, 1, 0, 0, 0, 999)).replace(/.*expires/, 'expires'), 'expires: 2027-01-01T01:00:00Z }')
})
