/** Media types without parameters: `application/json`, or `text/*` for all of a kind. RFC 9110 §8.3.1 and §12.5.1. */
import { parseFieldName } from './field-name.ts'
import { isMistake, type Mistake, mistake } from './grammar.ts'

/** In lower case. */
export function parseMediaRange(text: string): string | Mistake {
  const semicolon = text.indexOf(';')
  if (semicolon !== -1)
    return mistake('a media type stands without parameters here', semicolon, text.length, `\`${text.slice(0, semicolon).trim()}\``)
  const [type = '', subtype, ...more] = text.split('/')
  if (subtype === undefined || more.length > 0)
    return mistake(`\`${text}\` is not a media type`, 0, text.length, 'such as `application/json`')
  if (type === '*') return mistake('`*` stands only behind the slash', 0, 1, '`text/*`, `application/json` and so on')
  for (const [part, start] of [[type, 0] as const, [subtype, type.length + 1] as const]) {
    const name = parseFieldName(part)
    // `*` is a character of tokens, and nothing but a wildcard here.
    const star = part === '*' ? -1 : part.indexOf('*')
    if (isMistake(name) || star !== -1) return mistake(`\`${text}\` is not a media type`, start, start + part.length, 'such as `text/*`')
  }
  return text.toLowerCase()
}
