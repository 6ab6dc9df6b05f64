/** Points in time: RFC 3339 in UTC, such as `2027-01-01T00:00:00Z`. */
import { type Mistake, mistake } from './grammar.ts'

/** The last second that a bundle can hold; the one behind it stands for "never". */
const LAST_SECOND = 0xffff_fffe
const HINT = 'such as `2027-01-01T00:00:00Z`'

/** Whole seconds since 1970, a fraction cut off. */
export function parseTimestamp(text: string): number | Mistake {
  if (/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text))
    return mistake('a point in time has a time of day', 0, text.length, `\`${text}T00:00:00Z\``)
  const parts = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})?$/.exec(text)
  if (!parts) return mistake(text === '' ? 'a point in time is empty' : `\`${text}\` is not a point in time`, 0, text.length, HINT)
  const zone = parts[7] ?? ''
  if (zone !== 'Z') return mistake('a point in time is written in UTC', text.length - zone.length, text.length, 'ending in `Z`')
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [number, number, number, number, number, number]
  const ms = Date.UTC(year, month - 1, day, hour, minute, second)
  // Date.UTC carries over (February 30 becomes March 2), so what comes back must be what went in.
  const date = new Date(ms)
  const isReal = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  if (!isReal || hour > 23 || minute > 59 || second > 59) return mistake(`\`${text}\` does not exist`, 0, text.length)
  const seconds = ms / 1000
  if (seconds < 1 || seconds > LAST_SECOND) return mistake('a point in time lies between 1970 and 2106', 0, 4)
  return seconds
}
