/** A short run of the fuzzer with a new seed each time; the long one is a command of its own. */
import t from 'tap'
import { fuzz } from './session.fuzz.ts'

t.test('whatever a backend sends, no response is taken for whole that is not', (t) => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000)
  const { runs, responses, finding } = fuzz(seed, { runs: 2000 })
  t.equal(finding, '', `seed ${seed}`)
  t.ok(responses > runs / 20, `${responses} responses were taken in ${runs} runs`)
  t.end()
})
