/** Durations that a timer waits for: at most 24 days, for longer ones make the timers of Node fire at once. `off` where nothing has to be waited for. */
import { parseDuration } from './duration.ts'
import { isMistake, type Mistake, mistake } from './grammar.ts'

/** 2^31 - 1 milliseconds are nearly 25 days; whole ones can be remembered. */
export const MAX_TIMEOUT_MS = 24 * 86_400_000

/** Milliseconds, at least 1. */
export function parseTimeout(text: string): number | Mistake {
  if (text === 'off') return mistake('this time cannot be `off`', 0, text.length, 'a long one: at most `24d`')
  const ms = parseDuration(text)
  if (isMistake(ms)) return ms
  if (ms > MAX_TIMEOUT_MS) return mistake(`\`${text}\` is longer than a timer can wait`, 0, text.length, 'at most `24d`')
  return ms
}

/** Milliseconds, at least 1; 0 for `off`. */
export function parseTimeoutOrOff(text: string): number | Mistake {
  if (text === 'off') return 0
  const ms = parseTimeout(text)
  if (isMistake(ms) && /^(0+[a-z]*|none|never|no|false|infinity|unlimited)$/i.test(text)) {
    return mistake(`\`${text}\` is not a duration`, 0, text.length, 'did you mean `off`?')
  }
  return ms
}
