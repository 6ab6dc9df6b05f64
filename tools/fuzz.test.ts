import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { findFuzzers, named, runFuzzers } from './fuzz.ts'

const ROOT = new URL('..', import.meta.url).pathname

t.test('every fuzzer of the repository is found, and what only helps them is not', (t) => {
  const names = findFuzzers(ROOT).map(({ name }) => name)
  for (const name of ['bundle/bundle', 'runtime/data-path', 'runtime/http1/http1', 'runtime/http2/hpack']) t.ok(names.includes(name), name)
  t.notOk(names.includes('bundle/sample'))
  t.notOk(names.some((name) => name.includes('node_modules')))
  t.end()
})

t.test('a name is the end of a path', (t) => {
  const fuzzers = ['a/session', 'b/http2/session', 'b/possession'].map((name) => ({ name, file: '' }))
  const names = (name?: string) => named(fuzzers, name).map((fuzzer) => fuzzer.name)
  t.strictSame(names('session'), ['a/session', 'b/http2/session'])
  t.strictSame(names('http2/session'), ['b/http2/session'])
  t.strictSame(names('none'), [])
  t.equal(names().length, 3)
  t.end()
})

t.test('each runs with the seed that is printed; a finding is shown whole and does not keep the next from running', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'postern-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  mkdirSync(join(root, 'node_modules'))
  const says = 'console.log(process.argv.slice(2).join(" "))'
  const parse = 'import { parseArgs } from "node:util"; parseArgs({ strict: false });'
  writeFileSync(join(root, 'bad.fuzz.ts'), `${parse} console.log("seed 7"); console.log("first line"); throw new Error("a finding")`)
  writeFileSync(join(root, 'good.fuzz.ts'), `${parse} console.log("earlier"); ${says}`)
  writeFileSync(join(root, 'helper.fuzz.ts'), says)
  writeFileSync(join(root, 'node_modules', 'other.fuzz.ts'), `${parse} ${says}`)
  let printed = ''
  const failed = await runFuzzers(findFuzzers(root), { seconds: 1, seed: 7 }, (text) => {
    printed += text
  })
  t.strictSame(failed, ['bad'])
  t.match(printed, /\[1\/2\] bad: seed 7, 1 s\n {2}seed 7\n {2}first line\n.*a finding.*it ended with 1\n\[1\/2\] bad: FOUND SOMETHING/s)
  t.match(printed, /\[2\/2\] good: seed 7, 1 s\n {2}earlier --seconds 1 --seed 7\n\[2\/2\] good: nothing found/)
})
