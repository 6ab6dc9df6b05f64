/**
 * The head that goes upstream: request line in canonical form, Host, the client's fields without those that end here, what policies changed,
 * and what a gateway says about where the request came from (Via, X-Forwarded-*, Forwarded). Live traffic and `postern resolve` both use it.
 */
import type { Address } from '../client-address.ts'
import { writer } from '../data-path-buffers.ts'
import type { LiveExchange } from '../exchange.ts'
import { KNOWN } from '../http1/field-names.ts'
import { FIELD_STRIDE } from '../http1/field-section.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { TRANSFER_ENCODING_CHUNKED, UPGRADE_WEBSOCKET } from '../http1/serialize.ts'

const X_FORWARDED = 'x-forwarded-'
const EMPTY = Buffer.alloc(0)

/** `KNOWN` ids of fields that only a trusted proxy may send: where the request comes from is what we say. */
const FORWARDING = new Uint8Array(256)
for (const id of [KNOWN.forwarded, KNOWN.xForwardedFor, KNOWN.xForwardedHost, KNOWN.xForwardedProto, KNOWN.xForwardedPort, KNOWN.xRealIp]) {
  FORWARDING[id] = 1
}

/** Where a request goes, as far as its head says so: a member of a backend, or an endpoint. */
export interface RequestTarget {
  readonly authority: string
  readonly pathPrefix: string
}

/** The bytes that every request to a target begins with. */
interface TargetBytes {
  readonly prefix: Buffer
  readonly hostLine: Buffer
}

const targetBytes = new WeakMap<RequestTarget, TargetBytes>()

function bytesOf(target: RequestTarget): TargetBytes {
  let bytes = targetBytes.get(target)
  if (bytes === undefined) {
    bytes = { prefix: Buffer.from(target.pathPrefix, 'latin1'), hostLine: Buffer.from(`Host: ${target.authority}\r\n`, 'latin1') }
    targetBytes.set(target, bytes)
  }
  return bytes
}

/** Whom a connection's requests come from. Keeps the forwarding fields of the last Host, because most connections ask for one. */
export class Origin {
  readonly peer: Address
  readonly scheme: 'http' | 'https'
  /** What requests came as, where it is not HTTP/1: `2.0` for `Via`. */
  readonly version: '' | '2.0'
  /** The peer is a trusted proxy: its forwarding fields are believed and added to. */
  isTrusted = false
  #host: Buffer = EMPTY
  #minorVersion = -1
  #block: Buffer = EMPTY

  constructor(peer: Address, scheme: 'http' | 'https', version: '' | '2.0' = '') {
    this.peer = peer
    this.scheme = scheme
    this.version = version
  }

  /** Via, X-Forwarded-For, -Proto, -Host and Forwarded of a request that nobody has forwarded before. */
  block(head: RequestHead, gateway: string): Buffer {
    const start = head.hostValueStart
    const size = head.hostValueEnd - start
    if (size !== this.#host.length || head.minorVersion !== this.#minorVersion || !sameBytes(this.#host, head.bytes, start, size)) {
      this.#host = Buffer.from(head.bytes.subarray(start, start + size))
      this.#minorVersion = head.minorVersion
      const host = this.#host.toString('latin1')
      this.#block = Buffer.from(
        `Via: ${this.via(head, gateway)}\r\nX-Forwarded-For: ${this.peer.text}\r\nX-Forwarded-Proto: ${this.scheme}\r\n` +
          `X-Forwarded-Host: ${host}\r\nForwarded: ${this.element(host)}\r\n`,
        'latin1',
      )
    }
    return this.#block
  }

  /** RFC 9110 §7.6.3. */
  via(head: RequestHead, gateway: string): string {
    return `${this.version === '' ? `1.${head.minorVersion}` : this.version} ${gateway}`
  }

  /** RFC 7239 §4. `host` is a validated authority: it has no quote and no backslash. */
  element(host: string): string {
    const node = this.peer.isIPv4 ? this.peer.text : `"[${this.peer.text}]"`
    return `for=${node};host="${host}";proto=${this.scheme}`
  }
}

/** Appends the head to `writer`. Throws only for what policies did wrong. */
export function writeRequestHead(
  exchange: LiveExchange,
  target: RequestTarget,
  preserveHost: boolean,
  origin: Origin,
  gateway: string,
): void {
  const { head, request } = exchange
  const { prefix, hostLine } = bytesOf(target)
  if (request.hasNewTarget) writer.requestLineText(head.methodId, prefix, request.newPath, request.newQuery)
  else {
    const pathStart = head.pathStart + request.strippedBytes
    writer.requestLine(head.methodId, prefix, head.path, pathStart, head.pathEnd, head.bytes, head.queryStart, head.queryEnd)
  }
  if (preserveHost) writer.fieldRange('Host', head.bytes, head.hostValueStart, head.hostValueEnd)
  else writer.bytes(hostLine)
  writeReceived(exchange, origin)
  writeForwarding(exchange, origin, gateway)
  if (!request.edits.isEmpty) request.edits.write(writer)
  if (head.isChunked) writer.bytes(TRANSFER_ENCODING_CHUNKED)
  else if (head.contentLength >= 0) writer.contentLength(head.contentLength)
  if (exchange.isWebSocket) writer.bytes(UPGRADE_WEBSOCKET)
  writer.endHead()
}

function writeReceived(exchange: LiveExchange, origin: Origin): void {
  const { head } = exchange
  const { edits } = exchange.request
  const { knownIds, hopByHop, fieldCount } = head
  for (let index = 0; index < fieldCount; index++) {
    if (hopByHop[index] === 1) continue
    const id = knownIds[index] as number
    // Via and, behind trusted proxies, forwarding fields are written with our own part added.
    if (id === KNOWN.via || FORWARDING[id] === 1) continue
    if (!origin.isTrusted && (id === KNOWN.xRequestId || (id === 0 && isForwardedName(head, index)))) continue
    if (id === KNOWN.maxForwards && exchange.maxForwards >= 0) {
      writer.field('Max-Forwards', String(exchange.maxForwards))
      continue
    }
    if (!edits.isEmpty && edits.drops(head, index)) continue
    writer.receivedField(head, index)
  }
}

function writeForwarding(exchange: LiveExchange, origin: Origin, gateway: string): void {
  const { head } = exchange
  const { edits } = exchange.request
  const isFirstHop = head.indexOfKnown(KNOWN.via) < 0
  if (isFirstHop && !origin.isTrusted && !edits.changesForwarding) {
    writer.bytes(origin.block(head, gateway))
    return
  }
  writer.field('Via', `${isFirstHop ? '' : `${joined(head, KNOWN.via)}, `}${origin.via(head, gateway)}`)
  const host = head.bytes.toString('latin1', head.hostValueStart, head.hostValueEnd)
  const before = (id: number) => (origin.isTrusted ? joined(head, id) : '')
  const list = (earlier: string, own: string) => (earlier === '' ? own : `${earlier}, ${own}`)
  const write = (name: string, value: string) => {
    if (!edits.dropsName(name.toLowerCase())) writer.field(name, value)
  }
  write('X-Forwarded-For', list(before(KNOWN.xForwardedFor), origin.peer.text))
  write('X-Forwarded-Proto', before(KNOWN.xForwardedProto) || origin.scheme)
  write('X-Forwarded-Host', before(KNOWN.xForwardedHost) || host)
  write('Forwarded', list(before(KNOWN.forwarded), origin.element(host)))
  for (const [id, name] of [[KNOWN.xForwardedPort, 'X-Forwarded-Port'] as const, [KNOWN.xRealIp, 'X-Real-IP'] as const]) {
    const value = before(id)
    if (value !== '') write(name, value)
  }
}

/** All values of a field as one list (RFC 9110 §5.3); empty when there is none. */
export function joined(head: RequestHead, id: number): string {
  let text = ''
  for (let index = head.indexOfKnown(id); index >= 0; index = head.indexOfKnown(id, index + 1)) {
    text += text === '' ? head.value(index) : `, ${head.value(index)}`
  }
  return text
}

/** `X-Forwarded-Prefix`, `-Server` and whatever else begins so. */
function isForwardedName(head: RequestHead, index: number): boolean {
  const start = head.fields[index * FIELD_STRIDE] as number
  const end = head.fields[index * FIELD_STRIDE + 1] as number
  if (end - start < X_FORWARDED.length) return false
  for (let i = 0; i < X_FORWARDED.length; i++) {
    const byte = head.bytes[start + i] as number
    if ((byte === 0x2d ? byte : byte | 0x20) !== X_FORWARDED.charCodeAt(i)) return false
  }
  return true
}

function sameBytes(known: Buffer, bytes: Buffer, start: number, size: number): boolean {
  for (let i = 0; i < size; i++) if (known[i] !== bytes[start + i]) return false
  return true
}
