/** `postern explain`: what a diagnostic code means, from the table that the documentation is made from. */
import { compilePolicies } from '../policies/compile-index.ts'
import { CODES, type CodeExplanation } from '../spec/codes.ts'
import { paint, type Terminal } from './terminal.ts'

export async function run([wanted]: readonly string[], _options: unknown, terminal: Terminal): Promise<number> {
  const codes = allCodes()
  if (wanted === undefined) {
    const width = Math.max(...codes.keys().map((code) => code.length))
    for (const [code, { title }] of codes) terminal.print(`${code.padEnd(width)}  ${title}`)
    return 0
  }
  const code = /^pst\d+$/i.test(wanted) ? wanted.toUpperCase() : wanted
  const found = codes.get(code)
  if (found === undefined) {
    terminal.say(`there is no code \`${wanted}\`; \`postern explain\` lists all of them`)
    return 1
  }
  terminal.print(`${paint('bold', code, terminal.colorOut)}: ${found.title}`)
  if (found.explanation !== '') terminal.print(`\n${found.explanation}`)
  if (found.wrong !== undefined) terminal.print(`\nWrong:\n${indent(found.wrong)}`)
  if (found.right !== undefined) terminal.print(`\nRight:\n${indent(found.right)}`)
  return 0
}

/** The core's, then the policies' own. */
function allCodes(): ReadonlyMap<string, CodeExplanation> {
  const codes = new Map<string, CodeExplanation>(Object.entries(CODES))
  for (const { policy } of Object.values(compilePolicies)) {
    for (const [code, title] of Object.entries(policy.codes ?? {})) codes.set(code, { title, explanation: '' })
  }
  return codes
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ')
}
