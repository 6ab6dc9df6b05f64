/** Where routes, attachments and backends stand in the sources. May be stripped from a bundle. docs/bundle-format.md, "Source map". */
import type { Sections, Table } from './image.ts'
import { columnsOf } from './layout.ts'
import type { BundlePlan, SourcePosition } from './plan.ts'
import { type StringPool, type Strings, TableBuilder } from './strings.ts'

const SOURCE = columnsOf('SRCM')

export function buildSourceMap(plan: BundlePlan, strings: StringPool): TableBuilder<'SRCM'> {
  const table = new TableBuilder('SRCM', plan.routes.length + plan.attachments.length + plan.backends.length)
  let row = 0
  for (const things of [plan.routes, plan.attachments, plan.backends]) {
    for (const { source } of things) table.set(row++, { file: strings.add(source.file), line: source.line, column: source.column })
  }
  return table
}

export function checkSourceMap(sections: Sections): string | undefined {
  if (!sections.has('SRCM')) return undefined
  const expected = sections.count('ROUT') + sections.count('ATTS') + sections.count('BKND')
  if (sections.count('SRCM') !== expected) return `source map: ${sections.count('SRCM')} positions for ${expected} things`
  return undefined
}

/** Positions; an empty file at line 0 where nothing is known. */
export class SourceMap {
  readonly #table: Table
  readonly #strings: Strings
  readonly #routes: number
  readonly #attachments: number

  constructor(sections: Sections, strings: Strings) {
    this.#table = sections.table('SRCM')
    this.#strings = strings
    this.#routes = sections.count('ROUT')
    this.#attachments = sections.count('ATTS')
  }

  route(index: number): SourcePosition {
    return this.#at(index, 0, this.#routes)
  }

  attachment(index: number): SourcePosition {
    return this.#at(index, this.#routes, this.#attachments)
  }

  backend(index: number): SourcePosition {
    return this.#at(index, this.#routes + this.#attachments, this.#table.count)
  }

  detach(): void {
    this.#table.drop()
  }

  #at(index: number, first: number, count: number): SourcePosition {
    const row = index >= 0 && index < count ? first + index : this.#table.count
    return {
      file: this.#strings.get(this.#table.at(SOURCE.file, row)),
      line: this.#table.at(SOURCE.line, row),
      column: this.#table.at(SOURCE.column, row),
    }
  }
}
