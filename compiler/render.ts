/**
 * Diagnostics as people and tools read them:
 *
 *     apis/weather.yaml:9:12: error[PST0201]: backend `wether-service` does not exist
 *       9 |   backend: wether-service
 *         |            ^^^^^^^^^^^^^^ did you mean `weather-service`?
 *     gateway.yaml:14:3: note: ...
 *
 * `json` has one object per diagnostic, stable; `github` is what GitHub Actions turns into annotations.
 */
import type { Diagnostic, Range } from '../spec/diagnostic.ts'
import { lineStartsOf, positionIn } from './document.ts'

export interface RenderOptions {
  readonly format: 'text' | 'json' | 'github'
  readonly color: boolean
  /** Diagnostics shown as text; the rest are counted. */
  readonly maxShown?: number
}

const DEFAULT_MAX_SHOWN = 100
/** Columns of a source line that are shown; of a longer one the part round what is wrong. */
const MAX_COLUMNS = 100
const TAB_COLUMNS = 4

/** `sources` are the texts by the file as diagnostics name it. Ends with a line break, or is empty where there is nothing to say. */
export function render(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string>, options: RenderOptions): string {
  const lines = new LineIndex(withoutSecrets(diagnostics, sources))
  if (options.format === 'json') return renderJson(diagnostics, lines)
  if (options.format === 'github') return diagnostics.map((diagnostic) => githubLine(diagnostic, lines)).join('')
  return renderText(diagnostics, lines, options)
}

/**
 * The sources with a star for each character of what should have been a reference to a secret: what is printed ends up in the logs of a CI.
 * Line breaks and offsets stay.
 */
function withoutSecrets(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const written = diagnostics.filter(({ code }) => code === 'PST0120')
  if (written.length === 0) return sources
  const masked = new Map(sources)
  for (const { range } of written) {
    const text = masked.get(range.file)
    if (text === undefined) continue
    masked.set(
      range.file,
      text.slice(0, range.start) + text.slice(range.start, range.end).replaceAll(/[^\r\n]/g, '*') + text.slice(range.end),
    )
  }
  return masked
}

/** `2 errors, 1 warning`. */
export function summary(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  const warnings = diagnostics.length - errors
  const parts = [...(errors > 0 ? [plural(errors, 'error')] : []), ...(warnings > 0 ? [plural(warnings, 'warning')] : [])]
  return parts.length === 0 ? 'no errors' : parts.join(', ')
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function renderText(diagnostics: readonly Diagnostic[], lines: LineIndex, options: RenderOptions): string {
  if (diagnostics.length === 0) return ''
  const maxShown = options.maxShown ?? DEFAULT_MAX_SHOWN
  const paint = options.color ? COLORS : NO_COLORS
  let out = ''
  for (const diagnostic of diagnostics.slice(0, maxShown)) out += `${textOf(diagnostic, lines, paint)}\n`
  if (diagnostics.length > maxShown) out += `… and ${diagnostics.length - maxShown} more\n\n`
  return `${out}${summary(diagnostics)}\n`
}

function textOf({ severity, code, message, range, hint, related }: Diagnostic, lines: LineIndex, paint: Paint): string {
  const color = severity === 'error' ? paint.error : paint.warning
  let out = `${paint.bold}${lines.place(range)}: ${color}${severity}[${code}]${paint.end}${paint.bold}: ${clean(message)}${paint.end}\n`
  out += frameOf(range, lines, hint === undefined ? '' : clean(hint), color, paint)
  for (const { range: other, message: note } of related ?? []) {
    out += `${lines.place(other)}: ${paint.note}note${paint.end}: ${clean(note)}\n`
    out += frameOf(other, lines, '', paint.note, paint)
  }
  return out
}

/** The line with carets below what is wrong, the hint behind them; the hint alone where the text is not known. */
function frameOf(range: Range, lines: LineIndex, hint: string, color: string, paint: Paint): string {
  const line = lines.lineAt(range)
  if (line === undefined) return hint === '' ? '' : `  ${paint.hint}${hint}${paint.end}\n`
  const { text, before, carets } = excerpt(line.text, line.column, Math.max(1, Math.min(range.end, line.end) - range.start))
  const number = String(line.number)
  const margin = ' '.repeat(number.length)
  const marks = `${color}${'^'.repeat(carets)}${paint.end}`
  const isShort = before + carets + hint.length < MAX_COLUMNS + 20
  let out = `  ${paint.dim}${number} |${paint.end} ${text}\n`
  out += `  ${paint.dim}${margin} |${paint.end} ${' '.repeat(before)}${marks}${hint !== '' && isShort ? ` ${paint.hint}${hint}${paint.end}` : ''}\n`
  if (hint !== '' && !isShort) out += `  ${paint.dim}${margin} =${paint.end} ${paint.hint}${hint}${paint.end}\n`
  return out
}

/** The part of a line that is shown, in columns of a terminal. `start` and `size` are UTF-16. */
function excerpt(line: string, start: number, size: number): { readonly text: string; readonly before: number; readonly carets: number } {
  const characters: { readonly text: string; readonly columns: number; readonly at: number }[] = []
  let at = 0
  for (const { segment } of SEGMENTER.segment(line.slice(0, start + size + MAX_COLUMNS * 2))) {
    characters.push({ text: segment === '\t' ? ' '.repeat(TAB_COLUMNS) : clean(segment), columns: columnsOf(segment), at })
    at += segment.length
  }
  const first = characters.findIndex((character, index) => character.at <= start && (characters[index + 1]?.at ?? at) > start)
  const from = first === -1 ? characters.length : first
  const columnsIn = (low: number, high: number) => characters.slice(low, high).reduce((sum, { columns }) => sum + columns, 0)
  const cutFront = columnsIn(0, from) > MAX_COLUMNS * 0.6 && columnsIn(0, characters.length) > MAX_COLUMNS
  let low = 0
  if (cutFront) {
    low = from
    for (let room = Math.floor(MAX_COLUMNS * 0.4); low > 0 && room > 0; ) room -= (characters[--low] as { columns: number }).columns
  }
  let high = low
  for (let room = MAX_COLUMNS; high < characters.length && room > 0; ) room -= (characters[high++] as { columns: number }).columns
  const cutBack = high < characters.length || line.length > at
  let to = from
  while (to < high && (characters[to] as { at: number }).at < start + size) to++
  const prefix = low > 0 ? '… ' : ''
  const text =
    prefix +
    characters
      .slice(low, high)
      .map((character) => character.text)
      .join('') +
    (cutBack ? ' …' : '')
  return { text: text.trimEnd(), before: prefix.length + columnsIn(low, from), carets: Math.max(1, columnsIn(from, to)) }
}

const SEGMENTER = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Columns of one grapheme: East Asian wide characters and emoji take two (UAX 11), combining marks are part of theirs. */
function columnsOf(grapheme: string): number {
  if (grapheme === '\t') return TAB_COLUMNS
  const code = grapheme.codePointAt(0) ?? 0
  // Control characters are shown as signs, the higher ones as `<U+0085>`.
  if (code < 0x1100) return /^\p{Cc}$/u.test(grapheme) ? clean(grapheme).length : 1
  if (/\p{Emoji_Presentation}|\ufe0f/u.test(grapheme)) return 2
  const isWide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x20000 && code <= 0x3fffd)
  return isWide ? 2 : 1
}

/** Control characters as visible signs: a source or a file name must not move the cursor of whoever reads its diagnostics. */
function clean(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    if (character === '\n') return ' '
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`
  })
}

function renderJson(diagnostics: readonly Diagnostic[], lines: LineIndex): string {
  const located = (range: Range) => ({ file: range.file, start: range.start, end: range.end, ...lines.positions(range) })
  const all = diagnostics.map(({ severity, code, message, range, hint, related }) => ({
    severity,
    code,
    message,
    ...located(range),
    ...(hint === undefined ? {} : { hint }),
    ...(related === undefined ? {} : { related: related.map((place) => ({ message: place.message, ...located(place.range) })) }),
  }))
  return `${JSON.stringify({ version: 1, diagnostics: all }, null, 2)}\n`
}

/** https://docs.github.com/actions/reference/workflow-commands-for-github-actions: data and properties have escapes of their own. */
function githubLine({ severity, code, message, range, hint }: Diagnostic, lines: LineIndex): string {
  const { line, column, endLine, endColumn } = lines.positions(range)
  const properties = [
    `file=${escapeProperty(range.file)}`,
    `line=${line}`,
    `endLine=${endLine}`,
    ...(line === endLine ? [`col=${column}`, `endColumn=${endColumn}`] : []),
    `title=${escapeProperty(code)}`,
  ]
  return `::${severity} ${properties.join(',')}::${escapeData(hint === undefined ? message : `${message}\n${hint}`)}\n`
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

/** Lines of the sources, found when the first place in a file is asked for. */
class LineIndex {
  readonly #sources: ReadonlyMap<string, string>
  readonly #starts = new Map<string, readonly number[]>()

  constructor(sources: ReadonlyMap<string, string>) {
    this.#sources = sources
  }

  /** `file:line:column`; the file alone where its text is not known. */
  place(range: Range): string {
    const { line, column } = this.positions(range)
    return this.#sources.has(range.file) ? `${clean(range.file)}:${line}:${column}` : clean(range.file)
  }

  /** 1-based; columns are UTF-16, as editors count. */
  positions(range: Range): { line: number; column: number; endLine: number; endColumn: number } {
    const start = this.#position(range.file, range.start)
    const end = this.#position(range.file, range.end)
    return { line: start.line, column: start.column, endLine: end.line, endColumn: end.column }
  }

  /** The line that a range begins in: its text without the line break, the range's column in it (0-based) and where it ends in the source. */
  lineAt(range: Range): { readonly text: string; readonly number: number; readonly column: number; readonly end: number } | undefined {
    const source = this.#sources.get(range.file)
    if (source === undefined) return undefined
    const { line, column } = this.#position(range.file, range.start)
    const start = range.start - (column - 1)
    const lineBreak = source.indexOf('\n', start)
    const end = lineBreak === -1 ? source.length : source[lineBreak - 1] === '\r' ? lineBreak - 1 : lineBreak
    return { text: source.slice(start, end), number: line, column: column - 1, end }
  }

  #position(file: string, offset: number): { readonly line: number; readonly column: number } {
    return positionIn(this.#startsOf(file), offset)
  }

  #startsOf(file: string): readonly number[] {
    let starts = this.#starts.get(file)
    if (starts === undefined) {
      starts = lineStartsOf(this.#sources.get(file) ?? '')
      this.#starts.set(file, starts)
    }
    return starts
  }
}

interface Paint {
  readonly bold: string
  readonly error: string
  readonly warning: string
  readonly note: string
  readonly hint: string
  readonly dim: string
  readonly end: string
}

const COLORS: Paint = {
  bold: '\x1b[1m',
  error: '\x1b[31m',
  warning: '\x1b[33m',
  note: '\x1b[36m',
  hint: '\x1b[32m',
  dim: '\x1b[2m',
  end: '\x1b[0m',
}
const NO_COLORS: Paint = { bold: '', error: '', warning: '', note: '', hint: '', dim: '', end: '' }
