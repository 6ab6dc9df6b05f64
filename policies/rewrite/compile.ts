/** Splits the path into text and references to segments of the request's path, all checked against the route's template. */
import { RecordWriter } from '../../bundle/record.ts'
import { isMistake } from '../../spec/grammar.ts'
import { canonicalSegment } from '../../spec/path-segment.ts'
import { nearest } from '../../spec/suggest.ts'
import type { CompileContext, CompilePolicy, ConfigOf } from '../policy.ts'
import type { policy } from './policy.ts'

/** How a part of the path stands in the record; 0 is none of them. */
const TEXT = 1
const SEGMENT = 2
const REST = 3

type Part =
  | { readonly kind: typeof TEXT; readonly text: string }
  | { readonly kind: typeof SEGMENT | typeof REST; readonly segment: number }

export const compile: CompilePolicy<ConfigOf<typeof policy>> = (config, context) => {
  const parts = config.path === undefined ? [] : parsePath(config.path, context)
  const { set = {}, remove = [] } = config.query ?? {}
  let hasConflict = false
  for (const [index, name] of remove.entries()) {
    if (!Object.hasOwn(set, name)) continue
    context.error(
      'rewrite/conflict',
      ['query', 'remove', index],
      `query parameter \`${name}\` is both removed and set`,
      'leave it out of `remove`',
    )
    hasConflict = true
  }
  if (parts === undefined || hasConflict) return undefined
  const entries = Object.entries(set).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const dropped = [...new Set([...remove, ...entries.map(([name]) => name)])].sort()
  const record = new RecordWriter()
    .list(parts, (part, writer) => {
      writer.u8(part.kind)
      if (part.kind === TEXT) writer.string(part.text)
      else writer.u32(part.segment)
    })
    .list(dropped, (name, writer) => writer.string(name))
    .string(entries.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&'))
    .finish()
  return { phase: 'request', record }
}

/** `undefined`: reported. */
function parsePath(path: string, context: CompileContext): readonly Part[] | undefined {
  const refuse = (message: string, hint?: string) => {
    context.error('rewrite/bad-path', ['path'], message, hint)
    return undefined
  }
  if (!path.startsWith('/')) return refuse('a path begins with `/`', `\`/${path}\``)
  if (path.includes('?')) return refuse('a path has no query', 'use `query` for its parameters')
  const segments = path.slice(1).split('/')
  const parts: Part[] = []
  let text = ''
  const flush = () => {
    if (text !== '') parts.push({ kind: TEXT, text })
    text = ''
  }
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    text += '/'
    if (segment === '' && !isLast) return refuse('a path has no empty segment', 'one `/`')
    if (segment === '{**}') return refuse('`{**}` is not a parameter', '`**`, as in the template of the route')
    if (segment === '**') {
      if (!isLast) return refuse('`**` stands only at the end of a path')
      const { restSegment, template } = context.route
      if (restSegment === undefined) {
        context.error(
          'rewrite/no-rest',
          ['path'],
          `the route \`${template}\` does not end with \`**\``,
          'take `**` out, or end the route with it',
        )
        return undefined
      }
      flush()
      parts.push({ kind: REST, segment: restSegment })
      continue
    }
    for (const piece of segment.split(/(\{[^{}]*\})/)) {
      if (piece.startsWith('{') && piece.endsWith('}')) {
        const parameter = parameterOf(piece.slice(1, -1), context)
        if (parameter === undefined) return undefined
        flush()
        parts.push({ kind: SEGMENT, segment: parameter })
        continue
      }
      if (piece.includes('{') || piece.includes('}')) return refuse('`{` and `}` stand around the name of a parameter', 'such as `{id}`')
      if (piece.includes('*')) return refuse('`*` cannot stand in a path', '`**` as the last segment, for all that follow')
      // A dot beside a parameter makes no dot segment: a parameter is never empty, `.` or `..`.
      const canonical = piece !== segment && /^\.{1,2}$/.test(piece) ? piece : canonicalSegment(piece, 0, piece.length)
      if (isMistake(canonical)) return refuse(canonical.message, canonical.hint)
      text += canonical
    }
  }
  flush()
  return parts
}

function parameterOf(name: string, context: CompileContext): number | undefined {
  const { parameters, template } = context.route
  const found = parameters.find((parameter) => parameter.name === name)
  if (found !== undefined) return found.segment
  const names = parameters.map((parameter) => parameter.name)
  const near = nearest(name, names)
  const hint =
    near !== undefined
      ? `did you mean \`{${near}}\`?`
      : names.length === 0
        ? 'the route has none'
        : `it has ${names.map((other) => `\`{${other}}\``).join(', ')}`
  context.error('rewrite/unknown-parameter', ['path'], `the route \`${template}\` has no parameter \`${name}\``, hint)
  return undefined
}

/** RFC 3986 §2: everything but unreserved characters as `%XX` of UTF-8, so that `&`, `=`, `+` and `#` in a value stay part of it. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}
