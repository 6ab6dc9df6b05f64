/** Makes the values of all fields once, and tells exact origins from those with a wildcard. */
import { RecordWriter } from '../../bundle/record.ts'
import { parseDuration } from '../../spec/duration.ts'
import { isMistake, known } from '../../spec/grammar.ts'
import { parseOrigin } from '../../spec/origin.ts'
import type { CompilePolicy, ConfigOf, ConfigPath } from '../policy.ts'
import type { policy } from './policy.ts'

const MAX_AGE_MS = 86_400_000
const WILDCARD = /^(https?:\/\/)\*\.(.+)$/i

export const compile: CompilePolicy<ConfigOf<typeof policy>> = (config, context) => {
  const { origins, headers = [], expose = [], credentials = false } = config
  let isValid = true
  const report = (code: `cors/${string}`, at: ConfigPath, message: string, hint?: string) => {
    context.error(code, at, message, hint)
    isValid = false
  }

  const exact = new Set<string>()
  const wildcards = new Map<string, readonly [prefix: string, suffix: string]>()
  for (const [index, text] of origins.entries()) {
    const [, scheme, host] = WILDCARD.exec(text) ?? []
    const origin = parseOrigin(scheme === undefined ? text : `${scheme}${host}`)
    if (isMistake(origin)) report('cors/bad-origin', ['origins', index], origin.message, origin.hint)
    else if (scheme === undefined) exact.add(origin)
    else if (/^https?:\/\/[\d.[]+/.test(origin) && !/[a-z]/.test(origin.slice(scheme.length))) {
      report('cors/bad-origin', ['origins', index], 'an address has no hosts below it', 'list the origins themselves')
    } else wildcards.set(origin, [scheme.toLowerCase(), `.${origin.slice(scheme.length)}`])
  }
  if (credentials) {
    for (const [key, values] of Object.entries({ origins, headers, expose })) {
      const index = values.indexOf('*')
      if (index !== -1)
        report(
          'cors/wildcard-with-credentials',
          [key, index],
          `\`*\` in \`${key}\` is refused by browsers when credentials are allowed`,
          'list what is meant',
        )
    }
  }
  const maxAgeMs = known(parseDuration(config.maxAge ?? '10m'))
  if (maxAgeMs > MAX_AGE_MS || maxAgeMs % 1000 !== 0) {
    report('cors/bad-max-age', ['maxAge'], `\`${config.maxAge}\` is not a whole number of seconds up to \`1d\``)
  }
  if (!isValid) return undefined

  // Left out: the gateway allows the method that a preflight asks for, since that is how it found its route.
  const methods = config.methods ?? []
  const record = new RecordWriter()
    .u8(exact.has('*') ? 1 : 0)
    .list([...exact].filter((origin) => origin !== '*').sort(), (origin, writer) => writer.string(origin))
    .list([...wildcards.values()].sort(byText), ([prefix, suffix], writer) => writer.string(prefix).string(suffix))
    .string([...new Set(methods)].join(', '))
    .string([...new Set(headers.map((name) => name.toLowerCase()))].join(', '))
    .string([...new Set(expose.map((name) => name.toLowerCase()))].join(', '))
    .u8(credentials ? 1 : 0)
    .u32(maxAgeMs / 1000)
    .finish()
  return { phase: 'early', record, answersPreflight: true }
}

function byText(a: readonly string[], b: readonly string[]): number {
  const [first, second] = [a.join(' '), b.join(' ')]
  return first < second ? -1 : first > second ? 1 : 0
}
