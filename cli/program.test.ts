import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { postern } from '../test/postern-process.ts'
import { COMMANDS } from './commands.ts'

t.test('--version prints the version of the package', async (t) => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  t.match(await postern(['--version']), { code: 0, stdout: `postern ${version}\n`, stderr: '' })
})

t.test('a misspelt command gets the nearest one, and exit code 2', async (t) => {
  const { code, stdout, stderr } = await postern(['chek', '.'])
  t.equal(code, 2)
  t.equal(stdout, '')
  t.equal(stderr, "postern: unknown command 'chek' (Did you mean check?)\n`postern --help` says more.\n")
})

t.test('usage errors have exit code 2 and say where to read more', async (t) => {
  const wrong: readonly (readonly [args: string[], says: RegExp])[] = [
    [['check'], /missing required argument 'DIR'/],
    [['check', '.', '--formt', 'json'], /unknown option '--formt' \(Did you mean --format\?\)/],
    [['check', '.', '--format', 'xml'], /Allowed choices are text, json, github/],
    [['check', '.', 'another'], /too many arguments/],
    [['run'], /required option '--bundle <FILE>' not specified/],
    [['run', '--bundle', 'x.ptb', '--trust', 'x.pub', '--listen', '8080'], /It must be HOST:PORT/],
    [['run', '--bundle', 'x.ptb', '--trust', 'x.pub', '--workers', '0'], /whole number from 1/],
    [['key', 'new', '--expires', '365'], /has no unit/],
    [['key', 'nwe'], /unknown command 'nwe' \(Did you mean new\?\)/],
    [['resolve', 'GET', '/', '--bundle', '.', '-H', 'no colon'], /It must be 'name: value'/],
  ]
  await Promise.all(
    wrong.map(async ([args, says]) => {
      const { code, stdout, stderr } = await postern(args)
      t.equal(code, 2, args.join(' '))
      t.equal(stdout, '', args.join(' '))
      t.match(stderr, says)
      t.match(stderr, /--help` says more/)
    }),
  )
})

t.test('without a command the help is printed, and it is a usage error', async (t) => {
  const { code, stdout, stderr } = await postern([])
  t.equal(code, 2)
  t.equal(stdout, '')
  t.match(stderr, /Usage: postern/)
})

t.test('help begins with what a command is for and with examples', async (t) => {
  const { code, stdout, stderr } = await postern(['--help'])
  t.equal(code, 0)
  t.equal(stderr, '')
  t.ok(stdout.indexOf('Examples:') < stdout.indexOf('Usage:'))
  for (const { name, description } of COMMANDS) {
    const help = await postern([...name.split(' '), '--help'])
    t.equal(help.code, 0, name)
    t.ok(help.stdout.startsWith(description[0]?.slice(0, 30) ?? '-'), name)
    t.ok(help.stdout.indexOf('Examples:') < help.stdout.indexOf('Usage:'), name)
  }
})

t.test('a file that is missing is one sentence and exit code 3, with a stack only for those who ask', async (t) => {
  const plain = await postern(['inspect', '/nowhere/edge.ptb'])
  t.match(plain, { code: 3, stdout: '', stderr: 'postern: there is no file /nowhere/edge.ptb (the bundle) (file-missing)\n' })
  const debug = await postern(['inspect', '/nowhere/edge.ptb'], { env: { POSTERN_DEBUG: '1' } })
  t.equal(debug.code, 3)
  t.match(debug.stderr, /^ {4}at /m)
})

t.test('colour is for terminals and for those who force it', async (t) => {
  const args = ['inspect', '/nowhere/edge.ptb']
  t.notMatch((await postern(args)).stderr, '\u001b[')
  t.ok((await postern(args, { env: { FORCE_COLOR: '1' } })).stderr.includes('\u001b['))
  t.notOk((await postern(args, { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })).stderr.includes('\u001b['))
})

t.test('a reader that has seen enough ends a command quietly', async (t) => {
  const launcher = new URL('./postern.js', import.meta.url).pathname
  const { status, stdout, stderr } = spawnSync('sh', ['-c', '"$1" "$2" explain | head -n 1', 'sh', process.execPath, launcher], {
    encoding: 'utf8',
  })
  t.equal(status, 0)
  t.match(stdout, /^PST0001/)
  t.equal(stderr, '')
})
