/**
 * The three traps that everybody steps into who writes hosts, references and patterns in YAML without quotes:
 *
 *     hosts: [*.example.com]              `*` makes an alias
 *     { token: ${env:TOKEN} }             `{` begins a map within `{}` and `[]`
 *     GET /stations/{id: [0-9]+}: {}      `: ` ends the key, ` #` begins a comment
 */

export interface Trap {
  readonly message: string
  readonly start: number
  readonly end: number
  readonly hint: string
}

/** The trap in the line where a syntax error stands, if there is one. */
export function syntaxHint(text: string, offset: number): Trap | undefined {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1
  const lineBreak = text.indexOf('\n', offset)
  const line = text.slice(lineStart, lineBreak === -1 ? text.length : lineBreak).replace(/\r$/, '')
  const here = trapOf(line) ?? undefined
  if (here) return { ...here, start: here.start + lineStart, end: here.end + lineStart }
  // A comment or a nested map that began in a route key is noticed only on the line behind it.
  if (lineStart === 0 || line.trim() === '') return undefined
  const previousStart = text.lastIndexOf('\n', lineStart - 2) + 1
  const previous = text.slice(previousStart, lineStart - 1).replace(/\r$/, '')
  const key = unquotedKeyTrap(previous)
  return key && { ...key, start: key.start + previousStart, end: key.end + previousStart }
}

function trapOf(line: string): Trap | undefined {
  return wildcardTrap(line) ?? unquotedKeyTrap(line) ?? referenceTrap(line) ?? flowKeyTrap(line)
}

function wildcardTrap(line: string): Trap | undefined {
  const found = /(?:^|[\s[,{:-])(\*\.[A-Za-z0-9.-]+)/.exec(line)
  const host = found?.[1]
  if (!found || host === undefined || isQuoted(line, found.index + found[0].length - host.length)) return undefined
  const start = found.index + found[0].length - host.length
  return { message: 'a text without quotes cannot begin with `*`', start, end: start + host.length, hint: `\`"${host}"\`` }
}

function referenceTrap(line: string): Trap | undefined {
  const found = /\$\{[^}\s,]*\}?/.exec(line)
  if (!found || isQuoted(line, found.index) || !/[[{]/.test(line.slice(0, found.index))) return undefined
  const message = 'within `{}` and `[]` a text with braces needs quotes'
  return { message, start: found.index, end: found.index + found[0].length, hint: `\`"${found[0]}"\`` }
}

const METHOD_AND_PATH = /(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|QUERY) \/\S*/

/** `GET /a/{id: [0-9]+}: {}`: what stands in braces has `: ` or ` #`. */
export function unquotedKeyTrap(line: string): Trap | undefined {
  const found = METHOD_AND_PATH.exec(line)
  if (!found || isQuoted(line, found.index)) return undefined
  const open = line.indexOf('{', found.index)
  if (open === -1) return undefined
  const close = line.indexOf('}', open)
  const inner = line.slice(open, close === -1 ? line.length : close)
  const trap = /: | #/.exec(inner)
  // `GET /a/{id}: { … }` is as it should be.
  if (!trap || (open > found.index + found[0].length && /:\s*$/.test(line.slice(0, open)))) return undefined
  // `GET /a/{id: {}`: a brace is missing, and quotes would not bring it.
  if (/^\s*\{/.test(inner.slice(trap.index + 2))) return undefined
  const key = line.slice(found.index, close === -1 ? line.length : close + 1).trimEnd()
  const what = trap[0] === ': ' ? '`: ` ends a key' : '` #` begins a comment'
  return {
    message: `without quotes, ${what}`,
    start: open + trap.index,
    end: open + trap.index + 2,
    hint: `quotes round the key: \`"${key.replaceAll(/(\{[\w-]+:) /g, '$1')}"\``,
  }
}

/** `routes: { GET /a/{id}: {} }`: within braces, braces end a text. */
function flowKeyTrap(line: string): Trap | undefined {
  const found = /(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|QUERY) \/[^\s,]*\{[^}]*\}[^\s:,}]*/.exec(line)
  if (!found || isQuoted(line, found.index) || !/[[{]/.test(line.slice(0, found.index))) return undefined
  const message = 'within `{}` and `[]` a text with braces needs quotes'
  return { message, start: found.index, end: found.index + found[0].length, hint: `\`"${found[0]}"\`` }
}

/** Whether an odd number of quotes stands before: good enough for a line that was not understood anyway. */
function isQuoted(line: string, at: number): boolean {
  const before = line.slice(0, at)
  return before.split('"').length % 2 === 0 || before.split("'").length % 2 === 0
}
