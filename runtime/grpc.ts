/**
 * What the gateway has to know of gRPC (grpc/grpc, doc/PROTOCOL-HTTP2.md and http-grpc-status-mapping.md): which requests are gRPC, how long
 * their callers wait, and how to refuse one so that a caller understands it. Everything else is HTTP.
 */
import { METHODS } from '../bundle/plan.ts'
import type { LocalReply } from '../policies/contract.ts'
import { KNOWN } from './http1/field-names.ts'
import { FIELD_STRIDE } from './http1/field-section.ts'
import type { MessageHead } from './http1/message-head.ts'
import type { RequestHead } from './http1/request-head.ts'
import { reasonOf } from './http1/status.ts'

const POST_ID = METHODS.indexOf('POST')
const MEDIA_TYPE = Buffer.from('application/grpc')
const PLUS = 0x2b
const SEMICOLON = 0x3b

/** Codes of gRPC, as far as the gateway gives them itself. */
const UNKNOWN = 2
const DEADLINE_EXCEEDED = 4
const PERMISSION_DENIED = 7
const UNIMPLEMENTED = 12
const INTERNAL = 13
const UNAVAILABLE = 14
const UNAUTHENTICATED = 16

/** By HTTP status, as clients are told to map one that is not from a gRPC server; any other is UNKNOWN. */
const STATUSES: { readonly [status: number]: number } = {
  400: INTERNAL,
  401: UNAUTHENTICATED,
  403: PERMISSION_DENIED,
  404: UNIMPLEMENTED,
  429: UNAVAILABLE,
  502: UNAVAILABLE,
  503: UNAVAILABLE,
  504: UNAVAILABLE,
}
/** The caller's deadline, or one of ours in its place, has passed: there is a code for just that. */
const DEADLINE_CODES: ReadonlySet<string> = new Set(['upstream-total-timeout', 'upstream-response-timeout'])

/** Milliseconds in one of each unit of `grpc-timeout`. */
const UNITS: { readonly [unit: string]: number } = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001 }

/** A gRPC call: always a POST. */
export function isGrpc(head: RequestHead): boolean {
  return head.methodId === POST_ID && hasGrpcType(head)
}

/** `application/grpc`, `application/grpc+proto`, `application/grpc;…`: not `application/grpc-web`, which is another protocol. */
export function hasGrpcType(head: MessageHead): boolean {
  const index = head.indexOfKnown(KNOWN.contentType)
  if (index < 0) return false
  const { bytes, fields } = head
  const start = fields[index * FIELD_STRIDE + 2] as number
  const end = fields[index * FIELD_STRIDE + 3] as number
  if (end - start < MEDIA_TYPE.length) return false
  for (let i = 0; i < MEDIA_TYPE.length; i++) {
    const byte = bytes[start + i] as number
    // A media type's letters may be of either case; there is nothing in it but letters and the slash.
    if ((byte === 0x2f ? byte : byte | 0x20) !== MEDIA_TYPE[i]) return false
  }
  const next = bytes[start + MEDIA_TYPE.length]
  return end - start === MEDIA_TYPE.length || next === PLUS || next === SEMICOLON
}

/** What `grpc-timeout` says, in ms and at least 1; 0 where there is none, or none that can be read: that is for the backend to judge. */
export function grpcTimeoutMs(head: RequestHead): number {
  const index = head.indexOfName('grpc-timeout')
  if (index < 0) return 0
  const match = /^(\d{1,8})([HMSmun])$/.exec(head.value(index))
  if (match === null) return 0
  return Math.max(1, Math.ceil(Number(match[1]) * (UNITS[match[2] as string] as number)))
}

const converted = new WeakMap<LocalReply, LocalReply>()

/** A refusal as gRPC has it: 200, with status and message in the fields and no body. What is no refusal stays as it is. */
export function grpcReply(reply: LocalReply): LocalReply {
  if (reply.status < 400) return reply
  let found = converted.get(reply)
  if (found === undefined) {
    const status = DEADLINE_CODES.has(reply.code) ? DEADLINE_EXCEEDED : (STATUSES[reply.status] ?? UNKNOWN)
    const message = reply.detail === '' ? reasonOf(reply.status) : reply.detail
    const ownFields = reply.fields.filter(([name]) => name.toLowerCase() !== 'content-type')
    found = Object.freeze({
      status: 200,
      code: reply.code,
      detail: '',
      fields: [
        ['Content-Type', 'application/grpc'],
        ['grpc-status', String(status)],
        ['grpc-message', encodeMessage(message)],
        ...ownFields,
      ] as const,
      body: '',
    })
    converted.set(reply, found)
  }
  return found
}

/** UTF-8, with every byte but printable ASCII, and the percent sign, percent-encoded. */
export function encodeMessage(text: string): string {
  let encoded = ''
  for (const byte of Buffer.from(text)) {
    encoded +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25 ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}
