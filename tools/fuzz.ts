/**
 * `npm run fuzz`: every fuzzer of the repository, one after the other, each in a process of its own; `npm run fuzz -- NAME` those with that name.
 * A fuzzer is a `*.fuzz.ts` that reads `--seconds` and `--seed`; the others only make what fuzzers need. A finding names its seed, and
 * `npm run fuzz -- NAME --seed N` shows it again. Two do not run for a time but until an amount is done, as the goals of the project say: five
 * million streams through the codec of HTTP/1, a hundred thousand tagged requests through the data path.
 */
import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

export interface Fuzzer {
  /** Path without `.fuzz.ts`, from the root. */
  readonly name: string
  readonly file: string
}

export interface FuzzOptions {
  /** Of each fuzzer. Left out: a minute, or the amount that is due. */
  readonly seconds?: number | undefined
  /** Left out: another one each time. */
  readonly seed?: number | undefined
}

const ROOT = new URL('..', import.meta.url).pathname
const SECONDS = 60
/** What is due where no time is given; divided among processes, each with its own seed, when it is work for the processor alone. */
const DUE: {
  readonly [name: string]: { readonly flag: string; readonly amount: number; readonly what: string; readonly isDivided: boolean }
} = {
  'runtime/http1/http1': { flag: '--runs', amount: 5_000_000, what: 'streams', isDivided: true },
  'runtime/data-path': { flag: '--requests', amount: 100_000, what: 'requests', isDivided: false },
}
/** A fuzzer that has not ended so long after its time hangs, which is a finding as well. Some try every byte before their time begins. */
const GRACE_SECONDS = 600
/** What is due takes 2 to 10 minutes. */
const DUE_SECONDS = 3600

export function findFuzzers(root: string): Fuzzer[] {
  return globSync('**/*.fuzz.ts', { cwd: root, exclude: (name) => ['node_modules', 'dist', '.git'].includes(name) })
    .filter((file) => /\bparseArgs\(/.test(readFileSync(join(root, file), 'utf8')))
    .sort()
    .map((file) => ({ name: file.replace('.fuzz.ts', ''), file: join(root, file) }))
}

/** `session` is every fuzzer of that name, `http2/session` those in a folder of that name. */
export function named(fuzzers: readonly Fuzzer[], name: string | undefined): readonly Fuzzer[] {
  return name === undefined ? fuzzers : fuzzers.filter((fuzzer) => `/${fuzzer.name}`.endsWith(`/${name}`))
}

/** Names of those that found something. */
export async function runFuzzers(fuzzers: readonly Fuzzer[], options: FuzzOptions, print: (text: string) => void): Promise<string[]> {
  const failed: string[] = []
  for (const [index, fuzzer] of fuzzers.entries()) {
    const label = `[${index + 1}/${fuzzers.length}] ${fuzzer.name}`
    const runs = runsOf(fuzzer, options)
    print(`${label}: seed ${runs.map(({ seed }) => seed).join(' and ')}, ${runs[0]?.says}\n`)
    const began = performance.now()
    const stop = progress(label, began)
    const results = await Promise.all(runs.map((run) => start(fuzzer, run)))
    stop()
    const seconds = ((performance.now() - began) / 1000).toFixed(0)
    for (const { isFine, output } of results) print(isFine ? `  ${inOneLine(output)}\n` : `${output.trim().replace(/^/gm, '  ')}\n`)
    const isFine = results.every((result) => result.isFine)
    if (!isFine) failed.push(fuzzer.name)
    print(`${label}: ${isFine ? 'nothing found' : 'FOUND SOMETHING'} in ${seconds} s\n`)
  }
  return failed
}

interface Run {
  readonly seed: number
  readonly args: readonly string[]
  readonly limitSeconds: number
  readonly says: string
}

function runsOf({ name }: Fuzzer, { seconds, seed = Math.floor(Math.random() * 1_000_000_000) }: FuzzOptions): Run[] {
  const due = DUE[name]
  if (due === undefined || seconds !== undefined) {
    const each = seconds ?? SECONDS
    return [{ seed, args: ['--seconds', String(each)], limitSeconds: each + GRACE_SECONDS, says: `${each} s` }]
  }
  const processes = due.isDivided ? availableParallelism() : 1
  const args = [due.flag, String(Math.ceil(due.amount / processes))]
  const says = `${due.amount} ${due.what}${due.isDivided ? ` in ${processes} processes` : ''}`
  return Array.from({ length: processes }, (_, index) => ({ seed: seed + index, args, limitSeconds: DUE_SECONDS, says }))
}

function start({ file }: Fuzzer, { seed, args, limitSeconds }: Run): Promise<{ isFine: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [file, ...args, '--seed', String(seed)], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        output += data
      })
    }
    let why = ''
    const timer = setTimeout(() => {
      why = `it did not end within ${limitSeconds} s\n`
      child.kill('SIGKILL')
    }, limitSeconds * 1000)
    child.on('error', (error) => {
      why = `${error.message}\n`
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (code !== 0 && why === '') why = `it ended with ${signal ?? code}\n`
      resolve({ isFine: code === 0, output: `${output}${output.endsWith('\n') || output === '' ? '' : '\n'}${why}` })
    })
  })
}

/** Without the seed, which has been said. */
function inOneLine(output: string): string {
  return output
    .replace(/^seed .*\n/, '')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 200)
}

/** One line that changes, for a person who waits. */
function progress(label: string, began: number): () => void {
  if (!process.stdout.isTTY) return () => {}
  const timer = setInterval(() => process.stdout.write(`\r${label}: ${((performance.now() - began) / 1000).toFixed(0)} s `), 1000)
  return () => {
    clearInterval(timer)
    process.stdout.write('\r\x1b[K')
  }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { seconds: { type: 'string' }, seed: { type: 'string' } },
    allowPositionals: true,
  })
  const all = findFuzzers(ROOT)
  const fuzzers = named(all, positionals[0])
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds)
  const seed = values.seed === undefined ? undefined : Number(values.seed)
  const isUsage = [seconds ?? 1, seed ?? 1].every((value) => Number.isFinite(value) && value > 0) && positionals.length < 2
  if (fuzzers.length === 0 || !isUsage) {
    process.stderr.write(
      `usage: npm run fuzz [-- NAME] [--seconds N] [--seed N]   NAME is one of\n  ${all.map(({ name }) => name).join('\n  ')}\n`,
    )
    process.exitCode = 2
  } else {
    const failed = await runFuzzers(fuzzers, { seconds, seed }, (text) => process.stdout.write(text))
    if (failed.length > 0) process.stdout.write(`found something: ${failed.join(', ')}\n`)
    process.exitCode = failed.length === 0 ? 0 : 1
  }
}
