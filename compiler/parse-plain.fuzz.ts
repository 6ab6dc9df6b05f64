/**
 * Compares the direct reader of plain YAML with `yaml` over mutated sources: it may leave any text to `yaml`, but what it reads must be the
 * same nodes, and free of mistakes. `node compiler/parse-plain.fuzz.ts --seconds 600 --seed N`.
 */
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { parsePlain } from './parse-plain.ts'
import { parseYaml } from './parse-yaml.ts'

const SEEDS: readonly string[] = [
  'apiVersion: postern/v1\nkind: Api\nmetadata: { name: weather, labels: { team: climate } }\nspec:\n  hosts: [api.example.com, "*.example.com"]\n  routes:\n    GET /a/{id:[0-9]+}: {}\n    POST /b: { policies: [ { body-limit: { max: 64KiB } } ] }\n  policies:\n    - rate-limit:\n        limit: 100\n        per: 1m\n    - use: standard\n---\na: 1\n',
  '- a\n- b: c\n  d: "e"\n- [1, two, { three: true }]\n',
  'a:\n- b\n- c: d\n  e:\n    f: g\n# comment\nh: i # more\n\n"j k": \'l\'\n',
]
const PIECES = [
  'a',
  'b',
  '1',
  '0',
  ': ',
  ':',
  ' ',
  '  ',
  '\n',
  '- ',
  '-',
  '#',
  ' #',
  '{',
  '}',
  '[',
  ']',
  ', ',
  ',',
  '"',
  "'",
  '&x ',
  '*x',
  '!',
  '|',
  '>',
  '?',
  '? ',
  '---\n',
  '...\n',
  '\t',
  '\\',
  '~',
  'null',
  'true',
  '.5',
  '1e3',
  '0x1',
  '+1',
  '<<',
  '%',
  '@',
  '`',
  'é',
  '\n    ',
  '\n  ',
  '{}',
  '[]',
  '=',
  'k: v\n',
]

/** What differs, as text; `undefined` when nothing does. */
export function compare(text: string): string | undefined {
  const plain = parsePlain(text)
  if (plain === undefined) return undefined
  const oracle = parseYaml(text)
  return isDeepStrictEqual({ documents: plain, problems: [] }, oracle)
    ? undefined
    : `${JSON.stringify(text)}\nread directly: ${JSON.stringify(plain)}\noracle: ${JSON.stringify(oracle)}`
}

/** A few pieces put in, taken away or moved. `random(n)` is at least 0 and below n. */
export function mutate(text: string, random: (below: number) => number): string {
  let changed = text
  for (let edits = 1 + random(4); edits > 0; edits--) {
    const at = random(changed.length + 1)
    const size = random(6)
    const piece = random(3) === 0 ? '' : (PIECES[random(PIECES.length)] as string)
    changed =
      random(4) === 0
        ? changed.slice(0, at) + changed.slice(random(changed.length + 1))
        : changed.slice(0, at) + piece + changed.slice(at + (random(2) === 0 ? 0 : size))
  }
  return changed
}

/** Stops at the first difference. */
export function run(options: { seed: number; texts?: number; seconds?: number }): {
  tried: number
  plain: number
  difference: string | undefined
} {
  let state = options.seed >>> 0
  const random = (below: number) => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
  const end = Date.now() + (options.seconds ?? 3600) * 1000
  let tried = 0
  let plain = 0
  while (tried < (options.texts ?? Number.POSITIVE_INFINITY) && Date.now() < end) {
    const seed = SEEDS[random(SEEDS.length)] as string
    const text =
      random(8) === 0 ? Array.from({ length: 1 + random(12) }, () => PIECES[random(PIECES.length)]).join('') : mutate(seed, random)
    tried++
    if (parsePlain(text) !== undefined) plain++
    const difference = compare(text)
    if (difference !== undefined) return { tried, plain, difference }
  }
  return { tried, plain, difference: undefined }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '600' }, seed: { type: 'string', default: String(Date.now() % 1_000_000) } },
  })
  process.stdout.write(`seed ${values.seed}\n`)
  const { tried, plain, difference } = run({ seed: Number(values.seed), seconds: Number(values.seconds) })
  process.stdout.write(`${tried} texts, ${plain} of them plain: ${difference ?? 'no difference'}\n`)
  if (difference !== undefined) process.exitCode = 1
}
