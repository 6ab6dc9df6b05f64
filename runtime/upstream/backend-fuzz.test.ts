/** A short run of the fuzzer with a new seed each time; the long one is a command of its own. */
import t from 'tap'
import { fuzzBackend } from './backend.fuzz.ts'

t.test('whatever members, connections and clients do, everybody is served or refused once and nothing is left', (t) => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000)
  const { served, finding } = fuzzBackend(seed, { worlds: 300 })
  t.equal(finding, '', `seed ${seed}`)
  t.ok(served > 1000, `${served} requests were served`)
  t.end()
})
