/**
 * A bundle's bytes in memory with the places of its sections. `Checked` is the token that makes views possible: only `check` and
 * `adoptChecked` make one, so that no typed array over unchecked bytes can reach the data plane.
 */
import { strict as assert } from 'node:assert'
import { PosternError } from './error.ts'
import {
  ENTRY,
  ENTRY_BYTES,
  FLAG_CRITICAL,
  HEADER,
  HEADER_BYTES,
  isLittleEndian,
  isTag,
  TABLES,
  type TableTag,
  type Tag,
} from './layout.ts'

/** Memory of a bundle: an `ArrayBuffer` (also one that views a mapping) or a `SharedArrayBuffer`. */
export type Image = ArrayBuffer | SharedArrayBuffer

/** Why bytes are not a bundle that can be used: a value, never an exception. */
export interface Rejection {
  readonly rejected: true
  /** Kebab-case and stable. */
  readonly code: string
  /** The first thing that is wrong, with the section's name. */
  readonly message: string
}

export function isRejection(value: unknown): value is Rejection {
  return typeof value === 'object' && value !== null && (value as { rejected?: unknown }).rejected === true
}

export function rejection(code: string, message: string): Rejection {
  return { rejected: true, code, message }
}

/** `0 <= offset <= offset + size <= contentBytes`; `count` things of a fixed size each. */
export interface Section {
  readonly tag: string
  readonly critical: boolean
  readonly offset: number
  readonly size: number
  readonly count: number
  readonly crc32: number
}

/** Typed arrays over whole sections. A section that the bundle does not have is empty. */
export class Sections {
  readonly image: Image
  readonly all: readonly Section[]
  readonly #byTag: ReadonlyMap<string, Section>

  constructor(image: Image, all: readonly Section[]) {
    this.image = image
    this.all = all
    this.#byTag = new Map(all.map((section) => [section.tag, section]))
  }

  has(tag: Tag): boolean {
    return this.#byTag.has(tag)
  }

  count(tag: Tag): number {
    return this.#byTag.get(tag)?.count ?? 0
  }

  u8(tag: Tag): Uint8Array {
    const section = this.#byTag.get(tag)
    return section === undefined ? EMPTY_U8 : new Uint8Array(this.image, section.offset, section.size)
  }

  u16(tag: Tag): Uint16Array {
    const section = this.#byTag.get(tag)
    return section === undefined ? EMPTY_U16 : new Uint16Array(this.image, section.offset, section.size >>> 1)
  }

  u32(tag: Tag): Uint32Array {
    const section = this.#byTag.get(tag)
    return section === undefined ? EMPTY_U32 : new Uint32Array(this.image, section.offset, section.size >>> 2)
  }

  /** For hashes and links on the hot path: a u32 above 2^31 - 1 would be a heap number when it is passed on, an i32 never is. */
  i32(tag: Tag): Int32Array {
    const section = this.#byTag.get(tag)
    return section === undefined ? EMPTY_I32 : new Int32Array(this.image, section.offset, section.size >>> 2)
  }

  table(tag: TableTag): Table {
    return new Table(this.u32(tag), Object.keys(TABLES[tag]).length)
  }
}

export const EMPTY_U8: Uint8Array = new Uint8Array(0)
export const EMPTY_U16: Uint16Array = new Uint16Array(0)
export const EMPTY_U32: Uint32Array = new Uint32Array(0)
export const EMPTY_I32: Int32Array = new Int32Array(0)

/**
 * Rows of u32 columns, one row after the other: a request reads most of its route's columns, which so are in one or two cache lines and one page;
 * one column after the other they were in as many lines and pages as columns. Reads 0 outside of the table and after `drop`.
 */
export class Table {
  /** Number of rows. */
  count: number
  #words: Uint32Array
  readonly #columns: number

  constructor(words: Uint32Array, columns: number) {
    this.#words = words
    this.#columns = columns
    this.count = words.length / columns
  }

  at(column: number, row: number): number {
    return (row | 0) === row && row >= 0 && row < this.count ? (this.#words[row * this.#columns + column] ?? 0) : 0
  }

  drop(): void {
    this.#words = EMPTY_U32
    this.count = 0
  }
}

/** A bundle that `check` has accepted, or memory that another thread of this process has checked. */
export class Checked {
  readonly image: Image
  /** Size of the bundle; the image may be longer (a mapping ends with a page). */
  readonly bytes: number
  readonly sections: Sections

  constructor(permit: symbol, image: Image, bytes: number, sections: Sections) {
    assert(permit === PERMIT, 'only check and adoptChecked make this')
    this.image = image
    this.bytes = bytes
    this.sections = sections
  }
}

/** For `check.ts` only. */
export const PERMIT: unique symbol = Symbol('checked')

/**
 * For a worker that gets memory which the supervisor of the same process has checked and nobody can change any more.
 * Anything else must go through `check`.
 */
export function adoptChecked(image: Image, bytes: number): Checked {
  refuseBigEndian()
  return new Checked(PERMIT, image, bytes, readSections(image, bytes))
}

/** Reads the section table; the caller has proved that it lies within the image. */
export function readSections(image: Image, bytes: number): Sections {
  const view = new DataView(image, 0, bytes)
  const count = view.getUint32(HEADER.sectionCount, true)
  const sections: Section[] = []
  for (let index = 0; index < count; index++) {
    const at = HEADER_BYTES + index * ENTRY_BYTES
    const tag = String.fromCharCode(...new Uint8Array(image, at + ENTRY.tag, 4))
    // An unknown section is skipped; the checker has refused unknown critical ones.
    if (!isTag(tag)) continue
    sections.push({
      tag,
      critical: (view.getUint32(at + ENTRY.flags, true) & FLAG_CRITICAL) !== 0,
      offset: view.getUint32(at + ENTRY.offset, true),
      size: view.getUint32(at + ENTRY.size, true),
      count: view.getUint32(at + ENTRY.count, true),
      crc32: view.getUint32(at + ENTRY.crc32, true),
    })
  }
  return new Sections(image, sections)
}

/** Throws on a machine whose typed arrays would read every number wrong (s390x). */
export function refuseBigEndian(littleEndian: boolean = isLittleEndian()): void {
  if (littleEndian) return
  throw new PosternError(
    'big-endian-host',
    'bundles are read in place and are little-endian: this machine is big-endian and cannot serve them',
  )
}

/** A copy of the bytes in memory of their own, as `check` wants it. */
export function imageOf(bytes: Uint8Array): ArrayBuffer {
  const image = new ArrayBuffer(bytes.length)
  new Uint8Array(image).set(bytes)
  return image
}
