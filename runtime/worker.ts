/** What each worker thread runs: the engine, attended. */
import { attendWith } from './attend.ts'
import { createDataPath } from './data-path.ts'
import { createGeneration } from './generation.ts'
import type { Attendance } from './messages.ts'

export function attend(attendance: Attendance): Promise<void> {
  return attendWith({ createDataPath, createGeneration }, attendance)
}
