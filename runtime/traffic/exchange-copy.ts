/**
 * A request as it is to be sent, in memory of its own: for whoever sends it after its exchange has ended, when the connection's buffers and its
 * `LiveExchange` belong to the next one.
 */
import { LiveExchange } from '../exchange.ts'
import type { FieldEdits } from '../exchange-edits.ts'
import { Authority } from '../http1/authority.ts'
import { KNOWN } from '../http1/field-names.ts'
import { FIELD_STRIDE } from '../http1/field-section.ts'
import { RequestHead } from '../http1/request-head.ts'

/**
 * `bodyBytes` is the size of its body, all of which is there: whatever its framing was, it has a length now, and nobody waits for a 100.
 * The generation is pinned by whoever asked.
 */
export function copyExchange(exchange: LiveExchange, bodyBytes: number): LiveExchange {
  const head = copyHead(exchange.head, bodyBytes)
  const copy = new LiveExchange(head, () => exchange.startedAtMs)
  const { request } = exchange
  copy.begin(exchange.generation, exchange.client, exchange.startedMs)
  copy.matched(exchange.routeIndex)
  copy.consumer = exchange.consumer
  copy.requestId = exchange.requestId
  copy.maxForwards = exchange.maxForwards
  copy.request.isUnderstood = true
  copy.request.strippedBytes = request.strippedBytes
  copy.request.hasNewTarget = request.hasNewTarget
  copy.request.newPath = request.newPath
  copy.request.newQuery = request.newQuery
  copyEdits(request.edits, copy.request.edits)
  return copy
}

function copyHead(head: RequestHead, bodyBytes: number): RequestHead {
  const { fieldCount } = head
  // The line end of the last field belongs to it: fields are copied with theirs.
  const bytes = Buffer.from(head.bytes.subarray(0, lastByte(head) + 2))
  const host = new Authority()
  head.host.bytes.copy(host.bytes, 0, 0, head.host.size)
  host.size = head.host.size
  host.port = head.host.port
  const hopByHop = head.hopByHop.slice(0, fieldCount)
  for (let index = 0; index < fieldCount; index++) if (head.knownIds[index] === KNOWN.expect) hopByHop[index] = 1
  return Object.assign(new RequestHead(), head, {
    bytes,
    host,
    hopByHop,
    path: head.path === head.bytes ? bytes : Buffer.from(head.path.subarray(0, head.pathEnd)),
    fields: head.fields.slice(0, fieldCount * FIELD_STRIDE),
    knownIds: head.knownIds.slice(0, fieldCount),
    nameHashes: head.nameHashes.slice(0, fieldCount),
    contentLength: head.hasBody || head.isChunked ? bodyBytes : head.contentLength,
    isChunked: false,
    expectContinue: false,
  })
}

/** Offset behind everything that the head points to in its bytes. */
function lastByte(head: RequestHead): number {
  let last = Math.max(head.methodEnd, head.targetEnd, head.queryEnd, head.hostValueEnd, head.path === head.bytes ? head.pathEnd : 0)
  for (let index = 0; index < head.fieldCount; index++) last = Math.max(last, head.fields[index * FIELD_STRIDE + 3] as number)
  return last
}

/** The same result by other operations: what is dropped first, then what is there. */
function copyEdits(from: FieldEdits, to: FieldEdits): void {
  for (let i = 0; i < from.count; i++) {
    const name = from.name(i)
    if (from.dropsName(name.lower) && !to.dropsName(name.lower)) to.remove(name)
  }
  for (let i = 0; i < from.count; i++) if (from.isEffective(i)) to.add(from.name(i), from.value(i))
}
