/** The last phase of compiling: tables to bytes. All that there is to decide was decided in the plan; signing comes after, with a key. */
import type { BundlePlan } from '../bundle/plan.ts'
import { writeBundle } from '../bundle/writer.ts'

/** An unsigned bundle. Same plan, same bytes. */
export function emit(plan: BundlePlan): Uint8Array {
  return writeBundle(plan)
}
