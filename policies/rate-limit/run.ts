/** Counts a request against its key and says in the response what is left (draft-ietf-httpapi-ratelimit-headers-11). */
import { PosternError } from '../../bundle/error.ts'
import { type Exchange, fieldName, localReply, type Runner } from '../contract.ts'
import { Cells, cellsBytes, UNITS_PER_MS, unitsAt } from './cells.ts'
import { KeyHash } from './key-hash.ts'

const TOO_MANY = localReply(
  429,
  'rate-limited',
  'Too many requests. The field retry-after says in how many seconds the next one is accepted.',
)

const RATE_LIMIT_POLICY = fieldName('ratelimit-policy')
const RATE_LIMIT = fieldName('ratelimit')
const RETRY_AFTER = fieldName('retry-after')

/** As `by` stands in the record. */
const BY_CONSUMER = 1
const BY_IP = 2
const BY_ROUTE = 3
const BY_NAMES = ['', 'consumer', 'ip', 'route'] as const

/** What an address is marked with, so that an IPv4 address and the same bits of an IPv6 one are two keys. */
const IPV4 = 4
const IPV6 = 6

export interface RateLimitConfig {
  readonly by: number
  /** In units of the cells. */
  readonly interval: number
  readonly depth: number
  readonly slot: number
  readonly cells: Cells
  /** Has hashed the attachment's id. */
  readonly prefix: KeyHash
  /** Value of `RateLimit-Policy`; the same for every response. */
  readonly policyValue: string
  /** Value of `RateLimit` up to the number that is left. */
  readonly leftPrefix: string
}

const hash = new KeyHash()

/** One view for all attachments of a worker: a bundle may have a hundred thousand of them. */
const cellsByMemory = new WeakMap<SharedArrayBuffer, Cells>()

export const runner: Runner<RateLimitConfig> = {
  name: 'rate-limit',
  version: 1,
  sharedBytes: cellsBytes(),
  load(record, context) {
    const limit = record.u32()
    const perMs = record.u32()
    const burst = record.u32()
    const by = record.u8()
    record.end()
    if (limit === 0 || perMs === 0 || burst === 0 || by < BY_CONSUMER || by > BY_ROUTE) {
      throw new PosternError('record-invalid', 'the record of `rate-limit` has a limit of nothing')
    }
    const interval = Math.max(1, Math.round((perMs * UNITS_PER_MS) / limit))
    const cells = cellsOf(context.shared)
    const prefix = new KeyHash()
    prefix.begin(cells.seed0, cells.seed1)
    prefix.text(context.attachmentId)
    // Two limits on the way, such as 10 a second and 1000 an hour, need two names.
    const name = `"${BY_NAMES[by]}-${windowName(perMs)}"`
    return {
      by,
      interval,
      depth: burst * interval,
      slot: context.slot,
      cells,
      prefix,
      policyValue: `${name};q=${limit};w=${perMs / 1000}`,
      leftPrefix: `${name};r=`,
    }
  },
  request(config, exchange) {
    hash.resume(config.prefix)
    addKey(config.by, exchange)
    hash.finish()
    const owed = config.cells.take(hash.first, hash.second, unitsAt(exchange.nowMs()), config.interval, config.depth)
    exchange.set(config.slot, owed)
    return owed < 0 ? TOO_MANY : undefined
  },
  response(config, exchange) {
    const owed = exchange.get(config.slot)
    if (typeof owed !== 'number') return
    const { response } = exchange
    response.addField(RATE_LIMIT_POLICY, config.policyValue)
    if (owed > 0) {
      const left = Math.floor((config.depth - owed) / config.interval)
      response.addField(RATE_LIMIT, leftText(config.leftPrefix, left, wholeSeconds(owed)))
      return
    }
    // The draft wants both fields of a refusal to mean the same moment. Rounded up: a caller who waits so long is served.
    const waitSeconds = wholeSeconds(-owed)
    response.addField(RATE_LIMIT, `${config.leftPrefix}0;t=${waitSeconds}`)
    response.setField(RETRY_AFTER, `${waitSeconds}`)
  },
}

let lastPrefix = ''
let lastLeft = -1
let lastSeconds = -1
let lastText = ''

/** Below its limit a key has the same numbers for many requests: comparing three of them takes 5 ns, making the text 100. */
function leftText(prefix: string, left: number, seconds: number): string {
  if (left === lastLeft && seconds === lastSeconds && prefix === lastPrefix) return lastText
  lastPrefix = prefix
  lastLeft = left
  lastSeconds = seconds
  lastText = `${prefix}${left};t=${seconds}`
  return lastText
}

function cellsOf(shared: SharedArrayBuffer): Cells {
  let cells = cellsByMemory.get(shared)
  if (cells === undefined) {
    cells = new Cells(shared)
    cellsByMemory.set(shared, cells)
  }
  return cells
}

function addKey(by: number, exchange: Exchange): void {
  if (by === BY_CONSUMER) hash.text(exchange.consumerName)
  else if (by === BY_IP) addAddress(exchange.client.bytes, exchange.client.isIPv4)
  else hash.text(exchange.route.key)
}

function addAddress(bytes: Uint8Array, isIPv4: boolean): void {
  if (isIPv4) {
    hash.word(IPV4)
    hash.word(word(bytes, 12))
    return
  }
  // The first 64 bits: whoever has one IPv6 address has the rest of its /64 too (RFC 4291 §2.5.1).
  hash.word(IPV6)
  hash.word(word(bytes, 0))
  hash.word(word(bytes, 4))
}

function word(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] as number) << 24) |
    ((bytes[offset + 1] as number) << 16) |
    ((bytes[offset + 2] as number) << 8) |
    (bytes[offset + 3] as number)
  )
}

function wholeSeconds(units: number): number {
  return Math.ceil(units / (UNITS_PER_MS * 1000))
}

/** In the largest unit that is whole: `90s`, `1m`, `24h` as `1d`. */
function windowName(perMs: number): string {
  if (perMs % 86_400_000 === 0) return `${perMs / 86_400_000}d`
  if (perMs % 3_600_000 === 0) return `${perMs / 3_600_000}h`
  if (perMs % 60_000 === 0) return `${perMs / 60_000}m`
  return `${perMs / 1000}s`
}
