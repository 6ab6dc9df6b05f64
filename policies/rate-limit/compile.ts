/** Checks what the counting can keep exactly, and says when the count is taken. */
import { RecordWriter } from '../../bundle/record.ts'
import { parseDuration } from '../../spec/duration.ts'
import { known } from '../../spec/grammar.ts'
import type { CompilePolicy, ConfigOf } from '../policy.ts'
import type { policy } from './policy.ts'

const MAX_WINDOW_MS = 30 * 86_400_000
const MAX_PER_SECOND = 1_000_000

/** How `by` stands in the record; 0 is none of them. */
const BY = { consumer: 1, ip: 2, route: 3 } as const

export const compile: CompilePolicy<ConfigOf<typeof policy>> = (config, context) => {
  const { limit, by, burst = limit } = config
  const perMs = known(parseDuration(config.per))
  let isValid = true
  const report = (code: `rate-limit/${string}`, at: 'per' | 'limit' | 'burst' | 'by', message: string, hint: string) => {
    context.error(code, [at], message, hint)
    isValid = false
  }
  if (perMs > MAX_WINDOW_MS || perMs % 1000 !== 0) {
    report(
      'rate-limit/bad-window',
      'per',
      `\`${config.per}\` is not a whole number of seconds from \`1s\` to \`30d\``,
      nearestWindow(limit, perMs),
    )
  } else if ((limit / perMs) * 1000 > MAX_PER_SECOND) {
    report('rate-limit/too-fast', 'limit', `${limit} per ${config.per} is more than 1 000 000 per second`, 'leave the policy out')
  } else if ((burst / limit) * perMs > MAX_WINDOW_MS) {
    report(
      'rate-limit/burst-too-long',
      'burst',
      `a burst of ${burst} takes more than \`30d\` to refill`,
      `at most ${Math.floor((MAX_WINDOW_MS / perMs) * limit)}`,
    )
  }
  if (by === 'consumer' && !context.knowsConsumer) {
    // The route stands in the hint, so that a limit over a thousand public routes is one diagnostic.
    const { method, template } = context.route
    const hint = `route \`${method} ${template}\` is public: \`by: ip\`, or an access policy such as \`api-key\``
    report('rate-limit/no-consumer', 'by', 'nobody is known as a consumer here: access is public', hint)
  }
  if (!isValid) return undefined
  const record = new RecordWriter().u32(limit).u32(perMs).u32(burst).u8(BY[by]).finish()
  // By address before access, so that guessing keys is limited too. By route after it, or those who may not call could use the limit up.
  return { phase: by === 'ip' ? 'early' : 'request', record }
}

function nearestWindow(limit: number, perMs: number): string {
  if (perMs > MAX_WINDOW_MS) return 'at most `30d`'
  const seconds = Math.ceil(perMs / 1000)
  return `such as \`limit: ${Math.max(1, Math.round((limit * seconds * 1000) / perMs))}\` with \`per: ${seconds}s\``
}
