/** Base paths: literal segments in front of every route of an API, such as `/weather`; empty for none. */
import { isMistake, type Mistake, mistake } from './grammar.ts'
import { canonicalSegment } from './path-segment.ts'

/** Canonical form, without a slash at the end; may be empty. */
export function parseBasePath(text: string): string | Mistake {
  if (text === '') return ''
  if (!text.startsWith('/')) return mistake('a base path begins with `/`', 0, text.length, `\`/${text.replace(/\/+$/, '')}\``)
  if (text === '/') return mistake('a base path does not end with `/`', 0, 1, 'leave `basePath` out')
  if (text.endsWith('/'))
    return mistake('a base path does not end with `/`', text.length - 1, text.length, `\`${text.replace(/\/+$/, '')}\``)
  let canonical = ''
  for (let start = 1; start <= text.length; ) {
    const slash = text.indexOf('/', start)
    const end = slash === -1 ? text.length : slash
    if (end === start) return mistake('a path has no empty segment', start - 1, start + 1, 'one `/`')
    const special = text.slice(start, end).search(/[{}*]/)
    if (special !== -1) {
      return mistake('a base path has no parameters', start + special, start + special + 1, 'put them in the keys of `routes`')
    }
    const segment = canonicalSegment(text, start, end)
    if (isMistake(segment)) return segment
    canonical += `/${segment}`
    start = end + 1
  }
  return canonical
}
