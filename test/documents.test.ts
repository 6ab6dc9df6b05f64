/** What the documents show is what the commands print: their YAML, their diagnostics, their command lines, the files and tables they name. */
import { cpSync, existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { SECTION_NAMES, TABLES } from '../bundle/layout.ts'
import { COMMANDS } from '../cli/commands.ts'
import { EXAMPLES, postern, startPostern, temporaryFolder } from './postern-process.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const documents = [...globSync('*.md', { cwd: root }), ...globSync('{docs,policies,examples}/**/*.md', { cwd: root })].sort()

/** What the Api of the README needs beside it. */
const REST = `apiVersion: postern/v1
kind: Gateway
metadata: { name: edge }
spec: { listeners: [{ name: http, address: 127.0.0.1, port: 0 }] }
---
apiVersion: postern/v1
kind: Backend
metadata: { name: weather-service }
spec: { endpoints: ["http://127.0.0.1:9"] }
---
apiVersion: postern/v1
kind: Consumer
metadata: { name: acme }
spec: { keys: [{ hash: "sha256:ba0cf1a8f5131047452f9a0b25dd43e23262aab66fd8460a5f5fdf4d19254cc0" }] }
`

/** The lines of an indented block that begins so, without their indentation. */
function block(document: string, start: RegExp): string {
  const lines = document.split('\n')
  const first = lines.findIndex((line) => line.startsWith('    ') && start.test(line.trim()))
  const end = lines.findIndex((line, index) => index > first && !line.startsWith('    '))
  return lines
    .slice(first, end)
    .map((line) => line.slice(4))
    .join('\n')
}

t.test('README: two commands for a newcomer, and the scripts behind them', (t) => {
  t.strictSame(
    [...read('README.md').matchAll(/^ {4}(npm .*)$/gm)].map(([, line]) => line),
    ['npm ci && npm start', 'npm ci && npm test'],
  )
  const { scripts } = JSON.parse(read('package.json')) as { scripts: { [name: string]: string } }
  t.match(scripts, { start: /postern\.js dev examples\/weather$/, test: /tap/ })
  t.end()
})

t.test('README: its commands work on its YAML, and its mistake is reported as it says', async (t) => {
  const readme = read('README.md')
  const api = /```yaml\n(.*?)```/s.exec(readme)?.[1] as string
  const folder = temporaryFolder(t, { 'apis/weather.yaml': api, 'rest.yaml': REST })
  const options = { cwd: folder, env: { XDG_STATE_HOME: join(folder, 'state'), STATE_DIRECTORY: '' } }
  t.match(await postern(['keygen'], options), { code: 0 })
  const shown = block(readme, /^postern check/).split('\n')
  t.equal(shown.length, 4)
  const lines = shown.map((line) => (line.split(/ {2,}/)[0] as string).split(' ').slice(1))
  for (const line of lines.slice(0, 3)) t.match(await postern(line, options), { code: 0 }, line.join(' '))
  const gateway = startPostern(t, [...(lines[3] as string[]), '--workers', '1'], options)
  t.match(await gateway.url(), /^http:/, 'it serves')

  const wrong = temporaryFolder(t, { 'apis/weather.yaml': api.replace('weather-service', 'weather-servic'), 'rest.yaml': REST })
  const checked = await postern(['check', '.'], { cwd: wrong })
  t.equal(checked.code, 1)
  t.ok(checked.stdout.startsWith(`${block(readme, /^apis\/weather\.yaml:/)}\n`), checked.stdout)
})

t.test('getting started: the mistake is reported as it says, and the new project has the files it names', async (t) => {
  const page = read('docs/getting-started.md')
  const folder = temporaryFolder(t)
  cpSync(EXAMPLES, join(folder, 'examples'), { recursive: true, filter: (path) => !path.includes('/github') })
  const weather = readFileSync(join(folder, 'examples/weather/weather.yaml'), 'utf8')
  const wrong = temporaryFolder(t, {
    'examples/weather/weather.yaml': weather.replace('backend: weather-service', 'backend: wether-service'),
    'examples/weather/gateway.yaml': readFileSync(join(folder, 'examples/weather/gateway.yaml'), 'utf8'),
    'examples/weather/consumers.yaml': readFileSync(join(folder, 'examples/weather/consumers.yaml'), 'utf8'),
  })
  const checked = await postern(['check', 'examples/weather'], { cwd: wrong })
  t.ok(checked.stdout.startsWith(`${block(page, /^examples\/weather\/weather\.yaml:/)}\n`), checked.stdout)

  t.match(await postern(['init', 'my-gateway'], { cwd: folder }), { code: 0 })
  const made = globSync('**', { cwd: join(folder, 'my-gateway'), exclude: (name) => name === '..' })
  for (const file of made.filter((file) => /\.(yaml|md)$/.test(file) && file !== 'README.md')) t.match(page, `\`${file}\``, file)
  t.match(await postern(['resolve', 'GET', 'http://127.0.0.1:8080/app/users?page=2', '--bundle', 'my-gateway'], { cwd: folder }), {
    code: 0,
    stdout: /apis\/hello\.yaml/,
  })
})

t.test('every command line that a document shows has a command and options that there are', (t) => {
  let seen = 0
  for (const document of documents.filter((path) => path !== 'docs/commands.md')) {
    const lines = [...read(document).matchAll(/(?:^ *(?:\d\. )?|`|run: )(?:npx )?postern ([a-z][^`\n]*)/gm)].map(
      ([, line]) => line as string,
    )
    for (const line of lines) {
      const words = (line.split(/ {2,}| #/)[0] as string).split(' ')
      const command = COMMANDS.find(({ name }) => name === words[0] || name === `${words[0]} ${words[1]}`)
      t.ok(command, `${document}: postern ${line}`)
      const known = (command?.options ?? []).flatMap(({ flags }) => flags.split(/[ ,]+/)).concat('--help')
      for (const option of words.filter((word) => /^--?[a-z]/i.test(word))) t.ok(known.includes(option), `${document}: postern ${line}`)
      seen++
    }
  }
  t.ok(seen > 30, `${seen} command lines`)
  t.end()
})

t.test('files that documents name exist', (t) => {
  let seen = 0
  for (const document of documents) {
    for (const [, path = ''] of read(document).matchAll(
      /`((?:spec|bundle|policies|compiler|runtime|channel|cli|test|tools|bench|docs)\/[\w./-]+)`/g,
    )) {
      if (path.includes('require-field')) continue
      t.ok(existsSync(join(root, path)), `${document} names ${path}`)
      seen++
    }
  }
  t.ok(seen > 30, `${seen} files`)
  t.end()
})

t.test('every rule of the HTTP/1.1 profile is held by cases that name it, or by tests that there are', (t) => {
  const rules = new Set<string>()
  for (const row of read('docs/http1-profile.md').matchAll(/^\| (.*) \|$/gm)) {
    const cells = (row[1] as string).split(' | ')
    const [names = ''] = cells
    const holders = cells.at(-1) as string
    if (names === 'rule' || /^-/.test(names)) continue
    for (const [name] of names.matchAll(/F\d+/g)) rules.add(name)
    if (cells[1] === 'see Responses') continue
    let count = 0
    for (const [, path = '', quoted = ''] of holders.matchAll(/\]\(\.\.\/([^)]+)\)((?: ?,? "[^"]+")*)/g)) {
      const text = read(path)
      if (path.endsWith('.md') && /^F\d+$/.test(names)) t.match(text, new RegExp(`\\b${names}\\b`), `${path} has cases of ${names}`)
      for (const [, name = ''] of quoted.matchAll(/"([^"]+)"/g)) {
        const isThere = text.includes(`t.test('${name}'`) || text.includes(`t.test("${name}"`)
        t.ok(isThere, `${names}: ${path} has the test "${name}"`)
      }
      count++
    }
    t.ok(count > 0, `${names} is held by something`)
  }
  t.same(
    [...rules].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1))),
    Array.from({ length: 30 }, (_, i) => `F${i + 1}`),
  )
  t.end()
})

t.test('docs/metrics.md has every metric of ours, and no other', (t) => {
  const sources = globSync('runtime/{telemetry,backends-watch}/*.ts', { cwd: root, exclude: ['**/*.test.ts'] })
  const names = sources.flatMap((path) => [...read(path).matchAll(/'(postern_\w+|http_server_\w+)'/g)].map(([, name]) => name))
  t.same([...new Set(read('docs/metrics.md').match(/\b(postern|http_server)_[a-z_]+/g))].sort(), [...new Set(names)].sort())
  t.end()
})

t.test('docs/bundle-format.md has every section and every column', (t) => {
  const page = read('docs/bundle-format.md')
  for (const tag of Object.keys(SECTION_NAMES)) t.ok(page.includes(`\`${tag}\``), tag)
  // A row may be about several columns.
  const named = new Set([...page.matchAll(/^\| (\w+(?:, \w+)*) \|/gm)].flatMap(([, names = '']) => names.split(', ')))
  for (const [tag, columns] of Object.entries(TABLES)) {
    for (const column of Object.keys(columns)) t.ok(named.has(column) || page.includes(`*${column}*`), `${tag}.${column}`)
  }
  t.end()
})
