/** What a reviewer would otherwise say again and again. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(file))
const isCode = (file: string) => /\.(c?ts|js)$/.test(file) && !/validators\.ts$/.test(file)
const text = (file: string) => readFileSync(file, 'utf8')

t.test('names are kebab-case', (t) => {
  for (const file of files) {
    const isNamed = file.split('/').every((part) => /^\.?[a-z0-9]+([.-][a-z0-9]+)*$/.test(part) || /^[A-Z]+(\.md)?$/.test(part))
    if (!isNamed) t.fail(file)
  }
  t.ok(files.length > 50)
  t.end()
})

t.test('no source file is longer than 600 lines, and none stands in a folder named utils', (t) => {
  for (const file of files.filter(isCode)) {
    if (text(file).split('\n').length > 600) t.fail(`${file} is too long`)
    if (/(^|\/)(utils?|helpers|common)(\/|\.ts$)/.test(file)) t.fail(`${file} has a name that says nothing`)
  }
  t.pass()
  t.end()
})

t.test('every source file opens with what it is for', (t) => {
  for (const file of files.filter((file) => file.endsWith('.ts') && isCode(file) && !/\.(test|fuzz|bench)\.ts$/.test(file))) {
    if (!/^(#!.*\n)?(\/\*\*|\/\/)/.test(text(file))) t.fail(file)
  }
  t.pass()
  t.end()
})

t.test('no test is skipped or focused, nothing is silenced, nothing is left to do', (t) => {
  const words = new RegExp(
    [
      '\\.(skip|only|todo)\\(',
      '(skip|todo): *(true|[\'"`])',
      '@ts-' + '(ignore|expect-error|nocheck)',
      '(c8|v8|istanbul) ' + 'ignore',
      '\\bTO' + 'DO\\b',
      '\\bFIX' + 'ME\\b',
    ].join('|'),
  )
  for (const file of files.filter(isCode)) {
    const match = words.exec(text(file))
    if (match !== null) t.fail(`${file}: ${match[0]}`)
  }
  t.pass()
  t.end()
})

t.test('no file is a large blob', (t) => {
  for (const file of files) if (statSync(file).size > 1024 * 1024) t.fail(file)
  t.pass()
  t.end()
})

t.test('links between documents lead somewhere', (t) => {
  for (const file of files.filter((file) => file.endsWith('.md') && !/\/cases\//.test(file))) {
    for (const [, link = '', heading] of text(file).matchAll(/\]\(([^)#\s]*)(?:#([^)]*))?\)/g)) {
      if (/^[a-z]+:/.test(link)) continue
      const target = link === '' ? file : normalize(join(dirname(file), link))
      if (!existsSync(target)) t.fail(`${file} links to ${link}`)
      else if (heading !== undefined && !headings(text(target)).has(heading)) t.fail(`${file} links to ${link}#${heading}`)
    }
  }
  t.pass()
  t.end()
})

/** As GitHub makes them: lower case, `-` for spaces, other signs left out. */
function headings(markdown: string): Set<string> {
  const titles = markdown.matchAll(/^#+ +(.*)$/gm)
  return new Set(
    [...titles].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^a-z0-9 _-]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
}

t.test('every dependency has one exact version, and stands where it is used', (t) => {
  const { dependencies, devDependencies } = JSON.parse(text('package.json')) as { [kind: string]: { [name: string]: string } }
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) t.match(version, /^\d+\.\d+\.\d+$/, name)
  const isPublished = (file: string) => /^(spec|bundle|policies|compiler|runtime|channel|cli)\/.*\.c?ts$/.test(file)
  const source = files.filter((file) => isPublished(file) && !/\.(test|fuzz)\.ts$|\/fixtures\//.test(file)).map(text)
  for (const name of Object.keys(dependencies ?? {})) {
    const isUsed = source.some((code) => code.includes(`'${name}'`) || code.includes(`'${name}/`) || code.includes(`"${name}/`))
    t.ok(isUsed, `${name} is used by what is published`)
  }
  t.end()
})
