/** Turns names of consumers into indices; the keys themselves stand in the bundle's table of digests. */
import { RecordWriter } from '../../bundle/record.ts'
import { type CompilePolicy, type ConfigOf, managedFieldMessage } from '../policy.ts'
import type { policy } from './policy.ts'

/** Neither is 0: a record that reads as zeros admits nobody. */
const ANY_CONSUMER = 1
const LISTED_CONSUMERS = 2

export const compile: CompilePolicy<ConfigOf<typeof policy>> = (config, context) => {
  const header = config.header ?? 'x-api-key'
  const managed = managedFieldMessage(header)
  if (managed !== undefined) context.error('api-key/managed-field', ['header'], managed, 'use a field of its own, such as `x-api-key`')
  const indices = config.consumers?.map((name, at) => context.consumer(name, ['consumers', at]))
  if (managed !== undefined || indices?.includes(undefined)) return undefined
  const allowed = [...new Set(indices as number[] | undefined)].sort((a, b) => a - b)
  const record = new RecordWriter()
    .string(header)
    .u8(config.forward === true ? 1 : 0)
    .u8(indices === undefined ? ANY_CONSUMER : LISTED_CONSUMERS)
    .list(allowed, (index, writer) => writer.u32(index))
    .finish()
  return { phase: 'access', record }
}
