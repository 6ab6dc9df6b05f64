/**
 * `npm run bench -- NAME`: one file per question, `bench/NAME.bench.ts`. Each prints figures, and ratios against peers measured in the same
 * run where there are peers. Machines differ and are noisy: quote ratios and medians. Nothing is installed; what is missing is named.
 */
import { globSync } from 'node:fs'

const folder = new URL('.', import.meta.url).pathname
const names = globSync('*.bench.ts', { cwd: folder })
  .map((file) => file.replace('.bench.ts', ''))
  .sort()
const [name = '', ...rest] = process.argv.slice(2)

if (names.includes(name)) {
  process.argv = [process.argv[0] as string, `${folder}${name}.bench.ts`, ...rest]
  await import(`./${name}.bench.ts`)
} else {
  process.stderr.write(`usage: npm run bench -- NAME   (one of ${names.join(', ')})\n`)
  process.exitCode = 2
}
