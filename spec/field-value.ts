/** Values of header fields: visible ASCII, spaces and tabs, none at either end (RFC 9110 §5.5; what it calls obs-text has no meaning anybody agrees on). */
import { characterAt, endOfCharacter, isMistake, type Mistake, mistake } from './grammar.ts'
import { parseText } from './secret-reference.ts'

const MAX_FIELD_VALUE_CHARACTERS = 8192

/** The value; may be empty. */
export function parseFieldValue(text: string): string | Mistake {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if ((code >= 0x20 && code <= 0x7e) || code === 0x09) continue
    const isBreak = code === 0x0a || code === 0x0d
    const message = isBreak ? 'a field value has no line breaks' : `\`${characterAt(text, at)}\` cannot stand in a field value`
    return mistake(message, at, endOfCharacter(text, at), code > 0x7f ? 'visible ASCII only' : undefined)
  }
  if (/^[ \t]/.test(text)) return mistake('a field value does not begin with white space', 0, text.length - text.trimStart().length)
  if (/[ \t]$/.test(text)) return mistake('a field value does not end with white space', text.trimEnd().length, text.length)
  if (text.length > MAX_FIELD_VALUE_CHARACTERS) {
    return mistake(`a field value has at most ${MAX_FIELD_VALUE_CHARACTERS} characters`, MAX_FIELD_VALUE_CHARACTERS, text.length)
  }
  const plain = parseText(text)
  return isMistake(plain) ? plain : text
}
