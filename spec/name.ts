/** Names of resources: lower-case letters, digits and hyphens, 1 to 63, beginning and ending with a letter or digit (an RFC 1123 label). */
import { characterAt, endOfCharacter, type Mistake, mistake } from './grammar.ts'

const MAX_NAME_CHARACTERS = 63
const HINT = 'lower-case letters, digits and hyphens'

export function parseName(text: string): string | Mistake {
  if (text === '') return mistake('a name is empty', 0, 0, HINT)
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (isLower(code) || isDigit(code) || code === 0x2d) continue
    return mistake(`\`${characterAt(text, at)}\` cannot stand in a name`, at, endOfCharacter(text, at), hint(text))
  }
  if (text.startsWith('-')) return mistake('a name begins with a letter or digit', 0, 1)
  if (text.endsWith('-')) return mistake('a name ends with a letter or digit', text.length - 1, text.length)
  if (text.length > MAX_NAME_CHARACTERS) {
    return mistake(`a name has at most ${MAX_NAME_CHARACTERS} characters`, MAX_NAME_CHARACTERS, text.length)
  }
  return text
}

/** The nearest name that would do, if there is one. */
function hint(text: string): string {
  const near = text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, MAX_NAME_CHARACTERS)
  return near === '' ? HINT : `such as \`${near}\`: ${HINT}`
}

function isLower(code: number): boolean {
  return code >= 0x61 && code <= 0x7a
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}
