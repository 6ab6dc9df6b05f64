/** A short run of the fuzzer with a new seed each time; the long one is a command of its own. */
import t from 'tap'
import { fuzz } from './http1.fuzz.ts'

t.test('mutated streams never surprise the codec', (t) => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000)
  const { runs, messages, finding } = fuzz(seed, { runs: 20_000 })
  t.equal(finding, '', `seed ${seed}`)
  t.ok(messages > runs / 20, `${messages} messages were taken in ${runs} runs`)
  t.end()
})
