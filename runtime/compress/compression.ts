/**
 * Response compression of one route: which responses, for which clients, and what it changes in their heads. Runs behind the response policies,
 * so that it sees what they have made of the response, and in front of the client.
 *
 * BREACH: a secret and something the requester chooses, compressed together, can be guessed from the length. So nothing is compressed unless
 * a route says so, and docs/traffic.md says where it should not.
 */
import type { CompressPlan } from '../../bundle/plan.ts'
import { fieldName } from '../../policies/contract.ts'
import { parseCacheControl } from '../cache/cache-control.ts'
import { listOf, members, sentList } from '../cache/field-values.ts'
import type { LiveExchange } from '../exchange.ts'
import { HEAD_ID } from '../http1/methods.ts'
import { CHUNKED, NO_BODY, type ResponseHead } from '../http1/response-head.ts'
import type { CompressResult } from '../traffic/traffic-results.ts'
import { Encoder, type EncoderOwner } from './encoder.ts'
import type { EncoderSlots } from './encoder-slots.ts'
import { MediaTypes } from './media-types.ts'
import { type Encoding, negotiate } from './negotiate.ts'

const CONTENT_ENCODING = fieldName('Content-Encoding')
const VARY = fieldName('Vary')
const ETAG = fieldName('ETag')
/** Of the bytes as they were, or in them. */
const DROPPED = ['Content-MD5', 'Digest', 'Content-Digest', 'Repr-Digest', 'Accept-Ranges'].map(fieldName)

export class Compression {
  readonly #encodings: readonly Encoding[]
  readonly #minBytes: number
  readonly #types: MediaTypes
  readonly #slots: EncoderSlots
  readonly #onResult: (result: CompressResult) => void

  constructor(plan: CompressPlan, slots: EncoderSlots, onResult: (result: CompressResult) => void = () => {}) {
    this.#encodings = plan.encodings
    this.#minBytes = plan.minBytes
    this.#types = new MediaTypes(plan.types)
    this.#slots = slots
    this.#onResult = onResult
  }

  /**
   * An encoder for the body that follows, with the head changed to suit; `undefined`: it goes as it is. `head` gets the framing of a body whose
   * length nobody knows.
   */
  begin(exchange: LiveExchange, head: ResponseHead, owner: EncoderOwner): Encoder | undefined {
    if (!this.#isWorthwhile(exchange, head)) return undefined
    const { response } = exchange
    const vary = members(sentList(head, response.edits, 'vary'))
    // Those who do not get it compressed must know as well that others do.
    if (!vary.includes('accept-encoding') && !vary.includes('*')) response.addField(VARY, 'Accept-Encoding')
    // Who speaks HTTP/1.0 may not know what is said about connections and lengths that nobody knows.
    const encoding = exchange.head.minorVersion === 0 ? undefined : negotiate(listOf(exchange.head, 'accept-encoding'), this.#encodings)
    if (encoding === undefined) return undefined
    if (!this.#slots.open()) {
      this.#onResult('busy')
      return undefined
    }
    this.#onResult(encoding)
    response.setField(CONTENT_ENCODING, encoding)
    for (const name of DROPPED) response.removeField(name)
    const etag = response.field(ETAG)
    // The bytes are others now, the meaning is the same (RFC 9110 §8.8.1).
    if (etag?.startsWith('"')) response.setField(ETAG, `W/${etag}`)
    const encoder = new Encoder(encoding, head.contentLength, this.#slots, owner)
    head.contentLength = -1
    head.bodyKind = CHUNKED
    return encoder
  }

  #isWorthwhile(exchange: LiveExchange, head: ResponseHead): boolean {
    const { status, bodyKind, contentLength } = head
    if (bodyKind === NO_BODY || exchange.head.methodId === HEAD_ID || status < 200 || status === 204 || status === 206 || status === 304)
      return false
    if (contentLength >= 0 && contentLength < this.#minBytes) return false
    const { edits } = exchange.response
    if (!this.#types.has(sentList(head, edits, 'content-type'))) return false
    const encoded = sentList(head, edits, 'content-encoding').toLowerCase()
    if (encoded !== '' && encoded !== 'identity') return false
    if (head.indexOfName('content-range') >= 0) return false
    return !parseCacheControl(sentList(head, edits, 'cache-control')).noTransform
  }
}
