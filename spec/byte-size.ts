/** Sizes: a whole number and a unit, such as `512B`, `64KiB`, `1MiB`. Powers of two only, so that nobody has to guess what a `KB` is. */
import { type Mistake, mistake } from './grammar.ts'

const BYTES_PER_UNIT: { readonly [unit: string]: number } = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** The largest size that can be written: 1 TiB. */
export const MAX_BYTE_SIZE = 1024 ** 4

const HINT = 'a whole number and `B`, `KiB`, `MiB` or `GiB`, such as `64KiB`'

/** Bytes; 0 can be written. */
export function parseByteSize(text: string): number | Mistake {
  const digits = /^[0-9]*/.exec(text)?.[0] ?? ''
  if (digits === '') return mistake(text === '' ? 'a size is empty' : `\`${text}\` is not a size`, 0, text.length, HINT)
  if (digits.length === text.length) return mistake(`size \`${text}\` has no unit`, 0, text.length, `\`${text}B\` if bytes are meant`)
  const unit = text.slice(digits.length)
  const factor = Object.hasOwn(BYTES_PER_UNIT, unit) ? BYTES_PER_UNIT[unit] : undefined
  if (factor === undefined) {
    const letter = unit.trim().charAt(0).toUpperCase()
    const meant = 'KMG'.includes(letter) && letter !== '' ? `${letter}iB` : letter === 'B' ? 'B' : undefined
    const hint = meant === undefined ? HINT : `did you mean \`${digits}${meant}\`?`
    return mistake(`\`${unit}\` is not a unit of size`, digits.length, text.length, hint)
  }
  const bytes = Number(digits) * factor
  if (bytes > MAX_BYTE_SIZE) return mistake(`size \`${text}\` is larger than 1024GiB`, 0, text.length)
  return bytes
}
