/** docs/commands.md, from the table of commands. */
import { COMMANDS, type CommandDefinition, SHARED_EXITS } from '../../cli/commands.ts'
import { write } from './validators.ts'

export function generate(): Promise<readonly string[]> {
  return write('docs/commands.md', commandsPage())
}

export function commandsPage(): string {
  const exits = Object.entries(SHARED_EXITS).map(([code, meaning]) => `| ${code} | ${meaning} |`)
  const list = COMMANDS.map(({ name, summary }) => `- [\`postern ${name}\`](#postern-${name.replace(' ', '-')}): ${summary}`)
  return `<!-- Generated from cli/commands.ts by \`npm run generate\`. -->
# Commands

${list.join('\n')}

\`postern --version\` prints the version, \`postern COMMAND --help\` what is said here. Results go to standard output, messages for
people to standard error. Colour is for terminals; \`NO_COLOR=1\` takes it away and \`FORCE_COLOR=1\` gives it.

| exit code | means |
|---|---|
${exits.join('\n')}

${COMMANDS.map(section).join('\n')}`
}

function section({ name, description, examples, arguments: args, options, exits }: CommandDefinition): string {
  const usage = ['postern', name, ...args.map((argument) => argument.name), ...options.map(usageOf)].join(' ')
  const width = Math.max(...examples.map(({ command }) => command.length))
  const rows = [
    ...args.map(({ name, description, default: value }) => row(name.replace(/[[\]]/g, ''), description, value)),
    ...options.map(({ flags, description, default: value, choices }) =>
      row(
        flags,
        choices === undefined ? description : `${description} One of ${choices.map((choice) => `\`${choice}\``).join(', ')}.`,
        value,
      ),
    ),
  ]
  const codes = Object.entries(exits).map(([code, meaning]) => `- ${code}: ${meaning}`)
  return [
    `## postern ${name}`,
    '',
    ...examples.map(({ command, says }) => `    ${command.padEnd(width)}   # ${says}`),
    '',
    ...description.flatMap((paragraph) => [paragraph, '']),
    `    ${usage}`,
    '',
    ...(rows.length === 0 ? [] : ['| | |', '|---|---|', ...rows, '']),
    ...(codes.length === 0 ? [] : ['Exit codes, beside the common ones:', '', ...codes, '']),
  ].join('\n')
}

function usageOf({ flags, required, parse }: CommandDefinition['options'][number]): string {
  const [short, long = short] = flags.split(', ')
  const flag = (short?.startsWith('--') === false ? flags.replace(`, ${long}`, long?.replace(/^--\S+/, '') ?? '') : flags).replace(
    /[<>]/g,
    '',
  )
  const several = parse?.name === 'several' ? '…' : ''
  return required === true ? `${flag}${several}` : `[${flag}]${several}`
}

function row(name: string, description: string, value: string | undefined): string {
  const text = `${description}${value === undefined ? '' : ` Default: \`${value}\`.`}`
  return `| \`${name.replaceAll('|', '\\|')}\` | ${text.replaceAll('|', '\\|')} |`
}
