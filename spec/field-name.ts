/** Names of header fields: tokens, RFC 9110 §5.1 and §5.6.2. */
import { characterAt, endOfCharacter, type Mistake, mistake } from './grammar.ts'

const MAX_FIELD_NAME_CHARACTERS = 256

/** The name as it was written. */
export function parseFieldName(text: string): string | Mistake {
  if (text === '') return mistake('a field name is empty', 0, 0)
  for (let at = 0; at < text.length; at++) {
    if (isTokenCharacter(text.charCodeAt(at))) continue
    const hint = text[at] === ':' ? 'the name only, without `:` and value' : undefined
    return mistake(`\`${characterAt(text, at)}\` cannot stand in a field name`, at, endOfCharacter(text, at), hint)
  }
  if (text.length > MAX_FIELD_NAME_CHARACTERS) {
    return mistake(`a field name has at most ${MAX_FIELD_NAME_CHARACTERS} characters`, MAX_FIELD_NAME_CHARACTERS, text.length)
  }
  return text
}

function isTokenCharacter(code: number): boolean {
  if ((code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39)) return true
  return code < 0x80 && "!#$%&'*+-.^_`|~".includes(String.fromCharCode(code))
}
