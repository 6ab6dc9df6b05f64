/**
 * Runs: lists of rows of different size in one table. The table that owns them says for each of its rows where its run begins and how long it
 * is; run 0 begins at 0, every other one where the one before ends, and the last one ends with the table. docs/bundle-format.md, "Two shapes".
 */
import type { Sections, Table } from './image.ts'
import { SECTION_NAMES, type TableTag } from './layout.ts'

/** Columns of the owner. */
export interface Run {
  readonly first: number
  readonly count: number
}

/** The first thing wrong with the runs in table `items` that the rows of `owner` have. */
export function checkRuns(sections: Sections, owner: TableTag, run: Run, items: TableTag, max: number): string | undefined {
  const table = sections.table(owner)
  let next = 0
  for (let row = 0; row < table.count; row++) {
    const count = table.at(run.count, row)
    if (count > max) return `${SECTION_NAMES[owner]}: entry ${row} has more than ${max} ${SECTION_NAMES[items]}`
    if (table.at(run.first, row) !== next)
      return `${SECTION_NAMES[owner]}: the ${SECTION_NAMES[items]} of entry ${row} do not begin where those before end`
    next += count
  }
  const total = sections.count(items)
  return next === total ? undefined : `${SECTION_NAMES[items]}: ${total}, but the ${SECTION_NAMES[owner]} have ${next}`
}

/** What stands in a run, in order. Empty where the owner has no such row. */
export function readRun<T>(table: Table, run: Run, row: number, read: (item: number) => T): T[] {
  const first = table.at(run.first, row)
  return Array.from({ length: table.at(run.count, row) }, (_, position) => read(first + position))
}
