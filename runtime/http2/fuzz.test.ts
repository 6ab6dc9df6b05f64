/** Short runs of the fuzzers with a new seed each time; the long ones are commands of their own. */
import t from 'tap'
import { fuzzHpack } from './hpack.fuzz.ts'
import { fuzzSessions } from './session.fuzz.ts'

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000)

t.test('header blocks mean to us what they mean to nghttp2', async (t) => {
  const { blocks, compared, finding } = await fuzzHpack(seed, { blocks: 1500 })
  t.equal(finding, '', `seed ${seed}`)
  t.ok(compared > blocks / 2, `${compared} of ${blocks} blocks were compared`)
})

t.test('connections sound and hostile leave nothing behind, and what goes through is right', async (t) => {
  const { verified, connections, findings } = await fuzzSessions(seed, 3)
  t.same(findings, [], `seed ${seed}`)
  t.ok(verified > 10 && connections > 10, `${verified} exchanges, ${connections} connections`)
})
