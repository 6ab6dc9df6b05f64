/** Rates of bytes, such as `240B/s` or `1MiB/s`; `off` for none. */
import { parseByteSize } from './byte-size.ts'
import { isMistake, type Mistake, mistake } from './grammar.ts'

const MAX_BYTES_PER_SECOND = 1024 ** 3

/** Bytes per second, at least 1; 0 for `off`. */
export function parseByteRate(text: string): number | Mistake {
  if (text === 'off') return 0
  const slash = text.indexOf('/')
  const size = parseByteSize(slash === -1 ? text : text.slice(0, slash))
  if (isMistake(size)) return ofRate(text, size)
  if (slash === -1) return mistake(`\`${text}\` does not say in which time`, 0, text.length, `did you mean \`${text}/s\`?`)
  if (text.slice(slash) !== '/s') return mistake('rates are per second', slash, text.length, '`/s`')
  if (size === 0) return mistake('a rate is at least `1B/s`', 0, text.length, '`off` for no limit')
  if (size > MAX_BYTES_PER_SECOND) return mistake(`\`${text}\` is more than \`1GiB/s\``, 0, text.length)
  return size
}

/** What is wrong with the size in front of `/s`, in terms of the rate. */
function ofRate(text: string, { message, start, end, hint }: Mistake): Mistake {
  const words = message.replace(/^(a )?size/, '$1rate').replace('not a size', 'not a rate')
  if (/^[0-9]+(\/s)?$/.test(text)) return mistake(words, start, end, `\`${text.replace('/s', '')}B/s\` if bytes are meant`)
  return mistake(words, start, end, text === '' || hint === undefined ? 'such as `240B/s`, or `off`' : hint.replace(/B`\?$/, 'B/s`?'))
}
