/** Properties over generated streams: the answer does not depend on how bytes were cut, and strict llhttp never disagrees with what we take. */
import fc from 'fast-check'
import t from 'tap'
import { cutsOf, fractions, requestStream, responseStream } from '../../test/fixtures/http1/arbitraries.ts'
import { disagreement } from '../../test/fixtures/http1/dominance.ts'
import { type Kind, readingLog, readMessages } from '../../test/fixtures/http1/read-messages.ts'

const RUNS = Number(process.env['RUNS'] ?? 10_000)

for (const [kind, streams] of [
  ['request', requestStream],
  ['response', responseStream],
  ['response-to-head', responseStream],
] as const satisfies readonly (readonly [Kind, fc.Arbitrary<Buffer>])[]) {
  t.test(`${kind}: whatever is taken, strict llhttp takes with the same meaning, however it was cut`, (t) => {
    let taken = 0
    const result = fc.check(
      fc.property(streams, fractions, (stream, where) => {
        const reading = readMessages(kind, stream)
        taken += reading.messages.filter(({ isComplete }) => isComplete).length
        const wrong = disagreement(kind, stream, reading)
        if (wrong !== '') throw new Error(`${JSON.stringify(stream.toString('latin1'))}\n${wrong}`)
        const log = readingLog(reading).join('\n')
        const cuts = cutsOf(stream.length, where)
        const other = readingLog(readMessages(kind, stream, cuts)).join('\n')
        if (other !== log) throw new Error(`cut at ${cuts}: ${JSON.stringify(stream.toString('latin1'))}\n${log}\nis\n${other}`)
      }),
      { numRuns: RUNS },
    )
    t.notOk(result.failed, fc.defaultReportMessage(result) ?? 'holds')
    t.ok(taken > RUNS / 4, `enough of it was taken to mean something: ${taken} messages`)
    t.end()
  })
}
