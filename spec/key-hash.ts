/** Hashes of keys: `sha256:` and 64 hex digits. The key itself never stands in a source. */
import { characterAt, endOfCharacter, type Mistake, mistake } from './grammar.ts'

const PREFIX = 'sha256:'
const HEX_DIGITS = 64
const HINT = '`postern key new` prints a key once, and this line'

/** 32 bytes. */
export function parseKeyHash(text: string): Uint8Array | Mistake {
  if (!text.startsWith(PREFIX)) return mistake('a key is given by its hash, `sha256:` and 64 hex digits', 0, text.length, HINT)
  const hex = text.slice(PREFIX.length)
  const odd = hex.search(/[^0-9a-f]/)
  if (odd !== -1) {
    const at = PREFIX.length + odd
    const hint = /[A-F]/.test(hex[odd] as string) ? 'hex digits in lower case' : HINT
    return mistake(`\`${characterAt(text, at)}\` is not a hex digit in lower case`, at, endOfCharacter(text, at), hint)
  }
  if (hex.length !== HEX_DIGITS) return mistake(`a SHA-256 hash has 64 hex digits, not ${hex.length}`, PREFIX.length, text.length, HINT)
  return Uint8Array.from({ length: HEX_DIGITS / 2 }, (_, index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16))
}
