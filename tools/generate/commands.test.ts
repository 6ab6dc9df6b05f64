import { readFileSync } from 'node:fs'
import t from 'tap'
import { commandsPage } from './commands.ts'

t.test('docs/commands.md says what the table of commands says', async (t) => {
  const page = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8')
  t.equal(page, commandsPage(), 'run `npm run generate`')
})

t.test('names, flags and defaults of the contract are there', async (t) => {
  const page = commandsPage()
  for (const usage of [
    'postern init [DIR]',
    'postern keygen [--out DIR]',
    'postern key new [--expires DURATION]',
    'postern check DIR [--format FORMAT] [--gateway NAME]',
    'postern compile DIR [--gateway NAME] [--key FILE] [-o FILE]',
    'postern inspect FILE [--json] [--trust PUB]…',
    'postern resolve METHOD URL --bundle FILE|DIR [-H FIELD]… [--json] [--gateway NAME]',
    'postern dev DIR [--listen HOST:PORT] [--gateway NAME]',
  ]) {
    t.ok(page.includes(`    ${usage}\n`), usage)
  }
})
