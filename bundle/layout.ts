/**
 * The layout of a bundle file (`.ptb`): header, section table, and the columns of every record, each defined here once. Writer, checker,
 * views and dump all read these definitions; docs/bundle-format.md explains them.
 *
 *     header 64 | section table 32 * n | sections, each at a multiple of 64 | signature block, if signed
 *     <------------------- content: what contentDigest covers ------------->
 *
 * All numbers are little-endian. Offsets and sizes are bytes from the file's start, indices and counts are not.
 */
import { LIMITS } from './limits.ts'

/** Like PNG's: the first byte shows 7-bit damage, CR LF and LF show text-mode damage, ^Z stops `type` on Windows. */
export const MAGIC: Uint8Array = Uint8Array.of(0x89, 0x50, 0x53, 0x54, 0x0d, 0x0a, 0x1a, 0x0a)
/** Another major is refused; a higher minor may only add sections that are not critical. */
export const FORMAT_MAJOR = 2
export const FORMAT_MINOR = 0

/**
 *     0 magic 8 | 8 major u16 | 10 minor u16 | 12 flags u32 = 0 | 16 contentBytes u32 | 20 zero u32 | 24 sectionCount u32
 *     | 28 tableCrc32 u32 | 32 zero 28 | 60 headerCrc32 u32, over bytes 0 to 59
 */
export const HEADER_BYTES = 64
export const HEADER = {
  major: 8,
  minor: 10,
  flags: 12,
  contentBytes: 16,
  sectionCount: 24,
  tableCrc32: 28,
  zero: 32,
  headerCrc32: 60,
} as const

/** `0 tag, 4 ASCII bytes | 4 flags u32, bit 0: critical | 8 offset u32 | 12 size u32 | 16 count u32 | 20 crc32 u32 | 24 zero 8` */
export const ENTRY_BYTES = 32
export const ENTRY = { tag: 0, flags: 4, offset: 8, size: 12, count: 16, crc32: 20, zero: 24 } as const
export const FLAG_CRITICAL = 1
export const MAX_SECTIONS = 256

/** A cache line: a row of the trie (32 bytes) never straddles two, for mappings and buffers begin at one. */
export const ALIGNMENT = 64

/** Open-addressing tables are filled to one half at most, and a key stands fewer than this many slots behind its home. */
export const MAX_PROBES = 64
/** Of a table that fills its section. */
export const MIN_SLOTS = 8
/** Of the table of a trie node with two literals or more. */
export const MIN_NODE_SLOTS = 4

/** Largest time: more milliseconds than this make a timer of Node fire at once. */
const MAX_TIMER_MS = 0x7fff_ffff
const MAX_COUNT = 0x7fff_ffff

/** What "no limit" is in a file: 0, which a retired image reads as, must not be it. Plans and views say 0. */
export const NO_LIMIT = 0xffff_ffff

/** `0 tag SIGB | 4 count u32 | 8 blockBytes u32 | 12 crc32 u32, over what follows`, then per signature `keyId 16 | signature 64`. */
export const SIGNATURE_HEADER_BYTES = 16
export const SIGNATURE_BYTES = 80
export const KEY_ID_BYTES = 16
export const MAX_SIGNATURES = 16
export const SIGNATURE_TAG = 'SIGB'

/** What a column holds; the checker proves it for every value. References are stored plus one: 0 is "none", which a retired image reads as. */
export type Column =
  /** Index of a string. */
  | { readonly type: 'string' }
  /** Index plus one into the table with this tag; 0 only where `optional`. */
  | { readonly type: 'reference'; readonly to: ReferredTag; readonly optional: boolean }
  /** `min <= value <= max` */
  | { readonly type: 'number'; readonly min: number; readonly max: number }
  /** `min <= value <= max`, or `NO_LIMIT`; 0, "not said", only where `optional`. */
  | { readonly type: 'limit'; readonly min: number; readonly max: number; readonly optional: boolean }

/** Tables that columns refer to. */
export type ReferredTag =
  | ('APIS' | 'ATTS' | 'CHNS' | 'BKND' | 'NODE' | 'AUTO' | 'ROUT' | 'SECR')
  | ('TRAF' | 'RTRY' | 'CACH' | 'COMP' | 'HLTH' | 'OUTL' | 'BRKR')

export type Columns = { readonly [name: string]: Column }

const string: Column = { type: 'string' }
const any: Column = { type: 'number', min: 0, max: 0xffff_ffff }
const reference = (to: ReferredTag): Column => ({ type: 'reference', to, optional: false })
const optional = (to: ReferredTag): Column => ({ type: 'reference', to, optional: true })
const number = (min: number, max: number): Column => ({ type: 'number', min, max })
const milliseconds = (min: 0 | 1): Column => number(min, MAX_TIMER_MS)
const limit = (max: number): Column => ({ type: 'limit', min: 1, max, optional: false })
const optionalLimit = (max: number): Column => ({ type: 'limit', min: 1, max, optional: true })

/** Tables of u32 columns: `count` rows, one after the other, each with a value per column in this order. */
export const TABLES = {
  LSTN: {
    name: string,
    address: string,
    port: number(0, 65_535),
    protocol: number(1, 2),
    http2: number(1, 2),
    proxyProtocol: number(1, 2),
    minTlsVersion: number(0, 2),
    firstCertificate: any,
    certificateCount: any,
    clientsCa: optional('SECR'),
    clientsMode: number(0, 2),
    connections: number(1, MAX_COUNT),
    connectionsPerAddress: limit(MAX_COUNT),
    requestLineBytes: number(1, LIMITS.requestLineBytes),
    headBytes: number(1, LIMITS.headBytes),
    headFields: number(1, LIMITS.headFields),
    handshakeTimeoutMs: milliseconds(1),
    headTimeoutMs: milliseconds(1),
    bodyIdleTimeoutMs: milliseconds(1),
    minBodyRate: limit(MAX_COUNT),
    writeTimeoutMs: milliseconds(1),
    keepAliveTimeoutMs: milliseconds(1),
    keepAliveRequests: limit(MAX_COUNT),
    pipelineDepth: number(1, MAX_COUNT),
    streams: number(1, LIMITS.streams),
    tunnelIdleTimeoutMs: milliseconds(1),
    maxAgeMs: limit(MAX_TIMER_MS),
  },
  /** PEM chain and key of a listener; those of one listener stand together. */
  CERT: { cert: reference('SECR'), key: reference('SECR') },
  APIS: { name: string },
  ROUT: {
    api: reference('APIS'),
    name: string,
    method: number(1, 15),
    template: string,
    accessAttachment: reference('ATTS'),
    chain: reference('CHNS'),
    backend: optional('BKND'),
    strippedBytes: any,
    flags: number(0, 3),
    traffic: optional('TRAF'),
  },
  TRAF: {
    firstPart: any,
    partCount: any,
    stickyBy: number(0, 2),
    stickyName: string,
    mirrorBackend: optional('BKND'),
    mirrorShare: number(0, 10_000),
    totalTimeoutMs: optionalLimit(MAX_TIMER_MS),
    retry: optional('RTRY'),
    cache: optional('CACH'),
    compress: optional('COMP'),
  },
  /** Parts of splits. */
  SPLT: { backend: reference('BKND'), weight: number(0, 65_535) },
  /** `on`: a bit per condition. */
  RTRY: {
    attempts: number(0, LIMITS.retryAttempts),
    on: number(0, 15),
    firstStatus: any,
    statusCount: any,
    perTryMs: limit(MAX_TIMER_MS),
    budgetPercent: number(0, 100),
    backoffBaseMs: milliseconds(1),
    backoffMaxMs: milliseconds(1),
  },
  STAT: { status: number(400, 599) },
  /** Times plus one, so that a time of 0 can be said; 0: left out. */
  CACH: {
    ttl: number(0, MAX_TIMER_MS),
    staleIfError: number(0, MAX_TIMER_MS),
    firstField: any,
    fieldCount: any,
    maxObjectBytes: number(1, MAX_COUNT),
  },
  VARY: { name: string },
  COMP: {
    firstEncoding: number(1, 3),
    secondEncoding: number(0, 3),
    thirdEncoding: number(0, 3),
    minBytes: number(0, MAX_COUNT),
    firstType: any,
    typeCount: any,
  },
  MIME: { type: string },
  /** The early list of a chain begins at `first` in CHIT, its request list follows. */
  CHNS: { first: any, earlyCount: any, requestCount: any },
  CHIT: { attachment: reference('ATTS') },
  /** `policy` is a position plus one in the manifest's list. */
  ATTS: { id: string, policy: number(1, 0xffff_ffff), record: number(1, 0xffff_ffff) },
  BKND: {
    name: string,
    firstEndpoint: any,
    endpointCount: number(1, 0xffff_ffff),
    protocol: number(1, 3),
    balance: number(1, 3),
    hashBy: number(0, 4),
    hashName: string,
    sourceAddress: string,
    connectTimeoutMs: milliseconds(1),
    tlsTimeoutMs: milliseconds(1),
    responseTimeoutMs: milliseconds(1),
    idleTimeoutMs: milliseconds(1),
    totalTimeoutMs: limit(MAX_TIMER_MS),
    maxConnections: number(1, MAX_COUNT),
    maxPending: number(0, MAX_COUNT),
    pendingTimeoutMs: milliseconds(0),
    poolIdleMs: milliseconds(0),
    slowStartMs: milliseconds(0),
    resolveIntervalMs: milliseconds(1),
    activeHealth: optional('HLTH'),
    passiveHealth: optional('OUTL'),
    breaker: optional('BRKR'),
    retry: reference('RTRY'),
    tlsVerify: number(0, 1),
    tlsServerName: string,
    tlsCa: optional('SECR'),
    tlsCert: optional('SECR'),
    tlsKey: optional('SECR'),
  },
  ENDP: {
    host: string,
    port: number(1, 65_535),
    authority: string,
    pathPrefix: string,
    scheme: number(1, 2),
    weight: number(0, 65_535),
    resolve: number(1, 2),
  },
  HLTH: {
    kind: number(1, 2),
    path: string,
    host: string,
    minStatus: number(100, 599),
    maxStatus: number(100, 599),
    intervalMs: milliseconds(1),
    timeoutMs: milliseconds(1),
    healthyAfter: number(1, MAX_COUNT),
    unhealthyAfter: number(1, MAX_COUNT),
  },
  /** Passive health: what makes an endpoint an outlier. */
  OUTL: {
    consecutiveFailures: number(1, MAX_COUNT),
    failurePercent: limit(100),
    minRequests: number(1, MAX_COUNT),
    intervalMs: milliseconds(1),
    ejectMs: milliseconds(1),
    maxEjectMs: milliseconds(1),
    panicBelowPercent: number(0, 100),
  },
  BRKR: { failurePercent: number(1, 100), minRequests: number(1, MAX_COUNT), windowMs: milliseconds(1), openMs: milliseconds(1) },
  CONS: { name: string },
  SECR: { kind: number(1, 2), name: string },
  HOST: { pattern: string, root: reference('NODE') },
  /** Children by automaton of nodes that have more than one; those of one node stand together. */
  CNST: { automaton: reference('AUTO'), child: number(1, 0x7fff_ffff) },
  /** Routes of nodes that have more than one: first those that end there by method id, then the rest routes by method id. */
  NRTE: { route: reference('ROUT') },
  AUTO: { pattern: string, stateCount: any, classCount: number(1, 256), firstTransition: any, firstState: any },
  TEST: { method: string, host: string, path: string, route: optional('ROUT') },
  /** Positions of all routes, then all attachments, then all backends. */
  SRCM: { file: string, line: any, column: any },
} as const satisfies { readonly [tag: string]: Columns }

/** Sections of another shape: bytes per counted thing. */
export const ROWS = {
  /** The manifest's JSON. */
  MANF: 1,
  /** u32 offsets into STRB; one more than there are strings. */
  STRO: 4,
  STRB: 1,
  /** Address ranges: first 16, last 16. */
  TRPX: 32,
  /** u32 offsets into RECB; one more than there are records. */
  RECO: 4,
  RECB: 1,
  /** Slots: key digest 32, consumer plus one u32, expiresAtSeconds u32. */
  KEYS: 40,
  /** Slots: hash u32, host plus one u32. */
  HIDX: 8,
  /** Nodes, each with its slots behind it: see trie.ts. */
  NODE: 32,
  /** Classes of the 256 bytes, per automaton. */
  AUTC: 256,
  /** u16 each. */
  AUTT: 2,
  /** Accepting states, u8 each. */
  AUTA: 1,
} as const

export type TableTag = keyof typeof TABLES
export type Tag = TableTag | keyof typeof ROWS

/** Order in the file. */
export const ORDER: readonly Tag[] = [
  ...(['MANF', 'STRO', 'STRB', 'LSTN', 'CERT', 'TRPX', 'APIS', 'ROUT', 'CHNS', 'CHIT', 'ATTS', 'RECO', 'RECB'] as const),
  ...(['TRAF', 'SPLT', 'RTRY', 'STAT', 'CACH', 'VARY', 'COMP', 'MIME', 'BKND', 'ENDP', 'HLTH', 'OUTL', 'BRKR'] as const),
  ...(['CONS', 'KEYS', 'SECR', 'HOST', 'HIDX', 'NODE', 'CNST', 'NRTE', 'AUTO', 'AUTC', 'AUTT', 'AUTA', 'TEST', 'SRCM'] as const),
]

/** Known sections that a bundle can do without: they serve people, not traffic. All others are critical and required. */
export const OPTIONAL_TAGS: ReadonlySet<string> = new Set<Tag>(['SRCM'])

/** What people read in messages of the checker. */
export const SECTION_NAMES: { readonly [T in Tag]: string } = {
  MANF: 'manifest',
  STRO: 'string offsets',
  STRB: 'string bytes',
  LSTN: 'listeners',
  CERT: 'certificates',
  TRPX: 'trusted proxies',
  APIS: 'apis',
  ROUT: 'routes',
  CHNS: 'chains',
  CHIT: 'chain items',
  ATTS: 'attachments',
  RECO: 'record offsets',
  RECB: 'record bytes',
  TRAF: 'traffics',
  SPLT: 'split parts',
  RTRY: 'retries',
  STAT: 'retried statuses',
  CACH: 'caches',
  VARY: 'cache key fields',
  COMP: 'compressions',
  MIME: 'compressed types',
  BKND: 'backends',
  ENDP: 'endpoints',
  HLTH: 'active health checks',
  OUTL: 'passive health checks',
  BRKR: 'breakers',
  CONS: 'consumers',
  KEYS: 'consumer keys',
  SECR: 'secrets',
  HOST: 'hosts',
  HIDX: 'host index',
  NODE: 'nodes',
  CNST: 'constrained children',
  NRTE: 'node routes',
  AUTO: 'automata',
  AUTC: 'automaton classes',
  AUTT: 'automaton transitions',
  AUTA: 'automaton accepting states',
  TEST: 'self-tests',
  SRCM: 'source map',
}

/** Bytes per counted thing. */
export function rowBytesOf(tag: Tag): number {
  return tag in TABLES ? Object.keys(TABLES[tag as TableTag]).length * 4 : ROWS[tag as keyof typeof ROWS]
}

export function isTag(text: string): text is Tag {
  return Object.hasOwn(SECTION_NAMES, text)
}

/** Position of each column of a table, by name. */
export function columnsOf<T extends TableTag>(tag: T): { readonly [C in keyof (typeof TABLES)[T]]: number } {
  const positions = Object.fromEntries(Object.keys(TABLES[tag]).map((name, index) => [name, index]))
  return Object.freeze(positions) as { readonly [C in keyof (typeof TABLES)[T]]: number }
}

/** From what a file says of a limit to what plans and views say. */
export function noLimitAsZero(stored: number): number {
  return stored === NO_LIMIT ? 0 : stored
}

/** From what plans and views say of a limit to what a file says. */
export function zeroAsNoLimit(planned: number): number {
  return planned === 0 ? NO_LIMIT : planned
}

export function alignUp(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT
}

/** Typed arrays have the machine's byte order and bundles are little-endian. All platforms that Node supports well are. */
export function isLittleEndian(probe: Uint8Array = new Uint8Array(Uint16Array.of(1).buffer)): boolean {
  return probe[0] === 1
}
