/**
 * Golden tests: `cases/<situation>.in.yaml` beside `.err.txt`, what is reported, or `.out.txt`, the bundle as text. A new case is two files
 * and no code; `BLESS=1 node compiler/cases.test.ts` writes the second one. An input may hold further files behind lines `#=== name`.
 */
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { dump, isRejection, openBytes } from '../bundle/bundle.ts'
import { type Compilation, compileFolder } from './compile.ts'
import { render } from './render.ts'

const CASES = new URL('./cases/', import.meta.url)
const isBlessing = process.env['BLESS'] === '1'

for (const input of globSync('*.in.yaml', { cwd: CASES }).sort()) {
  const name = input.replace(/\.in\.yaml$/, '')
  t.test(name.replaceAll('-', ' '), async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'postern-case-'))
    t.teardown(() => rmSync(directory, { recursive: true }))
    await unpack(readFileSync(new URL(input, CASES), 'utf8'), directory)
    const compilation = await compileFolder(directory, { workingDirectory: directory })
    const errors = render(compilation.diagnostics, compilation.sources, { format: 'text', color: false })
    const outputs = { 'err.txt': errors, 'out.txt': compilation.errors > 0 ? '' : dumps(compilation) }
    // A case is about its mistakes, or about its bundle: one that compiles with warnings is about the warnings.
    const wanted = errors === '' ? 'out.txt' : 'err.txt'
    for (const [ending, text] of Object.entries(outputs)) {
      const file = new URL(`${name}.${ending}`, CASES)
      if (isBlessing && ending === wanted) writeFileSync(file, text)
      else if (isBlessing && existsSync(file)) rmSync(file)
      if (ending === wanted) t.equal(existsSync(file) ? readFileSync(file, 'utf8') : 'no such file', text, `${name}.${ending}`)
      else t.notOk(existsSync(file), `${name}.${ending} is left over`)
    }
  })
}

t.test('every expectation has an input', (t) => {
  for (const file of globSync('*.{err,out}.txt', { cwd: CASES })) {
    t.ok(existsSync(new URL(file.replace(/\.(err|out)\.txt$/, '.in.yaml'), CASES)), file)
  }
  t.end()
})

function dumps({ bundles }: Compilation): string {
  return bundles
    .map(({ bytes }) => {
      const bundle = openBytes(bytes)
      if (isRejection(bundle)) throw new Error(bundle.message)
      return dump(bundle)
    })
    .join('\n')
}

/** The text up to the first `#=== name` is `case.yaml`. `\xNN` in the name's line end says that the file is written as Latin-1. */
async function unpack(text: string, directory: string): Promise<void> {
  const [first = '', ...others] = text.split(/^#=== /m)
  const files: (readonly [name: string, content: string])[] = [['case.yaml', first]]
  for (const other of others) files.push([other.slice(0, other.indexOf('\n')), other.slice(other.indexOf('\n') + 1)])
  for (const [header, content] of files) {
    const [name = '', encoding] = header.trim().split(' ')
    const file = join(directory, name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content, encoding === 'latin1' ? 'latin1' : 'utf8')
  }
}
