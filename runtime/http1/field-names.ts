/**
 * Field names that the engine itself has to understand, each with a small id. The scanner hashes a name while it validates it; the hash
 * finds a candidate, and its bytes decide. The same hashes let a policy's field be found without comparing every name.
 */
import { TOKEN } from './bytes.ts'

const HYPHEN = 0x2d
const UNDERSCORE = 0x5f

/** 0 is any other name. */
export const KNOWN = {
  none: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  keepAlive: 5,
  proxyConnection: 6,
  te: 7,
  trailer: 8,
  upgrade: 9,
  http2Settings: 10,
  proxyAuthenticate: 11,
  proxyAuthorization: 12,
  proxyAuthenticationInfo: 13,
  expect: 14,
  via: 15,
  forwarded: 16,
  xForwardedFor: 17,
  xForwardedHost: 18,
  xForwardedProto: 19,
  xForwardedPort: 20,
  xRealIp: 21,
  authorization: 22,
  cookie: 23,
  setCookie: 24,
  origin: 25,
  accessControlRequestMethod: 26,
  accessControlRequestHeaders: 27,
  maxForwards: 28,
  date: 29,
  server: 30,
  contentType: 31,
  contentEncoding: 32,
  contentRange: 33,
  xRequestId: 34,
  traceparent: 35,
  tracestate: 36,
  userAgent: 37,
  accept: 38,
  retryAfter: 39,
  /** Connection option, not a field. */
  close: 40,
} as const

/** Lower-case name by id. */
export const KNOWN_NAMES: readonly string[] = Object.keys(KNOWN).map((key) =>
  key === 'none' ? '' : key === 'http2Settings' ? 'http2-settings' : key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
)

/** Added to the id of a name that differs from ours only by `_` for `-`: many backends (CGI, WSGI) cannot tell the two apart. */
export const LOOKALIKE = 0x80

/** What goes into the hash of a name for each of its bytes; 0 for bytes that no token has. */
export const HASHED = Uint8Array.from(TOKEN, (lower) => (lower === UNDERSCORE ? HYPHEN : lower))
export const HASH_START = 0x811c9dc5 | 0
export const HASH_PRIME = 0x01000193

const SLOTS = 4096
/** FNV's low bits alone collide for our names; this shift is found once, when the module loads. */
const SHIFT = collisionFreeShift()
const SLOT_IDS = slotIds(SHIFT) as Uint8Array
const KNOWN_BYTES: readonly Uint8Array[] = KNOWN_NAMES.map((name) => Uint8Array.from(name, (letter) => letter.charCodeAt(0)))

/**
 * FNV-1a over the lower-case bytes, as a signed 32-bit number, with `-` for `_`, so that look-alikes meet. Not keyed: it only speeds up a
 * comparison, it never replaces one.
 */
export function hashName(lower: string): number {
  let hash = HASH_START
  for (let i = 0; i < lower.length; i++) hash = Math.imul(hash ^ (HASHED[lower.charCodeAt(i)] ?? 0), HASH_PRIME)
  return hash
}

/** Id of the name in `bytes`, which are token bytes in any case, maybe with LOOKALIKE; 0 when it is none of ours. */
export function knownId(hash: number, bytes: Uint8Array, start: number, end: number): number {
  const id = SLOT_IDS[(hash >>> SHIFT) & (SLOTS - 1)] as number
  if (id === 0) return 0
  const name = KNOWN_BYTES[id] as Uint8Array
  if (name.length !== end - start) return 0
  // For token bytes, `| 0x20` is lower case for letters and nothing for what else our names have: one look per byte instead of three.
  let at = 0
  while (at < name.length && ((bytes[start + at] as number) | 0x20) === name[at]) at++
  if (at === name.length) return id
  let isExact = true
  for (let i = at; i < name.length; i++) {
    const byte = bytes[start + i] as number
    if (TOKEN[byte] === name[i]) continue
    if (HASHED[byte] !== name[i]) return 0
    isExact = false
  }
  return isExact ? id : id | LOOKALIKE
}

/** Whether the token bytes are this lower-case text, in any case. */
export function nameEquals(bytes: Uint8Array, start: number, end: number, lower: string): boolean {
  if (end - start !== lower.length) return false
  for (let i = 0; i < lower.length; i++) if (TOKEN[bytes[start + i] as number] !== lower.charCodeAt(i)) return false
  return true
}

function slotIds(shift: number): Uint8Array | undefined {
  const ids = new Uint8Array(SLOTS)
  for (let id = 1; id < KNOWN_NAMES.length; id++) {
    const slot = (hashName(KNOWN_NAMES[id] as string) >>> shift) & (SLOTS - 1)
    if (ids[slot] !== 0) return undefined
    ids[slot] = id
  }
  return ids
}

function collisionFreeShift(): number {
  for (let shift = 0; shift <= 20; shift++) if (slotIds(shift) !== undefined) return shift
  throw new Error('no shift separates the known names: make SLOTS larger')
}
