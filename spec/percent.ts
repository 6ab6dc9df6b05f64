/** Percentages: whole ones (`50%`) for thresholds, and with up to two decimals (`0.5%`) for shares of traffic. */
import { type Mistake, mistake } from './grammar.ts'

const PARTS_PER_PERCENT = 100

/** 1 to 100. */
export function parsePercent(text: string): number | Mistake {
  const parts = parseParts(text, 0)
  if (typeof parts !== 'number') return parts
  if (parts === 0) return mistake('a threshold is at least `1%`', 0, text.length)
  return parts / PARTS_PER_PERCENT
}

/** Parts of 10 000; 0 can be written. */
export function parseShare(text: string): number | Mistake {
  return parseParts(text, 2)
}

function parseParts(text: string, decimals: number): number | Mistake {
  const example = decimals === 0 ? '`50%`' : '`50%` or `0.5%`'
  const [, whole, fraction, rest = ''] = /^([0-9]+)(\.[0-9]*)?(.*)$/s.exec(text) ?? []
  if (whole === undefined)
    return mistake(text === '' ? 'a percentage is empty' : `\`${text}\` is not a percentage`, 0, text.length, example)
  const end = whole.length + (fraction?.length ?? 0)
  if (rest === '') return mistake(`\`${text}\` has no \`%\``, 0, text.length, percentHint(text))
  if (rest !== '%') return mistake(`\`${rest}\` is not \`%\``, end, text.length, `did you mean \`${text.slice(0, end)}%\`?`)
  if (fraction !== undefined && (fraction.length < 2 || fraction.length > decimals + 1)) {
    const message = decimals === 0 ? 'this percentage is a whole number' : `a percentage has at most ${decimals} decimals`
    return mistake(message, whole.length, end, example)
  }
  const parts = Number(whole) * PARTS_PER_PERCENT + Number((fraction ?? '').slice(1).padEnd(2, '0'))
  if (parts > 100 * PARTS_PER_PERCENT) return mistake(`\`${text}\` is more than \`100%\``, 0, text.length)
  return parts
}

/** `0.5` may mean one half, or half a percent. */
function percentHint(text: string): string {
  const value = Number(text)
  return value > 0 && value < 1
    ? `\`${Number((value * 100).toFixed(2))}%\` or \`${text}%\`, whichever is meant`
    : `did you mean \`${text}%\`?`
}
