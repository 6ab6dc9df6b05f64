/** The name of a field. */
import { RecordWriter } from '../../bundle/record.ts'
import { type CompilePolicy, type ConfigOf, managedFieldMessage } from '../policy.ts'
import type { policy } from './policy.ts'

export const compile: CompilePolicy<ConfigOf<typeof policy>> = (config, context) => {
  const header = config.header ?? 'x-request-id'
  const managed = managedFieldMessage(header)
  if (managed !== undefined) {
    context.error('request-id/managed-field', ['header'], managed, 'use a field of its own, such as `x-request-id`')
    return undefined
  }
  // Early, so that the answer to a caller who is refused carries the id too.
  return { phase: 'early', record: new RecordWriter().string(header).finish() }
}
