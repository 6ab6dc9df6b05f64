/** Decides the content type once, so that the gateway only sends bytes. */
import { RecordWriter } from '../../bundle/record.ts'
import { type CompilePolicy, type ConfigOf, managedFieldMessage } from '../policy.ts'
import type { policy } from './policy.ts'

/** RFC 9110 §6.4.1: these never have content. */
const BODILESS = new Set([204, 205, 304])

export const compile: CompilePolicy<ConfigOf<typeof policy>> = (config, context) => {
  const status = config.status ?? 200
  const body = config.body ?? ''
  const fields = Object.entries(config.headers ?? {}).sort(byName)
  let isValid = true
  const seen = new Set<string>()
  for (const [name] of fields) {
    const managed = managedFieldMessage(name)
    if (managed !== undefined) {
      context.error('respond/managed-field', ['headers', name], managed, 'leave it out')
      isValid = false
    }
    if (seen.has(name.toLowerCase())) {
      context.error('respond/duplicate-field', ['headers', name], `field \`${name.toLowerCase()}\` stands twice`)
      isValid = false
    }
    seen.add(name.toLowerCase())
  }
  if (body !== '' && BODILESS.has(status)) {
    context.error(
      'respond/body-not-allowed',
      ['body'],
      `a response with status ${status} has no body`,
      'leave the body out, or use status 200',
    )
    isValid = false
  }
  if (!isValid) return undefined
  if (body !== '' && !seen.has('content-type'))
    fields.push(['content-type', isJson(body) ? 'application/json' : 'text/plain; charset=utf-8'])
  const record = new RecordWriter()
    .u32(status)
    .list(fields, ([name, value], writer) => writer.string(name).string(value))
    .string(body)
    .finish()
  return { phase: 'request', record, alwaysReplies: true }
}

/** An object or a list: a bare number or word is as likely meant as text. */
function isJson(body: string): boolean {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0
}
