/**
 * The layout of a bundle file (`.ptb`): header, section table, and the columns of every record, each defined here once. Writer, checker,
 * views and dump all read these definitions; docs/bundle-format.md explains them.
 *
 *     header 64 | section table 32 * n | sections, each at a multiple of 64 | signature block, if signed
 *     <------------------- content: what contentDigest covers ------------->
 *
 * All numbers are little-endian. Offsets and sizes are bytes from the file's start, indices and counts are not.
 */

/** Like PNG's: the first byte shows 7-bit damage, CR LF and LF show text-mode damage, ^Z stops `type` on Windows. */
export const MAGIC: Uint8Array = Uint8Array.of(0x89, 0x50, 0x53, 0x54, 0x0d, 0x0a, 0x1a, 0x0a)
/** Another major is refused; a higher minor may only add sections that are not critical. */
export const FORMAT_MAJOR = 1
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

/** A cache line: an edge (32 bytes) or a node (16 bytes) of the trie never straddles two, for mappings and buffers begin at one. */
export const ALIGNMENT = 64

/** Open-addressing tables are filled to one half at most, and a key stands fewer than this many slots behind its home. */
export const MAX_PROBES = 64
export const MIN_SLOTS = 8

/** Largest time: more milliseconds than this make a timer of Node fire at once. */
const MAX_TIMER_MS = 0x7fff_ffff

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

/** Tables that columns refer to. */
export type ReferredTag = 'APIS' | 'ATTS' | 'CHNS' | 'BKND' | 'NODE' | 'AUTO' | 'ROUT'

export type Columns = { readonly [name: string]: Column }

const string: Column = { type: 'string' }
const any: Column = { type: 'number', min: 0, max: 0xffff_ffff }
const reference = (to: ReferredTag): Column => ({ type: 'reference', to, optional: false })
const optional = (to: ReferredTag): Column => ({ type: 'reference', to, optional: true })
const number = (min: number, max: number): Column => ({ type: 'number', min, max })
const milliseconds = (min: 0 | 1): Column => number(min, MAX_TIMER_MS)

/** Tables of u32 columns: `count` rows, one after the other, each with a value per column in this order. */
export const TABLES = {
  LSTN: { name: string, address: string, port: number(0, 65_535), protocol: number(1, 1) },
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
  },
  /** The early list of a chain begins at `first` in CHIT, its request list follows. */
  CHNS: { first: any, earlyCount: any, requestCount: any },
  CHIT: { attachment: reference('ATTS') },
  /** `policy` is a position plus one in the manifest's list. */
  ATTS: { id: string, policy: number(1, 0xffff_ffff), record: number(1, 0xffff_ffff) },
  BKND: {
    name: string,
    firstEndpoint: any,
    endpointCount: number(1, 0xffff_ffff),
    sourceAddress: string,
    connectTimeoutMs: milliseconds(1),
    responseTimeoutMs: milliseconds(1),
    idleTimeoutMs: milliseconds(1),
    maxConnections: number(1, 0x7fff_ffff),
    maxPending: number(0, 0x7fff_ffff),
    pendingTimeoutMs: milliseconds(0),
    poolIdleMs: milliseconds(0),
  },
  ENDP: { host: string, port: number(1, 65_535), authority: string, pathPrefix: string },
  CONS: { name: string },
  SECR: { kind: number(1, 2), name: string },
  HOST: { pattern: string, root: reference('NODE') },
  /** Children by automaton; those of one node stand together, `remaining` counts down to 1 within them. */
  CNST: { automaton: reference('AUTO'), child: number(1, 0x7fff_ffff), remaining: number(1, 0xffff_ffff) },
  /** Routes of nodes: first those that end there by method id, then the rest routes by method id. */
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
  NODE: 16,
  /** Slots: see trie.ts. */
  EDGE: 32,
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
  ...(['MANF', 'STRO', 'STRB', 'LSTN', 'TRPX', 'APIS', 'ROUT', 'CHNS', 'CHIT', 'ATTS', 'RECO', 'RECB', 'BKND', 'ENDP'] as const),
  ...(['CONS', 'KEYS', 'SECR', 'HOST', 'HIDX', 'NODE', 'EDGE', 'CNST', 'NRTE', 'AUTO', 'AUTC', 'AUTT', 'AUTA', 'TEST', 'SRCM'] as const),
]

/** Known sections that a bundle can do without: they serve people, not traffic. All others are critical and required. */
export const OPTIONAL_TAGS: ReadonlySet<string> = new Set<Tag>(['SRCM'])

/** What people read in messages of the checker. */
export const SECTION_NAMES: { readonly [T in Tag]: string } = {
  MANF: 'manifest',
  STRO: 'string offsets',
  STRB: 'string bytes',
  LSTN: 'listeners',
  TRPX: 'trusted proxies',
  APIS: 'apis',
  ROUT: 'routes',
  CHNS: 'chains',
  CHIT: 'chain items',
  ATTS: 'attachments',
  RECO: 'record offsets',
  RECB: 'record bytes',
  BKND: 'backends',
  ENDP: 'endpoints',
  CONS: 'consumers',
  KEYS: 'consumer keys',
  SECR: 'secrets',
  HOST: 'hosts',
  HIDX: 'host index',
  NODE: 'nodes',
  EDGE: 'literal edges',
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

export function alignUp(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT
}

/** Typed arrays have the machine's byte order and bundles are little-endian. All platforms that Node supports well are. */
export function isLittleEndian(probe: Uint8Array = new Uint8Array(Uint16Array.of(1).buffer)): boolean {
  return probe[0] === 1
}
