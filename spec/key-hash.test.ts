import { createHash } from 'node:crypto'
import t from 'tap'
import { refuses } from '../test/fixtures/grammar.ts'
import { parseKeyHash } from './key-hash.ts'

t.test('a hash is its 32 bytes', (t) => {
  const digest = createHash('sha256').update('key').digest()
  t.same(parseKeyHash(`sha256:${digest.toString('hex')}`), new Uint8Array(digest))
  t.end()
})

t.test('what is no hash is refused where it is wrong', (t) => {
  refuses(t, parseKeyHash, [
    ['', ' a key is given by its hash, `sha256:` and 64 hex digits'],
    ['secret', '^^^^^^ a key is given by its hash, `sha256:` and 64 hex digits', '`postern key new` prints a key once, and this line'],
    ['sha256:abcd', '       ^^^^ a SHA-256 hash has 64 hex digits, not 4'],
    [`sha256:${'A'.repeat(64)}`, '       ^ `A` is not a hex digit in lower case', 'hex digits in lower case'],
    [`sha256:${'0'.repeat(63)}g`, `${' '.repeat(70)}^ \`g\` is not a hex digit in lower case`],
  ])
  t.end()
})
