/** Flattens both halves to lists of changes, and refuses what the data path would not send or nobody should write down. */
import { RecordWriter } from '../../bundle/record.ts'
import { parseFieldValue } from '../../spec/field-value.ts'
import { isMistake } from '../../spec/grammar.ts'
import { parseSecretReference } from '../../spec/secret-reference.ts'
import { type CompileContext, type CompilePolicy, type ConfigOf, type ConfigPath, managedFieldMessage } from '../policy.ts'
import type { policy } from './policy.ts'

type Changes = {
  readonly set?: { readonly [name: string]: string }
  readonly add?: { readonly [name: string]: string }
  readonly remove?: readonly string[]
}

/** How a value stands in the record: itself, or the index of a secret. */
const LITERAL = 1
const SECRET = 2

/** Fields of requests whose value proves who calls: written down, it would be in git for ever. */
const CREDENTIAL_FIELDS = new Set(['authorization', 'proxy-authorization', 'cookie', 'x-api-key'])

/** The gateway says of each request where it came from, after all policies: a change of these would be sent beside what it says. */
const FORWARDING_FIELDS = new Set(['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'])

export const compile: CompilePolicy<ConfigOf<typeof policy>> = (config, context) => {
  const record = new RecordWriter()
  const requestIsValid = writeChanges(record, config.request ?? {}, 'request', context)
  const responseIsValid = writeChanges(record, config.response ?? {}, 'response', context)
  return requestIsValid && responseIsValid ? { phase: 'request', record: record.finish() } : undefined
}

function writeChanges(record: RecordWriter, changes: Changes, side: 'request' | 'response', context: CompileContext): boolean {
  const { set = {}, add = {}, remove = [] } = changes
  let isValid = true
  const report = (code: `headers/${string}`, at: ConfigPath, message: string, hint?: string) => {
    context.error(code, [side, ...at], message, hint)
    isValid = false
  }
  const checkName = (name: string, at: ConfigPath) => {
    const managed = managedFieldMessage(name)
    if (managed !== undefined) report('headers/managed-field', at, managed)
    else if (side === 'request' && FORWARDING_FIELDS.has(name.toLowerCase())) {
      report('headers/managed-field', at, `field \`${name.toLowerCase()}\` says where a request came from and is written by the gateway`)
    }
  }

  const removed = new Set<string>()
  for (const [index, name] of remove.entries()) {
    checkName(name, ['remove', index])
    if (removed.has(name.toLowerCase()))
      report('headers/duplicate-field', ['remove', index], `field \`${name.toLowerCase()}\` stands twice`)
    removed.add(name.toLowerCase())
  }
  for (const [key, values] of [['set', set] as const, ['add', add] as const]) {
    const seen = new Set<string>()
    for (const [name, value] of Object.entries(values)) {
      const at = [key, name]
      const lower = name.toLowerCase()
      checkName(name, at)
      if (seen.has(lower)) report('headers/duplicate-field', at, `field \`${lower}\` stands twice`)
      seen.add(lower)
      if (key === 'set' && removed.has(lower)) {
        report(
          'headers/conflict',
          at,
          `field \`${lower}\` is both removed and set`,
          '`set` replaces what was there: leave it out of `remove`',
        )
      }
      if (side === 'request' && !isReference(value) && CREDENTIAL_FIELDS.has(lower)) {
        // The message never repeats the value: diagnostics end up in CI logs.
        report(
          'headers/literal-credential',
          at,
          `field \`${lower}\` carries a credential, which must be a reference to a secret`,
          `such as \`\${env:TOKEN}\` or \`\${file:/run/secrets/token}\`, the whole value in it`,
        )
      }
      const parsed = side === 'request' && isReference(value) ? value : parseFieldValue(value)
      if (isMistake(parsed)) report('headers/bad-value', at, parsed.message, parsed.hint)
    }
  }
  if (!isValid) return false

  record.list(remove, (name, writer) => writer.string(name))
  for (const values of [set, add]) {
    record.list(Object.entries(values).sort(byName), ([name, value], writer) => {
      writer.string(name)
      if (side === 'request' && isReference(value)) writer.u8(SECRET).u32(context.secret(value))
      else writer.u8(LITERAL).string(value)
    })
  }
  return true
}

function isReference(value: string): boolean {
  return !isMistake(parseSecretReference(value))
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0
}
