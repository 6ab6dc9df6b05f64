/**
 * What every grammar of the language answers: a value, or the mistake with the exact piece of the text that is wrong.
 * One file per grammar; `formats.ts` lists them all.
 */

/** Why a text is not in a grammar. Offsets are UTF-16, half-open, in the text that was given: `0 <= start <= end <= text.length`. */
export interface Mistake {
  readonly mistake: true
  /** Lower case, no full stop; true even when read alone. */
  readonly message: string
  readonly start: number
  readonly end: number
  /** What to write instead. */
  readonly hint?: string
}

export function mistake(message: string, start: number, end: number, hint?: string): Mistake {
  return hint === undefined ? { mistake: true, message, start, end } : { mistake: true, message, start, end, hint }
}

export function isMistake(value: unknown): value is Mistake {
  return typeof value === 'object' && value !== null && 'mistake' in value
}

/** The value, where the text is known to be valid: behind `validate` nothing else can be. Throws otherwise: a wrong program, not wrong input. */
export function known<T>(value: T | Mistake): T {
  if (isMistake(value)) throw new Error(`not validated: ${value.message}`)
  return value
}

/** The mistake moved to where the text stands in a longer one. */
export function shifted(inner: Mistake, offset: number): Mistake {
  return mistake(inner.message, inner.start + offset, inner.end + offset, inner.hint)
}

/** The character at an offset as it is shown in messages; a surrogate pair is one character. */
export function characterAt(text: string, offset: number): string {
  const point = text.codePointAt(offset) ?? 0
  if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return `U+${point.toString(16).toUpperCase().padStart(4, '0')}`
  return String.fromCodePoint(point)
}

/** Where the character at an offset ends. */
export function endOfCharacter(text: string, offset: number): number {
  return offset + ((text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1)
}
