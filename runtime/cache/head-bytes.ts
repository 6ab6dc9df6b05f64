/**
 * Response heads as bytes of their own: what is stored, and what is told to a flow in place of a backend's head. A flow is given a
 * `ResponseHead` that was read from such bytes, so that nothing behind it can tell where a response came from.
 */
import assert from 'node:assert'
import { parseResponseHead, ResponseHead, type ResponseHeadLimits } from '../http1/response-head.ts'
import { HeadWriter, TRANSFER_ENCODING_CHUNKED } from '../http1/serialize.ts'

/** Not the data path's: a message may be half written there. */
const writer = new HeadWriter(16 * 1024)
/** What was within the limits once has grown by a few fields of ours. */
const LIMITS: ResponseHeadLimits = { statusLineBytes: 8 * 1024, headBytes: 256 * 1024, headFields: 1024 }

/** Twice what one head of a backend may have. */
const MAX_STORED_FIELDS = 400
const MAX_STORED_BYTES = 128 * 1024

/** RFC 9111 §3.2: a 304 does not change what describes the stored body. */
const KEPT_ON_UPDATE: ReadonlySet<string> = new Set(['content-encoding', 'content-length', 'content-range', 'content-type'])
/** RFC 9110 §15.4.5: a 304 does not describe a body that it does not have. */
const KEPT_IN_304: ReadonlySet<string> = new Set(['content-location', 'content-security-policy', 'content-security-policy-report-only'])

/** The part of a head that is stored: status line and end-to-end fields without Age, which is written anew each time; with a Date. */
export function headToStore(head: ResponseHead, nowMs: number): Buffer {
  writer.begin()
  writer.statusLine(head.status)
  for (let index = 0; index < head.fieldCount; index++) {
    if (head.hopByHop[index] === 0 && !head.hasName(index, 'age')) writer.receivedField(head, index)
  }
  // RFC 9110 §6.6.1: who stores a response without Date adds the time at which it came.
  if (head.indexOfName('date') < 0) writer.date(nowMs)
  return ownBytes()
}

/**
 * The stored head after a 304: its fields replace those of the same name (RFC 9111 §3.2). `undefined`: it has become longer than a head may be,
 * by a field more with each 304, say.
 */
export function updatedHead(stored: ResponseHead, update: ResponseHead, nowMs: number): Buffer | undefined {
  if (stored.fieldCount + update.fieldCount > MAX_STORED_FIELDS) return undefined
  writer.begin()
  writer.statusLine(stored.status)
  for (let index = 0; index < stored.fieldCount; index++) {
    const name = stored.name(index).toLowerCase()
    if (stored.hopByHop[index] === 1 || isReplaced(update, name)) continue
    writer.receivedField(stored, index)
  }
  for (let index = 0; index < update.fieldCount; index++) {
    if (update.hopByHop[index] === 1 || update.hasName(index, 'age')) continue
    if (!KEPT_ON_UPDATE.has(update.name(index).toLowerCase())) writer.receivedField(update, index)
  }
  if (update.indexOfName('date') < 0) writer.date(nowMs)
  return writer.size > MAX_STORED_BYTES ? undefined : ownBytes()
}

/**
 * What heads are told in: valid until the sink's `onResponseHead` returns, like a connection's own, so one is enough. Making one for each
 * response was 4 % of a hit.
 */
export const told: ResponseHead = new ResponseHead()

/** What goes with a head that is told. */
export interface ToldHead {
  /** Seconds; -1: no Age of ours, and the one that came stays. */
  readonly age: number
  /** Of this gateway; appended to what other caches have said. Empty: nothing. */
  readonly cacheStatus: string
  /** Bytes of the body; -1: nobody knows. */
  readonly contentLength: number
  /** The request was a HEAD: no body follows. */
  readonly answersHead: boolean
}

/** A stored head, told with the length of its body. */
export function tellStored(stored: Buffer, status: number, told: ToldHead, head: ResponseHead): ResponseHead {
  writer.begin()
  writer.bytes(stored)
  return tell(status, told, head)
}

/** A 304 in place of a stored response. */
export function tellNotModified(stored: ResponseHead, told: ToldHead, head: ResponseHead): ResponseHead {
  writer.begin()
  writer.statusLine(304)
  for (let index = 0; index < stored.fieldCount; index++) {
    if (stored.hopByHop[index] === 1) continue
    const name = stored.name(index).toLowerCase()
    if (name === 'accept-ranges' || (name.startsWith('content-') && !KEPT_IN_304.has(name))) continue
    writer.receivedField(stored, index)
  }
  return tell(304, told, head)
}

/** A head as it came from the backend, with our Cache-Status. */
export function tellReceived(received: ResponseHead, cacheStatus: string, head: ResponseHead): ResponseHead {
  writer.begin()
  writer.statusLine(received.status)
  writer.receivedFields(received, received.hopByHop)
  const contentLength = received.isChunked ? -1 : received.contentLength
  return tell(received.status, { age: -1, cacheStatus, contentLength, answersHead: received.answersHead }, head)
}

/** Reads what `headToStore` has made. */
export function readStored(stored: Buffer, status: number, head: ResponseHead): ResponseHead {
  writer.begin()
  writer.bytes(stored)
  return tell(status, { age: -1, cacheStatus: '', contentLength: 0, answersHead: false }, head)
}

function isReplaced(update: ResponseHead, name: string): boolean {
  return name === 'date' || (!KEPT_ON_UPDATE.has(name) && update.indexOfName(name) >= 0)
}

/** Ends the head that was begun, and reads it. */
function tell(status: number, told: ToldHead, head: ResponseHead): ResponseHead {
  if (told.age >= 0) writer.field('Age', String(told.age))
  if (told.cacheStatus !== '') writer.field('Cache-Status', told.cacheStatus)
  if (status >= 200 && status !== 204 && status !== 304) {
    if (told.contentLength >= 0) writer.contentLength(told.contentLength)
    else if (!told.answersHead) writer.bytes(TRANSFER_ENCODING_CHUNKED)
  }
  writer.endHead()
  const bytes = writer.finish()
  head.answersHead = told.answersHead
  const next = parseResponseHead(bytes, 0, bytes.length, head, LIMITS)
  assert(next === bytes.length, head.errorCode)
  return head
}

/** The message in `writer` as memory of its own: slabs live as long as anything that points into them. */
function ownBytes(): Buffer {
  const message = writer.finish()
  const copied = Buffer.allocUnsafeSlow(message.length)
  message.copy(copied)
  writer.release(message)
  return copied
}
