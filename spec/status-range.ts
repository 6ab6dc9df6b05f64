/** Statuses that count as healthy: one (`204`) or a range with both ends (`200-399`). RFC 9110 §15. */
import { type Mistake, mistake } from './grammar.ts'

export interface StatusRange {
  readonly minStatus: number
  readonly maxStatus: number
}

export function parseStatusRange(text: string): StatusRange | Mistake {
  const [first = '', second, ...more] = text.split('-')
  if (text === '') return mistake('a status is empty', 0, 0, '`200` or `200-399`')
  if (more.length > 0) return mistake(`\`${text}\` is not a range of statuses`, 0, text.length, '`200-399`')
  const minStatus = parseStatus(first, 0)
  if (typeof minStatus !== 'number') return minStatus
  const maxStatus = second === undefined ? minStatus : parseStatus(second, first.length + 1)
  if (typeof maxStatus !== 'number') return maxStatus
  if (minStatus > maxStatus) return mistake(`\`${text}\` ends before it begins`, 0, text.length, `\`${second}-${first}\``)
  return { minStatus, maxStatus }
}

function parseStatus(text: string, offset: number): number | Mistake {
  if (/^[1-5][0-9]{2}$/.test(text)) return Number(text)
  const hint = /^[1-5]xx$/i.test(text) ? `\`${text[0]}00-${text[0]}99\`` : 'three digits, from 100 to 599'
  return mistake(`\`${text}\` is not a status`, offset, offset + text.length, hint)
}
