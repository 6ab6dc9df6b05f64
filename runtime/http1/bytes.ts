/**
 * What each byte may be in HTTP/1.1, as tables of 256 entries: the one place where the grammar of RFC 9110 §5.6.2 and §5.5 and of RFC 9112 §3
 * is turned into bytes. 0 always means "not allowed", so that a read past the end of a table can never allow anything.
 */
export const HTAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20
export const QUOTE = 0x22
export const HASH = 0x23
export const PERCENT = 0x25
export const ASTERISK = 0x2a
export const COMMA = 0x2c
export const DOT = 0x2e
export const SLASH = 0x2f
export const ZERO = 0x30
export const NINE = 0x39
export const COLON = 0x3a
export const SEMICOLON = 0x3b
export const EQUALS = 0x3d
export const QUESTION = 0x3f
export const BACKSLASH = 0x5c
export const DEL = 0x7f

const DIGITS = '0123456789'
const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const UPPER = LOWER.toUpperCase()

/** token bytes (RFC 9110 §5.6.2), each as its lower-case form. */
export const TOKEN = lowerCased(`!#$%&'*+-.^_\`|~${DIGITS}${LOWER}${UPPER}`)

/** Bytes of a registered name that we take as a host: the unreserved ones. Percent-encoding and sub-delims name no host on any network. */
export const HOST = lowerCased(`-._~${DIGITS}${LOWER}${UPPER}`)

/** Field values: HTAB, SP, VCHAR, obs-text. No other control byte, no DEL (F6). */
export const FIELD_VALUE = table((byte) => byte === HTAB || (byte >= SP && byte !== 0x7f))

/** Inside a quoted string as we take it (chunk extensions): no backslash, no quote, no obs-text. */
export const QUOTED = table((byte) => byte === HTAB || (byte >= SP && byte < 0x7f && byte !== QUOTE && byte !== BACKSLASH))

/** What a byte of a request target is to the parser (F15). */
export const TARGET_PLAIN = 1
/** May need a second look: `%`, `.`, `?`, `\`. */
export const TARGET_SPECIAL = 2
export const TARGET = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === PERCENT || byte === DOT || byte === QUESTION || byte === BACKSLASH) return TARGET_SPECIAL
  return byte > SP && byte < 0x7f && byte !== HASH ? TARGET_PLAIN : 0
})

/** Value of a hexadecimal digit plus one; 0 for any other byte. */
export const HEX = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase())
  return value + 1
})

/** RFC 3986 §2.3: the bytes that mean the same with and without percent-encoding. */
export const UNRESERVED = table((byte) => `-._~${DIGITS}${LOWER}${UPPER}`.includes(String.fromCharCode(byte)))

function table(isAllowed: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (isAllowed(byte) ? 1 : 0))
}

function lowerCased(allowed: string): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => {
    const text = String.fromCharCode(byte)
    return allowed.includes(text) ? text.toLowerCase().charCodeAt(0) : 0
  })
}
