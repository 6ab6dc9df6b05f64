/** Replays `cases/*.md`: whole, cut once at every place, and cut at random; the log must always be the same. BLESS=1 writes the logs. */
import fs from 'node:fs'
import t from 'tap'
import { bytesOf, CASE, CASES_FOLDER } from '../../test/fixtures/http1/cases.ts'
import { type Kind, readingLog, readMessages } from '../../test/fixtures/http1/read-messages.ts'
import { REFUSAL_CODES, refusalReply, refusalStatus } from './refusals.ts'

/** Cases longer than this are cut only around their ends and at random. */
const EVERY_CUT_BYTES = 2048
const RANDOM_CUTS = 40

const isBlessing = process.env['BLESS'] === '1'
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

/** A refusal that no stream of bytes can show would be dead code. */
const shown = new Set<string>()

for (const file of fs.readdirSync(CASES_FOLDER).sort()) {
  t.test(file, (t) => {
    const url = new URL(file, CASES_FOLDER)
    const text = fs.readFileSync(url, 'utf8')
    let count = 0
    const blessed = text.replace(CASE, (_all, title: string, kind: string, http: string, log: string) => {
      count++
      const stream = bytesOf(http)
      const role = (kind === '' ? 'request' : kind) as Kind
      const lines = readingLog(readMessages(role, stream))
      for (const line of lines) shown.add(/^refused \d+ (.+)/.exec(line)?.[1] ?? '')
      if (!isBlessing) t.equal(`${lines.join('\n')}\n`, log, title)
      const differing = firstDifferingCut(role, stream, lines)
      if (differing !== undefined) t.fail(`${title}: another log when cut at ${differing} (seed ${seed})`)
      return `### ${title}\n\n\`\`\`http${kind === '' ? '' : ` ${kind}`}\n${http}\n\`\`\`\n\`\`\`log\n${lines.join('\n')}\n\`\`\``
    })
    t.equal(count, text.split('\n### ').length - 1, 'every case of the file was read')
    if (isBlessing) fs.writeFileSync(url, blessed)
    t.end()
  })
}

t.test('every reason to refuse has a case and stands in the profile, with the status that is sent', (t) => {
  const profile = fs.readFileSync(new URL('../../docs/http1-profile.md', import.meta.url), 'utf8')
  for (const code of REFUSAL_CODES) {
    t.ok(profile.includes(`\`${code}\``), `${code} stands in docs/http1-profile.md`)
    t.ok(shown.has(code) || shown.has(`upstream-${code}`), code)
    t.match(refusalReply(code), { status: refusalStatus(code), code })
    t.match(refusalReply(`upstream-${code}`), { status: 502, code: `upstream-${code}` })
  }
  t.throws(() => refusalReply('nothing'))
  t.end()
})

function firstDifferingCut(kind: Kind, stream: Buffer, expected: readonly string[]): readonly number[] | undefined {
  const wanted = expected.join('\n')
  const differs = (cuts: readonly number[]) => readingLog(readMessages(kind, stream, cuts)).join('\n') !== wanted
  for (let cut = 0; cut <= stream.length; cut++) {
    if (cut > EVERY_CUT_BYTES / 2 && cut < stream.length - EVERY_CUT_BYTES / 2) continue
    if (differs([cut])) return [cut]
  }
  if (stream.length <= EVERY_CUT_BYTES && differs([...stream.keys()])) return [...stream.keys()]
  let state = seed
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  for (let round = 0; round < RANDOM_CUTS; round++) {
    const cuts = Array.from({ length: 1 + random(8) }, () => random(stream.length + 1)).sort((a, b) => a - b)
    if (differs(cuts)) return cuts
  }
  return undefined
}
