/** Durations: a whole number and a unit, such as `500ms`, `5s`, `1m`, `2h`, `30d`. Code only ever sees milliseconds. */
import { type Mistake, mistake } from './grammar.ts'

const MS_PER_UNIT: { readonly [unit: string]: number } = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** The longest duration that can be written: 36 500 days. */
export const MAX_DURATION_MS = 36_500 * 86_400_000

const HINT = 'a whole number and `ms`, `s`, `m`, `h` or `d`, such as `5s`'

/** Milliseconds, at least 1. */
export function parseDuration(text: string): number | Mistake {
  let end = 0
  while (end < text.length && isDigit(text.charCodeAt(end))) end++
  if (end === 0) return mistake(text === '' ? 'a duration is empty' : `\`${text}\` is not a duration`, 0, text.length, HINT)
  if (end === text.length) return mistake(`duration \`${text}\` has no unit`, 0, end, `\`${text}s\` if seconds are meant`)
  if (/^[.,]/.test(text.slice(end)))
    return mistake('a duration is a whole number of units', 0, text.length, 'a smaller unit: `90s` for a minute and a half')
  const unit = text.slice(end)
  if (/^\s/.test(unit)) {
    const at = text.length - unit.trimStart().length
    const meant = unitOf(unit)
    return mistake(
      'no space stands between number and unit',
      end,
      at,
      meant === undefined ? HINT : `did you mean \`${text.slice(0, end)}${meant}\`?`,
    )
  }
  const factor = Object.hasOwn(MS_PER_UNIT, unit) ? MS_PER_UNIT[unit] : undefined
  if (factor === undefined) return mistake(`\`${unit}\` is not a unit of time`, end, text.length, unitHint(text.slice(0, end), unit))
  const ms = Number(text.slice(0, end)) * factor
  if (ms === 0) return mistake('a duration is at least `1ms`', 0, text.length)
  if (ms > MAX_DURATION_MS) return mistake(`duration \`${text}\` is longer than 36500d`, 0, text.length)
  return ms
}

function unitHint(digits: string, written: string): string {
  const unit = unitOf(written)
  return unit === undefined ? HINT : `did you mean \`${digits}${unit}\`?`
}

/** `minutes`, `Sec` and the like as a unit. */
function unitOf(written: string): string | undefined {
  const word = written.trim().toLowerCase()
  if (/^(ms|msecs?|millis|milliseconds?)$/.test(word)) return 'ms'
  if (/^(m|min|mins|minutes?)$/.test(word)) return 'm'
  return ['s', 'h', 'd'].find((unit) => word.startsWith(unit))
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}
