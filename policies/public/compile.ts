/** Nothing to decide: the record says only that somebody wrote `public`. */
import { RecordWriter } from '../../bundle/record.ts'
import type { CompilePolicy, ConfigOf } from '../policy.ts'
import type { policy } from './policy.ts'

/** A record of zeros, or an empty one, must not read as "everybody". */
const ADMITS_EVERYBODY = 1

export const compile: CompilePolicy<ConfigOf<typeof policy>> = () => ({
  phase: 'access',
  record: new RecordWriter().u8(ADMITS_EVERYBODY).finish(),
})
