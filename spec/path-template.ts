/**
 * Path templates and route keys: `GET /stations/{id:[0-9]+}/x/**`.
 *
 *     literal       `forecast`        compared in canonical form
 *     parameter     `{city}`          any one non-empty segment
 *     constrained   `{id:[0-9]+}`     one segment that the pattern matches from end to end
 *     rest          `**`              zero or more segments; last only
 */
import { characterAt, endOfCharacter, isMistake, type Mistake, mistake } from './grammar.ts'
import { parseMethod, type RouteMethod } from './method.ts'
import { canonicalSegment } from './path-segment.ts'

/** A segment of a template. Offsets are those of the segment in the text that was parsed. */
export type Segment =
  | { readonly type: 'literal'; readonly text: string; readonly start: number; readonly end: number }
  | { readonly type: 'parameter'; readonly name: string; readonly start: number; readonly end: number }
  | {
      readonly type: 'constrained'
      readonly name: string
      readonly pattern: string
      /** Where the pattern stands. */
      readonly patternStart: number
      readonly patternEnd: number
      readonly start: number
      readonly end: number
    }
  | { readonly type: 'rest'; readonly start: number; readonly end: number }

export interface PathTemplate {
  readonly segments: readonly Segment[]
}

export interface RouteKey extends PathTemplate {
  readonly method: RouteMethod
  /** The template as it was written. */
  readonly template: string
}

/** Segments of a template, and so of a path that it can match; the gateway's limit. */
export const MAX_TEMPLATE_SEGMENTS = 256
export const MAX_TEMPLATE_CHARACTERS = 4096

/** A method, one space, a template. */
export function parseRouteKey(text: string): RouteKey | Mistake {
  const space = text.indexOf(' ')
  if (space === -1) {
    if (text.startsWith('/')) return mistake('a route begins with a method', 0, text.length, `such as \`GET ${text}\``)
    const method = parseMethod(text)
    return isMistake(method) ? method : mistake('a route has a path behind the method', 0, text.length, `such as \`${text} /\``)
  }
  const method = parseMethod(text.slice(0, space))
  if (isMistake(method)) return method
  const template = text.slice(space + 1)
  if (template.startsWith(' ')) return mistake('one space stands between method and path', space, text.length - template.trimStart().length)
  const parsed = parseSegments(text, space + 1)
  return isMistake(parsed) ? parsed : { method, template, segments: parsed }
}

export function parsePathTemplate(text: string): PathTemplate | Mistake {
  const parsed = parseSegments(text, 0)
  return isMistake(parsed) ? parsed : { segments: parsed }
}

function parseSegments(text: string, from: number): readonly Segment[] | Mistake {
  if (text.length - from > MAX_TEMPLATE_CHARACTERS)
    return mistake(`a path has at most ${MAX_TEMPLATE_CHARACTERS} characters`, from, text.length)
  if (text[from] !== '/') return mistake('a path begins with `/`', from, text.length, `\`/${text.slice(from)}\``)
  const segments: Segment[] = []
  for (let start = from + 1; ; ) {
    const end = endOfSegment(text, start)
    if (isMistake(end)) return end
    const segment = parseSegment(text, start, end)
    if (isMistake(segment)) return segment
    const isLast = end === text.length
    if (segment.type === 'rest' && !isLast) return mistake('`**` stands only at the end of a path', start, end)
    if (segment.type === 'literal' && segment.text === '' && !isLast)
      return mistake('a path has no empty segment', start - 1, start + 1, 'one `/`')
    const twice = parameterName(segment)
    if (twice !== undefined && segments.some((other) => parameterName(other) === twice)) {
      return mistake(`parameter \`${twice}\` stands twice`, start, end)
    }
    segments.push(segment)
    if (segments.length > MAX_TEMPLATE_SEGMENTS) return mistake(`a path has at most ${MAX_TEMPLATE_SEGMENTS} segments`, start, text.length)
    if (isLast) return segments
    start = end + 1
  }
}

function parseSegment(text: string, start: number, end: number): Segment | Mistake {
  if (text[start] === '{') return parseParameter(text, start, end)
  const whole = text.slice(start, end)
  if (whole === '**') return { type: 'rest', start, end }
  const brace = whole.search(/[{}]/)
  if (brace !== -1) {
    return mistake('a parameter is a whole segment', start, end, partialHint(whole))
  }
  const star = whole.indexOf('*')
  if (star !== -1) {
    const hint = whole === '*' ? '`{name}` for one segment, `**` for all that follow' : 'a pattern, such as `{file:.+[.]json}`'
    return mistake('`*` cannot stand in a path', start + star, start + star + 1, hint)
  }
  if (whole.startsWith(':')) return mistake('`:` does not make a parameter', start, end, `did you mean \`{${whole.slice(1)}}\`?`)
  const literal = canonicalSegment(text, start, end)
  return isMistake(literal) ? literal : { type: 'literal', text: literal, start, end }
}

function parseParameter(text: string, start: number, end: number): Segment | Mistake {
  const close = closingBrace(text, start)
  if (close + 1 !== end) return mistake('a parameter is a whole segment', start, end, partialHint(text.slice(start, end)))
  const colon = text.slice(start, close).indexOf(':')
  const nameEnd = colon === -1 ? close : start + colon
  const name = text.slice(start + 1, nameEnd)
  if (name === '') return mistake('a parameter has no name', start, end, 'such as `{id}`')
  if (name === '**' || name.endsWith('*'))
    return mistake(`\`{${name}}\` is not a parameter`, start, end, '`**` for all segments that follow')
  for (let at = start + 1; at < nameEnd; at++) {
    if (/[A-Za-z_]/.test(text[at] as string) || (at > start + 1 && /[0-9.-]/.test(text[at] as string))) continue
    const what = at === start + 1 ? 'begin' : 'stand in'
    return mistake(
      `\`${characterAt(text, at)}\` cannot ${what} the name of a parameter`,
      at,
      endOfCharacter(text, at),
      'letters, digits, `_`, `-` and `.`',
    )
  }
  if (colon === -1) return { type: 'parameter', name, start, end }
  const patternStart = nameEnd + 1
  if (patternStart === close) return mistake('a constraint is empty', nameEnd, close, `\`{${name}}\` for any segment`)
  return { type: 'constrained', name, pattern: text.slice(patternStart, close), patternStart, patternEnd: close, start, end }
}

/** The next `/` outside of braces, or the end of the text. */
function endOfSegment(text: string, start: number): number | Mistake {
  for (let at = start; at < text.length; at++) {
    if (text[at] === '/') return at
    if (text[at] !== '{') continue
    const close = closingBrace(text, at)
    if (close === -1) return mistake('`{` has no `}`', at, text.length)
    at = close
  }
  return text.length
}

/** The brace that closes the one at `open`; braces of a pattern (`{3}`) nest, escaped ones and those in classes do not count. -1 if none does. */
function closingBrace(text: string, open: number): number {
  let depth = 0
  let isInClass = false
  for (let at = open; at < text.length; at++) {
    const character = text[at]
    if (character === '\\') at++
    else if (isInClass) isInClass = character !== ']'
    else if (character === '[') isInClass = depth > 0
    else if (character === '{') depth++
    else if (character === '}' && --depth === 0) return at
  }
  return -1
}

/** `v{version}` as the constrained parameter that means the same. */
function partialHint(whole: string): string {
  const parameters = [...whole.matchAll(/\{([A-Za-z_][A-Za-z0-9_]*)\}/g)]
  if (parameters.length === 0) return 'such as `{id}`'
  const name = parameters.map((found) => found[1]).join('-')
  const parts = whole.split(/\{[A-Za-z_][A-Za-z0-9_]*\}/)
  if (parts.some((part) => /[{}]/.test(part))) return 'such as `{id}`'
  return `\`{${name}:${parts.map(escapePattern).join('.+')}}\` matches the whole segment`
}

/** The text as a pattern that matches it and nothing else. */
export function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

function parameterName(segment: Segment): string | undefined {
  return segment.type === 'parameter' || segment.type === 'constrained' ? segment.name : undefined
}

/** A segment's place in a route key, moved to where the key stands in a source. */
export function segmentRange(segment: Segment, keyStart: number): { readonly start: number; readonly end: number } {
  return { start: segment.start + keyStart, end: segment.end + keyStart }
}
