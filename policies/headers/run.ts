/** Applies the changes: first what is taken away, then what is set, then what is added. */
import { PosternError } from '../../bundle/error.ts'
import type { RecordReader } from '../../bundle/record.ts'
import { type FieldName, fieldName, type LoadContext, type PolicyRequest, type PolicyResponse, type Runner } from '../contract.ts'

const LITERAL = 1
const SECRET = 2

/** Columns, so that a hook walks plain arrays. `setValues[i]` belongs to `setNames[i]`. */
interface Changes {
  readonly removeNames: readonly FieldName[]
  readonly setNames: readonly FieldName[]
  readonly setValues: readonly string[]
  readonly addNames: readonly FieldName[]
  readonly addValues: readonly string[]
}

export interface HeadersConfig {
  readonly request: Changes
  readonly response: Changes
}

export const runner: Runner<HeadersConfig> = {
  name: 'headers',
  version: 1,
  load(record, context) {
    const request = readChanges(record, context)
    const response = readChanges(record, context)
    record.end()
    return { request, response }
  },
  request(config, exchange) {
    apply(config.request, exchange.request)
    return undefined
  },
  response(config, exchange) {
    apply(config.response, exchange.response)
  },
}

function apply(changes: Changes, target: PolicyRequest | PolicyResponse): void {
  const { removeNames, setNames, setValues, addNames, addValues } = changes
  for (let at = 0; at < removeNames.length; at++) target.removeField(removeNames[at] as FieldName)
  for (let at = 0; at < setNames.length; at++) target.setField(setNames[at] as FieldName, setValues[at] as string)
  for (let at = 0; at < addNames.length; at++) target.addField(addNames[at] as FieldName, addValues[at] as string)
}

function readChanges(record: RecordReader, context: LoadContext): Changes {
  const removeNames = record.list((reader) => fieldName(reader.string()))
  const set = record.list((reader) => readField(reader, context))
  const add = record.list((reader) => readField(reader, context))
  return {
    removeNames,
    setNames: set.map(([name]) => name),
    setValues: set.map(([, value]) => value),
    addNames: add.map(([name]) => name),
    addValues: add.map(([, value]) => value),
  }
}

function readField(record: RecordReader, context: LoadContext): readonly [FieldName, string] {
  const name = fieldName(record.string())
  const kind = record.u8()
  if (kind === LITERAL) return [name, record.string()]
  if (kind !== SECRET) throw new PosternError('record-invalid', 'the record of `headers` has a value that is neither text nor a secret')
  const value = context.secret(record.u32())
  // RFC 9110 §5.5. A secret comes from outside of the bundle, so that nobody has checked it yet; the message must not repeat it. The code is
  // that of a missing value: at a start that is cut off, the routes that need it answer 503 and all others are served.
  if (!/^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/.test(value)) {
    throw new PosternError(
      'secret-unresolved',
      `the secret for field ${name.lower} is empty, has white space at an end, or a character other than visible ASCII, such as a line break`,
    )
  }
  return [name, value]
}
