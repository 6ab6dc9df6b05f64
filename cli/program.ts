/**
 * The program: takes the command line apart, calls one command, and turns what comes back into an exit code.
 * 0 ok, 1 findings, 2 usage, 3 environment, 70 a bug, 130 interrupted.
 */
import { Argument, Command, CommanderError, Option } from 'commander'
import { PosternError } from '../bundle/error.ts'
import manifest from '../package.json' with { type: 'json' }
import { COMMANDS, type CommandDefinition, type Example } from './commands.ts'
import { paint, systemTerminal, type Terminal } from './terminal.ts'

const USAGE = 2
const ENVIRONMENT = 3
const BUG = 70

await main(process.argv.slice(2))

async function main(argv: readonly string[]): Promise<void> {
  const terminal = systemTerminal()
  process.once('uncaughtException', (error) => process.exit(report(error, terminal)))
  const program = makeProgram(terminal, (code) => {
    process.exitCode = code
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    process.exitCode = report(error, terminal)
  }
}

function makeProgram(terminal: Terminal, finished: (code: number) => void): Command {
  const program = new Command('postern')
    .version(`postern ${manifest.version}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText(
      'before',
      introduction(
        'Postern, a declarative API gateway: YAML in git, one signed bundle, live traffic.',
        [
          { command: 'postern init my-gateway', says: 'start a project' },
          { command: 'postern dev my-gateway', says: 'serve it while you edit it' },
          { command: 'postern check my-gateway', says: 'find the mistakes in it' },
        ],
        terminal.colorOut,
      ),
    )
    .addHelpText('after', '\n`postern COMMAND --help` says more about one of them.')
    .helpCommand(false)
    .configureHelp({ subcommandTerm: (command) => command.name() })
  complainBy(program, 'postern', terminal)
  const groups = new Map<string, Command>()
  for (const definition of COMMANDS) {
    const [first = '', second] = definition.name.split(' ')
    if (second === undefined) {
      program.addCommand(makeCommand(first, definition, terminal, finished))
      continue
    }
    let group = groups.get(first)
    if (group === undefined) {
      group = new Command(first)
        .summary(`\`${definition.name}\`: ${definition.summary}`)
        .helpOption('-h, --help', 'print this help')
        .helpCommand(false)
      complainBy(group, `postern ${first}`, terminal)
      groups.set(first, group)
      program.addCommand(group)
    }
    group.addCommand(makeCommand(second, definition, terminal, finished))
  }
  return program
}

function makeCommand(name: string, definition: CommandDefinition, terminal: Terminal, finished: (code: number) => void): Command {
  const command = new Command(name)
    .summary(definition.summary)
    .helpOption('-h, --help', 'print this help')
    .addHelpText('before', introduction(definition.description.join('\n\n'), definition.examples, terminal.colorOut))
  complainBy(command, `postern ${definition.name}`, terminal)
  for (const { name, description, default: fallback } of definition.arguments) {
    const argument = new Argument(name.startsWith('[') ? name : `<${name}>`, description)
    if (fallback !== undefined) argument.default(fallback)
    command.addArgument(argument)
  }
  for (const { flags, description, choices, default: fallback, required, parse } of definition.options) {
    const option = new Option(flags, description)
    if (choices !== undefined) option.choices(choices)
    if (fallback !== undefined) option.default(fallback)
    if (parse !== undefined) option.argParser(parse as (text: string, before: unknown) => unknown)
    if (required === true) option.makeOptionMandatory()
    command.addOption(option)
  }
  return command.action(async () => {
    const module = await definition.load()
    finished(await module.run(command.processedArgs as string[], command.opts() as never, terminal))
  })
}

/** Usage errors: one sentence, and where to read more. */
function complainBy(command: Command, path: string, terminal: Terminal): void {
  command.exitOverride().configureOutput({
    outputError: (text, write) => {
      const sentence = text
        .replace(/^error: /, '')
        .trim()
        .replace('\n', ' ')
      write(`${paint('red', 'postern:', terminal.colorErr)} ${sentence}\n\`${path} --help\` says more.\n`)
    },
  })
}

/** What stands above the usage line: what it is for, then how it is called. */
function introduction(text: string, examples: readonly Example[], color: boolean): string {
  const width = Math.max(...examples.map(({ command }) => command.length))
  const lines = examples.map(({ command, says }) => `  ${command.padEnd(width)}  ${paint('dim', `# ${says}`, color)}`)
  return `${wrap(text)}\n\nExamples:\n${lines.join('\n')}\n`
}

function wrap(text: string, columns = 100): string {
  const paragraphs = text.split('\n\n').map((paragraph) => {
    let line = ''
    const lines: string[] = []
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > columns) {
        lines.push(line)
        line = word
      } else {
        line = line === '' ? word : `${line} ${word}`
      }
    }
    return [...lines, line].join('\n')
  })
  return paragraphs.join('\n\n')
}

/** Says what went wrong, in one sentence; a stack trace is only for those who ask. */
function report(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) {
    // Commander has printed it. It ends by an error also when it has shown what was asked for.
    return error.exitCode === 0 ? 0 : USAGE
  }
  const debug = (process.env['POSTERN_DEBUG'] ?? '') !== ''
  const prefix = paint('red', 'postern:', terminal.colorErr)
  if (error instanceof PosternError) {
    terminal.say(`${prefix} ${error.message} (${error.code})`)
    if (debug) terminal.say(String(error.stack))
    return ENVIRONMENT
  }
  const message = error instanceof Error ? error.message : String(error)
  if (isSystemError(error)) {
    terminal.say(`${prefix} ${message}`)
    if (debug) terminal.say(String(error.stack))
    return ENVIRONMENT
  }
  terminal.say(`${prefix} this is a bug in Postern: ${message.split('\n', 1)[0]}`)
  if (debug) terminal.say(error instanceof Error ? String(error.stack) : String(error))
  else terminal.say('Please report it with the command you typed and what it prints with POSTERN_DEBUG=1.')
  return BUG
}

/** What the system refused (a full disk, too many open files, a working folder that is gone) is no bug, wherever it came up. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'errno' in error
}
