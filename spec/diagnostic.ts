/**
 * What the compile side says about a source: the one error type of `spec`, `compiler` and the policies' compile halves.
 * Wrong input is a value here, never an exception.
 */

/** The core's codes are `PST` and four digits, grouped by phase; a policy's own carry its name: `rate-limit/no-consumer`. Never reused. */
export type Code = `PST${number}` | `${string}/${string}`

/** A piece of a source's text: UTF-16 offsets, half-open. `0 <= start <= end <= text.length`. */
export interface Range {
  /** Path as it is shown: relative to the working folder. */
  readonly file: string
  readonly start: number
  readonly end: number
}

export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  /** For ever: docs, tests and `postern explain` key on it, never on the text. */
  readonly code: Code
  /** What is wrong; true even when read alone. Lower case, no full stop, names in `backticks`. */
  readonly message: string
  /** The smallest text that is wrong. */
  readonly range: Range
  /** What to write instead. */
  readonly hint?: string
  /** Other places that take part, such as the first of two duplicates. */
  readonly related?: readonly { readonly range: Range; readonly message: string }[]
}

/** Collects the diagnostics of a run. */
export class Report {
  readonly diagnostics: Diagnostic[] = []
  /** Number of diagnostics with severity `error`. */
  errors = 0

  add(diagnostic: Diagnostic): void {
    if (diagnostic.severity === 'error') this.errors++
    this.diagnostics.push(diagnostic)
  }

  error(code: Code, range: Range, message: string, rest: Pick<Diagnostic, 'hint' | 'related'> = {}): void {
    this.add({ severity: 'error', code, message, range, ...rest })
  }

  warning(code: Code, range: Range, message: string, rest: Pick<Diagnostic, 'hint' | 'related'> = {}): void {
    this.add({ severity: 'warning', code, message, range, ...rest })
  }

  /** By file, place and code, each diagnostic once. */
  sorted(): Diagnostic[] {
    const order = (a: Diagnostic, b: Diagnostic) =>
      compare(a.range.file, b.range.file) ||
      a.range.start - b.range.start ||
      a.range.end - b.range.end ||
      compare(a.code, b.code) ||
      compare(a.message, b.message)
    const all = [...this.diagnostics].sort(order)
    return all.filter((diagnostic, index) => index === 0 || order(all[index - 1] as Diagnostic, diagnostic) !== 0)
  }
}

/** By code unit, so that no locale takes part. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
