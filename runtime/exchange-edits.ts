/**
 * What policies change in a field section: a short list of operations, applied while the head is written. Nothing is copied for fields that
 * nobody touches, and the list is reused from request to request.
 */
import assert from 'node:assert'
import { type FieldName, MANAGED_FIELDS } from '../policies/contract.ts'
import { nameEquals } from './http1/field-names.ts'
import { FIELD_STRIDE, type FieldSection } from './http1/field-section.ts'

const SET = 1
const ADD = 2
const REMOVE = 3

export class FieldEdits {
  #count = 0
  readonly #kinds: number[] = []
  readonly #names: FieldName[] = []
  readonly #values: string[] = []

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** How many operations there are; some of them may be overruled by later ones. */
  get count(): number {
    return this.#count
  }

  clear(): void {
    if (this.#count === 0) return
    // A reused list must not keep strings of an exchange that is over.
    this.#values.fill('')
    this.#count = 0
  }

  set(name: FieldName, value: string): void {
    this.#push(SET, name, value)
  }

  add(name: FieldName, value: string): void {
    this.#push(ADD, name, value)
  }

  remove(name: FieldName): void {
    this.#push(REMOVE, name, '')
  }

  /** Whether the original fields with this name are gone. */
  dropsName(lower: string): boolean {
    for (let i = 0; i < this.#count; i++) if (this.#kinds[i] !== ADD && (this.#names[i] as FieldName).lower === lower) return true
    return false
  }

  /** Whether field `index` of the section is gone. */
  drops(section: FieldSection, index: number): boolean {
    const start = section.fields[index * FIELD_STRIDE] as number
    const end = section.fields[index * FIELD_STRIDE + 1] as number
    for (let i = 0; i < this.#count; i++) {
      if (this.#kinds[i] !== ADD && nameEquals(section.bytes, start, end, (this.#names[i] as FieldName).lower)) return true
    }
    return false
  }

  /** Whether operation `i` puts a field into the result: an addition that no later operation takes away. */
  isEffective(i: number): boolean {
    if (this.#kinds[i] === REMOVE) return false
    const lower = (this.#names[i] as FieldName).lower
    for (let k = i + 1; k < this.#count; k++) if (this.#kinds[k] !== ADD && (this.#names[k] as FieldName).lower === lower) return false
    return true
  }

  /** As it is written on the wire. */
  nameText(i: number): string {
    return (this.#names[i] as FieldName).text
  }

  value(i: number): string {
    return this.#values[i] as string
  }

  /** First value that the operations put there for this name, or `undefined`. */
  firstValue(lower: string): string | undefined {
    for (let i = 0; i < this.#count; i++) {
      if ((this.#names[i] as FieldName).lower === lower && this.isEffective(i)) return this.#values[i]
    }
    return undefined
  }

  #push(kind: number, name: FieldName, value: string): void {
    assert(!MANAGED_FIELDS.has(name.lower), `a policy may not change ${name.text}`)
    assert(isFieldValue(value), `not a field value for ${name.text}`)
    this.#kinds[this.#count] = kind
    this.#names[this.#count] = name
    this.#values[this.#count] = value
    this.#count += 1
  }
}

/** Whether a field is framing, hop-by-hop or the gateway's own, so that no policy may write it, in an edit or in a reply. */
export function isProtectedField(lower: string): boolean {
  return MANAGED_FIELDS.has(lower)
}

/** RFC 9110 §5.5: what a line break in it would do is called response splitting. */
export function isFieldValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff) return false
  }
  return true
}
