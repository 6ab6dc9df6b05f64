/** Every example is compiled, started, and asked what its README tells people to ask. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import t from 'tap'
import { DEV_FILE, readDevFile } from '../cli/dev-file.ts'
import { compileFolder } from '../compiler/compile.ts'
import { copyOfExample, EXAMPLES, type RequestOptions, send, startDev } from '../test/postern-process.ts'

const names = readdirSync(EXAMPLES, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
const runnable = names.filter((name) => existsSync(join(EXAMPLES, name, DEV_FILE)))

t.test('every example has a README that says how to start it, and is in the list', async (t) => {
  const list = readFileSync(join(EXAMPLES, 'README.md'), 'utf8')
  for (const name of names) {
    const readme = readFileSync(join(EXAMPLES, name, 'README.md'), 'utf8')
    if (runnable.includes(name)) t.ok(readme.includes(`postern dev examples/${name}`), name)
    t.ok(list.includes(`[${name}](${name})`), name)
  }
})

t.test('every file with resources names the schema, for editors', async (t) => {
  for (const file of readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })) {
    if (!/\.ya?ml$/.test(file)) continue
    const text = readFileSync(join(EXAMPLES, file), 'utf8')
    if (!/^apiVersion: postern\//m.test(text)) continue
    const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? []
    t.ok(existsSync(resolve(EXAMPLES, dirname(file), schema)) && schema.endsWith('schema.json'), file)
  }
})

t.test('every example compiles without a mistake or a warning', async (t) => {
  for (const name of names) {
    const { diagnostics } = await compileFolder(join(EXAMPLES, name))
    t.strictSame(diagnostics, [], name)
  }
})

for (const name of runnable) {
  t.test(`${name}: what its README says holds`, async (t) => {
    const readme = readFileSync(join(EXAMPLES, name, 'README.md'), 'utf8')
    for (const { curl } of readDevFile(join(EXAMPLES, name)).try) {
      t.ok(readme.includes(`    curl ${curl.replaceAll('{gateway}', 'http://127.0.0.1:8080')}\n`), `the README has: curl ${curl}`)
    }
    const { folder } = await copyOfExample(t, name)
    const dev = startDev(t, [folder, '--listen', '127.0.0.1:0'])
    const { run, try: trials } = readDevFile(folder)
    const url = await dev.url()
    // Each service says where it listens, with a line of its own.
    for (const _ of run) await dev.match('stderr', /: on http:/)
    for (const { says, curl, status, shows } of trials) {
      const [target, options] = curlRequest(curl.replaceAll('{gateway}', url))
      const reply = await send(target, options)
      t.equal(reply.status, status, says)
      if (shows !== undefined) t.ok(textOf(reply).includes(shows.toLowerCase()), `${says}: ${shows}`)
    }
    const { code } = await dev.stop('SIGTERM')
    t.equal(code, 0)
  })
}

/** As `curl -i` shows it, in lower case. */
function textOf({ headers, body }: Awaited<ReturnType<typeof send>>): string {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`)
  return `${fields.join('')}\n${body}`.toLowerCase()
}

/** The request that these arguments of curl make. Only what the examples use is understood; anything else is an error. */
function curlRequest(line: string): readonly [url: string, options: RequestOptions] {
  const words = Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, plain]) => quoted ?? plain ?? '')
  const headers: Record<string, string> = {}
  let method: string | undefined
  let body: string | undefined
  let url = ''
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    if (word === '-i') continue
    if (word === '-X') method = words[++index]
    else if (word === '-d') body = words[++index]
    else if (word === '--compressed') headers['accept-encoding'] = 'gzip'
    else if (word === '-H') {
      const [name = '', value = ''] = (words[++index] ?? '').split(': ')
      headers[name] = value
    } else if (word.startsWith('http://')) url = word
    else throw new Error(`the test does not know what curl does with ${word}`)
  }
  if (body !== undefined) headers['content-type'] ??= 'application/x-www-form-urlencoded'
  return [url, { method: method ?? (body === undefined ? 'GET' : 'POST'), headers, ...(body === undefined ? {} : { body }) }]
}
