/** Heads that go to the client: upstream's final and interim responses, and local replies. Framing is always our own (RFC 9112 §6). */
import assert from 'node:assert'
import type { LocalReply } from '../../policies/contract.ts'
import { writer } from '../data-path-buffers.ts'
import type { LiveExchange } from '../exchange.ts'
import { isProtectedField } from '../exchange-edits.ts'
import { KNOWN } from '../http1/field-names.ts'
import { isProblem, PROBLEM_JSON, replyBody } from '../http1/problem.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { CONNECTION_CLOSE, CONNECTION_KEEP_ALIVE, TRANSFER_ENCODING_CHUNKED, UPGRADE_WEBSOCKET } from '../http1/serialize.ts'

/** How the body goes to the client. */
export const BODY_NONE = 0
export const BODY_LENGTH = 1
export const BODY_CHUNKED = 2
/** For HTTP/1.0 clients, when nobody knows the length. */
export const BODY_UNTIL_CLOSE = 3

/** The client's side of a response head. */
export interface ClientFraming {
  readonly bodyKind: number
  readonly keepAlive: boolean
  readonly isHttp10: boolean
}

/** Appends upstream's final head to `writer`. */
export function writeResponseHead(exchange: LiveExchange, head: ResponseHead, framing: ClientFraming): void {
  const { edits } = exchange.response
  writer.statusLine(head.status)
  if (edits.isEmpty) writer.receivedFields(head, head.hopByHop)
  else {
    for (let index = 0; index < head.fieldCount; index++) {
      if (head.hopByHop[index] === 0 && !edits.drops(head, index)) writer.receivedField(head, index)
    }
    edits.write(writer)
  }
  // RFC 9110 §6.6.1: who forwards a response without Date adds it.
  if (head.indexOfKnown(KNOWN.date) < 0 && (edits.isEmpty || edits.firstValue('date') === undefined)) writer.date(exchange.nowMs())
  if (head.status === 101) {
    writer.bytes(UPGRADE_WEBSOCKET)
    writer.endHead()
    return
  }
  if (framing.bodyKind === BODY_CHUNKED) writer.bytes(TRANSFER_ENCODING_CHUNKED)
  else if (head.contentLength >= 0 && head.status !== 204) writer.contentLength(head.contentLength)
  writeConnection(framing)
  writer.endHead()
}

/** A 1xx response; it has no framing and no Connection of its own. */
export function writeInterimHead(head: ResponseHead): void {
  writer.statusLine(head.status)
  writer.receivedFields(head, head.hopByHop)
  writer.endHead()
}

/** Appends a whole local reply, its body included, and returns the size of the body sent. */
export function writeLocalReply(exchange: LiveExchange, reply: LocalReply, framing: ClientFraming, isHead: boolean): number {
  const { edits } = exchange.response
  writer.statusLine(reply.status)
  writer.date(exchange.nowMs())
  if (isProblem(reply)) {
    writeOwn(exchange, 'Content-Type', PROBLEM_JSON)
    writeOwn(exchange, 'Cache-Control', 'no-store')
  }
  for (const [name, value] of reply.fields) writeOwn(exchange, name, value)
  edits.write(writer)
  const mayHaveBody = reply.status >= 200 && reply.status !== 204 && reply.status !== 304
  const body = mayHaveBody ? replyBody(reply, exchange.requestId) : undefined
  if (body !== undefined) writer.contentLength(body.length)
  writeConnection(framing)
  writer.endHead()
  if (body === undefined || isHead) return 0
  writer.bytes(body)
  return body.length
}

function writeOwn(exchange: LiveExchange, name: string, value: string): void {
  const { edits } = exchange.response
  const lower = name.toLowerCase()
  assert(!isProtectedField(lower), `a reply may not have ${name}`)
  if (edits.isEmpty || !edits.dropsName(lower)) writer.field(name, value)
}

function writeConnection(framing: ClientFraming): void {
  if (!framing.keepAlive) writer.bytes(CONNECTION_CLOSE)
  else if (framing.isHttp10) writer.bytes(CONNECTION_KEEP_ALIVE)
}
