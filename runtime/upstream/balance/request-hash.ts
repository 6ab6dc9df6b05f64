/**
 * What consistent hashing goes by, read from a request: a header, a cookie, the consumer or the client's address. Called only for backends
 * that hash. `undefined`: the request has nothing of the kind, and may go anywhere.
 */
import type { BalancePlan } from '../../../bundle/plan.ts'
import type { LiveExchange } from '../../exchange.ts'
import { hashName, KNOWN } from '../../http1/field-names.ts'
import { FIELD_STRIDE, type FieldSection } from '../../http1/field-section.ts'
import { hashBytes, hashText } from './hash.ts'

const SEMICOLON = 0x3b
const SPACE = 0x20
const EQUALS = 0x3d

export type HashPlan = Extract<BalancePlan, { kind: 'consistent-hash' }>

export class RequestHash {
  readonly #by: HashPlan['by']
  readonly #name: string
  readonly #nameHash: number
  /** Of a cookie, which is compared as it is (RFC 6265 §5.4). */
  readonly #nameBytes: Buffer

  constructor({ by, name }: HashPlan) {
    this.#by = by
    this.#name = name
    this.#nameHash = hashName(name)
    this.#nameBytes = Buffer.from(name, 'latin1')
  }

  /** 32 bits, unsigned. */
  of(exchange: LiveExchange): number | undefined {
    switch (this.#by) {
      case 'header':
        return this.#ofHeader(exchange)
      case 'cookie':
        return this.#ofCookie(exchange.head)
      case 'consumer':
        return exchange.consumer < 0 ? undefined : hashText(exchange.consumerName)
      case 'ip':
        return hashBytes(exchange.client.bytes, 0, exchange.client.bytes.length)
    }
  }

  /** As it goes upstream: a policy may have set or removed it. */
  #ofHeader({ head, request }: LiveExchange): number | undefined {
    const index = head.indexOfName(this.#name, this.#nameHash)
    if (!request.edits.isEmpty && (index < 0 || request.edits.dropsName(this.#name))) {
      const value = request.edits.firstValue(this.#name)
      return value === undefined ? undefined : hashText(value)
    }
    if (index < 0) return undefined
    const at = index * FIELD_STRIDE
    return hashBytes(head.bytes, head.fields[at + 2] as number, head.fields[at + 3] as number)
  }

  #ofCookie(head: FieldSection): number | undefined {
    for (let index = head.indexOfKnown(KNOWN.cookie); index >= 0; index = head.indexOfKnown(KNOWN.cookie, index + 1)) {
      const at = index * FIELD_STRIDE
      const hash = this.#inCookies(head.bytes, head.fields[at + 2] as number, head.fields[at + 3] as number)
      if (hash !== undefined) return hash
    }
    return undefined
  }

  /** `a=1; b=2`: the value of the first one with the name. */
  #inCookies(bytes: Buffer, start: number, end: number): number | undefined {
    const name = this.#nameBytes
    for (let at = start; at < end; ) {
      while (at < end && (bytes[at] === SPACE || bytes[at] === SEMICOLON)) at += 1
      let stop = at
      while (stop < end && bytes[stop] !== SEMICOLON) stop += 1
      const valueStart = at + name.length + 1
      if (valueStart <= stop && bytes[valueStart - 1] === EQUALS && name.compare(bytes, at, valueStart - 1) === 0) {
        return hashBytes(bytes, valueStart, stop)
      }
      at = stop
    }
    return undefined
  }
}
