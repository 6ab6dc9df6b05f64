/**
 * What policies change in a field section: a short list of operations, applied while the head is written. Nothing is copied for fields that
 * nobody touches, and the list is reused from request to request.
 */
import assert from 'node:assert'
import { type FieldName, MANAGED_FIELDS } from '../policies/contract.ts'
import type { FieldSection } from './http1/field-section.ts'
import type { HeadWriter } from './http1/serialize.ts'

const SET = 1
const ADD = 2
const REMOVE = 3

/**
 * Many exchanges in a row get a field with the same value, from `headers` or `rate-limit`: by hash of the name, the last value that was checked,
 * and from its second use on the whole line as bytes. Three fields of a response take 100 ns less.
 */
const KEPT_LINES = 64
const MAX_KEPT_CHARACTERS = 256
const keptNames: (FieldName | undefined)[] = new Array(KEPT_LINES).fill(undefined)
const keptValues: string[] = new Array(KEPT_LINES).fill('')
const keptLines: (Buffer | undefined)[] = new Array(KEPT_LINES).fill(undefined)

export class FieldEdits {
  /** One of them changes what is said about where the request came from, which `request-writer.ts` keeps ready to be copied otherwise. */
  changesForwarding = false
  #count = 0
  readonly #kinds: number[] = []
  readonly #names: FieldName[] = []
  readonly #values: string[] = []
  /** By operation: the field as it is written, if it is kept. */
  readonly #lines: (Buffer | undefined)[] = []

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
    for (let i = 0; i < this.#count; i++) this.#values[i] = ''
    this.#count = 0
    this.changesForwarding = false
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
    const hash = section.nameHashes[index]
    for (let i = 0; i < this.#count; i++) {
      if (this.#kinds[i] === ADD || (this.#names[i] as FieldName).hash !== hash) continue
      if (section.hasName(index, (this.#names[i] as FieldName).lower)) return true
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

  name(i: number): FieldName {
    return this.#names[i] as FieldName
  }

  /** As it is written on the wire. */
  nameText(i: number): string {
    return (this.#names[i] as FieldName).text
  }

  value(i: number): string {
    return this.#values[i] as string
  }

  /** Appends the fields that the operations put there. */
  write(writer: HeadWriter): void {
    for (let i = 0; i < this.#count; i++) {
      if (!this.isEffective(i)) continue
      const line = this.#lines[i]
      if (line === undefined) writer.checkedField((this.#names[i] as FieldName).prefix, this.#values[i] as string)
      else writer.bytes(line)
    }
  }

  /** First value that the operations put there for this name, or `undefined`. */
  firstValue(lower: string): string | undefined {
    for (let i = 0; i < this.#count; i++) {
      if ((this.#names[i] as FieldName).lower === lower && this.isEffective(i)) return this.#values[i]
    }
    return undefined
  }

  #push(kind: number, name: FieldName, value: string): void {
    // No message is put together unless it is needed: this runs for every change of every request.
    if (name.isManaged) assert.fail(`a policy may not change ${name.text}`)
    this.#lines[this.#count] = kind === REMOVE ? undefined : checkedLine(name, value)
    if (name.isForwarding) this.changesForwarding = true
    this.#kinds[this.#count] = kind
    this.#names[this.#count] = name
    this.#values[this.#count] = value
    this.#count += 1
  }
}

/** Throws for what is no value. */
function checkedLine(name: FieldName, value: string): Buffer | undefined {
  const slot = name.hash & (KEPT_LINES - 1)
  if (keptNames[slot] === name && keptValues[slot] === value) {
    keptLines[slot] ??= Buffer.from(`${name.text}: ${value}\r\n`, 'latin1')
    return keptLines[slot]
  }
  if (!isFieldValue(value)) assert.fail(`not a field value for ${name.text}`)
  if (value.length > MAX_KEPT_CHARACTERS) return undefined
  keptNames[slot] = name
  keptValues[slot] = value
  keptLines[slot] = undefined
  return undefined
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
