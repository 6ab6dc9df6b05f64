/**
 * Heads that go to an HTTP/2 client: upstream's final and interim responses, trailers, and local replies. The same fields in the same order as
 * downstream/response-writer.ts writes them for HTTP/1.1, names in lower case, nothing about a connection.
 */
import assert from 'node:assert'
import { PosternError } from '../../bundle/error.ts'
import type { LocalReply } from '../../policies/contract.ts'
import type { LiveExchange } from '../exchange.ts'
import { type FieldEdits, isProtectedField } from '../exchange-edits.ts'
import { KNOWN } from '../http1/field-names.ts'
import { FIELD_STRIDE, type FieldSection } from '../http1/field-section.ts'
import { isProblem, PROBLEM_JSON, replyBody } from '../http1/problem.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { isFieldName, isFieldValue } from '../http1/serialize.ts'
import type { FrameWriter } from './frame-writer.ts'
import { END_STREAM } from './frames.ts'
import { FIELD_HEAD_BYTES, STATUS_BYTES, writeField, writeReceivedField, writeStatus } from './hpack-encoder.ts'

/** Date and Content-Length, which are ours. */
const OWN_FIELDS_BYTES = 96

/** Upstream's final head. Returns where its frame begins. Throws for what policies did wrong; nothing was written then. */
export function writeResponseHead(out: FrameWriter, streamId: number, exchange: LiveExchange, head: ResponseHead): number {
  const { edits } = exchange.response
  const at = out.beginBlock(STATUS_BYTES + OWN_FIELDS_BYTES + sectionBytes(head) + checkedBytes(edits))
  writeStatus(out, head.status)
  if (edits.isEmpty) {
    for (let index = 0; index < head.fieldCount; index++) if (head.hopByHop[index] === 0) writeReceivedField(out, head, index)
  } else {
    for (let index = 0; index < head.fieldCount; index++) {
      if (head.hopByHop[index] === 0 && !edits.drops(head, index)) writeReceivedField(out, head, index)
    }
    writeEdits(out, edits)
  }
  // RFC 9110 §6.6.1: who forwards a response without Date adds it.
  if (head.indexOfKnown(KNOWN.date) < 0 && (edits.isEmpty || edits.firstValue('date') === undefined)) writeDate(out, exchange.nowMs())
  if (head.contentLength >= 0 && head.status !== 204) writeField(out, 'content-length', String(head.contentLength))
  out.endBlock(at, 0, streamId)
  return at
}

/** A 1xx response. */
export function writeInterimHead(out: FrameWriter, streamId: number, head: ResponseHead): void {
  const at = out.beginBlock(STATUS_BYTES + sectionBytes(head))
  writeStatus(out, head.status)
  for (let index = 0; index < head.fieldCount; index++) if (head.hopByHop[index] === 0) writeReceivedField(out, head, index)
  out.endBlock(at, 0, streamId)
}

export function writeContinue(out: FrameWriter, streamId: number): void {
  const at = out.beginBlock(STATUS_BYTES)
  writeStatus(out, 100)
  out.endBlock(at, 0, streamId)
}

/** The end of a response that has trailers. */
export function writeTrailers(out: FrameWriter, streamId: number, trailers: FieldSection): void {
  const at = out.beginBlock(sectionBytes(trailers))
  for (let index = 0; index < trailers.fieldCount; index++) if (trailers.hopByHop[index] === 0) writeReceivedField(out, trailers, index)
  out.endBlock(at, END_STREAM, streamId)
}

/** Head of a local reply; its body, `undefined` for none, is the caller's to send. Throws for what policies did wrong. */
export function writeReplyHead(
  out: FrameWriter,
  streamId: number,
  exchange: LiveExchange,
  reply: LocalReply,
  isHead: boolean,
): Buffer | undefined {
  const { edits } = exchange.response
  const mayHaveBody = reply.status >= 200 && reply.status !== 204 && reply.status !== 304
  const body = mayHaveBody ? replyBody(reply, exchange.requestId) : undefined
  let size = STATUS_BYTES + 2 * OWN_FIELDS_BYTES + checkedBytes(edits)
  for (const [name, value] of reply.fields) {
    const lower = name.toLowerCase()
    assert(!isProtectedField(lower), `a reply may not have ${name}`)
    checkField(lower, value)
    size += lower.length + value.length + FIELD_HEAD_BYTES
  }
  const at = out.beginBlock(size)
  writeStatus(out, reply.status)
  writeDate(out, exchange.nowMs())
  if (isProblem(reply)) {
    writeOwn(out, edits, 'content-type', PROBLEM_JSON)
    writeOwn(out, edits, 'cache-control', 'no-store')
  }
  for (const [name, value] of reply.fields) writeOwn(out, edits, name.toLowerCase(), value)
  writeEdits(out, edits)
  if (body !== undefined) writeField(out, 'content-length', String(body.length))
  const sent = isHead || body?.length === 0 ? undefined : body
  out.endBlock(at, sent === undefined ? END_STREAM : 0, streamId)
  return sent
}

function writeOwn(out: FrameWriter, edits: FieldEdits, lower: string, value: string): void {
  if (edits.isEmpty || !edits.dropsName(lower)) writeField(out, lower, value)
}

function writeEdits(out: FrameWriter, edits: FieldEdits): void {
  for (let i = 0; i < edits.count; i++) if (edits.isEffective(i)) writeField(out, edits.nameText(i).toLowerCase(), edits.value(i))
}

/** Room for what policies have added; throws `field-invalid` for what cannot be written. */
function checkedBytes(edits: FieldEdits): number {
  let size = 0
  for (let i = 0; i < edits.count; i++) {
    if (!edits.isEffective(i)) continue
    checkField(edits.nameText(i), edits.value(i))
    size += edits.nameText(i).length + edits.value(i).length + FIELD_HEAD_BYTES
  }
  return size
}

function checkField(name: string, value: string): void {
  if (!isFieldName(name) || !isFieldValue(value))
    throw new PosternError('field-invalid', `the field ${JSON.stringify(name)} cannot be written`)
}

/** Room for all fields that were received. They stand one behind the other. */
function sectionBytes({ fields, fieldCount }: FieldSection): number {
  if (fieldCount === 0) return 0
  const end = fields[(fieldCount - 1) * FIELD_STRIDE + 3] as number
  return end - (fields[0] as number) + fieldCount * FIELD_HEAD_BYTES
}

let dateSeconds = Number.NaN
let dateText = ''

function writeDate(out: FrameWriter, nowMs: number): void {
  const seconds = Math.floor(nowMs / 1000)
  if (seconds !== dateSeconds) {
    dateSeconds = seconds
    dateText = new Date(seconds * 1000).toUTCString()
  }
  writeField(out, 'date', dateText)
}
