import t from 'tap'
import { assertRefused, assertRefusedOrAgreed, mutate, random, SAMPLE, SIGNED_SAMPLE } from './bundle.fuzz.ts'

/** The whole of it: `node bundle/bundle.fuzz.ts`. Here every truncation, every byte once, and a part of the rest by a printed seed. */
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 32)
t.comment(`FUZZ_SEED=${seed}`)

t.test('every truncation is refused', (t) => {
  for (let bytes = 0; bytes < SIGNED_SAMPLE.length; bytes++) assertRefused(SIGNED_SAMPLE.subarray(0, bytes))
  t.end()
})

t.test('every byte that is changed is noticed', (t) => {
  const next = random(seed)
  for (let at = 0; at < SIGNED_SAMPLE.length; at++) {
    const changed = Uint8Array.from(SIGNED_SAMPLE)
    changed[at] = (changed[at] as number) ^ (1 + (next() % 255))
    assertRefused(changed)
  }
  t.end()
})

t.test('every truncation, signed again, is refused', (t) => {
  let agreed = 0
  for (let bytes = 0; bytes < SAMPLE.length; bytes++) if (assertRefusedOrAgreed(SAMPLE.subarray(0, bytes)) === 'agreed') agreed++
  t.equal(agreed, 0)
  t.end()
})

t.test('every byte that is changed, checksums mended and signed again: refused, or read as the naive reader reads it', (t) => {
  const next = random(seed)
  const count = { refused: 0, agreed: 0 }
  for (let at = 0; at < SAMPLE.length; at++) {
    const changed = Uint8Array.from(SAMPLE)
    changed[at] = (changed[at] as number) ^ (1 << (next() % 8))
    count[assertRefusedOrAgreed(changed)]++
  }
  t.ok(count.refused > 1000 && count.agreed > 100, `${count.refused} refused, ${count.agreed} read alike`)
  t.end()
})

t.test('several changes at once', (t) => {
  const next = random(seed)
  const count = { refused: 0, agreed: 0 }
  for (let run = 0; run < 1000; run++) count[assertRefusedOrAgreed(mutate(SAMPLE, next))]++
  t.ok(count.refused > 500, `${count.refused} refused, ${count.agreed} read alike`)
  t.end()
})
