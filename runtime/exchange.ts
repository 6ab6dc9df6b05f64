/**
 * One request and its response as policies see them (`Exchange`), and as log and metrics see them when it has ended (`ExchangeSummary`).
 * Reusable: a connection has one and begins it anew for each request. Strings are made when somebody asks for them.
 */
import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import type { ClientAddress, Exchange, FieldName, LocalReply, PolicyRequest, PolicyResponse, RouteIdentity } from '../policies/contract.ts'
import type { ExchangeSummary } from './data-path.ts'
import { FieldEdits } from './exchange-edits.ts'
import type { Generation, PreparedChain } from './generation.ts'
import { FIELD_STRIDE, type FieldSection } from './http1/field-section.ts'
import type { RequestHead } from './http1/request-head.ts'

const SLASH = 0x2f
const NOBODY: ClientAddress = { bytes: new Uint8Array(16), text: '', isIPv4: false, peerIsTrusted: false, certificate: undefined }
const NO_ROUTE: RouteIdentity = { index: -1, name: '', api: '', key: '' }

export class LiveExchange implements Exchange, ExchangeSummary {
  readonly head: RequestHead
  readonly request: RequestView
  readonly response = new ResponseView()
  client: ClientAddress = NOBODY
  consumer = -1

  #generation: Generation | undefined
  routeIndex = -1
  chain: PreparedChain | undefined
  accessAttachment = -1
  /** How many steps of early, access and request policies were reached; response hooks run for these. */
  reached = 0
  /** The attachment whose request hook runs or ran last. */
  currentAttachment = -1
  /** The client is gone, or was answered, while a policy still thinks. */
  isAbandoned = false
  /** The client wants to speak WebSocket, and may. */
  isWebSocket = false
  /** What `Max-Forwards` says to the next hop; -1: as it came. */
  maxForwards = -1
  startedMs = 0
  durationMs = 0
  status = 0
  requestBodyBytes = 0
  responseBodyBytes = 0
  errorCode = ''
  refusedByAttachment = -1

  readonly #clock: () => number
  #requestId = ''
  /** While policies run one after the other without a pause, one look at the clock is enough for all of them; `NaN`: not looked yet. */
  #heldNowMs = Number.NaN
  #isClockHeld = false
  #slotCount = 0
  readonly #slots: number[] = []
  readonly #slotValues: unknown[] = []

  constructor(head: RequestHead, clock: () => number) {
    this.head = head
    this.request = new RequestView(head, this)
    this.#clock = clock
  }

  /** Forgets everything of the request before. `monotonicMs` is for the duration. */
  begin(generation: Generation, client: ClientAddress, monotonicMs: number): void {
    this.#generation = generation
    this.client = client
    this.consumer = -1
    this.routeIndex = -1
    this.chain = undefined
    this.accessAttachment = -1
    this.reached = 0
    this.currentAttachment = -1
    this.isAbandoned = false
    this.isWebSocket = false
    this.maxForwards = -1
    this.startedMs = monotonicMs
    this.durationMs = 0
    this.status = 0
    this.requestBodyBytes = 0
    this.responseBodyBytes = 0
    this.errorCode = ''
    this.refusedByAttachment = -1
    this.#requestId = ''
    this.#clearSlots()
    this.request.begin()
    this.response.clear()
  }

  /** Lets go of what must not live on while the connection is idle. */
  end(): void {
    this.#generation = undefined
    this.chain = undefined
    this.#clearSlots()
  }

  matched(route: number): void {
    const { bundle } = this.generation
    this.routeIndex = route
    this.accessAttachment = bundle.routes.accessAttachment(route)
    this.chain = this.generation.chain(bundle.routes.chain(route))
    this.request.strippedBytes = bundle.routes.strippedBytes(route)
  }

  get generation(): Generation {
    assert(this.#generation !== undefined)
    return this.#generation
  }

  get route(): RouteIdentity {
    return this.routeIndex < 0 ? NO_ROUTE : this.generation.routeIdentity(this.routeIndex)
  }

  get consumerName(): string {
    return this.consumer < 0 ? '' : this.generation.consumerName(this.consumer)
  }

  get consumerIndex(): number {
    return this.consumer
  }

  get requestId(): string {
    if (this.#requestId === '') this.#requestId = newRequestId()
    return this.#requestId
  }

  set requestId(id: string) {
    this.#requestId = id
  }

  nowMs(): number {
    if (!this.#isClockHeld) return this.#clock()
    if (Number.isNaN(this.#heldNowMs)) this.#heldNowMs = this.#clock()
    return this.#heldNowMs
  }

  holdClock(isHeld: boolean): void {
    this.#isClockHeld = isHeld
    this.#heldNowMs = Number.NaN
  }

  get(slot: number): unknown {
    for (let i = 0; i < this.#slotCount; i++) if (this.#slots[i] === slot) return this.#slotValues[i]
    return undefined
  }

  set(slot: number, value: unknown): void {
    let i = 0
    while (i < this.#slotCount && this.#slots[i] !== slot) i += 1
    this.#slots[i] = slot
    this.#slotValues[i] = value
    if (i === this.#slotCount) this.#slotCount += 1
  }

  /** When it has ended: what is not logged reads no clock for it. */
  get startedAtMs(): number {
    return this.#clock() - this.durationMs
  }

  get method(): string {
    return this.request.isUnderstood ? this.request.method : ''
  }

  get methodId(): number {
    return this.request.isUnderstood ? this.head.methodId : 0
  }

  get host(): string {
    return this.request.isUnderstood ? this.request.host : ''
  }

  get path(): string {
    return this.request.isUnderstood ? this.request.path : ''
  }

  get clientAddress(): string {
    return this.client.text
  }

  #clearSlots(): void {
    for (let i = 0; i < this.#slotCount; i++) this.#slotValues[i] = undefined
    this.#slotCount = 0
  }
}

class RequestView implements PolicyRequest {
  readonly #head: RequestHead
  readonly #exchange: LiveExchange
  readonly edits = new FieldEdits()
  /** False: the head was refused, so nothing in it means anything. */
  isUnderstood = false
  strippedBytes = 0
  /** Whether a policy has replaced the target; the two below count then. */
  hasNewTarget = false
  newPath = ''
  newQuery: string | undefined = undefined
  maxBodyBytes = Number.POSITIVE_INFINITY
  tooLargeReply: LocalReply | undefined = undefined
  /** Attachment that set the limit. */
  limitedBy = -1

  constructor(head: RequestHead, exchange: LiveExchange) {
    this.#head = head
    this.#exchange = exchange
  }

  begin(): void {
    this.edits.clear()
    this.isUnderstood = false
    this.strippedBytes = 0
    this.hasNewTarget = false
    this.newPath = ''
    this.newQuery = undefined
    this.maxBodyBytes = Number.POSITIVE_INFINITY
    this.tooLargeReply = undefined
  }

  get method(): string {
    return this.#head.method
  }

  get path(): string {
    return this.#head.pathText
  }

  get query(): string | undefined {
    return this.#head.queryText
  }

  get host(): string {
    return this.#head.hostText
  }

  field(name: FieldName): string | undefined {
    const index = this.#head.indexOfName(name.lower, name.hash)
    return index < 0 ? undefined : this.#head.value(index)
  }

  fieldCount(name: FieldName): number {
    let count = 0
    const { lower, hash } = name
    for (let i = this.#head.indexOfName(lower, hash); i >= 0; i = this.#head.indexOfName(lower, hash, i + 1)) count += 1
    return count
  }

  copyField(name: FieldName, target: Uint8Array): number {
    const { bytes, fields } = this.#head
    const index = this.#head.indexOfName(name.lower, name.hash)
    if (index < 0) return -1
    const start = fields[index * FIELD_STRIDE + 2] as number
    const end = fields[index * FIELD_STRIDE + 3] as number
    if (end - start <= target.length) bytes.copy(target, 0, start, end)
    return end - start
  }

  get contentLength(): number | undefined {
    return this.#head.isChunked ? undefined : Math.max(0, this.#head.contentLength)
  }

  segment(index: number): string | undefined {
    const start = this.#segmentStart(index)
    if (start < 0) return undefined
    let end = start
    while (end < this.#head.pathEnd && this.#head.path[end] !== SLASH) end += 1
    return this.#head.path.toString('latin1', start, end)
  }

  segmentsFrom(index: number): string {
    const start = this.#segmentStart(index)
    return start < 0 ? '' : this.#head.path.toString('latin1', start, this.#head.pathEnd)
  }

  setField(name: FieldName, value: string): void {
    this.edits.set(name, value)
  }

  addField(name: FieldName, value: string): void {
    this.edits.add(name, value)
  }

  removeField(name: FieldName): void {
    this.edits.remove(name)
  }

  setTarget(path: string, query: string | undefined): void {
    assert(path.startsWith('/') && isTarget(path) && !path.includes('?'), 'not a path')
    assert(query === undefined || isTarget(query), 'not a query')
    this.hasNewTarget = true
    this.newPath = path
    this.newQuery = query
  }

  get targetPath(): string {
    if (this.hasNewTarget) return this.newPath
    return this.#head.path.toString('latin1', this.#head.pathStart + this.strippedBytes, this.#head.pathEnd)
  }

  get targetQuery(): string | undefined {
    return this.hasNewTarget ? this.newQuery : this.query
  }

  limitBody(maxBytes: number, reply: LocalReply): void {
    if (maxBytes >= this.maxBodyBytes) return
    this.maxBodyBytes = maxBytes
    this.tooLargeReply = reply
    this.limitedBy = this.#exchange.currentAttachment
  }

  /** Offset of the first byte of a segment, 0-based from the left; -1 past the end. */
  #segmentStart(index: number): number {
    const { path, pathStart, pathEnd } = this.#head
    let left = index
    for (let at = pathStart; at < pathEnd; at++) {
      if (path[at] !== SLASH) continue
      if (left === 0) return at + 1
      left -= 1
    }
    return -1
  }
}

class ResponseView implements PolicyResponse {
  status = 0
  isLocal = false
  readonly edits = new FieldEdits()
  /** Upstream's fields; `undefined` for local replies. */
  #section: FieldSection | undefined
  #reply: LocalReply | undefined

  clear(): void {
    this.status = 0
    this.isLocal = false
    this.edits.clear()
    this.#section = undefined
    this.#reply = undefined
  }

  beginUpstream(status: number, section: FieldSection): void {
    this.clear()
    this.status = status
    this.#section = section
  }

  beginLocal(reply: LocalReply): void {
    this.clear()
    this.status = reply.status
    this.isLocal = true
    this.#reply = reply
  }

  field(name: FieldName): string | undefined {
    if (!this.edits.isEmpty && (this.edits.dropsName(name.lower) || this.#original(name) === undefined))
      return this.edits.firstValue(name.lower)
    return this.#original(name)
  }

  setField(name: FieldName, value: string): void {
    this.edits.set(name, value)
  }

  addField(name: FieldName, value: string): void {
    this.edits.add(name, value)
  }

  removeField(name: FieldName): void {
    this.edits.remove(name)
  }

  #original(name: FieldName): string | undefined {
    if (this.#section !== undefined) {
      const index = this.#section.indexOfName(name.lower, name.hash)
      return index < 0 ? undefined : this.#section.value(index)
    }
    if (this.#reply === undefined) return undefined
    for (const [text, value] of this.#reply.fields) if (text.toLowerCase() === name.lower) return value
    if (name.lower === 'content-type' && this.#reply.body === undefined) return 'application/problem+json'
    return undefined
  }
}

/** 0x21-0x7E without `#`: what F15 lets in, we let out. */
function isTarget(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x21 || code > 0x7e || code === 0x23) return false
  }
  return true
}

let idPrefix = ''
let idCount = 0
/** By byte. 51 ns for an id; `toString(16)` takes 350. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** 24 hexadecimal digits: a random prefix and a count, which is scrambled so that an id does not tell how many came before it. */
function newRequestId(): string {
  if (idCount === 0) idPrefix = randomBytes(8).toString('hex')
  // An odd factor makes this a permutation of the 32-bit numbers; after all of them comes a new prefix.
  const scrambled = Math.imul(idCount, 0x9e3779b1)
  idCount = (idCount + 1) >>> 0
  return `${idPrefix}${HEX[scrambled >>> 24]}${HEX[(scrambled >>> 16) & 255]}${HEX[(scrambled >>> 8) & 255]}${HEX[scrambled & 255]}`
}
