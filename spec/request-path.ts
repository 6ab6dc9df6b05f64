/** What a health check asks for: a path and perhaps a query, as they are sent. RFC 9112 §3.2.1, RFC 3986 §3.3 and §3.4. */
import { characterAt, endOfCharacter, type Mistake, mistake } from './grammar.ts'

const MAX_CHARACTERS = 1024

export function parseRequestPath(text: string): string | Mistake {
  if (text === '') return mistake('a path is empty', 0, 0, '`/`')
  if (!text.startsWith('/')) return mistake('a path begins with `/`', 0, text.length, `\`/${text}\``)
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x23) return mistake('a fragment is never sent', at, text.length)
    if (code > 0x20 && code < 0x7f && !'"<>\\^`{|}'.includes(String.fromCharCode(code))) continue
    return mistake(`\`${characterAt(text, at)}\` cannot stand in a path`, at, endOfCharacter(text, at), 'percent-encoded')
  }
  if (text.length > MAX_CHARACTERS) return mistake(`this path has more than ${MAX_CHARACTERS} characters`, MAX_CHARACTERS, text.length)
  return text
}
