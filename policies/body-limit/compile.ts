/** A limit in bytes. */
import { RecordWriter } from '../../bundle/record.ts'
import { parseByteSize } from '../../spec/byte-size.ts'
import { known } from '../../spec/grammar.ts'
import type { CompilePolicy, ConfigOf } from '../policy.ts'
import type { policy } from './policy.ts'

export const compile: CompilePolicy<ConfigOf<typeof policy>> = (config, context) => {
  const maxBytes = known(parseByteSize(config.max))
  if (maxBytes === 0) {
    // 0 never stands for anything permissive in a record, so it stands for nothing here.
    context.error('body-limit/nothing', ['max'], 'a limit of 0 refuses every body', 'at least `1B`')
    return undefined
  }
  return { phase: 'request', record: new RecordWriter().f64(maxBytes).finish() }
}
