/**
 * OpenAPI 3 documents as operations: each becomes a route. Only paths, methods and operationIds are read; parameters stay plain
 * (`{id}` even where the schema says integer), so that a wrong value is answered by the service, which knows how to say so.
 *
 * A path may have parameters within a segment, which our templates write as one constrained parameter:
 * `/compare/{base}...{head}` is `/compare/{base-head:.+\.\.\..+}`.
 */
import type { Range, Report } from '../spec/diagnostic.ts'
import { isMistake, type Mistake } from '../spec/grammar.ts'
import { ROUTE_METHODS } from '../spec/method.ts'
import { canonicalSegment } from '../spec/path-segment.ts'
import { escapePattern, parsePathTemplate } from '../spec/path-template.ts'
import type { Document, Entry, MapNode, Node, Operation } from './document.ts'
import { describe, literalRange } from './schema-ranges.ts'

/** Methods that OpenAPI 3.0 to 3.2 can name and a gateway does not route. */
const UNROUTED_METHODS = ['trace']

export interface OpenApi {
  readonly document: Document
  readonly operations: readonly Operation[]
}

/** The operations of a document in the order they are written; mistakes are reported and left out. */
export function readOpenApi(document: Document, report: Report): OpenApi {
  const operations: Operation[] = []
  const { root } = document
  if (checkVersion(document, report)) {
    const paths = root.type === 'map' ? valueAt(root, 'paths') : undefined
    if (paths?.type === 'map') {
      for (const entry of paths.entries) if (!entry.key.startsWith('x-')) readPath(entry, document, operations, report)
    } else if (
      paths !== undefined ||
      (root.type === 'map' && valueAt(root, 'webhooks') === undefined && valueAt(root, 'components') === undefined)
    ) {
      const at = paths ?? (root as MapNode).entries[0]?.node ?? root
      report.error(
        'PST0130',
        rangeOf(document, at),
        paths ? `\`paths\` is ${describe(paths)}, not a map` : 'the OpenAPI document has no `paths`',
      )
    }
  }
  reportDuplicateNames(operations, document, report)
  return { document, operations }
}

function checkVersion(document: Document, report: Report): boolean {
  const { root } = document
  if (root.type !== 'map') {
    report.error('PST0130', rangeOf(document, root), `an OpenAPI document is a map, not ${describe(root)}`)
    return false
  }
  const swagger = root.entries.find((entry) => entry.key === 'swagger')
  if (swagger) {
    report.error('PST0130', rangeOf(document, swagger.node), `this is a Swagger ${describe(swagger.node)} document, not OpenAPI 3`, {
      hint: 'convert it first, with `swagger2openapi` for example',
    })
    return false
  }
  const version = root.entries.find((entry) => entry.key === 'openapi')
  if (version === undefined) {
    const first = root.entries[0]
    const range = first ? { file: document.source.file, start: first.keyStart, end: first.keyEnd } : rangeOf(document, root)
    report.error('PST0130', range, 'this is not an OpenAPI document: it has no key `openapi`')
    return false
  }
  const { node } = version
  const written = node.type === 'scalar' ? String(node.value) : ''
  if (/^3\.[01](\.[0-9]+)?(-.*)?$/.test(written)) return true
  report.error('PST0130', rangeOf(document, node), `OpenAPI ${describe(node)} is not supported`, { hint: 'OpenAPI 3.0 and 3.1 are' })
  return false
}

function readPath(path: Entry, document: Document, operations: Operation[], report: Report): void {
  const item = resolveItem(path.node, document, report)
  if (item === undefined) return
  const methods = item.entries.filter((entry) => isMethod(entry.key))
  if (methods.length === 0) return
  const keyRange: Range = { file: document.source.file, start: path.keyStart, end: path.keyEnd }
  const template = templateOf(path.key)
  if (isMistake(template)) {
    const range = literalRange(document, keyRange, path.key)
    report.error(
      'PST0131',
      range(template.start, template.end),
      `path \`${path.key}\` cannot be a route: ${template.message}`,
      template.hint === undefined ? {} : { hint: template.hint },
    )
    return
  }
  for (const method of methods) {
    const range: Range = { file: document.source.file, start: method.keyStart, end: method.keyEnd }
    if (UNROUTED_METHODS.includes(method.key)) {
      report.warning('PST0131', range, `\`${method.key.toUpperCase()}\` is not routed: the operation is left out`)
      continue
    }
    const key = `${method.key.toUpperCase()} ${template}`
    const id = method.node.type === 'map' ? valueAt(method.node, 'operationId') : undefined
    const name = id?.type === 'scalar' && typeof id.value === 'string' && id.value !== '' ? id.value : key
    operations.push({ key, name, range })
  }
}

/** A path item, where it is a `$ref` the one it refers to within the same document. */
function resolveItem(node: Node, document: Document, report: Report): MapNode | undefined {
  const seen = new Set<Node>()
  let at: Node | undefined = node
  for (;;) {
    if (at.type !== 'map') {
      if (at.type === 'scalar' && at.value === null) return undefined
      report.error('PST0131', rangeOf(document, at), `a path item is a map, not ${describe(at)}`)
      return undefined
    }
    const reference = valueAt(at, '$ref')
    if (reference === undefined) return at
    const pointer = reference.type === 'scalar' ? String(reference.value) : ''
    const found: Node | undefined = pointer.startsWith('#/') && !seen.has(at) ? follow(document.root, pointer) : undefined
    if (found === undefined) {
      const isCircle = seen.has(at)
      const isOutside = !pointer.startsWith('#')
      const message = isCircle
        ? `\`${pointer}\` leads back to itself`
        : isOutside
          ? `\`${pointer}\` is in another document`
          : `\`${pointer}\` leads nowhere`
      report.error(
        'PST0133',
        rangeOf(document, reference),
        message,
        isOutside ? { hint: 'bundle the description into one document first' } : {},
      )
      return undefined
    }
    seen.add(at)
    at = found
  }
}

/** A JSON pointer in a fragment (RFC 6901 §6). */
function follow(root: Node, pointer: string): Node | undefined {
  let at: Node | undefined = root
  for (const step of pointer.slice(2).split('/')) {
    const key = decode(step).replaceAll('~1', '/').replaceAll('~0', '~')
    at = at?.type === 'map' ? valueAt(at, key) : at?.type === 'list' ? at.items[Number(key)] : undefined
  }
  return at
}

function decode(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    return step
  }
}

/** An OpenAPI path as one of our templates, or why it cannot be one; offsets are those of the path. */
export function templateOf(path: string): string | Mistake {
  const names = new Set<string>()
  let template = ''
  for (let start = 0; start < path.length; ) {
    const next = path.indexOf('/', start + 1)
    const end = next === -1 ? path.length : next
    // What stands in front of the first slash is no segment; the template's own grammar says so.
    if (path[start] !== '/') return mistakeOf(path)
    const segment = templateSegment(path, start + 1, end, names)
    if (isMistake(segment)) return segment
    template += `/${segment}`
    start = end
  }
  const parsed = parsePathTemplate(template)
  return isMistake(parsed) ? mistakeOf(path, parsed) : template
}

/** Text and parameters in turn; a segment that is one parameter, or has none, stays what it is. */
function templateSegment(path: string, start: number, end: number, names: Set<string>): string | Mistake {
  const whole = path.slice(start, end)
  const pieces = [...whole.matchAll(/\{([^{}]*)\}/g)]
  if (pieces.length === 0) {
    const stray = whole.search(/[{}]/)
    if (stray !== -1) return { mistake: true, message: 'a brace stands alone', start: start + stray, end: start + stray + 1 }
    return whole
  }
  const wanted = pieces.map(([, name = '']) => parameterName(name))
  const name = uniqueName(wanted.join('-'), names)
  if (pieces.length === 1 && pieces[0]?.[0] === whole) return `{${name}}`
  let pattern = ''
  let at = 0
  for (const piece of pieces) {
    const literal = literalPattern(path, start + at, start + piece.index)
    if (isMistake(literal)) return literal
    // Two parameters side by side are one to a matcher.
    if (!(literal === '' && pattern.endsWith('.+'))) pattern += `${literal}.+`
    at = piece.index + piece[0].length
  }
  const rest = literalPattern(path, start + at, end)
  return isMistake(rest) ? rest : `{${name}:${pattern}${rest}}`
}

/** A pattern for the literal text between parameters, in the form in which requests are matched. */
function literalPattern(path: string, start: number, end: number): string | Mistake {
  const text = path.slice(start, end)
  const stray = text.search(/[{}]/)
  if (stray !== -1) return { mistake: true, message: 'a brace stands alone', start: start + stray, end: start + stray + 1 }
  // `.` and `..` are refused as whole segments only.
  if (text === '.' || text === '..') return escapePattern(text)
  const canonical = canonicalSegment(path, start, end)
  if (isMistake(canonical)) return canonical
  try {
    // In a pattern a character stands for its percent-encoded form too.
    return escapePattern(decodeURIComponent(canonical))
  } catch {
    return { mistake: true, message: 'percent-encoded bytes beside a parameter are not UTF-8', start, end }
  }
}

/** Names that OpenAPI allows and our grammar does not, such as `{user:id}` or `{123}`. */
function parameterName(written: string): string {
  const name = written.replaceAll(/[^A-Za-z0-9_.-]/g, '_')
  return /^[A-Za-z_]/.test(name) ? name : `_${name}`
}

function uniqueName(name: string, names: Set<string>): string {
  let unique = name
  for (let number = 2; names.has(unique); number++) unique = `${name}-${number}`
  names.add(unique)
  return unique
}

function mistakeOf(path: string, inner?: Mistake): Mistake {
  return {
    mistake: true,
    message: inner?.message ?? 'a path begins with `/`',
    start: 0,
    end: path.length,
    ...(inner?.hint === undefined ? {} : { hint: inner.hint }),
  }
}

function reportDuplicateNames(operations: readonly Operation[], document: Document, report: Report): void {
  const first = new Map<string, Operation>()
  const { text } = document.source
  for (const operation of operations) {
    const before = first.get(operation.name)
    // A key that stands twice is two routes for the same requests, which the checks report.
    if (before === undefined || operation.name === operation.key) {
      if (before === undefined) first.set(operation.name, operation)
      continue
    }
    const method = text.slice(operation.range.start, operation.range.end)
    report.error('PST0132', operation.range, `operationId \`${operation.name}\` stands twice, here on ${method}`, {
      related: [{ range: before.range, message: 'it stands here first' }],
    })
  }
}

function isMethod(key: string): boolean {
  return (ROUTE_METHODS as readonly string[]).includes(key.toUpperCase()) ? key === key.toLowerCase() : UNROUTED_METHODS.includes(key)
}

function valueAt(map: MapNode, key: string): Node | undefined {
  return map.entries.find((entry) => entry.key === key)?.node
}

function rangeOf(document: Document, node: Node): Range {
  return { file: document.source.file, start: node.start, end: node.end }
}
