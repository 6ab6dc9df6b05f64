import { createHash } from 'node:crypto'
import t from 'tap'
import { Edit } from './edit.fuzz.ts'
import { type BundlePlan, NEVER_EXPIRES } from './plan.ts'
import { open, planOf } from './sample.fuzz.ts'

const digest = (key: string): Uint8Array => Uint8Array.from(createHash('sha256').update(key).digest())

function withKeys(...keys: BundlePlan['consumers'][number]['keys']): BundlePlan {
  return planOf([], {
    consumers: [
      { name: 'nobody', keys: [] },
      { name: 'acme', keys },
    ],
  })
}

t.test('a consumer is found by the digest of its key', (t) => {
  const { consumers } = open(
    withKeys({ digest: digest('a'), expiresAtSeconds: NEVER_EXPIRES }, { digest: digest('b'), expiresAtSeconds: NEVER_EXPIRES }),
  )
  t.equal(consumers.findByKeyDigest(digest('a'), 1), 1)
  t.equal(consumers.findByKeyDigest(digest('b'), 1), 1)
  t.equal(consumers.findByKeyDigest(digest('c'), 1), -1)
  t.equal(consumers.findByKeyDigest(digest('a').subarray(1), 1), -1, 'not 32 bytes')
  // A view that is not aligned, as one into a received buffer.
  t.equal(consumers.findByKeyDigest(new Uint8Array([0, ...digest('a')]).subarray(1), 1), 1)
  t.equal(consumers.name(1), 'acme')
  t.end()
})

t.test('each of the 32 bytes counts', (t) => {
  const { consumers } = open(withKeys({ digest: digest('a'), expiresAtSeconds: NEVER_EXPIRES }))
  for (let index = 0; index < 32; index++) {
    const other = digest('a')
    other[index] = (other[index] as number) ^ 1
    t.equal(consumers.findByKeyDigest(other, 1), -1, `byte ${index}`)
  }
  t.end()
})

t.test('a key is refused from its time on; 0 has always expired and the largest never does', (t) => {
  const { consumers } = open(
    withKeys(
      { digest: digest('soon'), expiresAtSeconds: 1000 },
      { digest: digest('zero'), expiresAtSeconds: 0 },
      { digest: digest('never'), expiresAtSeconds: NEVER_EXPIRES },
    ),
  )
  t.equal(consumers.findByKeyDigest(digest('soon'), 999.9), 1)
  t.equal(consumers.findByKeyDigest(digest('soon'), 1000), -1)
  t.equal(consumers.findByKeyDigest(digest('soon'), Number.NaN), -1)
  for (const now of [-1, 0, 1000]) t.equal(consumers.findByKeyDigest(digest('zero'), now), -1)
  t.equal(consumers.findByKeyDigest(digest('never'), 2 ** 40), 1)
  t.end()
})

t.test('keys that begin alike share a home slot and are all found, up to 64', (t) => {
  const alike = (last: number) => Uint8Array.from({ length: 32 }, (_, index) => (index < 31 ? 0xee : last))
  const keys = (count: number) => Array.from({ length: count }, (_, last) => ({ digest: alike(last), expiresAtSeconds: NEVER_EXPIRES }))
  const { consumers } = open(withKeys(...keys(64)))
  for (let last = 0; last < 64; last++) t.equal(consumers.findByKeyDigest(alike(last), 1), 1)
  t.equal(consumers.findByKeyDigest(alike(64), 1), -1)
  t.throws(() => open(withKeys(...keys(65))), { code: 'bundle-limit' })
  t.end()
})

t.test('ten thousand consumers', (t) => {
  const many = Array.from({ length: 10_000 }, (_, index) => ({
    name: `c${index}`,
    keys: [{ digest: digest(String(index)), expiresAtSeconds: NEVER_EXPIRES }],
  }))
  const { consumers } = open(planOf([], { consumers: many }))
  for (let index = 0; index < many.length; index++) if (consumers.findByKeyDigest(digest(String(index)), 1) !== index) t.fail(String(index))
  t.equal(consumers.count, many.length)
  t.equal([...consumers.keys()].length, many.length)
  t.end()
})

t.test('what the checker says of damaged keys', (t) => {
  const plan = withKeys({ digest: digest('a'), expiresAtSeconds: NEVER_EXPIRES })
  const home = digest('a')[0] as number & 7
  const slot = home % 8
  const change = (word: number, value: number) =>
    new Edit(plan)
      .word('KEYS', word, value)
      .verdict()
      .replace(/slot \d+/, 'slot N')
  t.equal(change(slot * 10 + 8, 3), 'consumer keys: slot N refers to a consumer that does not exist')
  t.equal(change(slot * 10 + 8, 0), 'consumer keys: slot N is empty but not zero')
  t.equal(change(((slot + 1) % 8) * 10 + 9, 1), 'consumer keys: slot N is empty but not zero')
  t.equal(change(slot * 10, (slot + 1) % 8), 'consumer keys: slot N cannot be reached from its home')
  const same = { digest: digest('a'), expiresAtSeconds: 0 }
  t.match(new Edit(withKeys(same, same)).verdict(), /^consumer keys: slot \d+ repeats a digest$/)
  t.end()
})
