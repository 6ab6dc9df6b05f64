/**
 * YAML 1.2 (core schema) to nodes, by the package `yaml`. What it leaves to its callers is done here: a duplicate check that is not quadratic
 * (its own needs 118 s for a map of 100 000 keys, this one 0.1 s), limits on depth and on what aliases stand for, words that a person understands.
 */
import { Composer, isAlias, isMap, isScalar, isSeq, type ParsedNode, Parser, type Document as YamlDocument } from 'yaml'
import type { Entry, Node } from './document.ts'
import type { Parsed, Problem } from './parsed.ts'
import { syntaxHint, type Trap } from './yaml-traps.ts'

/** Maps and lists within each other. */
export const MAX_DEPTH = 64
/** Values that all aliases of a document may stand for, aliases within them counted in full. */
export const MAX_ALIASED_VALUES = 100_000
/** Syntax errors that are reported of one file: those behind follow from the first ones. */
const MAX_SYNTAX_ERRORS = 20

export function parseYaml(text: string): Parsed {
  const problems: Problem[] = []
  const documents: Node[] = []
  const tokens: CstToken[] = []
  for (const token of new Parser().parse(text)) {
    const deep = deepToken(token as CstToken)
    // The composer recurses: without this a line of 10 000 brackets would end it.
    if (deep !== undefined) {
      return {
        documents,
        problems: [
          {
            code: 'PST0103',
            message: `nested deeper than ${MAX_DEPTH}`,
            start: deep,
            end: deep + 1,
            hint: 'no resource needs as many levels: a bracket too many, perhaps',
          },
        ],
      }
    }
    tokens.push(token as CstToken)
  }
  const composer = new Composer({ uniqueKeys: false, keepSourceTokens: false, merge: false, version: '1.2', strict: true })
  for (const document of composer.compose(tokens as never[], false, text.length)) {
    addSyntaxErrors(text, document, tokens, problems)
    const { explicit, version } = document.directives.yaml
    if (explicit && version !== '1.2') {
      const start = Math.max(0, text.indexOf('%YAML'))
      const message = `YAML ${version} reads values otherwise: \`yes\` is \`true\`, \`010\` is 8`
      problems.push({ code: 'PST0105', message, start, end: start + '%YAML'.length, hint: 'take the line away' })
    }
    if (document.contents !== null) {
      const root = new Builder(text, problems).build(document)
      const isEmpty = root?.type === 'scalar' && root.value === null && root.start === root.end
      if (root !== undefined && !isEmpty) documents.push(root)
    }
  }
  return { documents, problems }
}

interface CstToken {
  readonly type: string
  readonly offset: number
  readonly source?: string
  /** Of a flow collection its bracket, of others what stands before them. */
  readonly start?: unknown
  readonly end?: readonly CstToken[]
  readonly value?: CstToken
  readonly items?: readonly { readonly key?: CstToken | null; readonly value?: CstToken }[]
}

/** Offset of the first token that is nested too deeply. Does not recurse itself. */
function deepToken(root: CstToken): number | undefined {
  const stack: { token: CstToken; depth: number }[] = [{ token: root, depth: 0 }]
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { token, depth } = top
    if (token.type === 'document') {
      if (token.value) stack.push({ token: token.value, depth })
      continue
    }
    if (!token.items) continue
    if (depth + 1 > MAX_DEPTH) return token.offset
    for (const item of token.items) {
      if (item.key?.items) stack.push({ token: item.key, depth: depth + 1 })
      if (item.value?.items) stack.push({ token: item.value, depth: depth + 1 })
    }
  }
  return undefined
}

function addSyntaxErrors(text: string, document: YamlDocument.Parsed, tokens: readonly CstToken[], problems: Problem[]): void {
  const lines = new Set<number>()
  let isTrapped = false
  for (const error of [...document.errors, ...document.warnings]) {
    if (problems.length >= MAX_SYNTAX_ERRORS) return
    const [from, to] = error.pos
    const start = Math.min(from, text.length)
    const lineStart = text.lastIndexOf('\n', start - 1) + 1
    // The rest of a line that was not understood is not understood either, nor is what comes after a trap.
    if (lines.has(lineStart) || (isTrapped && error.code === 'UNEXPECTED_TOKEN')) continue
    lines.add(lineStart)
    if (error.code === 'TAG_RESOLVE_FAILED') {
      problems.push({ code: 'PST0105', message: `tag \`${text.slice(from, to)}\` has no meaning here`, start, end: to })
      continue
    }
    const trap = syntaxHint(text, start)
    if (trap) isTrapped = true
    const end = Math.max(start, Math.min(to, text.length))
    problems.push({
      code: 'PST0101',
      ...(trap ??
        (error.code === 'BLOCK_AS_IMPLICIT_KEY' ? secondColon(text, start) : undefined) ??
        (/^(BAD_INDENT|MISSING_CHAR)$/.test(error.code) ? unclosed(text, tokens, start) : undefined) ?? {
          message: words(text, error.code, start, end, error.message),
          ...(error.code === 'TAB_AS_INDENT' ? { hint: 'spaces' } : {}),
          start,
          end,
        }),
    })
  }
}

/** `basePath: /a: /b`: the value that needs quotes begins at `start`. */
function secondColon(text: string, start: number): Trap | undefined {
  const value = (/^[^\r\n]*/.exec(text.slice(start))?.[0] ?? '').replace(/\s+#.*$/, '').trimEnd()
  if (!/:(\s|$)/.test(value)) return undefined
  // Within double quotes a backslash means something, and a quote ends it.
  const quoted = /["\\]/.test(value) ? `'${value.replaceAll("'", "''")}'` : `"${value}"`
  return {
    message: 'a second `: ` in one line',
    start,
    end: start + value.length,
    hint: `quotes, if it is text: \`${quoted}\`; a map begins on the next line`,
  }
}

/** The opening quote or bracket, where one has no end and the parser noticed at `offset`. */
function unclosed(text: string, tokens: readonly CstToken[], offset: number): Trap | undefined {
  let found: Trap | undefined
  const stack = [...tokens]
  for (let token = stack.pop(); token !== undefined; token = stack.pop()) {
    const { source = '', start } = token
    if (
      /^(single|double)-quoted-scalar$/.test(token.type) &&
      token.offset + source.length === offset &&
      (source.length < 2 || source[0] !== source.at(-1))
    ) {
      const lineEnd = source.search(/\r?\n/)
      const end = token.offset + (lineEnd === -1 ? source.length : lineEnd)
      return { message: 'a quoted text is not closed', start: token.offset, end, hint: `\`${source[0]}\` at its end` }
    }
    if (token.type === 'flow-collection' && !token.end?.some(({ type }) => /^flow-(map|seq)-end$/.test(type))) {
      const at = (start as CstToken).offset
      if (at < offset && (found === undefined || found.start < at))
        found = { message: `\`${text[at]}\` is not closed`, start: at, end: at + 1, hint: `\`${text[at] === '[' ? ']' : '}'}\` at its end` }
    }
    if (token.value) stack.push(token.value)
    for (const item of token.items ?? []) {
      if (item.key) stack.push(item.key)
      if (item.value) stack.push(item.value)
    }
  }
  return found
}

/** The error in our words; those of the package speak of its tokens. */
function words(text: string, code: string, start: number, end: number, message: string): string {
  const found = text.slice(start, end).split('\n')[0] ?? ''
  switch (code) {
    case 'UNEXPECTED_TOKEN':
      return found.trim() === '' ? 'unexpected end of a value' : `unexpected \`${found}\``
    case 'TAB_AS_INDENT':
      return 'a tab cannot indent'
    case 'BAD_INDENT':
      return /flow/i.test(message) ? 'the text within `{}` or `[]` stands too far left' : 'the indentation fits no other line'
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'a second `: ` in one line'
    case 'MULTILINE_IMPLICIT_KEY':
      return 'a key stands on one line and has `:` behind it'
    case 'MISSING_CHAR':
      if (/quote/.test(message)) return 'a quoted text is not closed'
      if (/Missing ,/.test(message)) return '`,` is missing'
      return 'white space or `:` is missing'
    case 'BAD_ALIAS':
      return 'an alias has no name'
    case 'BAD_DQ_ESCAPE':
      return `\`${found}\` is not an escape sequence`
    case 'MULTIPLE_ANCHORS':
    case 'MULTIPLE_TAGS':
      return 'a value has at most one anchor and one tag'
    case 'DUPLICATE_KEY':
      return 'duplicate key'
    case 'BAD_SCALAR_START':
      return `a text without quotes cannot begin with \`${found.charAt(0)}\``
    default:
      return message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/, '')
  }
}

/** Turns one document of `yaml` into nodes. */
class Builder {
  readonly #text: string
  readonly #problems: Problem[]
  readonly #anchors = new Map<string, { node: Node; size: number } | 'open'>()
  #aliased = 0
  /** Values within the node built last, aliases in full. */
  #size = 0

  constructor(text: string, problems: Problem[]) {
    this.#text = text
    this.#problems = problems
  }

  build(document: YamlDocument.Parsed): Node | undefined {
    return document.contents === null ? undefined : this.#node(document.contents)
  }

  #node(from: ParsedNode): Node {
    if (isAlias(from)) return this.#alias(from.source, from.range[0], from.range[1])
    const anchor = from.anchor
    if (anchor !== undefined) this.#anchors.set(anchor, 'open')
    const before = this.#size
    this.#size = 1
    const node = isMap(from) ? this.#map(from as never) : isSeq(from) ? this.#list(from as never) : this.#scalar(from)
    const size = this.#size
    this.#size = before + size
    if (anchor !== undefined) this.#anchors.set(anchor, { node, size })
    return node
  }

  #map(from: ParsedNode & { flow?: boolean; items: readonly { key: ParsedNode | null; value: ParsedNode | null }[] }): Node {
    const entries: Entry[] = []
    const seen = new Map<string, Entry>()
    const [mapStart, mapEnd] = from.range
    let lastEnd = mapStart
    for (const { key, value } of from.items) {
      const name = this.#key(key, value?.range[0] ?? mapStart)
      if (name === undefined) continue
      const node = value === null ? nullAt(name.end) : this.#node(value)
      lastEnd = endOf(node, value)
      const entry: Entry = { key: name.text, keyStart: name.start, keyEnd: name.end, node }
      const first = seen.get(name.text)
      if (first === undefined) {
        seen.set(name.text, entry)
        entries.push(entry)
      } else {
        this.#problems.push({
          code: 'PST0102',
          message: `duplicate key \`${name.text}\``,
          hint: 'keep one of them',
          start: name.start,
          end: name.end,
          related: [{ message: 'it stands here first', start: first.keyStart, end: first.keyEnd }],
        })
      }
    }
    return { type: 'map', start: mapStart, end: from.flow || lastEnd === mapStart ? mapEnd : lastEnd, entries }
  }

  #key(key: ParsedNode | null, fallback: number): { text: string; start: number; end: number } | undefined {
    if (key === null) {
      this.#problems.push({ code: 'PST0101', message: 'a key is missing in front of `:`', start: fallback, end: fallback })
      return undefined
    }
    const [start, end] = key.range
    if (!isScalar(key)) {
      this.#problems.push({
        code: 'PST0105',
        message: 'a key is a text, not a map, a list or an alias',
        start,
        end,
        ...keyHint(this.#text, start, end),
      })
      return undefined
    }
    // `8080: x` and `true: x` have the key as it is written.
    const text = typeof key.value === 'string' ? key.value : (key.source ?? '')
    if (text === '<<' && key.type === 'PLAIN') {
      this.#problems.push({ code: 'PST0105', message: 'merge keys (`<<`) are not supported', start, end, hint: 'write the keys out' })
      return undefined
    }
    return { text, start, end }
  }

  #list(from: ParsedNode & { flow?: boolean; items: readonly ParsedNode[] }): Node {
    const [start, end] = from.range
    const items = from.items.map((item) => this.#node(item))
    const last = items.at(-1)
    // A block ends where its last value does; `yaml` counts the line breaks and comments behind it in.
    return {
      type: 'list',
      start,
      end: from.flow || last === undefined ? end : endOf(last, (from.items as readonly ParsedNode[]).at(-1) ?? null),
      items,
    }
  }

  #scalar(from: ParsedNode): Node {
    const [start, end] = from.range
    const value = isScalar(from) ? from.value : null
    const isPlainValue = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    return { type: 'scalar', start, end, value: isPlainValue ? value : null }
  }

  #alias(name: string, start: number, end: number): Node {
    const anchor = this.#anchors.get(name)
    if (anchor === undefined || anchor === 'open') {
      const trap = syntaxHint(this.#text, start)
      if (trap) this.#problems.push({ code: 'PST0101', ...trap })
      else {
        const message =
          anchor === 'open' ? `alias \`*${name}\` stands within what it names` : `alias \`*${name}\` has no anchor \`&${name}\` before it`
        this.#problems.push({ code: 'PST0101', message, start, end, hint: `\`"*${name}"\` if the text is meant` })
      }
      return { type: 'scalar', start, end, value: null }
    }
    this.#size += anchor.size
    this.#aliased += anchor.size
    if (this.#aliased <= MAX_ALIASED_VALUES) return anchor.node
    // Once per document: what follows would be reported too.
    if (Number.isFinite(this.#aliased)) {
      const message = `aliases stand for more than ${MAX_ALIASED_VALUES} values`
      this.#problems.push({ code: 'PST0104', message, start, end, hint: 'write the values out, or take aliases of aliases away' })
    }
    this.#aliased = Number.POSITIVE_INFINITY
    return { type: 'scalar', start, end, value: null }
  }
}

/** Where a value ends in the text; what an alias stands for ends elsewhere. */
function endOf(node: Node, from: ParsedNode | null): number {
  return isAlias(from) ? from.range[1] : node.end
}

function nullAt(offset: number): Node {
  return { type: 'scalar', start: offset, end: offset, value: null }
}

function keyHint(text: string, start: number, end: number): { hint?: string } {
  return text[start] === '{' ? { hint: `quotes, if the text is meant: "${text.slice(start, end)}"` } : {}
}
