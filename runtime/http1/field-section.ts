/**
 * A field section (RFC 9112 §5) while it arrives and after it: requests, responses and trailers share this scanner. It validates every
 * byte once, copies none, and can stop and go on at any byte. What the fields mean is decided by those who call it.
 */
import { COLON, CR, DEL, HTAB, LF, SP } from './bytes.ts'
import { HASH_PRIME, HASH_START, HASHED, hashName, knownId, nameEquals } from './field-names.ts'
import type { RefusalCode } from './refusals.ts'

/** Where the scanner stands. */
const LINE = 0
const NAME = 1
const BEFORE_VALUE = 2
const VALUE = 3
const LINE_FEED = 4
const LAST_LINE_FEED = 5

const FIRST_CAPACITY = 24
const NO_BYTES = Buffer.alloc(0)

/** Numbers in `fields` per field. */
export const FIELD_STRIDE = 4

export class FieldSection {
  /** What the offsets below point into. */
  bytes: Buffer = NO_BYTES
  /** nameStart, nameEnd, valueStart, valueEnd of each field; ends are exclusive, values are without surrounding white space. */
  fields = new Uint32Array(FIRST_CAPACITY * FIELD_STRIDE)
  fieldCount = 0
  /** `KNOWN` id of each field's name; with LOOKALIKE added where the name is that one's with `_` for `-`. */
  knownIds = new Uint8Array(FIRST_CAPACITY)
  /** `hashName` of each field's name in lower case. */
  nameHashes = new Int32Array(FIRST_CAPACITY)
  /** 1 for fields that are not copied to the other side: hop-by-hop ones, and Host and framing, which are written anew (F17). */
  hopByHop = new Uint8Array(FIRST_CAPACITY)
  errorCode = ''

  /** Next byte to look at. */
  position = 0
  scanState = LINE
  nameStart = 0
  nameEnd = 0
  nameHash = 0
  valueStart = 0

  resetFields(): void {
    this.bytes = NO_BYTES
    this.fieldCount = 0
    this.errorCode = ''
    this.position = 0
    this.scanState = LINE
  }

  /** First field with this `KNOWN` id at or behind `from`, or -1. */
  indexOfKnown(id: number, from = 0): number {
    const ids = this.knownIds
    for (let i = from; i < this.fieldCount; i++) if (ids[i] === id) return i
    return -1
  }

  /** First field with this name at or behind `from`, or -1. `hash` is `hashName(lower)`, best made once. */
  indexOfName(lower: string, hash: number = hashName(lower), from = 0): number {
    for (let i = from; i < this.fieldCount; i++) if (this.nameHashes[i] === hash && this.hasName(i, lower)) return i
    return -1
  }

  hasName(index: number, lower: string): boolean {
    const at = index * FIELD_STRIDE
    return nameEquals(this.bytes, this.fields[at] as number, this.fields[at + 1] as number, lower)
  }

  /** Whether the value is this text of lower-case token bytes, in any case. */
  valueIs(index: number, lower: string): boolean {
    const at = index * FIELD_STRIDE
    return nameEquals(this.bytes, this.fields[at + 2] as number, this.fields[at + 3] as number, lower)
  }

  /** As it came, Latin-1. */
  name(index: number): string {
    const at = index * FIELD_STRIDE
    return this.bytes.toString('latin1', this.fields[at], this.fields[at + 1])
  }

  /** Latin-1, without surrounding white space. */
  value(index: number): string {
    const at = index * FIELD_STRIDE
    return this.bytes.toString('latin1', this.fields[at + 2], this.fields[at + 3])
  }
}

/**
 * Scans fields from `section.position` up to `stop`. Returns the offset behind the empty line, 0 when more bytes are needed (the position is
 * kept), or -1 with `section.errorCode`. The bytes before `stop` must be the same, at the same offsets, in every call for one section.
 */
export function scanFields(section: FieldSection, bytes: Buffer, stop: number, maxFields: number): number {
  let i = section.position
  let state = section.scanState
  section.bytes = bytes
  for (;;) {
    if (state === LINE) {
      if (i >= stop) return suspend(section, i, LINE)
      const byte = bytes[i] as number
      if (byte === CR) {
        i++
        state = LAST_LINE_FEED
      } else {
        if (byte === SP || byte === HTAB) return refuse(section, 'field-folded')
        if (section.fieldCount >= maxFields) return refuse(section, 'fields-too-many')
        section.nameStart = i
        section.nameHash = HASH_START
        state = NAME
      }
    }
    if (state === NAME) {
      let hash = section.nameHash
      const table = HASHED
      while (i < stop) {
        const lower = table[bytes[i] as number] as number
        if (lower === 0) break
        hash = Math.imul(hash ^ lower, HASH_PRIME)
        i++
      }
      section.nameHash = hash
      if (i >= stop) return suspend(section, i, NAME)
      if (bytes[i] !== COLON || i === section.nameStart) {
        return refuse(section, bytes[i] === LF && i === section.nameStart ? 'line-end-invalid' : 'field-name-invalid')
      }
      section.nameEnd = i
      i++
      state = BEFORE_VALUE
    }
    if (state === BEFORE_VALUE) {
      while (i < stop && (bytes[i] === SP || bytes[i] === HTAB)) i++
      if (i >= stop) return suspend(section, i, BEFORE_VALUE)
      section.valueStart = i
      state = VALUE
    }
    if (state === VALUE) {
      while (i < stop) {
        const byte = bytes[i] as number
        // The usual bytes by two comparisons: a third less time than by the table.
        if ((byte < SP && byte !== HTAB) || byte === DEL) break
        i++
      }
      if (i >= stop) return suspend(section, i, VALUE)
      if (bytes[i] !== CR) return refuse(section, bytes[i] === LF ? 'line-end-invalid' : 'field-value-invalid')
      i++
      state = LINE_FEED
    }
    if (state === LINE_FEED) {
      if (i >= stop) return suspend(section, i, LINE_FEED)
      if (bytes[i] !== LF) return refuse(section, 'line-end-invalid')
      push(section, bytes, i - 1)
      i++
      state = LINE
    }
    if (state === LAST_LINE_FEED) {
      if (i >= stop) return suspend(section, i, LAST_LINE_FEED)
      if (bytes[i] !== LF) return refuse(section, 'line-end-invalid')
      section.position = i + 1
      return i + 1
    }
  }
}

function suspend(section: FieldSection, position: number, state: number): 0 {
  section.position = position
  section.scanState = state
  return 0
}

function refuse(section: FieldSection, code: RefusalCode): -1 {
  section.errorCode = code
  return -1
}

/** Adds the field whose value ends at `valueEnd`, trailing white space included. */
function push(section: FieldSection, bytes: Buffer, valueEnd: number): void {
  const index = section.fieldCount
  if (index === section.knownIds.length) grow(section)
  const { fields, nameStart, nameEnd, nameHash, valueStart } = section
  let end = valueEnd
  while (end > valueStart && (bytes[end - 1] === SP || bytes[end - 1] === HTAB)) end--
  const at = index * FIELD_STRIDE
  fields[at] = nameStart
  fields[at + 1] = nameEnd
  fields[at + 2] = valueStart
  fields[at + 3] = end
  section.nameHashes[index] = nameHash
  section.knownIds[index] = knownId(nameHash, bytes, nameStart, nameEnd)
  section.hopByHop[index] = 0
  section.fieldCount = index + 1
}

function grow(section: FieldSection): void {
  const capacity = section.knownIds.length * 2
  const { fields, knownIds, nameHashes, hopByHop } = section
  section.fields = new Uint32Array(capacity * FIELD_STRIDE)
  section.fields.set(fields)
  section.knownIds = new Uint8Array(capacity)
  section.knownIds.set(knownIds)
  section.nameHashes = new Int32Array(capacity)
  section.nameHashes.set(nameHashes)
  section.hopByHop = new Uint8Array(capacity)
  section.hopByHop.set(hopByHop)
}
