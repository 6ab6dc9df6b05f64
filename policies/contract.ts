/**
 * What the run half of a policy sees and answers: all that an author of `run.ts` has to read.
 *
 * Order of an exchange:
 *
 *     early policies -> access -> request policies, outermost scope first -> upstream -> the same policies' response hooks in reverse -> done
 *
 * A policy sees an `Exchange`; never a socket, the bundle or another policy. It answers `undefined` (go on) or a `LocalReply`, now or as a
 * promise. One that throws costs its own request a 500, logged and counted. Response hooks also see local replies, so that a 401 can
 * carry CORS fields; they run only for policies whose request hook was reached or that stand before the one that replied.
 */
import { PosternError } from '../bundle/error.ts'
import { HASH_SEED, hashByte } from '../bundle/hash.ts'
import type { RecordReader } from '../bundle/record.ts'

/** A policy's behaviour. `Config` is made by `load`, once per attachment and generation, and is immutable afterwards. */
export interface Runner<Config> {
  /** Kebab-case; the folder's name and the one in YAML, logs and metrics. */
  readonly name: string
  /** Version of the record's format. A gateway refuses a bundle that asks for another one. */
  readonly version: number
  /**
   * Size in bytes of the state that all workers of a gateway process share, changed by compare-and-swap only (a terminated worker would
   * keep a lock). All attachments of the policy get the same buffer. Left out: none.
   */
  readonly sharedBytes?: number
  /** Reads the record. Throws `PosternError` when it is not what it must be: the bundle is refused. */
  load(record: RecordReader, context: LoadContext): Config
  /** Runs on the way in: early, as access decision or after it, as the compile half has decided. */
  request?(config: Config, exchange: Exchange): Verdict | Promise<Verdict>
  /** Runs on the way out, for upstream's response and for local replies. */
  response?(config: Config, exchange: Exchange): void
}

/** `undefined`: go on. */
export type Verdict = LocalReply | undefined

/** What `load` may ask for. */
export interface LoadContext {
  /** Stable from generation to generation: keys the attachment's state. */
  readonly attachmentId: string
  /** The policy's shared state; `sharedBytes` long, zeroed when the gateway process began. */
  readonly shared: SharedArrayBuffer
  /** Slot for `Exchange.set` and `get`, this attachment's own. */
  readonly slot: number
  readonly consumers: ConsumerDirectory
  /**
   * The value behind a reference to a secret. Throws `secret-unresolved` when there is none; let it through. A value that cannot be used is
   * none either: throw the same code, and never the value.
   */
  secret(index: number): string
}

/** Consumers and their keys, read in place from the bundle. */
export interface ConsumerDirectory {
  readonly count: number
  name(index: number): string
  /** Index of the consumer that has a key with this SHA-256 digest (32 bytes) that has not expired, or -1. Constant-time compare. */
  findByKeyDigest(digest: Uint8Array, nowSeconds: number): number
}

export interface Exchange {
  readonly request: PolicyRequest
  /** Only in response hooks. */
  readonly response: PolicyResponse
  readonly client: ClientAddress
  readonly route: RouteIdentity
  /** Index of the consumer who calls, set by an access policy; -1 while nobody is known. */
  consumer: number
  /** Its name, for fields sent upstream; empty while nobody is known. */
  readonly consumerName: string
  /** Made by the gateway for each request; a policy may replace it. Goes to logs and problem documents. */
  requestId: string
  /** The gateway's clock, in milliseconds since 1970. */
  nowMs(): number
  /** What this attachment remembered earlier in this exchange, by its `LoadContext.slot`; `undefined` if nothing. */
  get(slot: number): unknown
  set(slot: number, value: unknown): void
}

/** Who is at the other end, forwarding fields of trusted proxies taken into account. */
export interface ClientAddress {
  /** 16 bytes in network order; IPv4 as IPv4-mapped IPv6. Not to be kept or changed. */
  readonly bytes: Uint8Array
  readonly text: string
  readonly isIPv4: boolean
  /** The peer is one of the gateway's `trustedProxies`: what it says about the request is believed. */
  readonly peerIsTrusted: boolean
  /**
   * What the client itself has shown in the TLS handshake, if the listener asks for it: verified, signed by one of the listener's CAs and valid
   * at that time, or it would not be here. `undefined`: none. Behind a trusted proxy that names the client in a field, the certificate of the
   * connection is the proxy's and none of the client's, so it is `undefined` there too.
   */
  readonly certificate: ClientCertificate | undefined
}

/** A verified client certificate. Each part is decoded when it is asked for. */
export interface ClientCertificate {
  /** Distinguished name, RFC 4514: the most specific attribute first, `CN=orders,OU=billing,O=Acme`. */
  readonly subject: string
  readonly issuer: string
  /** Hexadecimal digits, lower case. */
  readonly serialNumber: string
  /** DNS names are lower case. Kinds other than these are left out. */
  readonly subjectAltNames: readonly { readonly kind: 'dns' | 'email' | 'uri' | 'ip'; readonly value: string }[]
  /** SHA-256 of the certificate: 64 hexadecimal digits, lower case. */
  readonly fingerprint: string
  /** Milliseconds since 1970. */
  readonly notAfterMs: number
  /** The certificate in PEM. */
  readonly pem: string
}

export interface RouteIdentity {
  /** 0-based, in the current bundle. */
  readonly index: number
  /** As in logs: `GET /forecast/{city}` or an operationId. */
  readonly name: string
  readonly api: string
  /** The same from bundle to bundle: API, method and template. */
  readonly key: string
}

/** The request as it came, and what is to be sent upstream. Reads see the client's fields, not what policies changed. */
export interface PolicyRequest {
  readonly method: string
  /** Canonical path, as matched. */
  readonly path: string
  /** Without `?`; `undefined` when the target had none. */
  readonly query: string | undefined
  /** `Host`, lower case, without port. */
  readonly host: string
  /** First field with this name, or `undefined`. Latin-1, without surrounding white space. */
  field(name: FieldName): string | undefined
  /** How many fields have this name. */
  fieldCount(name: FieldName): number
  /**
   * The value of the first one as bytes, into `target`, without a string that lives on. Returns its size, or -1 when there is none; nothing
   * is copied if it is larger than `target`.
   */
  copyField(name: FieldName, target: Uint8Array): number
  /** Declared size of the body in bytes; 0 without body, `undefined` when chunked. */
  readonly contentLength: number | undefined
  /** Segment of the canonical path, 0-based from the left, still percent-encoded; `undefined` past the end. */
  segment(index: number): string | undefined
  /** From this segment to the end of the path, without a leading slash, still percent-encoded; empty past the end. */
  segmentsFrom(index: number): string

  /** Fields sent upstream: replace all with this name, add one, or take all away. `MANAGED_FIELDS` cannot be changed. */
  setField(name: FieldName, value: string): void
  addField(name: FieldName, value: string): void
  removeField(name: FieldName): void
  /** Replaces path and query sent upstream, behind the endpoint's prefix; both already encoded. `undefined` query: none. */
  setTarget(path: string, query: string | undefined): void
  /** Path and query as they would go upstream now (base path taken off, earlier policies' changes seen), without the endpoint's prefix. */
  readonly targetPath: string
  readonly targetQuery: string | undefined
  /** Answers with `reply` and stops reading once the body has more than `maxBytes`, whatever was declared. The smallest limit set counts. */
  limitBody(maxBytes: number, reply: LocalReply): void
}

export interface PolicyResponse {
  /** Three digits. */
  readonly status: number
  /** The gateway's own reply, not upstream's. */
  readonly isLocal: boolean
  /** First field with this name as it stands now, changes of policies included. */
  field(name: FieldName): string | undefined
  setField(name: FieldName, value: string): void
  addField(name: FieldName, value: string): void
  removeField(name: FieldName): void
}

/** A field name in the forms that the hot path needs; make it once, in `load` or at module level. */
export interface FieldName {
  /** As it is written on the wire. */
  readonly text: string
  /** Lower case: for comparing. */
  readonly lower: string
  /** What the gateway finds it by: FNV-1a of `lower`, with `-` for `_`. */
  readonly hash: number
  /** `text: `, as bytes. */
  readonly prefix: Buffer
  /** One of `MANAGED_FIELDS`. */
  readonly isManaged: boolean
  /** One of `FORWARDING_FIELDS`. */
  readonly isForwarding: boolean
}

/** Names that are kept, so that a hundred thousand attachments which have the same ones do not have a hundred thousand of them. */
const MAX_KEPT_NAMES = 1024
const keptNames = new Map<string, FieldName>()

/** RFC 9110 §5.1: a token. The compiler has checked names from YAML; an empty one is what a record of zeros reads as. */
export function fieldName(text: string): FieldName {
  const kept = keptNames.get(text)
  if (kept !== undefined) return kept
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)) throw new PosternError('record-invalid', 'a field has no name, or one that is no token')
  const lower = text.toLowerCase()
  let hash = HASH_SEED
  for (const letter of lower) hash = hashByte(hash, letter === '_' ? 0x2d : letter.charCodeAt(0))
  const isManaged = MANAGED_FIELDS.has(lower)
  const isForwarding = FORWARDING_FIELDS.has(lower)
  const name = Object.freeze({ text, lower, hash, prefix: Buffer.from(`${text}: `, 'latin1'), isManaged, isForwarding })
  if (keptNames.size < MAX_KEPT_NAMES) keptNames.set(text, name)
  return name
}

/** Lower case. Fields that the gateway writes itself for each message: framing, connection management, and where the request goes. */
export const MANAGED_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Lower case. What a gateway says about where a request came from. */
export const FORWARDING_FIELDS: ReadonlySet<string> = new Set([
  'via',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
])

/** A response made by the gateway itself. Built once, sent many times; what differs per request is added by response hooks. */
export interface LocalReply {
  readonly status: number
  /** Kebab-case, for problem documents, logs and metrics; empty when the reply is a success made on purpose. */
  readonly code: string
  /** Sentence for the caller; never a secret, an address of ours or a version. */
  readonly detail: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** Left out: an RFC 9457 problem document is made from the above. */
  readonly body?: string
}

/** A refusal as an RFC 9457 problem document. */
export function localReply(status: number, code: string, detail = '', fields: LocalReply['fields'] = []): LocalReply {
  return Object.freeze({ status, code, detail, fields })
}

/** A reply with a body of its own, or with an empty one. */
export function customReply(status: number, fields: LocalReply['fields'], body: string): LocalReply {
  return Object.freeze({ status, code: '', detail: '', fields, body })
}
